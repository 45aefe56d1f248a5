//! Holds the core against the model: whatever the core does in a random walk, the model's rules allow, and whatever a rule
//! demands, the core does.
//!
//! Each honest validator of the model has a core. A step of the model hands its core the messages that the step speaks of. The
//! core may know more by then than the step needs, and do more at once. Every vote, proposal, round and decision of it must
//! then be an action that the model has at that moment; it is taken there too, and the walk goes on.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::model::{Action, Ballot, FAULTY, HONEST, PRECOMMIT, PREVOTE, Proposal, Rules, State, Step, Value};
use super::{ConsensusCore as _, CoreInput, CoreOutput, TendermintCore, TimerKind};
use crate::digest::Digest;
use crate::genesis::Genesis;
use crate::message::{Vote, VoteKind};
use crate::signature::Signature;
use crate::state::tests::genesis_of;
use crate::validator_set::ValidatorSet;

/// Nothing is checked here: the validator does that before anything gets to the core.
const UNSIGNED: Signature = Signature::KeyedHash([0; 32]);

fn hash_of(value: Value) -> Digest {
    Digest([value + 1; 32])
}

fn value_of(hash: Digest) -> Value {
    hash.0[0] - 1
}

/// A core and what it has been handed.
struct Replica {
    core: TendermintCore,
    proposals: BTreeSet<(u8, Proposal)>,
    votes: BTreeSet<(u8, usize, u8)>,
}

struct Walk {
    rules: Rules,
    height: u64,
    state: State,
    replicas: Vec<Replica>,
    /// How many actions were taken, and how many of them the core took of its own accord.
    taken: usize,
    eager: usize,
}

impl Walk {
    fn new(genesis: &Arc<Genesis>, rules: Rules, height: u64) -> Self {
        let state = State::first(&rules);
        let replica = |index| Replica {
            core: TendermintCore::new(genesis, index),
            proposals: BTreeSet::new(),
            votes: BTreeSet::new(),
        };
        let replicas = (0..HONEST as u32).map(replica).collect();
        let mut walk = Self { rules, height, state, replicas, taken: 0, eager: 0 };
        let validators = Arc::new(ValidatorSet::of_genesis(genesis));
        for node in 0..HONEST {
            let outputs = walk.replicas[node].core.start(height, &validators);
            let [needs_value] = [outputs.contains(&CoreOutput::NeedValue { round: 0 })];
            assert_eq!(needs_value, usize::from(rules.proposers[0]) == node);
            if needs_value {
                let input = CoreInput::Value { round: 0, hash: hash_of(0) };
                let outputs = walk.replicas[node].core.step(input);
                let proposed = CoreOutput::Propose { round: 0, hash: hash_of(0), polka_round: None };
                assert_eq!(outputs, [proposed]);
            }
        }
        walk
    }

