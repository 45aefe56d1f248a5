//! Readings that somebody contests, and the contracts that wait for the grid's word on them.
//!
//! A contract is in dispute while the reading of one of its parties is, so no energy of a contested reading is given out before
//! the grid has measured it. What everybody gets does not depend on disputes: contracts are settled in the order of their
//! numbers, those in dispute keep their places, and what is behind them waits.
//!
//! A dispute lapses with the first settlement of a later period. Until then the grid could have spoken; without its word the
//! reading stands, or whoever owes something could keep it by contesting a reading and nobody could tell when it is due.

use goshawk_market::quantity::Energy;

use super::apply::{only, open_contract, step};
use super::{Attestation, LedgerState, Meter, StateKey, Value};
use crate::contract::{Contract, ContractState, ContractTerms, ENERGY_MAX};
use crate::receipt::{Change, Rejection};
use crate::transaction::{AccountId, ContractId};

/// Contests what `account` metered in the period of a contract.
pub(super) fn dispute(
    state: &mut LedgerState,
    sender: AccountId,
    id: ContractId,
    account: AccountId,
) -> Result<Change, Rejection> {
    let contract = open_contract(state, id)?;
    let period = contract.terms.period;
    if !is_party(&contract.terms, account) {
        return Err(Rejection::NoParty { contract: id, account });
    }
    if !is_party(&contract.terms, sender) && sender != state.genesis.grid() {
        return Err(Rejection::NoParty { contract: id, account: sender });
    }
    if period < state.books.open_from {
        return Err(Rejection::PeriodClosed { period });
    }
    if !contract.state.is_to_be_delivered() {
        step(contract, ContractState::Disputed)?;
    }
    let meter = state.meter(period, account).copied();
    let meter = meter.ok_or(Rejection::NothingToDispute { period, account })?;
    if meter.attestation != Attestation::Claimed {
        return Err(Rejection::AlreadyDisputed { period, account });
    }
    let contested = Meter { attestation: Attestation::Disputed, ..meter };
    state.change(StateKey::Meter(period, account), Some(Value::Meter(contested)));
    Ok(Change::Disputed { contracts: restate(state, period, account) })
}

/// Puts what the grid measured in the place of a contested reading.
pub(super) fn resolve(
    state: &mut LedgerState,
    sender: AccountId,
    period: u32,
    account: AccountId,
    measured: Energy,
) -> Result<Change, Rejection> {
    only(state.genesis.grid(), sender)?;
    if measured.is_negative() || measured > ENERGY_MAX {
        return Err(Rejection::BadMeter);
    }
    if has_lapsed(state, period) {
        return Err(Rejection::PeriodClosed { period });
    }
    let contested = state.meter(period, account).filter(|meter| meter.attestation == Attestation::Disputed);
    let Meter { ready: claimed, left, .. } = *contested.ok_or(Rejection::NotDisputed { period, account })?;
    assert_eq!(left, claimed, "invariant: nothing of a contested reading has been given out");
    let meter = Meter { ready: measured, left: measured, attestation: Attestation::Measured };
    state.change(StateKey::Meter(period, account), Some(Value::Meter(meter)));
    restate(state, period, account);
    Ok(Change::Resolved { claimed, measured })
}

/// A signed contract that the grid approves: checked, or disputed at once where a party's reading is.
pub(super) fn approved(state: &LedgerState, contract: Contract) -> Result<Contract, Rejection> {
    if contract.state == ContractState::Disputed {
        return Err(Rejection::InDispute { contract: contract.terms.id });
    }
    let checked = step(contract, ContractState::Checked)?;
    Ok(Contract { state: state_of(state, &checked.terms), ..checked })
}

/// A contract as it comes to be settled: one in dispute only when the dispute has lapsed, and then by the standing readings.
pub(super) fn to_be_settled(state: &LedgerState, contract: Contract) -> Result<Contract, Rejection> {
    if contract.state != ContractState::Disputed {
        return Ok(contract);
    }
    if !has_lapsed(state, contract.terms.period) {
        return Err(Rejection::InDispute { contract: contract.terms.id });
    }
    step(contract, ContractState::Checked)
}

/// Whether a period later than this one has been closed by a settlement.
fn has_lapsed(state: &LedgerState, period: u32) -> bool {
    state.books.open_from > period.saturating_add(1)
}

fn is_party(terms: &ContractTerms, account: AccountId) -> bool {
    account == terms.seller || account == terms.buyer
}

/// Where a contract that is to be delivered stands.
fn state_of(state: &LedgerState, terms: &ContractTerms) -> ContractState {
    let is_contested = |account| {
        let meter = state.meter(terms.period, account);
        meter.is_some_and(|meter| meter.attestation == Attestation::Disputed)
    };
    if is_contested(terms.seller) || is_contested(terms.buyer) {
        ContractState::Disputed
    } else {
        ContractState::Checked
    }
}

/// Has the contracts of an account in a period follow its reading. Says how many of them are in dispute.
fn restate(state: &mut LedgerState, period: u32, account: AccountId) -> u32 {
    let follows =
        |contract: &&Contract| contract.state.is_to_be_delivered() && is_party(&contract.terms, account);
    let contracts = state.open_contracts(period).filter(follows);
    let contracts: Vec<Contract> =
        contracts.map(|contract| Contract { state: state_of(state, &contract.terms), ..*contract }).collect();
    for contract in &contracts {
        state.change(StateKey::Contract(contract.terms.id), Some(Value::Contract(*contract)));
    }
    contracts.iter().filter(|contract| contract.state == ContractState::Disputed).count() as u32
}
