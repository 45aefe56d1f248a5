//! What each transaction does: first every check, then every change, so that nothing is ever half done.

use goshawk_market::quantity::{Energy, Money};

use super::conviction::accuse;
use super::flow::check_flows;
use super::{Attestation, LedgerState, Meter, StateKey, Value, devices, dispute, standing};
use crate::contract::{Contract, ContractState, ContractTerms, ENERGY_MAX};
use crate::credit::Conditions;
use crate::device::DeviceId;
use crate::receipt::{Change, Outcome, Receipt, Rejection};
use crate::rules::Weakness;
use crate::settlement::{Delivery, Settlement};
use crate::transaction::{AccountId, ContractId, Operation, SignedTransaction, Transaction};

/// Executes a transaction and says what became of it.
pub(super) fn apply(state: &mut LedgerState, signed: &SignedTransaction) -> Receipt {
    let outcome = match admit(state, signed) {
        Err(reason) => Outcome::Rejected { reason },
        Ok(()) => {
            let sender = signed.transaction().sender;
            let mut account = state.accounts[sender.0 as usize];
            account.nonce += 1;
            state.change(StateKey::Account(sender), Some(Value::Account(account)));
            match perform(state, signed.transaction()) {
                Ok(change) => Outcome::Accepted { change },
                Err(reason) => Outcome::Rejected { reason },
            }
        }
    };
    Receipt { transaction: signed.id(), outcome }
}

/// Whether its sender sent it, to this chain, in turn.
fn admit(state: &LedgerState, signed: &SignedTransaction) -> Result<(), Rejection> {
    let transaction = signed.transaction();
    if transaction.chain != state.genesis.config().chain {
        return Err(Rejection::WrongChain { chain: transaction.chain });
    }
    let sender = transaction.sender;
    let expected = state.account(sender).ok_or(Rejection::UnknownSender { sender })?.nonce;
    if !signed.is_signed_by_sender(state.genesis.keys()) {
        return Err(Rejection::BadSignature);
    }
    if transaction.nonce != expected && !state.genesis.lacks(Weakness::NoNonce) {
        return Err(Rejection::WrongNonce { expected, found: transaction.nonce });
    }
    Ok(())
}

fn perform(state: &mut LedgerState, transaction: &Transaction) -> Result<Change, Rejection> {
    let time_micros = state.time_micros;
    match transaction.expiry_micros {
        Some(expiry_micros) if expiry_micros < time_micros && !state.genesis.lacks(Weakness::NoExpiry) => {
            return Err(Rejection::Expired { expiry_micros, time_micros });
        }
        _ => (),
    }
    let sender = transaction.sender;
    match &transaction.operation {
        Operation::Publish { terms } => publish(state, sender, terms),
        Operation::Sign { contract } => sign(state, sender, *contract),
        Operation::Check { period, approved, rejected, loads } => {
            check(state, sender, *period, (approved, rejected), loads)
        }
        Operation::Meter { period, ready } => meter(state, sender, *period, *ready),
        Operation::Settle { contract } => settle(state, sender, *contract),
        Operation::Accuse { evidence } => accuse(state, evidence),
        Operation::Dispute { contract, account } => dispute::dispute(state, sender, *contract, *account),
        Operation::Resolve { period, account, measured } => {
            dispute::resolve(state, sender, *period, *account, *measured)
        }
        Operation::Enrol { id, device } => devices::enrol(state, sender, *id, device),
        Operation::Charge { device, energy } => devices::account_for(state, sender, *device, *energy, true),
        Operation::Discharge { device, energy } => {
            devices::account_for(state, sender, *device, *energy, false)
        }
        Operation::Transfer { to, amount } => transfer(state, sender, *to, *amount),
    }
}

pub(super) fn only(entitled: AccountId, sender: AccountId) -> Result<(), Rejection> {
    if sender == entitled { Ok(()) } else { Err(Rejection::NotEntitled { entitled }) }
}

pub(super) fn trades(state: &LedgerState, party: AccountId) -> Result<(), Rejection> {
    match state.genesis.config().accounts.get(party.0 as usize) {
        Some(account) if account.role.trades() => Ok(()),
        _ => Err(Rejection::NoTrader { party }),
    }
}

pub(super) fn open_contract(state: &LedgerState, id: ContractId) -> Result<Contract, Rejection> {
    state.contracts.get(&id).copied().ok_or(Rejection::UnknownContract { contract: id })
}

