//! The folder of a run: whose it is, what waits aside, and how finished files get into their places.
//!
//! Files are written in `.partial/`, brought to the disk, then renamed; the manifest goes last. A copy of the
//! manifest waits in `.partial/` while the renames go on, so that whoever comes after a power cut between two
//! of them knows which files are of no finished run.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{self, File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::digest::FileDigest;
use crate::error::{Attempt, OutputError};
use crate::manifest::{FileEntry, MANIFEST_FILE, Manifest, PartEntry, SCENARIO_FILE};
use crate::part::{Sealed, SealedFile};

/// Where files wait until they are whole.
pub(crate) const PARTIAL: &str = ".partial";
/// Held locked for as long as somebody writes to the folder.
const LOCK_FILE: &str = "lock";

/// What to do with a folder that holds the output of an earlier run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// Leave it alone and fail.
    Refuse,
    /// Remove the files that the earlier manifest lists, and no others.
    Overwrite,
}

/// A folder that this process, and no other, is writing a run to.
///
/// Clones are the same folder. When the last one goes, so does all that was not put in its place.
#[derive(Debug, Clone)]
pub struct OutputFolder {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    path: PathBuf,
    /// Where files wait.
    aside: PathBuf,
    /// Whether the folder itself is new, and not worth keeping when nothing comes of the run.
    created: bool,
    /// Held for as long as the folder is written to; of a folder within a study's, the study holds one.
    lock: Option<FolderLock>,
}

impl OutputFolder {
    /// Takes a folder for a new run: one that is not there yet, is empty, holds what a killed run left aside,
    /// or, where that is allowed, holds an earlier run.
    ///
    /// # Errors
    /// When the folder holds anything else, is in use, or cannot be written to.
    pub fn create(path: &Path, existing: Existing) -> Result<Self, OutputError> {
        let created = make_folder(path)?;
        if !created {
            check_content(path, existing)?;
        }
        let folder = Self::take(path, created)?;
        folder.clear_interrupted()?;
        if !created {
            folder.clear_earlier(existing)?;
        }
        Ok(folder)
    }

    /// Takes the folder of one point of a study, whose files wait in `aside`, a folder of the study's on the same file
    /// system. The caller sees to it that nobody else writes there.
    ///
    /// # Errors
    /// When one of the two folders cannot be made.
    pub fn within_study(path: &Path, aside: &Path) -> Result<Self, OutputError> {
        make_lasting_folder(path)?;
        fs::create_dir_all(aside).attempt("create", aside)?;
        let shared = Shared { path: path.to_owned(), aside: aside.to_owned(), created: false, lock: None };
        Ok(Self { shared: Arc::new(shared) })
    }

