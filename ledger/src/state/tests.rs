use goshawk_market::quantity::{Energy, Price};

use super::*;
use crate::bucket_tree::TreeParams;
use crate::contract::{ContractState, ContractTerms, TermsFault};
use crate::device::{Device, DeviceId, Lot};
use crate::genesis::{GenesisAccount, GenesisConfig, Limits, Role, Timeouts};
use crate::receipt::{Change, Outcome, Rejection};
use crate::settlement::Settlement;
use crate::signature::{SignatureScheme, Signer};
use crate::transaction::{Operation, Transaction};

mod devices;
mod disputes;
mod flows;
mod properties;
mod settlements;
mod standing;

pub(crate) use properties::any_step;

const GRID: AccountId = AccountId(0);
const PLATFORM: AccountId = AccountId(1);
const SELLER: AccountId = AccountId(2);
const BUYER: AccountId = AccountId(3);
const OTHER: AccountId = AccountId(4);

/// One currency in an account, where a contract of [`terms`] costs the buyer 0.26.
const OPENING: Money = Money::from_micro(1_000_000);

/// Delivers up to 100 kWh in a period.
pub(crate) fn device(owner: AccountId) -> Device {
    let rating = Energy::from_micro(100_000_000);
    Device { owner, place: 0, rating, generation: Energy::ZERO, content: None }
}

pub(crate) fn genesis() -> Arc<Genesis> {
    genesis_of(1)
}

/// The same with so many validators.
pub(crate) fn genesis_of(validators: usize) -> Arc<Genesis> {
    Arc::new(Genesis::new(config(validators)).unwrap())
}

pub(crate) fn config(validators: usize) -> GenesisConfig {
    let roles = [Role::Grid, Role::Platform, Role::Household, Role::Household, Role::Company, Role::Storage];
    let account = |(index, role): (usize, &Role)| GenesisAccount {
        name: format!("account {index}"),
        role: *role,
        opening_balance: OPENING,
    };
    GenesisConfig {
        chain: 1,
        seed: [0; 32],
        scheme: SignatureScheme::KeyedHash,
        accounts: roles.iter().enumerate().map(account).collect(),
        validators: (0..validators).map(|index| format!("validator {index}")).collect(),
        tree: TreeParams { buckets: 16, arity: 4 },
        limits: Limits { open_contracts: 8, ..Limits::default() },
        timeouts: Timeouts::default(),
        devices: (2..6).map(|index| device(AccountId(index))).collect(),
        carried_max: None,
        lines: Vec::new(),
        credit: None,
    }
}

/// 2 kWh at 0.10, with fees 0.13, outside 0.30, take or pay 0.05.
fn terms(id: u64) -> ContractTerms {
    let base = crate::contract::tests::terms();
    let lot = Lot { device: DeviceId(0), sequence: id as u32 - 1 };
    ContractTerms { id: ContractId(id), seller: SELLER, buyer: BUYER, lot, ..base }
}

/// A ledger, and the next transaction of anybody on it.
pub(crate) struct Ledger {
    pub(crate) state: LedgerState,
    money: Money,
}

impl Ledger {
    fn new() -> Self {
        Self::of(config(1))
    }

    pub(crate) fn of(config: GenesisConfig) -> Self {
        let state = LedgerState::new(&Arc::new(Genesis::new(config).unwrap()));
        Self { money: state.total_money(), state }
    }

    fn signed(&self, sender: AccountId, nonce: u64, operation: Operation) -> SignedTransaction {
        let signer = self.state.genesis().signer(sender).unwrap();
        let transaction = Transaction { chain: 1, sender, nonce, expiry_micros: None, operation };
        SignedTransaction::sign(transaction, &signer)
    }

