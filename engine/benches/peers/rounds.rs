//! Arms that take turns, and what came of them.
//!
//! All arms of a group run once a round, in one process, and the order is turned around from round to round: what
//! the machine does meanwhile falls on all of them alike. Only [`Sample::nanoseconds`], the processor time of the run itself,
//! counts; building the simulation and taking it down does not.

use crate::clock;

/// What one run of an arm did, and what it took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    /// Processor time.
    pub(crate) nanoseconds: f64,
    /// Events or messages.
    pub(crate) operations: u64,
    /// Of what was done, the same for every arm of the group.
    pub(crate) checksum: u64,
}

impl Sample {
    /// Times a run that returns its operations and checksum beside what it would be a pity to drop within the time.
    pub(crate) fn of<T>(run: impl FnOnce() -> T) -> (f64, T) {
        let start = clock::nanoseconds();
        let result = run();
        (clock::nanoseconds() - start, result)
    }
}

/// One way to do what the group is about.
pub(crate) struct Arm {
    pub(crate) name: &'static str,
    pub(crate) run: Box<dyn FnMut() -> Sample>,
}

impl Arm {
    pub(crate) fn new(name: &'static str, run: impl FnMut() -> Sample + 'static) -> Self {
        Self { name, run: Box::new(run) }
    }
}

/// What an arm takes for an operation, in nanoseconds of processor time.
#[derive(Debug, Clone)]
pub(crate) struct Measured {
    pub(crate) name: &'static str,
    pub(crate) median: f64,
    pub(crate) least: f64,
}

/// Runs all arms whose name contains the filter and prints a table of them.
///
/// # Panics
/// If two arms did not do the same.
pub(crate) fn compare(title: &str, arms: Vec<Arm>, rounds: usize, filter: &str) -> Vec<Measured> {
    let mut arms: Vec<Arm> = arms
        .into_iter()
        .filter(|arm| filter.is_empty() || arm.name.contains(filter) || title.contains(filter))
        .collect();
    if arms.is_empty() {
        return Vec::new();
    }
    let mut samples: Vec<Vec<Sample>> = vec![Vec::new(); arms.len()];
    for round in 0..rounds {
        for turn in 0..arms.len() {
            let arm = if round % 2 == 0 { turn } else { arms.len() - 1 - turn };
            samples[arm].push((arms[arm].run)());
        }
    }
    let first = samples[0][0];
    for (arm, samples) in arms.iter().zip(&samples) {
        for sample in samples {
            assert_eq!(
                (sample.operations, sample.checksum),
                (first.operations, first.checksum),
                "{title}: {} and {} do not do the same",
                arm.name,
                arms[0].name
            );
        }
    }
    println!("\n{title}: {} operations, {rounds} rounds, checksum {:016x}", first.operations, first.checksum);
    println!("{:34} {:>9} {:>9} {:>9}", "", "ns median", "ns least", "million/s");
    let measured = arms.iter().zip(&samples).map(|(arm, samples)| {
        let each = samples.iter().map(|sample| sample.nanoseconds / sample.operations as f64);
        Measured::new(arm.name, each.collect())
    });
    measured.inspect(Measured::print).collect()
}

impl Measured {
    pub(crate) fn new(name: &'static str, mut nanoseconds: Vec<f64>) -> Self {
        nanoseconds.sort_by(f64::total_cmp);
        let upper = nanoseconds[nanoseconds.len() / 2];
        let lower = nanoseconds[(nanoseconds.len() - 1) / 2];
        Self { name, median: (lower + upper) / 2.0, least: nanoseconds[0] }
    }

    pub(crate) fn print(&self) {
        let Self { name, median, least } = self;
        println!("{name:34} {median:9.1} {least:9.1} {:9.2}", 1e3 / median);
    }
}

/// The least median among the arms whose name begins with this.
fn best<'a>(measured: &'a [Measured], name: &str) -> Option<&'a Measured> {
    let arms = measured.iter().filter(|arm| arm.name.starts_with(name));
    arms.min_by(|one, other| one.median.total_cmp(&other.median))
}

/// Prints how many times as much the best of `theirs` takes as the best of `ours`, if both were measured.
pub(crate) fn ratio(measured: &[Measured], name: &str, theirs: &str, ours: &str) {
    if let (Some(theirs), Some(ours)) = (best(measured, theirs), best(measured, ours)) {
        println!("ratio {name} {:.2}", theirs.median / ours.median);
    }
}
