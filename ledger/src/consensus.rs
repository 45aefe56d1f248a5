//! The rules of Tendermint agreement for one height at a time: propose, prevote, precommit, locks and rounds.
//!
//! [`ConsensusCore`] is what the validator needs of them; [`TendermintCore`] is Malachite's driver behind it. The
//! driver is a pure state machine, but it trusts its caller in four ways, and the validator takes care of them:
//!
//! - signatures are checked before anything gets here;
//! - so is who may propose: two proposers in one round would make the driver panic;
//! - messages of other heights stay outside;
//! - a re-proposed block comes with its polka certificate, without which a validator that missed a prevote would
//!   wait for ever.

#[cfg(test)]
#[allow(unreachable_pub, dead_code, reason = "shared with the model checker in ledger/model")]
mod model;
#[cfg(test)]
mod replay;

use std::fmt;
use std::sync::Arc;

use arc_malachitebft_core_driver::{Driver, Input, Output, ThresholdParams};
use arc_malachitebft_core_types as malachite;
use malachite::{NilOrVal, Round, ThresholdParam, TimeoutKind, Validity, VoteType};

use crate::block::ValidatorSignature;
use crate::digest::Digest;
use crate::genesis::Genesis;
use crate::message::{PolkaCertificate, Vote, VoteKind};
use crate::rules::Weakness;
use crate::signature::Signature;
use crate::validator_set::ValidatorSet;

/// What a validator waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TimerKind {
    /// A proposal.
    Propose,
    /// More prevotes.
    Prevote,
    /// More precommits.
    Precommit,
}

/// What happens to the core.
#[derive(Debug)]
pub(crate) enum CoreInput {
    /// The value that [`CoreOutput::NeedValue`] asked for.
    Value { round: u32, hash: Digest },
    /// A block was proposed by the round's proposer. The signature is checked.
    Proposal {
        round: u32,
        hash: Digest,
        polka_round: Option<u32>,
        proposer: u32,
        signature: Signature,
        valid: bool,
    },
    /// A vote. The signature is checked.
    Vote(Vote),
    /// A certificate. The signatures are checked.
    Polka(PolkaCertificate),
    /// A timer has run out.
    Timeout { round: u32, kind: TimerKind },
}

/// What the core wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CoreOutput {
    /// It is our turn to propose: a new block is wanted.
    NeedValue { round: u32 },
    /// Propose this block, which was prevoted for in `polka_round` if that is given.
    Propose { round: u32, hash: Digest, polka_round: Option<u32> },
    /// Cast this vote, and feed it back.
    Vote { kind: VoteKind, round: u32, hash: Option<Digest> },
    /// Set this timer.
    Timer { round: u32, kind: TimerKind },
    /// The block is decided.
    Decide { round: u32, hash: Digest },
}

/// Agreement on one height at a time.
pub(crate) trait ConsensusCore: fmt::Debug {
    /// Forgets the last height and enters the first round of this one, with its validators.
    fn start(&mut self, height: u64, validators: &Arc<ValidatorSet>) -> Vec<CoreOutput>;

    /// Takes one step. Inputs that make no sense at this height are ignored.
    fn step(&mut self, input: CoreInput) -> Vec<CoreOutput>;

    /// The round that the core is in.
    fn round(&self) -> u32;

    /// The prevotes of a quorum for a block in a round, if there were any.
    fn polka(&self, round: u32, hash: &Digest) -> Option<PolkaCertificate>;

    /// The precommits seen for a block in a round, in the order of the validators.
    fn precommits(&self, round: u32, hash: &Digest) -> Vec<ValidatorSignature>;
}

/// Malachite's driver.
pub(crate) struct TendermintCore {
    validators: Arc<ValidatorSet>,
    driver: Driver<Chain>,
}

impl fmt::Debug for TendermintCore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TendermintCore")
            .field("height", &self.driver.height())
            .field("round", &self.driver.round())
            .field("step", &self.driver.step())
            .finish()
    }
}

impl TendermintCore {
    /// The core of one validator.
    pub(crate) fn new(genesis: &Genesis, index: u32) -> Self {
        let validators = Arc::new(ValidatorSet::of_genesis(genesis));
        let (first, thresholds) = (Height(1), thresholds(genesis));
        let driver = Driver::new(Chain, first, Members::of(&validators), Address(index), thresholds);
        Self { validators, driver }
    }

