//! The decision of one period: seller, buyer or neither.
//!
//! Own need comes before any sale. A household with surplus beyond its own need is a seller, one that lacks is a
//! buyer; it may be the other one in the next period.

use goshawk_market::quantity::Energy;
use serde::{Deserialize, Serialize};

use crate::household::battery::Battery;

/// Less than this is not worth an order: 1 Wh.
pub const SMALLEST_ORDER: Energy = Energy::from_micro(1_000);

/// What a household knows when a period opens. Energies are at the meter unless a line says otherwise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Situation {
    /// What the battery must hold for own need before anything is sold, above the floor.
    pub reserved: Energy,
    /// What the battery must gain or hold in this period for own need, above the floor.
    pub wanted: Energy,
    /// In the battery: what own need takes out during this period, and so makes room for.
    pub driven_now: Energy,
    /// What the panels are expected to give in this period.
    pub sun: Energy,
    /// What the panels are expected to give later, before the need falls due.
    pub later_sun: Energy,
    /// Most that can be charged in this period.
    pub charge_limit: Energy,
    /// Most that can be discharged in this period.
    pub discharge_limit: Energy,
    /// Most that can be charged later, in charging hours, before the need falls due.
    pub later_charge: Energy,
    /// Most that can be charged later, at any hour, before the need falls due.
    pub later_limit: Energy,
    /// In the battery: what still fits before this period.
    pub room: Energy,
    /// Whether this is one of the portrait's charging hours.
    pub charging_hour: bool,
    /// Whether this is one of the portrait's discharging hours.
    pub discharging_hour: bool,
    /// What a plan keeps for a later, dearer hour of the day.
    pub held_back: Energy,
}

/// What a household means to do in a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Intent {
    /// Offer a surplus.
    Sell {
        /// Most that it can sell.
        surplus: Energy,
        /// The part that it could not keep: the sun that no longer fits the battery.
        overflow: Energy,
    },
    /// Buy what own need lacks.
    Buy {
        /// What it wants now.
        demand: Energy,
        /// The part that could still be charged later.
        flexible: Energy,
    },
    /// Neither.
    Rest,
}

/// Decides on a period.
pub fn decide(battery: &Battery, situation: &Situation) -> Intent {
    let held = battery.content() - battery.floor();
    let gained = battery.gain_from(situation.sun) + battery.gain_from(situation.later_sun);
    let lacking = situation.wanted - held - gained;
    // The latest-charge-start rule: what later hours cannot charge must be charged now, by the sun or otherwise.
    let need = battery.metered_to_gain((situation.wanted - held).or_zero());
    let must = (need - situation.later_limit - situation.sun).or_zero();
    if lacking.is_positive() || must.is_positive() {
        return buy(battery.metered_to_gain(lacking.or_zero()), must, situation);
    }
    let overflow = overflow(battery, situation);
    if !situation.discharging_hour && overflow < SMALLEST_ORDER {
        return Intent::Rest;
    }
    let surplus = surplus(battery, situation, held);
    let surplus = (surplus - situation.held_back).max(overflow.min(surplus));
    let surplus = surplus.min(situation.discharge_limit);
    let surplus = if situation.discharging_hour { surplus } else { surplus.min(overflow) };
    if surplus >= SMALLEST_ORDER {
        Intent::Sell { surplus, overflow: overflow.min(surplus) }
    } else {
        Intent::Rest
    }
}

fn buy(lacking: Energy, must: Energy, situation: &Situation) -> Intent {
    // Outside its charging hours a household charges only what cannot wait.
    let demand = if situation.charging_hour { lacking.max(must) } else { must };
    let demand = demand.min((situation.charge_limit - situation.sun).or_zero());
    if demand < SMALLEST_ORDER {
        return Intent::Rest;
    }
    let room_later = (situation.later_charge - (lacking - demand).or_zero()).or_zero();
    Intent::Buy { demand, flexible: (demand - must).or_zero().min(room_later) }
}

/// The sun of this period that no longer fits the battery.
fn overflow(battery: &Battery, situation: &Situation) -> Energy {
    if situation.sun.is_zero() {
        return Energy::ZERO;
    }
    let room = situation.room + situation.driven_now;
    (situation.sun - battery.metered_that_fits(room.or_zero())).or_zero()
}

