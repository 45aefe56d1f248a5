//! A contract between one seller and one buyer for one period, and the states that it goes through.
//!
//! ```text
//! publish        sign          check             settle, all delivered
//! ---------> Published ---> Signed ---> Checked ------------------------> Settled
//!                |             |         |   ^ `-- something short ------> Defaulted
//!                |             | dispute |   | resolve, or the dispute lapses
//!                |             |         v   |
//!                |             |        Disputed
//!                `-------------`--------- rejected, or never checked ---> Cancelled
//! ```
//!
//! Settled, defaulted and cancelled are final. A settlement's receipt says which, and the ledger forgets the contract. One that
//! the grid cancelled, or that nobody settles though it is not to be delivered, goes when its period is over.
//!
//! A checked contract is being delivered. There is no state of its own for that: between the grid's word and the meters the
//! ledger sees no event that could begin it.

use goshawk_market::quantity::{Energy, Money, Price};

use crate::codec::{canonical_enum, canonical_struct};
use crate::credit::{Conditions, share_up};
use crate::device::Lot;
use crate::transaction::{AccountId, ContractId};

/// The largest energy of a contract, 1e6 kWh: with [`PRICE_MAX`] it keeps every product far inside an `i64`, so
/// that no transaction can make a validator overflow.
pub const ENERGY_MAX: Energy = Energy::from_micro(1_000_000_000_000);

/// The largest price of a contract, 1e5 currency per kWh.
pub const PRICE_MAX: Price = Price::from_micro(100_000_000_000);

/// An escrow exceeds the unrounded worst case by this much, because what is owed is the sum of four amounts
/// that are each rounded by up to half a step, and the escrow is itself rounded.
const ROUNDING_MARGIN: Money = Money::from_micro(3);

/// A surcharge is one more amount that is rounded.
const SURCHARGE_MARGIN: Money = Money::from_micro(1);

/// What seller and buyer agree on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContractTerms {
    /// The contract's number, above that of every contract of a period that is closed.
    pub id: ContractId,
    /// The period of delivery.
    pub period: u32,
    /// Who delivers.
    pub seller: AccountId,
    /// Who takes.
    pub buyer: AccountId,
    /// The energy agreed on.
    pub energy: Energy,
    /// What the seller gets.
    pub seller_price: Price,
    /// What the buyer pays: the seller's price and both fees.
    pub buyer_price: Price,
    /// What the grid gets for carrying the energy.
    pub grid_fee: Price,
    /// What the platform gets.
    pub platform_fee: Price,
    /// What the buyer pays elsewhere for energy that the seller fails to deliver; above the buyer's price.
    pub outside_price: Price,
    /// What the buyer owes the seller for energy that it agreed to take and did not.
    pub take_or_pay: Price,
    /// Which energy it is: a lot of one of the seller's devices in the period.
    pub lot: Lot,
}

canonical_struct!(ContractTerms {
    id,
    period,
    seller,
    buyer,
    energy,
    seller_price,
    buyer_price,
    grid_fee,
    platform_fee,
    outside_price,
    take_or_pay,
    lot,
});

/// Why terms are no contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TermsFault {
    /// Nothing, a negative amount, or too much energy.
    #[error("the energy is not above 0 and at most 1e6 kWh")]
    Energy,
    /// A price or a fee below zero or too high.
    #[error("a price is not between 0 and 1e5 per kWh")]
    Price,
    /// The buyer's price is not the seller's price and the fees.
    #[error("the buyer's price is not the sum of the seller's price, the grid fee and the platform fee")]
    Sum,
    /// The buyer would do as well elsewhere.
    #[error("the buyer's price is not below the outside price")]
    Outside,
    /// Seller and buyer are one.
    #[error("seller and buyer are the same account")]
    OneParty,
}

canonical_enum!(TermsFault { 0 => Energy, 1 => Price, 2 => Sum, 3 => Outside, 4 => OneParty });

impl ContractTerms {
    /// Whether the terms make sense, whoever the parties are.
    ///
    /// # Errors
    /// With the first rule that they break.
    pub fn check(&self) -> Result<(), TermsFault> {
        let prices = [
            self.seller_price,
            self.buyer_price,
            self.grid_fee,
            self.platform_fee,
            self.outside_price,
            self.take_or_pay,
        ];
        if !self.energy.is_positive() || self.energy > ENERGY_MAX {
            Err(TermsFault::Energy)
        } else if prices.iter().any(|price| price.is_negative() || *price > PRICE_MAX) {
            Err(TermsFault::Price)
        } else if self.buyer_price != self.seller_price + self.grid_fee + self.platform_fee {
            Err(TermsFault::Sum)
        } else if self.buyer_price >= self.outside_price {
            Err(TermsFault::Outside)
        } else if self.seller == self.buyer {
            Err(TermsFault::OneParty)
        } else {
            Ok(())
        }
    }

    /// What the seller owes if it delivers nothing.
    pub fn liability(&self) -> Money {
        (self.outside_price - self.buyer_price) * self.energy
    }

    /// The most that the buyer may come to owe: the dearer of taking everything and taking nothing, for
    /// everything in between costs no more.
    pub fn escrow(&self) -> Money {
        self.buyer_price.max(self.take_or_pay) * self.energy + ROUNDING_MARGIN
    }