    fn take(path: &Path, created: bool) -> Result<Self, OutputError> {
        let aside = path.join(PARTIAL);
        let lock = Some(FolderLock::take(path, &aside)?);
        let shared = Shared { path: path.to_owned(), aside, created, lock };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// The folder's path.
    pub fn path(&self) -> &Path {
        &self.shared.path
    }

    /// Where files wait until they are whole; on the same file system, so that a rename suffices.
    pub fn aside(&self) -> PathBuf {
        self.shared.aside.clone()
    }

    /// Seals a file that somebody else has written aside, such as the ledger's store.
    ///
    /// `name` is its name within [`aside`](Self::aside), `target` its path within the folder.
    ///
    /// # Errors
    /// When it cannot be read or brought to the disk.
    pub fn seal(&self, name: &str, target: &str) -> Result<Sealed, OutputError> {
        let path = self.aside().join(name);
        let file = File::options().write(true).open(&path).attempt("open", &path)?;
        file.sync_all().attempt("write", &path)?;
        let digest = FileDigest::of_file(&path).attempt("read", &path)?;
        let entry = FileEntry { path: target.to_owned(), digest };
        Ok(Sealed { files: vec![SealedFile::other(path, entry)] })
    }

    /// Takes over a part that another run has written, from a file that was put [aside](Self::aside) under this name. Its
    /// digest was checked.
    pub fn take_over(&self, name: &str, part: PartEntry) -> Sealed {
        Sealed { files: vec![SealedFile::part(self.aside().join(name), part)] }
    }

    /// Puts whole files in their places before the run is done: a study's finished chunk.
    ///
    /// Until the manifest is published, whoever calls this keeps the record of what is there.
    ///
    /// # Errors
    /// When one cannot be placed; then none is.
    pub fn place(&self, sealed: Sealed) -> Result<(), OutputError> {
        self.place_all(sealed)?.keep();
        Ok(())
    }

    /// Puts everything in its place, the manifest last, and with that ends the run.
    ///
    /// What is in `sealed` and the scenario are added to the manifest's lists; parts placed earlier must be
    /// in it already. Returns the manifest as written.
    ///
    /// # Errors
    /// When anything cannot be written; then neither these files nor a manifest remain.
    pub fn publish(
        &self,
        sealed: Sealed,
        mut manifest: Manifest,
        scenario_toml: &str,
    ) -> Result<Manifest, OutputError> {
        manifest.parts.extend(sealed.parts().cloned());
        manifest.files.extend(sealed.others().cloned());
        let scenario = FileEntry {
            path: SCENARIO_FILE.to_owned(),
            digest: FileDigest::of_bytes(scenario_toml.as_bytes()),
        };
        manifest.files.push(scenario);
        let aside = self.aside();
        write_synced(&aside.join(SCENARIO_FILE), scenario_toml.as_bytes())?;
        write_synced(&aside.join(MANIFEST_FILE), manifest.to_json().as_bytes())?;
        sync_folder(&aside)?;
        let mut placed = self.place_all(sealed)?;
        for name in [SCENARIO_FILE, MANIFEST_FILE] {
            let target = self.path().join(name);
            // A study that has grown puts them in the place of its earlier ones, which nobody takes away.
            let is_new = !target.exists();
            fs::rename(aside.join(name), &target).attempt("rename a finished file to", &target)?;
            placed.files.extend(is_new.then_some(target));
        }
        sync_folder(self.path())?;
        placed.keep();
        Ok(manifest)
    }

    fn place_all(&self, mut sealed: Sealed) -> Result<Placed, OutputError> {
        let mut placed = Placed::default();
        let mut folders = BTreeSet::new();
        for file in &mut sealed.files {
            let target = self.path().join(file.target());
            if let Some(folder) = target.parent()
                && folders.insert(folder.to_owned())
                && !folder.exists()
            {
                fs::create_dir_all(folder).attempt("create", folder)?;
                placed.folders.push(folder.to_owned());
            }
            file.place(&target)?;
            placed.files.push(target);
        }
        for folder in folders.iter().map(PathBuf::as_path).chain([self.path()]) {
            sync_folder(folder)?;
        }
        Ok(placed)
    }

    /// Removes what a killed run left: files aside, and those that it had begun to put in their places.
    fn clear_interrupted(&self) -> Result<(), OutputError> {
        if !self.path().join(MANIFEST_FILE).exists()
            && let Ok(intended) = Manifest::read(&self.aside())
        {
            remove_listed(self.path(), &intended)?;
        }
        clear_aside(&self.aside())
    }

    fn clear_earlier(&self, existing: Existing) -> Result<(), OutputError> {
        if existing == Existing::Overwrite && self.path().join(MANIFEST_FILE).exists() {
            let earlier = Manifest::read(self.path())?;
            // The manifest first: parts without one are nobody's, a manifest without parts is a lie.
            let manifest = self.path().join(MANIFEST_FILE);
            fs::remove_file(&manifest).attempt("remove", &manifest)?;
            remove_listed(self.path(), &earlier)?;
        }
        Ok(())
    }
}

/// The right to write to a folder; another process that asks for it meanwhile is refused.
#[derive(Debug)]
pub struct FolderLock {
    _file: File,
}

impl FolderLock {
    /// Takes the lock in `aside`, which is made where it is not there; `path` is the folder that it guards.
    ///
    /// # Errors
    /// When somebody else has it, or it cannot be made.
    pub fn take(path: &Path, aside: &Path) -> Result<Self, OutputError> {
        fs::create_dir_all(aside).attempt("create", aside)?;
        let lock_path = aside.join(LOCK_FILE);
        let lock = File::create(&lock_path).attempt("create", &lock_path)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(OutputError::Busy { path: path.to_owned() }),
            // Some network file systems have no locks; going on without one is better than refusing them.
            Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => {}
            Err(TryLockError::Error(error)) => return Err(OutputError::io("lock", &lock_path, error)),
        }
        Ok(Self { _file: lock })
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        if self.lock.is_none() {
            // What waits there is the study's. Only ever removes an empty one.
            let _ = fs::remove_dir(&self.aside);
            return;
        }
        let _ = fs::remove_dir_all(&self.aside);
        if self.created {
            // Only ever removes an empty one.
            let _ = fs::remove_dir(&self.path);
        }
    }
}

/// Files in their places, taken away again unless kept.
#[derive(Debug, Default)]
struct Placed {
    files: Vec<PathBuf>,
    folders: Vec<PathBuf>,
}

impl Placed {
    fn keep(mut self) {
        self.files.clear();
        self.folders.clear();
    }
}

