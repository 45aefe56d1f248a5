//! What everybody in a community may know: the calendar, the rules, the addresses.

use std::sync::Arc;

use goshawk_engine::{ActorId, SimDuration, SimTime};
use goshawk_ledger::{AccountId, Operation, SignedTransaction, Signer, Transaction};
use goshawk_market::grouping::Grouping;
use goshawk_market::quantity::{Energy, Price};
use goshawk_market::satisfaction::MovingSaving;

use crate::aggregator::terms::FleetTerms;
use crate::calendar::Calendar;
use crate::household::sales_plan::SalesRule;
use crate::saved::saved;

/// Where to reach whom.
#[derive(Debug, Clone)]
pub struct Directory {
    /// The market operator.
    pub market: ActorId,
    /// The blockchain platform.
    pub platform: ActorId,
    /// The state grid.
    pub grid: ActorId,
    /// The sales company.
    pub company: ActorId,
    /// The operator of the shared storage.
    pub storage: ActorId,
    /// Whoever the operators pay outside the community.
    pub upstream: ActorId,
    /// The households by their number.
    pub households: Vec<ActorId>,
    /// The validators by their place.
    pub validators: Vec<ActorId>,
    /// The aggregator, if there is one.
    pub aggregator: Option<ActorId>,
}

/// By what households decide when to charge and when to sell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Decisions {
    /// By the hours of their portrait, as in the paper.
    #[default]
    Habit,
    /// By the value of a kWh kept, at any hour.
    Rational,
}

/// What holds for everybody.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rules {
    /// lambda of (6): the grid's wheeling fee per kWh traded between users.
    pub grid_fee: Price,
    /// mu of (6): the platform's fee per kWh traded between users.
    pub platform_fee: Price,
    /// Phi_min of (5).
    pub price_min: Price,
    /// Phi_max of (5).
    pub price_max: Price,
    /// Whom the market counts as one.
    pub grouping: Grouping,
    /// What a buyer pays for contracted energy that it does not take, as a share of the seller's price.
    pub take_or_pay_share: f64,
    /// What a seller pays for energy that it has sold and does not deliver, as a multiple of what that costs its buyer more
    /// elsewhere.
    pub compensation_factor: f64,
    /// The price that buyers expect, as a share of the cheaper outside price.
    pub expected_price_share: f64,
    /// C_max of (19), as a share of the cheaper outside price.
    pub tolerance_share: f64,
    /// How much dearer a seller without any credit counts when partners are chosen.
    pub credit_setback: Price,
    /// By what households decide.
    pub decisions: Decisions,
    /// d of (22), which says whether moving saves anything.
    pub moving_saving: MovingSaving,
    /// How surely a buyer counts on buying from users later: 0 not at all, 1 fully.
    pub later_confidence: f64,
    /// The weight of a new price in what households expect at its time of day, above 0 to 1.
    pub learning_rate: f64,
    /// How surely a seller counts on a later, dearer hour: 0 not at all, 1 fully.
    pub keep_confidence: f64,
    /// How sellers by habit choose the hours of their sales.
    pub sales: SalesRule,
    /// The share of the sun to come that a household by habit counts on, 0 to 1.
    pub sun_confidence: f64,
    /// C_g of (9): wear of the photovoltaics per kWh that they give.
    pub panel_wear: Price,
    /// C_e of (9): wear of the battery per kWh discharged, where it does not follow from the battery's ageing.
    pub battery_wear: Price,
}

impl Rules {
    /// The price up to which a seller makes good what it does not deliver: the buyer's, and `compensation_factor` times what
    /// `outside` is dearer; 0.000001 dearer at least.
    pub fn compensated_price(&self, buyer_price: Price, outside: Price) -> Price {
        if self.compensation_factor == 1.0 {
            return outside;
        }
        buyer_price + price_share(outside - buyer_price, self.compensation_factor).max(Price::from_micro(1))
    }

    /// Both fees of (6) together.
    pub fn fees(&self) -> Price {
        self.grid_fee + self.platform_fee
    }
}

