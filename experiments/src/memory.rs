//! This process's memory, for the estimate of a study.

/// What it has now, in bytes; `None` where the system does not say.
pub(crate) fn now_bytes() -> Option<u64> {
    field("VmRSS:")
}

/// The most that it has had, in bytes; `None` where the system does not say.
pub(crate) fn at_most_bytes() -> Option<u64> {
    field("VmHWM:")
}

/// A field of Linux's status of the process, which is in units of 1,024 bytes.
fn field(name: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kibibytes| kibibytes * 1024)
}
