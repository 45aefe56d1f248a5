//! Who gets energy back when together they ask for more than the store's power, (31).

use goshawk_market::quantity::Energy;

/// The rule by which a scarce power is shared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Scarcity {
    /// Everybody the same share of what they ask for.
    #[default]
    ProRata,
    /// Households in their order, until the power is used up.
    FirstCome,
}

impl Scarcity {
    /// What each of those who ask is granted, in the order in which they ask: never more than asked for, and all
    /// together the smaller of the power and of what is asked for, to the last unit.
    pub fn grant(self, wanted: &[Energy], power: Energy) -> Vec<Energy> {
        let total: Energy = wanted.iter().copied().sum();
        if total <= power {
            return wanted.to_vec();
        }
        match self {
            Self::ProRata => {
                let weights: Vec<i64> = wanted.iter().map(|energy| energy.micro()).collect();
                power.apportion(&weights)
            }
            Self::FirstCome => {
                let mut left = power;
                let granted = wanted.iter().map(|&energy| {
                    let granted = energy.min(left);
                    left -= granted;
                    granted
                });
                granted.collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn energies(micros: &[i64]) -> Vec<Energy> {
        micros.iter().copied().map(Energy::from_micro).collect()
    }

    #[test]
    fn a_scarce_power_is_shared_by_the_rule() {
        let (wanted, power) = (energies(&[300, 100, 200]), Energy::from_micro(301));
        assert_eq!(Scarcity::ProRata.grant(&wanted, power), energies(&[151, 50, 100]));
        assert_eq!(Scarcity::FirstCome.grant(&wanted, power), energies(&[300, 1, 0]));
    }

    proptest! {
        #[test]
        fn all_of_the_power_is_granted_and_nobody_gets_more_than_wanted(
            wanted in prop::collection::vec(0i64..5_000_000, 0..40), power in 0i64..100_000_000,
        ) {
            let (wanted, power) = (energies(&wanted), Energy::from_micro(power));
            let total: Energy = wanted.iter().copied().sum();
            for rule in [Scarcity::ProRata, Scarcity::FirstCome] {
                let granted = rule.grant(&wanted, power);
                prop_assert_eq!(granted.iter().copied().sum::<Energy>(), total.min(power));
                prop_assert!(granted.iter().zip(&wanted).all(|(granted, wanted)| granted <= wanted));
                prop_assert!(granted.iter().all(|granted| !granted.is_negative()));
            }
        }
    }
}
