//! What an account can ask of the ledger, signed.

use goshawk_market::quantity::{Energy, Money};

use crate::codec::{Canonical, DecodeError, Reader, canonical_enum, canonical_struct};
use crate::contract::ContractTerms;
use crate::device::{Device, DeviceId};
use crate::digest::{self, Digest, Domain};
use crate::evidence::Evidence;
use crate::genesis::KeyRegistry;
use crate::signature::{Signature, Signer, VerificationMemo};

/// An account: its index in the genesis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct AccountId(pub u32);

/// A contract: a number that the platform gives out in ascending order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ContractId(pub u64);

/// The digest of a transaction without its signature, so that nobody can give one transaction two ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct TransactionId(pub Digest);

macro_rules! newtype {
    ($($name:ident($inner:ty)),*) => {$(
        impl Canonical for $name {
            fn write(&self, out: &mut Vec<u8>) {
                self.0.write(out);
            }

            fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
                <$inner>::read(input).map(Self)
            }
        }
    )*};
}

newtype!(AccountId(u32), ContractId(u64), TransactionId(Digest));

/// One request of one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    /// The chain it is meant for; another chain rejects it.
    pub chain: u32,
    /// Who asks and signs.
    pub sender: AccountId,
    /// How many transactions the sender has made before: 0, 1, 2 and so on without a gap.
    pub nonce: u64,
    /// The time of the latest block that may carry it out, in microseconds; `None` where any may.
    pub expiry_micros: Option<u64>,
    /// What is asked.
    pub operation: Operation,
}

canonical_struct!(Transaction { chain, sender, nonce, expiry_micros, operation });

/// What a transaction asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// The seller offers a contract.
    Publish {
        /// What is offered.
        terms: ContractTerms,
    },
    /// The buyer accepts a contract and puts the most it may owe in escrow.
    Sign {
        /// The contract.
        contract: ContractId,
    },
    /// The grid approves or rejects contracts of a period after its security check.
    Check {
        /// The period.
        period: u32,
        /// Contracts that the lines can carry.
        approved: Vec<ContractId>,
        /// Contracts that they cannot; these are cancelled and their escrow returns.
        rejected: Vec<ContractId>,
        /// What is drawn at each place of the feeder without these contracts, fed in negative; nothing where the genesis has
        /// no lines.
        loads: Vec<Energy>,
    },
    /// A party reports what it could deliver or take in a period, once, before the period's first settlement.
    Meter {
        /// The period.
        period: u32,
        /// The energy that it had ready to deliver or to take.
        ready: Energy,
    },
    /// The platform has a contract settled: those that are to be delivered in ascending order of their numbers, others at
    /// any time.
    Settle {
        /// The contract.
        contract: ContractId,
    },
    /// Anybody shows that a validator has contradicted itself. It loses its power with the epoch.
    Accuse {
        /// Both statements.
        evidence: Evidence,
    },
    /// A party of a contract, or the grid, contests what one of the two parties has metered in the contract's period: once for
    /// each account, before the period's first settlement. All contracts of that account in the period wait for the grid.
    Dispute {
        /// A contract that is to be delivered.
        contract: ContractId,
        /// Whose reading is contested.
        account: AccountId,
    },
    /// The grid says what it measured where a reading is contested. That counts from now on.
    Resolve {
        /// The period.
        period: u32,
        /// Whose reading is contested.
        account: AccountId,
        /// The energy that the account had ready to deliver or to take, from 0 to 1e6 kWh.
        measured: Energy,
    },
    /// The grid certifies a device: the next one, or a known one anew.
    Enrol {
        /// Which.
        id: DeviceId,
        /// What it can do.
        device: Device,
    },
    /// The meter of a device: it holds more than before.
    Charge {
        /// Which device.
        device: DeviceId,
        /// How much more.
        energy: Energy,
    },
    /// The meter of a device: it holds less than before.
    Discharge {
        /// Which device.
        device: DeviceId,
        /// How much less.
        energy: Energy,
    },
    /// The sender gives money to another account.
    Transfer {
        /// To whom.
        to: AccountId,
        /// How much.
        amount: Money,
    },
}