    /// Hands a core what an action of it needs, and follows it.
    fn take(&mut self, action: Action) {
        let node = action.node();
        let round = self.state.nodes[node].round;
        let before = self.state;
        let expected = self.state.after(&self.rules, &action);
        match action {
            Action::HearProposal { proposal, .. } => {
                if let Some(polka_round) = proposal.1 {
                    self.hand_votes(node, polka_round, PREVOTE, Some(proposal.0));
                }
                self.hand_proposal(node, round, proposal);
            }
            Action::ProposeTimeout { .. } => self.time_out(node, round, TimerKind::Propose),
            Action::PrevoteTimeout { .. } => self.time_out(node, round, TimerKind::Prevote),
            Action::PrecommitTimeout { fresh, .. } => {
                self.feed(
                    node,
                    CoreInput::Timeout { round: round.into(), kind: TimerKind::Precommit },
                    fresh,
                );
            }
            Action::SeePolka { value, .. } => {
                self.hand_votes(node, round, PREVOTE, Some(value));
                self.hand_proposal_of(node, round, value);
            }
            Action::SeeNilPolka { .. } => self.hand_votes(node, round, PREVOTE, None),
            Action::Skip { fresh, .. } => {
                let honest =
                    (0..HONEST).find(|&by| self.state.votes[1].iter().any(|votes| votes[by].is_some()));
                let honest = honest.expect("somebody is ahead");
                let kind = usize::from(self.state.votes[1][PREVOTE][honest].is_none());
                let ballot = self.state.votes[1][kind][honest].expect("this one");
                self.hand_vote(node, 1, kind, ballot, honest as u8, fresh);
                self.hand_vote(node, 1, kind, ballot, FAULTY, fresh);
            }
            Action::Decide { round, value, .. } => {
                self.hand_votes(node, round, PRECOMMIT, Some(value));
                self.hand_proposal_of(node, round, value);
            }
        }
        // The core has done it, and possibly more. What it keeps to itself follows later.
        let is_quiet =
            matches!(action, Action::SeePolka { .. }) && before.nodes[node].step == Step::Precommit;
        if is_quiet && self.state.nodes[node] == before.nodes[node] {
            self.state = expected;
            self.taken += 1;
        }
        let (now, then) = (self.state.nodes[node], expected.nodes[node]);
        let is_done = (now.decided, now.round, now.step) >= (then.decided, then.round, then.step);
        assert!(is_done, "the core does not do {action:?} in {before:?}: it is in {now:?}");
        for (round, kind) in [(0, PREVOTE), (0, PRECOMMIT), (1, PREVOTE), (1, PRECOMMIT)] {
            let voted = |state: &State| state.votes[round][kind][node];
            let as_expected = voted(&expected).is_none() || voted(&expected) == voted(&self.state);
            assert!(
                as_expected,
                "the core votes otherwise than {action:?} in {before:?}: {:?}",
                voted(&self.state)
            );
        }
    }

    fn time_out(&mut self, node: usize, round: u8, kind: TimerKind) {
        self.feed(node, CoreInput::Timeout { round: round.into(), kind }, None);
    }

    fn hand_proposal_of(&mut self, node: usize, round: u8, value: Value) {
        let honest = self.state.proposals[round as usize];
        self.hand_proposal(node, round, honest.unwrap_or((value, None)));
    }

    fn hand_proposal(&mut self, node: usize, round: u8, (value, polka_round): Proposal) {
        let proposer = self.rules.proposers[round as usize];
        let is_new = self.replicas[node].proposals.insert((round, (value, polka_round)));
        if is_new && self.state.nodes[node].decided.is_none() {
            let input = CoreInput::Proposal {
                round: round.into(),
                hash: hash_of(value),
                polka_round: polka_round.map(u32::from),
                proposer: proposer.into(),
                signature: UNSIGNED,
                valid: value == 0 || !self.rules.is_second_bad,
            };
            self.feed(node, input, None);
        }
    }

    /// Votes of a quorum, as many as there are honest ones and the faulty one's.
    fn hand_votes(&mut self, node: usize, round: u8, kind: usize, ballot: Ballot) {
        for by in 0..HONEST {
            if self.state.votes[round as usize][kind][by] == Some(ballot) {
                self.hand_vote(node, round, kind, ballot, by as u8, None);
            }
        }
        self.hand_vote(node, round, kind, ballot, FAULTY, None);
    }

    fn hand_vote(
        &mut self,
        node: usize,
        round: u8,
        kind: usize,
        ballot: Ballot,
        by: u8,
        fresh: Option<Value>,
    ) {
        // A second vote of the faulty one does not count for who has heard the first.
        let is_new = self.replicas[node].votes.insert((round, kind, by));
        if is_new && usize::from(by) != node && self.state.nodes[node].decided.is_none() {
            let vote = self.vote(round, kind, ballot, by);
            self.feed(node, CoreInput::Vote(vote), fresh);
        }
    }

