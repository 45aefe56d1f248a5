//! What a figure owes to each factor.
//!
//! A simulation has luck of its own: the figure of a point is a mean over replicates. The indices speak of that mean as a
//! function of the factors, E[Y | x]; what is left of the luck in it counts as noise, most of it in the total indices and in
//! sigma. Common random numbers at all points take most of it out of the differences between points.
//!
//! A point without a value (failed, or the figure is undefined there) is left out with all that needs it, and counted. Intervals
//! are those of a bootstrap over walks or base points, as SALib's: z(0.975) standard deviations of the resampled index.
//!
//! | module | what it says |
//! |---|---|
//! | [`morris`] | mean and spread of the effects of a step: which factors matter, and which do so alone |
//! | [`sobol`] | shares of the variance: alone, in pairs, and in all |

pub mod morris;
pub mod sobol;

/// An index with its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Index {
    /// The index; `None` where it is undefined, as where the figure never varies.
    pub value: Option<f64>,
    /// Half the width of its bootstrap interval; `None` where there is none.
    pub half_width: Option<f64>,
}

/// Values that can be computed with: anything else counts as missing.
fn usable(value: Option<f64>) -> Option<f64> {
    value.filter(|value| value.is_finite())
}

#[cfg(test)]
mod tests;
