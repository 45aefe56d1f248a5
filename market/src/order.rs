//! What households ask of the market in a period, and the terms under which they may trade.

use serde::{Deserialize, Serialize};

use crate::quantity::{Energy, Price};

/// A household, by its number in the scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HouseholdId(pub u32);

/// A group of households that the market treats as one: a portrait, a cluster, or a single household.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GroupId(pub u16);

/// A household's credit score, from 0 (none) to 1 (full), in steps of 1e-6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Credit(u32);

impl Credit {
    /// The worst score, 0.
    pub const NONE: Self = Self(0);
    /// The best score, 1.
    pub const FULL: Self = Self(1_000_000);

    /// From steps of 1e-6, or `None` above 1 000 000.
    pub const fn from_micro(micro: u32) -> Option<Self> {
        if micro <= Self::FULL.0 { Some(Self(micro)) } else { None }
    }

    /// In steps of 1e-6, from 0 to 1 000 000.
    pub const fn micro(self) -> u32 {
        self.0
    }

    /// As a number from 0 to 1.
    pub fn to_f64(self) -> f64 {
        f64::from(self.0) / f64::from(Self::FULL.0)
    }
}

/// A credit score above 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a credit of {0} steps is above the full score of 1000000")]
pub struct CreditError(u32);

impl TryFrom<u32> for Credit {
    type Error = CreditError;

    fn try_from(micro: u32) -> Result<Self, CreditError> {
        Self::from_micro(micro).ok_or(CreditError(micro))
    }
}

impl From<Credit> for u32 {
    fn from(credit: Credit) -> Self {
        credit.0
    }
}

/// What a seller has for one period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Who sells.
    pub household: HouseholdId,
    /// The group that the market counts it in.
    pub group: GroupId,
    /// The most it can sell, store or keep, at the meter (kWh).
    pub energy: Energy,
    /// Loss and wear cost C_s of a kWh delivered, equation (9) (currency/kWh).
    pub cost: Price,
    /// Opportunity value of a kWh that it keeps (currency/kWh).
    pub keep_value: Price,
    /// The most it would put into shared storage (kWh), at most `energy`.
    pub storable: Energy,
    /// What a stored kWh is worth to it, net of lease and losses (currency/kWh).
    pub store_value: Price,
    /// Its credit score.
    pub credit: Credit,
    /// How far its credit sets it back in the line of sellers, as if its reserve price were higher by so much (currency/kWh).
    pub setback: Price,
}

impl Offer {
    /// The least price at which it sells: its cost, and what the kWh is worth to it if kept.
    pub fn reserve_price(&self) -> Price {
        self.cost + self.keep_value
    }

    /// By which it stands in the line of sellers: its reserve price, and how far its credit sets it back.
    pub fn standing(&self) -> Price {
        self.reserve_price() + self.setback
    }
}

/// The smallest and the largest of what buying from users is expected to save per kWh over some periods: d1 or d2 of
/// equation (20), outside price less sellers' price, of the channel that the buyer would use otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavingRange {
    /// The smallest (currency/kWh).
    pub least: Price,
    /// The largest (currency/kWh), not below `least`.
    pub most: Price,
}

impl SavingRange {
    /// The range of some savings, or `None` without any.
    pub fn of(savings: impl IntoIterator<Item = Price>) -> Option<Self> {
        savings.into_iter().fold(None, |range: Option<Self>, saving| {
            Some(range.map_or(Self { least: saving, most: saving }, |range| Self {
                least: range.least.min(saving),
                most: range.most.max(saving),
            }))
        })
    }
}

/// What a buyer lacks in one period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bid {
    /// Who buys.
    pub household: HouseholdId,
    /// The group that the market counts it in.
    pub group: GroupId,
    /// What it lacks in the period (kWh).
    pub energy: Energy,
    /// The part of `energy` that it could charge in a later period (kWh).
    pub flexible: Energy,
    /// What moved energy is expected to cost (currency/kWh).
    pub later_price: Price,
    /// The price that it expected to pay, the origin of dC in equation (19) (currency/kWh).
    pub expected_price: Price,
    /// How much dearer than expected it will just tolerate, C_max of equation (19) (currency/kWh).
    pub tolerance: Price,
    /// What it expects users to save it in the later periods that it could move to, equation (20); `None` where it
    /// expects nothing of them.
    pub later_savings: Option<SavingRange>,
    /// Its credit score.
    pub credit: Credit,
}

