//! What an attacker gains without the rule that stops it, and with it. Money is counted against honest conduct; energy that the
//! attacker keeps is worth what its buyer would have paid it.

use std::sync::Arc;

use goshawk_ledger::{
    AccountId, CommitCertificate, Committed, ConsensusMessage, ContractId, ContractTerms, CreditRules,
    DeviceId, Effect, Event, Genesis, GenesisConfig, Line, Lot, MemoryStore, Operation, Rejection,
    SignatureScheme, SignedTransaction, Store, Transaction, Validator, ValidatorSignature, Vote, VoteKind,
    Weakness,
};
use goshawk_market::quantity::{Energy, Money, Price};

use crate::community::genesis;

pub(crate) const GRID: AccountId = AccountId(0);
pub(crate) const PLATFORM: AccountId = AccountId(1);
pub(crate) const SELLER: AccountId = AccountId(2);
pub(crate) const BUYERS: [AccountId; 2] = [AccountId(3), AccountId(4)];
/// What a contract is about.
pub(crate) const ENERGY: Energy = Energy::from_micro(2_000_000);
pub(crate) const SELLER_PRICE: Price = Price::from_micro(100_000);

pub(crate) fn terms(number: u64, buyer: AccountId) -> ContractTerms {
    ContractTerms {
        id: ContractId(number),
        period: 0,
        seller: SELLER,
        buyer,
        energy: ENERGY,
        seller_price: SELLER_PRICE,
        buyer_price: Price::from_micro(130_000),
        grid_fee: Price::from_micro(20_000),
        platform_fee: Price::from_micro(10_000),
        outside_price: Price::from_micro(300_000),
        take_or_pay: Price::from_micro(50_000),
        lot: lot(SELLER, number as u32 - 1),
    }
}

/// A lot of an account's device.
pub(crate) fn lot(seller: AccountId, sequence: u32) -> Lot {
    Lot { device: DeviceId(seller.0 - 2), sequence }
}

/// A chain of one validator, with or without a rule.
pub(crate) struct Chain {
    genesis: Arc<Genesis>,
    pub(crate) validator: Validator<MemoryStore>,
    nonces: [u64; 8],
    pub(crate) rejected: Vec<Rejection>,
}

impl Chain {
    pub(crate) fn new(without: Option<Weakness>) -> Self {
        Self::of(genesis(SignatureScheme::Ed25519, 3, 1).config().clone(), without)
    }

    /// The same with credit bands.
    pub(crate) fn with_bands(rules: CreditRules) -> Self {
        let sound = genesis(SignatureScheme::KeyedHash, 3, 1);
        Self::of(GenesisConfig { credit: Some(rules), ..sound.config().clone() }, None)
    }

    fn of(config: GenesisConfig, without: Option<Weakness>) -> Self {
        let genesis = Arc::new(match without {
            Some(weakness) => Genesis::weakened(config, weakness).unwrap(),
            None => Genesis::new(config).unwrap(),
        });
        let store = MemoryStore::new(Arc::clone(&genesis), 100);
        let validator = Validator::new(Arc::clone(&genesis), 0, store).unwrap();
        Self { genesis, validator, nonces: [0; 8], rejected: Vec::new() }
    }

    /// Submits what `sender` asks for, signed by `signer`. Says how many transactions were in blocks.
    fn submit(&mut self, sender: AccountId, signer: AccountId, nonce: u64, operation: Operation) -> usize {
        let transaction = Transaction { chain: 7, sender, nonce, expiry_micros: None, operation };
        self.submit_at(1, transaction, signer)
    }

    fn submit_at(&mut self, now_micros: u64, transaction: Transaction, signer: AccountId) -> usize {
        let signed = SignedTransaction::sign(transaction, &self.genesis.signer(signer).unwrap());
        let event = Event::Submit([Arc::new(signed)].into());
        let mut included = 0;
        for effect in self.validator.handle(now_micros, event) {
            if let Effect::Committed(Committed { receipts, .. }) = effect {
                included += receipts.len();
                self.rejected.extend(receipts.iter().filter_map(|it| it.rejection().cloned()));
            }
        }
        included
    }

