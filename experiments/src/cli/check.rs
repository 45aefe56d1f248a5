//! `goshawk check`: every problem of a scenario, before anything runs.

use clap::Args;

use super::{ScenarioArguments, color_of_stderr, print, report_problems};
use crate::scenario::render;

#[derive(Debug, Args)]
pub(super) struct CheckArguments {
    #[command(flatten)]
    scenario: ScenarioArguments,
    /// Print the effective scenario, with every default written out.
    #[arg(long)]
    effective: bool,
}

pub(super) fn check(arguments: &CheckArguments) -> u8 {
    match arguments.scenario.load() {
        Err(problems) => report_problems(&problems),
        Ok(loaded) if arguments.effective => print(&loaded.effective_toml),
        Ok(loaded) => {
            let scenario = &loaded.scenario;
            eprint!("{}", render(&loaded.warnings, color_of_stderr()));
            let but = match loaded.warnings.len() {
                0 => String::new(),
                1 => " but 1 warning".to_owned(),
                count => format!(" but {count} warnings"),
            };
            let households = scenario.household_count();
            let mut text = format!(
                "{}: no problems{but}; {households} households, {} periods of {} minutes from {} in {}\n",
                scenario.name,
                scenario.time.period_count(),
                scenario.time.period_minutes,
                scenario.time.start,
                scenario.time.zone,
            );
            for remark in &loaded.remarks {
                text.push_str(&format!("note: {remark}\n"));
            }
            text.push_str("every field with its value, defaults too: the same command with --effective\n");
            print(&text)
        }
    }
}
