//! Tries every order of events of one Tendermint height with the model checker stateright. The rules are in
//! `ledger/src/consensus/model.rs`, which `ledger/src/consensus/replay.rs` holds against the core.
//!
//! ```text
//! cargo test --release -- --nocapture      # in this folder; prints how many states there are
//! ```

#[path = "../../src/consensus/model.rs"]
pub mod rules;

use rules::{Action, Rules, State};
use stateright::{Model, Property};

/// One height under these rules.
#[derive(Debug, Clone, Copy)]
pub struct Height(pub Rules);

/// No two honest validators decide differently.
pub const AGREEMENT: &str = "agreement";
/// Nobody decides a block that does not hold.
pub const VALIDITY: &str = "validity";

impl Model for Height {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State::first(&self.0)]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        actions.extend(state.actions(&self.0));
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        Some(state.after(&self.0, &action)).filter(|next| next != state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(AGREEMENT, |_, state: &State| state.agrees()),
            Property::always(VALIDITY, |height: &Self, state: &State| state.is_valid(&height.0)),
            Property::sometimes("all decide in round 0", |_, state: &State| {
                state.nodes.iter().all(|node| node.decided == Some(0) && node.round == 0)
            }),
            Property::sometimes("all decide in round 1", |_, state: &State| {
                state.nodes.iter().all(|node| node.decided.is_some() && node.round == 1)
            }),
        ]
    }
}