/// The terms on which the storage operator leases room.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lease {
    /// Whether there is a store at all.
    pub offered: bool,
    /// Share of what is put in that the store keeps.
    pub charge_efficiency: f64,
    /// Share of what is taken out of the store that arrives.
    pub discharge_efficiency: f64,
    /// lambda_ES of (27): the service fee per kWh put in and per kWh taken out.
    pub fee: Price,
}

impl Lease {
    /// Content that a deposit becomes; its owner keeps title to it.
    pub fn content_of_deposit(&self, metered: Energy) -> Energy {
        share_down(metered, self.charge_efficiency)
    }

    /// Content that a withdrawal uses up.
    pub fn content_for_withdrawal(&self, metered: Energy) -> Energy {
        Energy::from_f64(metered.to_f64() / self.discharge_efficiency)
            .expect("invariant: stored energies are far below the range")
            .max(metered)
    }

    /// Most that can be withdrawn from a content.
    pub fn withdrawable(&self, content: Energy) -> Energy {
        share_down(content, self.discharge_efficiency)
    }
}

/// A share of an energy, rounded down.
pub(crate) fn share_down(energy: Energy, share: f64) -> Energy {
    // Nearly always nothing, or all of it.
    if energy.is_zero() || share == 1.0 {
        return energy;
    }
    Energy::from_micro((energy.micro() as f64 * share).floor() as i64).min(energy)
}

/// A share of a price.
pub(crate) fn price_share(price: Price, share: f64) -> Price {
    Price::from_f64(price.to_f64() * share).expect("invariant: shares of valid prices are valid")
}

/// What every actor holds a reference to.
#[derive(Debug)]
pub struct Commons {
    /// The periods of the run.
    pub calendar: Arc<Calendar>,
    /// Where to reach whom.
    pub directory: Directory,
    /// Fees, limits and behaviour.
    pub rules: Rules,
    /// The storage operator's terms.
    pub lease: Lease,
    /// What the grid contracts of the fleet, if there is an aggregator.
    pub fleet: Option<FleetTerms>,
    /// Where there is a feeder, the place of each household on it.
    pub feeder_places: Option<Arc<[u32]>>,
}

/// An account on the ledger with its key.
#[derive(Debug)]
pub struct Signatory {
    chain: u32,
    account: AccountId,
    nonce: u64,
    signer: Signer,
    lifetime: Option<SimDuration>,
}

impl Signatory {
    /// The holder of `signer`, before its first transaction.
    pub fn new(chain: u32, account: AccountId, signer: Signer) -> Self {
        Self { chain, account, nonce: 0, signer, lifetime: None }
    }

    /// The same, whose transactions expire when they are so old.
    #[must_use]
    pub fn expiring(self, lifetime: SimDuration) -> Self {
        Self { lifetime: Some(lifetime), ..self }
    }

    /// The account.
    pub fn account(&self) -> AccountId {
        self.account
    }

    /// Signs the account's next transaction.
    pub fn sign(&mut self, operation: Operation, now: SimTime) -> Arc<SignedTransaction> {
        let Self { chain, account: sender, nonce, .. } = *self;
        let expiry_micros = self.lifetime.map(|lifetime| now.micros().saturating_add(lifetime.micros()));
        let transaction = Transaction { chain, sender, nonce, expiry_micros, operation };
        self.nonce += 1;
        Arc::new(SignedTransaction::sign(transaction, &self.signer))
    }
}

saved!(Signatory { nonce } parts {} built again { chain, account, signer, lifetime });

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_withdrawable_never_uses_up_more_than_there_is(content in 0i64..100_000_000_000, share in 0.5f64..1.0) {
            let lease = Lease {
                offered: true,
                charge_efficiency: share,
                discharge_efficiency: share,
                fee: Price::ZERO,
            };
            let content = Energy::from_micro(content);
            let metered = lease.withdrawable(content);
            prop_assert!(lease.content_for_withdrawal(metered) <= content);
            prop_assert!(lease.content_of_deposit(content) <= content);
        }
    }
}
