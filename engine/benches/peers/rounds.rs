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
    /// Of what was done.
    pub(crate) checksum: u64,
}

impl Sample {
    fn did(&self) -> (u64, u64) {
        (self.operations, self.checksum)
    }

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

/// Runs all arms in turn, those whose name or title contain the filter, and prints a table of them.
pub(crate) fn measure(title: &str, mut arms: Vec<Arm>, rounds: usize, filter: &str) -> Group {
    arms.retain(|arm| arm.name.contains(filter) || title.contains(filter));
    let mut samples: Vec<Vec<Sample>> = vec![Vec::new(); arms.len()];
    for round in 0..rounds {
        for turn in 0..arms.len() {
            let arm = if round % 2 == 0 { turn } else { arms.len() - 1 - turn };
            samples[arm].push((arms[arm].run)());
        }
    }
    if !arms.is_empty() {
        println!("\n{title}, {rounds} rounds");
        println!("{:34} {:>9} {:>9} {:>9}", "", "ns median", "ns least", "million/s");
    }
    let measured = arms.iter().zip(&samples).map(|(arm, samples)| {
        let each = samples.iter().map(|sample| sample.nanoseconds / sample.operations as f64);
        Measured::new(arm.name, each.collect())
    });
    let measured = measured.inspect(Measured::print).collect();
    Group { measured, did: samples.iter().map(|samples| samples.iter().map(Sample::did).collect()).collect() }
}

/// What came of arms that took turns.
pub(crate) struct Group {
    pub(crate) measured: Vec<Measured>,
    /// Operations and checksums, by arm and round.
    did: Vec<Vec<(u64, u64)>>,
}

impl Group {
    /// # Panics
    /// If two runs did not do the same.
    pub(crate) fn assert_alike(&self) {
        let Some(&first) = self.did.first().and_then(|runs| runs.first()) else { return };
        for (arm, runs) in self.measured.iter().zip(&self.did) {
            let other = runs.iter().find(|&&did| did != first);
            assert_eq!(
                other, None,
                "{} does not do the same as {}: {first:x?}",
                arm.name, self.measured[0].name
            );
        }
        println!("all did the same: {} operations, checksum {:016x}", first.0, first.1);
    }

    /// The least median among the arms whose name begins with this.
    pub(crate) fn best(&self, name: &str) -> Option<f64> {
        let arms = self.measured.iter().filter(|arm| arm.name.starts_with(name));
        arms.map(|arm| arm.median).min_by(f64::total_cmp)
    }

    /// Prints how many times as much the best of `theirs` takes as the best of `ours`, if both were measured.
    pub(crate) fn print_ratio(&self, name: &str, theirs: &str, ours: &str) {
        if let (Some(theirs), Some(ours)) = (self.best(theirs), self.best(ours)) {
            println!("ratio {name} {:.2}", theirs / ours);
        }
    }
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