    /// Sends an operation in turn; money is conserved, and a rejection changes nothing but the nonce.
    pub(crate) fn send(&mut self, sender: AccountId, operation: Operation) -> Result<Change, Rejection> {
        let before = self.state.clone();
        let nonce = self.state.account(sender).unwrap().nonce;
        let receipt = self.state.apply(&self.signed(sender, nonce, operation));
        assert_eq!(self.state.total_money(), self.money, "money is conserved");
        for account in self.state.accounts() {
            assert!(!account.balance.is_negative() && !account.escrow.is_negative());
        }
        match receipt.outcome {
            Outcome::Accepted { change } => Ok(change),
            Outcome::Rejected { reason } => {
                let mut but_nonce = before;
                change_nonce(&mut but_nonce, sender);
                assert_eq!(self.state.root(), but_nonce.root(), "{reason}");
                Err(reason)
            }
        }
    }

    fn accept(&mut self, sender: AccountId, operation: Operation) -> Change {
        self.send(sender, operation).unwrap()
    }

    /// Publishes a contract about the seller's next lot.
    fn publish(&mut self, terms: ContractTerms) {
        let device = DeviceId(terms.seller.0 - 2);
        let lot = Lot { device, sequence: self.state.supply(terms.period, device).lots };
        let terms = ContractTerms { lot, ..terms };
        let published = self.accept(terms.seller, Operation::Publish { terms });
        assert!(matches!(published, Change::Published { .. }), "{published:?}");
    }

    /// Publishes and signs a contract, and has it approved.
    fn agree(&mut self, terms: ContractTerms) {
        self.publish(terms);
        self.accept(terms.buyer, Operation::Sign { contract: terms.id });
        self.accept(GRID, check(terms.period, &[terms.id.0], &[]));
    }

    fn meter(&mut self, account: AccountId, micro: i64) {
        self.meter_in(0, account, micro);
    }

    fn meter_in(&mut self, period: u32, account: AccountId, micro: i64) {
        let ready = Energy::from_micro(micro);
        assert_eq!(self.accept(account, Operation::Meter { period, ready }), Change::Metered);
    }

    fn settle(&mut self, id: u64) -> (ContractState, Settlement, Money) {
        match self.accept(PLATFORM, settle(id)) {
            Change::Closed { state, settlement, penalty_unpaid, .. } => (state, settlement, penalty_unpaid),
            other => panic!("{other:?}"),
        }
    }

    fn balance(&self, account: AccountId) -> i64 {
        let account = self.state.account(account).unwrap();
        assert!(account.escrow.is_zero(), "nothing is held");
        account.balance.micro()
    }
}

fn change_nonce(state: &mut LedgerState, sender: AccountId) {
    let mut account = *state.account(sender).unwrap();
    account.nonce += 1;
    state.change(StateKey::Account(sender), Some(Value::Account(account)));
}

fn check(period: u32, approved: &[u64], rejected: &[u64]) -> Operation {
    let ids = |ids: &[u64]| ids.iter().copied().map(ContractId).collect();
    Operation::Check { period, approved: ids(approved), rejected: ids(rejected), loads: Vec::new() }
}

fn settle(id: u64) -> Operation {
    Operation::Settle { contract: ContractId(id) }
}

fn sign(id: u64) -> Operation {
    Operation::Sign { contract: ContractId(id) }
}

#[test]
fn a_replayed_transaction_has_no_effect() {
    let mut ledger = Ledger::new();
    let publish = ledger.signed(SELLER, 0, Operation::Publish { terms: terms(1) });
    assert!(ledger.state.apply(&publish).change().is_some());
    let root = ledger.state.root();
    let again = ledger.state.apply(&publish);
    assert_eq!(again.rejection(), Some(&Rejection::WrongNonce { expected: 1, found: 0 }));
    let gap = ledger.signed(SELLER, 2, Operation::Publish { terms: terms(2) });
    assert_eq!(ledger.state.apply(&gap).rejection(), Some(&Rejection::WrongNonce { expected: 1, found: 2 }));
    assert_eq!(ledger.state.root(), root);
}

