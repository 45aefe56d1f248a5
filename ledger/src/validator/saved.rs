//! A validator between two blocks, as bytes: to go on from there, in another process, with a store of the same chain.
//!
//! The core of agreement is not among them: it begins anew with every height, so that a validator which has entered none
//! needs none. Neither are the blocks: they are [put back](Validator::restock) into a new store, one after the other.

use super::early::EarlyMessages;
use super::statements::Statements;
use super::{TimerKey, Validator};
use crate::block::Committed;
use crate::codec::{Canonical, DecodeError, Reader, canonical_enum, canonical_struct};
use crate::consensus::TimerKind;
use crate::error::LedgerError;
use crate::execution::Execution;
use crate::log::NoLog;
use crate::mempool::Mempool;
use crate::store::Store;

canonical_enum!(TimerKind { 0 => Propose, 1 => Prevote, 2 => Precommit });
canonical_struct!(TimerKey { height, round, kind });

impl<S: Store> Validator<S> {
    /// Whether the last height is final and the next has not been entered.
    pub fn is_between_blocks(&self) -> bool {
        !self.is_started && !self.is_halted
    }

    /// Appends what it knows, apart from its blocks.
    ///
    /// # Panics
    /// Unless it [is between two blocks](Self::is_between_blocks).
    pub fn save(&self, out: &mut Vec<u8>) {
        assert!(self.is_between_blocks(), "invariant: only a validator between two blocks is saved");
        let Self {
            // The same in a validator that is built for the same place of the same chain.
            genesis: _,
            index: _,
            signer: _,
            store: _,
            // It keeps nothing, so there is nothing to recall.
            log: NoLog,
            is_log_ahead: _,
            recalled: _,
            execution,
            mempool,
            // Of a height, and none is entered.
            core: _,
            is_started: _,
            wanted: _,
            said: _,
            asked: _,
            told: _,
            is_halted: _,
            // Empty between two events.
            effects: _,
            early,
            statements,
            now_micros,
            requested,
            helped,
            is_catching_up,
        } = self;
        execution.write_last(out);
        mempool.write_waiting(out);
        early.write(out);
        statements.write_past(out);
        now_micros.write(out);
        requested.write(out);
        for (height, round) in helped {
            height.write(out);
            round.write(out);
        }
        out.push(u8::from(*is_catching_up));
    }

    /// Goes on from what was saved, in the place of what this validator knew. Its store is to be
    /// [restocked](Self::restock) before anything else.
    ///
    /// # Errors
    /// When it is not what a validator of this chain has saved.
    pub fn resume(&mut self, bytes: &[u8]) -> Result<(), DecodeError> {
        let input = &mut Reader::new(bytes);
        let validators = self.genesis.validator_count();
        self.execution = Execution::read_last(&self.genesis, input)?;
        self.mempool = Mempool::read_waiting(input)?;
        self.early = EarlyMessages::read(validators, input)?;
        self.statements = Statements::read_past(validators, self.height(), input)?;
        self.now_micros = Canonical::read(input)?;
        self.requested = Canonical::read(input)?;
        for helped in &mut self.helped {
            *helped = (Canonical::read(input)?, Canonical::read(input)?);
        }
        self.is_catching_up = match input.tag()? {
            0 => false,
            1 => true,
            tag => return Err(DecodeError::Tag { what: "is_catching_up", tag }),
        };
        (self.is_started, self.wanted, self.said, self.asked) = (false, None, Vec::new(), ((0, 0), 0));
        self.told.fill((0, 0));
        match input.remaining().len() {
            0 => Ok(()),
            left => Err(DecodeError::Trailing(left)),
        }
    }

    /// Puts the next block of its chain back into the store. The last one must be the one that was saved last, and say
    /// the state that was saved.
    ///
    /// # Errors
    /// When the store fails, or the block is not of this chain.
    pub fn restock(&mut self, committed: &Committed) -> Result<(), LedgerError> {
        self.store.put(committed)?;
        let (header, tip) = (committed.block.header(), self.execution.tip());
        if header.height < tip.height {
            return Ok(());
        }
        let root = self.execution.state().clone().root();
        if (header.height, committed.block.hash(), header.state_root) == (tip.height, tip.hash, root) {
            Ok(())
        } else {
            Err(LedgerError::DoesNotHold { height: header.height })
        }
    }
}
