//! The rules of one Tendermint height, small enough to try every order of events.
//!
//! Four validators, of which validator 3 is faulty, two blocks, rounds 0 and 1. What honest validators say goes into a soup, and
//! each of them may at any time have received any part of it. The faulty one may at any time have said anything to anybody, so its
//! statements need not be kept: they are there when they are wanted. Timers may run out at any time. All this allows more
//! than can happen, so what holds here holds in earnest.
//!
//! The rules are those of the paper (Buchman, Kwon and Milosevic 2018), named by its line numbers. They are written here once
//! more, from the paper and not from the core, so that the two can be held against each other.

/// A block. With [`Rules::is_second_bad`], block 1 does not hold.
pub type Value = u8;

/// The honest validators.
pub const HONEST: usize = 3;
/// The faulty one.
pub const FAULTY: u8 = 3;
const ROUNDS: usize = 2;

/// What is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Who proposes in each round.
    pub proposers: [u8; ROUNDS],
    /// Votes that decide: 3 of 4.
    pub quorum: usize,
    /// Whether a validator keeps its lock.
    pub has_locks: bool,
    /// Whether block 1 breaks a rule of the chain.
    pub is_second_bad: bool,
}

impl Rules {
    /// The rules as they are, with the faulty validator's turn in this round, or in none.
    pub const fn sound(proposers: [u8; ROUNDS]) -> Self {
        Self { proposers, quorum: 3, has_locks: true, is_second_bad: false }
    }

    fn holds(&self, value: Value) -> bool {
        value == 0 || !self.is_second_bad
    }
}

/// Prevote or precommit, as an index.
pub const PREVOTE: usize = 0;
/// See [`PREVOTE`].
pub const PRECOMMIT: usize = 1;

/// How far a validator is in its round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// It waits for a proposal.
    Propose,
    /// It has prevoted.
    Prevote,
    /// It has precommitted.
    Precommit,
}

/// An honest validator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Node {
    /// Its round.
    pub round: u8,
    /// Its step.
    pub step: Step,
    /// The block that it precommitted last, and in which round.
    pub locked: Option<(Value, u8)>,
    /// The block that a quorum prevoted for last, as far as it knows, and in which round.
    pub valid: Option<(Value, u8)>,
    /// The block that it decided.
    pub decided: Option<Value>,
}

/// A proposal: the block, and the round of the prevotes that allow it.
pub type Proposal = (Value, Option<u8>);
/// A vote for a block or for none.
pub type Ballot = Option<Value>;

/// Everything at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct State {
    /// The honest validators.
    pub nodes: [Node; HONEST],
    /// What an honest proposer has proposed in each round.
    pub proposals: [Option<Proposal>; ROUNDS],
    /// Votes by round, kind and honest validator.
    pub votes: [[[Option<Ballot>; HONEST]; 2]; ROUNDS],
}

/// Something that an honest validator does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// It hears a proposal and prevotes (lines 22 and 28).
    HearProposal { node: usize, proposal: Proposal },
    /// It waits for a proposal no longer and prevotes for none (line 57).
    ProposeTimeout { node: usize },
    /// It sees prevotes of a quorum for a block: it locks and precommits, or remembers it (line 36).
    SeePolka { node: usize, value: Value },
    /// It sees prevotes of a quorum for none, and precommits none (line 44).
    SeeNilPolka { node: usize },
    /// It waits for prevotes no longer and precommits none (line 61).
    PrevoteTimeout { node: usize },
    /// It waits for precommits no longer and enters the next round (line 65). `fresh` is what it proposes there if it is its
    /// turn and it knows of no block with a quorum's prevotes.
    PrecommitTimeout { node: usize, fresh: Option<Value> },
    /// It sees that others are in the next round, and enters it (line 55).
    Skip { node: usize, fresh: Option<Value> },
    /// It sees precommits of a quorum for a block (line 49).
    Decide { node: usize, round: u8, value: Value },
}

impl Action {
    /// Who acts.
    pub const fn node(&self) -> usize {
        match self {
            Self::HearProposal { node, .. }
            | Self::ProposeTimeout { node }
            | Self::SeePolka { node, .. }
            | Self::SeeNilPolka { node }
            | Self::PrevoteTimeout { node }
            | Self::PrecommitTimeout { node, .. }
            | Self::Skip { node, .. }
            | Self::Decide { node, .. } => *node,
        }
    }
}

impl State {
    /// All in round 0. If it is an honest validator's turn, it has proposed block 0; block 1 would be the same with other names.
    pub fn first(rules: &Rules) -> Self {
        let node = Node { round: 0, step: Step::Propose, locked: None, valid: None, decided: None };
        let proposal = (rules.proposers[0] != FAULTY).then_some((0, None));
        Self { nodes: [node; HONEST], proposals: [proposal, None], votes: Default::default() }
    }

    /// Whether somebody can have votes of a quorum.
    pub fn has_quorum(&self, rules: &Rules, round: u8, kind: usize, ballot: Ballot) -> bool {
        let honest = self.votes[round as usize][kind].iter().filter(|vote| **vote == Some(ballot)).count();
        honest + 1 >= rules.quorum
    }