    /// The signatures of those who have power, in the order of the validators. The driver takes in all votes, and one without
    /// power follows the chain and votes to itself: in a certificate such a vote would be a fault.
    fn with_power(&self, mut votes: Vec<(Address, Signature)>) -> Vec<ValidatorSignature> {
        votes.retain(|(address, _)| self.validators.power(address.0) > 0);
        votes.sort_by_key(|(address, _)| *address);
        votes.dedup_by_key(|(address, _)| *address);
        let signature =
            |(address, signature): (Address, _)| ValidatorSignature { validator: address.0, signature };
        votes.into_iter().map(signature).collect()
    }

    fn proposer(&self, round: Round) -> Address {
        Address(self.validators.proposer(self.driver.height().0, round.as_u32().unwrap_or_default()))
    }

    fn process(&mut self, input: Input<Chain>) -> Vec<CoreOutput> {
        let mut outputs = Vec::new();
        let mut inputs = vec![input];
        while let Some(input) = inputs.pop() {
            // The driver refuses what belongs to another height or comes from no validator; so do we, by silence.
            let Ok(driven) = self.driver.process(input) else { continue };
            for output in driven {
                match output {
                    Output::NewRound(height, round) => {
                        inputs.push(Input::NewRound(height, round, self.proposer(round)));
                    }
                    output => outputs.extend(translate(output)),
                }
            }
        }
        outputs
    }
}

impl ConsensusCore for TendermintCore {
    fn start(&mut self, height: u64, validators: &Arc<ValidatorSet>) -> Vec<CoreOutput> {
        if self.validators != *validators {
            self.validators = Arc::clone(validators);
        }
        self.driver.move_to_height(Height(height), Members::of(validators));
        let first = Round::ZERO;
        self.process(Input::NewRound(Height(height), first, self.proposer(first)))
    }

    fn step(&mut self, input: CoreInput) -> Vec<CoreOutput> {
        let height = self.driver.height();
        let input = match input {
            CoreInput::Value { round, hash } => Input::ProposeValue(Round::new(round), Value(hash)),
            CoreInput::Proposal { round, hash, polka_round, proposer, signature, valid } => {
                let proposal = Proposed {
                    height,
                    round: Round::new(round),
                    value: Value(hash),
                    polka_round: polka_round.into(),
                    proposer: Address(proposer),
                };
                let validity = Validity::from_bool(valid);
                Input::Proposal(malachite::SignedMessage::new(proposal, signature), validity)
            }
            CoreInput::Vote(vote) => {
                let ballot = Ballot {
                    kind: match vote.kind {
                        VoteKind::Prevote => VoteType::Prevote,
                        VoteKind::Precommit => VoteType::Precommit,
                    },
                    height: Height(vote.height),
                    round: Round::new(vote.round),
                    value: vote.hash.map_or(NilOrVal::Nil, NilOrVal::Val),
                    validator: Address(vote.validator),
                };
                Input::Vote(malachite::SignedMessage::new(ballot, vote.signature))
            }
            CoreInput::Polka(polka) => Input::PolkaCertificate(malachite::PolkaCertificate {
                height: Height(polka.height),
                round: Round::new(polka.round),
                value_id: polka.hash,
                polka_signatures: polka
                    .signatures
                    .into_iter()
                    .map(|vote| malachite::PolkaSignature::new(Address(vote.validator), vote.signature))
                    .collect(),
            }),
            CoreInput::Timeout { round, kind } => {
                let kind = match kind {
                    TimerKind::Propose => TimeoutKind::Propose,
                    TimerKind::Prevote => TimeoutKind::Prevote,
                    TimerKind::Precommit => TimeoutKind::Precommit,
                };
                Input::TimeoutElapsed(malachite::Timeout::new(Round::new(round), kind))
            }
        };
        self.process(input)
    }

    fn round(&self) -> u32 {
        self.driver.round().as_u32().unwrap_or_default()
    }

