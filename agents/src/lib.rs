//! The actors of the community, and the wiring that makes a run of them.
//!
//! # The way of one kilowatt-hour
//!
//! ```text
//! weather -> household -> order -> market operator -> grid -> contract -> platform -> validators
//!              |  ^                    |                                      |          |
//!              |  '---- delivery ------+--------------------------------------'          |
//!              v                                                                         v
//!         grid, company, storage  -------------------->  journal  <---------------- committed block
//! ```
//!
//! [`message`] has the whole exchange of one period, phase by phase.
//!
//! # Map of the code
//!
//! | module | what it is |
//! |---|---|
//! | [`community`] | what a run is made of, and how it is run |
//! | [`household`] | photovoltaics, battery, driving, portrait and decision of a household |
//! | [`market_operator`], [`price_board`] | the clock of the periods; collects orders, clears, deals out; past prices |
//! | [`grid`], [`company`], [`storage`], [`upstream`] | the operators |
//! | [`aggregator`] | the plugged-in fleet as one storage station for the grid |
//! | [`platform`], [`validator`], [`network`] | contracts, and the ledger on the simulated clock |
//! | [`journal`], [`tally`] | rows, checks of the books, key figures |
//! | [`calendar`], [`weather`], [`solar`], [`commons`] | what everybody may know |
//! | [`carbon`] | carbon dioxide behind energy from outside |
//! | [`pricing`] | what grid and company ask, period by period |
//! | [`session_file`], [`mixture_file`], [`rows`] | recorded and fitted sessions from data files |

pub mod aggregator;
pub mod calendar;
pub mod carbon;
pub mod commons;
pub mod community;
pub mod company;
pub mod grid;
pub mod household;
pub mod journal;
pub mod market_operator;
pub mod message;
pub mod mixture_file;
pub mod network;
pub mod platform;
pub mod price_board;
pub mod pricing;
pub mod rows;
mod saved;
pub mod session_file;
pub mod solar;
pub mod storage;
pub mod tally;
pub mod upstream;
pub mod validator;
pub mod weather;

use goshawk_engine::Message as _;

/// A message that its receiver has no business with: a broken invariant of the wiring.
#[derive(Debug, thiserror::Error)]
#[error("a message of kind {kind} is not for this actor")]
struct Unexpected {
    kind: &'static str,
}

fn unexpected(message: &message::Message) -> goshawk_engine::Fault {
    Box::new(Unexpected { kind: message.kind() })
}