    pub(crate) fn ask(&mut self, sender: AccountId, operation: Operation) {
        let nonce = self.nonces[sender.0 as usize];
        self.nonces[sender.0 as usize] += 1;
        assert_eq!(self.submit(sender, sender, nonce, operation), 1);
    }

    /// Contracts from publishing to settlement. `ready` is what the meters say.
    pub(crate) fn trade(&mut self, contracts: &[ContractTerms], ready: &[(AccountId, Energy)]) {
        self.deliver(contracts, ready);
        contracts.iter().for_each(|terms| self.ask(PLATFORM, Operation::Settle { contract: terms.id }));
    }

    /// Contracts from publishing to the meters.
    pub(crate) fn deliver(&mut self, contracts: &[ContractTerms], ready: &[(AccountId, Energy)]) {
        let period = contracts[0].period;
        for terms in contracts {
            let sold = self.validator.state().supply(period, terms.lot.device).lots;
            let terms = ContractTerms { lot: lot(terms.seller, sold), ..*terms };
            self.ask(terms.seller, Operation::Publish { terms });
            self.ask(terms.buyer, Operation::Sign { contract: terms.id });
        }
        let approved = contracts.iter().map(|terms| terms.id).collect();
        self.ask(GRID, Operation::Check { period, approved, rejected: Vec::new(), loads: Vec::new() });
        for &(account, ready) in ready {
            self.ask(account, Operation::Meter { period, ready });
        }
    }

    /// What an account has more than at the start.
    pub(crate) fn gained(&self, account: AccountId) -> Money {
        let opening = self.genesis.config().accounts[account.0 as usize].opening_balance;
        let now = self.validator.state().account(account).unwrap();
        now.balance + now.escrow - opening
    }
}

/// What a seller with this much energy gains by these contracts, above selling it honestly to the first buyer.
fn sellers_gain(
    without: Option<Weakness>,
    contracts: &[ContractTerms],
    has: Energy,
    delivers: Energy,
) -> Money {
    let mut chain = Chain::new(without);
    let buyers = BUYERS.map(|buyer| (buyer, ENERGY));
    let took_part = contracts.len();
    let meters: Vec<_> = [(SELLER, delivers)].into_iter().chain(buyers.into_iter().take(took_part)).collect();
    chain.trade(contracts, &meters);
    assert_eq!(chain.rejected, []);
    chain.gained(SELLER) + SELLER_PRICE * (has - delivers) - SELLER_PRICE * has
}

#[test]
fn who_sells_the_same_energy_twice_pays_for_it() {
    let contracts = [terms(1, BUYERS[0]), terms(2, BUYERS[1])];
    let gain = |without| sellers_gain(without, &contracts, ENERGY, ENERGY);
    let without = gain(Some(Weakness::ContractedSettlement));
    assert_eq!(without, SELLER_PRICE * ENERGY, "paid twice for one delivery");
    // The second buyer is paid what the energy costs more elsewhere.
    let penalty = Price::from_micro(300_000 - 130_000) * ENERGY;
    assert_eq!(gain(None), -penalty);
}

#[test]
fn a_lot_that_is_sold_twice_is_refused_before_anybody_relies_on_it() {
    let sold_twice = |without| {
        let mut chain = Chain::new(without);
        for (number, buyer) in [(1, BUYERS[0]), (2, BUYERS[1])] {
            let terms = ContractTerms { lot: lot(SELLER, 0), ..terms(number, buyer) };
            chain.ask(SELLER, Operation::Publish { terms });
            chain.ask(buyer, Operation::Sign { contract: terms.id });
        }
        let held = BUYERS.map(|buyer| !chain.validator.state().account(buyer).unwrap().escrow.is_zero());
        (held, chain.rejected)
    };
    assert_eq!(sold_twice(Some(Weakness::NoLots)), ([true, true], vec![]), "both buyers wait for one lot");
    let (held, rejected) = sold_twice(None);
    assert_eq!(held, [true, false]);
    assert!(matches!(rejected[0], Rejection::WrongLot { expected: 1, found: 0 }), "{rejected:?}");
}

