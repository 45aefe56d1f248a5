//! The blockchain platform: keeps the contracts of a period, allocates what was delivered, submits everything to
//! the validators, and reports what they have committed.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use goshawk_engine::{Actor, Context, Fault, SimTime};
use goshawk_ledger::{
    AccountId, Change, Committed, ContractId, ContractState, ContractTerms, CreditRules, Operation, Receipt,
    Rejection, Settlement, SignedTransaction, TransactionId, allocate_deliveries,
};
use goshawk_market::order::{Credit, HouseholdId};
use goshawk_market::quantity::{Energy, Money};
use serde::{Deserialize, Serialize};

use crate::calendar::PeriodIndex;
use crate::commons::{Commons, Signatory};
use crate::journal::{Operator, Trade};
use crate::message::{CommunityModel, Delivery, Message, phase};
use crate::network::Links;
use crate::saved::{encoded, saved_actor};
use crate::unexpected;
use bands::Bands;
use disagreement::Disagreement;
use outbox::Outbox;

pub use outbox::Pace;

mod bands;
mod disagreement;
mod disputes;
mod outbox;
mod saved;

/// A contract that the platform has settled and the ledger has not committed yet.
#[derive(Debug, Serialize, Deserialize)]
struct Pending {
    #[serde(with = "encoded::shared_value")]
    terms: Arc<ContractTerms>,
    #[serde(with = "encoded::value")]
    settlement: Settlement,
}

/// The platform.
#[derive(Debug)]
pub struct Platform {
    commons: Arc<Commons>,
    signatory: Signatory,
    links: Links,
    contracts: Arc<[Arc<ContractTerms>]>,
    cancelled: BTreeSet<ContractId>,
    ready: Vec<Energy>,
    outbox: Outbox,
    pending: BTreeMap<ContractId, Pending>,
    /// Blocks that too few validators have reported yet, by height.
    reported: BTreeMap<u64, (usize, Arc<Committed>)>,
    next_height: u64,
    /// When transactions were submitted, and how many of them are in no block yet; oldest first.
    submitted: VecDeque<(SimTime, usize)>,
    /// What was last sent to the validators a second time.
    replayed: Vec<TransactionId>,
    /// What receipts say of credit bands, where there are any.
    bands: Option<Bands>,
    revenue: Money,
    traded: Energy,
}

impl Platform {
    /// A platform for `households` households, whose accounts have the same numbers.
    pub fn new(
        commons: Arc<Commons>,
        signatory: Signatory,
        links: Links,
        households: usize,
        pace: Pace,
    ) -> Self {
        Self {
            commons,
            signatory,
            links,
            contracts: Arc::new([]),
            cancelled: BTreeSet::new(),
            ready: vec![Energy::ZERO; households],
            outbox: Outbox::new(pace),
            pending: BTreeMap::new(),
            reported: BTreeMap::new(),
            next_height: 1,
            submitted: VecDeque::new(),
            replayed: Vec::new(),
            bands: None,
            revenue: Money::ZERO,
            traded: Energy::ZERO,
        }
    }

    /// The same on a ledger with credit bands, if it has any.
    pub fn with_bands(self, rules: Option<CreditRules>) -> Self {
        Self { bands: rules.map(Bands::new), ..self }
    }

    /// Contracts that are settled but not yet committed.
    pub fn pending(&self) -> usize {
        self.pending.len()
    }

    /// All readings are in: allocates deliveries, settles, and tells the households.
    fn settle(&mut self, context: &mut Context<'_, CommunityModel>) -> Result<(), Fault> {
        let contracts = std::mem::replace(&mut self.contracts, Arc::new([]));
        if contracts.is_empty() {
            return Ok(());
        }
        let cancelled = std::mem::take(&mut self.cancelled);
        let (void, live): (Vec<_>, Vec<_>) =
            contracts.iter().map(Arc::clone).partition(|terms| cancelled.contains(&terms.id));
        let terms: Vec<ContractTerms> = live.iter().map(|terms| **terms).collect();
        let deliveries = allocate_deliveries(&terms, |account| self.ready[account.0 as usize]);
        let mut outcome: BTreeMap<AccountId, Delivery> = BTreeMap::new();
        for terms in void {
            if let Some(bands) = &mut self.bands {
                bands.forget(terms.id);
            }
            outcome.entry(terms.seller).or_default();
            outcome.entry(terms.buyer).or_default();
        }
        let mut wheeling = Money::ZERO;
        for (terms, delivery) in live.into_iter().zip(deliveries) {
            let surcharges = match &mut self.bands {
                None => [0, 0],
                Some(bands) => bands.surcharges(terms.id).ok_or(Disagreement::ConditionsTooLate(terms.id))?,
            };
            let settlement = Settlement::for_delivery(&terms, &delivery).surcharged(surcharges);
            context.sink().penalties(&terms, &settlement);
            let seller = outcome.entry(terms.seller).or_default();
            seller.sold += settlement.delivered;
            seller.income += settlement.seller_amount + settlement.penalty_to_seller;
            seller.spend += settlement.penalty_to_buyer + settlement.seller_surcharge;
            let buyer = outcome.entry(terms.buyer).or_default();
            buyer.bought += settlement.delivered;
            buyer.income += settlement.penalty_to_buyer;
            buyer.spend += settlement.owed_by_buyer();
            wheeling += settlement.grid_amount;
            self.revenue += settlement.platform_amount;
            self.revenue += settlement.seller_surcharge + settlement.buyer_surcharge;
            self.traded += settlement.delivered;
            let settle = Operation::Settle { contract: terms.id };
            self.outbox.add(self.signatory.sign(settle, context.now()));
            self.pending.insert(terms.id, Pending { terms, settlement });
        }
        let directory = &self.commons.directory;
        for (account, delivery) in outcome {
            self.ready[account.0 as usize] = Energy::ZERO;
            let household = directory.households[account.0 as usize];
            context.send_in(household, phase::ACCOUNT, Message::Delivered(delivery));
        }
        context.send_in(directory.grid, phase::BOOKS, Message::WheelingFees(wheeling));
        Ok(())
    }

