//! How far cells get in a time, between full power and their taper.
//!
//! Charging takes full power up to a state of charge, then a power that falls with the room that is left (constant
//! current, then constant voltage), and ends at a twentieth of the largest rate. This is the two-stage battery of
//! ACN-Sim (Z. Lee et al., *IEEE Transactions on Smart Grid* 12, 2021) with the cut-off current of C/20 that data
//! sheets end a charge at. Discharging is its mirror image near empty.

/// Rate at which charging ends, and discharging, as a share of the largest: C/20.
pub const CUT_OFF: f64 = 0.05;

/// The limits of cells.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PowerLimit {
    /// Largest rate in 1/h: energy per hour as a share of the capacity.
    pub c_rate_max: f64,
    /// State of charge above which charging tapers; discharging tapers below one less this. In [0.5, 1).
    pub taper_soc: f64,
}

impl PowerLimit {
    /// Largest rate of charging at a state of charge, in 1/h.
    pub fn charge_rate(&self, soc: f64) -> f64 {
        self.rate(1.0 - soc)
    }

    /// Largest rate of discharging at a state of charge, in 1/h.
    pub fn discharge_rate(&self, soc: f64) -> f64 {
        self.rate(soc)
    }

    fn rate(&self, distance: f64) -> f64 {
        self.c_rate_max * (distance / (1.0 - self.taper_soc)).clamp(CUT_OFF, 1.0)
    }

    /// How much fuller a battery gets in a time, where its charger alone would add `charger_rate` an hour.
    pub fn charged(&self, soc: f64, hours: f64, charger_rate: f64) -> f64 {
        self.travelled(1.0 - soc, hours, charger_rate)
    }

    /// How much emptier a battery gets in a time, where its charger alone would take `charger_rate` an hour.
    pub fn discharged(&self, soc: f64, hours: f64, charger_rate: f64) -> f64 {
        self.travelled(soc, hours, charger_rate)
    }

    /// How far one gets towards an end that is `distance` away.
    ///
    /// The rate depends on the distance alone, so that two steps lead as far as one of their length.
    fn travelled(&self, distance: f64, hours: f64, charger_rate: f64) -> f64 {
        let distance = distance.max(0.0);
        let width = (1.0 - self.taper_soc) / self.c_rate_max;
        let full = charger_rate.min(self.c_rate_max);
        let slowest = full.min(CUT_OFF * self.c_rate_max);
        let (mut left, mut time) = (distance, hours);
        // Full power, until the taper is slower.
        let taper = full * width;
        if left > taper && full > 0.0 {
            let needed = (left - taper) / full;
            if time <= needed {
                return full * time;
            }
            (left, time) = (taper, time - needed);
        }
        // The taper: what is left decays.
        let end = slowest * width;
        if left > end {
            let needed = width * libm::log(left / end);
            if time <= needed {
                return distance - left * libm::exp(-time / width);
            }
            (left, time) = (end, time - needed);
        }
        distance - (left - slowest * time).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMIT: PowerLimit = PowerLimit { c_rate_max: 1.0, taper_soc: 0.8 };

    #[test]
    fn a_slow_charger_feels_the_taper_only_near_the_end() {
        // 0.2 C: the taper is slower from 1 - 0.2 * 0.2 = 0.96 on.
        assert!((LIMIT.charged(0.5, 1.0, 0.2) - 0.2).abs() < 1e-12);
        assert!((LIMIT.charged(0.9, 0.3, 0.2) - 0.06).abs() < 1e-12);
        let later = LIMIT.charged(0.96, 0.2, 0.2);
        assert!((later - 0.04 * (1.0 - libm::exp(-1.0))).abs() < 1e-12, "decays with width / c_rate = 0.2 h");
        assert!((LIMIT.charged(0.9, 9.0, 0.2) - 0.1).abs() < 1e-12, "it does get full");
    }

    #[test]
    fn what_is_travelled_is_the_rate_integrated() {
        for (soc, hours, charger) in [(0.2, 1.3, 5.0), (0.7, 0.5, 0.7), (0.95, 0.4, 0.2), (0.995, 0.1, 0.3)] {
            let steps = 200_000;
            let mut reached: f64 = soc;
            for _ in 0..steps {
                reached += LIMIT.charge_rate(reached).min(charger) * hours / f64::from(steps);
            }
            let found = LIMIT.charged(soc, hours, charger);
            assert!((soc + found - reached.min(1.0)).abs() < 1e-5, "{soc} {hours} {charger}: {found}");
        }
    }

    proptest! {
        #[test]
        fn two_steps_lead_as_far_as_one(
            soc in 0.0f64..=1.0, first in 0.0f64..2.0, second in 0.0f64..2.0, charger in 0.0f64..2.0,
        ) {
            let one = LIMIT.charged(soc, first + second, charger);
            let half = LIMIT.charged(soc, first, charger);
            let other = LIMIT.charged(soc + half, second, charger);
            prop_assert!((one - half - other).abs() < 1e-9);
            prop_assert!(one >= half && one <= 1.0 - soc + 1e-12);
            prop_assert!(one <= charger.min(LIMIT.c_rate_max) * (first + second) + 1e-12);
            let mirrored = LIMIT.discharged(1.0 - soc, first + second, charger);
            prop_assert!((one - mirrored).abs() < 1e-12);
        }
    }
}
