//! Whatever bytes come from a network or a disk: they are refused with a reason, or they are what writing would have written.
//! Nothing panics, and nothing that was bent has an effect.

use std::sync::Arc;

use goshawk_ledger::{
    Block, Canonical, CommitCertificate, Committed, ConsensusMessage, ContractId, DecodeError, Effect, Event,
    Genesis, Header, LogEntry, MemoryStore, PolkaCertificate, Proposal, Receipt, SignatureScheme,
    SignedTransaction, StateKey, Store, TimerKey, TimerKind, TradeProof, Transaction, Validator, Vote,
};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::community::{Community, genesis};
use crate::network::{
    Conduct::{self, *},
    Network, Weather,
};

type Decoder = fn(&[u8]) -> Result<Vec<u8>, DecodeError>;

/// Reads, and writes what was read.
fn again<T: Canonical>(bytes: &[u8]) -> Result<Vec<u8>, DecodeError> {
    T::from_bytes(bytes).map(|value| value.to_bytes())
}

/// Everything that is read from a network, a file or a proof; in the order of `ledger/fuzz/fuzz_targets/decoders.rs`.
const DECODERS: [(&str, Decoder); 15] = [
    ("message", again::<ConsensusMessage>),
    ("proposal", again::<Proposal>),
    ("vote", again::<Vote>),
    ("polka", again::<PolkaCertificate>),
    ("certificate", again::<CommitCertificate>),
    ("block", again::<Block>),
    ("committed", again::<Committed>),
    ("header", again::<Header>),
    ("transaction", again::<Transaction>),
    ("signed transaction", again::<SignedTransaction>),
    ("receipt", again::<Receipt>),
    ("log entry", again::<LogEntry>),
    ("genesis", again::<Genesis>),
    ("state key", again::<StateKey>),
    ("trade proof", again::<TradeProof>),
];

/// What a network of four said and did. With a silent validator every kind of message is there.
struct Sample {
    genesis: Arc<Genesis>,
    transactions: Vec<Arc<SignedTransaction>>,
    messages: Vec<Arc<ConsensusMessage>>,
    chain: Vec<Committed>,
}

fn sample(scheme: SignatureScheme, conduct: [Conduct; 4]) -> Sample {
    let genesis = genesis(scheme, 4, 4);
    let mut network = Network::new(&genesis, Weather::default(), &conduct);
    let transactions = Community::new(&genesis).period(2);
    network.submit(&transactions);
    network.run_to(1);
    Sample { genesis, transactions, messages: network.sent.clone(), chain: network.agreed_chain() }
}

/// Encodings of each kind, beside the place of their decoder.
fn encodings() -> Vec<(usize, Vec<u8>)> {
    let Sample { genesis, transactions, mut messages, chain } =
        sample(SignatureScheme::Ed25519, [Silent, Honest, Honest, Honest]);
    let Committed { block, certificate, receipts, .. } = chain[0].clone();
    let decided =
        ConsensusMessage::Decided { block: Arc::clone(&block), certificate: Arc::clone(&certificate) };
    messages.extend([Arc::new(decided), Arc::new(ConsensusMessage::Request { height: 300 })]);
    let place = |name: &str| DECODERS.iter().position(|(known, _)| *known == name).unwrap();
    let mut all: Vec<(&str, Vec<u8>)> = Vec::new();
    for message in &messages {
        all.push(("message", message.to_bytes()));
        all.push((
            "log entry",
            LogEntry::Received { from: 2, at_micros: 77, message: Arc::clone(message) }.to_bytes(),
        ));
        match &**message {
            ConsensusMessage::Proposal(proposal) => all.push(("proposal", proposal.to_bytes())),
            ConsensusMessage::Vote(vote) => all.push(("vote", vote.to_bytes())),
            ConsensusMessage::Polka(polka) => all.push(("polka", polka.to_bytes())),
            _ => (),
        }
    }
    let key = TimerKey { height: 1, round: 300, kind: TimerKind::Prevote };
    for entry in [
        LogEntry::Entered { height: 1, at_micros: 1 << 40 },
        LogEntry::Built { block: Arc::clone(&block) },
        LogEntry::Expired { key, at_micros: 5 },
    ] {
        all.push(("log entry", entry.to_bytes()));
    }
    all.push(("certificate", certificate.to_bytes()));
    all.push(("block", block.to_bytes()));
    all.push(("committed", chain[0].to_bytes()));
    all.push(("header", block.header().to_bytes()));
    all.push(("genesis", genesis.to_bytes()));
    all.extend(transactions.iter().map(|it| ("signed transaction", it.to_bytes())));
    all.extend(transactions.iter().map(|it| ("transaction", it.transaction().to_bytes())));
    all.extend(receipts.iter().map(|it| ("receipt", it.to_bytes())));
    all.push(("state key", StateKey::Contract(ContractId(300)).to_bytes()));
    let mut store = MemoryStore::new(Arc::clone(&genesis), 5);
    store.put(&chain[0]).unwrap();
    let proof = TradeProof::from_store(&store, ContractId(1)).unwrap().unwrap();
    all.push(("trade proof", proof.to_bytes()));
    let all: Vec<(usize, Vec<u8>)> = all.into_iter().map(|(name, bytes)| (place(name), bytes)).collect();
    let missing = (0..DECODERS.len()).find(|place| all.iter().all(|(known, _)| known != place));
    assert_eq!(missing.map(|place| DECODERS[place].0), None, "no sample");
    all
}

