//! A validator on the simulated clock: carries out what the sans-IO [`Validator`] asks.

use std::sync::Arc;

use goshawk_engine::{Actor, Context, Fault, Loading, Saving, SimDuration};
use goshawk_ledger::{
    Committed, ConsensusMessage, Effect, Event, Evidence, LedgerError, Operation, Store, Validator,
};

use crate::commons::{Commons, Signatory};
use crate::message::{CommunityModel, Message, phase};
use crate::network::Links;
use crate::saved::{Saved, saved_actor};
use crate::unexpected;

mod malice;

pub use malice::Conduct;
use malice::Malice;

/// The actor around a validator.
pub struct ValidatorActor {
    commons: Arc<Commons>,
    place: usize,
    validator: Validator<Box<dyn Store>>,
    links: Links,
    to_platform: Links,
    malice: Malice,
    /// Its account, to name those who contradict themselves.
    signatory: Option<Signatory>,
}

impl std::fmt::Debug for ValidatorActor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ValidatorActor").field("place", &self.place).finish_non_exhaustive()
    }
}

impl ValidatorActor {
    /// The validator at `place`, with links to the others and one to the platform.
    pub fn new(
        commons: Arc<Commons>,
        place: usize,
        validator: Validator<Box<dyn Store>>,
        links: Links,
        to_platform: Links,
    ) -> Self {
        let nobody: Arc<[bool]> = Arc::new([]);
        let malice = Malice::new(Conduct::Honest, place, validator.store().genesis(), &nobody);
        Self { commons, place, validator, links, to_platform, malice, signatory: None }
    }

    /// The same, faulty in this way; a censor's `victims` by the numbers of their accounts.
    #[must_use]
    pub fn behaving(self, conduct: Conduct, victims: &Arc<[bool]>) -> Self {
        let malice = Malice::new(conduct, self.place, self.validator.store().genesis(), victims);
        Self { malice, ..self }
    }

    /// The same, with an account: what it finds against others goes to the ledger.
    #[must_use]
    pub fn signing(self, signatory: Signatory) -> Self {
        Self { signatory: Some(signatory), ..self }
    }

    fn carry_out(&mut self, effect: Effect, context: &mut Context<'_, CommunityModel>) -> Result<(), Fault> {
        match effect {
            Effect::Broadcast(message) => {
                let other = self.malice.contradiction(&message);
                for place in 0..self.commons.directory.validators.len() {
                    if place != self.place {
                        self.send(place, &message, other.as_ref(), context);
                    }
                }
            }
            Effect::Send { to, message } => self.send(to, &message, None, context),
            Effect::SetTimer { key, after_micros } => {
                let after = SimDuration::from_micros(after_micros);
                context.schedule(after, phase::NETWORK, Message::Timeout(key));
            }
            Effect::Committed(_) if !self.malice.reports() => {}
            Effect::Committed(committed) => {
                let delay = self.to_platform.in_order(0, context.now().micros());
                let committed = Arc::new(committed);
                let message = Message::Committed { validator: self.place, committed };
                context.send_after(self.commons.directory.platform, delay, phase::NETWORK, message);
            }
            Effect::Equivocation(evidence) => {
                let (accused, height) = (evidence.validator(), evidence.height());
                let detail = format!("validator-{accused} contradicted itself at height {height}");
                let (now, name) = (context.now(), context.name().to_owned());
                context.sink().event(now, &name, "equivocation", detail);
                self.accuse(evidence, context);
            }
            Effect::Halted(error) => return Err(Box::new(error)),
        }
        Ok(())
    }

