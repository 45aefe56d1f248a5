//! What must be true after every event, checked apart from the ledger's own rules wherever that is possible: hashes, roots,
//! quorums, nonces, energy and locks are counted here again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use goshawk_ledger::{
    Block, Canonical as _, ChainAudit, CommitCertificate, Committed, Digest, Evidence, Genesis, Proposal,
    Receipt, TransactionId, Vote, VoteKind,
};
use goshawk_market::quantity::Money;
use sha2::{Digest as _, Sha256};

use crate::trial::energy::EnergyBook;

/// What is not true.
pub(crate) type Violation = String;

/// The chain that all honest validators must have, and what is known of it.
pub(crate) struct Checks {
    genesis: Arc<Genesis>,
    audit: ChainAudit,
    pub(crate) chain: Vec<Committed>,
    in_chain: BTreeSet<TransactionId>,
    nonces: Vec<u64>,
    pub(crate) energy: EnergyBook,
    votes: Votes,
    proposals: BTreeMap<(u64, u32, u32), Digest>,
}

impl Checks {
    /// `audited` is the genesis that the validators have, `genesis` one with all rules.
    pub(crate) fn new(genesis: &Arc<Genesis>, audited: &Arc<Genesis>) -> Self {
        Self {
            genesis: Arc::clone(genesis),
            audit: ChainAudit::new(audited),
            chain: Vec::new(),
            in_chain: BTreeSet::new(),
            nonces: vec![0; genesis.config().accounts.len()],
            energy: EnergyBook::default(),
            proposals: BTreeMap::new(),
            votes: Votes { count: genesis.validator_count(), ..Votes::default() },
        }
    }

    /// A validator has a block. Says whether it is the first to have it.
    pub(crate) fn committed(&mut self, committed: &Committed) -> Result<bool, Violation> {
        let height = committed.block.header().height;
        let place = height as usize - 1;
        if let Some(known) = self.chain.get(place) {
            if known.block.hash() != committed.block.hash() {
                return Err(format!("agreement: two blocks of height {height} are final"));
            }
            if known.receipts != committed.receipts {
                return Err(format!("agreement: two validators have other receipts at height {height}"));
            }
            self.certificate(&committed.block, &committed.certificate)?;
            return Ok(false);
        }
        if place != self.chain.len() {
            return Err(format!("chain: height {height} is final before height {}", self.chain.len() + 1));
        }
        self.links(&committed.block)?;
        self.certificate(&committed.block, &committed.certificate)?;
        self.roots(&committed.block, &committed.receipts)?;
        self.turns(&committed.block)?;
        self.energy.next(&committed.block, &committed.receipts)?;
        self.audit.next(committed).map_err(|faults| format!("validity: {}", faults[0]))?;
        self.money()?;
        self.chain.push(committed.clone());
        self.votes.forget_below(height);
        Ok(true)
    }

    fn links(&self, block: &Block) -> Result<(), Violation> {
        let header = block.header();
        let (previous, before) = match self.chain.last() {
            Some(last) => (last.block.header().hash(), last.block.header().time_micros),
            None => (*self.genesis.hash(), 0),
        };
        if header.previous != previous || header.time_micros < before || header.hash() != block.hash() {
            return Err(format!("chain: block {} does not follow the one before it", header.height));
        }
        Ok(())
    }

    fn certificate(&self, block: &Block, certificate: &CommitCertificate) -> Result<(), Violation> {
        let signers: BTreeSet<u32> = certificate.signatures.iter().map(|vote| vote.validator).collect();
        let validators = self.audit.state().validators(certificate.height);
        let says = (certificate.height, certificate.hash) == (block.header().height, block.hash());
        let (least, powerless) = self.votes.least(block.header().height);
        let has_power = signers.iter().all(|signer| !powerless.contains(signer));
        if signers.len() < least || !has_power || !says || !certificate.verify(&self.genesis, &validators) {
            return Err(format!("certificate: block {} is not final", block.header().height));
        }
        Ok(())
    }

