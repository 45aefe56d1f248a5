//! `goshawk verify`: the audit of a run, of a study's point, or of a whole study.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use goshawk_output::{AuditReport, MANIFEST_FILE};
use serde_json::{Value, json};

use super::{BAD_INPUT, DONE, FAILED, INTERRUPTED, is_neither, print, report_error, shell_word};
use crate::study::audit::{State, StudyAudit, audit_study};
use crate::study::folder::Records;
use crate::verify::{Verification, verify as verify_run};

#[derive(Debug, Args)]
pub(super) struct VerifyArguments {
    /// Folder of a run, of a study's point, or of a study.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Shards that the study is run in: says which of them to run again.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    shards: Option<u32>,
    /// How the result is written.
    #[arg(long, value_enum, default_value_t = VerifyFormat::Table)]
    format: VerifyFormat,
}

/// How what was found is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum VerifyFormat {
    /// For people.
    Table,
    /// For programs.
    Json,
}

pub(super) fn verify(arguments: &VerifyArguments) -> u8 {
    let folder = &arguments.folder;
    if is_neither(folder) {
        return BAD_INPUT;
    }
    if !folder.join(MANIFEST_FILE).exists() && Records::are_in(folder) {
        return verify_study(folder, arguments);
    }
    if arguments.shards.is_some() {
        tracing::error!("{} holds no study: only a study has shards", folder.display());
        return BAD_INPUT;
    }
    match verify_run(folder) {
        Err(error) => {
            tracing::error!("{error}");
            BAD_INPUT
        }
        Ok(verification) => {
            let text = match arguments.format {
                VerifyFormat::Table => verification.to_string(),
                VerifyFormat::Json => format!("{:#}\n", run_json(&verification)),
            };
            let printed = print(&text);
            if verification.passed() { printed } else { FAILED }
        }
    }
}

fn verify_study(folder: &Path, arguments: &VerifyArguments) -> u8 {
    let audit = match audit_study(folder) {
        Ok(audit) => audit,
        Err(error) => {
            report_error(&error);
            return if error.is_bad_input() { BAD_INPUT } else { FAILED };
        }
    };
    let text = match arguments.format {
        VerifyFormat::Table => format!("{audit}{}", advice(&audit, folder, arguments.shards)),
        VerifyFormat::Json => {
            let mut value = serde_json::to_value(&audit).expect("invariant: an audit has text keys");
            value["passed"] = json!(audit.passed());
            value["state"] = json!(audit.state());
            value["shards_to_run"] = json!(arguments.shards.map(|count| audit.shards_to_run(count)));
            format!("{value:#}\n")
        }
    };
    match (print(&text), audit.state()) {
        (DONE, State::Unfinished) => INTERRUPTED,
        (DONE, State::Damaged) => FAILED,
        (printed, _) => printed,
    }
}

/// What to do about replicates that failed and chunks that are missing.
fn advice(audit: &StudyAudit, folder: &Path, shards: Option<u32>) -> String {
    let word = shell_word(folder);
    let mut text = String::new();
    if let Some(one) = audit.failed.first() {
        let (scenario, replicate) = (&one.scenario, one.failed.replicate);
        text.push_str(&format!(
            "See one alone: goshawk replay {word} --scenario {scenario} --replicate {replicate}\n"
        ));
    }
    if audit.state() != State::Whole && (!audit.missing.is_empty() || audit.is_unpublished) {
        let grown =
            if audit.has_grown { format!(" --replicates {}", audit.replicates) } else { String::new() };
        text.push_str(&format!("Go on with it: goshawk study STUDY --out {word} --resume{grown}\n"));
    }
    if let Some(count) = shards.filter(|_| !audit.missing.is_empty()) {
        let wanted: Vec<String> = audit.shards_to_run(count).iter().map(u32::to_string).collect();
        text.push_str(&format!("Shards of {count} to run again: --array={}\n", wanted.join(",")));
    }
    if text.is_empty() { text } else { format!("\n{text}") }
}

fn checks(report: &AuditReport) -> Vec<Value> {
    let check = |check: &goshawk_output::CheckReport| {
        let findings: Vec<String> = check.findings.iter().map(ToString::to_string).collect();
        json!({
            "check": check.check.text(), "examined": check.examined, "failed": check.failed,
            "findings": findings, "skipped": check.skipped,
        })
    };
    report.checks.iter().map(check).collect()
}

fn run_json(verification: &Verification) -> Value {
    let ledger = verification.chain.as_ref().map(|chain| {
        let (blocks, faults) = match &chain.replayed {
            Ok(report) => (Some(report.heights), [].as_slice()),
            Err(faults) => (None, faults.as_slice()),
        };
        json!({
            "blocks": blocks, "faults": faults, "differences": chain.differences,
            "differences_more": chain.more,
        })
    });
    json!({
        "passed": verification.passed(), "checks": checks(&verification.tables), "ledger": ledger,
        "ledger_has_no_store": verification.has_no_store,
    })
}
