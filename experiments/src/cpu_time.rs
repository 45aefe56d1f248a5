//! The processor's time, for columns of a comparison and lines of a study's log that are not reproducible.

use std::time::Duration;

/// What this thread has used so far; `None` where the system does not say.
#[cfg(unix)]
pub(crate) fn of_this_thread() -> Option<Duration> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Some(Duration::new(u64::try_from(time.tv_sec).ok()?, u32::try_from(time.tv_nsec).ok()?))
}

/// What this thread has used so far; `None` where the system does not say.
#[cfg(not(unix))]
pub(crate) fn of_this_thread() -> Option<Duration> {
    None
}
