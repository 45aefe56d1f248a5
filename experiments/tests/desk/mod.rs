//! The program at work in a folder of its own, which goes with the test: what was given, what was said, what is left.

#![allow(dead_code, reason = "no test uses all of it")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// The program.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_goshawk");
/// Exit code: done.
pub(crate) const DONE: i32 = 0;
/// Exit code: failed.
pub(crate) const FAILED: i32 = 1;
/// Exit code: bad usage or input.
pub(crate) const BAD_INPUT: i32 = 2;
/// Exit code: interrupted, or not finished.
pub(crate) const INTERRUPTED: i32 = 75;

/// The folder of the scenarios that ship.
pub(crate) fn scenarios() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios").canonicalize().unwrap()
}

/// The program, with the log as it is without the environment of whoever tests.
pub(crate) fn goshawk() -> Command {
    let mut command = Command::new(PROGRAM);
    command.env_remove("GOSHAWK_LOG");
    command
}

/// A folder that goes with the test.
pub(crate) struct Desk {
    pub(crate) home: TempDir,
}

/// What the program said and how it ended.
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}

impl Said {
    /// It ended with this code.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}\n{}", self.out, self.err);
        self
    }

    /// It said this on standard error.
    #[track_caller]
    pub(crate) fn expect_told(self, what: &str) -> Self {
        assert!(self.err.contains(what), "no {what:?} in: {}", self.err);
        self
    }

    /// It said this, on whichever.
    #[track_caller]
    pub(crate) fn told(&self, what: &str) {
        let (out, err) = (&self.out, &self.err);
        assert!(out.contains(what) || err.contains(what), "no {what:?} in: {out}\n{err}");
    }

    /// What it printed.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap()
    }
}

impl Desk {
    /// With nothing on it.
    pub(crate) fn new() -> Self {
        Self { home: tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap() }
    }

    /// Of something on it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Puts a file on it, in which `SCENARIOS` is the folder of the scenarios that ship.
    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text.replace("SCENARIOS", scenarios().to_str().unwrap())).unwrap();
    }

    /// What is in a file on it.
    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// The program, to be started there.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = goshawk();
        command.args(arguments).current_dir(self.home.path());
        command
    }

    /// What the program says to these arguments.
    pub(crate) fn give(&self, arguments: &[&str]) -> Said {
        self.command(arguments).output().unwrap().into()
    }
}
