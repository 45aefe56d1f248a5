//! Validators that contradicted themselves, as the chain knows them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Conviction, LedgerState, Offence, StateKey, Value};
use crate::evidence::Evidence;
use crate::genesis::Genesis;
use crate::receipt::{Change, Rejection};
use crate::validator_set::ValidatorSet;

/// The convicted validators and their offences. Cheap to copy while there are none.
#[derive(Debug, Clone)]
pub(super) struct Convictions {
    by_validator: BTreeMap<u32, Conviction>,
    offences: BTreeMap<(u32, u64), Offence>,
    /// The heights from which on there is another set of validators, in order, with the set; the first is 0.
    sets: Vec<(u64, Arc<ValidatorSet>)>,
}

impl Convictions {
    pub(super) fn new(genesis: &Genesis) -> Self {
        let sets = vec![(0, Arc::new(ValidatorSet::of_genesis(genesis)))];
        Self { by_validator: BTreeMap::new(), offences: BTreeMap::new(), sets }
    }

    /// How many entries there are.
    pub(super) fn len(&self) -> usize {
        self.by_validator.len() + self.offences.len()
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = StateKey> {
        let validators = self.by_validator.keys().map(|&id| StateKey::Validator(id));
        validators.chain(self.offences.keys().map(|&(id, height)| StateKey::Offence(id, height)))
    }

    pub(super) fn conviction(&self, id: u32) -> Option<Conviction> {
        self.by_validator.get(&id).copied()
    }

    pub(super) fn offence(&self, id: u32, height: u64) -> Option<Offence> {
        self.offences.get(&(id, height)).copied()
    }

    pub(super) fn convict(&mut self, genesis: &Genesis, id: u32, conviction: Conviction) {
        self.by_validator.insert(id, conviction);
        let mut starts: Vec<u64> = self.by_validator.values().map(|it| it.powerless_from).collect();
        starts.push(0);
        starts.sort_unstable();
        starts.dedup();
        let set = |height: u64| {
            let has_power = |id: u32| self.by_validator.get(&id).is_none_or(|it| it.powerless_from > height);
            (height, Arc::new(ValidatorSet::of(genesis, has_power)))
        };
        self.sets = starts.into_iter().map(set).collect();
    }

    pub(super) fn note(&mut self, id: u32, height: u64, offence: Offence) {
        self.offences.insert((id, height), offence);
    }

    pub(super) fn validators(&self, height: u64) -> Arc<ValidatorSet> {
        let (_, set) =
            self.sets.iter().rfind(|(from, _)| *from <= height).expect("invariant: there is a set from 0 on");
        Arc::clone(set)
    }

    /// Whether somebody else keeps power if this validator loses it.
    fn would_leave_somebody(&self, genesis: &Genesis, id: u32) -> bool {
        (0..genesis.validator_count() as u32)
            .any(|other| other != id && !self.by_validator.contains_key(&other))
    }
}

/// Takes evidence against a validator: once for each height, and only of heights at which it had power. It loses its power
/// with the epoch, unless nobody else would be left to agree on anything.
pub(super) fn accuse(state: &mut LedgerState, evidence: &Evidence) -> Result<Change, Rejection> {
    let (validator, height) = (evidence.validator(), evidence.height());
    if height > state.height || state.validators(height).power(validator) == 0 {
        return Err(Rejection::NoSuchVoter { validator, height });
    }
    if state.convictions.offence(validator, height).is_some() {
        return Err(Rejection::AccusedTwice { validator, height });
    }
    if !evidence.verify(&state.genesis) {
        return Err(Rejection::NoContradiction);
    }
    let offence = Value::Offence(Offence { shown_at: state.height });
    state.change(StateKey::Offence(validator, height), Some(offence));
    let known = state.convictions.conviction(validator).map(|it| it.powerless_from);
    let powerless_from = match known {
        None if state.convictions.would_leave_somebody(&state.genesis, validator) => {
            let powerless_from = state.genesis.config().limits.next_epoch(state.height);
            let conviction = Value::Conviction(Conviction { powerless_from });
            state.change(StateKey::Validator(validator), Some(conviction));
            Some(powerless_from)
        }
        known => known,
    };
    Ok(Change::Convicted { validator, powerless_from })
}
