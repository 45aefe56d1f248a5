//! `goshawk sql`: the tables as views of DuckDB, and a query where a DuckDB is at hand.

use std::ffi::OsStr;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::process::Command;

use clap::{Args, ValueEnum};

use super::{BAD_INPUT, DONE, FAILED, is_neither, print, report_error, shell_word};
use crate::views::views;

/// Carries the views and the query out, and prints the answer.
const PYTHON: &str = "\
import sys, duckdb
views, query, form = sys.argv[1:]
duckdb.execute(views)
answer = duckdb.sql(query)
if answer is not None:
    if form == 'csv':
        import csv
        lines = csv.writer(sys.stdout, lineterminator='\\n')
        lines.writerow(answer.columns)
        lines.writerows(answer.fetchall())
    else:
        answer.show(max_width=10000)
";

#[derive(Debug, Args)]
pub(super) struct SqlArguments {
    /// Folder of a run or of a study.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// A query over the views, run by `duckdb` or else by `python3` with its package duckdb; without one, the views are
    /// printed.
    #[arg(value_name = "QUERY")]
    query: Option<String>,
    /// How the answer is written.
    #[arg(long, value_enum, default_value_t = SqlFormat::Table)]
    format: SqlFormat,
}

/// How the answer to a query is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SqlFormat {
    /// For people.
    Table,
    /// For spreadsheets.
    Csv,
}

pub(super) fn sql(arguments: &SqlArguments) -> u8 {
    if is_neither(&arguments.folder) {
        return BAD_INPUT;
    }
    let views = match views(&arguments.folder) {
        Ok(views) => views,
        Err(error) => {
            report_error(&error);
            return BAD_INPUT;
        }
    };
    let Some(query) = &arguments.query else { return print(&views) };
    let is_csv = arguments.format == SqlFormat::Csv;
    let mut duckdb = Command::new("duckdb");
    duckdb.args(["-bail", if is_csv { "-csv" } else { "-box" }, "-c", &views, "-c", query]);
    let mut python = Command::new("python3");
    python.args(["-c", PYTHON, &views, query, if is_csv { "csv" } else { "table" }]);
    for (command, needs) in [(&mut duckdb, None), (&mut python, Some("import duckdb"))] {
        if let Some(code) = run(command, needs) {
            return code;
        }
    }
    let word = shell_word(&arguments.folder);
    tracing::error!(
        "no DuckDB is at hand: neither duckdb nor python3 with the package duckdb is on the PATH; goshawk sql {word} prints \
         the views for another"
    );
    FAILED
}

/// Runs a command, which speaks for itself; `None` where it is not there.
fn run(command: &mut Command, needs: Option<&str>) -> Option<u8> {
    if let Some(statement) = needs {
        let probe =
            Command::new(command.get_program()).args([OsStr::new("-c"), OsStr::new(statement)]).output();
        if !probe.is_ok_and(|probe| probe.status.success()) {
            return None;
        }
    }
    match command.status() {
        Ok(status) if status.success() => Some(DONE),
        Ok(_) => Some(FAILED),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => {
            tracing::error!("cannot start {}: {error}", command.get_program().to_string_lossy());
            Some(FAILED)
        }
    }
}