#[test]
fn what_is_cut_at_any_byte_or_has_a_byte_more_is_refused() {
    for (place, bytes) in encodings() {
        let (name, decode) = DECODERS[place];
        assert_eq!(decode(&bytes).as_ref(), Ok(&bytes), "{name}");
        for cut in 0..bytes.len() {
            assert!(decode(&bytes[..cut]).is_err(), "{name}: {cut} of {} bytes", bytes.len());
        }
        let longer = [bytes.as_slice(), &[0]].concat();
        assert!(decode(&longer).is_err(), "{name}: one byte more");
    }
}

#[test]
fn a_list_that_claims_to_be_longer_than_its_bytes_takes_no_memory() {
    // A block's list of transactions, claimed to have 2^63 elements.
    let claims = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
    let header = encodings().into_iter().find(|(place, _)| DECODERS[*place].0 == "header").unwrap().1;
    assert_eq!(Block::from_bytes(&[header.as_slice(), &claims].concat()), Err(DecodeError::Truncated));
}

/// `FUZZ_SEEDS=ledger/fuzz/corpus/decoders cargo test --release -p goshawk-ledger --test it seeds -- --ignored`
#[test]
#[ignore = "it writes what fuzzing begins with"]
fn seeds_for_fuzzing() {
    let folder = std::path::PathBuf::from(std::env::var("FUZZ_SEEDS").unwrap());
    std::fs::create_dir_all(&folder).unwrap();
    for (number, (place, bytes)) in encodings().into_iter().enumerate() {
        std::fs::write(folder.join(format!("seed-{number}")), [&[place as u8], bytes.as_slice()].concat())
            .unwrap();
    }
}

/// A way to bend bytes.
#[derive(Debug, Clone)]
enum Bend {
    Change(Index, u8),
    Insert(Index, Vec<u8>),
    Remove(Index, usize),
    Repeat(Index, usize),
}

impl Bend {
    fn any() -> impl Strategy<Value = Self> {
        prop_oneof![
            4 => (any::<Index>(), 1u8..).prop_map(|(place, change)| Self::Change(place, change)),
            1 => (any::<Index>(), prop::collection::vec(any::<u8>(), 1..12))
                .prop_map(|(place, bytes)| Self::Insert(place, bytes)),
            1 => (any::<Index>(), 1usize..40).prop_map(|(place, count)| Self::Remove(place, count)),
            1 => (any::<Index>(), 1usize..40).prop_map(|(place, count)| Self::Repeat(place, count)),
        ]
    }

    fn apply(&self, bytes: &mut Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        let end = |place: usize, count: usize| (place + count).min(bytes.len());
        match self {
            Self::Change(place, change) => {
                let place = place.index(bytes.len());
                bytes[place] ^= change;
            }
            Self::Insert(place, more) => {
                let place = place.index(bytes.len());
                bytes.splice(place..place, more.iter().copied());
            }
            Self::Remove(place, count) => {
                let place = place.index(bytes.len());
                bytes.drain(place..end(place, *count));
            }
            Self::Repeat(place, count) => {
                let place = place.index(bytes.len());
                let again = bytes[place..end(place, *count)].to_vec();
                bytes.splice(place..place, again);
            }
        }
    }
}