impl Drop for Placed {
    fn drop(&mut self) {
        for file in self.files.iter().rev() {
            let _ = fs::remove_file(file);
        }
        for folder in self.folders.iter().rev() {
            let _ = fs::remove_dir(folder);
        }
    }
}

/// Makes a folder that is not there, and its parents, and brings each one's name to the disk: what is synced within a folder
/// is lost all the same as long as the folder's own name is not.
///
/// # Errors
/// When one cannot be made, or something else is in its place.
pub fn make_lasting_folder(path: &Path) -> Result<(), OutputError> {
    let missing: Vec<&Path> =
        path.ancestors().take_while(|it| !it.as_os_str().is_empty() && !it.exists()).collect();
    make_folder(path)?;
    // The uppermost first, as it was made.
    for made in missing.into_iter().rev() {
        let parent = made.parent().filter(|parent| !parent.as_os_str().is_empty());
        sync_folder(parent.unwrap_or(Path::new(".")))?;
    }
    Ok(())
}

/// Makes the folder if it is not there; whether it was made.
fn make_folder(path: &Path) -> Result<bool, OutputError> {
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => Ok(false),
        Ok(_) => Err(OutputError::NotAFolder { path: path.to_owned() }),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            fs::create_dir_all(path).attempt("create", path).map(|()| true)
        }
        Err(error) if error.kind() == ErrorKind::NotADirectory => {
            Err(OutputError::NotAFolder { path: path.to_owned() })
        }
        Err(error) => Err(OutputError::io("look at", path, error)),
    }
}

/// Whether a new run may have a folder that is there already.
fn check_content(path: &Path, existing: Existing) -> Result<(), OutputError> {
    let mut names = Vec::new();
    for entry in fs::read_dir(path).attempt("list", path)? {
        names.push(entry.attempt("list", path)?.file_name());
    }
    if names.iter().any(|name| name == MANIFEST_FILE) {
        return match (Manifest::read(path), existing) {
            (Ok(manifest), _) if manifest.study.is_some() => {
                Err(OutputError::PointOfStudy { path: path.to_owned() })
            }
            (Ok(_), Existing::Overwrite) => Ok(()),
            (Ok(_), Existing::Refuse) => Err(OutputError::EarlierOutput { path: path.to_owned() }),
            (Err(OutputError::Manifest { .. }), _) => Err(OutputError::NotEmpty { path: path.to_owned() }),
            (Err(error), _) => Err(error),
        };
    }
    let aside = path.join(PARTIAL);
    let interrupted = aside.join(LOCK_FILE).exists();
    // Of a run that was killed while its files were put in their places, its own are no obstacle.
    let intended = Manifest::read(&aside).ok();
    let is_leftover = |name: &OsStr| {
        interrupted
            && (name == PARTIAL
                || intended.as_ref().is_some_and(|manifest| {
                    manifest.paths().any(|path| Path::new(path).iter().next() == Some(name))
                }))
    };
    match names.iter().all(|name| is_leftover(name)) {
        true => Ok(()),
        false => Err(OutputError::NotEmpty { path: path.to_owned() }),
    }
}

/// Removes the files that a manifest lists, and folders that are empty then.
fn remove_listed(folder: &Path, manifest: &Manifest) -> Result<(), OutputError> {
    let mut parents = BTreeSet::new();
    for listed in manifest.paths() {
        let path = folder.join(listed);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(OutputError::io("remove", &path, error));
            }
            _ => {}
        }
        parents.extend(Path::new(listed).ancestors().skip(1).filter(|parent| *parent != Path::new("")));
    }
    for parent in parents.into_iter().rev() {
        // One that still holds something else stays.
        let _ = fs::remove_dir(folder.join(parent));
    }
    Ok(())
}

/// Empties the folder aside, the lock apart.
fn clear_aside(aside: &Path) -> Result<(), OutputError> {
    for entry in fs::read_dir(aside).attempt("list", aside)? {
        let entry = entry.attempt("list", aside)?;
        let path = entry.path();
        let is_folder = entry.file_type().attempt("look at", &path)?.is_dir();
        if is_folder {
            fs::remove_dir_all(&path).attempt("remove", &path)?;
        } else if entry.file_name() != LOCK_FILE {
            fs::remove_file(&path).attempt("remove", &path)?;
        }
    }
    Ok(())
}

fn write_synced(path: &Path, bytes: &[u8]) -> Result<(), OutputError> {
    use std::io::Write;
    let mut file = File::create(path).attempt("create", path)?;
    file.write_all(bytes).attempt("write", path)?;
    file.sync_all().attempt("write", path)
}

/// Makes renames in a folder last through a power cut.
fn sync_folder(path: &Path) -> Result<(), OutputError> {
    File::open(path).and_then(|folder| folder.sync_all()).attempt("write", path)
}
