//! The processor time of this thread: the machine may be shared.

#![allow(clippy::disallowed_methods, reason = "measures time")]

use std::sync::OnceLock;
use std::time::Instant;

/// Whether the platform tells a thread's processor time.
pub(crate) const HAS_CPU_TIME: bool = cfg!(target_os = "linux");

/// Seconds of processor time of this thread, or of the wall clock where there is none.
pub(crate) fn seconds() -> f64 {
    static START: OnceLock<Instant> = OnceLock::new();
    let start = *START.get_or_init(Instant::now);
    std::fs::read_to_string("/proc/thread-self/schedstat")
        .ok()
        .and_then(|text| text.split(' ').next()?.parse::<f64>().ok())
        .map_or_else(|| start.elapsed().as_secs_f64(), |nanoseconds| nanoseconds * 1e-9)
}