/// The contract in its next state.
pub(super) fn step(contract: Contract, to: ContractState) -> Result<Contract, Rejection> {
    if contract.state.may_become(to) {
        Ok(Contract { state: to, ..contract })
    } else {
        let (contract, from) = (contract.terms.id, contract.state);
        Err(Rejection::IllegalTransition { contract, from, to })
    }
}

fn publish(state: &mut LedgerState, sender: AccountId, terms: &ContractTerms) -> Result<Change, Rejection> {
    only(terms.seller, sender)?;
    trades(state, terms.seller)?;
    trades(state, terms.buyer)?;
    terms.check().map_err(|fault| Rejection::BadTerms { fault })?;
    // The very last period could never be closed, so it never opens.
    if terms.period < state.books.open_from || terms.period == u32::MAX {
        return Err(Rejection::PeriodClosed { period: terms.period });
    }
    if terms.id <= state.books.used_up_to || state.contracts.contains_key(&terms.id) {
        return Err(Rejection::ContractUsed { contract: terms.id });
    }
    if state.contracts.len() >= state.genesis.config().limits.open_contracts as usize {
        return Err(Rejection::TooManyContracts);
    }
    standing::may_trade(state, terms.buyer, terms.period)?;
    let seller = standing::conditions(state, terms.seller, terms)?;
    let supply = devices::reserve(state, terms)?;
    standing::hold(state, terms.seller, Money::ZERO, &seller)?;
    let mut period = state.periods.get(&terms.period).copied().unwrap_or_default();
    if terms.id > period.highest {
        period.highest = terms.id;
        state.change(StateKey::Period(terms.period), Some(Value::Period(period)));
    }
    let (escrow, buyer) = (Money::ZERO, Conditions::default());
    let contract = Contract { terms: *terms, state: ContractState::Published, escrow, seller, buyer };
    state.change(StateKey::Contract(terms.id), Some(Value::Contract(contract)));
    state.change(StateKey::Supply(terms.period, terms.lot.device), Some(Value::Supply(supply)));
    Ok(Change::Published { seller })
}

fn sign(state: &mut LedgerState, sender: AccountId, id: ContractId) -> Result<Change, Rejection> {
    let contract = open_contract(state, id)?;
    only(contract.terms.buyer, sender)?;
    if contract.terms.period < state.books.open_from {
        return Err(Rejection::PeriodClosed { period: contract.terms.period });
    }
    let signed = step(contract, ContractState::Signed)?;
    standing::may_trade(state, contract.terms.seller, contract.terms.period)?;
    let buyer = standing::conditions(state, sender, &contract.terms)?;
    let escrow = contract.terms.escrow_with(buyer.surcharge);
    standing::hold(state, sender, escrow, &buyer)?;
    state.change(StateKey::Contract(id), Some(Value::Contract(Contract { escrow, buyer, ..signed })));
    Ok(Change::Signed { escrow, buyer })
}

fn check(
    state: &mut LedgerState,
    sender: AccountId,
    period: u32,
    (approved, rejected): (&[ContractId], &[ContractId]),
    loads: &[Energy],
) -> Result<Change, Rejection> {
    only(state.genesis.grid(), sender)?;
    let mut named: Vec<ContractId> = approved.iter().chain(rejected).copied().collect();
    named.sort_unstable();
    if let Some(twice) = named.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(Rejection::NamedTwice { contract: twice[0] });
    }
    if period < state.books.open_from {
        return Err(Rejection::PeriodClosed { period });
    }
    let of_period = |id: &ContractId| match open_contract(state, *id)? {
        contract if contract.terms.period == period => Ok(contract),
        _ => Err(Rejection::WrongPeriod { contract: *id, period }),
    };
    let (mut checked, mut unsigned) = (Vec::new(), 0);
    for id in approved {
        if !state.contracts.contains_key(id) {
            // Its seller's transaction was rejected: there is nothing to deliver.
            unsigned += 1;
            continue;
        }
        match of_period(id)? {
            // The lines could carry it, but nobody has agreed to pay: it is left to be cancelled.
            contract if contract.state == ContractState::Published => unsigned += 1,
            contract => checked.push(dispute::approved(state, contract)?),
        }
    }
    let cancelled: Vec<Contract> =
        rejected.iter().map(|id| step(of_period(id)?, ContractState::Cancelled)).collect::<Result<_, _>>()?;
    check_flows(state, period, &checked, loads)?;

    for contract in &checked {
        state.change(StateKey::Contract(contract.terms.id), Some(Value::Contract(*contract)));
    }
    for contract in &cancelled {
        release_escrow(state, contract);
        devices::release(state, contract);
        let contract = contract.released();
        // It stays until its period closes, so that its number cannot be used again.
        state.change(StateKey::Contract(contract.terms.id), Some(Value::Contract(contract)));
    }
    Ok(Change::Checked { approved: checked.len() as u32, cancelled: cancelled.len() as u32, unsigned })
}