    fn polka(&self, round: u32, hash: &Digest) -> Option<PolkaCertificate> {
        let polka = self.driver.polka_certificate(Round::new(round), hash)?;
        let signatures =
            polka.polka_signatures.iter().map(|vote| (vote.address, vote.signature.clone())).collect();
        let signatures = self.with_power(signatures);
        Some(PolkaCertificate { height: polka.height.0, round, hash: *hash, signatures })
    }

    fn precommits(&self, round: u32, hash: &Digest) -> Vec<ValidatorSignature> {
        let votes = self.driver.restore_precommits(Round::new(round), hash);
        self.with_power(votes.into_iter().map(|vote| (vote.message.validator, vote.signature)).collect())
    }
}

/// More than two thirds decide, more than one third tells of another round.
fn thresholds(genesis: &Genesis) -> ThresholdParams {
    let sound = ThresholdParams::default();
    if genesis.lacks(Weakness::SmallQuorum) {
        // Half a vote less than the weakened quorum, exclusively.
        let (half_votes, all) = (2 * genesis.quorum() as u64 - 1, 2 * genesis.validator_count() as u64);
        return ThresholdParams { quorum: ThresholdParam::new(half_votes, all), ..sound };
    }
    sound
}

fn translate(output: Output<Chain>) -> Option<CoreOutput> {
    let number = |round: Round| round.as_u32().expect("invariant: the driver speaks of defined rounds only");
    Some(match output {
        Output::NewRound(..) => return None,
        Output::GetValue(_, round, _) => CoreOutput::NeedValue { round: number(round) },
        Output::Propose(proposal) => CoreOutput::Propose {
            round: number(proposal.round),
            hash: proposal.value.0,
            polka_round: proposal.polka_round.as_u32(),
        },
        Output::Vote(ballot) => CoreOutput::Vote {
            kind: match ballot.kind {
                VoteType::Prevote => VoteKind::Prevote,
                VoteType::Precommit => VoteKind::Precommit,
            },
            round: number(ballot.round),
            hash: match ballot.value {
                NilOrVal::Nil => None,
                NilOrVal::Val(hash) => Some(hash),
            },
        },
        // The driver names the round that it is in; the precommits are of the round of the proposal.
        Output::Decide(_, proposal) => {
            CoreOutput::Decide { round: number(proposal.round), hash: proposal.value.0 }
        }
        Output::ScheduleTimeout(timeout) => CoreOutput::Timer {
            round: number(timeout.round),
            kind: match timeout.kind {
                TimeoutKind::Propose => TimerKind::Propose,
                TimeoutKind::Prevote => TimerKind::Prevote,
                TimeoutKind::Precommit => TimerKind::Precommit,
                TimeoutKind::Rebroadcast | TimeoutKind::FinalizeHeight(_) => return None,
            },
        },
    })
}

/// The types that the driver is generic over. Blocks stay outside: to the driver a value is its hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Chain;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Address(u32);

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "validator {}", self.0)
    }
}

impl malachite::Address for Address {}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Height(u64);

impl fmt::Display for Height {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl malachite::Height for Height {
    const ZERO: Self = Self(0);
    const INITIAL: Self = Self(1);

    fn increment_by(&self, n: u64) -> Self {
        Self(self.0 + n)
    }

    fn decrement_by(&self, n: u64) -> Option<Self> {
        self.0.checked_sub(n).map(Self)
    }

