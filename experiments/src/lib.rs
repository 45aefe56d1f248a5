//! goshawk
