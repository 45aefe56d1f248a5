//! Python with the packages of `tests/requirements.txt`, installed once below the target folder.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The packages that the tests pin.
const REQUIREMENTS: &str = include_str!("../../requirements.txt");
const STAMP: &str = "requirements.txt";

/// The folder of the packages, for `PYTHONPATH`.
///
/// # Panics
/// When they cannot be installed, with what pip said.
pub(crate) fn packages() -> PathBuf {
    // The target folder is the parent of the folder that cargo gives tests.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("a folder in the target folder");
    let packages = target.join("python-packages");
    fs::create_dir_all(&packages).expect("the target folder can be written to");
    // Tests of several binaries may want them at the same time.
    let lock =
        File::create(target.join("python-packages.lock")).expect("the target folder can be written to");
    lock.lock().expect("the target folder has locks");
    let stamp = packages.join(STAMP);
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == REQUIREMENTS) {
        return packages;
    }
    fs::remove_dir_all(&packages).expect("the packages' folder can be emptied");
    fs::create_dir_all(&packages).expect("the target folder can be written to");
    install(&packages);
    fs::write(stamp, REQUIREMENTS).expect("the target folder can be written to");
    packages
}

fn install(packages: &Path) {
    let wanted = packages.with_extension("requirements.txt");
    fs::write(&wanted, REQUIREMENTS).expect("the target folder can be written to");
    let done = Command::new("python3")
        .args(["-m", "pip", "install", "--quiet", "--no-deps", "--disable-pip-version-check", "--target"])
        .arg(packages)
        .arg("--requirement")
        .arg(&wanted)
        .output()
        .expect("these tests need python3 on the PATH");
    assert!(
        done.status.success(),
        "these tests need the Python packages of tests/requirements.txt, and pip could not install \
         them into {}:\n{}",
        packages.display(),
        String::from_utf8_lossy(&done.stderr)
    );
}
