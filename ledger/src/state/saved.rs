//! The state as bytes: its entries in the order of their keys. The tree over them follows from them.

use std::sync::Arc;

use super::{LedgerState, StateKey, Value};
use crate::codec::{Canonical, DecodeError, Reader};
use crate::device::DeviceId;
use crate::genesis::Genesis;
use crate::transaction::AccountId;

impl LedgerState {
    /// Appends all entries.
    pub(crate) fn write_entries(&self, out: &mut Vec<u8>) {
        let accounts = (0..self.accounts.len() as u32).map(|id| StateKey::Account(AccountId(id)));
        let contracts = self.contracts.keys().map(|&id| StateKey::Contract(id));
        let meters = self.meters.keys().map(|&(period, id)| StateKey::Meter(period, id));
        let periods = self.periods.keys().map(|&period| StateKey::Period(period));
        let devices = (0..self.devices.len() as u32).map(|id| StateKey::Device(DeviceId(id)));
        let supplies = self.supplies.keys().map(|&(period, id)| StateKey::Supply(period, id));
        let keys = accounts.chain(contracts).chain(meters).chain(periods).chain([StateKey::Books]);
        let keys = keys.chain(self.convictions.keys()).chain(devices).chain(supplies);
        (self.entry_count() as u64).write(out);
        for key in keys {
            key.write(out);
            out.extend(self.get(key).expect("invariant: these keys are those of entries").to_bytes());
        }
    }

    /// The state with the entries at the front of `input`.
    ///
    /// # Errors
    /// When they are not entries of this chain.
    pub(crate) fn read_entries(genesis: &Arc<Genesis>, input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut state = Self::new(genesis);
        for _ in 0..u64::read(input)? {
            let key = StateKey::read(input)?;
            let value = match key {
                StateKey::Account(id) if id.0 as usize >= state.accounts.len() => {
                    return Err(DecodeError::Invalid("an account that the chain does not have"));
                }
                StateKey::Validator(id) | StateKey::Offence(id, _)
                    if id as usize >= genesis.validator_count() =>
                {
                    return Err(DecodeError::Invalid("a validator that the chain does not have"));
                }
                StateKey::Device(id) if id.0 as usize > state.devices.len() => {
                    return Err(DecodeError::Invalid("a device out of order"));
                }
                StateKey::Account(_) => Value::Account(Canonical::read(input)?),
                StateKey::Contract(_) => Value::Contract(Canonical::read(input)?),
                StateKey::Meter(..) => Value::Meter(Canonical::read(input)?),
                StateKey::Period(_) => Value::Period(Canonical::read(input)?),
                StateKey::Books => Value::Books(Canonical::read(input)?),
                StateKey::Validator(_) => Value::Conviction(Canonical::read(input)?),
                StateKey::Offence(..) => Value::Offence(Canonical::read(input)?),
                StateKey::Device(_) => Value::Device(Canonical::read(input)?),
                StateKey::Supply(..) => Value::Supply(Canonical::read(input)?),
            };
            state.put(key, Some(value));
            state.write_to_tree(key);
        }
        state.root();
        Ok(state)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::credit::CreditRules;
    use crate::genesis::GenesisConfig;
    use crate::state::tests::{Ledger, any_step, config};

    proptest! {
        #[test]
        fn a_state_comes_back_with_its_root_and_all_that_follows_from_it(
            has_bands in any::<bool>(),
            steps in prop::collection::vec(any_step(), 0..60),
        ) {
            let credit = has_bands.then(CreditRules::default);
            let mut ledger = Ledger::of(GenesisConfig { credit, ..config(1) });
            for (sender, operation) in steps {
                let _ = ledger.send(sender, operation);
            }
            let state = &mut ledger.state;
            let mut bytes = Vec::new();
            state.write_entries(&mut bytes);
            let mut back = LedgerState::read_entries(state.genesis(), &mut Reader::new(&bytes)).unwrap();
            prop_assert_eq!(back.root(), state.root());
            prop_assert_eq!(back.total_money(), state.total_money());
            prop_assert_eq!(&back.open, &state.open);
            prop_assert_eq!(&back.liabilities, &state.liabilities);
            prop_assert_eq!(&back.supplies, &state.supplies);
            prop_assert_eq!(&back.devices, &state.devices);
            let cut = &bytes[..bytes.len() - 1];
            prop_assert!(LedgerState::read_entries(state.genesis(), &mut Reader::new(cut)).is_err());
        }
    }
}
