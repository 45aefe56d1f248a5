//! The file that proves a trade to somebody who knows the hash of one block: a [`TradeProof`] as JSON.
//!
//! | field | what |
//! |---|---|
//! | `format`, `format_version` | `goshawk-proof`, 1 |
//! | `trade` | number of the contract: `trade_id` of the table `trades` |
//! | `block` | hash of the block that closed it: `hash` of the table `blocks` |
//! | `headers` | encoded headers, from the block that published the contract to the one that closed it |
//! | `published`, `closed` | the two transactions: each with its encoding, its receipt's, and the nodes beside their ways to the roots |
//!
//! Bytes are written as lower-case hexadecimal digits. There is one way to write a proof; a file that was written otherwise is
//! refused.

use goshawk_ledger::{
    AuditPath, Canonical, ContractId, Digest, LedgerError, ProofFault, ProvenTrade, ProvenTransaction,
    RedbStore, Sibling, TradeProof,
};
use serde::{Deserialize, Serialize};
use std::path::Path;

use crate::run::LEDGER_FILE;

const FORMAT: &str = "goshawk-proof";
const FORMAT_VERSION: u32 = 1;

/// The file's content.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: String,
    format_version: u32,
    trade: u64,
    block: String,
    headers: Vec<String>,
    published: Transaction,
    closed: Transaction,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Transaction {
    transaction: String,
    transaction_path: Vec<String>,
    receipt: String,
    receipt_path: Vec<String>,
}

/// Why there is no proof, or why a file proves nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// The ledger cannot be read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// No such trade.
    #[error(
        "no contract {trade} was published and closed in these {blocks} blocks; trade_id of the table trades has the numbers"
    )]
    NoTrade {
        /// The number asked for.
        trade: u64,
        /// How many blocks the ledger has.
        blocks: u64,
    },
    /// The file is no proof.
    #[error("it is no proof: {0}")]
    Malformed(String),
    /// The file is a proof that shows nothing.
    #[error("it proves nothing: {0}")]
    Fault(#[from] ProofFault),
}

impl ProofError {
    fn malformed(what: impl ToString) -> Self {
        Self::Malformed(what.to_string())
    }
}

/// What a run's ledger says of a trade, as the text of a file, and what it shows.
///
/// # Errors
/// When the ledger cannot be read, or has no such trade.
pub fn prove(folder: &Path, trade: u64) -> Result<(String, ProvenTrade), ProofError> {
    let store = RedbStore::open_read_only(&folder.join(LEDGER_FILE))?;
    let proof = TradeProof::from_store(&store, ContractId(trade))?;
    let blocks = goshawk_ledger::Store::tip(&store).height;
    let proof = proof.ok_or(ProofError::NoTrade { trade, blocks })?;
    let block = proof.block().ok_or(ProofFault::NoHeader)?;
    let proven = proof.verify(&block)?;
    Ok((write(&proof, &proven, &block), proven))
}

/// What a proof shows, and the hash of the block that it is about. Where `known` is given, that is the block to be about.
///
/// # Errors
/// When it is no proof, has been changed, or is about another block.
pub fn check(text: &[u8], known: Option<&Digest>) -> Result<(ProvenTrade, Digest), ProofError> {
    let file: File = serde_json::from_slice(text).map_err(ProofError::malformed)?;
    if (file.format.as_str(), file.format_version) != (FORMAT, FORMAT_VERSION) {
        let what =
            format!("its format is {} {}, not {FORMAT} {FORMAT_VERSION}", file.format, file.format_version);
        return Err(ProofError::Malformed(what));
    }
    let said = digest_from_hex(&file.block).ok_or_else(|| ProofError::malformed("block is no hash"))?;
    let proof = read(&file)?;
    let proven = proof.verify(known.unwrap_or(&said))?;
    // Whatever a proof does not bind is written in one way only.
    if write(&proof, &proven, &known.copied().unwrap_or(said)).as_bytes() != text {
        return Err(ProofError::malformed("it is not written as goshawk writes it"));
    }
    Ok((proven, said))
}

fn write(proof: &TradeProof, proven: &ProvenTrade, block: &Digest) -> String {
    let file = File {
        format: FORMAT.to_owned(),
        format_version: FORMAT_VERSION,
        trade: proven.terms.id.0,
        block: block.to_string(),
        headers: proof.headers.iter().map(to_hex).collect(),
        published: write_transaction(&proof.published),
        closed: write_transaction(&proof.closed),
    };
    let mut text = serde_json::to_string_pretty(&file).expect("invariant: strings and numbers are JSON");
    text.push('\n');
    text
}

fn write_transaction(proven: &ProvenTransaction) -> Transaction {
    let path = |path: &AuditPath| {
        path.0
            .iter()
            .map(|sibling| match sibling {
                Sibling::Left { digest } => format!("left {digest}"),
                Sibling::Right { digest } => format!("right {digest}"),
            })
            .collect()
    };
    Transaction {
        transaction: to_hex(&proven.transaction),
        transaction_path: path(&proven.transaction_path),
        receipt: to_hex(&proven.receipt),
        receipt_path: path(&proven.receipt_path),
    }
}

fn read(file: &File) -> Result<TradeProof, ProofError> {
    let headers =
        file.headers.iter().enumerate().map(|(place, header)| value(&format!("headers[{place}]"), header));
    Ok(TradeProof {
        headers: headers.collect::<Result<_, _>>()?,
        published: read_transaction("published", &file.published)?,
        closed: read_transaction("closed", &file.closed)?,
    })
}

fn read_transaction(name: &str, file: &Transaction) -> Result<ProvenTransaction, ProofError> {
    let path = |field: &str, steps: &[String]| {
        let step = |(place, step): (usize, &String)| {
            let digest = |text| digest_from_hex(text).filter(|digest| digest.to_string() == text);
            let sibling = match step.split_once(' ') {
                Some(("left", text)) => digest(text).map(|digest| Sibling::Left { digest }),
                Some(("right", text)) => digest(text).map(|digest| Sibling::Right { digest }),
                _ => None,
            };
            sibling.ok_or_else(|| ProofError::Malformed(format!("{name}.{field}[{place}] is no node")))
        };
        steps.iter().enumerate().map(step).collect::<Result<Vec<_>, _>>().map(AuditPath)
    };
    Ok(ProvenTransaction {
        transaction: value(&format!("{name}.transaction"), &file.transaction)?,
        transaction_path: path("transaction_path", &file.transaction_path)?,
        receipt: value(&format!("{name}.receipt"), &file.receipt)?,
        receipt_path: path("receipt_path", &file.receipt_path)?,
    })
}

fn value<T: Canonical>(field: &str, text: &str) -> Result<T, ProofError> {
    let bytes = from_hex(text).ok_or_else(|| ProofError::Malformed(format!("{field} is not hexadecimal")))?;
    T::from_bytes(&bytes).map_err(|error| ProofError::Malformed(format!("{field}: {error}")))
}

fn to_hex<T: Canonical>(value: &T) -> String {
    value.to_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |letter: u8| char::from(letter).to_digit(16).map(|digit| digit as u8);
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| Some(digit(pair[0])? << 4 | digit(*pair.get(1)?)?)).collect()
}

/// A hash as tables and proofs have it: 64 hexadecimal digits.
pub fn digest_from_hex(text: &str) -> Option<Digest> {
    from_hex(text)?.try_into().ok().map(Digest)
}
