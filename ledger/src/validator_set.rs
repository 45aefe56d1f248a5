//! Who agrees on the blocks of an epoch, with what power.
//!
//! All validators of the genesis have one unit of power. Whoever is convicted by evidence on the chain has none from the next
//! epoch on. The others go on among themselves: more than two thirds of the power that is left decide, and those with power
//! propose in turn.

use crate::block::ValidatorSignature;
use crate::genesis::Genesis;
use crate::rules::Weakness;

/// The validators of a height.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValidatorSet {
    /// Each validator's power, 0 or 1, by its index.
    powers: Vec<u64>,
    /// The validators with power.
    active: Vec<u32>,
    /// The least power that decides.
    quorum: u64,
}

impl ValidatorSet {
    /// Those of the genesis.
    pub fn of_genesis(genesis: &Genesis) -> Self {
        Self::of(genesis, |_| true)
    }

    /// Those who have power.
    pub(crate) fn of(genesis: &Genesis, has_power: impl Fn(u32) -> bool) -> Self {
        let all = 0..genesis.validator_count() as u32;
        let active: Vec<u32> = all.clone().filter(|&validator| has_power(validator)).collect();
        let powers = all.map(|validator| u64::from(has_power(validator))).collect();
        let total = active.len() as u64;
        let quorum =
            if genesis.lacks(Weakness::SmallQuorum) { 2 * ((total - 1) / 3) } else { total * 2 / 3 + 1 };
        Self { powers, active, quorum }
    }

    /// How many validators there are, with power or without.
    pub fn count(&self) -> usize {
        self.powers.len()
    }

    /// A validator's power; 0 for who is none.
    pub fn power(&self, validator: u32) -> u64 {
        self.powers.get(validator as usize).copied().unwrap_or_default()
    }

    /// All power together.
    pub fn total_power(&self) -> u64 {
        self.active.len() as u64
    }

    /// The least power that decides: more than two thirds of all.
    pub fn quorum(&self) -> u64 {
        self.quorum
    }

    /// Who proposes at a height and round: those with power, in turn.
    pub fn proposer(&self, height: u64, round: u32) -> u32 {
        let turn = height.wrapping_sub(1).wrapping_add(u64::from(round));
        self.active[(turn % self.active.len() as u64) as usize]
    }

    /// Whether the power of these validators decides. They must be different and in the order of their indices.
    pub(crate) fn is_quorum(&self, votes: &[ValidatorSignature]) -> bool {
        let power: u64 = votes.iter().map(|vote| self.power(vote.validator)).sum();
        votes.is_sorted_by(|one, next| one.validator < next.validator)
            && votes.iter().all(|vote| self.power(vote.validator) > 0)
            && power >= self.quorum
    }
}
