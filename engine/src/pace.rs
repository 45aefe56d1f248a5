//! How fast simulated time may pass.

use crate::time::{SimDuration, SimTime};

/// Lets simulated time pass no faster than it should, as in a demonstration, or with hardware in the loop.
///
/// The engine reads no clock itself: who runs it brings one.
pub trait Pacer {
    /// Called before the clock moves to `time`: returns when it may.
    ///
    /// # Errors
    /// When it is too late for `time` by more than is tolerated: by how much.
    fn wait_until(&mut self, time: SimTime) -> Result<(), SimDuration>;
}

/// As fast as possible.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unpaced;

impl Pacer for Unpaced {
    #[inline]
    fn wait_until(&mut self, _: SimTime) -> Result<(), SimDuration> {
        Ok(())
    }
}