/// What a household sends the market before gate closure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Order {
    /// It has a surplus.
    Offer(Offer),
    /// It lacks energy.
    Bid(Bid),
}

/// The sellers' prices Q_s that (3) to (6) leave open, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceBand {
    /// The lowest price (currency/kWh).
    pub lowest: Price,
    /// The highest price (currency/kWh).
    pub highest: Price,
}

/// What is given to the market in one period: outside prices, fees, limits and storage room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// The grid's price Q_G (currency/kWh).
    pub grid_price: Price,
    /// The sales company's price Q_C (currency/kWh).
    pub company_price: Price,
    /// The grid's wheeling fee lambda, equations (6) and (25) (currency/kWh).
    pub grid_fee: Price,
    /// The platform's fee mu, equations (6) and (24) (currency/kWh).
    pub platform_fee: Price,
    /// Phi_min of (5): the sellers' price lies above it (currency/kWh).
    pub price_min: Price,
    /// Phi_max of (5): the sellers' price lies below it (currency/kWh).
    pub price_max: Price,
    /// Free room in shared storage (kWh).
    pub storage_room: Energy,
}

impl Terms {
    /// What a buyer pays outside the market: the cheaper of grid and company.
    pub fn outside_price(&self) -> Price {
        self.grid_price.min(self.company_price)
    }

    /// The difference of the buyers' and the sellers' price, equation (6): lambda + mu.
    pub fn fees(&self) -> Price {
        self.grid_fee + self.platform_fee
    }

    /// The sellers' prices that satisfy (3) to (6) strictly, or `None` where there is none.
    ///
    /// Fees must be positive: without them Q_s < Q_b of (3) holds for no price.
    ///
    /// ```
    /// use goshawk_market::{Terms, quantity::{Energy, Price}};
    /// let price = |yuan| Price::from_f64(yuan).unwrap();
    /// let terms = Terms {
    ///     grid_price: price(1.2), company_price: price(1.1), grid_fee: price(0.05), platform_fee: price(0.02),
    ///     price_min: price(0.3), price_max: price(2.0), storage_room: Energy::ZERO,
    /// };
    /// let band = terms.price_band().unwrap();
    /// assert_eq!((band.lowest.micro(), band.highest.micro()), (300_001, 1_029_999));
    /// ```
    pub fn price_band(&self) -> Option<PriceBand> {
        let one_step = Price::from_micro(1);
        let lowest = self.price_min + one_step;
        let highest = self.price_max.min(self.outside_price() - self.fees()) - one_step;
        (self.fees().is_positive() && lowest <= highest).then_some(PriceBand { lowest, highest })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_credit_above_one_cannot_be_built() {
        assert_eq!(Credit::from_micro(1_000_001), None);
        assert_eq!(Credit::from_micro(250_000).map(Credit::to_f64), Some(0.25));
    }

    proptest! {
        #[test]
        fn the_band_holds_exactly_the_prices_that_3_to_6_allow(
            grid in 1i64..60, company in 1i64..60, fee in -3i64..20, platform in 0i64..20, min in 0i64..40, max in 0i64..60,
        ) {
            let price = Price::from_micro;
            let terms = Terms {
                grid_price: price(grid), company_price: price(company), grid_fee: price(fee),
                platform_fee: price(platform), price_min: price(min), price_max: price(max),
                storage_room: Energy::ZERO,
            };
            let band = terms.price_band();
            for micro in -5i64..80 {
                let (sellers, buyers) = (micro, micro + fee + platform);
                let allowed = sellers < buyers && buyers < grid && buyers < company && min < sellers && sellers < max;
                let inside = band.is_some_and(|b| (b.lowest.micro()..=b.highest.micro()).contains(&micro));
                prop_assert_eq!(inside, allowed);
            }
        }
    }
}
