//! The command line: what may be typed, and what each command returns.
//!
//! Results go to standard output, everything else to standard error. Exit codes: 0 done, 1 failed, 2 bad usage or
//! input, 75 interrupted.

mod calibrate;
mod check;
mod compare;
mod init;
mod log;
mod paper;
mod plan;
mod progress;
mod prove;
mod replay;
mod report;
mod run;
mod schema;
mod sql;
mod study;
mod summary;
mod table;
mod verify;
mod verify_proof;
mod what_is_there;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use clap::{Args, Parser, Subcommand, ValueEnum};
use goshawk_agents::journal::Progress;

/// Done.
const DONE: u8 = 0;
/// Failed.
const FAILED: u8 = 1;
/// Bad usage or input.
const BAD_INPUT: u8 = 2;
/// Interrupted; the same command may be given again.
const INTERRUPTED: u8 = 75;

/// Simulates a market in which electric-vehicle households sell each other stored solar energy.
#[derive(Debug, Parser)]
#[command(name = "goshawk", version, max_term_width = 100)]
struct Arguments {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Args)]
struct Global {
    /// Say nothing but results and errors.
    #[arg(long, short, global = true)]
    quiet: bool,
    /// Say more; twice, still more.
    #[arg(long, short, global = true, action = clap::ArgAction::Count, conflicts_with = "quiet")]
    verbose: u8,
    /// How log lines are written.
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Text)]
    log_format: LogFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LogFormat {
    /// For people.
    Text,
    /// A JSON object a line.
    Json,
}

/// How a result is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Table,
    /// For programs.
    Json,
    /// For spreadsheets.
    Csv,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a scenario and write its tables.
    Run(run::RunArguments),
    /// Run many replicates of a scenario, at one point or at those of a design.
    Study(study::StudyArguments),
    /// Say what a study will take, before anything runs.
    Plan(plan::PlanArguments),
    /// Run one replicate of a study again, alone, with all tables and the ledger.
    Replay(replay::ReplayArguments),
    /// Run a scenario under several mechanisms with the same random numbers, and compare them.
    Compare(compare::CompareArguments),
    /// Fit fields of scenarios to tables of targets.
    Calibrate(calibrate::CalibrateArguments),
    /// Set the tables and claims of the paper that this market follows beside ours.
    Paper(paper::PaperArguments),
    /// Audit a run or a study: files, conservation of energy and money, ledger, and what is missing.
    Verify(verify::VerifyArguments),
    /// Write a proof that a trade of a run is in its ledger, for somebody who has only the hash of a block.
    Prove(prove::ProveArguments),
    /// Check such a proof.
    VerifyProof(verify_proof::VerifyProofArguments),
    /// Report every problem of a scenario before anything runs.
    Check(check::CheckArguments),
    /// Print the key figures of a run, or what a study says.
    Summary(summary::SummaryArguments),
    /// Write a run, a study or a folder of runs as one HTML page, and its figures as files.
    Report(report::ReportArguments),
    /// Print the tables of a run or a study as views of DuckDB, or answer a query.
    Sql(sql::SqlArguments),
    /// Write a scenario to begin with.
    Init(init::InitArguments),
    /// Print the JSON Schema of scenario or study files.
    Schema(schema::SchemaArguments),
}

/// A scenario and what is to be changed in it.
#[derive(Debug, Args)]
struct ScenarioArguments {
    #[command(flatten)]
    file: ScenarioFile,
    /// Same as --set market.mechanism=M.
    #[arg(long, value_name = "M")]
    mechanism: Option<String>,
}

impl ScenarioArguments {
    fn load(&self) -> Result<crate::scenario::Loaded, crate::scenario::Problems> {
        let set = self.mechanism.as_ref().map(|mechanism| format!("market.mechanism={mechanism}"));
        self.file.load(set)
    }
}

/// The same where the mechanism is not the scenario's.
#[derive(Debug, Args)]
struct ScenarioFile {
    /// Scenario file (TOML).
    #[arg(value_name = "SCENARIO")]
    scenario: PathBuf,
    #[command(flatten)]
    changes: ScenarioChanges,
}

/// What is to be changed in a scenario.
#[derive(Debug, Args)]
struct ScenarioChanges {
    /// Change a field: `--set portraits.A.count=10`; may be repeated.
    #[arg(long = "set", value_name = "PATH=VALUE")]
    sets: Vec<String>,
    /// Same as --set seed=N.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Same as --set time.days=N.
    #[arg(long, value_name = "N")]
    days: Option<u32>,
}

