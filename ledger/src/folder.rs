//! A new file's name survives a power failure only when its folder is on the disk too.

use std::fs::File;
use std::path::Path;

/// Waits until the folder of a file is on the disk. Not every system can say so, so nothing follows from a failure.
pub(crate) fn sync_folder_of(file: &Path) {
    if let Ok(folder) = File::open(folder_of(file)) {
        let _ = folder.sync_all();
    }
}

/// The folder of a file; a bare name is in the current one.
fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_name_is_in_the_current_folder() {
        assert_eq!(folder_of(Path::new("chain.redb")), Path::new("."));
        assert_eq!(folder_of(Path::new("out/chain.redb")), Path::new("out"));
        assert_eq!(folder_of(Path::new("/chain.redb")), Path::new("/"));
        assert!(File::open(folder_of(Path::new("chain.redb"))).is_ok());
    }
}