    /// Has the platform submit the evidence, as it submits everybody's transactions.
    fn accuse(&mut self, evidence: Evidence, context: &mut Context<'_, CommunityModel>) {
        // Who is convicted loses its power with the epoch; more evidence would only fill blocks.
        let is_convicted = self.validator.state().validators(u64::MAX).power(evidence.validator()) == 0;
        if is_convicted || !self.malice.reports() {
            return;
        }
        let Some(signatory) = &mut self.signatory else { return };
        let transaction = signatory.sign(Operation::Accuse { evidence }, context.now());
        let delay = self.to_platform.in_order(0, context.now().micros());
        let platform = self.commons.directory.platform;
        context.send_after(platform, delay, phase::NETWORK, Message::Transaction(transaction));
    }

    /// Makes sure that the validator's blocks survive a crash.
    ///
    /// # Errors
    /// When the store fails.
    pub fn flush(&mut self) -> Result<(), LedgerError> {
        self.validator.flush()
    }

    /// The validator.
    pub fn validator(&self) -> &Validator<Box<dyn Store>> {
        &self.validator
    }

    /// Puts the next block of its chain back into the store of a validator that was restored.
    ///
    /// # Errors
    /// When the store fails, or the block is not of its chain.
    pub fn restock(&mut self, committed: &Committed) -> Result<(), LedgerError> {
        self.validator.restock(committed)
    }

    /// Sends a message, and what contradicts it: to validators at odd places first.
    fn send(
        &mut self,
        to: usize,
        message: &Arc<ConsensusMessage>,
        other: Option<&Arc<ConsensusMessage>>,
        context: &mut Context<'_, CommunityModel>,
    ) {
        // The latency is drawn in any case, and once, so that a fault changes nobody else's.
        let delay = self.links.in_order(to, context.now().micros());
        if !self.malice.speaks_to(to) {
            return;
        }
        let (first, second) = match other {
            Some(other) if to % 2 == 1 => (other, Some(message)),
            other => (message, other),
        };
        for message in [Some(first), second].into_iter().flatten() {
            let message = Message::Consensus { from: self.place, message: Arc::clone(message) };
            context.send_after(self.commons.directory.validators[to], delay, phase::NETWORK, message);
        }
    }
}

/// Agreement on a block is not saved.
#[derive(Debug, thiserror::Error)]
#[error("it is in the middle of agreeing on block {height}")]
struct Agreeing {
    height: u64,
}

impl Saved for ValidatorActor {
    fn put(&self, saving: &mut Saving) -> Result<(), Fault> {
        // An equivocator's other block is of a height, and none is entered.
        let Self { commons: _, place: _, malice: _, validator, links, to_platform, signatory } = self;
        if !validator.is_between_blocks() {
            return Err(Box::new(Agreeing { height: validator.height() }));
        }
        let mut state = Vec::new();
        validator.save(&mut state);
        saving.put(&state)?;
        links.put(saving)?;
        to_platform.put(saving)?;
        signatory.as_ref().map_or(Ok(()), |signatory| signatory.put(saving))
    }

    fn take(&mut self, loading: &mut Loading<'_>) -> Result<(), Fault> {
        let state: Vec<u8> = loading.take()?;
        self.validator.resume(&state)?;
        self.links.take(loading)?;
        self.to_platform.take(loading)?;
        self.signatory.as_mut().map_or(Ok(()), |signatory| signatory.take(loading))
    }
}

impl Actor<CommunityModel> for ValidatorActor {
    fn handle(&mut self, message: Message, context: &mut Context<'_, CommunityModel>) -> Result<(), Fault> {
        let event = match message {
            Message::Transactions(transactions) => {
                let (heard, passed_over) = self.malice.hear(transactions);
                context.sink().censored(passed_over);
                Event::Submit(heard)
            }
            Message::Consensus { message, .. } if self.malice.ignores(&message) => return Ok(()),
            Message::Consensus { from, message } => Event::Message { from, message },
            Message::Timeout(key) => Event::Timer(key),
            other => return Err(unexpected(&other)),
        };
        for effect in self.validator.handle(context.now().micros(), event) {
            self.carry_out(effect, context)?;
        }
        Ok(())
    }

    saved_actor!();
}
