//! goshawk
fn main(){}
