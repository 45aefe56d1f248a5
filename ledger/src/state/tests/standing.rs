//! Bands on the ledger: surcharges, deposits, suspension and the way back.

use goshawk_market::quantity::MICRO;
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::credit::{Credit, CreditRules, Standing};

/// Surcharges in 1e-6 of a contract's value of 0.20, and the deposit of a newcomer for it.
const DEPOSIT: Money = Money::from_micro(40_000);

fn ledger() -> Ledger {
    Ledger::of(GenesisConfig { credit: Some(CreditRules::default()), ..config(1) })
}

impl Ledger {
    fn standing(&self, account: AccountId) -> Standing {
        self.state.account(account).unwrap().standing
    }

    /// A contract of a period from publishing to settlement.
    fn trade(&mut self, terms: ContractTerms, [seller, buyer]: [i64; 2]) -> Settlement {
        self.agree(terms);
        self.meter_in(terms.period, terms.seller, seller);
        self.meter_in(terms.period, terms.buyer, buyer);
        self.settle(terms.id.0).1
    }

    fn set(&mut self, id: AccountId, change: impl FnOnce(&mut Account)) {
        let mut account = self.state.accounts[id.0 as usize];
        change(&mut account);
        self.state.change(StateKey::Account(id), Some(Value::Account(account)));
        self.money = self.state.total_money();
    }

    /// The contract of the period with its number less one.
    fn next(number: u64) -> ContractTerms {
        ContractTerms { period: number as u32 - 1, ..terms(number) }
    }
}

#[test]
fn a_newcomer_pays_a_surcharge_and_gets_its_deposit_back() {
    let mut ledger = ledger();
    let Change::Published { seller } = ledger.accept(SELLER, Operation::Publish { terms: terms(1) }) else {
        panic!("published")
    };
    assert_eq!((seller.surcharge, seller.deposit), (50_000, DEPOSIT));
    assert_eq!(ledger.state.account(SELLER).unwrap().escrow, DEPOSIT);
    let Change::Signed { escrow, buyer } = ledger.accept(BUYER, sign(1)) else { panic!("signed") };
    assert_eq!((buyer, escrow), (seller, Money::from_micro(260_000 + 10_000 + 4)));
    assert_eq!(ledger.state.account(BUYER).unwrap().escrow, escrow + DEPOSIT);
    ledger.accept(GRID, check(0, &[1], &[]));
    ledger.meter(SELLER, 2_000_000);
    ledger.meter(BUYER, 2_000_000);
    let (_, settlement, _) = ledger.settle(1);
    assert_eq!(settlement.seller_surcharge, Money::from_micro(10_000));
    assert_eq!(settlement.buyer_surcharge, Money::from_micro(10_000));
    assert_eq!((ledger.balance(SELLER), ledger.balance(BUYER)), (1_190_000, 730_000));
    assert_eq!(ledger.balance(PLATFORM), 1_040_000);
}

#[test]
fn a_deposit_pays_the_penalty_of_a_seller_that_has_nothing_else() {
    let mut ledger = ledger();
    ledger.set(SELLER, |seller| seller.balance = DEPOSIT);
    let outside_price = Price::from_micro(145_000);
    ledger.agree(ContractTerms { outside_price, ..terms(1) });
    assert!(ledger.state.account(SELLER).unwrap().balance.is_zero());
    let (_, settlement, unpaid) = ledger.settle(1);
    assert_eq!((settlement.penalty_to_buyer, unpaid), (Money::from_micro(30_000), Money::ZERO));
    assert_eq!(ledger.balance(SELLER), 10_000);
}

#[test]
fn who_cannot_pay_its_deposit_binds_itself_to_nothing() {
    let mut ledger = ledger();
    ledger.set(SELLER, |seller| seller.balance = Money::from_micro(39_999));
    let needed = ledger.send(SELLER, Operation::Publish { terms: terms(1) });
    let available = Money::from_micro(39_999);
    assert_eq!(needed, Err(Rejection::InsufficientFunds { needed: DEPOSIT, available }));
    ledger.set(SELLER, |seller| seller.balance = DEPOSIT);
    ledger.publish(terms(1));
    ledger.set(BUYER, |buyer| buyer.balance = Money::from_micro(310_003));
    let needed = Money::from_micro(310_004);
    let available = Money::from_micro(310_003);
    assert_eq!(ledger.send(BUYER, sign(1)), Err(Rejection::InsufficientFunds { needed, available }));
}

#[test]
fn deposits_come_back_from_contracts_that_come_to_nothing() {
    let mut ledger = ledger();
    for id in 1..=3 {
        ledger.publish(terms(id));
    }
    ledger.accept(BUYER, sign(2));
    ledger.accept(BUYER, sign(3));
    ledger.accept(GRID, check(0, &[], &[3]));
    ledger.settle(1);
    ledger.settle(2);
    assert_eq!((ledger.balance(SELLER), ledger.balance(BUYER)), (1_000_000, 1_000_000));
}

