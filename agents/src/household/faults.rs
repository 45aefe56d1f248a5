//! Behaviour that goes wrong on purpose: not delivering, coming late, reading the meter falsely, selling twice, sending again.
//!
//! | fault | what happens | what it costs |
//! |---|---|---|
//! | non-delivery | a seller keeps what it has sold in a period | compensation to the buyers, credit |
//! | late arrival | the vehicle is back later than planned | what was contracted for the time in between is not taken: take or pay, credit |
//! | false metering | a share of what is contracted is not delivered (or paid), and the reading says otherwise | nothing, unless it is found |
//! | double sale | a seller offers its surplus twice, and delivers it once | compensation to the buyers, credit |
//! | replay | an old transaction is sent to the validators again | nothing, and it is in no block |
//!
//! A false reading moves no energy that is not there. A seller that claims a kWh which it did not give, and a buyer that
//! denies one which it took, draw that kWh from the supplier of the period without paying for it. When the
//! meters are compared and the reading is found false, the grid contests it on the ledger and has it void: nothing counts as
//! ready, the contracts of the household fail for the whole period, and it pays for them and loses credit as for any default.
//!
//! Each kind has a stream of its own with as many draws for each period, trip or session, whatever comes of them.

use std::sync::Arc;

use goshawk_engine::{Stream, Streams};
use goshawk_ledger::SignedTransaction;
use serde::{Deserialize, Serialize};

use crate::saved::encoded::Shared;
use crate::saved::saved;

/// How often a household goes wrong.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct FaultRates {
    /// Probability that a seller delivers nothing in a period.
    pub non_delivery: f64,
    /// Probability that a vehicle comes late.
    pub late_arrival: f64,
    /// Mean of how late, in hours; exponential, at most [`LATE_HOURS_MAX`].
    pub late_mean_hours: f64,
    /// Probability that a reading is false.
    pub false_metering: f64,
    /// Share of the ready energy that a false reading is wrong by.
    pub false_share: f64,
    /// Probability that a false reading is found.
    pub detection: f64,
    /// Probability that a seller offers its surplus of a period twice.
    pub double_sale: f64,
    /// Probability that a household with contracts in a period sends an old transaction again.
    pub replay: f64,
}

/// Nobody is later than this many hours, and no session later than half of it.
pub const LATE_HOURS_MAX: f64 = 3.0;

/// Draws how late a vehicle comes.
#[derive(Debug)]
pub struct LateArrivals {
    rate: f64,
    mean_hours: f64,
    stream: Stream,
}

impl LateArrivals {
    /// How late the next arrival is; two draws.
    pub fn next_micros(&mut self) -> u64 {
        let is_late = self.stream.chance(self.rate);
        let hours = self.stream.exponential(self.mean_hours).min(LATE_HOURS_MAX);
        if is_late { (hours * 3.6e9).round() as u64 } else { 0 }
    }
}

/// What goes wrong with contracts in a period.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Misconduct {
    /// A seller delivers nothing.
    pub withholds: bool,
    /// The share by which the reading is false, if it is.
    pub falsified: Option<f64>,
    /// The false reading is found.
    pub is_found: bool,
    /// A seller offers its surplus twice.
    pub sells_twice: bool,
    /// An old transaction is sent again.
    pub replays: bool,
}

/// Draws what goes wrong with a household's contracts.
#[derive(Debug)]
pub struct Contracting {
    rates: FaultRates,
    deliveries: Stream,
    readings: Stream,
    sales: Stream,
    replays: Stream,
    /// A transaction of an earlier period, to be sent again.
    remembered: Option<Shared<SignedTransaction>>,
}

impl Contracting {
    /// What goes wrong in the next period; five draws.
    pub fn next_period(&mut self) -> Misconduct {
        let withholds = self.deliveries.chance(self.rates.non_delivery);
        let is_false = self.readings.chance(self.rates.false_metering);
        let is_found = self.readings.chance(self.rates.detection);
        Misconduct {
            withholds,
            falsified: is_false.then_some(self.rates.false_share),
            is_found: is_false && is_found,
            sells_twice: self.sales.chance(self.rates.double_sale),
            replays: self.replays.chance(self.rates.replay),
        }
    }

    /// The transaction of an earlier period that can be sent again, if there is one; the next time it is `new`.
    pub(crate) fn exchange(&mut self, new: &Arc<SignedTransaction>) -> Option<Arc<SignedTransaction>> {
        if self.rates.replay == 0.0 {
            return None;
        }
        self.remembered.replace(Shared(Arc::clone(new))).map(|Shared(old)| old)
    }
}

impl FaultRates {
    /// The draws of a household's late arrivals, if it is ever late.
    pub fn late_arrivals(&self, streams: &Streams, household: &str) -> Option<LateArrivals> {
        let stream = || streams.stream("late_arrival", household);
        (self.late_arrival > 0.0).then(|| LateArrivals {
            rate: self.late_arrival,
            mean_hours: self.late_mean_hours,
            stream: stream(),
        })
    }

    /// The draws of what goes wrong with a household's contracts, if anything ever does.
    pub fn contracting(&self, streams: &Streams, household: &str) -> Option<Box<Contracting>> {
        let rates = [self.non_delivery, self.false_metering, self.double_sale, self.replay];
        rates.iter().any(|&rate| rate > 0.0).then(|| {
            Box::new(Contracting {
                rates: *self,
                deliveries: streams.stream("non_delivery", household),
                readings: streams.stream("false_metering", household),
                sales: streams.stream("double_sale", household),
                replays: streams.stream("replay", household),
                remembered: None,
            })
        })
    }
}

saved!(LateArrivals { stream } parts {} built again { rate, mean_hours });
saved!(Contracting { deliveries, readings, sales, replays, remembered } parts {} built again { rates });
