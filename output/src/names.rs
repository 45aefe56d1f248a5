//! The texts of category columns: names that a run gives up front, and labels that the program itself knows.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::{ArrayRef, StringArray};

/// A name out of a run's [`Names`]: a household, a class, a sender, a proposer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name(u32);

impl Name {
    /// Its index in the list.
    pub fn index(self) -> usize {
        self.0 as usize
    }

    /// Its key in a dictionary column.
    pub(crate) fn key(self) -> i32 {
        self.0 as i32
    }
}

/// All names of a run, in order, each once; rows carry an index into it instead of a text.
#[derive(Debug, Clone)]
pub struct Names {
    list: Vec<String>,
    index: BTreeMap<String, Name>,
    texts: ArrayRef,
}

impl Default for Names {
    fn default() -> Self {
        Self { list: Vec::new(), index: BTreeMap::new(), texts: Arc::new(StringArray::new_null(0)) }
    }
}

impl Names {
    /// The name of a text, added to the list if it is not there yet.
    ///
    /// # Panics
    /// When there are more than 2^31 names.
    pub fn intern(&mut self, text: &str) -> Name {
        if let Some(&name) = self.index.get(text) {
            return name;
        }
        let key = i32::try_from(self.list.len()).expect("invariant: a run has fewer than 2^31 names");
        let name = Name(key as u32);
        self.list.push(text.to_owned());
        self.index.insert(text.to_owned(), name);
        name
    }

    /// The name of a text, if it is in the list.
    pub fn find(&self, text: &str) -> Option<Name> {
        self.index.get(text).copied()
    }

    /// The text of a name.
    ///
    /// # Panics
    /// When the name is of another list and beyond this one.
    pub fn text(&self, name: Name) -> &str {
        &self.list[name.index()]
    }

    /// How many names there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Builds the dictionary that batches share; after this no name is added.
    pub(crate) fn seal(&mut self) {
        self.texts = Arc::new(StringArray::from_iter_values(&self.list));
    }

    /// The dictionary that batches share.
    pub(crate) fn texts(&self) -> &ArrayRef {
        &self.texts
    }
}

/// A text that is a constant of the program: the kind of a transaction, a mechanism, a status.
///
/// Few in number, so that finding one again is a glance at a short list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Label(pub &'static str);

impl From<&'static str> for Label {
    fn from(text: &'static str) -> Self {
        Self(text)
    }
}
