//! Households of a group as one seller or one buyer.

use std::collections::BTreeMap;

use crate::order::{Bid, GroupId, Offer};
use crate::quantity::{Energy, Price};
use crate::satisfaction::satisfaction_of_excess;

/// Up to so many steps, going through them all at several prices side by side is faster than searching.
const FEW_STEPS: usize = 16;

/// Orders of each group in order of the groups' ids, and as given within a group.
pub(crate) fn by_group<T>(orders: &[T], group: impl Fn(&T) -> GroupId) -> Vec<Vec<&T>> {
    let mut groups: BTreeMap<GroupId, Vec<&T>> = BTreeMap::new();
    for order in orders {
        groups.entry(group(order)).or_default().push(order);
    }
    groups.into_values().collect()
}

/// A mean of prices weighted by energies, or the plain mean where nobody has any energy.
fn weighted_mean(members: impl Iterator<Item = (Price, Energy)> + Clone) -> f64 {
    let total: f64 = members.clone().map(|(_, weight)| weight.to_f64()).sum();
    if total > 0.0 {
        members.map(|(price, weight)| price.to_f64() * weight.to_f64()).sum::<f64>() / total
    } else {
        let count = members.clone().count();
        members.map(|(price, _)| price.to_f64()).sum::<f64>() / count.max(1) as f64
    }
}

/// A group of sellers.
#[derive(Debug, Clone)]
pub(crate) struct SellerGroup {
    /// S_g (kWh).
    pub(crate) energy: f64,
    /// The most that it would store (kWh).
    pub(crate) storable: f64,
    cost: f64,
    /// Mean value of a kWh kept (currency/kWh).
    pub(crate) keep_value: f64,
    /// Mean value of a kWh stored, weighted by what is storable (currency/kWh).
    pub(crate) store_value: f64,
    /// Reserve prices of members, ascending, each once (currency/kWh).
    steps: Vec<f64>,
    /// What the members up to each step have (kWh); the first is what nobody has.
    supply: Vec<f64>,
}

impl SellerGroup {
    pub(crate) fn new(offers: &[&Offer]) -> Self {
        for offer in offers {
            assert!(
                !offer.storable.is_negative() && offer.storable <= offer.energy,
                "invariant: what is storable is a part of the energy offered"
            );
        }
        let energy: Energy = offers.iter().map(|offer| offer.energy).sum();
        let storable: Energy = offers.iter().map(|offer| offer.storable).sum();
        let mut members: Vec<(Price, Energy)> =
            offers.iter().map(|offer| (offer.reserve_price(), offer.energy)).collect();
        members.sort_unstable();
        let (mut steps, mut supply, mut so_far) = (Vec::new(), vec![0.0], Energy::ZERO);
        for (index, &(reserve, energy)) in members.iter().enumerate() {
            so_far += energy;
            if members.get(index + 1).is_none_or(|next| next.0 > reserve) {
                steps.push(reserve.to_f64());
                supply.push(so_far.to_f64());
            }
        }
        let by_energy = |value: fn(&Offer) -> Price| {
            weighted_mean(offers.iter().map(move |offer| (value(offer), offer.energy)))
        };
        Self {
            energy: energy.to_f64(),
            storable: storable.to_f64(),
            cost: by_energy(|offer| offer.cost),
            keep_value: by_energy(|offer| offer.keep_value),
            store_value: weighted_mean(offers.iter().map(|offer| (offer.store_value, offer.storable))),
            steps,
            supply,
        }
    }

    /// Mean cost and mean value of a kWh kept: what a kWh sold gives up (currency/kWh).
    pub(crate) fn reserve(&self) -> f64 {
        self.cost + self.keep_value
    }

    /// What members with a reserve price at or below `price` have (kWh).
    pub(crate) fn participating(&self, price: f64) -> f64 {
        self.supply[self.steps.partition_point(|&reserve| reserve <= price)]
    }

    /// [`Self::participating`] at several prices.
    pub(crate) fn participating_at<const WIDTH: usize>(&self, prices: &[f64; WIDTH]) -> [f64; WIDTH] {
        if self.steps.len() > FEW_STEPS {
            return prices.map(|price| self.participating(price));
        }
        let mut participating = [self.supply[0]; WIDTH];
        for (&reserve, &supply) in self.steps.iter().zip(&self.supply[1..]) {
            for (participating, &price) in participating.iter_mut().zip(prices) {
                *participating = if reserve <= price { supply } else { *participating };
            }
        }
        participating
    }

    /// The reserve prices of members (currency/kWh).
    pub(crate) fn reserve_prices(&self) -> impl Iterator<Item = f64> {
        self.steps.iter().copied()
    }
}

/// A group of buyers.
#[derive(Debug, Clone)]
pub(crate) struct BuyerGroup {
    /// D_g (kWh).
    pub(crate) energy: f64,
    /// F_g, the part that could move (kWh).
    pub(crate) flexible: f64,
    /// What moved energy is expected to cost, weighted by what is flexible (currency/kWh).
    pub(crate) later_price: f64,
    /// The sellers' price at which Q_b is what the group expected (currency/kWh).
    expected_sellers_price: f64,
    /// C_max (currency/kWh).
    tolerance: f64,
}

impl BuyerGroup {
    pub(crate) fn new(bids: &[&Bid], fees: f64) -> Self {
        for bid in bids {
            assert!(
                !bid.flexible.is_negative() && bid.flexible <= bid.energy,
                "invariant: what is flexible is a part of the energy wanted"
            );
        }
        let by_energy =
            |value: fn(&Bid) -> Price| weighted_mean(bids.iter().map(move |bid| (value(bid), bid.energy)));
        Self {
            energy: bids.iter().map(|bid| bid.energy).sum::<Energy>().to_f64(),
            flexible: bids.iter().map(|bid| bid.flexible).sum::<Energy>().to_f64(),
            later_price: weighted_mean(bids.iter().map(|bid| (bid.later_price, bid.flexible))),
            expected_sellers_price: by_energy(|bid| bid.expected_price) - fees,
            tolerance: by_energy(|bid| bid.tolerance).max(0.0),
        }
    }

    /// Gra_g at a sellers' price, equation (19).
    pub(crate) fn satisfaction(&self, price: f64) -> f64 {
        satisfaction_of_excess(price - self.expected_sellers_price, self.tolerance)
    }

    /// M_g at a sellers' price (kWh): never falls with the price, and is convex up to [`Self::intolerable`].
    pub(crate) fn movable(&self, price: f64) -> f64 {
        if self.flexible > 0.0 { self.flexible * (1.0 - self.satisfaction(price)) } else { 0.0 }
    }

    /// The sellers' price from which on nothing satisfies (currency/kWh).
    pub(crate) fn intolerable(&self) -> f64 {
        self.expected_sellers_price + self.tolerance
    }
}
