//! What agreement costs in processor time, beside what it should cost at most.
//!
//! ```text
//! cargo bench -p goshawk-ledger --bench consensus
//! ```
//!
//! All validators of a network run in this thread, on a network that delivers in order and costs next to nothing; so a figure
//! is that of the whole network. It does not measure real networks, disks, or validators that cannot share what they have
//! verified. `floor` is the least, `ceiling` the most that is promised; a ratio of 1 or more keeps the promise.
//!
//! | figure | blocks | signatures |
//! |---|---|---|
//! | messages a second | one transaction each, so that nearly all is agreement | keyed hashes, a hundredth of Ed25519 |
//! | milliseconds a block | one transaction each | Ed25519, each checked once in the process |
//! | trades a second | 24 contracts each: published, signed, checked, metered, settled | Ed25519, five for each contract |
//!
//! The clients' signing is not counted: in a market it is their processor's work.

#![allow(clippy::unwrap_used, reason = "shared with the tests")]

#[path = "../tests/it/community.rs"]
mod community;

use std::collections::VecDeque;
use std::sync::Arc;

use goshawk_ledger::{
    AccountId, ContractId, Effect, Event, Genesis, MemoryStore, Operation, SignatureScheme,
    SignedTransaction, Validator,
};
use rustix::time::{ClockId, clock_gettime};

use community::{Community, genesis};

/// Each figure is the best of so many.
const TIMES: usize = 5;

/// What this thread has used so far, in seconds.
fn used() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// Honest validators on a network that neither loses nor delays.
struct Network {
    validators: Vec<Validator<MemoryStore>>,
    queue: VecDeque<(usize, Event)>,
    now_micros: u64,
    messages: u64,
}

impl Network {
    fn new(genesis: &Arc<Genesis>) -> Self {
        let validator = |index| {
            let store = MemoryStore::new(Arc::clone(genesis), 4);
            Validator::new(Arc::clone(genesis), index, store).unwrap()
        };
        let validators = (0..genesis.validator_count()).map(validator).collect();
        Self { validators, queue: VecDeque::new(), now_micros: 0, messages: 0 }
    }

    /// Makes transactions final for everybody.
    fn commit(&mut self, transactions: Vec<Arc<SignedTransaction>>) {
        let transactions: Arc<[Arc<SignedTransaction>]> = transactions.into();
        let count = self.validators.len();
        self.queue.extend((0..count).map(|to| (to, Event::Submit(Arc::clone(&transactions)))));
        let before = self.validators[0].height();
        while let Some((to, event)) = self.queue.pop_front() {
            self.now_micros += 1;
            self.messages += u64::from(matches!(event, Event::Message { .. }));
            for effect in self.validators[to].handle(self.now_micros, event) {
                match effect {
                    Effect::Broadcast(message) => {
                        let others = (0..count).filter(|&other| other != to);
                        self.queue.extend(others.map(|other| {
                            (other, Event::Message { from: to, message: Arc::clone(&message) })
                        }));
                    }
                    Effect::Send { to: other, message } => {
                        self.queue.push_back((other, Event::Message { from: to, message }));
                    }
                    // Nothing is ever late.
                    Effect::SetTimer { .. } | Effect::Committed(_) => (),
                    other => panic!("{other:?}"),
                }
            }
        }
        assert!(self.validators.iter().all(|it| it.height() > before && it.waiting() == 0));
    }
}

/// Blocks of one transaction each. Gives messages and seconds.
fn agree(scheme: SignatureScheme, validators: usize, blocks: u64) -> (f64, f64) {
    let genesis = genesis(scheme, 2, validators);
    let mut community = Community::new(&genesis);
    // The ledger knows no such contract: what is measured is agreement, not contracts.
    let mut one = |number| community.sign(AccountId(1), Operation::Settle { contract: ContractId(number) });
    let transactions: Vec<_> = (1..=blocks).map(&mut one).collect();
    let mut network = Network::new(&genesis);
    let start = used();
    transactions.into_iter().for_each(|transaction| network.commit(vec![transaction]));
    let seconds = used() - start;
    assert_eq!(network.validators[0].height(), blocks + 1);
    (network.messages as f64, seconds)
}

/// Blocks of whole periods. Gives trades and seconds.
fn trade(validators: usize, pairs: usize, blocks: usize) -> (f64, f64) {
    let genesis = genesis(SignatureScheme::Ed25519, 2 * pairs, validators);
    let (mut community, mut network) = (Community::new(&genesis), Network::new(&genesis));
    let periods: Vec<_> = (0..blocks).map(|_| community.period(pairs)).collect();
    let start = used();
    periods.into_iter().for_each(|transactions| network.commit(transactions));
    ((blocks * pairs) as f64, used() - start)
}

fn best(measure: impl Fn() -> f64, better: fn(f64, f64) -> f64) -> f64 {
    (0..TIMES).map(|_| measure()).reduce(better).unwrap()
}

#[expect(clippy::print_stdout, reason = "a program's result")]
fn main() {
    // Cargo's test runner builds benches too, and may start them.
    if std::env::args().any(|word| word == "--test" || word == "--list") {
        return;
    }
    let per_second = |(count, seconds): (f64, f64)| count / seconds;
    for (validators, blocks, floor) in [(4, 20_000, 1e6), (31, 300, 4e5)] {
        let figure = best(|| per_second(agree(SignatureScheme::KeyedHash, validators, blocks)), f64::max);
        println!(
            "n = {validators:>2}: {figure:>10.0} messages a CPU-second  floor {floor:>9.0}  ratio {:.2}",
            figure / floor
        );
    }
    let (validators, blocks, ceiling) = (31, 60, 5.0);
    let millis = |(_, seconds): (f64, f64)| 1e3 * seconds / blocks as f64;
    let figure = best(|| millis(agree(SignatureScheme::Ed25519, validators, blocks)), f64::min);
    println!(
        "n = {validators:>2}: {figure:>10.2} ms CPU a block, Ed25519   ceiling {ceiling:>7.0}  ratio {:.2}",
        ceiling / figure
    );
    let (validators, floor) = (4, 4e3);
    let figure = best(|| per_second(trade(validators, 24, 40)), f64::max);
    println!(
        "n = {validators:>2}: {figure:>10.0} trades a CPU-second, Ed25519  floor {floor:>5.0}  ratio {:.2}",
        figure / floor
    );
}
