//! Any messages, timers and transactions, to one validator of four: it never panics, never halts, and decides nothing, for
//! nobody here has the others' keys.

#![no_main]

use std::sync::{Arc, LazyLock};

use goshawk_ledger::{
    Canonical, ConsensusMessage, Effect, Event, Genesis, GenesisAccount, GenesisConfig, Limits, MemoryStore, Role,
    SignatureScheme, SignedTransaction, Timeouts, TimerKey, TimerKind, TreeParams, Validator,
};
use goshawk_market::quantity::Money;
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
    };
    Arc::new(Genesis::new(config).expect("a genesis without fault"))
});

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
        let event = match kind % 4 {
            0 => SignedTransaction::from_bytes(bytes).ok().map(|it| Event::Submit([Arc::new(it)].into())),
            1 => ConsensusMessage::from_bytes(bytes)
                .ok()
                .map(|message| Event::Message { from, message: Arc::new(message) }),
            2 => Some(Event::Connected { peer: from }),
            _ => {
                let kind = [TimerKind::Propose, TimerKind::Prevote, TimerKind::Precommit][from % 3];
                let round = u32::from(bytes.first().copied().unwrap_or_default());
                Some(Event::Timer(TimerKey { height: 1, round, kind }))
            }
        };
        for effect in event.into_iter().flat_map(|event| validator.handle(time, event)) {
            assert!(!matches!(effect, Effect::Committed(_) | Effect::Halted(_)), "{effect:?}");
        }
    }
});
