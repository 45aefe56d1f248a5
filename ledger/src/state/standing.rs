//! What follows from an account's credit: whether it may trade, what is held of its money, and where it stands afterwards.

use goshawk_market::quantity::Money;

use super::apply::change_account;
use super::{Account, LedgerState};
use crate::contract::ContractTerms;
use crate::credit::{Conditions, Credit, Standing, Weighing};
use crate::receipt::Rejection;
use crate::settlement::Delivery;
use crate::transaction::AccountId;

/// Whether a party may have a contract in a period.
pub(super) fn may_trade(state: &LedgerState, party: AccountId, period: u32) -> Result<(), Rejection> {
    match state.accounts[party.0 as usize].standing.barred_until(period) {
        Some(until) => Err(Rejection::Suspended { party, until }),
        None => Ok(()),
    }
}

/// What a party's band asks of it if it binds itself by these terms.
pub(super) fn conditions(
    state: &LedgerState,
    party: AccountId,
    terms: &ContractTerms,
) -> Result<Conditions, Rejection> {
    may_trade(state, party, terms.period)?;
    let standing = state.accounts[party.0 as usize].standing.as_it_trades();
    let rules = state.genesis.config().credit;
    Ok(rules.map(|rules| rules.conditions(standing, terms.value())).unwrap_or_default())
}

/// Holds the escrow and the deposit of a party that binds itself, and notes that it is back if it was suspended.
pub(super) fn hold(
    state: &mut LedgerState,
    party: AccountId,
    escrow: Money,
    conditions: &Conditions,
) -> Result<(), Rejection> {
    let account = state.accounts[party.0 as usize];
    let (needed, available) = (escrow + conditions.deposit, account.balance);
    if available < needed {
        return Err(Rejection::InsufficientFunds { needed, available });
    }
    let returns = matches!(account.standing, Standing::Suspended { .. });
    if needed.is_zero() && !returns {
        return Ok(());
    }
    let return_score = state.genesis.config().credit.filter(|_| returns).map(|rules| rules.return_score);
    change_account(state, party, |account| {
        account.balance -= needed;
        account.escrow += needed;
        if let Some(score) = return_score {
            account.credit = Credit::of_score(score);
            account.standing = conditions.standing;
        }
    });
    Ok(())
}

/// Notes how a contract was kept. The seller promised the contract's energy, the buyer to take what the seller had ready.
pub(super) fn note(state: &mut LedgerState, terms: &ContractTerms, delivery: &Delivery) {
    let offered = terms.energy - delivery.seller_short;
    let rules = state.genesis.config().credit;
    let [of_sellers, of_buyers] = match &rules {
        Some(rules) => [rules.of_sellers(), rules.of_buyers()],
        None => [Weighing::PLAIN; 2],
    };
    let note = |account: &mut Account, weighing: Weighing, promised, kept| {
        account.credit = account.credit.weighed(weighing, promised, kept);
        if let Some(rules) = &rules {
            let (score, is_kept) = (account.credit.score(), weighing.is_kept(promised, kept));
            account.standing = account.standing.after(rules, score, terms.period, is_kept);
        }
    };
    change_account(state, terms.seller, |seller| note(seller, of_sellers, terms.energy, offered));
    change_account(state, terms.buyer, |buyer| note(buyer, of_buyers, offered, delivery.delivered));
}
