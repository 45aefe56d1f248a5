//! goshawk-agents
