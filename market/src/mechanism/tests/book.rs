//! Random orders of a period, with the odd cases that a market must bear.

use crate::mechanism::MechanismSettings;
use crate::mechanism::{Clearing, mechanism_by_name};
use crate::optimizer::OptimizerSettings;
use crate::order::{Bid, Credit, GroupId, HouseholdId, Offer, Terms};
use crate::problem::PeriodProblem;
use crate::problem::sample::{self, Draws};
use crate::quantity::{Energy, Price};

pub(super) fn price(yuan: f64) -> Price {
    Price::from_f64(yuan).unwrap()
}

pub(super) fn kwh(value: f64) -> Energy {
    Energy::from_f64(value).unwrap()
}

/// A period's terms and orders.
#[derive(Debug, Clone)]
pub(super) struct Book {
    pub(super) terms: Terms,
    pub(super) offers: Vec<Offer>,
    pub(super) bids: Vec<Bid>,
}

impl Book {
    /// Fees of 0.1 and sellers' prices from just above 0.1 to just below 1.0, with these offers (kWh, reserve price) of
    /// households from 0 on and bids (kWh, limit as a sellers' price) of households from 100 on.
    pub(super) fn of(offers: &[(f64, f64)], bids: &[(f64, f64)]) -> Self {
        let terms = Terms {
            grid_price: price(1.2),
            company_price: price(1.1),
            grid_fee: price(0.06),
            platform_fee: price(0.04),
            price_min: price(0.1),
            price_max: price(2.0),
            storage_room: Energy::ZERO,
        };
        let offer = |(id, &(energy, reserve)): (u32, &(f64, f64))| Offer {
            household: HouseholdId(id),
            group: GroupId(0),
            energy: kwh(energy),
            cost: price(reserve / 4.0),
            keep_value: price(reserve) - price(reserve / 4.0),
            storable: Energy::ZERO,
            store_value: Price::ZERO,
            credit: Credit::FULL,
            setback: Price::ZERO,
        };
        let bid = |(id, &(energy, limit)): (u32, &(f64, f64))| Bid {
            household: HouseholdId(id),
            group: GroupId(1),
            energy: kwh(energy),
            flexible: Energy::ZERO,
            later_price: Price::ZERO,
            expected_price: price(limit),
            tolerance: price(0.1),
            later_savings: None,
            credit: Credit::FULL,
        };
        Self {
            terms,
            offers: (0..).zip(offers).map(offer).collect(),
            bids: (100..).zip(bids).map(bid).collect(),
        }
    }

    /// Random terms and orders, most of them with one or two oddities.
    pub(super) fn draw(seed: u64) -> Self {
        let mut draw = Draws::new(seed);
        let (terms, (offers, bids)) = (sample::terms(&mut draw), sample::orders(&mut draw));
        let mut book = Self { terms, offers, bids };
        for _ in 0..draw.below(3) {
            book.twist(&mut draw);
        }
        book
    }

    fn twist(&mut self, draw: &mut Draws) {
        let Self { terms, offers, bids } = self;
        match draw.below(12) {
            0 => offers.clear(),
            1 => bids.clear(),
            2 => terms.price_max = terms.price_min,
            3 => (terms.grid_fee, terms.platform_fee) = (Price::ZERO, Price::ZERO),
            4 => offers.iter_mut().for_each(|offer| resize(offer, |_| 0)),
            5 => bids.iter_mut().for_each(|bid| (bid.energy, bid.flexible) = (Energy::ZERO, Energy::ZERO)),
            6 => offers.iter_mut().for_each(|offer| resize(offer, |energy| energy % 3)),
            7 => bids.iter_mut().for_each(|bid| {
                (bid.energy, bid.flexible) = (Energy::from_micro(bid.energy.micro() % 3), Energy::ZERO);
            }),
            8 => {
                if let Some(&first) = offers.first() {
                    offers.iter_mut().for_each(|own| *own = Offer { household: own.household, ..first });
                }
            }
            9 => {
                if let Some(&first) = bids.first() {
                    bids.iter_mut().for_each(|own| *own = Bid { household: own.household, ..first });
                }
            }
            // Few prices, so that many tie.
            10 => {
                offers
                    .iter_mut()
                    .for_each(|own| (own.cost, own.keep_value) = (coarse(own.cost), coarse(own.keep_value)));
                bids.iter_mut().for_each(|own| {
                    (own.expected_price, own.tolerance) = (coarse(own.expected_price), coarse(own.tolerance))
                });
            }
            // A single price is left.
            _ => {
                terms.price_min =
                    terms.price_max.min(terms.outside_price() - terms.fees()) - Price::from_micro(2)
            }
        }
    }

    pub(super) fn problem(&self) -> PeriodProblem {
        PeriodProblem::new(&self.terms, &self.offers, &self.bids)
    }

    pub(super) fn clear(&self, name: &str) -> Clearing {
        let optimizer = OptimizerSettings { iterations: 20, ..OptimizerSettings::default() };
        let quick = MechanismSettings { optimizer, ..MechanismSettings::default() };
        mechanism_by_name(name, &quick).unwrap().clear(&self.problem(), [3, 4])
    }

    /// What a seller asks in an auction, or `None` above the band.
    pub(super) fn ask(&self, offer: &Offer) -> Option<Price> {
        let band = self.terms.price_band()?;
        Some(offer.reserve_price().max(band.lowest)).filter(|&ask| ask <= band.highest)
    }

    /// Up to what sellers' price a buyer buys in an auction, or `None` below the band.
    pub(super) fn limit(&self, bid: &Bid) -> Option<Price> {
        let band = self.terms.price_band()?;
        let limit = bid.expected_price + bid.tolerance - self.terms.fees();
        Some(limit.min(band.highest)).filter(|&limit| limit >= band.lowest)
    }

    /// The same with every price so much higher; fees, costs and tolerances are differences of prices.
    pub(super) fn shifted(&self, by: Price) -> Self {
        let mut book = self.clone();
        let Terms { grid_price, company_price, price_min, price_max, .. } = &mut book.terms;
        for own in [grid_price, company_price, price_min, price_max] {
            *own += by;
        }
        for offer in &mut book.offers {
            offer.keep_value += by;
            offer.store_value += by;
        }
        for bid in &mut book.bids {
            bid.expected_price += by;
            bid.later_price += by;
        }
        book
    }

    /// The same orders in another order.
    pub(super) fn shuffled(&self, seed: u64) -> Self {
        let mut draw = Draws::new(seed);
        let mut book = self.clone();
        book.offers.sort_by_cached_key(|_| draw.next());
        book.bids.sort_by_cached_key(|_| draw.next());
        book
    }
}

fn resize(offer: &mut Offer, to: impl Fn(i64) -> i64) {
    offer.energy = Energy::from_micro(to(offer.energy.micro()));
    offer.storable = offer.storable.min(offer.energy);
}

fn coarse(price: Price) -> Price {
    Price::from_micro(price.micro() / 100_000 * 100_000)
}
