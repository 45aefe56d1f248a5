//! From group totals to households: who sells to whom, exact to the last unit.
//!
//! Group totals are rounded to the 1e-6 kWh grid once, so that what is sold is what is bought. In a group:
//!
//! | what | first in line |
//! |---|---|
//! | selling | lower [standing](Offer::standing), then higher credit, then lower id; only with a reserve price at or below the price |
//! | storing | higher store value, then higher credit, then lower id |
//! | moving | lower expected price (the least content), then lower credit, then higher id |
//! | buying | higher expected price, then higher credit, then lower id |
//!
//! Traded energy is dealt to buyer groups in proportion to what they still want now. Sellers and buyers in these orders, group by
//! group, are then matched front to front, one trade per pair.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::order::{Bid, HouseholdId, Offer};
use crate::problem::{Scheme, by_group};
use crate::quantity::{Energy, Price, mean_price};

/// Energy from one seller to one buyer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Match {
    /// Who sells.
    pub seller: HouseholdId,
    /// Who buys.
    pub buyer: HouseholdId,
    /// How much (kWh), more than nothing.
    pub energy: Energy,
    /// The sellers' price Q_s of this trade; the buyer pays it and the fees (currency/kWh).
    pub price: Price,
}

/// What households are awarded in a period; amounts are more than nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Awards {
    /// Trades, at most one per pair.
    pub trades: Vec<Match>,
    /// What sellers put into shared storage (kWh).
    pub stored: Vec<(HouseholdId, Energy)>,
    /// What buyers move to a later period (kWh).
    pub moved: Vec<(HouseholdId, Energy)>,
}

impl Awards {
    /// All energy traded between users (kWh).
    pub fn traded(&self) -> Energy {
        self.trades.iter().map(|trade| trade.energy).sum()
    }

    /// The mean of the trades' prices weighted by their energy, rounded to the grid, halves away from zero; `None`
    /// without trades.
    pub fn mean_price(&self) -> Option<Price> {
        mean_price(self.trades.iter().map(|trade| (trade.price, trade.energy)))
    }
}

/// An amount on the grid, rounded; an optimizer's last bits may be below nothing.
fn rounded(kwh: f64) -> Energy {
    Energy::from_f64(kwh).expect("invariant: a scheme's energies fit the grid").or_zero()
}

/// An amount on the grid, rounded down, so that sums stay within a limit.
fn rounded_down(kwh: f64) -> Energy {
    rounded((kwh - 0.5e-6).max(0.0))
}

/// Deals a scheme out to the households whose orders it was made from; all trades are at the scheme's price.
///
/// Nobody gets more than its order asked. A group's stored energy may come out below the scheme's: who has sold what it
/// could store keeps the difference.
///
/// # Panics
/// When the scheme is for other groups than the orders'.
pub fn deal(scheme: &Scheme, offers: &[Offer], bids: &[Bid]) -> Awards {
    let sellers = by_group(offers, |offer| offer.group);
    let buyers = by_group(bids, |bid| bid.group);
    assert_eq!(sellers.len(), scheme.sold.len(), "invariant: the scheme is for these offers");
    assert_eq!(buyers.len(), scheme.moved.len(), "invariant: the scheme is for these bids");

    let (moved, wants) = deal_moved(scheme, &buyers);
    let (trades, sold) = match scheme.price {
        Some(price) => {
            let (sold, bought) = deal_trade(scheme, price, &sellers, &wants);
            (match_up(&sold, &bought, price), sold)
        }
        None => (Vec::new(), Vec::new()),
    };
    let stored = deal_stored(scheme, &sellers, &sold);
    Awards { trades, stored, moved }
}

/// A household and an amount.
type Amount = (HouseholdId, Energy);

/// Hands out `total` in order, to each at most what it may get.
fn hand_out(total: Energy, line: impl Iterator<Item = (HouseholdId, Energy)>, into: &mut Vec<Amount>) {
    let mut left = total;
    for (household, most) in line {
        let amount = left.min(most);
        if amount.is_positive() {
            into.push((household, amount));
            left -= amount;
        }
    }
}

/// What moves, and per group in the order of buying what each member still wants now.
fn deal_moved(scheme: &Scheme, buyers: &[Vec<&Bid>]) -> (Vec<Amount>, Vec<Vec<Amount>>) {
    let mut moved = Vec::new();
    let wants = buyers.iter().zip(&scheme.moved).map(|(group, &total)| {
        let mut line = group.clone();
        line.sort_by_key(|bid| (Reverse(bid.expected_price), Reverse(bid.credit), bid.household));
        let first = moved.len();
        hand_out(rounded(total), line.iter().rev().map(|bid| (bid.household, bid.flexible)), &mut moved);
        let own = |household| {
            moved[first..].iter().find(|own| own.0 == household).map_or(Energy::ZERO, |own| own.1)
        };
        line.iter().map(|bid| (bid.household, bid.energy - own(bid.household))).collect()
    });
    let wants = wants.collect();
    (moved, wants)
}

