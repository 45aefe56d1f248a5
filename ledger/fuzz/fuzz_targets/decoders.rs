//! Any bytes, to any decoder: refused, or what writing would have written.

#![no_main]

use goshawk_ledger::{
    Block, Canonical, CommitCertificate, Committed, ConsensusMessage, DecodeError, Genesis, Header, LogEntry,
    PolkaCertificate, Proposal, Receipt, SignedTransaction, StateKey, TradeProof, Transaction, Vote,
};
use libfuzzer_sys::fuzz_target;

fn again<T: Canonical>(bytes: &[u8]) -> Result<Vec<u8>, DecodeError> {
    T::from_bytes(bytes).map(|value| value.to_bytes())
}

const DECODERS: [fn(&[u8]) -> Result<Vec<u8>, DecodeError>; 15] = [
    again::<ConsensusMessage>,
    again::<Proposal>,
    again::<Vote>,
    again::<PolkaCertificate>,
    again::<CommitCertificate>,
    again::<Block>,
    again::<Committed>,
    again::<Header>,
    again::<Transaction>,
    again::<SignedTransaction>,
    again::<Receipt>,
    again::<LogEntry>,
    again::<Genesis>,
    again::<StateKey>,
    again::<TradeProof>,
];

// The first byte says which decoder.
fuzz_target!(|input: &[u8]| {
    let Some((which, bytes)) = input.split_first() else { return };
    let decode = DECODERS[usize::from(*which) % DECODERS.len()];
    if let Ok(written) = decode(bytes) {
        assert_eq!(written, bytes);
    }
});
