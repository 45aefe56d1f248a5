//! The vehicle's battery: efficiencies, limits and exact books.

use goshawk_market::quantity::{Energy, Power};

/// What a kind of battery and its charging pile can do.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BatterySpec {
    /// Usable size.
    pub capacity: Energy,
    /// Largest charging power at the meter.
    pub charge_power: Power,
    /// Largest discharging power at the meter.
    pub discharge_power: Power,
    /// Share of metered charging energy that reaches the battery, in (0, 1].
    pub charge_efficiency: f64,
    /// Share of energy taken from the battery that reaches the meter, in (0, 1].
    pub discharge_efficiency: f64,
    /// Lowest state of charge to which trading may discharge.
    pub soc_min: f64,
    /// Highest state of charge.
    pub soc_max: f64,
}

/// A battery with what it holds.
#[derive(Debug, Clone)]
pub struct Battery {
    spec: BatterySpec,
    content: Energy,
}

/// One step of the grid of energies.
const STEP: Energy = Energy::from_micro(1);

fn scaled(energy: Energy, factor: f64) -> Energy {
    Energy::from_f64(energy.to_f64() * factor).expect("invariant: a share of a valid energy is valid")
}

impl Battery {
    /// A battery that holds `content`, cut to the limits of its specification.
    pub fn new(spec: BatterySpec, content: Energy) -> Self {
        let battery = Self { spec, content };
        let content = content.clamp(battery.floor(), battery.ceiling());
        Self { spec, content }
    }

    /// What the battery holds.
    pub fn content(&self) -> Energy {
        self.content
    }

    /// Its specification.
    pub fn spec(&self) -> &BatterySpec {
        &self.spec
    }

    /// State of charge, 0 to 1.
    pub fn soc(&self) -> f64 {
        self.content.to_f64() / self.spec.capacity.to_f64()
    }

    /// The content below which nothing is traded away.
    pub fn floor(&self) -> Energy {
        scaled(self.spec.capacity, self.spec.soc_min)
    }

    /// The content above which nothing is charged.
    pub fn ceiling(&self) -> Energy {
        scaled(self.spec.capacity, self.spec.soc_max)
    }

    /// Least metered energy that must be charged to gain at least `energy` in the battery.
    pub fn metered_to_gain(&self, energy: Energy) -> Energy {
        let mut metered = scaled(energy, 1.0 / self.spec.charge_efficiency);
        while self.gain_from(metered) < energy {
            metered += STEP;
        }
        metered
    }

    /// Most metered energy that can be charged into `room`.
    pub fn metered_that_fits(&self, room: Energy) -> Energy {
        let mut metered = scaled(room, 1.0 / self.spec.charge_efficiency);
        while self.gain_from(metered) > room {
            metered -= STEP;
        }
        metered
    }

    /// What the battery gains from metered energy.
    pub fn gain_from(&self, metered: Energy) -> Energy {
        scaled(metered, self.spec.charge_efficiency)
    }

    /// Most metered energy that taking at most `energy` out of the battery delivers.
    pub fn metered_from(&self, energy: Energy) -> Energy {
        let mut metered = scaled(energy, self.spec.discharge_efficiency);
        while self.drawn_to_deliver(metered) > energy {
            metered -= STEP;
        }
        metered
    }

    /// What delivering metered energy takes out of the battery.
    pub fn drawn_to_deliver(&self, metered: Energy) -> Energy {
        scaled(metered, 1.0 / self.spec.discharge_efficiency)
    }

    /// Charges metered energy; the difference to what arrives is lost. Returns the loss.
    pub fn charge(&mut self, metered: Energy) -> Energy {
        let gain = self.gain_from(metered).min(metered);
        self.content += gain;
        metered - gain
    }

    /// Delivers metered energy; what is taken beyond it is lost. Returns the loss.
    pub fn discharge(&mut self, metered: Energy) -> Energy {
        let drawn = self.drawn_to_deliver(metered).max(metered);
        self.content -= drawn;
        drawn - metered
    }

    /// Drives: takes what is there, at most `wanted`. Returns what was taken.
    pub fn drive(&mut self, wanted: Energy) -> Energy {
        let taken = wanted.min(self.content).or_zero();
        self.content -= taken;
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn spec() -> BatterySpec {
        BatterySpec {
            capacity: Energy::from_micro(60_000_000),
            charge_power: Power::from_micro(7_000_000),
            discharge_power: Power::from_micro(7_000_000),
            charge_efficiency: 0.95,
            discharge_efficiency: 0.93,
            soc_min: 0.1,
            soc_max: 1.0,
        }
    }

    #[test]
    fn a_round_trip_costs_both_efficiencies() {
        let mut battery = Battery::new(spec(), Energy::from_micro(30_000_000));
        assert_eq!(battery.charge(Energy::from_micro(10_000_000)), Energy::from_micro(500_000));
        assert_eq!(battery.content(), Energy::from_micro(39_500_000));
        battery.discharge(Energy::from_micro(8_835_000));
        assert_eq!(battery.content(), Energy::from_micro(30_000_000));
    }

    #[test]
    fn a_trip_takes_no_more_than_there_is() {
        let mut battery = Battery::new(spec(), Energy::from_micro(6_000_000));
        assert_eq!(battery.drive(Energy::from_micro(9_000_000)), Energy::from_micro(6_000_000));
        assert_eq!(battery.content(), Energy::ZERO);
    }

    proptest! {
        #[test]
        fn what_can_be_delivered_never_takes_more_than_there_is(
            energy in 0i64..60_000_000, charge in 0.1f64..=1.0, discharge in 0.1f64..=1.0,
        ) {
            let spec =
                BatterySpec { charge_efficiency: charge, discharge_efficiency: discharge, soc_min: 0.0, ..spec() };
            let battery = Battery::new(spec, Energy::ZERO);
            let energy = Energy::from_micro(energy);
            let metered = battery.metered_from(energy);
            prop_assert!(battery.drawn_to_deliver(metered) <= energy);
            prop_assert!(battery.drawn_to_deliver(metered + STEP + STEP) > energy);
            prop_assert!(battery.gain_from(battery.metered_to_gain(energy)) >= energy);
            prop_assert!(battery.gain_from(battery.metered_that_fits(energy)) <= energy);
        }

        #[test]
        fn books_balance_to_the_last_unit(start in 6_000_000i64..60_000_000, metered in 0i64..5_000_000) {
            let mut battery = Battery::new(spec(), Energy::from_micro(start));
            let before = battery.content();
            let metered = Energy::from_micro(metered);
            let lost = battery.charge(metered);
            prop_assert_eq!(metered, battery.content() - before + lost);
            let before = battery.content();
            let lost = battery.discharge(metered);
            prop_assert_eq!(before - battery.content(), metered + lost);
            prop_assert!(!lost.is_negative());
        }
    }
}