#[test]
fn who_sells_more_than_its_device_has_sells_nothing_of_it() {
    // The device holds 2 kWh, and its owner sells them twice, as two lots.
    let mut config = genesis(SignatureScheme::Ed25519, 3, 1).config().clone();
    config.devices[0].content = Some(ENERGY);
    let sold = |without| {
        let mut chain = Chain::of(config.clone(), without);
        chain.ask(SELLER, Operation::Publish { terms: terms(1, BUYERS[0]) });
        chain.ask(SELLER, Operation::Publish { terms: terms(2, BUYERS[1]) });
        chain.validator.state().supply(0, lot(SELLER, 0).device).promised
    };
    assert_eq!([sold(Some(Weakness::NoLots)), sold(None)], [ENERGY + ENERGY, ENERGY]);
}

#[test]
fn what_is_held_back_until_it_has_expired_is_void() {
    let amount = Money::from_micro(700_000_000);
    let received = |without| {
        let mut chain = Chain::new(without);
        // To be paid within an hour or not at all; somebody sends it a day later, when the payer counts on its money.
        let transaction = Transaction {
            chain: 7,
            sender: BUYERS[0],
            nonce: 0,
            expiry_micros: Some(3_600_000_000),
            operation: Operation::Transfer { to: SELLER, amount },
        };
        assert_eq!(chain.submit_at(86_400_000_000, transaction, BUYERS[0]), 1);
        chain.gained(SELLER)
    };
    assert_eq!([received(Some(Weakness::NoExpiry)), received(None)], [amount, Money::ZERO]);
}

#[test]
fn a_grid_that_favours_somebody_cannot_overload_a_line() {
    // The seller's line bears half of its contract.
    let mut config = genesis(SignatureScheme::Ed25519, 3, 1).config().clone();
    config.lines = vec![Line { from: 0, limit: Some(Energy::from_micro(1_000_000)) }];
    config.devices[0].place = 1;
    let gain = |without| {
        let mut chain = Chain::of(config.clone(), without);
        chain.ask(SELLER, Operation::Publish { terms: terms(1, BUYERS[0]) });
        chain.ask(BUYERS[0], Operation::Sign { contract: ContractId(1) });
        let loads = vec![Energy::ZERO; 2];
        let check = Operation::Check { period: 0, approved: vec![ContractId(1)], rejected: vec![], loads };
        chain.ask(GRID, check);
        for account in [SELLER, BUYERS[0]] {
            chain.ask(account, Operation::Meter { period: 0, ready: ENERGY });
        }
        chain.ask(PLATFORM, Operation::Settle { contract: ContractId(1) });
        chain.gained(SELLER)
    };
    assert_eq!([gain(Some(Weakness::UncheckedFlows)), gain(None)], [SELLER_PRICE * ENERGY, Money::ZERO]);
}

#[test]
fn who_keeps_what_it_has_sold_pays_for_it() {
    let gain = |without| sellers_gain(without, &[terms(1, BUYERS[0])], ENERGY, Energy::ZERO);
    assert_eq!(gain(Some(Weakness::ContractedSettlement)), SELLER_PRICE * ENERGY, "paid and kept");
    assert_eq!(gain(None), -(Price::from_micro(300_000 - 130_000) * ENERGY));
}

#[test]
fn who_does_not_take_what_it_has_bought_pays_for_it() {
    let seller_gets = |take_or_pay: i64| {
        let mut chain = Chain::new(None);
        let terms = ContractTerms { take_or_pay: Price::from_micro(take_or_pay), ..terms(1, BUYERS[0]) };
        chain.trade(&[terms], &[(SELLER, ENERGY), (BUYERS[0], Energy::ZERO)]);
        (chain.gained(SELLER), chain.gained(BUYERS[0]))
    };
    assert_eq!(seller_gets(0), (Money::ZERO, Money::ZERO), "without the clause it costs nothing");
    let due = Price::from_micro(50_000) * ENERGY;
    assert_eq!(seller_gets(50_000), (due, -due));
}

