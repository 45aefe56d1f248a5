//! Who delivered what, and who owes whom for it.
//!
//! A period's contracts are walked in the order of their numbers. Each side's metered energy serves its contracts
//! in that order until it is used up:
//!
//! ```text
//! seller_part  = min(contracted, what the seller has left)
//! buyer_part   = min(contracted, what the buyer has left)
//! delivered    = min(seller_part, buyer_part)            both have so much less left
//! seller_short = contracted - seller_part                the seller's fault
//! buyer_short  = seller_part - delivered                 the buyer's fault
//! ```
//!
//! so that `delivered + seller_short + buyer_short = contracted`, to the last unit.

use std::collections::BTreeMap;

use goshawk_market::quantity::{Energy, Money};

use crate::codec::canonical_struct;
use crate::contract::{Contract, ContractState, ContractTerms};
use crate::credit::share;
use crate::transaction::AccountId;

/// What became of the energy of one contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Delivery {
    /// What flowed.
    pub delivered: Energy,
    /// What the seller lacked.
    pub seller_short: Energy,
    /// What the seller had ready and the buyer did not take.
    pub buyer_short: Energy,
}

canonical_struct!(Delivery { delivered, seller_short, buyer_short });

impl Delivery {
    /// The delivery of one contract, given what each side has left.
    pub fn of(contracted: Energy, seller_left: Energy, buyer_left: Energy) -> Self {
        let seller_part = contracted.min(seller_left.or_zero());
        let delivered = seller_part.min(buyer_left.or_zero());
        Self { delivered, seller_short: contracted - seller_part, buyer_short: seller_part - delivered }
    }

    /// How a contract ends with this delivery.
    pub fn outcome(&self) -> ContractState {
        if self.seller_short.is_zero() && self.buyer_short.is_zero() {
            ContractState::Settled
        } else {
            ContractState::Defaulted
        }
    }
}

/// The deliveries of one period's contracts, in the order of `terms`, which must be the order of their numbers.
///
/// `ready` is what an account metered: zero if it sent nothing. Only contracts that the grid approved belong
/// here. The ledger settles one contract after the other by the same rule.
///
/// # Panics
/// When `terms` are not in ascending order of their numbers.
pub fn allocate_deliveries(terms: &[ContractTerms], ready: impl Fn(AccountId) -> Energy) -> Vec<Delivery> {
    assert!(terms.is_sorted_by_key(|terms| terms.id), "invariant: contracts are walked in order of number");
    let mut left = BTreeMap::new();
    let mut deliver = |terms: &ContractTerms| {
        let seller_left = *left.entry(terms.seller).or_insert_with(|| ready(terms.seller));
        let buyer_left = *left.entry(terms.buyer).or_insert_with(|| ready(terms.buyer));
        let delivery = Delivery::of(terms.energy, seller_left, buyer_left);
        left.insert(terms.seller, seller_left - delivery.delivered);
        left.insert(terms.buyer, buyer_left - delivery.delivered);
        delivery
    };
    terms.iter().map(&mut deliver).collect()
}

/// The money of one contract, as it is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Settlement {
    /// What flowed.
    pub delivered: Energy,
    /// What the seller lacked.
    pub seller_short: Energy,
    /// What the buyer did not take.
    pub buyer_short: Energy,
    /// From the buyer to the seller, for what was delivered.
    pub seller_amount: Money,
    /// From the buyer to the grid.
    pub grid_amount: Money,
    /// From the buyer to the platform.
    pub platform_amount: Money,
    /// From the seller to the buyer: what the missing energy costs more elsewhere.
    pub penalty_to_buyer: Money,
    /// From the buyer to the seller: take or pay.
    pub penalty_to_seller: Money,
    /// From the seller to the platform, if its band asks for it.
    pub seller_surcharge: Money,
    /// From the buyer to the platform, if its band asks for it.
    pub buyer_surcharge: Money,
}

canonical_struct!(Settlement {
    delivered,
    seller_short,
    buyer_short,
    seller_amount,
    grid_amount,
    platform_amount,
    penalty_to_buyer,
    penalty_to_seller,
    seller_surcharge,
    buyer_surcharge,
});

impl Settlement {
    /// The money for a delivery under a contract, surcharges included.
    pub fn of(contract: &Contract, delivery: &Delivery) -> Self {
        let rates = [contract.seller.surcharge, contract.buyer.surcharge];
        Self::for_delivery(&contract.terms, delivery).surcharged(rates)
    }

    /// The money for a delivery. Each amount is rounded once, and the buyer pays the sum of the rounded parts.
    pub fn for_delivery(terms: &ContractTerms, delivery: &Delivery) -> Self {
        Self {
            delivered: delivery.delivered,
            seller_short: delivery.seller_short,
            buyer_short: delivery.buyer_short,
            seller_amount: terms.seller_price * delivery.delivered,
            grid_amount: terms.grid_fee * delivery.delivered,
            platform_amount: terms.platform_fee * delivery.delivered,
            penalty_to_buyer: (terms.outside_price - terms.buyer_price) * delivery.seller_short,
            penalty_to_seller: terms.take_or_pay * delivery.buyer_short,
            seller_surcharge: Money::ZERO,
            buyer_surcharge: Money::ZERO,
        }
    }

