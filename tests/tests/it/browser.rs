//! A headless browser with the packages of `tests/browser/package-lock.json`, installed once below the target folder.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

const PACKAGE: &str = include_str!("../../browser/package.json");
const LOCK: &str = include_str!("../../browser/package-lock.json");
const SCRIPT: &str = include_str!("../../browser/report.mjs");
const STAMP: &str = "installed.json";
/// Where browsers of this family are.
const BROWSERS: [&str; 5] = [
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
    "/opt/google/chrome/chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/// A browser and what drives it.
pub(crate) struct Browser {
    chromium: PathBuf,
    folder: PathBuf,
}

impl Browser {
    /// The browser of this machine. Without one nothing is checked, and that is said; in CI it is a failure.
    ///
    /// # Panics
    /// In CI without a browser or Node.js; anywhere when the packages cannot be installed.
    pub(crate) fn find() -> Option<Self> {
        match chromium().ok_or("Chromium (Debian's package is chromium; or CHROMIUM=path)").and_then(|path| {
            let has_node =
                Command::new("node").arg("--version").output().is_ok_and(|done| done.status.success());
            if has_node { Ok(path) } else { Err("Node.js 20 or later with npm") }
        }) {
            Ok(chromium) => Some(Self { chromium, folder: packages() }),
            Err(lacking) => {
                let message = format!("reports were NOT opened in a browser: this needs {lacking}");
                assert!(std::env::var_os("CI").is_none(), "{message}");
                // Past the test's captured output: who has no browser is to know that nothing was checked.
                let _ = writeln!(std::io::stderr(), "\n{message}\n");
                None
            }
        }
    }

    /// Opens a report and checks it; the page's numbers and queries go to `queries`. What was checked, in words.
    ///
    /// # Panics
    /// When something is wrong, with all that is.
    pub(crate) fn check(&self, page: &Path, summary: &Path, queries: &Path) -> String {
        let done = Command::new("node")
            .arg(self.folder.join("report.mjs"))
            .args([page, summary, queries])
            .env("CHROMIUM", &self.chromium)
            .output()
            .expect("node has just answered");
        let said = String::from_utf8_lossy(&done.stdout).into_owned();
        assert!(done.status.success(), "{said}\n{}", String::from_utf8_lossy(&done.stderr));
        said
    }
}

fn chromium() -> Option<PathBuf> {
    let named = std::env::var_os("CHROMIUM").map(PathBuf::from);
    named.into_iter().chain(BROWSERS.map(PathBuf::from)).find(|path| path.is_file())
}

/// The folder of the packages and the script.
fn packages() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("a folder in the target folder");
    let folder = target.join("browser-packages");
    fs::create_dir_all(&folder).expect("the target folder can be written to");
    // Tests of several binaries may want them at the same time.
    let lock =
        File::create(target.join("browser-packages.lock")).expect("the target folder can be written to");
    lock.lock().expect("the target folder has locks");
    // Another test may be running the script: what is there already stays as it is.
    let write = |name: &str, text: &str| {
        if fs::read_to_string(folder.join(name)).is_ok_and(|there| there == text) {
            return;
        }
        fs::write(folder.join(name), text).expect("the target folder can be written to");
    };
    write("report.mjs", SCRIPT);
    let stamp = folder.join(STAMP);
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == LOCK) {
        return folder;
    }
    write("package.json", PACKAGE);
    write("package-lock.json", LOCK);
    let done = Command::new("npm")
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .current_dir(&folder)
        .output()
        .expect("these tests need npm on the PATH");
    assert!(
        done.status.success(),
        "these tests need the packages of tests/browser/package-lock.json, and npm could not install them into {}:\n{}",
        folder.display(),
        String::from_utf8_lossy(&done.stderr)
    );
    fs::write(stamp, LOCK).expect("the target folder can be written to");
    folder
}