#[test]
fn what_nobody_here_can_have_sent_is_rejected_without_a_trace() {
    let mut ledger = Ledger::new();
    let root = ledger.state.root();
    let operation = Operation::Publish { terms: terms(1) };
    let forged_by = |signer: &Signer, chain, sender| {
        let transaction =
            Transaction { chain, sender, nonce: 0, expiry_micros: None, operation: operation.clone() };
        SignedTransaction::sign(transaction, signer)
    };
    let seller = ledger.state.genesis().signer(SELLER).unwrap();
    let other = ledger.state.genesis().signer(OTHER).unwrap();
    let cases = [
        (forged_by(&other, 1, SELLER), Rejection::BadSignature),
        (forged_by(&seller, 2, SELLER), Rejection::WrongChain { chain: 2 }),
        (forged_by(&seller, 1, AccountId(99)), Rejection::UnknownSender { sender: AccountId(99) }),
    ];
    for (transaction, reason) in cases {
        assert_eq!(ledger.state.apply(&transaction).rejection(), Some(&reason));
        assert!(!reason.uses_nonce());
    }
    assert_eq!(ledger.state.root(), root);
}

#[test]
fn only_those_entitled_may_act() {
    let mut ledger = Ledger::new();
    let not = |entitled| Err(Rejection::NotEntitled { entitled });
    assert_eq!(ledger.send(OTHER, Operation::Publish { terms: terms(1) }), not(SELLER));
    let with_grid = ContractTerms { buyer: GRID, ..terms(1) };
    assert_eq!(
        ledger.send(SELLER, Operation::Publish { terms: with_grid }),
        Err(Rejection::NoTrader { party: GRID })
    );
    ledger.publish(terms(1));
    assert_eq!(ledger.send(OTHER, sign(1)), not(BUYER));
    assert_eq!(ledger.send(SELLER, check(0, &[1], &[])), not(GRID));
    assert_eq!(ledger.send(SELLER, settle(1)), not(PLATFORM));
    let meter = Operation::Meter { period: 0, ready: Energy::ZERO };
    assert_eq!(ledger.send(PLATFORM, meter), Err(Rejection::NoTrader { party: PLATFORM }));
}

#[test]
fn a_contract_number_is_used_once_in_a_chains_life() {
    let mut ledger = Ledger::new();
    let used = |id| Err(Rejection::ContractUsed { contract: ContractId(id) });
    ledger.publish(terms(5));
    assert_eq!(ledger.send(SELLER, Operation::Publish { terms: terms(5) }), used(5));
    ledger.settle(5);
    let later =
        |id| Operation::Publish { terms: ContractTerms { period: 1, lot: Lot::default(), ..terms(id) } };
    assert_eq!(ledger.send(SELLER, later(5)), used(5), "forgotten, but not free");
    assert_eq!(ledger.send(SELLER, later(4)), used(4), "below a closed period's highest");
    ledger.accept(SELLER, later(6));
    assert_eq!(
        ledger.send(SELLER, Operation::Publish { terms: terms(7) }),
        Err(Rejection::PeriodClosed { period: 0 })
    );
}

#[test]
fn a_number_of_a_cancelled_contract_is_not_free_either() {
    let mut ledger = Ledger::new();
    (1..=3).for_each(|id| ledger.publish(terms(id)));
    ledger.accept(BUYER, sign(3));
    ledger.accept(GRID, check(0, &[], &[1, 2, 3]));
    let at_once = Operation::Publish { terms: terms(3) };
    assert_eq!(ledger.send(SELLER, at_once), Err(Rejection::ContractUsed { contract: ContractId(3) }));
    ledger.publish(ContractTerms { period: 1, ..terms(4) });
    ledger.settle(4);
    let again = Operation::Publish { terms: ContractTerms { period: 2, ..terms(3) } };
    assert_eq!(ledger.send(SELLER, again), Err(Rejection::ContractUsed { contract: ContractId(3) }));
    assert_eq!(ledger.state.periods.len() + ledger.state.contracts.len(), 0, "nothing is remembered");
}

