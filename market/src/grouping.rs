//! Who is counted as one: the groups over which a period's problem is stated.
//!
//! Fewer groups make a smaller problem; groups of unlike households hide differences that a clearing could use.

use std::num::NonZeroU16;

use serde::{Deserialize, Serialize};

use crate::order::{Bid, GroupId, Offer};

/// How orders are put into groups, sellers and buyers apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Grouping {
    /// As the orders say: a group per portrait.
    #[default]
    Portraits,
    /// At most so many groups of sellers with similar reserve prices, and of buyers with similar expected prices.
    ///
    /// The groups have the least sum of squared distances to their mean price, weighted by energy: k-means in one
    /// dimension, solved exactly by dynamic programming (Wang and Song, The R Journal 3(2), 2011).
    Similar(NonZeroU16),
    /// Each household by itself.
    Households,
}

impl Grouping {
    /// Puts the orders into groups, numbered from 0 in order of price or, for [`Households`](Self::Households), of
    /// households, in whose order they are then. What else they say stays.
    ///
    /// # Panics
    /// With more than 65 536 offers or bids, each by itself.
    pub fn regroup(self, offers: &mut [Offer], bids: &mut [Bid]) {
        match self {
            Self::Portraits => {}
            Self::Similar(most) => {
                let most = usize::from(most.get());
                let reserves =
                    offers.iter().map(|offer| (offer.reserve_price().micro(), offer.energy.micro()));
                let groups = similar(&reserves.collect::<Vec<_>>(), most);
                offers.iter_mut().zip(groups).for_each(|(offer, group)| offer.group = group);
                let expected = bids.iter().map(|bid| (bid.expected_price.micro(), bid.energy.micro()));
                let groups = similar(&expected.collect::<Vec<_>>(), most);
                bids.iter_mut().zip(groups).for_each(|(bid, group)| bid.group = group);
            }
            Self::Households => {
                offers.sort_by_key(|offer| offer.household);
                bids.sort_by_key(|bid| bid.household);
                offers.iter_mut().zip(0..).for_each(|(offer, number)| offer.group = group_id(number));
                bids.iter_mut().zip(0..).for_each(|(bid, number)| bid.group = group_id(number));
            }
        }
    }
}

fn group_id(number: usize) -> GroupId {
    GroupId(u16::try_from(number).expect("invariant: at most 65536 orders a side"))
}

/// The group of each (price, weight), at most `most` groups of adjacent prices.
fn similar(orders: &[(i64, i64)], most: usize) -> Vec<GroupId> {
    let mut prices: Vec<i64> = orders.iter().map(|order| order.0).collect();
    prices.sort_unstable();
    prices.dedup();
    let place = |price: i64| prices.partition_point(|&other| other < price);
    if prices.len() <= most {
        return orders.iter().map(|order| group_id(place(order.0))).collect();
    }
    let mut weights = vec![0.0; prices.len()];
    for &(price, weight) in orders {
        // An order of nothing still has a price to be near to.
        weights[place(price)] += weight.max(1) as f64;
    }
    let starts = best_starts(&Spread::of(&prices, &weights), prices.len(), most);
    let group_of = |place: usize| starts.partition_point(|&start| start <= place) - 1;
    orders.iter().map(|order| group_id(group_of(place(order.0)))).collect()
}

/// Sums over the first prices, from which the spread of any stretch of them follows.
struct Spread {
    weight: Vec<f64>,
    moment: Vec<f64>,
    square: Vec<f64>,
}

impl Spread {
    fn of(prices: &[i64], weights: &[f64]) -> Self {
        let mut sums = Self { weight: vec![0.0], moment: vec![0.0], square: vec![0.0] };
        // From the first price, so that a shift of all changes nothing.
        for (index, (&price, &weight)) in prices.iter().zip(weights).enumerate() {
            let distance = (price - prices[0]) as f64;
            sums.weight.push(sums.weight[index] + weight);
            sums.moment.push(sums.moment[index] + weight * distance);
            sums.square.push(sums.square[index] + weight * distance * distance);
        }
        sums
    }

    /// The weighted sum of squared distances of prices `from..to` to their mean.
    fn within(&self, from: usize, to: usize) -> f64 {
        let weight = self.weight[to] - self.weight[from];
        let moment = self.moment[to] - self.moment[from];
        (self.square[to] - self.square[from] - moment * moment / weight).max(0.0)
    }
}