/// A seller keeps what it would owe if it delivered nothing.
fn transfer(
    state: &mut LedgerState,
    sender: AccountId,
    to: AccountId,
    amount: Money,
) -> Result<Change, Rejection> {
    let balance = state.accounts[sender.0 as usize].balance;
    let liable = state.liabilities.get(&sender).copied().unwrap_or_default();
    let liable = i64::try_from(liable).map_or(balance, Money::from_micro);
    let available = (balance - liable).or_zero();
    if !amount.is_positive() || to == sender || state.account(to).is_none() {
        return Err(Rejection::BadTransfer);
    }
    if available < amount {
        return Err(Rejection::InsufficientFunds { needed: amount, available });
    }
    change_account(state, sender, |sender| sender.balance -= amount);
    change_account(state, to, |to| to.balance += amount);
    Ok(Change::Transferred)
}

fn meter(
    state: &mut LedgerState,
    sender: AccountId,
    period: u32,
    ready: Energy,
) -> Result<Change, Rejection> {
    trades(state, sender)?;
    if ready.is_negative() || ready > ENERGY_MAX {
        return Err(Rejection::BadMeter);
    }
    if period < state.books.open_from {
        return Err(Rejection::PeriodClosed { period });
    }
    if state.open_contracts(period).next().is_none() {
        return Err(Rejection::NothingToMeter { period });
    }
    if state.meters.contains_key(&(period, sender)) {
        return Err(Rejection::MeteredTwice { period });
    }
    let meter = Meter { ready, left: ready, attestation: Attestation::Claimed };
    state.change(StateKey::Meter(period, sender), Some(Value::Meter(meter)));
    Ok(Change::Metered)
}

/// Closes a contract: the period's next one that is to be delivered, or one that never will be because it was not
/// signed or approved. The first settlement of a period closes the period, and all before it, for publishing,
/// signing, checking and metering: what a contract gets must not depend on what comes after it.
fn settle(state: &mut LedgerState, sender: AccountId, id: ContractId) -> Result<Change, Rejection> {
    only(state.genesis.platform(), sender)?;
    let contract = dispute::to_be_settled(state, open_contract(state, id)?)?;
    let delivery = match contract.state {
        ContractState::Checked => Some(deliver(state, &contract.terms)),
        _ => None,
    };
    let end = delivery.as_ref().map_or(ContractState::Cancelled, Delivery::outcome);
    step(contract, end)?;
    match next_to_deliver(state, contract.terms.period) {
        Some(first) if delivery.is_some() && first != id => return Err(Rejection::OutOfOrder { first }),
        _ => (),
    }

    close_period(state, contract.terms.period);
    release_escrow(state, &contract);
    let (settlement, penalty_unpaid) = match delivery {
        None => (Settlement::default(), Money::ZERO),
        Some(delivery) => {
            let settlement = Settlement::of(&contract, &delivery);
            use_meters(state, &contract.terms, delivery.delivered);
            standing::note(state, &contract.terms, &delivery);
            (settlement, pay(state, &contract.terms, &settlement))
        }
    };
    state.change(StateKey::Contract(id), None);
    if state.open_contracts(contract.terms.period).next().is_none() {
        forget_period(state, contract.terms.period);
    }
    let [seller, buyer] =
        [contract.terms.seller, contract.terms.buyer].map(|party| state.accounts[party.0 as usize]);
    Ok(Change::Closed {
        state: end,
        settlement,
        penalty_unpaid,
        seller_credit: seller.credit.score(),
        buyer_credit: buyer.credit.score(),
        seller_standing: seller.standing,
        buyer_standing: buyer.standing,
    })
}

/// The first contract of a period that is to be delivered.
fn next_to_deliver(state: &LedgerState, period: u32) -> Option<ContractId> {
    let mut open = state.open_contracts(period);
    open.find(|contract| contract.state.is_to_be_delivered()).map(|contract| contract.terms.id)
}

