//! The platform in a save.

use std::sync::Arc;

use goshawk_engine::{Fault, Loading, Saving};
use goshawk_ledger::{Committed, ContractId, ContractTerms, Digest, TransactionId};

use super::{Pending, Platform};
use crate::saved::Saved;
use crate::saved::encoded::{List, Shared};

impl Saved for Platform {
    fn put(&self, saving: &mut Saving) -> Result<(), Fault> {
        let Self {
            commons: _,
            signatory,
            links,
            contracts,
            cancelled,
            ready,
            outbox,
            pending,
            reported,
            next_height,
            submitted,
            replayed,
            bands,
            revenue,
            traded,
        } = self;
        signatory.put(saving)?;
        links.put(saving)?;
        let cancelled: Vec<u64> = cancelled.iter().map(|contract| contract.0).collect();
        let pending: Vec<&Pending> = pending.values().collect();
        let reported: Vec<(usize, Shared<Committed>)> =
            reported.values().map(|(count, committed)| (*count, Shared(Arc::clone(committed)))).collect();
        let replayed: Vec<[u8; 32]> = replayed.iter().map(|id| id.0.0).collect();
        outbox.put(saving)?;
        saving.put(&(List(contracts.to_vec()), cancelled, ready, pending, reported))?;
        saving.put(&(next_height, submitted, replayed, revenue, traded))?;
        Saved::put(bands, saving)
    }

    fn take(&mut self, loading: &mut Loading<'_>) -> Result<(), Fault> {
        self.signatory.take(loading)?;
        self.links.take(loading)?;
        let (contracts, cancelled): (List<ContractTerms>, Vec<u64>);
        let (pending, reported): (Vec<Pending>, Vec<(usize, Shared<Committed>)>);
        let replayed: Vec<[u8; 32]>;
        self.outbox.take(loading)?;
        (contracts, cancelled, self.ready, pending, reported) = loading.take()?;
        (self.next_height, self.submitted, replayed, self.revenue, self.traded) = loading.take()?;
        self.replayed = replayed.into_iter().map(|id| TransactionId(Digest(id))).collect();
        self.contracts = contracts.0.into();
        self.cancelled = cancelled.into_iter().map(ContractId).collect();
        self.pending = pending.into_iter().map(|pending| (pending.terms.id, pending)).collect();
        let by_height = |(count, Shared(committed)): (usize, Shared<Committed>)| {
            (committed.block.header().height, (count, committed))
        };
        self.reported = reported.into_iter().map(by_height).collect();
        Saved::take(&mut self.bands, loading)
    }
}