    /// Whether a block can have been proposed in a round.
    pub fn is_proposed(&self, rules: &Rules, round: u8, value: Value) -> bool {
        rules.proposers[round as usize] == FAULTY
            || self.proposals[round as usize].is_some_and(|(proposed, _)| proposed == value)
    }

    /// The proposals of a round that somebody can have heard, with the prevotes that they need.
    fn proposals(&self, rules: &Rules, round: u8) -> Vec<Proposal> {
        let all = if rules.proposers[round as usize] == FAULTY {
            let earlier = (0..round).map(Some).chain([None]);
            earlier.flat_map(|polka_round| [0, 1].map(|value| (value, polka_round))).collect()
        } else {
            self.proposals[round as usize].into_iter().collect::<Vec<_>>()
        };
        let is_allowed = |&(value, polka_round): &Proposal| {
            polka_round.is_none_or(|round| self.has_quorum(rules, round, PREVOTE, Some(value)))
        };
        all.into_iter().filter(is_allowed).collect()
    }

    /// What can happen.
    pub fn actions(&self, rules: &Rules) -> Vec<Action> {
        let mut actions = Vec::new();
        for (node, it) in self.nodes.iter().enumerate().filter(|(_, it)| it.decided.is_none()) {
            let round = it.round;
            if it.step == Step::Propose {
                let proposals = self.proposals(rules, round);
                actions.extend(proposals.into_iter().map(|proposal| Action::HearProposal { node, proposal }));
                actions.push(Action::ProposeTimeout { node });
            } else {
                for value in [0, 1] {
                    let is_news = it.step == Step::Prevote || it.valid != Some((value, round));
                    if is_news
                        && rules.holds(value)
                        && self.is_proposed(rules, round, value)
                        && self.has_quorum(rules, round, PREVOTE, Some(value))
                    {
                        actions.push(Action::SeePolka { node, value });
                    }
                }
            }
            if it.step == Step::Prevote {
                if self.has_quorum(rules, round, PREVOTE, None) {
                    actions.push(Action::SeeNilPolka { node });
                }
                actions.push(Action::PrevoteTimeout { node });
            }
            if round == 0 {
                let needs_value = usize::from(rules.proposers[1]) == node && it.valid.is_none();
                let fresh: &[Option<Value>] = match (needs_value, rules.is_second_bad) {
                    (false, _) => &[None],
                    (true, true) => &[Some(0)],
                    (true, false) => &[Some(0), Some(1)],
                };
                let is_somebody_ahead = self.votes[1].iter().flatten().any(Option::is_some);
                for &fresh in fresh {
                    actions.push(Action::PrecommitTimeout { node, fresh });
                    if is_somebody_ahead {
                        actions.push(Action::Skip { node, fresh });
                    }
                }
            }
            for (round, value) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                if rules.holds(value)
                    && self.is_proposed(rules, round, value)
                    && self.has_quorum(rules, round, PRECOMMIT, Some(value))
                {
                    actions.push(Action::Decide { node, round, value });
                }
            }
        }
        actions
    }

    /// What is then.
    #[must_use]
    pub fn after(&self, rules: &Rules, action: &Action) -> Self {
        let mut next = *self;
        let node = action.node();
        let it = self.nodes[node];
        let now = &mut next.nodes[node];
        let votes = &mut next.votes[it.round as usize];
        match *action {
            Action::HearProposal { proposal: (value, polka_round), .. } => {
                let may = !rules.has_locks
                    || it.locked.is_none_or(|(locked, locked_round)| {
                        locked == value || polka_round.is_some_and(|round| locked_round <= round)
                    });
                votes[PREVOTE][node] = Some((may && rules.holds(value)).then_some(value));
                now.step = Step::Prevote;
            }
            Action::ProposeTimeout { .. } => {
                votes[PREVOTE][node] = Some(None);
                now.step = Step::Prevote;
            }
            Action::SeePolka { value, .. } => {
                if it.step == Step::Prevote {
                    votes[PRECOMMIT][node] = Some(Some(value));
                    now.step = Step::Precommit;
                    now.locked = Some((value, it.round));
                }
                now.valid = Some((value, it.round));
            }
            Action::SeeNilPolka { .. } | Action::PrevoteTimeout { .. } => {
                votes[PRECOMMIT][node] = Some(None);
                now.step = Step::Precommit;
            }
            Action::PrecommitTimeout { fresh, .. } | Action::Skip { fresh, .. } => {
                (now.round, now.step) = (1, Step::Propose);
                if usize::from(rules.proposers[1]) == node {
                    let again = it.valid.map(|(value, round)| (value, Some(round)));
                    next.proposals[1] = again.or(fresh.map(|value| (value, None)));
                }
            }
            Action::Decide { value, .. } => now.decided = Some(value),
        }
        next
    }

    /// Whether all who have decided have decided the same.
    pub fn agrees(&self) -> bool {
        let mut decided = self.nodes.iter().filter_map(|node| node.decided);
        decided.next().is_none_or(|first| decided.all(|other| other == first))
    }

    /// Whether nobody has decided a block that does not hold.
    pub fn is_valid(&self, rules: &Rules) -> bool {
        self.nodes.iter().filter_map(|node| node.decided).all(|value| rules.holds(value))
    }
}
