//! The market of goshawk: quantities, tariffs, orders, the period's problem, mechanisms and optimizers.

pub mod quantity;