    fn roots(&self, block: &Block, receipts: &[Receipt]) -> Result<(), Violation> {
        let transactions: Vec<Vec<u8>> = block.transactions().iter().map(|it| it.to_bytes()).collect();
        let receipts: Vec<Vec<u8>> = receipts.iter().map(|it| it.to_bytes()).collect();
        let header = block.header();
        if root(&transactions) != header.transaction_root || root(&receipts) != header.receipts_root {
            return Err(format!("roots: block {} commits to something else", header.height));
        }
        Ok(())
    }

    /// Every transaction once, and those of a sender in their order without a gap.
    fn turns(&mut self, block: &Block) -> Result<(), Violation> {
        for signed in block.transactions() {
            let transaction = signed.transaction();
            if !self.in_chain.insert(signed.id()) {
                return Err(format!("transactions: one is doubled at height {}", block.header().height));
            }
            let next = &mut self.nonces[transaction.sender.0 as usize];
            if transaction.nonce != *next {
                return Err(format!("transactions: nonce {} where {next} comes next", transaction.nonce));
            }
            *next += 1;
        }
        Ok(())
    }

    fn money(&self) -> Result<(), Violation> {
        let opening: Money = self.genesis.config().accounts.iter().map(|it| it.opening_balance).sum();
        let state = self.audit.state();
        if state.total_money() != opening {
            return Err("money: the sum over all accounts has changed".to_owned());
        }
        if state.accounts().any(|it| it.balance.is_negative() || it.escrow.is_negative()) {
            return Err("money: an account is below zero".to_owned());
        }
        Ok(())
    }

    pub(crate) fn holds(&self, id: &TransactionId) -> bool {
        self.in_chain.contains(id)
    }

    /// Evidence must hold and must not accuse an honest validator.
    pub(crate) fn accused(&self, evidence: &Evidence, is_honest: bool) -> Result<(), Violation> {
        if !evidence.verify(&self.genesis) {
            return Err("evidence: it does not hold".to_owned());
        }
        if is_honest {
            return Err(format!("evidence: honest validator {} is accused", evidence.validator()));
        }
        Ok(())
    }

    /// A validator is convicted on the chain. Says whether it loses its power by that.
    pub(crate) fn convicted(&mut self, validator: u32, powerless_from: Option<u64>) -> bool {
        powerless_from.is_some_and(|from| self.votes.powerless_from.insert(validator, from).is_none())
    }

    /// Somebody proposes a block. Says whether it contradicts another proposal of the round.
    pub(crate) fn proposed(&mut self, proposal: &Proposal, is_honest: bool) -> Result<bool, Violation> {
        let place = (proposal.height, proposal.round, proposal.proposer);
        let hash = proposal.block.hash();
        let before = self.proposals.insert(place, hash).filter(|before| *before != hash);
        if is_honest && before.is_some() {
            let (height, round, proposer) = place;
            return Err(format!(
                "honesty: validator {proposer} proposes two blocks at height {height}, round {round}"
            ));
        }
        Ok(before.is_some())
    }

    /// Somebody sends a vote.
    pub(crate) fn voted(&mut self, vote: &Vote, is_honest: bool) -> Result<Repeated, Violation> {
        self.votes.cast(vote, is_honest)
    }
}

/// Whether a vote was new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeated {
    New,
    Same,
    Contradicted,
}

/// Who voted for what at the heights that are not final yet.
#[derive(Default)]
struct Votes {
    count: usize,
    /// The convicted validators, and from which height on they have no power.
    powerless_from: BTreeMap<u32, u64>,
    lowest: u64,
    cast: BTreeMap<(u64, u32, u32, VoteKind), Option<Digest>>,
    /// Prevotes for each block.
    prevotes: BTreeMap<(u64, u32, Digest), BTreeSet<u32>>,
    /// The last block and round that each honest validator precommitted.
    locks: BTreeMap<(u64, u32), (u32, Digest)>,
}

