//! The processor time of this process: the machine may be shared.

#[cfg(unix)]
pub(crate) fn nanoseconds() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}

/// Where a process is not told its processor time, the wall clock has to do.
#[cfg(not(unix))]
#[allow(clippy::disallowed_methods, reason = "measures time")]
pub(crate) fn nanoseconds() -> f64 {
    use std::sync::LazyLock;
    use std::time::Instant;
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed().as_secs_f64() * 1e9
}