/// What is left beyond own need: out of the battery, and of this period's sun.
fn surplus(battery: &Battery, situation: &Situation, held: Energy) -> Energy {
    let beyond = held - situation.reserved;
    if beyond.is_negative() {
        return (situation.sun - battery.metered_to_gain(-beyond)).or_zero();
    }
    battery.metered_from(beyond) + situation.sun
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::household::battery::BatterySpec;
    use goshawk_market::quantity::Power;
    use proptest::prelude::*;

    fn kwh(value: f64) -> Energy {
        Energy::from_f64(value).unwrap()
    }

    fn battery(content: f64) -> Battery {
        let spec = BatterySpec {
            capacity: kwh(60.0),
            charge_power: Power::from_micro(7_000_000),
            discharge_power: Power::from_micro(7_000_000),
            charge_efficiency: 1.0,
            discharge_efficiency: 1.0,
            soc_min: 0.1,
            soc_max: 1.0,
        };
        Battery::new(spec, kwh(content))
    }

    fn quiet() -> Situation {
        Situation {
            reserved: Energy::ZERO,
            wanted: Energy::ZERO,
            driven_now: Energy::ZERO,
            sun: Energy::ZERO,
            later_sun: Energy::ZERO,
            charge_limit: kwh(7.0),
            discharge_limit: kwh(7.0),
            later_charge: Energy::ZERO,
            later_limit: Energy::ZERO,
            room: kwh(60.0),
            charging_hour: false,
            discharging_hour: false,
            held_back: Energy::ZERO,
        }
    }

    #[test]
    fn surplus_beyond_own_need_is_offered_only_in_discharging_hours() {
        let situation = Situation { reserved: kwh(10.0), ..quiet() };
        assert_eq!(decide(&battery(20.0), &situation), Intent::Rest);
        let situation = Situation { discharging_hour: true, ..situation };
        let offered = Intent::Sell { surplus: kwh(4.0), overflow: Energy::ZERO };
        assert_eq!(decide(&battery(20.0), &situation), offered, "20 - floor 6 - reserved 10");
    }

    #[test]
    fn sun_that_does_not_fit_is_offered_at_any_hour() {
        let situation = Situation { sun: kwh(3.0), room: kwh(1.0), ..quiet() };
        let offered = Intent::Sell { surplus: kwh(2.0), overflow: kwh(2.0) };
        assert_eq!(decide(&battery(59.0), &situation), offered);
    }

    #[test]
    fn a_lack_is_bought_in_charging_hours_and_may_wait_while_there_is_time() {
        let lacking =
            Situation { wanted: kwh(5.0), later_charge: kwh(20.0), later_limit: kwh(30.0), ..quiet() };
        assert_eq!(decide(&battery(6.0), &lacking), Intent::Rest);
        let now = Situation { charging_hour: true, ..lacking };
        let bid = Intent::Buy { demand: kwh(5.0), flexible: kwh(5.0) };
        assert_eq!(decide(&battery(6.0), &now), bid);
    }

    #[test]
    fn the_latest_start_forces_charging_outside_the_habit() {
        let urgent = Situation { wanted: kwh(9.0), later_limit: kwh(4.0), ..quiet() };
        let bid = Intent::Buy { demand: kwh(5.0), flexible: Energy::ZERO };
        assert_eq!(decide(&battery(6.0), &urgent), bid);
    }

    proptest! {
        #[test]
        fn nobody_sells_what_own_need_wants(
            content in 6.0f64..60.0, reserved in 0.0f64..50.0, sun in 0.0f64..6.0,
            discharging_hour in any::<bool>(),
        ) {
            let situation = Situation {
                reserved: kwh(reserved), wanted: kwh(reserved), sun: kwh(sun), discharging_hour, ..quiet()
            };
            let battery = battery(content);
            if let Intent::Sell { surplus, overflow } = decide(&battery, &situation) {
                let left = battery.content() + situation.sun - surplus;
                prop_assert!(left >= battery.floor() + situation.reserved);
                prop_assert!(surplus <= situation.discharge_limit && overflow <= surplus);
            }
        }

        #[test]
        fn flexible_demand_can_really_be_charged_later(
            wanted in 0.0f64..40.0, later in 0.0f64..60.0, charging_hour in any::<bool>(),
        ) {
            let situation =
                Situation { wanted: kwh(wanted), later_charge: kwh(later), later_limit: kwh(later), charging_hour, ..quiet() };
            if let Intent::Buy { demand, flexible } = decide(&battery(6.0), &situation) {
                prop_assert!(flexible <= demand && demand <= situation.charge_limit);
                prop_assert!(kwh(wanted) - demand + flexible <= kwh(later).max(kwh(wanted) - demand));
            }
        }
    }
}
