//! The command line of goshawk.

use std::process::ExitCode;

fn main() -> ExitCode {
    goshawk::cli::main()
}