impl ScenarioFile {
    fn load(
        &self,
        more: impl IntoIterator<Item = String>,
    ) -> Result<crate::scenario::Loaded, crate::scenario::Problems> {
        crate::scenario::load(&self.scenario, &self.changes.sets(more))
    }
}

impl ScenarioChanges {
    /// All of them in the form of `--set`.
    fn sets(&self, more: impl IntoIterator<Item = String>) -> Vec<String> {
        let mut sets = self.sets.clone();
        sets.extend(self.seed.map(|seed| format!("seed={seed}")));
        sets.extend(self.days.map(|days| format!("time.days={days}")));
        sets.extend(more);
        sets
    }
}

/// Reads the arguments and carries them out.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    log::start(&arguments.global);
    let quiet = arguments.global.quiet;
    let code = match &arguments.command {
        Command::Run(arguments) => run::run(arguments, quiet),
        Command::Study(arguments) => study::study(arguments, quiet),
        Command::Plan(arguments) => plan::plan(arguments),
        Command::Replay(arguments) => replay::replay(arguments, quiet),
        Command::Compare(arguments) => compare::compare(arguments, quiet),
        Command::Calibrate(arguments) => calibrate::calibrate(arguments, quiet),
        Command::Paper(arguments) => paper::paper(arguments, quiet),
        Command::Verify(arguments) => verify::verify(arguments),
        Command::Prove(arguments) => prove::prove(arguments),
        Command::VerifyProof(arguments) => verify_proof::verify_proof(arguments),
        Command::Check(arguments) => check::check(arguments),
        Command::Summary(arguments) => summary::summary(arguments),
        Command::Report(arguments) => report::report(arguments),
        Command::Sql(arguments) => sql::sql(arguments),
        Command::Init(arguments) => init::init(arguments),
        Command::Schema(arguments) => schema::schema(arguments),
    };
    ExitCode::from(code)
}

/// Writes a result to standard output. A reader that has closed the pipe has read enough.
fn print(text: &str) -> u8 {
    use std::io::Write as _;
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Ok(()) => DONE,
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => DONE,
        Err(error) => {
            tracing::error!("cannot write to standard output: {error}");
            FAILED
        }
    }
}

/// A path as one word of a shell's command line.
fn shell_word(path: &std::path::Path) -> String {
    let path = path.display().to_string();
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "_./-".contains(letter);
    if !path.is_empty() && path.chars().all(plain) {
        return path;
    }
    format!("'{}'", path.replace('\'', r"'\''"))
}

/// Sets a flag on Ctrl-C and SIGTERM.
fn stop_on_signals(progress: &Arc<Progress>) {
    let progress = Arc::clone(progress);
    let stop = move || progress.stop.store(true, Ordering::Relaxed);
    if let Err(error) = ctrlc::set_handler(stop) {
        tracing::warn!("signals will end the run without a word: {error}");
    }
}

/// Whether a folder is neither of a run nor of a study, which is reported.
fn is_neither(folder: &std::path::Path) -> bool {
    let said = what_is_there::neither(folder);
    if let Some(said) = &said {
        tracing::error!("{said}");
    }
    said.is_some()
}

/// Reports an error and what caused it.
fn report_error(error: &dyn std::error::Error) {
    let mut said = error.to_string();
    tracing::error!("{said}");
    let mut source = error.source();
    while let Some(cause) = source {
        // Some errors say their cause themselves.
        if !said.contains(&cause.to_string()) {
            said = cause.to_string();
            tracing::error!("  because {said}");
        }
        source = cause.source();
    }
}

/// Reports the problems of a scenario.
fn report_problems(problems: &crate::scenario::Problems) -> u8 {
    eprint!("{}", problems.render(color_of_stderr()));
    BAD_INPUT
}

fn color_of_stderr() -> crate::scenario::Color {
    use std::io::IsTerminal as _;
    if std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none() {
        crate::scenario::Color::Always
    } else {
        crate::scenario::Color::Never
    }
}

/// Before a run: what was asked for and does not happen, and what is hardly meant.
fn remark_upon(loaded: &crate::scenario::Loaded) {
    for remark in &loaded.remarks {
        tracing::info!("{remark}");
    }
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
}
