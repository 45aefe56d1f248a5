//! Who owns what in the store: titles that sum to the content at every instant, to the last unit.

use goshawk_market::quantity::Energy;
use serde::{Deserialize, Serialize};

use crate::commons::Lease;

/// The content of a store and the titles to it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Titles {
    content: Energy,
    /// The operator's own part: E_min of (30).
    own: Energy,
    titles: Vec<Energy>,
    /// Standing loss in 1e-6 kWh that is due and less than a unit.
    due: f64,
}

/// A broken promise of the store.
#[derive(Debug, thiserror::Error)]
#[error("household {household} would take {wanted} kWh out of the store, where it has {held} kWh")]
pub struct Overdrawn {
    household: usize,
    wanted: Energy,
    held: Energy,
}

impl Titles {
    /// A store that holds the operator's own part alone.
    pub fn new(own: Energy, households: usize) -> Self {
        Self { content: own, own, titles: vec![Energy::ZERO; households], due: 0.0 }
    }

    /// What the store holds.
    pub fn content(&self) -> Energy {
        self.content
    }

    /// What belongs to a household.
    pub fn of(&self, household: usize) -> Energy {
        self.titles[household]
    }

    /// A household puts metered energy in. Returns what is lost on the way.
    pub fn deposit(&mut self, household: usize, metered: Energy, lease: &Lease) -> Energy {
        let gained = lease.content_of_deposit(metered);
        self.titles[household] += gained;
        self.content += gained;
        metered - gained
    }

    /// A household takes metered energy out. Returns what is lost on the way.
    ///
    /// # Errors
    /// When it owns less.
    pub fn withdraw(
        &mut self,
        household: usize,
        metered: Energy,
        lease: &Lease,
    ) -> Result<Energy, Overdrawn> {
        let used = if metered.is_zero() { Energy::ZERO } else { lease.content_for_withdrawal(metered) };
        let held = self.titles[household];
        if used > held {
            return Err(Overdrawn { household, wanted: used, held });
        }
        self.titles[household] = held - used;
        self.content -= used;
        Ok(used - metered)
    }

    /// Time takes a share of what households own, from each in proportion. Returns who lost how much.
    ///
    /// Less than a unit is kept due, so that many short steps lose as much as few long ones.
    pub fn leak(&mut self, share: f64) -> Vec<(usize, Energy)> {
        let owned = self.content - self.own;
        self.due += owned.micro() as f64 * share;
        let lost = Energy::from_micro(self.due.floor() as i64).min(owned);
        if !lost.is_positive() {
            return Vec::new();
        }
        self.due -= lost.micro() as f64;
        let weights: Vec<i64> = self.titles.iter().map(|title| title.micro()).collect();
        let parts = lost.apportion(&weights);
        self.content -= lost;
        let mut losses = Vec::new();
        for (household, part) in parts.into_iter().enumerate().filter(|(_, part)| part.is_positive()) {
            self.titles[household] -= part;
            losses.push((household, part));
        }
        losses
    }

    /// What the content is more than own part and titles together; nothing, always.
    pub fn residual(&self) -> Energy {
        self.content - self.own - self.titles.iter().copied().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use goshawk_market::quantity::Price;
    use proptest::prelude::*;

    fn lease(efficiency: f64) -> Lease {
        let (charge_efficiency, discharge_efficiency) = (efficiency, efficiency);
        Lease { offered: true, charge_efficiency, discharge_efficiency, fee: Price::ZERO }
    }

    #[derive(Debug, Clone)]
    enum Step {
        Deposit(usize, i64),
        Withdraw(usize, f64),
        Leak(f64),
    }

    fn any_step() -> impl Strategy<Value = Step> {
        prop_oneof![
            (0usize..7, 0i64..50_000_000).prop_map(|(who, energy)| Step::Deposit(who, energy)),
            (0usize..7, 0.0f64..=1.0).prop_map(|(who, share)| Step::Withdraw(who, share)),
            (0.0f64..0.01).prop_map(Step::Leak),
        ]
    }

    proptest! {
        #[test]
        fn titles_sum_to_the_content_at_every_instant(
            steps in prop::collection::vec(any_step(), 1..200), efficiency in 0.5f64..=1.0, own in 0i64..1_000_000,
        ) {
            let lease = lease(efficiency);
            let mut store = Titles::new(Energy::from_micro(own), 7);
            let (mut put_in, mut taken_out, mut lost) = (Energy::ZERO, Energy::ZERO, Energy::ZERO);
            for step in steps {
                match step {
                    Step::Deposit(who, energy) => {
                        let energy = Energy::from_micro(energy);
                        lost += store.deposit(who, energy, &lease);
                        put_in += energy;
                    }
                    Step::Withdraw(who, share) => {
                        let most = lease.withdrawable(store.of(who));
                        let energy = Energy::from_micro((most.micro() as f64 * share) as i64);
                        lost += store.withdraw(who, energy, &lease).unwrap();
                        taken_out += energy;
                    }
                    Step::Leak(share) => {
                        let before: Vec<Energy> = (0..7).map(|who| store.of(who)).collect();
                        for (who, loss) in store.leak(share) {
                            prop_assert!(loss <= before[who] && store.of(who) == before[who] - loss);
                            lost += loss;
                        }
                    }
                }
                prop_assert_eq!(store.residual(), Energy::ZERO);
                prop_assert_eq!(store.content(), Energy::from_micro(own) + put_in - taken_out - lost);
                prop_assert!((0..7).all(|who| !store.of(who).is_negative()));
            }
        }

        #[test]
        fn many_short_steps_lose_as_much_as_one_long_one(stored in 1i64..1_000_000_000, steps in 2u32..500) {
            let (mut once, mut often) = (Titles::new(Energy::ZERO, 2), Titles::new(Energy::ZERO, 2));
            for store in [&mut once, &mut often] {
                store.deposit(1, Energy::from_micro(stored), &lease(1.0));
            }
            once.leak(0.02);
            let a_step = 1.0 - libm::pow(0.98, 1.0 / f64::from(steps));
            (0..steps).for_each(|_| drop(often.leak(a_step)));
            prop_assert!((once.content() - often.content()).micro().abs() <= 2);
        }
    }

    #[test]
    fn nobody_takes_what_belongs_to_another() {
        let mut store = Titles::new(Energy::from_micro(5), 2);
        store.deposit(0, Energy::from_micro(1_000), &lease(1.0));
        assert!(store.withdraw(1, Energy::from_micro(1), &lease(1.0)).is_err());
        assert!(store.withdraw(0, Energy::from_micro(1_001), &lease(1.0)).is_err());
        assert_eq!(store.content(), Energy::from_micro(1_005));
    }
}
