//! What devices can sell, and have sold.

use goshawk_market::quantity::Energy;

use super::{LedgerState, StateKey, Supply, Value};
use crate::contract::{Contract, ContractTerms};
use crate::device::{DEVICES_MAX, Device, DeviceId, is_energy};
use crate::receipt::{Change, Rejection};
use crate::rules::Weakness;
use crate::transaction::AccountId;

/// The grid certifies a device: the next one, or a known one anew.
pub(super) fn enrol(
    state: &mut LedgerState,
    sender: AccountId,
    id: DeviceId,
    device: &Device,
) -> Result<Change, Rejection> {
    super::apply::only(state.genesis.grid(), sender)?;
    super::apply::trades(state, device.owner)?;
    let known = state.devices.len();
    if id.0 as usize > known.min(DEVICES_MAX - 1) {
        return Err(Rejection::UnknownDevice { device: id });
    }
    if !device.is_valid(state.genesis.config().lines.len()) {
        return Err(Rejection::BadDevice);
    }
    state.change(StateKey::Device(id), Some(Value::Device(*device)));
    Ok(Change::Enrolled)
}

/// The meter of a device says that it holds more than before, or less.
pub(super) fn account_for(
    state: &mut LedgerState,
    sender: AccountId,
    id: DeviceId,
    energy: Energy,
    is_more: bool,
) -> Result<Change, Rejection> {
    let mut device = *own_device(state, sender, id)?;
    let before = device.content.ok_or(Rejection::NoContent { device: id })?;
    if !energy.is_positive() || !is_energy(energy) {
        return Err(Rejection::BadContent { content: before });
    }
    let content = if is_more { before + energy } else { before - energy };
    if !is_energy(content) {
        return Err(Rejection::BadContent { content: before });
    }
    device.content = Some(content);
    state.change(StateKey::Device(id), Some(Value::Device(device)));
    Ok(Change::Accounted { content })
}

fn own_device(state: &LedgerState, owner: AccountId, id: DeviceId) -> Result<&Device, Rejection> {
    let device = state.device(id).ok_or(Rejection::UnknownDevice { device: id })?;
    super::apply::only(device.owner, owner).map(|()| device)
}

/// What the device of a contract will have sold in the period with it, if it can sell the lot.
pub(super) fn reserve(state: &LedgerState, terms: &ContractTerms) -> Result<Supply, Rejection> {
    let device = own_device(state, terms.seller, terms.lot.device)?;
    let Supply { promised, lots } = state.supply(terms.period, terms.lot.device);
    if !state.genesis.lacks(Weakness::NoLots) {
        if terms.lot.sequence < lots {
            return Err(Rejection::WrongLot { expected: lots, found: terms.lot.sequence });
        }
        let left = (device.available() - promised).or_zero();
        if terms.energy > left {
            return Err(Rejection::Oversold { left });
        }
    }
    Ok(Supply { promised: promised + terms.energy, lots: terms.lot.sequence.saturating_add(1) })
}

/// The energy of a contract that has come to nothing can be sold again, as another lot.
pub(super) fn release(state: &mut LedgerState, contract: &Contract) {
    let key = (contract.terms.period, contract.terms.lot.device);
    if let Some(mut supply) = state.supplies.get(&key).copied() {
        supply.promised -= contract.terms.energy;
        state.change(StateKey::Supply(key.0, key.1), Some(Value::Supply(supply)));
    }
}
