//! From genes to schemes: every point of [0, 1]^m is a feasible scheme, repaired, not penalised.
//!
//! | genes | meaning |
//! |---|---|
//! | 0 | price, from the lowest (0) to the highest (1) of the band |
//! | one per seller group | share sold of what takes part at the price |
//! | one per seller group | share stored of what is storable and left after selling |
//! | one per buyer group | share moved of M_g at the price |
//!
//! Sales beyond what buyers still want are scaled down together, and stores beyond the room likewise, so that (7) and the
//! storage's limit hold by construction; what is cut is kept.

use super::{PeriodProblem, Scheme};
use crate::quantity::{MICRO, Price};

/// Candidates that are evaluated side by side.
const LANES: usize = 8;

impl PeriodProblem {
    /// The number of genes: 1 + 2 seller groups + buyer groups.
    pub fn dimensions(&self) -> usize {
        1 + 2 * self.sellers.len() + self.buyers.len()
    }

    /// The scheme that `genes` stand for, its price rounded to the grid.
    ///
    /// # Panics
    /// When there is no price band or the number of genes is not [`Self::dimensions`].
    pub fn decode(&self, genes: &[f64]) -> Scheme {
        assert_eq!(genes.len(), self.dimensions(), "invariant: one gene per dimension");
        let (lowest, width) = self.affine_band();
        let micro = ((lowest + genes[0] * width) * MICRO as f64).round() as i64;
        let band = self.band.expect("invariant: only a problem with a price band is decoded");
        let price = Price::from_micro(micro.clamp(band.lowest.micro(), band.highest.micro()));
        let mut scheme = Scheme { price: Some(price), ..self.no_trade() };
        self.allocate(price.to_f64(), genes, &mut scheme);
        scheme
    }

    /// Writes what `genes` sell, store and move at `price` into `scheme`.
    fn allocate(&self, price: f64, genes: &[f64], scheme: &mut Scheme) {
        let sellers = self.sellers.len();
        let (sell, rest) = genes[1..].split_at(sellers);
        let (store, shift) = rest.split_at(sellers);
        let mut wanted = self.demand;
        for (buyer, (moved, gene)) in self.buyers.iter().zip(scheme.moved.iter_mut().zip(shift)) {
            *moved = gene * buyer.movable(price);
            wanted -= *moved;
        }
        for (seller, (sold, gene)) in self.sellers.iter().zip(scheme.sold.iter_mut().zip(sell)) {
            *sold = gene * seller.participating(price);
        }
        let scale = scale_down(scheme.sold.iter().sum(), wanted);
        scheme.sold.iter_mut().for_each(|sold| *sold *= scale);
        for (group, seller) in self.sellers.iter().enumerate() {
            let left = (seller.energy - scheme.sold[group]).max(0.0);
            scheme.stored[group] = store[group] * seller.storable.min(left);
        }
        let scale = scale_down(scheme.stored.iter().sum(), self.storage_room);
        scheme.stored.iter_mut().for_each(|stored| *stored *= scale);
    }

    /// Evaluates `n` candidates at once: gene `j` of candidate `i` is `genes[j * n + i]`, prices are not rounded.
    ///
    /// Profits and costs are those of [`Self::evaluate`] for the same allocation. Allocates nothing.
    ///
    /// # Panics
    /// When there is no price band, or a slice is not of the length that `n` asks for.
    pub fn evaluate_batch(&self, genes: &[f64], n: usize, profits: &mut [f64], costs: &mut [f64]) {
        assert_eq!(genes.len(), self.dimensions() * n, "invariant: n genes per dimension");
        assert!(profits.len() == n && costs.len() == n, "invariant: one objective per candidate");
        if n < LANES {
            for index in 0..n {
                let ([profit], [cost]) = self.evaluate_lanes::<1>(genes, n, index);
                (profits[index], costs[index]) = (profit, cost);
            }
            return;
        }
        for start in (0..n).step_by(LANES) {
            // The last lanes overlap those before: cheaper than candidates one by one.
            let start = start.min(n - LANES);
            let (profit, cost) = self.evaluate_lanes::<LANES>(genes, n, start);
            profits[start..start + LANES].copy_from_slice(&profit);
            costs[start..start + LANES].copy_from_slice(&cost);
        }
    }

