//! Sinks of one type that can be switched on and off while a simulation runs.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;

/// Collects what actors observe, when it is on; when it is off, what they would record is not even computed.
///
/// Clones collect into the same place: one is kept outside, others are given to the actors, of either kind.
///
/// ```
/// use goshawk_engine::Probe;
/// let queue_lengths = Probe::<usize>::new();
/// let given_to_an_actor = queue_lengths.clone();
/// given_to_an_actor.record(|| unreachable!("it is off"));
/// queue_lengths.switch(true);
/// given_to_an_actor.record(|| 3);
/// assert_eq!(queue_lengths.take(), [3]);
/// ```
pub struct Probe<T> {
    inner: Rc<Inner<T>>,
}

struct Inner<T> {
    is_on: Cell<bool>,
    rows: RefCell<Vec<T>>,
}

impl<T> Probe<T> {
    /// Switched off.
    pub fn new() -> Self {
        Self { inner: Rc::new(Inner { is_on: Cell::new(false), rows: RefCell::new(Vec::new()) }) }
    }

    /// Switches it on or off, for all clones; what was collected stays.
    pub fn switch(&self, on: bool) {
        self.inner.is_on.set(on);
    }

    /// Whether it is on.
    #[inline]
    pub fn is_on(&self) -> bool {
        self.inner.is_on.get()
    }

    /// Collects what `row` makes, if it is on.
    #[inline]
    pub fn record(&self, row: impl FnOnce() -> T) {
        if self.is_on() {
            let row = row();
            self.inner.rows.borrow_mut().push(row);
        }
    }

    /// Takes out what was collected, in the order of recording.
    pub fn take(&self) -> Vec<T> {
        self.inner.rows.take()
    }
}

impl<T> Clone for Probe<T> {
    fn clone(&self) -> Self {
        Self { inner: Rc::clone(&self.inner) }
    }
}

impl<T> Default for Probe<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> fmt::Debug for Probe<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Probe")
            .field("is_on", &self.is_on())
            .field("rows", &self.inner.rows.borrow().len())
            .finish()
    }
}
