//! Events: defaults, curtailments, penalties, faults and whatever else is worth a line.

use crate::cell::Timestamp;
use crate::names::{Label, Name};

table! {
    /// Something noteworthy.
    EventRow in events, Events {
        /// When, UTC.
        at: Timestamp [""];
        /// To whom.
        actor: Name [""];
        /// What kind of thing.
        kind: Label [""];
        /// In words.
        detail: String [""];
    }
}