/// Computed once for all cases of a thread.
fn with_encodings<T>(ask: impl FnOnce(&[(usize, Vec<u8>)]) -> T) -> T {
    thread_local!(static ENCODINGS: Vec<(usize, Vec<u8>)> = encodings());
    ENCODINGS.with(|all| ask(all))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn bytes_from_nowhere_are_refused_or_are_what_would_be_written(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        for (name, decode) in DECODERS {
            if let Ok(written) = decode(&bytes) {
                prop_assert_eq!(&written, &bytes, "{}", name);
            }
        }
    }

    #[test]
    fn bent_bytes_are_refused_or_are_what_would_be_written(
        which in any::<Index>(), decoder in 0usize..4 * DECODERS.len(),
        bends in prop::collection::vec(Bend::any(), 1..4),
    ) {
        let (place, mut bytes) = with_encodings(|all| all[which.index(all.len())].clone());
        bends.iter().for_each(|bend| bend.apply(&mut bytes));
        // Most by their own decoder, some by another one's.
        let (name, decode) = DECODERS[if decoder < DECODERS.len() { decoder } else { place }];
        if let Ok(written) = decode(&bytes) {
            prop_assert_eq!(written, bytes, "{}", name);
        }
    }
}

/// All that is needed for the first height, with something bent before each message.
fn with_bent(sample: &Sample, bends: &[(Index, Bend, usize)]) -> Vec<Event> {
    let mut events = Vec::new();
    let mut bends = bends.iter();
    for (message, sender) in sample.messages.iter().filter_map(|it| Some((it, sender_of(it)?))) {
        for (which, bend, from) in bends.by_ref().take(2) {
            let mut bytes = sample.messages[which.index(sample.messages.len())].to_bytes();
            bend.apply(&mut bytes);
            if let Ok(message) = ConsensusMessage::from_bytes(&bytes).map(Arc::new) {
                events.push(Event::Message { from: *from, message });
            }
        }
        if sender != 1 {
            events.push(Event::Message { from: sender, message: Arc::clone(message) });
        }
    }
    events
}

fn sender_of(message: &ConsensusMessage) -> Option<usize> {
    match message {
        ConsensusMessage::Proposal(proposal) => Some(proposal.proposer as usize),
        ConsensusMessage::Vote(vote) => Some(vote.validator as usize),
        _ => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn bent_messages_change_no_decision_and_accuse_nobody(
        bends in prop::collection::vec((any::<Index>(), Bend::any(), 0usize..6), 60),
    ) {
        thread_local!(static SAMPLE: Sample = sample(SignatureScheme::KeyedHash, [Honest; 4]));
        SAMPLE.with(|sample| {
            let store = MemoryStore::new(Arc::clone(&sample.genesis), 5);
            let mut validator = Validator::new(Arc::clone(&sample.genesis), 1, store).unwrap();
            let mut decided = Vec::new();
            for (time, event) in (1..).zip(with_bent(sample, &bends)) {
                for effect in validator.handle(400_000 + time, event) {
                    match effect {
                        Effect::Committed(committed) => decided.push(committed.block.hash()),
                        Effect::Equivocation(_) => {
                            return Err(TestCaseError::fail("somebody honest is accused"));
                        }
                        Effect::Halted(error) => return Err(TestCaseError::fail(error.to_string())),
                        _ => (),
                    }
                }
            }
            prop_assert_eq!(decided, [sample.chain[0].block.hash()]);
            Ok(())
        })?;
    }

    #[test]
    fn bent_transactions_are_not_let_in(
        bends in prop::collection::vec((any::<Index>(), Bend::any()), 1..30),
    ) {
        thread_local!(static SAMPLE: Sample = sample(SignatureScheme::KeyedHash, [Honest; 4]));
        SAMPLE.with(|sample| {
            let store = MemoryStore::new(Arc::clone(&sample.genesis), 5);
            let mut validator = Validator::new(Arc::clone(&sample.genesis), 1, store).unwrap();
            let bent: Vec<Arc<SignedTransaction>> = bends
                .iter()
                .filter_map(|(which, bend)| {
                    let honest = &sample.transactions[which.index(sample.transactions.len())];
                    let mut bytes = honest.to_bytes();
                    bend.apply(&mut bytes);
                    let bent = SignedTransaction::from_bytes(&bytes).ok()?;
                    (bent != **honest).then(|| Arc::new(bent))
                })
                .collect();
            let effects = validator.handle(1, Event::Submit(bent.into()));
            prop_assert!(effects.is_empty());
            prop_assert_eq!(validator.waiting(), 0);
            Ok(())
        })?;
    }
}