#[test]
fn who_breaks_contracts_is_suspended_and_comes_back_with_a_deposit_of_the_whole_value() {
    let mut ledger = ledger();
    ledger.trade(terms(1), [0, 2_000_000]);
    assert_eq!(ledger.standing(SELLER), Standing::Poor, "0.2 of a kWh is missing to 0.40");
    ledger.trade(Ledger::next(2), [0, 2_000_000]);
    let until = 26;
    assert_eq!(ledger.standing(SELLER), Standing::Suspended { until });
    let suspended = Rejection::Suspended { party: SELLER, until };
    let early = ContractTerms { period: 25, ..terms(3) };
    assert_eq!(ledger.send(SELLER, Operation::Publish { terms: early }), Err(suspended.clone()));
    let named = ContractTerms { seller: OTHER, buyer: SELLER, ..early };
    assert_eq!(ledger.send(OTHER, Operation::Publish { terms: named }), Err(suspended.clone()));

    let terms = ContractTerms { period: until, lot: Lot::default(), ..terms(3) };
    let Change::Published { seller } = ledger.accept(SELLER, Operation::Publish { terms }) else {
        panic!("published")
    };
    assert_eq!(seller.standing, Standing::Returning { from: until });
    assert_eq!((seller.surcharge, seller.deposit), (50_000, terms.value()));
    assert_eq!(ledger.state.account(SELLER).unwrap().credit.score(), 450_000);
    assert_eq!(ledger.standing(SELLER), Standing::Returning { from: until });
    let early = ContractTerms { id: ContractId(4), ..early };
    assert_eq!(ledger.send(SELLER, Operation::Publish { terms: early }), Err(suspended));
}

#[test]
fn who_comes_back_early_is_still_suspended_for_what_it_breaks_meanwhile() {
    let rules = CreditRules::default();
    let returning = Standing::Returning { from: 26 };
    let good_enough = rules.poor_from + 1;
    assert_eq!(returning.after(&rules, good_enough, 1, true), returning);
    assert_eq!(returning.after(&rules, good_enough, 1, false), Standing::Suspended { until: 26 });
    assert_eq!(returning.after(&rules, good_enough, 20, false), Standing::Suspended { until: 45 });
}

#[test]
fn what_was_published_before_a_suspension_cannot_be_signed_in_it() {
    let mut ledger = ledger();
    ledger.publish(Ledger::next(3));
    ledger.trade(terms(1), [0, 2_000_000]);
    ledger.trade(Ledger::next(2), [0, 2_000_000]);
    assert_eq!(ledger.send(BUYER, sign(3)), Err(Rejection::Suspended { party: SELLER, until: 26 }));
}

#[test]
fn without_bands_everybody_is_good_and_nothing_is_held() {
    let mut ledger = Ledger::new();
    for number in 1..=3 {
        let settlement = ledger.trade(Ledger::next(number), [0, 2_000_000]);
        assert_eq!((settlement.seller_surcharge, settlement.buyer_surcharge), (Money::ZERO, Money::ZERO));
        assert_eq!(ledger.standing(SELLER), Standing::Good);
    }
    assert_eq!(ledger.state.account(SELLER).unwrap().credit.score(), 389_029);
}

#[test]
fn rules_that_contradict_themselves_start_no_chain() {
    let rules = CreditRules { suspension_periods: 0, ..CreditRules::default() };
    let fault = Genesis::new(GenesisConfig { credit: Some(rules), ..config(1) }).unwrap_err();
    assert_eq!(fault.to_string(), "no chain can start so: a suspension must last 1 to 1,000,000 periods");
}

proptest! {
    /// [`Ledger::send`] checks after each step that money is conserved, nobody is below zero, and that a rejected transaction
    /// changes nothing.
    #[test]
    fn whatever_is_sent_what_is_held_is_held_for_a_contract(steps in vec(any_step(), 0..80), scores in vec(1u32..1_000_000, 4)) {
        let mut ledger = ledger();
        for (id, score) in (2..).map(AccountId).zip(scores) {
            let standing = CreditRules::default().newcomer().after(&CreditRules::default(), score, 0, false);
            ledger.set(id, |account| (account.credit, account.standing) = (Credit::of_score(score), standing));
        }
        for (sender, operation) in steps {
            let _ = ledger.send(sender, operation);
            for (id, account) in (0..).map(AccountId).zip(ledger.state.accounts()) {
                let held = ledger.state.contracts.values().flat_map(Contract::held);
                let held: Money = held.filter(|(party, _)| *party == id).map(|(_, held)| held).sum();
                prop_assert_eq!(account.escrow, held);
            }
        }
    }

    /// A cheat at the end of a good record: against honest conduct, what it kept is worth what its buyer would have paid.
    #[test]
    fn who_makes_a_good_name_and_cheats_once_gains_nothing(
        honest in 0u64..40,
        energy in 1i64..5_000_000,
        kept_back in 1i64..=MICRO,
    ) {
        let end = |cheats: bool| {
            let mut ledger = ledger();
            for account in [SELLER, BUYER] {
                ledger.set(account, |account| account.balance = Money::from_micro(100_000_000));
            }
            for number in 1..=honest {
                ledger.trade(Ledger::next(number), [2_000_000; 2]);
            }
            let last = ContractTerms { energy: Energy::from_micro(energy), ..Ledger::next(honest + 1) };
            let missing = if cheats { energy * kept_back / MICRO } else { 0 };
            ledger.trade(last, [energy - missing, energy]);
            let worth = last.seller_price * Energy::from_micro(missing);
            (ledger.state.account(SELLER).unwrap().balance + worth, Energy::from_micro(missing))
        };
        let ((honest, _), (cheating, missing)) = (end(false), end(true));
        let penalty = Price::from_micro(170_000) * missing;
        // Neither does it pay a surcharge on what it kept.
        let spared = Price::from_micro(5_000) * missing + Money::from_micro(2);
        prop_assert!(cheating - honest <= spared - penalty, "{cheating} {honest}");
    }
}