    fn as_u64(&self) -> u64 {
        self.0
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Value(Digest);

impl malachite::Value for Value {
    type Id = Digest;

    fn id(&self) -> Digest {
        self.0
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Proposed {
    height: Height,
    round: Round,
    value: Value,
    polka_round: Round,
    proposer: Address,
}

impl malachite::Proposal<Chain> for Proposed {
    fn height(&self) -> Height {
        self.height
    }

    fn round(&self) -> Round {
        self.round
    }

    fn value(&self) -> &Value {
        &self.value
    }

    fn take_value(self) -> Value {
        self.value
    }

    fn pol_round(&self) -> Round {
        self.polka_round
    }

    fn validator_address(&self) -> &Address {
        &self.proposer
    }
}

/// Whole blocks are proposed, so there are no parts.
#[derive(Debug, Clone, PartialEq, Eq)]
enum NoPart {}

impl malachite::ProposalPart<Chain> for NoPart {
    fn is_first(&self) -> bool {
        match *self {}
    }

    fn is_last(&self) -> bool {
        match *self {}
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Ballot {
    kind: VoteType,
    height: Height,
    round: Round,
    value: NilOrVal<Digest>,
    validator: Address,
}

impl malachite::Vote<Chain> for Ballot {
    fn height(&self) -> Height {
        self.height
    }

    fn round(&self) -> Round {
        self.round
    }

    fn value(&self) -> &NilOrVal<Digest> {
        &self.value
    }

    fn take_value(self) -> NilOrVal<Digest> {
        self.value
    }

    fn vote_type(&self) -> VoteType {
        self.kind
    }

    fn validator_address(&self) -> &Address {
        &self.validator
    }

    fn extension(&self) -> Option<&malachite::SignedExtension<Chain>> {
        None
    }

    fn take_extension(&mut self) -> Option<malachite::SignedExtension<Chain>> {
        None
    }

    fn extend(self, _: malachite::SignedExtension<Chain>) -> Self {
        self
    }
}

/// A validator and its power.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Member(Address, u64);

impl malachite::Validator<Chain> for Member {
    fn address(&self) -> &Address {
        &self.0
    }

    fn public_key(&self) -> &() {
        &()
    }

    fn voting_power(&self) -> u64 {
        self.1
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Members(Arc<[Member]>);

impl Members {
    fn of(validators: &ValidatorSet) -> Self {
        Self((0..validators.count() as u32).map(|id| Member(Address(id), validators.power(id))).collect())
    }
}

impl malachite::ValidatorSet<Chain> for Members {
    fn count(&self) -> usize {
        self.0.len()
    }

    fn total_voting_power(&self) -> u64 {
        self.0.iter().map(|member| member.1).sum()
    }

    fn get_by_address(&self, address: &Address) -> Option<&Member> {
        self.0.get(address.0 as usize)
    }

    fn get_by_index(&self, index: usize) -> Option<&Member> {
        self.0.get(index)
    }
}

/// The driver carries signatures but neither makes nor checks any.
#[derive(Debug, Clone, PartialEq, Eq)]
struct CarriedSignatures;

impl malachite::SigningScheme for CarriedSignatures {
    type DecodingError = fmt::Error;
    type Signature = Signature;
    type PublicKey = ();
    type PrivateKey = ();

    fn decode_signature(_: &[u8]) -> Result<Signature, fmt::Error> {
        Err(fmt::Error)
    }

    fn encode_signature(signature: &Signature) -> Vec<u8> {
        crate::codec::Canonical::to_bytes(signature)
    }

    fn decode_public_key(_: &[u8]) -> Result<(), fmt::Error> {
        Err(fmt::Error)
    }

    fn encode_public_key((): &()) -> Vec<u8> {
        Vec::new()
    }
}

impl malachite::Context for Chain {
    type Address = Address;
    type Height = Height;
    type ProposalPart = NoPart;
    type Proposal = Proposed;
    type Validator = Member;
    type ValidatorSet = Members;
    type Timeouts = malachite::LinearTimeouts;
    type Value = Value;
    type Vote = Ballot;
    type Extension = ();
    type SigningScheme = CarriedSignatures;

    /// The core knows the proposer and tells the driver with each round, so that this rule is never asked.
    fn select_proposer<'a>(&self, members: &'a Members, height: Height, round: Round) -> &'a Member {
        let turn = height.0.wrapping_sub(1).wrapping_add(u64::from(round.as_u32().unwrap_or_default()));
        &members.0[(turn % members.0.len() as u64) as usize]
    }

    fn new_proposal(
        &self,
        height: Height,
        round: Round,
        value: Value,
        polka_round: Round,
        proposer: Address,
    ) -> Proposed {
        Proposed { height, round, value, polka_round, proposer }
    }

    fn new_prevote(
        &self,
        height: Height,
        round: Round,
        value: NilOrVal<Digest>,
        validator: Address,
    ) -> Ballot {
        Ballot { kind: VoteType::Prevote, height, round, value, validator }
    }

    fn new_precommit(
        &self,
        height: Height,
        round: Round,
        value: NilOrVal<Digest>,
        validator: Address,
    ) -> Ballot {
        Ballot { kind: VoteType::Precommit, height, round, value, validator }
    }
}
