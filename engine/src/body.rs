//! An actor as the engine holds it.

use std::fmt;

use crate::actor::{Actor, Model};
use crate::process::ProcessBody;

/// What acts at an address.
pub(crate) enum Body<M: Model> {
    Handler(Box<dyn Actor<M>>),
    Process(ProcessBody<M>),
    /// It acts no more.
    Retired,
}

impl<M: Model> fmt::Debug for Body<M> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Handler(_) => "Handler",
            Self::Process(_) => "Process",
            Self::Retired => "Retired",
        })
    }
}