    fn submit(&mut self, context: &mut Context<'_, CommunityModel>) {
        self.outbox.close(context.now());
        self.send_next(context);
    }

    /// Sends the validators what is due.
    fn send_next(&mut self, context: &mut Context<'_, CommunityModel>) {
        let Some(batch) = self.outbox.next_batch(self.submitted.is_empty()) else { return };
        self.submitted.push_back((batch.at, batch.transactions.len()));
        if !batch.replays.is_empty() {
            self.replayed = batch.replays.iter().map(|transaction| transaction.id()).collect();
        }
        let transactions: Arc<[Arc<SignedTransaction>]> =
            batch.transactions.into_iter().chain(batch.replays).collect();
        let now = context.now().micros();
        for (place, &validator) in self.commons.directory.validators.iter().enumerate() {
            let delay = self.links.overtaking(place, now);
            let message = Message::Transactions(Arc::clone(&transactions));
            context.send_after(validator, delay, phase::NETWORK, message);
        }
    }

    /// A validator reports a block. It counts once more validators than may be faulty have reported the same.
    fn report(
        &mut self,
        committed: Arc<Committed>,
        context: &mut Context<'_, CommunityModel>,
    ) -> Result<(), Fault> {
        let height = committed.block.header().height;
        if height < self.next_height {
            return Ok(());
        }
        let (reports, first) = self.reported.entry(height).or_insert_with(|| (0, Arc::clone(&committed)));
        if first.block.hash() != committed.block.hash() {
            return Err(Box::new(Disagreement::Fork(height)));
        }
        *reports += 1;
        let faulty_at_most = (self.commons.directory.validators.len() - 1) / 3;
        while let Some((reports, committed)) = self.reported.get(&self.next_height) {
            if *reports <= faulty_at_most {
                break;
            }
            let committed = Arc::clone(committed);
            self.reported.remove(&self.next_height);
            self.next_height += 1;
            self.record(&committed, context)?;
            self.send_next(context);
        }
        Ok(())
    }

    fn record(
        &mut self,
        committed: &Committed,
        context: &mut Context<'_, CommunityModel>,
    ) -> Result<(), Fault> {
        let now = context.now();
        let submitted = self.taken_up(committed.block.transactions().len()).unwrap_or(now);
        context.sink().block(now, submitted, committed);
        let mut credits = Vec::new();
        for (transaction, receipt) in committed.block.transactions().iter().zip(committed.receipts.iter()) {
            self.note_replay(transaction, context);
            if let Some(bands) = &mut self.bands {
                let body = transaction.transaction();
                bands.bound(body.sender, &body.operation, receipt);
            }
            match &transaction.transaction().operation {
                Operation::Settle { contract } => {
                    if let Some(trade) = self.closed(*contract, receipt, committed, &mut credits)? {
                        context.sink().trade(&trade);
                        if trade.state == ContractState::Defaulted {
                            let name = context.name().to_owned();
                            let detail = trade.describe_default();
                            context.sink().event(now, &name, "default", detail);
                        }
                    }
                }
                operation => self.note_rejection(operation, receipt, context)?,
            }
        }
        self.tell_of_bands(&mut credits, context);
        if !credits.is_empty() {
            context.send(self.commons.directory.market, Message::Credits(credits));
        }
        Ok(())
    }

