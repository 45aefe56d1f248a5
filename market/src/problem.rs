//! What is to be decided in a period, and what a decision is worth.
//!
//! Households of a group count as one. With Q_s = p the sellers' price, Q_b = p + lambda + mu the buyers', Q_out the
//! cheaper outside price; x_g, s_g what seller group g sells and stores of its surplus S_g, m_g what buyer group g moves
//! to later of its demand D_g; T = sum x_g, Y = sum (D_g - m_g):
//!
//! ```text
//! sellers' profit = sum_g x_g (p - cost_g) + s_g store_value_g + (S_g - x_g - s_g) keep_value_g
//! buyers' cost    = T Q_b + (Y - T) Q_out + sum_g m_g later_price_g
//! welfare         = profit gained + cost saved, both against no trade at all, + T (lambda + mu)
//! ```
//!
//! A seller takes part from its reserve price on, so the energy on offer is a step function of p. A buyer moves the
//! more the less it is satisfied, be it with the price (19) or with charging now rather than later (20):
//! m_g <= M_g(p) = F_g (1 - min(Gra_g(Q_b), Gra_price,g(Q_out - p))). T <= Y is (7). For a given price all this is
//! linear, and solved exactly; the price makes it non-convex.

pub(crate) mod allocation;
mod candidate;
#[cfg(test)]
pub(crate) mod feasible;
mod group;
#[cfg(test)]
pub(crate) mod sample;

use serde::{Deserialize, Serialize};

pub(crate) use group::{BuyerGroup, SellerGroup, by_group};

use self::allocation::Program;
use crate::order::{Bid, GroupId, Offer, PriceBand, Terms};
use crate::quantity::{MICRO, Price};

/// A decision: the sellers' price, and what every group sells, stores and moves (kWh), groups in order of their id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scheme {
    /// The sellers' price Q_s, or `None` where users do not trade; then nothing is sold or moved, but may be stored.
    pub price: Option<Price>,
    /// x_g: what each seller group sells to users (kWh).
    pub sold: Vec<f64>,
    /// s_g: what each seller group puts into shared storage (kWh).
    pub stored: Vec<f64>,
    /// m_g: what each buyer group moves to a later period (kWh).
    pub moved: Vec<f64>,
}

impl Scheme {
    /// T: what users sell each other in all (kWh).
    pub fn traded(&self) -> f64 {
        self.sold.iter().sum()
    }
}

/// What a scheme is worth (currency).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Objectives {
    /// Sellers' profit, with the value to them of what they store and keep.
    pub sellers_profit: f64,
    /// Buyers' cost, with what moved energy is expected to cost later.
    pub buyers_cost: f64,
    /// What users and fee takers gain over no trade at all.
    pub welfare: f64,
}

/// The market's problem of one period.
///
/// ```
/// use goshawk_market::{Bid, Credit, GroupId, HouseholdId, Offer, PeriodProblem, Scheme, Terms};
/// use goshawk_market::quantity::{Energy, Price};
/// let (price, energy) = (|yuan| Price::from_f64(yuan).unwrap(), |kwh| Energy::from_f64(kwh).unwrap());
/// let terms = Terms {
///     grid_price: price(1.2), company_price: price(1.1), grid_fee: price(0.05), platform_fee: price(0.05),
///     price_min: price(0.1), price_max: price(2.0), storage_room: Energy::ZERO,
/// };
/// let offer = Offer {
///     household: HouseholdId(0), group: GroupId(0), energy: energy(5.0), cost: price(0.1), keep_value: price(0.3),
///     storable: Energy::ZERO, store_value: Price::ZERO, credit: Credit::FULL, setback: Price::ZERO,
/// };
/// let bid = Bid {
///     household: HouseholdId(1), group: GroupId(1), energy: energy(3.0), flexible: Energy::ZERO,
///     later_price: Price::ZERO, expected_price: price(0.8), tolerance: price(0.2), later_savings: None,
///     credit: Credit::FULL,
/// };
/// let problem = PeriodProblem::new(&terms, &[offer], &[bid]);
/// let scheme = Scheme { price: Some(price(0.7)), sold: vec![3.0], stored: vec![0.0], moved: vec![0.0] };
/// let worth = problem.evaluate(&scheme);
/// assert!((worth.sellers_profit - (3.0 * 0.6 + 2.0 * 0.3)).abs() < 1e-12);
/// assert!((worth.buyers_cost - 3.0 * 0.8).abs() < 1e-12);
/// assert!((worth.welfare - 3.0 * (1.1 - 0.4)).abs() < 1e-12);
/// ```
#[derive(Debug, Clone)]
pub struct PeriodProblem {
    terms: Terms,
    /// In order of households, as are bids: nothing depends on the order in which orders arrive.
    offers: Vec<Offer>,
    bids: Vec<Bid>,
    band: Option<PriceBand>,
    sellers: Vec<SellerGroup>,
    buyers: Vec<BuyerGroup>,
    /// lambda + mu (currency/kWh).
    fees: f64,
    /// Q_out (currency/kWh).
    outside_price: f64,
    storage_room: f64,
    demand: f64,
    profit_without_trade: f64,
}

