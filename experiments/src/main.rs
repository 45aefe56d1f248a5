//! The command line of goshawk.

use std::process::ExitCode;

/// Rows are made in one thread and written in another, which the system's own allocator pays for with page faults.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    goshawk::cli::main()
}
