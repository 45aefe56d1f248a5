//! The check of flows, which every validator makes for itself.
//!
//! The grid says which contracts the feeder can carry, and what flows without them. Every validator computes from the
//! genesis' lines what flows with them: a seller feeds in what it has sold, its buyer draws in any case. On a radial feeder
//! without losses
//!
//! ```text
//! flow over a line = what is drawn behind it - what is fed in behind it
//! |flow with trades| <= max(limit, |flow without trades|)
//! ```
//!
//! for each line, and all contracts of a period together are at most what the grid carries of users' trades at all. So the
//! grid can refuse too much, but it cannot approve what the lines do not bear; what it says of other loads is its own word.

use goshawk_market::quantity::Energy;

use super::LedgerState;
use crate::contract::{Contract, ContractState, ENERGY_MAX};
use crate::receipt::Rejection;
use crate::rules::Weakness;

/// Whether the lines bear the contracts of a period that are approved already, and these with them. `loads` is what is drawn
/// at each place without them; fed in is negative.
pub(super) fn check_flows(
    state: &LedgerState,
    period: u32,
    approved: &[Contract],
    loads: &[Energy],
) -> Result<(), Rejection> {
    let config = state.genesis.config();
    if approved.is_empty() || state.genesis.lacks(Weakness::UncheckedFlows) {
        return Ok(());
    }
    let is_carried =
        |contract: &&Contract| matches!(contract.state, ContractState::Checked | ContractState::Disputed);
    let earlier = state.open_contracts(period).filter(is_carried);
    let carried = || earlier.clone().chain(approved);
    if let Some(limit) = config.carried_max {
        let flow = carried().fold(Energy::ZERO, |sum, contract| plus(sum, contract.terms.energy));
        if flow > limit {
            return Err(Rejection::Overload { place: 0, flow, limit });
        }
    }
    if config.lines.is_empty() {
        return Ok(());
    }
    if loads.len() != config.lines.len() + 1 || !loads.iter().all(|&load| is_load(load)) {
        return Err(Rejection::BadLoads);
    }
    let (mut without, mut with) = (loads.to_vec(), loads.to_vec());
    for contract in carried() {
        let device = state.device(contract.terms.lot.device);
        let place = device.map_or(0, |device| device.place) as usize;
        with[place] = plus(with[place], -contract.terms.energy);
    }
    for (behind, line) in (1..loads.len()).zip(&config.lines).rev() {
        let limit = line.limit.map(|limit| limit.max(without[behind].max(-without[behind])));
        let flow = with[behind].max(-with[behind]);
        if let Some(limit) = limit.filter(|&limit| flow > limit) {
            return Err(Rejection::Overload { place: behind as u32, flow, limit });
        }
        let from = line.from as usize;
        with[from] = plus(with[from], with[behind]);
        without[from] = plus(without[from], without[behind]);
    }
    Ok(())
}

fn is_load(load: Energy) -> bool {
    load.micro().unsigned_abs() <= ENERGY_MAX.micro().unsigned_abs()
}

/// A sum that stops at the ends of the range: far beyond every limit.
fn plus(left: Energy, right: Energy) -> Energy {
    Energy::from_micro(left.micro().saturating_add(right.micro()).max(-i64::MAX))
}
