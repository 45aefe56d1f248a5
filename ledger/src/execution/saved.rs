//! The last final block's place in the chain, and the state after it, as bytes.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{ChainTip, Executed, Execution};
use crate::codec::{Canonical, DecodeError, Reader};
use crate::genesis::Genesis;
use crate::state::LedgerState;

impl Execution {
    /// Appends it, without blocks that are candidates.
    pub(crate) fn write_last(&self, out: &mut Vec<u8>) {
        let ChainTip { height, hash, time_micros } = self.tip;
        height.write(out);
        hash.write(out);
        time_micros.write(out);
        self.last.state.write_entries(out);
    }

    /// From the front of `input`.
    ///
    /// # Errors
    /// When it is not of this chain.
    pub(crate) fn read_last(genesis: &Arc<Genesis>, input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let tip = ChainTip {
            height: Canonical::read(input)?,
            hash: Canonical::read(input)?,
            time_micros: Canonical::read(input)?,
        };
        let state = LedgerState::read_entries(genesis, input)?;
        let last = Arc::new(Executed { state, receipts: Arc::default() });
        Ok(Self { last, tip, candidates: BTreeMap::new(), executed: None })
    }
}
