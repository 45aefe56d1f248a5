//! The books of a household-period: every kWh in, every kWh out, to the last unit.

use goshawk_market::quantity::Energy;

use crate::aggregator::terms::UpDown;
use crate::household::battery::Battery;

/// What a period asks of the battery. At the meter, `drive` apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flows {
    /// What the panels gave while the vehicle was plugged in.
    pub sun: Energy,
    /// Delivered to other users.
    pub sold: Energy,
    /// Received from other users.
    pub bought: Energy,
    /// To be put into the shared store.
    pub stored: Energy,
    /// Available from the shared store.
    pub withdrawn: Energy,
    /// What is still wanted, to be bought outside.
    pub lacking: Energy,
    /// Given to the grid for the aggregator, and taken.
    pub aggregated: UpDown,
    /// What driving takes out of the battery while it charges; drives after a departure come later.
    pub drive: Energy,
}

/// What the battery and its pile allow in a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most that can be charged, at the meter.
    pub charge: Energy,
}

#[cfg(test)]
impl Limits {
    /// The limits of a battery that was plugged in so long, and out of which `driven_meanwhile` is driven while it
    /// charges. A trip does not count: it begins when the vehicle is unplugged.
    pub(in crate::household) fn of(battery: &Battery, driven_meanwhile: Energy, plugged_micros: u64) -> Self {
        let room = (battery.ceiling() - battery.content() + driven_meanwhile).or_zero();
        let power = battery.chargeable(plugged_micros);
        Self { charge: power.min(battery.metered_that_fits(room)) }
    }
}

/// What a period came to. All at the meter, `driven` apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Books {
    /// Sun that was used.
    pub sun: Energy,
    /// Delivered to other users.
    pub sold: Energy,
    /// Received from other users.
    pub bought: Energy,
    /// Put into the shared store.
    pub stored: Energy,
    /// Taken out of the shared store.
    pub withdrawn: Energy,
    /// Bought from grid or company.
    pub outside: Energy,
    /// Given to the grid for the aggregator, and taken.
    pub aggregated: UpDown,
    /// Charged into the battery, metered before its loss.
    pub charged: Energy,
    /// Discharged from the battery, metered after its loss.
    pub discharged: Energy,
    /// Driven.
    pub driven: Energy,
    /// Lost in charging and discharging, and to a battery that has shrunk.
    pub losses: Energy,
}

/// A battery that would have to leave its limits.
#[derive(Debug, thiserror::Error)]
pub enum BatteryFault {
    /// A household that promised more than it has.
    #[error("the battery would have to give {wanted} kWh at the meter and holds {held} kWh")]
    Overdrawn {
        /// What the flows ask of the battery.
        wanted: Energy,
        /// What it holds.
        held: Energy,
    },
    /// More was charged than fits.
    #[error("the battery would hold {content} kWh, more than the {most} kWh that it may")]
    Overcharged {
        /// What it would hold.
        content: Energy,
        /// The most that it may hold.
        most: Energy,
    },
}

impl BatteryFault {
    /// A battery that held `before` as a period began keeps within its limits as the period's drives are over.
    ///
    /// # Errors
    /// When it holds more than its highest charge, unless it did so before.
    pub fn check(battery: &Battery, before: Energy) -> Result<(), Self> {
        let (content, most) = (battery.content(), battery.ceiling().max(before));
        if content > most { Err(Self::Overcharged { content, most }) } else { Ok(()) }
    }
}

impl Books {
    /// Carries out the flows of a period on the battery.
    ///
    /// What others were promised comes first, then withdrawals, then the own sun, and what is bought outside last;
    /// sun that finds no room is spilled.
    ///
    /// # Errors
    /// When the flows would take more out of the battery than it holds.
    pub fn close(battery: &mut Battery, flows: &Flows, limits: &Limits) -> Result<Self, BatteryFault> {
        let before = battery.content();
        let out = flows.sold + flows.stored + flows.aggregated.up;
        let taken = flows.bought + flows.aggregated.down;
        let room = limits.charge + out;
        let withdrawn = flows.withdrawn.min((room - taken).or_zero());
        let sun = flows.sun.min((room - taken - withdrawn).or_zero());
        let outside = flows.lacking.min((room - taken - withdrawn - sun).or_zero());
        let net = taken + withdrawn + sun + outside - out;
        let mut books = Self {
            sun,
            sold: flows.sold,
            bought: flows.bought,
            stored: flows.stored,
            withdrawn,
            outside,
            aggregated: flows.aggregated,
            ..Self::default()
        };
        if net.is_negative() {
            if battery.drawn_to_deliver(-net) > battery.content() {
                return Err(BatteryFault::Overdrawn { wanted: -net, held: battery.content() });
            }
            books.discharged = -net;
            books.losses = battery.discharge(-net);
        } else {
            books.charged = net;
            books.losses = battery.charge(net);
        }
        books.driven = battery.drive(flows.drive);
        debug_assert_eq!(books.residual(before, battery.content()), Energy::ZERO);
        Ok(books)
    }

