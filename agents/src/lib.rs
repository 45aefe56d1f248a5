//! The actors of the community: households, operators, market, platform, validators.

pub mod weather;