    /// The same with the surcharges of seller and buyer, as shares in 1e-6 of what the seller is paid.
    pub fn surcharged(self, [seller, buyer]: [u32; 2]) -> Self {
        let due = |rate| share(self.seller_amount, rate);
        Self { seller_surcharge: due(seller), buyer_surcharge: due(buyer), ..self }
    }

    /// What the buyer pays for the energy that it got.
    pub fn amount(&self) -> Money {
        self.seller_amount + self.grid_amount + self.platform_amount
    }

    /// All that the buyer owes, which its escrow covers.
    pub fn owed_by_buyer(&self) -> Money {
        self.amount() + self.penalty_to_seller + self.buyer_surcharge
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::tests::terms;
    use crate::transaction::ContractId;
    use goshawk_market::quantity::Price;
    use proptest::prelude::*;

    fn kwh(micro: i64) -> Energy {
        Energy::from_micro(micro)
    }

    #[test]
    fn earlier_contracts_are_served_first() {
        let contracts: Vec<ContractTerms> = (1..=3)
            .map(|id| ContractTerms { id: ContractId(id), buyer: AccountId(id as u32), ..terms() })
            .collect();
        // The seller has 3 kWh for three contracts of 2 kWh; the second buyer takes half a kWh only.
        let ready = |account: AccountId| match account.0 {
            0 => kwh(3_000_000),
            2 => kwh(500_000),
            _ => kwh(9_000_000),
        };
        let delivery = |delivered, seller_short, buyer_short| Delivery {
            delivered: kwh(delivered),
            seller_short: kwh(seller_short),
            buyer_short: kwh(buyer_short),
        };
        assert_eq!(
            allocate_deliveries(&contracts, ready),
            [
                delivery(2_000_000, 0, 0),
                delivery(500_000, 1_000_000, 500_000),
                delivery(500_000, 1_500_000, 0),
            ]
        );
    }

    #[test]
    fn who_sends_no_meter_delivers_and_takes_nothing() {
        let nothing = allocate_deliveries(&[terms()], |_| Energy::ZERO);
        assert_eq!(nothing[0].seller_short, terms().energy);
        assert_eq!(nothing[0].buyer_short, Energy::ZERO, "the buyer had nothing to take");
    }

    prop_compose! {
        fn any_terms()(
            energy in 1i64..1_000_000_000,
            fees in (0i64..1_000_000, 0i64..1_000_000, 0i64..1_000_000, 1i64..1_000_000),
            take_or_pay in 0i64..4_000_000,
        ) -> ContractTerms {
            let (seller, grid, platform, above) = fees;
            ContractTerms {
                energy: kwh(energy),
                seller_price: Price::from_micro(seller),
                grid_fee: Price::from_micro(grid),
                platform_fee: Price::from_micro(platform),
                buyer_price: Price::from_micro(seller + grid + platform),
                outside_price: Price::from_micro(seller + grid + platform + above),
                take_or_pay: Price::from_micro(take_or_pay),
                ..terms()
            }
        }
    }

    proptest! {
        #[test]
        fn energy_is_conserved_and_the_escrow_covers_what_the_buyer_owes(
            terms in any_terms(),
            seller_left in 0i64..2_000_000_000,
            buyer_left in 0i64..2_000_000_000,
            surcharges in (0u32..=1_000_000, 0u32..=1_000_000),
        ) {
            prop_assert_eq!(terms.check(), Ok(()));
            let delivery = Delivery::of(terms.energy, kwh(seller_left), kwh(buyer_left));
            prop_assert_eq!(delivery.delivered + delivery.seller_short + delivery.buyer_short, terms.energy);
            prop_assert!(delivery.delivered <= kwh(seller_left) && delivery.delivered <= kwh(buyer_left));
            let settlement = Settlement::for_delivery(&terms, &delivery);
            prop_assert!(settlement.owed_by_buyer() <= terms.escrow());
            let settlement = settlement.surcharged([surcharges.0, surcharges.1]);
            prop_assert!(settlement.owed_by_buyer() <= terms.escrow_with(surcharges.1));
            prop_assert!(settlement.seller_surcharge <= settlement.seller_amount);
        }

        #[test]
        fn nobody_delivers_or_takes_more_than_it_metered(
            energies in prop::collection::vec(1i64..1_000, 1..12),
            ready in prop::collection::vec(0i64..2_000, 4),
        ) {
            let contracts: Vec<ContractTerms> = energies.iter().enumerate().map(|(index, &energy)| ContractTerms {
                id: ContractId(index as u64),
                seller: AccountId(index as u32 % 2),
                buyer: AccountId(2 + index as u32 / 2 % 2),
                energy: kwh(energy),
                ..terms()
            }).collect();
            let deliveries = allocate_deliveries(&contracts, |account| kwh(ready[account.0 as usize]));
            for account in 0..4 {
                let moved: Energy = contracts.iter().zip(&deliveries)
                    .filter(|(terms, _)| terms.seller.0 == account || terms.buyer.0 == account)
                    .map(|(_, delivery)| delivery.delivered)
                    .sum();
                prop_assert!(moved <= kwh(ready[account as usize]));
            }
        }
    }
}
