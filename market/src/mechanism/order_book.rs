//! The order book of an auction: what every household asks or would pay, in order of merit.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::{Clearing, Yardstick};
use crate::dealing::{Awards, Match, by_household, store_where_worth_more};
use crate::order::{Bid, HouseholdId, Offer, PriceBand};
use crate::problem::{PeriodProblem, Scheme, by_group};
use crate::quantity::{Energy, Price};

/// A household's place in the book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    household: HouseholdId,
    /// The least sellers' price that a seller takes, or the most that a buyer would have its seller get (currency/kWh).
    price: Price,
    /// What is not matched yet (kWh).
    energy: Energy,
}

/// What sellers ask and up to what price buyers buy, as sellers' prices; the best of either side is first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OrderBook {
    asks: Vec<Place>,
    limits: Vec<Place>,
}

/// Energy of one seller for one buyer, between whose prices the price of the trade lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pair {
    seller: HouseholdId,
    buyer: HouseholdId,
    energy: Energy,
    ask: Price,
    limit: Price,
}

impl Pair {
    /// The buyer's limit as a sellers' price (currency/kWh).
    pub(super) fn limit(&self) -> Price {
        self.limit
    }

    /// The trade at a price, which is between ask and limit.
    pub(super) fn at(&self, price: Price) -> Match {
        Match { seller: self.seller, buyer: self.buyer, energy: self.energy, price }
    }
}

/// Where asks and limits cross.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Crossing {
    /// Best ask with best limit, then the next, as long as the ask is not above the limit.
    pub(super) pairs: Vec<Pair>,
    /// The prices at which just the matched energy is sold and bought: no matched household would rather not trade, and
    /// no unmatched one would.
    pub(super) marginal: PriceBand,
}

/// A_i: a seller's reserve price, raised to the lowest of the band; `None` above the band.
fn ask(offer: &Offer, band: PriceBand) -> Option<Price> {
    let ask = offer.reserve_price().max(band.lowest);
    (ask <= band.highest).then_some(ask)
}

/// L_j: the sellers' price at which Q_b is the most that a buyer tolerates, lowered to the highest of the band; `None`
/// below the band.
fn limit(bid: &Bid, fees: Price, band: PriceBand) -> Option<Price> {
    let limit = (bid.expected_price + bid.tolerance.or_zero() - fees).min(band.highest);
    (limit >= band.lowest).then_some(limit)
}

impl OrderBook {
    /// The book of a period's orders; empty where (3) to (6) leave no price.
    pub(super) fn of(problem: &PeriodProblem) -> Self {
        let Some(band) = problem.band() else {
            return Self { asks: Vec::new(), limits: Vec::new() };
        };
        let mut offers: Vec<&Offer> = problem.offers().iter().collect();
        offers.sort_by_key(|offer| (ask(offer, band), Reverse(offer.credit), offer.household));
        let asks = offers.into_iter().filter_map(|offer| {
            Some(Place { household: offer.household, price: ask(offer, band)?, energy: offer.energy })
        });
        let fees = problem.terms().fees();
        let mut bids: Vec<&Bid> = problem.bids().iter().collect();
        bids.sort_by_key(|bid| (Reverse(limit(bid, fees, band)), Reverse(bid.credit), bid.household));
        let limits = bids.into_iter().filter_map(|bid| {
            Some(Place { household: bid.household, price: limit(bid, fees, band)?, energy: bid.energy })
        });
        let has_energy = |place: &Place| place.energy.is_positive();
        Self { asks: asks.filter(has_energy).collect(), limits: limits.filter(has_energy).collect() }
    }

    /// Matches both sides in order of merit until they cross no more; `None` where they never do.
    pub(super) fn cross(mut self) -> Option<Crossing> {
        let (mut pairs, mut seller, mut buyer) = (Vec::new(), 0, 0);
        while let (Some(ask), Some(limit)) = (self.asks.get_mut(seller), self.limits.get_mut(buyer))
            && ask.price <= limit.price
        {
            let energy = ask.energy.min(limit.energy);
            pairs.push(Pair {
                seller: ask.household,
                buyer: limit.household,
                energy,
                ask: ask.price,
                limit: limit.price,
            });
            ask.energy -= energy;
            limit.energy -= energy;
            seller += usize::from(ask.energy.is_zero());
            buyer += usize::from(limit.energy.is_zero());
        }
        let last = *pairs.last()?;
        // Who is matched in part only is at once the last that is matched and the first that is not.
        let lowest = self.limits.get(buyer).map_or(last.ask, |limit| last.ask.max(limit.price));
        let highest = self.asks.get(seller).map_or(last.limit, |ask| last.limit.min(ask.price));
        Some(Crossing { pairs, marginal: PriceBand { lowest, highest } })
    }
}

/// The clearing with these trades, and with what is left of the surplus stored where that is worth more than keeping it.
pub(super) fn clearing_of(problem: &PeriodProblem, trades: Vec<Match>) -> Clearing {
    let (offers, room) = (problem.offers(), problem.terms().storage_room);
    let stored = store_where_worth_more(offers, &trades, room);
    let awards = Awards { trades, stored, moved: Vec::new() };
    let sold = awards.trades.iter().map(|trade| (trade.seller, trade.energy));
    let scheme = Scheme {
        price: awards.mean_price(),
        sold: sums_by_group(offers, &by_household(sold)),
        stored: sums_by_group(offers, &by_household(awards.stored.iter().copied())),
        ..problem.no_trade()
    };
    Clearing::with_awards(problem, &Yardstick::of(problem), scheme, awards)
}

/// What the households of each seller group have together (kWh), groups in order of their id.
fn sums_by_group(offers: &[Offer], amounts: &BTreeMap<HouseholdId, Energy>) -> Vec<f64> {
    let sum = |group: &Vec<&Offer>| -> Energy {
        group.iter().filter_map(|offer| amounts.get(&offer.household)).copied().sum()
    };
    by_group(offers, |offer| offer.group).iter().map(|group| sum(group).to_f64()).collect()
}
