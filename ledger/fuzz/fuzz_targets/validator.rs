//! Any messages, timers and transactions, to one validator of four. Validator 3 is faulty, and the input says what it signs:
//! votes for anything, and blocks that are bent in any way. Validators 0 and 2 have signed a first block and nothing else. So
//! the receiver never panics, never halts, decides that block or none, and accuses nobody but validator 3.

#![no_main]

use std::sync::{Arc, LazyLock};

use goshawk_ledger::{
    AccountId, Block, Canonical, CommitCertificate, ConsensusMessage, ContractId, CreditRules, Device, Digest, Effect, Event, Genesis, GenesisAccount,
    GenesisConfig, Limits, MemoryStore, Operation, PolkaCertificate, Proposal, Role, SignatureScheme, SignedTransaction,
    Timeouts, TimerKey, TimerKind, Transaction, TreeParams, Validator, ValidatorSignature, Vote, VoteKind,
};
use goshawk_market::quantity::{Energy, Money};
use libfuzzer_sys::fuzz_target;

static GENESIS: LazyLock<Arc<Genesis>> = LazyLock::new(|| {
    let account = |name: &str, role| GenesisAccount {
        name: name.to_owned(),
        role,
        opening_balance: Money::from_micro(1_000_000_000),
    };
    let config = GenesisConfig {
        chain: 7,
        seed: [3; 32],
        scheme: SignatureScheme::KeyedHash,
        accounts: vec![
            account("grid", Role::Grid),
            account("platform", Role::Platform),
            account("h0000", Role::Household),
            account("h0001", Role::Household),
        ],
        validators: (0..4).map(|index| format!("validator {index}")).collect(),
        tree: TreeParams { buckets: 16, arity: 4 },
        limits: Limits::default(),
        timeouts: Timeouts::default(),
        devices: [2, 3].map(|owner| device(AccountId(owner))).into(),
        carried_max: None,
        lines: Vec::new(),
        credit: Some(CreditRules::default()),
    };
    Arc::new(Genesis::new(config).expect("a genesis without fault"))
});

fn device(owner: AccountId) -> Device {
    let rating = Energy::from_micro(9_000_000);
    Device { owner, place: 0, rating, generation: Energy::ZERO, content: Some(rating) }
}

/// What the honest validators have signed: a first block, and both votes of 0 and 2 for it.
struct Honest {
    block: Arc<Block>,
    said: Vec<(usize, Arc<ConsensusMessage>)>,
}

static HONEST: LazyLock<Honest> = LazyLock::new(|| {
    let sender = GENESIS.account("h0000").expect("an account of the genesis");
    let signer = GENESIS.signer(sender).expect("an account of the genesis");
    let operation = Operation::Sign { contract: ContractId(1) };
    let transaction = Transaction { chain: 7, sender, nonce: 0, expiry_micros: None, operation };
    let transaction = Arc::new(SignedTransaction::sign(transaction, &signer));
    let store = MemoryStore::new(Arc::clone(&GENESIS), 4);
    let mut first = Validator::new(Arc::clone(&GENESIS), 0, store).expect("a validator of the genesis");
    let effects = first.handle(1, Event::Submit([transaction].into()));
    let (proposal, block) = effects
        .into_iter()
        .find_map(|effect| match effect {
            Effect::Broadcast(message) => match &*message {
                ConsensusMessage::Proposal(proposal) => Some((Arc::clone(&message), Arc::clone(&proposal.block))),
                _ => None,
            },
            _ => None,
        })
        .expect("validator 0 proposes first");
    let mut said = vec![(0, proposal)];
    for kind in [VoteKind::Prevote, VoteKind::Precommit] {
        for by in [0, 2] {
            said.push((by, vote(by as u32, kind, (1, 0), Some(block.hash()))));
        }
    }
    Honest { block, said }
});

fn vote(by: u32, kind: VoteKind, place: (u64, u32), hash: Option<Digest>) -> Arc<ConsensusMessage> {
    let signer = GENESIS.validator_signer(by as usize).expect("a validator of the genesis");
    Arc::new(ConsensusMessage::Vote(Vote::sign(GENESIS.hash(), kind, place, hash, (by, &signer))))
}

/// Bytes to choose by; zeros when they have run out.
struct Choices<'a>(&'a [u8]);