    /// The same where the buyer pays a surcharge, a share in 1e-6 of what the seller is paid.
    pub fn escrow_with(&self, surcharge: u32) -> Money {
        if surcharge == 0 {
            return self.escrow();
        }
        let taken = self.buyer_price * self.energy + share_up(self.value(), surcharge) + SURCHARGE_MARGIN;
        taken.max(self.take_or_pay * self.energy) + ROUNDING_MARGIN
    }

    /// What the seller is paid if everything is delivered.
    pub fn value(&self) -> Money {
        self.seller_price * self.energy
    }
}

/// Where a contract stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContractState {
    /// The seller has offered it.
    Published,
    /// The buyer has accepted; its escrow is held.
    Signed,
    /// The grid has approved it; it is to be delivered.
    Checked,
    /// To be delivered, but somebody contests the reading of one of its parties: it waits for the grid's word.
    Disputed,
    /// Delivered in full and paid. Final.
    Settled,
    /// Something was short; what was delivered is paid, and penalties for the rest. Final.
    Defaulted,
    /// Never signed or never approved; nobody owes anything. Final.
    Cancelled,
}

canonical_enum!(ContractState {
    0 => Published,
    1 => Signed,
    2 => Checked,
    3 => Settled,
    4 => Defaulted,
    5 => Cancelled,
    6 => Disputed,
});

impl ContractState {
    /// Whether a contract may go from this state to `next`.
    pub const fn may_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Published, Self::Signed | Self::Cancelled)
                | (Self::Signed, Self::Checked | Self::Cancelled)
                | (Self::Checked, Self::Disputed | Self::Settled | Self::Defaulted)
                | (Self::Disputed, Self::Checked)
        )
    }

    /// Whether the grid has approved it and no settlement has closed it.
    pub const fn is_to_be_delivered(self) -> bool {
        matches!(self, Self::Checked | Self::Disputed)
    }

    /// Its name in tables and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Signed => "signed",
            Self::Checked => "checked",
            Self::Disputed => "disputed",
            Self::Settled => "settled",
            Self::Defaulted => "defaulted",
            Self::Cancelled => "cancelled",
        }
    }
}

/// A contract on the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contract {
    /// What was agreed.
    pub terms: ContractTerms,
    /// Where it stands.
    pub state: ContractState,
    /// What is held of the buyer's money for it, apart from its deposit.
    pub escrow: Money,
    /// What the seller's band asks, fixed when it was published.
    pub seller: Conditions,
    /// What the buyer's band asks, fixed when it was signed.
    pub buyer: Conditions,
}

canonical_struct!(Contract { terms, state, escrow, seller, buyer });

impl Contract {
    /// All that is held of the seller's money, and of the buyer's.
    pub(crate) fn held(&self) -> [(AccountId, Money); 2] {
        [(self.terms.seller, self.seller.deposit), (self.terms.buyer, self.escrow + self.buyer.deposit)]
    }

    /// The contract when nothing is held for it any more.
    pub(crate) fn released(self) -> Self {
        let free = |conditions| Conditions { deposit: Money::ZERO, ..conditions };
        Self { escrow: Money::ZERO, seller: free(self.seller), buyer: free(self.buyer), ..self }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// 2 kWh from account 0 to account 1 at 0.10, fees 0.02 and 0.01, outside 0.30, take or pay 0.05.
    pub(crate) fn terms() -> ContractTerms {
        ContractTerms {
            id: ContractId(1),
            period: 0,
            seller: AccountId(0),
            buyer: AccountId(1),
            energy: Energy::from_micro(2_000_000),
            seller_price: Price::from_micro(100_000),
            buyer_price: Price::from_micro(130_000),
            grid_fee: Price::from_micro(20_000),
            platform_fee: Price::from_micro(10_000),
            outside_price: Price::from_micro(300_000),
            take_or_pay: Price::from_micro(50_000),
            lot: Lot::default(),
        }
    }

    #[test]
    fn each_rule_of_the_terms_is_checked() {
        assert_eq!(terms().check(), Ok(()));
        let broken = |change: fn(&mut ContractTerms)| {
            let mut terms = terms();
            change(&mut terms);
            terms.check()
        };
        assert_eq!(broken(|t| t.energy = Energy::ZERO), Err(TermsFault::Energy));
        assert_eq!(broken(|t| t.energy = Energy::MAX), Err(TermsFault::Energy));
        assert_eq!(broken(|t| t.take_or_pay = Price::from_micro(-1)), Err(TermsFault::Price));
        assert_eq!(broken(|t| t.outside_price = Price::MAX), Err(TermsFault::Price));
        assert_eq!(broken(|t| t.grid_fee = Price::ZERO), Err(TermsFault::Sum));
        assert_eq!(broken(|t| t.outside_price = t.buyer_price), Err(TermsFault::Outside));
        assert_eq!(broken(|t| t.buyer = t.seller), Err(TermsFault::OneParty));
    }

    #[test]
    fn final_states_lead_nowhere_and_no_step_is_skipped() {
        use ContractState::*;
        let all = [Published, Signed, Checked, Disputed, Settled, Defaulted, Cancelled];
        let ways: usize = all.iter().map(|from| all.iter().filter(|to| from.may_become(**to)).count()).sum();
        assert_eq!(ways, 8);
        for last in [Settled, Defaulted, Cancelled] {
            assert!(all.iter().all(|to| !last.may_become(*to)));
        }
        assert!(!Published.may_become(Checked) && !Signed.may_become(Settled));
        assert!(!Disputed.may_become(Settled) && !Disputed.may_become(Cancelled));
    }
}
