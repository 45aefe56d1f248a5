//! Handler actors of this engine, through its public interface and with all of its checks. What is to be digested is
//! all that a message carries.

use goshawk_engine::{
    Actor, ActorId, Context, Digest, Fault, Limits, Message, Model, Outcome, Phase, SimDuration, SimTime,
    Simulation,
};

use super::{
    Bid, Book, Cleared, Fill, GATE_MINUTES, Household, Ledger, PERIOD_MINUTES, Receipt, SETTLE_MINUTES, Size,
    WARM_UP_PERIODS, end_minutes,
};
use crate::rounds::Sample;

pub(super) const PLATFORM: ActorId = ActorId::from_index(0);
pub(super) const MARKET: ActorId = ActorId::from_index(1);

pub(super) const fn address(household: u32) -> ActorId {
    ActorId::from_index(household + 2)
}

pub(super) struct MarketDay;

impl Model for MarketDay {
    type Message = Said;
    type Sink = ();
}

#[derive(Debug)]
pub(super) enum Said {
    Open,
    Begin { tariff: i64 },
    Period { tariff: i64 },
    Bid(Bid),
    GateClosure,
    Fill(Fill),
    Cleared(Cleared),
    Receipt(Receipt),
    Settle,
}

impl Message for Said {
    fn kind(&self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Begin { .. } => "begin",
            Self::Period { .. } => "period",
            Self::Bid(_) => "bid",
            Self::GateClosure => "gate_closure",
            Self::Fill(_) => "fill",
            Self::Cleared(_) => "cleared",
            Self::Receipt(_) => "receipt",
            Self::Settle => "settle",
        }
    }

    fn digest(&self, digest: &mut Digest) {
        match self {
            Self::Open | Self::GateClosure | Self::Settle => {}
            Self::Begin { tariff } | Self::Period { tariff } => digest.write_i64(*tariff),
            Self::Bid(Bid { household, energy, price }) => {
                digest.write_u64(u64::from(*household));
                digest.write_i64(*energy);
                digest.write_i64(*price);
            }
            Self::Fill(Fill { energy, price }) => {
                digest.write_i64(*energy);
                digest.write_i64(*price);
            }
            Self::Cleared(Cleared { price, energy, fills }) => {
                digest.write_i64(*price);
                digest.write_i64(*energy);
                digest.write_u64(*fills);
            }
            Self::Receipt(Receipt { energy, money }) => {
                digest.write_i64(*energy);
                digest.write_i64(*money);
            }
        }
    }
}

impl Actor<MarketDay> for Household {
    fn handle(&mut self, said: Said, context: &mut Context<'_, MarketDay>) -> Result<(), Fault> {
        match said {
            Said::Period { tariff } => context.send(MARKET, Said::Bid(self.bid(tariff))),
            Said::Fill(fill) => context.send(PLATFORM, Said::Receipt(self.fill(fill))),
            other => return Err(format!("a household has no use for {other:?}").into()),
        }
        Ok(())
    }
}

impl Actor<MarketDay> for Book {
    fn handle(&mut self, said: Said, context: &mut Context<'_, MarketDay>) -> Result<(), Fault> {
        match said {
            Said::Begin { tariff } => {
                self.tariff = tariff;
                context.schedule(SimDuration::from_minutes(GATE_MINUTES), Phase::FIRST, Said::GateClosure);
            }
            Said::Bid(bid) => self.take(bid),
            Said::GateClosure => {
                let cleared =
                    self.clear(|household, fill| context.send(address(household), Said::Fill(fill)));
                context.send(PLATFORM, Said::Cleared(cleared));
            }
            other => return Err(format!("a market has no use for {other:?}").into()),
        }
        Ok(())
    }
}

pub(super) struct Platform {
    pub(super) households: u32,
    pub(super) ledger: Ledger,
}

impl Actor<MarketDay> for Platform {
    fn handle(&mut self, said: Said, context: &mut Context<'_, MarketDay>) -> Result<(), Fault> {
        match said {
            Said::Open => {
                let tariff = self.ledger.open();
                context.send(MARKET, Said::Begin { tariff });
                for household in 0..self.households {
                    context.send(address(household), Said::Period { tariff });
                }
                context.schedule(SimDuration::from_minutes(SETTLE_MINUTES), Phase::FIRST, Said::Settle);
                context.schedule(SimDuration::from_minutes(PERIOD_MINUTES), Phase::FIRST, Said::Open);
            }
            Said::Cleared(cleared) => self.ledger.cleared = cleared,
            Said::Receipt(receipt) => self.ledger.book(receipt),
            Said::Settle => self.ledger.settle(),
            other => return Err(format!("a platform has no use for {other:?}").into()),
        }
        Ok(())
    }
}

pub(super) fn run(size: Size) -> Sample {
    let Size { households, periods } = size;
    let mut simulation = Simulation::<MarketDay>::new(Limits::default());
    let platform = Platform { households, ledger: Ledger::default() };
    simulation.add("platform", platform).expect("names differ");
    simulation.add("market", Book::default()).expect("names differ");
    for household in 0..households {
        simulation.add(format!("h{household:06}"), Household::new(household)).expect("names differ");
    }
    let first = SimTime::from_minutes(PERIOD_MINUTES);
    simulation.send_at(PLATFORM, first, Phase::FIRST, Said::Open).expect("the platform is there");

    let mut until = |periods| simulation.run_until(SimTime::from_minutes(end_minutes(periods)), &mut ());
    until(WARM_UP_PERIODS).expect("no actor fails");
    let (nanoseconds, outcome) = Sample::of(|| until(WARM_UP_PERIODS + periods));
    assert_eq!(outcome.expect("no actor fails"), Outcome::Reached);
    let platform = simulation.actor::<Platform>(PLATFORM).expect("it was added");
    let delivered = simulation.counters().delivered;
    let expected = Size { households, periods: WARM_UP_PERIODS + periods }.messages();
    assert_eq!(delivered, expected, "4N + 5 messages a period");
    size.sample(nanoseconds, platform.ledger.checksum)
}