    fn vote(&self, round: u8, kind: usize, ballot: Ballot, by: u8) -> Vote {
        let kind = if kind == PREVOTE { VoteKind::Prevote } else { VoteKind::Precommit };
        Vote::signed(kind, (self.height, round.into()), ballot.map(hash_of), by.into(), UNSIGNED)
    }

    /// Gives a core an input, and takes in the model whatever the core does about it.
    fn feed(&mut self, node: usize, input: CoreInput, fresh: Option<Value>) {
        let mut outputs = std::collections::VecDeque::from(self.replicas[node].core.step(input));
        self.follow_round(node, &outputs, fresh);
        while let Some(output) = outputs.pop_front() {
            match output {
                CoreOutput::Vote { kind, round, hash } => {
                    let kind = if kind == VoteKind::Prevote { PREVOTE } else { PRECOMMIT };
                    let ballot = hash.map(value_of);
                    self.take_as(node, &format!("vote {kind} for {ballot:?} in round {round}"), |_, next| {
                        next.votes[round as usize][kind][node] == Some(ballot)
                    });
                    let own = self.vote(round as u8, kind, ballot, node as u8);
                    let more = self.replicas[node].core.step(CoreInput::Vote(own));
                    self.follow_round(node, &more.clone().into(), fresh);
                    outputs.extend(more);
                }
                CoreOutput::NeedValue { round } => {
                    let (value, _) = self.state.proposals[round as usize].expect("entered with a proposal");
                    let input = CoreInput::Value { round, hash: hash_of(value) };
                    outputs.extend(self.replicas[node].core.step(input));
                }
                CoreOutput::Propose { round, hash, polka_round } => {
                    let proposed = (value_of(hash), polka_round.map(|round| round as u8));
                    assert_eq!(
                        self.state.proposals[round as usize],
                        Some(proposed),
                        "proposed in round {round}"
                    );
                    let proposal = (round as u8, proposed);
                    self.replicas[node].proposals.insert(proposal);
                    let more = self.replicas[node].core.step(CoreInput::Proposal {
                        round,
                        hash,
                        polka_round,
                        proposer: node as u32,
                        signature: UNSIGNED,
                        valid: true,
                    });
                    outputs.extend(more);
                }
                CoreOutput::Decide { round, hash } => {
                    let value = value_of(hash);
                    self.take_as(node, &format!("decide {value} of round {round}"), |action, _| {
                        *action == Action::Decide { node, round: round as u8, value }
                    });
                    return;
                }
                CoreOutput::Timer { .. } => (),
            }
        }
        let (ours, theirs) = (u32::from(self.state.nodes[node].round), self.replicas[node].core.round());
        assert_eq!(ours, theirs, "rounds of validator {node}");
    }

    /// If the core has entered round 1, the model does.
    fn follow_round(
        &mut self,
        node: usize,
        outputs: &std::collections::VecDeque<CoreOutput>,
        fresh: Option<Value>,
    ) {
        if u32::from(self.state.nodes[node].round) == self.replicas[node].core.round() {
            return;
        }
        // What the core has learned in silence shows in what it proposes.
        let again = outputs.iter().find_map(|output| match output {
            CoreOutput::Propose { hash, polka_round: Some(round), .. } => {
                Some((value_of(*hash), *round as u8))
            }
            _ => None,
        });
        if let Some((value, round)) = again
            && self.state.nodes[node].valid != Some((value, round))
        {
            self.take_as(node, "learn of a quorum's prevotes", |action, _| {
                *action == Action::SeePolka { node, value }
            });
        }
        let wants_value = outputs.iter().any(|output| matches!(output, CoreOutput::NeedValue { .. }));
        let fresh = fresh.or(wants_value.then_some(0));
        self.take_as(node, "enter round 1", |action, next| {
            let fits = match action {
                Action::Skip { fresh: of_action, .. } | Action::PrecommitTimeout { fresh: of_action, .. } => {
                    !wants_value || *of_action == fresh
                }
                _ => false,
            };
            fits && next.nodes[node].round == 1
        });
    }