#[test]
fn contracts_are_settled_in_order_and_steps_are_not_skipped() {
    let mut ledger = Ledger::new();
    ledger.agree(terms(1));
    ledger.agree(terms(2));
    assert_eq!(ledger.send(PLATFORM, settle(2)), Err(Rejection::OutOfOrder { first: ContractId(1) }));
    assert_eq!(ledger.send(PLATFORM, settle(9)), Err(Rejection::UnknownContract { contract: ContractId(9) }));
    let illegal =
        |to| Err(Rejection::IllegalTransition { contract: ContractId(1), from: ContractState::Checked, to });
    assert_eq!(ledger.send(BUYER, sign(1)), illegal(ContractState::Signed));
    assert_eq!(ledger.send(GRID, check(0, &[1], &[])), illegal(ContractState::Checked));
    assert_eq!(ledger.send(GRID, check(0, &[], &[1])), illegal(ContractState::Cancelled));
}

#[test]
fn a_check_holds_as_a_whole_or_not_at_all() {
    let mut ledger = Ledger::new();
    ledger.publish(terms(1));
    ledger.accept(BUYER, sign(1));
    ledger.publish(ContractTerms { period: 1, ..terms(2) });
    let wrong = Rejection::WrongPeriod { contract: ContractId(2), period: 0 };
    assert_eq!(ledger.send(GRID, check(0, &[1, 2], &[])), Err(wrong));
    let twice = Rejection::NamedTwice { contract: ContractId(1) };
    assert_eq!(ledger.send(GRID, check(0, &[1], &[1])), Err(twice));
    assert_eq!(ledger.state.contract(ContractId(1)).unwrap().state, ContractState::Signed);
}

#[test]
fn an_account_meters_a_period_once_and_before_settlement() {
    let mut ledger = Ledger::new();
    let meter = |micro| Operation::Meter { period: 0, ready: Energy::from_micro(micro) };
    assert_eq!(ledger.send(SELLER, meter(1)), Err(Rejection::NothingToMeter { period: 0 }));
    ledger.agree(terms(1));
    ledger.agree(terms(2));
    assert_eq!(ledger.send(SELLER, meter(-1)), Err(Rejection::BadMeter));
    ledger.meter(SELLER, 1);
    assert_eq!(ledger.send(SELLER, meter(2)), Err(Rejection::MeteredTwice { period: 0 }));
    ledger.settle(1);
    assert_eq!(ledger.send(BUYER, meter(1)), Err(Rejection::PeriodClosed { period: 0 }));
}

#[test]
fn bad_terms_and_too_many_contracts_are_refused() {
    let mut ledger = Ledger::new();
    let bad = ContractTerms { outside_price: Price::ZERO, ..terms(1) };
    let fault = TermsFault::Outside;
    assert_eq!(ledger.send(SELLER, Operation::Publish { terms: bad }), Err(Rejection::BadTerms { fault }));
    (1..=8).for_each(|id| ledger.publish(terms(id)));
    let ninth = Operation::Publish { terms: terms(9) };
    assert_eq!(ledger.send(SELLER, ninth), Err(Rejection::TooManyContracts));
}

#[test]
fn an_account_can_be_proved_to_a_third_party() {
    let mut ledger = Ledger::new();
    ledger.publish(terms(1));
    let (root, params) = (ledger.state.root(), ledger.state.genesis().config().tree);
    for key in
        [StateKey::Account(SELLER), StateKey::Contract(ContractId(1)), StateKey::Contract(ContractId(2))]
    {
        let (proof, value) = (ledger.state.prove(key), ledger.state.encoded(key));
        assert!(proof.verify(params, &root, &key.to_bytes(), value.as_deref()), "{key:?}");
        assert!(!proof.verify(params, &root, &key.to_bytes(), Some(b"rich")), "{key:?}");
    }
}