/// Where the groups of the best partition of `n` sorted prices into `groups` start.
///
/// The best last start never falls as prices are added, so each row of the table is found by halving: in
/// O(groups n log n).
fn best_starts(spread: &Spread, n: usize, groups: usize) -> Vec<usize> {
    let mut cost: Vec<f64> = (0..=n).map(|to| spread.within(0, to.max(1))).collect();
    let mut last_starts = vec![vec![0; n + 1]];
    for group in 1..groups {
        let mut row = Row { spread, before: &cost, cost: vec![f64::INFINITY; n + 1], start: vec![0; n + 1] };
        row.fill(group + 1, n, group, n - 1);
        let Row { cost: found, start, .. } = row;
        cost = found;
        last_starts.push(start);
    }
    let mut starts = vec![0; groups];
    let mut end = n;
    for group in (0..groups).rev() {
        starts[group] = last_starts[group][end];
        end = starts[group];
    }
    starts
}

/// The best cost of the first prices in one group more, and where its last group starts.
struct Row<'a> {
    spread: &'a Spread,
    before: &'a [f64],
    cost: Vec<f64>,
    start: Vec<usize>,
}

impl Row<'_> {
    /// For ends `low..=high`, whose last group starts within `first..=last`.
    fn fill(&mut self, low: usize, high: usize, first: usize, last: usize) {
        if low > high {
            return;
        }
        let middle = usize::midpoint(low, high);
        for start in first..=last.min(middle - 1) {
            let cost = self.before[start] + self.spread.within(start, middle);
            if cost < self.cost[middle] {
                (self.cost[middle], self.start[middle]) = (cost, start);
            }
        }
        let start = self.start[middle];
        self.fill(low, middle - 1, first, start);
        self.fill(middle + 1, high, start, last);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn groups(orders: &[(i64, i64)], most: usize) -> Vec<u16> {
        similar(orders, most).into_iter().map(|group| group.0).collect()
    }

    /// The spread within groups, from the definition.
    fn spread(orders: &[(i64, i64)], groups: &[u16]) -> f64 {
        let of = |group: u16| {
            let members = orders.iter().zip(groups).filter(move |(_, own)| **own == group);
            let members: Vec<(f64, f64)> =
                members.map(|(order, _)| (order.0 as f64, order.1 as f64)).collect();
            let weight: f64 = members.iter().map(|member| member.1).sum();
            let mean = members.iter().map(|member| member.0 * member.1).sum::<f64>() / weight.max(1.0);
            members.iter().map(|member| member.1 * (member.0 - mean).powi(2)).sum::<f64>()
        };
        (0..=groups.iter().copied().max().unwrap_or(0)).map(of).sum()
    }

    #[test]
    fn three_clumps_are_three_groups() {
        let orders = [(12, 1), (50, 2), (11, 1), (90, 1), (52, 1), (10, 3)];
        assert_eq!(groups(&orders, 3), [0, 1, 0, 2, 1, 0]);
        assert_eq!(groups(&orders, 6), [2, 3, 1, 5, 4, 0], "as many as there are prices");
        assert_eq!(groups(&orders, 1), [0; 6]);
        assert!(groups(&[], 3).is_empty());
    }

    #[test]
    fn a_heavy_order_draws_the_border() {
        // The middle price is nearer to the first, but the first weighs so much that leaving it alone is better.
        assert_eq!(groups(&[(0, 1_000_000), (4, 10), (9, 10)], 2), [0, 1, 1]);
        assert_eq!(groups(&[(0, 1), (4, 1), (9, 1)], 2), [0, 0, 1]);
    }

    proptest! {
        #[test]
        fn no_partition_into_as_many_groups_is_tighter(
            orders in prop::collection::vec((0i64..60, 1i64..9), 1..9), most in 1usize..5,
        ) {
            let found = groups(&orders, most);
            prop_assert!(usize::from(found.iter().copied().max().unwrap_or(0)) < most);
            let found = spread(&orders, &found);
            // All ways to give each order one of the groups.
            for number in 0..most.pow(orders.len() as u32) {
                let other: Vec<u16> =
                    (0..orders.len()).map(|i| (number / most.pow(i as u32) % most) as u16).collect();
                prop_assert!(found <= spread(&orders, &other) + 1e-6);
            }
        }

        #[test]
        fn groups_are_stretches_of_prices_and_a_shift_changes_none(
            orders in prop::collection::vec((0i64..2_000_000, 0i64..9_000_000), 1..120), most in 1usize..20, shift in 0i64..1_000_000,
        ) {
            let found = groups(&orders, most);
            let mut sorted: Vec<(i64, u16)> = orders.iter().map(|order| order.0).zip(found.iter().copied()).collect();
            sorted.sort_unstable();
            prop_assert!(sorted.windows(2).all(|pair| pair[0].1 <= pair[1].1), "adjacent prices");
            prop_assert!(sorted.windows(2).all(|pair| pair[0].0 < pair[1].0 || pair[0].1 == pair[1].1), "equal prices together");
            let shifted: Vec<(i64, i64)> = orders.iter().map(|order| (order.0 + shift, order.1)).collect();
            prop_assert_eq!(groups(&shifted, most), found);
        }
    }
}