    /// What the balance leaves over; nothing, always.
    pub fn residual(&self, before: Energy, after: Energy) -> Energy {
        let supplied = self.sun + self.bought + self.outside + self.withdrawn + self.aggregated.down;
        let used =
            (after - before) + self.driven + self.sold + self.stored + self.aggregated.up + self.losses;
        supplied - used
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::household::battery::BatterySpec;
    use goshawk_market::quantity::Power;
    use proptest::prelude::*;

    fn battery(content: i64) -> Battery {
        let spec = BatterySpec {
            capacity: Energy::from_micro(60_000_000),
            charge_power: Power::from_micro(7_000_000),
            discharge_power: Power::from_micro(7_000_000),
            charge_efficiency: 0.95,
            discharge_efficiency: 0.93,
            soc_min: 0.1,
            soc_max: 0.9,
        };
        Battery::new(spec, Energy::from_micro(content))
    }

    prop_compose! {
        fn any_flows()(
            sun in 0i64..6_000_000, sold in 0i64..4_000_000, bought in 0i64..6_000_000,
            stored in 0i64..2_000_000, withdrawn in 0i64..3_000_000, lacking in 0i64..7_000_000,
            up in 0i64..3_000_000, down in 0i64..3_000_000, drive in 0i64..20_000_000,
        ) -> Flows {
            Flows {
                sun: Energy::from_micro(sun),
                sold: Energy::from_micro(sold),
                bought: Energy::from_micro(bought),
                stored: Energy::from_micro(stored.min(sun)),
                withdrawn: Energy::from_micro(withdrawn),
                lacking: Energy::from_micro(lacking),
                aggregated: UpDown { up: Energy::from_micro(up), down: Energy::from_micro(down) },
                drive: Energy::from_micro(drive),
            }
        }
    }

    proptest! {
        #[test]
        fn every_kwh_is_accounted_for(content in 14_000_000i64..54_000_000, flows in any_flows()) {
            let mut battery = battery(content);
            let before = battery.content();
            let limits = Limits::of(&battery, flows.drive, 3_600_000_000);
            let books = Books::close(&mut battery, &flows, &limits).unwrap();
            prop_assert_eq!(books.residual(before, battery.content()), Energy::ZERO);
            prop_assert!(!books.losses.is_negative() && !books.sun.is_negative());
            prop_assert!(books.sun <= flows.sun && books.outside <= flows.lacking && books.driven <= flows.drive);
        }

        #[test]
        fn own_charging_never_leaves_the_battery_too_full(content in 6_000_000i64..54_000_000, flows in any_flows()) {
            let flows = Flows { bought: Energy::ZERO, aggregated: UpDown::default(), ..flows };
            let mut battery = battery(content.max(14_000_000));
            let limits = Limits::of(&battery, flows.drive, 3_600_000_000);
            Books::close(&mut battery, &flows, &limits).unwrap();
            prop_assert!(battery.content() <= battery.ceiling());
        }
    }

    #[test]
    fn a_battery_cannot_give_what_it_does_not_hold() {
        let mut battery = battery(6_000_000);
        let nothing = Energy::ZERO;
        let flows = Flows {
            sun: nothing,
            sold: Energy::from_micro(7_000_000),
            bought: nothing,
            stored: nothing,
            withdrawn: nothing,
            lacking: nothing,
            aggregated: UpDown::default(),
            drive: nothing,
        };
        let limits = Limits::of(&battery, nothing, 3_600_000_000);
        assert!(Books::close(&mut battery, &flows, &limits).is_err());
    }
}