fn left(state: &LedgerState, period: u32, account: AccountId) -> Energy {
    state.meters.get(&(period, account)).map_or(Energy::ZERO, |meter| meter.left)
}

fn deliver(state: &LedgerState, terms: &ContractTerms) -> Delivery {
    if state.genesis.lacks(Weakness::ContractedSettlement) {
        return Delivery::of(terms.energy, terms.energy, terms.energy);
    }
    let left = |account| left(state, terms.period, account);
    Delivery::of(terms.energy, left(terms.seller), left(terms.buyer))
}

fn use_meters(state: &mut LedgerState, terms: &ContractTerms, delivered: Energy) {
    for account in [terms.seller, terms.buyer] {
        if let Some(mut meter) = state.meters.get(&(terms.period, account)).copied() {
            meter.left -= delivered;
            state.change(StateKey::Meter(terms.period, account), Some(Value::Meter(meter)));
        }
    }
}

pub(super) fn change_account(
    state: &mut LedgerState,
    id: AccountId,
    change: impl FnOnce(&mut super::Account),
) {
    let mut account = state.accounts[id.0 as usize];
    change(&mut account);
    state.change(StateKey::Account(id), Some(Value::Account(account)));
}

fn release_escrow(state: &mut LedgerState, contract: &Contract) {
    for (party, held) in contract.held().into_iter().filter(|(_, held)| !held.is_zero()) {
        change_account(state, party, |account| {
            account.escrow -= held;
            account.balance += held;
        });
    }
}

/// Moves the money of a settlement; escrow and deposits are back in the balances, and the escrow covers what the buyer
/// owes. The seller pays its surcharge out of what it is paid. Returns what the seller's balance does not cover of its penalty, which then stays unpaid: nobody goes below zero.
fn pay(state: &mut LedgerState, terms: &ContractTerms, settlement: &Settlement) -> Money {
    let due = settlement.penalty_to_buyer;
    let mut paid = Money::ZERO;
    change_account(state, terms.seller, |seller| {
        seller.balance += settlement.seller_amount + settlement.penalty_to_seller;
        seller.balance -= settlement.seller_surcharge;
        paid = due.min(seller.balance);
        seller.balance -= paid;
    });
    change_account(state, terms.buyer, |buyer| {
        buyer.balance += paid;
        buyer.balance -= settlement.owed_by_buyer();
    });
    let (grid, platform) = (state.genesis.grid(), state.genesis.platform());
    change_account(state, grid, |grid| grid.balance += settlement.grid_amount);
    let surcharges = settlement.seller_surcharge + settlement.buyer_surcharge;
    change_account(state, platform, |platform| platform.balance += settlement.platform_amount + surcharges);
    due - paid
}

/// Closes a period and all before it, and uses up their contract numbers.
fn close_period(state: &mut LedgerState, period: u32) {
    if period < state.books.open_from {
        return;
    }
    let highest = state.periods.range(..=period).map(|(_, period)| period.highest).max();
    let mut books = state.books;
    books.open_from = period.saturating_add(1);
    books.used_up_to = books.used_up_to.max(highest.unwrap_or_default());
    state.change(StateKey::Books, Some(Value::Books(books)));
    let passed: Vec<u32> = state.periods.range(..period).map(|(number, _)| *number).collect();
    for number in passed {
        if next_to_deliver(state, number).is_none() {
            forget_period(state, number);
        }
    }
}

/// Forgets a closed period with its meters and whatever contracts it still has. None of them is to be delivered, so
/// what is held for them returns.
fn forget_period(state: &mut LedgerState, number: u32) {
    let meters = state.meters.range((number, AccountId(0))..=(number, AccountId(u32::MAX)));
    let mut keys: Vec<StateKey> = meters.map(|((_, account), _)| StateKey::Meter(number, *account)).collect();
    let supplies = state.supplies.range((number, DeviceId(0))..=(number, DeviceId(u32::MAX)));
    keys.extend(supplies.map(|(&(period, device), _)| StateKey::Supply(period, device)));
    let contracts = state.contracts.values().filter(|contract| contract.terms.period == number);
    let contracts: Vec<Contract> = contracts.copied().collect();
    for contract in &contracts {
        release_escrow(state, contract);
        keys.push(StateKey::Contract(contract.terms.id));
    }
    keys.push(StateKey::Period(number));
    keys.into_iter().for_each(|key| state.change(key, None));
}