#[test]
fn who_buys_without_money_gets_nothing() {
    let mut chain = Chain::new(None);
    // 1,000 of money, and 5,000 kWh at 0.13 twice.
    let big =
        |number| ContractTerms { energy: Energy::from_micro(5_000_000_000), ..terms(number, BUYERS[0]) };
    for terms in [big(1), big(2)] {
        chain.ask(SELLER, Operation::Publish { terms });
        chain.ask(BUYERS[0], Operation::Sign { contract: terms.id });
    }
    assert!(matches!(chain.rejected[..], [Rejection::InsufficientFunds { .. }]), "{:?}", chain.rejected);
}

#[test]
fn what_is_sent_again_or_in_anothers_name_is_in_no_block() {
    let publish = || Operation::Publish { terms: terms(1, BUYERS[0]) };
    let replayed = |without| {
        let mut chain = Chain::new(without);
        chain.ask(SELLER, publish());
        chain.submit(SELLER, SELLER, 0, publish())
    };
    assert_eq!(replayed(Some(Weakness::NoNonce)), 1, "it counts again");
    assert_eq!(replayed(None), 0);
    // Nobody sells or buys for somebody else, or speaks for the grid or the platform.
    let mut chain = Chain::new(None);
    assert_eq!(chain.submit(SELLER, BUYERS[0], 0, publish()), 0);
    assert_eq!(
        chain.submit(
            GRID,
            SELLER,
            0,
            Operation::Check { period: 0, approved: vec![], rejected: vec![], loads: vec![] }
        ),
        0
    );
    assert_eq!(chain.submit(PLATFORM, SELLER, 0, Operation::Settle { contract: ContractId(1) }), 0);
    // In its own name it may ask, in vain.
    chain.ask(SELLER, Operation::Settle { contract: ContractId(1) });
    assert!(
        chain.rejected.iter().any(|it| matches!(it, Rejection::NotEntitled { .. })),
        "{:?}",
        chain.rejected
    );
}

#[test]
fn a_final_block_that_one_validator_made_up_is_believed_only_without_certificates_being_checked() {
    let believed = |without: Option<Weakness>| {
        let sound = genesis(SignatureScheme::Ed25519, 3, 4);
        let genesis = match without {
            Some(weakness) => Arc::new(Genesis::weakened(sound.config().clone(), weakness).unwrap()),
            None => sound,
        };
        let validator = |index| {
            Validator::new(Arc::clone(&genesis), index, MemoryStore::new(Arc::clone(&genesis), 5)).unwrap()
        };
        // The first proposer makes a block that holds, and signs for its being final alone.
        let transaction = Transaction {
            chain: 7,
            sender: SELLER,
            nonce: 0,
            expiry_micros: None,
            operation: Operation::Publish { terms: terms(1, BUYERS[0]) },
        };
        let signed = Arc::new(SignedTransaction::sign(transaction, &genesis.signer(SELLER).unwrap()));
        let effects = validator(0).handle(1, Event::Submit([signed].into()));
        let block = effects.iter().find_map(|effect| match effect {
            Effect::Broadcast(message) => match &**message {
                ConsensusMessage::Proposal(proposal) => Some(Arc::clone(&proposal.block)),
                _ => None,
            },
            _ => None,
        });
        let (block, signer) = (block.unwrap(), genesis.validator_signer(0).unwrap());
        let hash = block.hash();
        let vote = Vote::sign(genesis.hash(), VoteKind::Precommit, (1, 0), Some(hash), (0, &signer));
        let signatures = vec![ValidatorSignature { validator: 0, signature: vote.signature }];
        let certificate = Arc::new(CommitCertificate { height: 1, round: 0, hash, signatures });
        let mut victim = validator(2);
        let message = Arc::new(ConsensusMessage::Decided { block, certificate });
        victim.handle(2, Event::Message { from: 0, message });
        victim.store().tip().height
    };
    assert_eq!(believed(Some(Weakness::UncheckedCertificates)), 1);
    assert_eq!(believed(None), 0);
}