    /// Profits and costs of the `WIDTH` candidates from `start`.
    fn evaluate_lanes<const WIDTH: usize>(
        &self,
        genes: &[f64],
        n: usize,
        start: usize,
    ) -> ([f64; WIDTH], [f64; WIDTH]) {
        let row = |gene: usize| -> &[f64; WIDTH] {
            let from = gene * n + start;
            genes[from..from + WIDTH].try_into().expect("invariant: rows are WIDTH long")
        };
        let sellers = self.sellers.len();
        let (lowest, width) = self.affine_band();
        let price: [f64; WIDTH] = row(0).map(|gene| lowest + gene * width);

        let mut wanted = [self.demand; WIDTH];
        let mut saved = [0.0; WIDTH];
        for (group, buyer) in self.buyers.iter().enumerate() {
            if buyer.flexible <= 0.0 {
                continue;
            }
            let share = row(1 + 2 * sellers + group);
            let gain = self.outside_price - buyer.later_price;
            for lane in 0..WIDTH {
                let moved = share[lane] * buyer.movable(price[lane]);
                wanted[lane] -= moved;
                saved[lane] += moved * gain;
            }
        }

        let sold = |group: usize| -> [f64; WIDTH] {
            let (share, participating) = (row(1 + group), self.sellers[group].participating_at(&price));
            std::array::from_fn(|lane| share[lane] * participating[lane])
        };
        let mut traded = [0.0; WIDTH];
        let mut given_up = [0.0; WIDTH];
        for (group, seller) in self.sellers.iter().enumerate() {
            let reserve = seller.reserve();
            let sold = sold(group);
            for lane in 0..WIDTH {
                traded[lane] += sold[lane];
                given_up[lane] += sold[lane] * reserve;
            }
        }
        let mut scale = [1.0; WIDTH];
        for lane in 0..WIDTH {
            scale[lane] = scale_down(traded[lane], wanted[lane]);
            traded[lane] *= scale[lane];
        }

        let mut stored_total = [0.0; WIDTH];
        let mut stored_gain = [0.0; WIDTH];
        if self.storage_room > 0.0 {
            for (group, seller) in self.sellers.iter().enumerate() {
                if seller.storable <= 0.0 {
                    continue;
                }
                let share = row(1 + sellers + group);
                let gain = seller.store_value - seller.keep_value;
                let sold = sold(group);
                for lane in 0..WIDTH {
                    let left = (seller.energy - sold[lane] * scale[lane]).max(0.0);
                    let stored = share[lane] * seller.storable.min(left);
                    stored_total[lane] += stored;
                    stored_gain[lane] += stored * gain;
                }
            }
        }

        let (mut profit, mut cost) = ([0.0; WIDTH], [0.0; WIDTH]);
        for lane in 0..WIDTH {
            let stored = stored_gain[lane] * scale_down(stored_total[lane], self.storage_room);
            let sales = traded[lane] * price[lane] - given_up[lane] * scale[lane];
            profit[lane] = self.profit_without_trade + sales + stored;
            cost[lane] = self.cost_without_trade() - traded[lane] * self.saving(price[lane]) - saved[lane];
        }
        (profit, cost)
    }

    /// The lowest price of the band and its width (currency/kWh).
    fn affine_band(&self) -> (f64, f64) {
        let band = self.band.expect("invariant: only a problem with a price band is decoded");
        (band.lowest.to_f64(), (band.highest - band.lowest).to_f64())
    }
}

/// The factor at most 1 that brings `total` down to `limit`.
fn scale_down(total: f64, limit: f64) -> f64 {
    if total > limit { limit / total } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::problem::{feasible, sample};

    proptest! {
        #[test]
        fn every_point_of_the_box_is_a_feasible_scheme(seed in any::<u64>()) {
            let mut draw = sample::Draws::new(seed);
            let problem = sample::problem(&mut draw);
            if !problem.is_tradeable() {
                return Ok(());
            }
            let genes: Vec<f64> = (0..problem.dimensions()).map(|_| draw.corner_or_inside()).collect();
            let scheme = problem.decode(&genes);
            feasible::assert_feasible(&problem, &scheme);
        }

        #[test]
        fn a_batch_is_worth_what_its_candidates_are(seed in any::<u64>()) {
            let mut draw = sample::Draws::new(seed);
            let problem = sample::problem(&mut draw);
            if !problem.is_tradeable() {
                return Ok(());
            }
            let (n, dimensions) = (11, problem.dimensions());
            let genes: Vec<f64> = (0..n * dimensions).map(|_| draw.corner_or_inside()).collect();
            let (mut profits, mut costs) = (vec![0.0; n], vec![0.0; n]);
            problem.evaluate_batch(&genes, n, &mut profits, &mut costs);
            let (lowest, width) = problem.affine_band();
            for i in 0..n {
                let own: Vec<f64> = (0..dimensions).map(|j| genes[j * n + i]).collect();
                let price = lowest + own[0] * width;
                let mut scheme = problem.no_trade();
                problem.allocate(price, &own, &mut scheme);
                let worth = problem.worth(price, &scheme.sold, &scheme.stored, &scheme.moved);
                prop_assert!((profits[i] - worth.sellers_profit).abs() <= 1e-9 * profits[i].abs().max(1.0));
                prop_assert!((costs[i] - worth.buyers_cost).abs() <= 1e-9 * costs[i].abs().max(1.0));
            }
        }
    }
}