impl PeriodProblem {
    /// Groups the orders by [`GroupId`]; values of a group are means weighted by energy. A household
    /// gives one order; in which order they are given does not matter.
    ///
    /// # Panics
    /// When an order's energy is negative, its storable or flexible part negative or more than its energy, or a range of
    /// savings has its most below its least.
    pub fn new(terms: &Terms, offers: &[Offer], bids: &[Bid]) -> Self {
        let (mut offers, mut bids) = (offers.to_vec(), bids.to_vec());
        offers.sort_by_key(|offer| offer.household);
        bids.sort_by_key(|bid| bid.household);
        let sellers: Vec<SellerGroup> =
            by_group(&offers, |offer| offer.group).iter().map(|group| SellerGroup::new(group)).collect();
        let buyers: Vec<BuyerGroup> = by_group(&bids, |bid| bid.group)
            .iter()
            .map(|group| BuyerGroup::new(group, terms.fees().to_f64(), terms.outside_price().to_f64()))
            .collect();
        Self {
            band: terms.price_band(),
            fees: terms.fees().to_f64(),
            outside_price: terms.outside_price().to_f64(),
            storage_room: terms.storage_room.or_zero().to_f64(),
            demand: buyers.iter().map(|buyer| buyer.energy).sum(),
            profit_without_trade: sellers.iter().map(|seller| seller.energy * seller.keep_value).sum(),
            sellers,
            buyers,
            terms: *terms,
            offers,
            bids,
        }
    }

    /// The terms of the period.
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// The offers, in order of households.
    pub fn offers(&self) -> &[Offer] {
        &self.offers
    }

    /// The bids, in order of households.
    pub fn bids(&self) -> &[Bid] {
        &self.bids
    }

    /// Whether users can trade at all: some price is left by (3) to (6), at which some seller takes part, and somebody buys.
    pub fn is_tradeable(&self) -> bool {
        self.demand > 0.0
            && self.band.is_some_and(|band| {
                self.sellers.iter().any(|seller| seller.participating(band.highest.to_f64()) > 0.0)
            })
    }

    /// The prices that (3) to (6) leave.
    pub fn band(&self) -> Option<PriceBand> {
        self.band
    }

    /// The number of seller groups, the length of [`Scheme::sold`] and [`Scheme::stored`].
    pub fn seller_groups(&self) -> usize {
        self.sellers.len()
    }

    /// The number of buyer groups, the length of [`Scheme::moved`].
    pub fn buyer_groups(&self) -> usize {
        self.buyers.len()
    }

    /// The seller groups and the buyer groups, each in order of id.
    pub fn groups(&self) -> [Vec<GroupId>; 2] {
        let sellers = by_group(&self.offers, |offer| offer.group);
        let buyers = by_group(&self.bids, |bid| bid.group);
        [
            sellers.iter().map(|group| group[0].group).collect(),
            buyers.iter().map(|group| group[0].group).collect(),
        ]
    }

    /// Surplus S of all sellers (kWh).
    pub fn offered(&self) -> f64 {
        self.sellers.iter().map(|seller| seller.energy).sum()
    }

    /// Demand D of all buyers, before anything is moved (kWh).
    pub fn wanted(&self) -> f64 {
        self.demand
    }

    /// What the members of a seller group with a reserve price at or below `price` have (kWh).
    ///
    /// # Panics
    /// When there is no such group.
    pub fn participating(&self, seller_group: usize, price: Price) -> f64 {
        self.sellers[seller_group].participating(price.to_f64())
    }

    /// M_g: what a buyer group would move at most at a sellers' price (kWh).
    ///
    /// # Panics
    /// When there is no such group.
    pub fn movable(&self, buyer_group: usize, price: Price) -> f64 {
        self.buyers[buyer_group].movable(price.to_f64())
    }

    /// Satisfaction of buyers with a sellers' price, equation (19), weighted by demand; `None` without demand.
    pub fn satisfaction(&self, price: Price) -> Option<f64> {
        let price = price.to_f64();
        let satisfied = self.buyers.iter().map(|buyer| buyer.energy * buyer.satisfaction(price));
        (self.demand > 0.0).then(|| satisfied.sum::<f64>() / self.demand)
    }