canonical_enum!(Operation {
    0 => Publish { terms },
    1 => Sign { contract },
    2 => Check { period, approved, rejected, loads },
    3 => Meter { period, ready },
    4 => Settle { contract },
    5 => Accuse { evidence },
    6 => Dispute { contract, account },
    7 => Resolve { period, account, measured },
    8 => Enrol { id, device },
    9 => Charge { device, energy },
    10 => Discharge { device, energy },
    11 => Transfer { to, amount },
});

impl Operation {
    /// Its name in tables and reports, such as `publish`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Publish { .. } => "publish",
            Self::Sign { .. } => "sign",
            Self::Check { .. } => "check",
            Self::Meter { .. } => "meter",
            Self::Settle { .. } => "settle",
            Self::Accuse { .. } => "accuse",
            Self::Dispute { .. } => "dispute",
            Self::Resolve { .. } => "resolve",
            Self::Enrol { .. } => "enrol",
            Self::Charge { .. } => "charge",
            Self::Discharge { .. } => "discharge",
            Self::Transfer { .. } => "transfer",
        }
    }

    /// The one contract that it is about, if there is one.
    pub const fn contract(&self) -> Option<ContractId> {
        match self {
            Self::Publish { terms } => Some(terms.id),
            Self::Sign { contract } | Self::Settle { contract } | Self::Dispute { contract, .. } => {
                Some(*contract)
            }
            _ => None,
        }
    }
}

/// A transaction with its signature: immutable, with its encoding and digests at hand, and meant to be shared as
/// an `Arc`.
#[derive(Debug, Clone)]
pub struct SignedTransaction {
    transaction: Transaction,
    signature: Signature,
    encoded: Box<[u8]>,
    id: TransactionId,
    leaf: Digest,
    memo: VerificationMemo,
}

impl SignedTransaction {
    /// Signs a transaction.
    pub fn sign(transaction: Transaction, signer: &Signer) -> Self {
        let mut encoded = transaction.to_bytes();
        let id = transaction_id(&encoded);
        let signature = signer.sign(&id.0);
        signature.write(&mut encoded);
        Self::assemble(transaction, signature, encoded.into(), id)
    }

    fn assemble(
        transaction: Transaction,
        signature: Signature,
        encoded: Box<[u8]>,
        id: TransactionId,
    ) -> Self {
        let leaf = digest::leaf(&encoded);
        Self { transaction, signature, encoded, id, leaf, memo: VerificationMemo::default() }
    }

    /// What is asked.
    pub fn transaction(&self) -> &Transaction {
        &self.transaction
    }

    /// The sender's signature.
    pub fn signature(&self) -> &Signature {
        &self.signature
    }

    /// The digest of the transaction without the signature.
    pub fn id(&self) -> TransactionId {
        self.id
    }

    /// The length of the encoding, in bytes.
    pub fn encoded_len(&self) -> usize {
        self.encoded.len()
    }

    /// The digest of the encoding with the signature: the leaf in a block's transaction tree.
    pub(crate) fn leaf(&self) -> Digest {
        self.leaf
    }

    /// Whether the sender's key made the signature. Checked once, then remembered.
    pub fn is_signed_by_sender(&self, keys: &KeyRegistry) -> bool {
        self.memo.check(keys.genesis_hash(), || {
            keys.account(self.transaction.sender)
                .is_some_and(|verifier| verifier.verify(&self.id.0, &self.signature))
        })
    }
}

fn transaction_id(encoded: &[u8]) -> TransactionId {
    TransactionId(Digest::of(Domain::Transaction, &[encoded]))
}

impl PartialEq for SignedTransaction {
    fn eq(&self, other: &Self) -> bool {
        self.encoded == other.encoded
    }
}

impl Eq for SignedTransaction {}

impl Canonical for SignedTransaction {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.encoded);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let before = input.remaining();
        let transaction = Transaction::read(input)?;
        let body_len = before.len() - input.remaining().len();
        let signature = Signature::read(input)?;
        let encoded_len = before.len() - input.remaining().len();
        let id = transaction_id(&before[..body_len]);
        Ok(Self::assemble(transaction, signature, before[..encoded_len].into(), id))
    }
}
