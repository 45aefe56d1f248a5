//! The tallies of what trades cost.

use goshawk_ledger::Settlement;
use goshawk_market::quantity::{Energy, Money, Price};
use serde::{Deserialize, Serialize};

use super::sheet::{Sheet, ratio};

/// A mean and a spread of prices, each weighted with the energy that it was paid for (West 1979).
#[derive(Debug, Default, Clone, Copy, Serialize, Deserialize)]
struct Spread {
    kwh: f64,
    mean: f64,
    /// Sum of energy times the squared distance from the mean.
    squares: f64,
}

impl Spread {
    fn add(&mut self, price: f64, kwh: f64) {
        self.kwh += kwh;
        let distance = price - self.mean;
        // In this order the mean of one price is that price, to the last bit.
        self.mean += distance * (kwh / self.kwh);
        self.squares += kwh * distance * (price - self.mean);
    }

    /// The standard deviation as a share of the mean; undefined unless the mean is above 0.
    fn coefficient_of_variation(&self) -> Option<f64> {
        let variance = ratio(self.squares.max(0.0), self.kwh)?;
        ratio(variance.sqrt(), self.mean)
    }
}

/// A period's prices. Contracts are settled after their period, so several are open at a time.
#[derive(Debug, Default, Clone, Copy, Serialize, Deserialize)]
struct PeriodPrices {
    outside: Price,
    paid: Spread,
}

/// What a run adds up of the prices of its trades.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct PriceTally {
    periods: Vec<PeriodPrices>,
    all: Spread,
    delivered: Energy,
    paid: Money,
    received: Money,
    /// All delivered energy at the cheaper outside price of its period, in 1e-12 currency.
    outside: i128,
}

impl PriceTally {
    /// A period is cleared in which `outside` is the cheaper outside price.
    pub(super) fn period(&mut self, outside: Price) {
        self.periods.push(PeriodPrices { outside, paid: Spread::default() });
    }

    /// A contract of a cleared period is settled.
    pub(super) fn trade(&mut self, period: usize, buyer_price: Price, settlement: &Settlement) {
        let energy = settlement.delivered;
        if !energy.is_positive() {
            return;
        }
        let prices = &mut self.periods[period];
        prices.paid.add(buyer_price.to_f64(), energy.to_f64());
        self.all.add(buyer_price.to_f64(), energy.to_f64());
        self.delivered += energy;
        self.paid += settlement.amount();
        self.received += settlement.seller_amount;
        self.outside += i128::from(prices.outside.micro()) * i128::from(energy.micro());
    }

    pub(super) fn rows(&self, run: &mut Sheet<'_>) {
        let per_kwh = |money: Money| ratio(money.to_f64(), self.delivered.to_f64());
        run.row("trade_price", per_kwh(self.paid), "currency/kWh");
        run.row("trade_price_received", per_kwh(self.received), "currency/kWh");
        run.number("trade_price_cv", self.all.coefficient_of_variation());
        let within = self.periods.iter().filter_map(|prices| prices.paid.coefficient_of_variation());
        let (sum, count) = within.fold((0.0, 0.0), |(sum, count), cv| (sum + cv, count + 1.0));
        run.number("trade_price_cv_in_period", ratio(sum, count));
        let outside = self.outside as f64 / 1e12;
        run.number("p2p_advantage", ratio(outside - self.paid.to_f64(), outside));
    }
}

#[cfg(test)]
mod tests {
    use goshawk_output::table::KpiRow;

    use super::*;

    fn settlement(kwh: i64, buyer: f64, seller: f64) -> (Price, Settlement) {
        let price = |per_kwh| Price::from_f64(per_kwh).unwrap();
        let delivered = Energy::from_micro(kwh * 1_000_000);
        let settlement = Settlement {
            delivered,
            seller_amount: price(seller) * delivered,
            grid_amount: price(buyer - seller) * delivered,
            ..Settlement::default()
        };
        (price(buyer), settlement)
    }

    fn figures(tally: &PriceTally) -> Vec<Option<f64>> {
        let mut rows: Vec<KpiRow> = Vec::new();
        tally.rows(&mut Sheet { rows: &mut rows, scope: "run", id: String::new() });
        rows.iter().map(|row| row.value).collect()
    }

    // 3 kWh at 0.1 and 1 kWh at 0.3 in the first period, 4 kWh at 0.15 in the second, out of order; outside 0.4 and 0.2.
    #[test]
    fn prices_weigh_what_was_delivered_at_them() {
        let mut tally = PriceTally::default();
        tally.period(Price::from_micro(400_000));
        tally.period(Price::from_micro(200_000));
        for (period, kwh, buyer) in [(0, 3, 0.1), (1, 4, 0.15), (0, 0, 9.0), (0, 1, 0.3)] {
            let (price, settlement) = settlement(kwh, buyer, buyer - 0.05);
            tally.trade(period, price, &settlement);
        }
        let of_first = (0.0075_f64).sqrt() / 0.15;
        let of_all = (0.0075_f64 / 2.0).sqrt() / 0.15;
        let expected = [0.15, 0.1, of_all, of_first / 2.0, (2.4 - 1.2) / 2.4];
        for (found, expected) in figures(&tally).into_iter().zip(expected) {
            assert!((found.unwrap() - expected).abs() < 1e-12, "{found:?} is not {expected}");
        }
    }

    #[test]
    fn equal_prices_have_no_spread_at_all() {
        for first in 1..=100 {
            let mut tally = PriceTally::default();
            tally.period(Price::from_micro(400_000));
            for kwh in [first, 7, 11] {
                let (price, settlement) = settlement(kwh, 0.123_457, 0.1);
                tally.trade(0, price, &settlement);
            }
            assert_eq!(figures(&tally)[2..4], [Some(0.0), Some(0.0)], "{first} kWh first");
        }
    }

    #[test]
    fn prices_of_nothing_are_undefined() {
        let mut tally = PriceTally::default();
        tally.period(Price::from_micro(400_000));
        assert_eq!(figures(&tally), [None; 5]);
    }
}
