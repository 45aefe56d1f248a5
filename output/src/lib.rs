//! goshawk-output
