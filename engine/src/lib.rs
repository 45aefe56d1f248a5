//! goshawk-engine
