//! Households of a group as one seller or one buyer.

use std::collections::BTreeMap;

use crate::order::{Bid, GroupId, Offer, SavingRange};
use crate::quantity::{Energy, Price};
use crate::satisfaction::{Tolerance, quarter_cosine};

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
    /// The part of it of members that expect anything of later periods (kWh).
    timed: f64,
    /// What moved energy is expected to cost, weighted by what is flexible (currency/kWh).
    pub(crate) later_price: f64,
    /// (19): the sellers' price at which Q_b is what the group expected, and C_max.
    price: Tolerance,
    /// (20): the same for when to charge.
    timing: Tolerance,
}

impl BuyerGroup {
    pub(crate) fn new(bids: &[&Bid], fees: f64, outside_price: f64) -> Self {
        for bid in bids {
            assert!(
                bid.later_savings.is_none_or(|range| range.least <= range.most),
                "invariant: the least saving is not above the most"
            );
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
            price: Tolerance::new(by_energy(|bid| bid.expected_price) - fees, by_energy(|bid| bid.tolerance)),
            timing: timing(bids, outside_price),
            timed: timed(bids).map(|(_, flexible)| flexible).sum::<Energy>().to_f64(),
        }
    }

    /// Gra_g at a sellers' price, equation (19).
    pub(crate) fn satisfaction(&self, price: f64) -> f64 {
        quarter_cosine(self.price.used(price))
    }

    /// M_g at a sellers' price (kWh), by the less of (19) and (20) of members that expect anything of later periods, and by
    /// (19) of the others: never falls with the price, and is convex between [`Self::ends`], since the less of two concave
    /// satisfactions is concave.
    pub(crate) fn movable(&self, price: f64) -> f64 {
        let used = self.price.used(price);
        let timed = self.timed * (1.0 - quarter_cosine(used.max(self.timing.used(price))));
        timed + (self.flexible - self.timed) * (1.0 - quarter_cosine(used))
    }

    /// The sellers' prices from which on nothing satisfies those that look at the price alone, and the others
    /// (currency/kWh).
    pub(crate) fn ends(&self) -> [f64; 2] {
        [self.price.end(), self.price.end().min(self.timing.end())]
    }
}

/// What is flexible of members that expect anything of later periods, with what they expect.
fn timed(bids: &[&Bid]) -> impl Iterator<Item = (SavingRange, Energy)> + Clone {
    let flexible = bids.iter().filter(|bid| bid.flexible.is_positive());
    flexible.filter_map(|bid| bid.later_savings.map(|range| (range, bid.flexible)))
}

/// Equation (20) as (19): a saving d = Q_out - p between the least and the most of later periods satisfies like a price
/// between the one that saves most, which is expected, and the one that saves least, which is just tolerated. The
/// means of the members that expect anything, weighted by what is flexible.
fn timing(bids: &[&Bid], outside_price: f64) -> Tolerance {
    let ranges = timed(bids);
    if ranges.clone().next().is_none() {
        return Tolerance::ANYTHING;
    }
    let most = weighted_mean(ranges.clone().map(|(range, flexible)| (range.most, flexible)));
    let least = weighted_mean(ranges.map(|(range, flexible)| (range.least, flexible)));
    Tolerance::new(outside_price - most, most - least)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::order::{Credit, HouseholdId};
    use crate::satisfaction::{MovingSaving, OutsideChannel, Saving, price_satisfaction, satisfaction};

    #[test]
    fn what_one_member_expects_later_moves_no_other() {
        let price = |yuan: f64| Price::from_f64(yuan).unwrap();
        let energy = Energy::from_micro(5_000_000);
        let bid = |household, flexible, later_savings| Bid {
            household: HouseholdId(household),
            group: GroupId(0),
            energy,
            flexible,
            later_price: Price::ZERO,
            expected_price: price(0.9),
            tolerance: price(0.3),
            later_savings,
            credit: Credit::FULL,
        };
        let range = Some(SavingRange { least: Price::ZERO, most: price(0.9) });
        let moved = |bids: &[&Bid]| BuyerGroup::new(bids, 0.1, 1.1).movable(0.7);
        let content = bid(1, energy, None);
        assert_eq!(moved(&[&content]), 0.0);
        assert_eq!(moved(&[&bid(0, Energy::ZERO, range), &content]), 0.0, "who cannot move does not count");
        let alone = moved(&[&bid(0, energy, range)]);
        assert!(alone > 0.0 && (moved(&[&bid(0, energy, range), &content]) - alone).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn a_bid_moves_as_the_less_of_19_and_20_says(
            expected in 300_000i64..1_000_000, tolerance in 0i64..500_000, price in 200_000i64..1_000_000,
            ends in (0i64..900_000, 0i64..900_000),
        ) {
            let (micro, energy) = (Price::from_micro, Energy::from_micro(4_000_000));
            let (outside, fees) = (micro(1_100_000), micro(80_000));
            let range = SavingRange { least: micro(ends.0.min(ends.1)), most: micro(ends.0.max(ends.1)) };
            let bid = Bid {
                household: HouseholdId(0), group: GroupId(0), energy, flexible: energy, later_price: micro(0),
                expected_price: micro(expected), tolerance: micro(tolerance), later_savings: Some(range),
                credit: Credit::FULL,
            };
            let group = BuyerGroup::new(&[&bid], fees.to_f64(), outside.to_f64());
            let price = micro(price);
            let now = outside - price;
            let saving = Saving { now, least: range.least.min(now), most: range.most.max(now) };
            let with_price = satisfaction(bid.expected_price, price + fees, bid.tolerance);
            let with_timing = price_satisfaction(OutsideChannel::Grid, MovingSaving::Mean, saving, saving);
            let expected = 4.0 * (1.0 - with_price.min(with_timing));
            prop_assert!((group.movable(price.to_f64()) - expected).abs() < 1e-5, "{} {expected}", group.movable(price.to_f64()));
        }
    }
}