    /// Takes the first action of a validator that the model has now and that fits.
    fn take_as(&mut self, node: usize, what: &str, fits: impl Fn(&Action, &State) -> bool) {
        let found = self.state.actions(&self.rules).into_iter().find_map(|action| {
            let next = self.state.after(&self.rules, &action);
            (action.node() == node && fits(&action, &next)).then_some(next)
        });
        let state = self.state;
        self.state =
            found.unwrap_or_else(|| panic!("the model does not let validator {node} {what} in {state:?}"));
        self.taken += 1;
    }
}

/// SplitMix64.
fn draw(random: &mut u64, below: usize) -> usize {
    *random = random.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *random;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((mixed ^ (mixed >> 31)) % below as u64) as usize
}

/// Walks, and gives how many actions were taken, how many of them of the core's own accord, and how many walks decided.
fn walks(rules: Rules, height: u64, count: u64) -> (usize, usize, usize) {
    let genesis = genesis_of(4);
    let (mut taken, mut eager, mut decided) = (0, 0, 0);
    for seed in 0..count {
        let mut random = seed;
        let mut walk = Walk::new(&genesis, rules, height);
        loop {
            let mut actions = walk.state.actions(&rules);
            actions.retain(|action| walk.is_playable(action));
            if actions.is_empty() {
                break;
            }
            let before = walk.taken;
            walk.take(actions[draw(&mut random, actions.len())]);
            walk.eager += (walk.taken - before).saturating_sub(1);
            assert!(walk.state.agrees());
        }
        taken += walk.taken;
        eager += walk.eager;
        decided += usize::from(walk.state.nodes.iter().any(|node| node.decided.is_some()));
    }
    (taken, eager, decided)
}

impl Walk {
    /// Whether a core can be brought to an action: it needs the faulty one's votes, of which a core believes the first.
    fn is_playable(&self, action: &Action) -> bool {
        let node = action.node();
        let replica = &self.replicas[node];
        let round = self.state.nodes[node].round;
        let unheard = |round: u8, kind: usize| !replica.votes.contains(&(round, kind, FAULTY));
        match *action {
            Action::HearProposal { proposal: (_, Some(round)), .. } => unheard(round, PREVOTE),
            Action::SeePolka { .. } | Action::SeeNilPolka { .. } => unheard(round, PREVOTE),
            Action::Decide { round, .. } => unheard(round, PRECOMMIT),
            Action::Skip { .. } => unheard(1, PREVOTE) && unheard(1, PRECOMMIT),
            _ => true,
        }
    }
}

#[test]
fn whatever_the_core_does_the_model_allows_and_the_other_way_round() {
    // At these heights the faulty validator 3 proposes in the first round, in the second, or in neither.
    for (height, proposers) in [(4, [FAULTY, 0]), (3, [2, FAULTY]), (1, [0, 1])] {
        for is_second_bad in [false, true] {
            let rules = Rules { is_second_bad, ..Rules::sound(proposers) };
            let (taken, eager, decided) = walks(rules, height, 3_000);
            println!(
                "proposers {proposers:?}, block 1 bad {is_second_bad}: {taken} actions replayed, {eager} of them the \
                 core's own, {decided} walks decided"
            );
            assert!(eager > 0 && decided > 0);
        }
    }
}

#[test]
#[should_panic(expected = "the core votes otherwise")]
fn a_model_without_locks_is_told_from_the_core() {
    walks(Rules { has_locks: false, ..Rules::sound([FAULTY, 0]) }, 4, 3_000);
}

#[test]
#[should_panic(expected = "the model does not let validator")]
fn a_model_with_other_rules_is_told_from_the_core() {
    // A larger quorum: the core does what this model forbids.
    walks(Rules { quorum: 4, ..Rules::sound([FAULTY, 0]) }, 4, 3_000);
}
