//! The grid's side of the fleet: the signal that it follows, and the settlement with the aggregator.

use std::sync::Arc;

use goshawk_engine::Stream;
use goshawk_market::quantity::{Energy, Power};

use crate::aggregator::request_series::RequestSeries;
use crate::aggregator::terms::{FleetSettlement, FleetTerms, UpDown};
use crate::calendar::{Calendar, PeriodIndex};
use crate::saved::saved;

/// What the grid follows when it calls the fleet.
#[derive(Debug, Clone)]
pub enum SignalSpec {
    /// What households mean to buy outside is to stay below `peak`; up to `valley` the fleet may take energy.
    PeakShaving {
        /// Highest import.
        peak: Power,
        /// Import up to which the fleet may recharge.
        valley: Power,
    },
    /// A random signal, x in [-1, 1] times `capacity`: zero mean, stationary, reverting to its mean.
    Regulation {
        /// The largest request, up and down.
        capacity: Power,
        /// theta: rate at which x reverts to zero, in 1/h.
        reversion_per_h: f64,
        /// sigma: standard deviation of x before it is cut to [-1, 1].
        deviation: f64,
    },
    /// Requests from a file.
    Series(Arc<RequestSeries>),
}

/// x of [`SignalSpec::Regulation`]: an Ornstein-Uhlenbeck process, exact at the periods, one draw each:
/// `x' = x exp(-theta dt) + sigma sqrt(1 - exp(-2 theta dt)) z`, with `x = sigma z` at first.
#[derive(Debug)]
struct Regulation {
    stream: Stream,
    state: Option<f64>,
}

impl Regulation {
    fn next(&mut self, hours: f64, reversion_per_h: f64, deviation: f64) -> f64 {
        let z = self.stream.normal(0.0, 1.0);
        let next = match self.state {
            None => deviation * z,
            Some(x) => {
                let kept = libm::exp(-reversion_per_h * hours);
                x * kept + deviation * (1.0 - kept * kept).sqrt() * z
            }
        };
        self.state = Some(next);
        next.clamp(-1.0, 1.0)
    }
}

/// The grid's dealings with the aggregator.
#[derive(Debug)]
pub struct FleetDesk {
    terms: FleetTerms,
    signal: SignalSpec,
    regulation: Regulation,
    /// What households mean to buy outside in the period under way.
    nominated: Energy,
    ready: Energy,
    accepted: UpDown,
    metered: UpDown,
}

impl FleetDesk {
    /// A desk that follows `signal`; a random one draws from `stream`.
    pub fn new(terms: FleetTerms, signal: SignalSpec, stream: Stream) -> Self {
        Self {
            terms,
            signal,
            regulation: Regulation { stream, state: None },
            nominated: Energy::ZERO,
            ready: Energy::ZERO,
            accepted: UpDown::default(),
            metered: UpDown::default(),
        }
    }

    /// A household means to buy so much outside.
    pub fn nominate(&mut self, energy: Energy) {
        self.nominated += energy;
    }

    /// All have said what they mean to buy: what the grid wants of the fleet in the period.
    pub fn request(&mut self, period: PeriodIndex, calendar: &Calendar) -> UpDown {
        let nominated = std::mem::take(&mut self.nominated);
        let micros = calendar.period().micros();
        let over = |power: Power| power.over_micros(micros);
        let signed = |power: Power| {
            let energy = over(if power.is_negative() { -power } else { power });
            let none = Energy::ZERO;
            if power.is_negative() {
                UpDown { up: none, down: energy }
            } else {
                UpDown { up: energy, down: none }
            }
        };
        match &self.signal {
            SignalSpec::PeakShaving { peak, valley } => UpDown {
                up: (nominated - over(*peak)).or_zero(),
                down: (over(*valley) - nominated).or_zero(),
            },
            SignalSpec::Regulation { capacity, reversion_per_h, deviation } => {
                let x = self.regulation.next(calendar.period_hours(), *reversion_per_h, *deviation);
                let power = Power::from_f64(capacity.to_f64() * x);
                signed(power.expect("invariant: a share of checked input is in range"))
            }
            SignalSpec::Series(series) => {
                signed(series.mean_over(calendar.moment(period).unix_micros, micros as i64))
            }
        }
    }

    /// The aggregator's answer.
    pub fn commit(&mut self, ready: Energy, accepted: UpDown) {
        (self.ready, self.accepted) = (ready, accepted);
    }

    /// A member's meter.
    pub fn meter(&mut self, delivered: UpDown) {
        self.metered.up += delivered.up;
        self.metered.down += delivered.down;
    }

    /// The period has ended: what is owed, and what the meters say.
    pub fn close(&mut self) -> (FleetSettlement, UpDown) {
        let metered = std::mem::take(&mut self.metered);
        (self.terms.settle(self.ready, self.accepted, metered), metered)
    }
}

saved!(Regulation { stream, state } parts {} built again {});
saved!(FleetDesk { nominated, ready, accepted, metered } parts { regulation } built again { terms, signal });

#[cfg(test)]
mod tests;