impl Choices<'_> {
    fn next(&mut self) -> u8 {
        let [first, rest @ ..] = self.0 else { return 0 };
        self.0 = rest;
        *first
    }

    fn hash(&mut self) -> Option<Digest> {
        match self.next() % 4 {
            0 => None,
            1 => Some(Digest([self.next(); 32])),
            _ => Some(HONEST.block.hash()),
        }
    }

    fn place(&mut self) -> (u64, u32) {
        (1 + u64::from(self.next() % 4), u32::from(self.next() % 20))
    }

    fn kind(&mut self) -> VoteKind {
        if self.next() % 2 == 0 { VoteKind::Prevote } else { VoteKind::Precommit }
    }

    /// Signatures of 0, 2 and 3 under anything, as many as it likes.
    fn signatures(&mut self, kind: VoteKind, place: (u64, u32), hash: Option<Digest>) -> Vec<ValidatorSignature> {
        let honest = HONEST.said.iter().filter_map(|(_, message)| match &**message {
            ConsensusMessage::Vote(vote) if vote.kind == kind => {
                Some(ValidatorSignature { validator: vote.validator, signature: vote.signature.clone() })
            }
            _ => None,
        });
        let mut signatures: Vec<ValidatorSignature> = honest.collect();
        if let ConsensusMessage::Vote(vote) = &*vote(3, kind, place, hash) {
            signatures.push(ValidatorSignature { validator: 3, signature: vote.signature.clone() });
        }
        let kept = self.next();
        let mut place = 0;
        signatures.retain(|_| {
            place += 1;
            kept >> place & 1 == 0
        });
        signatures
    }

    /// The honest block with another header, or itself.
    fn block(&mut self, height: u64, round: u32) -> Arc<Block> {
        let mut header = HONEST.block.header().clone();
        match self.next() % 8 {
            0 => return Arc::clone(&HONEST.block),
            1 => header.time_micros = u64::from(self.next()) << 16,
            2 => header.state_root = Digest([self.next(); 32]),
            3 => header.previous = Digest([self.next(); 32]),
            4 => header.proposer = u32::from(self.next() % 5),
            // A block that holds, of validator 3's own turn.
            5 => (header.round, header.proposer) = (3, 3),
            _ => (header.height, header.round, header.proposer) = (height, round, 3),
        }
        Arc::new(Block::new(header, HONEST.block.transactions().to_vec()))
    }

    /// Something that validator 3 signs.
    fn statement(&mut self) -> Arc<ConsensusMessage> {
        let place = self.place();
        match self.next() % 4 {
            0 | 1 => vote(3, self.kind(), place, self.hash()),
            2 => {
                let block = self.block(place.0, place.1);
                let hash = block.hash();
                let polka = (self.next() % 2 == 1).then(|| {
                    let earlier = (place.0, u32::from(self.next() % 4));
                    let signatures = self.signatures(VoteKind::Prevote, earlier, Some(hash));
                    PolkaCertificate { height: earlier.0, round: earlier.1, hash, signatures }
                });
                let signer = GENESIS.validator_signer(3).expect("a validator of the genesis");
                let proposal = Proposal::sign(GENESIS.hash(), block, place.1, polka, (3, &signer));
                Arc::new(ConsensusMessage::Proposal(proposal))
            }
            _ => {
                let block = self.block(place.0, place.1);
                let (height, hash) = (block.header().height, block.hash());
                let signatures = self.signatures(VoteKind::Precommit, (height, place.1), Some(hash));
                let certificate = Arc::new(CommitCertificate { height, round: place.1, hash, signatures });
                Arc::new(ConsensusMessage::Decided { block, certificate })
            }
        }
    }
}

/// The next piece: a byte that says what it is, a byte that says how long it is.
fn piece<'a>(input: &mut &'a [u8]) -> Option<(u8, &'a [u8])> {
    let [kind, length, rest @ ..] = *input else { return None };
    let (bytes, left) = rest.split_at(usize::from(*length).min(rest.len()));
    *input = left;
    Some((*kind, bytes))
}

fuzz_target!(|input: &[u8]| {
    let mut input = input;
    let store = MemoryStore::new(Arc::clone(&GENESIS), 4);
    let mut validator = Validator::new(Arc::clone(&GENESIS), 1, store).expect("a validator of the genesis");
    let mut time = 0;
    while let Some((kind, bytes)) = piece(&mut input) {
        time += 1_000;
        let from = usize::from(kind >> 4) % 4;
        let event = match kind % 8 {
            0 => SignedTransaction::from_bytes(bytes).ok().map(|it| Event::Submit([Arc::new(it)].into())),
            1 => ConsensusMessage::from_bytes(bytes)
                .ok()
                .map(|message| Event::Message { from, message: Arc::new(message) }),
            2 => Some(Event::Connected { peer: from }),
            3 => {
                let kind = [TimerKind::Propose, TimerKind::Prevote, TimerKind::Precommit][from % 3];
                let round = u32::from(bytes.first().copied().unwrap_or_default());
                Some(Event::Timer(TimerKey { height: validator.height(), round, kind }))
            }
            4 => {
                let place = usize::from(bytes.first().copied().unwrap_or_default()) % HONEST.said.len();
                let (from, message) = &HONEST.said[place];
                Some(Event::Message { from: *from, message: Arc::clone(message) })
            }
            _ => Some(Event::Message { from: 3, message: Choices(bytes).statement() }),
        };
        for effect in event.into_iter().flat_map(|event| validator.handle(time, event)) {
            match effect {
                Effect::Committed(committed) => assert_eq!(committed.block.hash(), HONEST.block.hash()),
                Effect::Equivocation(evidence) => assert_eq!(evidence.validator(), 3),
                Effect::Halted(error) => panic!("{error}"),
                _ => (),
            }
        }
    }
});