    /// A block has taken up so many transactions: when the oldest of them was submitted.
    fn taken_up(&mut self, mut transactions: usize) -> Option<SimTime> {
        let oldest = self.submitted.front().map(|&(time, _)| time);
        while let Some((_, waiting)) = self.submitted.front_mut() {
            if *waiting > transactions {
                *waiting -= transactions;
                break;
            }
            transactions -= *waiting;
            self.submitted.pop_front();
        }
        oldest
    }

    fn closed(
        &mut self,
        contract: ContractId,
        receipt: &Receipt,
        committed: &Committed,
        credits: &mut Vec<(HouseholdId, Credit)>,
    ) -> Result<Option<Trade>, Fault> {
        let pending = self.pending.remove(&contract).ok_or(Disagreement::NotSettled(contract))?;
        let Some(Change::Closed {
            state,
            settlement,
            penalty_unpaid,
            seller_credit,
            buyer_credit,
            seller_standing,
            buyer_standing,
        }) = receipt.change()
        else {
            return Err(Box::new(Disagreement::NotSettled(contract)));
        };
        if *state == ContractState::Cancelled {
            return Err(Box::new(Disagreement::VoidTooLate(contract)));
        }
        if *settlement != pending.settlement {
            let (ledger, platform) = (Box::new(*settlement), Box::new(pending.settlement));
            return Err(Box::new(Disagreement::Amounts { contract, ledger, platform }));
        }
        if !penalty_unpaid.is_zero() {
            let unpaid = *penalty_unpaid;
            return Err(Box::new(Disagreement::PenaltyUnpaid { contract, unpaid }));
        }
        if let Some(bands) = &mut self.bands {
            bands.closed(&pending.terms, [*seller_standing, *buyer_standing]);
        }
        for (account, score) in [(pending.terms.seller, seller_credit), (pending.terms.buyer, buyer_credit)] {
            let credit = Credit::from_micro(*score).expect("invariant: the ledger's scores are at most one");
            credits.push((HouseholdId(account.0), credit));
        }
        Ok(Some(Trade {
            period: PeriodIndex(pending.terms.period),
            terms: pending.terms,
            settlement: pending.settlement,
            state: *state,
            height: committed.block.header().height,
        }))
    }

    /// Nonces keep what was sent again out of blocks.
    fn note_replay(&self, transaction: &SignedTransaction, context: &mut Context<'_, CommunityModel>) {
        if self.replayed.contains(&transaction.id()) {
            let (now, name) = (context.now(), context.name().to_owned());
            let detail = format!("a {} is in a block again", transaction.transaction().operation.name());
            context.sink().event(now, &name, "replay_accepted", detail);
        }
    }

    /// A contract that the ledger refuses is void: nothing is delivered under it.
    fn note_rejection(
        &mut self,
        operation: &Operation,
        receipt: &Receipt,
        context: &mut Context<'_, CommunityModel>,
    ) -> Result<(), Fault> {
        let now = context.now();
        if let (Operation::Check { period, .. }, Some(Change::Checked { approved, .. })) =
            (operation, receipt.change())
        {
            context.sink().approval(now, PeriodIndex(*period), *approved);
        }
        let Some(reason) = receipt.rejection() else { return Ok(()) };
        if matches!(reason, Rejection::Expired { .. }) {
            return Err(Box::new(Disagreement::Expired(operation.name())));
        }
        context.sink().rejection(reason);
        let detail = format!("{} rejected: {reason}", operation.name());
        if let Operation::Publish { terms } = operation {
            self.cancelled.insert(terms.id);
        }
        if let Operation::Sign { contract } = operation {
            self.cancelled.insert(*contract);
        }
        if let Operation::Check { approved, .. } = operation {
            self.cancelled.extend(approved);
        }
        let name = context.name().to_owned();
        context.sink().event(now, &name, "rejection", detail);
        Ok(())
    }
}

impl Actor<CommunityModel> for Platform {
    fn handle(&mut self, message: Message, context: &mut Context<'_, CommunityModel>) -> Result<(), Fault> {
        match message {
            Message::Contracts(contracts) => self.contracts = contracts,
            Message::Transaction(transaction) => self.take_in(transaction),
            Message::Replay(transaction) => self.outbox.add_replay(transaction),
            Message::MeterReading { household, ready, transaction } => {
                self.ready[household.0 as usize] = ready;
                self.outbox.add(transaction);
            }
            Message::GridReading { household, measured } => self.compare(household, measured, context),
            Message::Settle(_) => self.settle(context)?,
            Message::Submit(_) => self.submit(context),
            Message::Committed { committed, .. } => self.report(committed, context)?,
            Message::CloseBooks(_) => {
                let revenue = std::mem::take(&mut self.revenue);
                let traded = std::mem::take(&mut self.traded);
                context.sink().operator(Operator::Platform, revenue, Money::ZERO, traded);
            }
            other => return Err(unexpected(&other)),
        }
        Ok(())
    }

    saved_actor!();
}