    /// The scheme in which sellers keep everything and buyers buy outside.
    pub fn no_trade(&self) -> Scheme {
        Scheme {
            price: None,
            sold: vec![0.0; self.sellers.len()],
            stored: vec![0.0; self.sellers.len()],
            moved: vec![0.0; self.buyers.len()],
        }
    }

    /// What a scheme is worth.
    ///
    /// # Panics
    /// When the scheme is for other groups, or sells without a price.
    pub fn evaluate(&self, scheme: &Scheme) -> Objectives {
        assert_eq!(scheme.sold.len(), self.sellers.len(), "invariant: a scheme has this problem's groups");
        assert_eq!(scheme.moved.len(), self.buyers.len(), "invariant: a scheme has this problem's groups");
        assert!(scheme.price.is_some() || scheme.traded() == 0.0, "invariant: what is sold has a price");
        let price = scheme.price.map_or(0.0, Price::to_f64);
        self.worth(price, &scheme.sold, &scheme.stored, &scheme.moved)
    }

    fn worth(&self, price: f64, sold: &[f64], stored: &[f64], moved: &[f64]) -> Objectives {
        let traded: f64 = sold.iter().sum();
        let mut profit = self.profit_without_trade;
        for ((seller, &sold), &stored) in self.sellers.iter().zip(sold).zip(stored) {
            profit += sold * (price - seller.reserve()) + stored * (seller.store_value - seller.keep_value);
        }
        let mut cost = self.cost_without_trade() - traded * self.saving(price);
        for (buyer, &moved) in self.buyers.iter().zip(moved) {
            cost -= moved * (self.outside_price - buyer.later_price);
        }
        Objectives { sellers_profit: profit, buyers_cost: cost, welfare: self.welfare(profit, cost, traded) }
    }

    fn welfare(&self, profit: f64, cost: f64, traded: f64) -> f64 {
        (profit - self.profit_without_trade) + (self.cost_without_trade() - cost) + traded * self.fees
    }

    /// What a buyer saves per kWh from users instead of from outside: Q_out - Q_b.
    fn saving(&self, price: f64) -> f64 {
        self.outside_price - (price + self.fees)
    }

    /// Sellers' profit when they keep everything (currency).
    pub fn profit_without_trade(&self) -> f64 {
        self.profit_without_trade
    }

    /// Buyers' cost when they buy everything outside, now (currency).
    pub fn cost_without_trade(&self) -> f64 {
        self.demand * self.outside_price
    }

    /// lambda + mu (currency/kWh).
    pub(crate) fn fees(&self) -> f64 {
        self.fees
    }

    /// Fills `program` with the gains at the price `gains_at`, for gains per unit of profit and of cost saved, and with
    /// what can be sold and moved at the price `limits_at`; without a price nothing can.
    pub(crate) fn program(
        &self,
        gains: [f64; 2],
        gains_at: Option<Price>,
        limits_at: Option<Price>,
        program: &mut Program,
    ) {
        let [profit_gain, cost_gain] = gains;
        let price = gains_at.map_or(0.0, Price::to_f64);
        let limit = |of: &dyn Fn(f64) -> f64| limits_at.map_or(0.0, |price| of(price.to_f64()));
        let saving = cost_gain * self.saving(price);
        program.clear();
        for seller in &self.sellers {
            program.sell_gain.push(profit_gain * (price - seller.reserve()) + saving);
            program.sell_cap.push(limit(&|price| seller.participating(price)));
            program.store_gain.push(profit_gain * (seller.store_value - seller.keep_value));
            program.store_cap.push(seller.storable);
            program.energy.push(seller.energy);
        }
        for buyer in &self.buyers {
            program.move_gain.push(cost_gain * (self.outside_price - buyer.later_price));
            program.move_cap.push(limit(&|price| buyer.movable(price)));
        }
        program.demand = self.demand;
        program.room = self.storage_room;
    }

    /// Integer prices above `lowest` up to `highest` at which the energy on offer or the shape of what is movable
    /// changes: reserve prices, and the first price beyond a buyer group's tolerance. Ascending, each once.
    pub(crate) fn breakpoints(&self, band: PriceBand) -> Vec<i64> {
        let micro = |price: f64| (price * MICRO as f64).round() as i64;
        let reserves = self.sellers.iter().flat_map(SellerGroup::reserve_prices).map(micro);
        // The tolerance ends between two steps of the grid: the interval is cut there.
        let tolerances = self.buyers.iter().filter(|buyer| buyer.flexible > 0.0);
        let ends = tolerances.flat_map(BuyerGroup::ends);
        let tolerances = ends.map(|end| (end * MICRO as f64).floor() as i64 + 1);
        let mut prices: Vec<i64> = reserves
            .chain(tolerances)
            .filter(|&price| band.lowest.micro() < price && price <= band.highest.micro())
            .collect();
        prices.sort_unstable();
        prices.dedup();
        prices
    }
}