impl Votes {
    fn cast(&mut self, vote: &Vote, is_honest: bool) -> Result<Repeated, Violation> {
        if vote.height < self.lowest || vote.height > self.lowest + 100 {
            return Ok(Repeated::Same);
        }
        let key = (vote.height, vote.round, vote.validator, vote.kind);
        if let (VoteKind::Prevote, Some(hash)) = (vote.kind, vote.hash) {
            let place = (vote.height, vote.round, hash);
            self.prevotes.entry(place).or_default().insert(vote.validator);
        }
        match self.cast.insert(key, vote.hash) {
            Some(before) if before == vote.hash => return Ok(Repeated::Same),
            Some(_) if is_honest => {
                let (height, round, validator, kind) = key;
                return Err(format!(
                    "honesty: validator {validator} contradicts its {kind:?} at height {height}, round {round}"
                ));
            }
            Some(_) => return Ok(Repeated::Contradicted),
            None => (),
        }
        if is_honest && let Some(hash) = vote.hash {
            self.keeps_its_lock(vote, hash)?;
        }
        Ok(Repeated::New)
    }

    /// Who has precommitted a block prevotes for another one only where a quorum did so since.
    fn keeps_its_lock(&mut self, vote: &Vote, hash: Digest) -> Result<(), Violation> {
        let holder = (vote.height, vote.validator);
        if vote.kind == VoteKind::Precommit {
            self.locks.insert(holder, (vote.round, hash));
            return Ok(());
        }
        let Some((locked, block)) = self.locks.get(&holder) else { return Ok(()) };
        let (least, powerless) = self.least(vote.height);
        let is_freed = |round: u32| {
            let voters = self.prevotes.get(&(vote.height, round, hash));
            voters.is_some_and(|voters| voters.difference(&powerless).count() >= least)
        };
        if *block == hash || vote.round <= *locked || (*locked..vote.round).any(is_freed) {
            return Ok(());
        }
        Err(format!(
            "locks: validator {} prevotes at height {}, round {} against its lock",
            vote.validator, vote.height, vote.round
        ))
    }

    /// The fewest votes that decide at a height, and who has none.
    fn least(&self, height: u64) -> (usize, BTreeSet<u32>) {
        let powerless = self.powerless_from.iter().filter(|(_, from)| **from <= height);
        let powerless: BTreeSet<u32> = powerless.map(|(validator, _)| *validator).collect();
        (least_quorum(self.count - powerless.len()), powerless)
    }

    fn forget_below(&mut self, height: u64) {
        self.lowest = height.saturating_sub(8);
        let first = (self.lowest, 0, 0);
        self.cast = self.cast.split_off(&(first.0, first.1, first.2, VoteKind::Prevote));
        self.prevotes = self.prevotes.split_off(&(first.0, first.1, Digest::ZERO));
        self.locks = self.locks.split_off(&(first.0, first.1));
    }
}

/// The least number that is more than two thirds.
fn least_quorum(validators: usize) -> usize {
    (1..=validators).find(|votes| 3 * votes > 2 * validators).expect("all are more than two thirds")
}

/// The root of RFC 6962 over a list, by its recursive definition.
fn root(list: &[Vec<u8>]) -> Digest {
    match list {
        [] => Digest::ZERO,
        [only] => hash(0, &[only]),
        _ => {
            let (left, right) = list.split_at(list.len().next_power_of_two() / 2);
            hash(1, &[root(left).as_bytes(), root(right).as_bytes()])
        }
    }
}

fn hash(tag: u8, parts: &[&[u8]]) -> Digest {
    let mut hasher = Sha256::new();
    hasher.update([tag]);
    parts.iter().for_each(|part| hasher.update(part));
    Digest(hasher.finalize().into())
}
