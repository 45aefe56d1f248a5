//! What a folder is that is neither of a run nor of a study: what was looked for, and what to do.

use std::fs;
use std::path::{Path, PathBuf};

use goshawk_output::MANIFEST_FILE;

use super::shell_word;
use crate::study::folder::Records;

/// Folders below that are named as what may have been meant.
const NAMED: usize = 5;

/// In words why nothing can be done with a folder; `None` of a run's or a study's.
pub(super) fn neither(folder: &Path) -> Option<String> {
    if is_either(folder) {
        return None;
    }
    let word = shell_word(folder);
    match fs::metadata(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Some(format!(
                "there is no folder {word}; give the folder that goshawk run or goshawk study has written to, which its \
                 --out says"
            ));
        }
        Err(error) => return Some(format!("cannot look at {word}: {error}")),
        Ok(found) if !found.is_dir() => {
            return Some(format!("{word} is a file; give the folder of a run or of a study"));
        }
        Ok(_) => {}
    }
    let mut said = format!(
        "{word} is the folder of neither a run nor a study: it has no {MANIFEST_FILE}, which a run and a point of a study leave \
         when they end, and no commits/, which a study writes from its beginning"
    );
    if folder.join(".partial").is_dir() {
        said.push_str(
            "; .partial says that a run is writing there, or was ended before its end: give it again",
        );
        return Some(said);
    }
    let mut below: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|it| it.path()).collect();
    below.retain(|path| is_either(path));
    below.sort();
    if below.is_empty() {
        said.push_str("; give the folder that --out of goshawk run or goshawk study says");
        return Some(said);
    }
    let named: Vec<String> = below.iter().take(NAMED).map(|path| shell_word(path)).collect();
    said.push_str(&format!("; below it are {}", named.join(", ")));
    if below.len() > NAMED {
        said.push_str(&format!(" and {} more", below.len() - NAMED));
    }
    Some(said)
}

fn is_either(folder: &Path) -> bool {
    folder.join(MANIFEST_FILE).exists() || Records::are_in(folder)
}