/// What is sold and what is bought, to the same sum.
fn deal_trade(
    scheme: &Scheme,
    price: Price,
    sellers: &[Vec<&Offer>],
    wants: &[Vec<Amount>],
) -> (Vec<Amount>, Vec<Amount>) {
    let lines: Vec<Vec<&Offer>> = sellers
        .iter()
        .map(|group| {
            let mut line: Vec<&Offer> =
                group.iter().copied().filter(|offer| offer.reserve_price() <= price).collect();
            line.sort_by_key(|offer| (offer.standing(), Reverse(offer.credit), offer.household));
            line
        })
        .collect();
    let on_offer = lines.iter().zip(&scheme.sold).map(|(line, &sold)| {
        let most: Energy = line.iter().map(|offer| offer.energy).sum();
        rounded(sold).min(most).micro()
    });
    let on_offer: Vec<i64> = on_offer.collect();
    let wanted: Vec<i64> = wants.iter().map(|group| total(group).micro()).collect();
    // Rounding may leave a few units more on offer than wanted.
    let traded = Energy::from_micro(on_offer.iter().sum::<i64>().min(wanted.iter().sum()));
    let (mut sold, mut bought) = (Vec::new(), Vec::new());
    if traded.is_positive() {
        for (line, total) in lines.iter().zip(traded.apportion(&on_offer)) {
            hand_out(total, line.iter().map(|offer| (offer.household, offer.energy)), &mut sold);
        }
        for (line, total) in wants.iter().zip(traded.apportion(&wanted)) {
            hand_out(total, line.iter().copied(), &mut bought);
        }
    }
    (sold, bought)
}

fn total(amounts: &[Amount]) -> Energy {
    amounts.iter().map(|amount| amount.1).sum()
}

fn deal_stored(scheme: &Scheme, sellers: &[Vec<&Offer>], sold: &[Amount]) -> Vec<Amount> {
    let mut sold = sold.to_vec();
    sold.sort_unstable();
    let sold_by = |household: HouseholdId| {
        sold.binary_search_by_key(&household, |own| own.0).map_or(Energy::ZERO, |index| sold[index].1)
    };
    let mut stored = Vec::new();
    for (group, &total) in sellers.iter().zip(&scheme.stored) {
        let mut line = group.clone();
        line.sort_by_key(|offer| (Reverse(offer.store_value), Reverse(offer.credit), offer.household));
        let most =
            |offer: &&Offer| (offer.household, offer.storable.min(offer.energy - sold_by(offer.household)));
        hand_out(rounded_down(total), line.iter().map(most), &mut stored);
    }
    stored
}

/// Matches sellers to buyers front to front, all at one price; both sum to the same.
fn match_up(sold: &[Amount], bought: &[Amount], price: Price) -> Vec<Match> {
    assert_eq!(total(sold), total(bought), "invariant: what is sold is bought");
    let mut trades = Vec::with_capacity((sold.len() + bought.len()).saturating_sub(1));
    let mut buyers = bought.iter().copied();
    let mut buyer = buyers.next();
    for &(seller, mut left) in sold {
        while let Some((household, wanted)) = buyer
            && left.is_positive()
        {
            let energy = left.min(wanted);
            trades.push(Match { seller, buyer: household, energy, price });
            left -= energy;
            buyer = if energy < wanted { Some((household, wanted - energy)) } else { buyers.next() };
        }
    }
    trades
}

/// What each household has in all.
pub(crate) fn by_household(amounts: impl IntoIterator<Item = Amount>) -> BTreeMap<HouseholdId, Energy> {
    let mut sums = BTreeMap::new();
    for (household, energy) in amounts {
        *sums.entry(household).or_insert(Energy::ZERO) += energy;
    }
    sums
}

/// What sellers store of what they have not sold, where that is worth more to them than keeping it, within `room`.
///
/// First in line is who gains most by it, then the higher credit, then the lower id.
pub(crate) fn store_where_worth_more(offers: &[Offer], trades: &[Match], room: Energy) -> Vec<Amount> {
    let sold = by_household(trades.iter().map(|trade| (trade.seller, trade.energy)));
    let mut line: Vec<&Offer> = offers.iter().filter(|offer| offer.store_value > offer.keep_value).collect();
    line.sort_by_key(|offer| {
        (Reverse(offer.store_value - offer.keep_value), Reverse(offer.credit), offer.household)
    });
    let most = |offer: &Offer| {
        let left = offer.energy - sold.get(&offer.household).copied().unwrap_or(Energy::ZERO);
        (offer.household, offer.storable.min(left))
    };
    let mut stored = Vec::new();
    hand_out(room.or_zero(), line.into_iter().map(most), &mut stored);
    stored
}

/// Cuts trades in proportion so that they sum to `allowed`, and returns what was taken off; those left with nothing are
/// removed.
///
/// # Panics
/// When `allowed` is negative.
pub fn curtail(trades: &mut Vec<Match>, allowed: Energy) -> Energy {
    let weights: Vec<i64> = trades.iter().map(|trade| trade.energy.micro()).collect();
    let before = Energy::from_micro(weights.iter().sum());
    if before <= allowed {
        return Energy::ZERO;
    }
    for (trade, energy) in trades.iter_mut().zip(allowed.apportion(&weights)) {
        trade.energy = energy;
    }
    trades.retain(|trade| trade.energy.is_positive());
    before - allowed
}

#[cfg(test)]
mod tests;
