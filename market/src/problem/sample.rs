//! Random order books, from public constructors alone: for property tests, benchmarks, and other crates' tests.

use crate::order::{Bid, Credit, GroupId, HouseholdId, Offer, SavingRange, Terms};
use crate::problem::PeriodProblem;
use crate::quantity::{Energy, Price};

/// A stream of SplitMix64 draws.
pub(crate) struct Draws(u64);

impl Draws {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A gene that is often exactly on a bound.
    pub(crate) fn corner_or_inside(&mut self) -> f64 {
        match self.below(4) {
            0 => 0.0,
            1 => 1.0,
            _ => self.unit(),
        }
    }

    fn price(&mut self, from: f64, to: f64) -> Price {
        Price::from_f64(from + self.unit() * (to - from)).unwrap()
    }

    fn energy(&mut self, most: f64) -> Energy {
        Energy::from_f64(self.unit() * most).unwrap()
    }
}

/// Terms of a period, of a tight to a wide band.
pub(crate) fn terms(draw: &mut Draws) -> Terms {
    Terms {
        grid_price: draw.price(0.5, 1.3),
        company_price: draw.price(0.5, 1.3),
        grid_fee: draw.price(0.01, 0.08),
        platform_fee: draw.price(0.0, 0.04),
        price_min: draw.price(0.05, 0.5),
        price_max: draw.price(0.8, 2.0),
        storage_room: if draw.below(3) == 0 { Energy::ZERO } else { draw.energy(60.0) },
    }
}

/// Offers and bids of up to three groups each; in a third of all groups the members are alike.
pub(crate) fn orders(draw: &mut Draws) -> (Vec<Offer>, Vec<Bid>) {
    let sellers = 1 + draw.below(3);
    let offers = offers(draw, sellers);
    let buyers = 1 + draw.below(3);
    let bids = bids(draw, buyers, 3, offers.len());
    (offers, bids)
}

/// Offers of `groups` groups from group 0 on, of up to twelve households each.
pub(crate) fn offers(draw: &mut Draws, groups: u64) -> Vec<Offer> {
    let mut offers: Vec<Offer> = Vec::new();
    for group in 0..groups {
        let (alike, size) = (draw.below(3) == 0, 1 + draw.below(12));
        for member in 0..size {
            let energy = draw.energy(8.0);
            let mut offer = Offer {
                household: HouseholdId(offers.len() as u32 + 1),
                group: GroupId(group as u16),
                energy,
                cost: draw.price(0.02, 0.2),
                keep_value: draw.price(0.1, 0.7),
                storable: if draw.below(2) == 0 { Energy::ZERO } else { draw.energy(energy.to_f64()) },
                store_value: draw.price(0.1, 0.9),
                credit: Credit::from_micro(draw.below(4) as u32 * 250_000).unwrap(),
                setback: Price::ZERO,
            };
            if alike && member > 0 {
                let first = offers.last().unwrap();
                offer = Offer { household: offer.household, ..*first };
            }
            offers.push(offer);
        }
    }
    offers
}

/// Bids of `groups` groups from `first_group` on, of up to twelve households each, numbered after `others`.
pub(crate) fn bids(draw: &mut Draws, groups: u64, first_group: u64, others: usize) -> Vec<Bid> {
    let mut bids: Vec<Bid> = Vec::new();
    for group in first_group..first_group + groups {
        let (alike, size) = (draw.below(3) == 0, 1 + draw.below(12));
        for member in 0..size {
            let energy = draw.energy(8.0);
            let mut bid = Bid {
                household: HouseholdId((others + bids.len()) as u32 + 1),
                group: GroupId(group as u16),
                energy,
                flexible: if draw.below(2) == 0 { Energy::ZERO } else { draw.energy(energy.to_f64()) },
                later_price: draw.price(0.2, 1.2),
                expected_price: draw.price(0.3, 1.1),
                tolerance: draw.price(0.0, 0.5),
                later_savings: later_savings(draw),
                credit: Credit::from_micro(draw.below(4) as u32 * 250_000).unwrap(),
            };
            if alike && member > 0 {
                let first = bids.last().unwrap();
                bid = Bid { household: bid.household, ..*first };
            }
            bids.push(bid);
        }
    }
    bids
}

/// For half of all bids; for most of those the least is 0: a later period may have no seller.
fn later_savings(draw: &mut Draws) -> Option<SavingRange> {
    let kind = draw.below(8);
    let [first, second] = [draw.price(0.05, 0.9), draw.price(-0.1, 0.9)];
    let least = if kind == 0 { second } else { Price::ZERO };
    (kind < 4).then(|| SavingRange { least: least.min(first), most: first.max(least) })
}

/// A problem of up to three seller and three buyer groups.
pub(crate) fn problem(draw: &mut Draws) -> PeriodProblem {
    let terms = terms(draw);
    let (offers, bids) = orders(draw);
    PeriodProblem::new(&terms, &offers, &bids)
}
