//! Sobol's indices: shares of a figure's variance over the factors.
//!
//! With the values y_A, y_B at base points a and b, y_ABi at a with factor i of b, y_BAi at b with factor i of a, all less
//! their common mean, V the variance of the y_A and y_B, and E the mean over base points:
//!
//! | index | estimator | says |
//! |---|---|---|
//! | S1_i | E[y_B (y_ABi - y_A)] / V | share of the variance that knowing factor i alone would take away |
//! | ST_i | E[(y_A - y_ABi)^2] / (2 V) | share that would be left if all but factor i were known |
//! | S2_ij | E[y_BAi y_ABj - y_A y_B] / V - S1_i - S1_j | share of factors i and j together, beyond what each has alone |
//!
//! They are those of SALib, to the last digits: of Saltelli and others (2010), "Variance based sensitivity analysis of
//! model output", Computer Physics Communications 181(2), 259-270; of M. J. W. Jansen (1999) for the total index; of Saltelli
//! (2002) for pairs. An estimate can be a little below 0 or above 1.
//!
//! The bootstrap draws base points as if they were independent of each other. Those of a Sobol sequence are spread more
//! evenly than that, so the intervals are on the wide side.

use super::{Index, usable};
use crate::statistics::bootstrap::Bootstrap;
use crate::statistics::mean;
use crate::study::design::saltelli::{BaseBlocks, Order};

/// The indices of a figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Indices {
    /// Base points that all indices are computed from.
    pub count: usize,
    /// Base points left out because one of their points has no value.
    pub missing: usize,
    /// S1 of each factor.
    pub first: Vec<Index>,
    /// ST of each factor.
    pub total: Vec<Index>,
    /// S2 of pairs of factors; empty in a design without them.
    pub second: Vec<Pair>,
}

/// The index of two factors together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// The two, the lower first.
    pub factors: [usize; 2],
    /// S2.
    pub index: Index,
}

/// The indices of a figure, of which `values` has one for each point of the design.
///
/// # Panics
/// Unless there is a value, perhaps `None`, for each point of the blocks.
pub fn indices(blocks: &BaseBlocks, values: &[Option<f64>], bootstrap: &Bootstrap) -> Indices {
    let per_base = blocks.order.points_per_base(blocks.factors);
    assert_eq!(values.len(), blocks.count * per_base, "invariant: a value for each point");
    let whole =
        |block: &[Option<f64>]| block.iter().map(|&value| usable(value)).collect::<Option<Vec<f64>>>();
    let mut rows: Vec<Vec<f64>> = values.chunks_exact(per_base).filter_map(whole).collect();
    centre(&mut rows);
    let rows = Rows { rows: &rows, factors: blocks.factors, order: blocks.order };
    let width = rows.width();
    let every: Vec<usize> = (0..rows.rows.len()).collect();
    let mut found = vec![f64::NAN; width];
    rows.indices(&every, &mut found);
    let half_widths = bootstrap
        .half_widths(("bootstrap: sobol", ""), every.len(), width, |drawn, found| rows.indices(drawn, found));
    let index = |place: usize| Index { value: usable(Some(found[place])), half_width: half_widths[place] };
    let pairs = rows.pairs().enumerate();
    Indices {
        count: every.len(),
        missing: blocks.count - every.len(),
        first: (0..blocks.factors).map(index).collect(),
        total: (0..blocks.factors).map(|factor| index(blocks.factors + factor)).collect(),
        second: pairs
            .map(|(place, factors)| Pair { factors, index: index(2 * blocks.factors + place) })
            .collect(),
    }
}

/// Takes the common mean off, and the scale: estimates of S1 and S2 would be less precise with them.
fn centre(rows: &mut [Vec<f64>]) {
    let all: Vec<f64> = rows.iter().flatten().copied().collect();
    let Some(mean) = mean(&all) else { return };
    let deviation =
        (all.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / all.len() as f64).sqrt();
    let scale = if deviation > 0.0 { deviation } else { 1.0 };
    rows.iter_mut().flatten().for_each(|value| *value = (*value - mean) / scale);
}

/// Values by base point, each row in the order of the design.
struct Rows<'a> {
    rows: &'a [Vec<f64>],
    factors: usize,
    order: Order,
}

impl Rows<'_> {
    fn pairs(&self) -> impl Iterator<Item = [usize; 2]> + use<> {
        let factors = if self.order == Order::Second { self.factors } else { 0 };
        (0..factors).flat_map(move |low| (low + 1..factors).map(move |high| [low, high]))
    }

    /// How many indices there are.
    fn width(&self) -> usize {
        2 * self.factors + self.pairs().count()
    }

    /// S1 of each factor, ST of each, S2 of each pair, over some base points; not numbers where nothing varies.
    fn indices(&self, chosen: &[usize], found: &mut [f64]) {
        let count = chosen.len() as f64;
        let over = |figure: &dyn Fn(&[f64]) -> f64| {
            chosen.iter().map(|&row| figure(&self.rows[row])).sum::<f64>() / count
        };
        let last = self.factors * if self.order == Order::Second { 2 } else { 1 } + 1;
        let mean = 0.5 * over(&|row| row[0] + row[last]);
        let variance =
            0.5 * over(&|row| (row[0] - mean) * (row[0] - mean) + (row[last] - mean) * (row[last] - mean));
        // As in SALib: what varies less than rounding does not vary.
        let variance = if variance > f64::EPSILON { variance } else { f64::NAN };
        for factor in 0..self.factors {
            let exchanged = 1 + factor;
            found[factor] = over(&|row| row[last] * (row[exchanged] - row[0])) / variance;
            found[self.factors + factor] =
                0.5 * over(&|row| (row[0] - row[exchanged]) * (row[0] - row[exchanged])) / variance;
        }
        for (place, [low, high]) in self.pairs().enumerate() {
            let together =
                over(&|row| row[1 + self.factors + low] * row[1 + high] - row[0] * row[last]) / variance;
            found[2 * self.factors + place] = together - found[low] - found[high];
        }
    }
}
