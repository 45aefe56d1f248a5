//! Why the ledger rejects a transaction.

use goshawk_market::quantity::{Energy, Money};

use crate::codec::canonical_enum;
use crate::contract::{ContractState, TermsFault};
use crate::device::DeviceId;
use crate::transaction::{AccountId, ContractId};

/// Why a transaction was rejected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Rejection {
    /// Meant for another chain.
    #[error("meant for chain {chain}")]
    WrongChain {
        /// The chain that it names.
        chain: u32,
    },
    /// No such sender.
    #[error("there is no account {sender:?}")]
    UnknownSender {
        /// The sender that it names.
        sender: AccountId,
    },
    /// Not signed by its sender.
    #[error("the signature is not the sender's")]
    BadSignature,
    /// Seen before, or out of order.
    #[error("nonce {found}, where the sender's next is {expected}")]
    WrongNonce {
        /// The sender's next.
        expected: u64,
        /// The transaction's.
        found: u64,
    },
    /// In a block that is later than the transaction allows.
    #[error("expired at {expiry_micros} us, and the block is of {time_micros} us")]
    Expired {
        /// The last time at which it could be carried out.
        expiry_micros: u64,
        /// The time of the block.
        time_micros: u64,
    },
    /// The terms make no contract.
    #[error("{fault}")]
    BadTerms {
        /// Why.
        fault: TermsFault,
    },
    /// A party that is no account, or that does not trade.
    #[error("{party:?} does not trade")]
    NoTrader {
        /// The party.
        party: AccountId,
    },
    /// Only somebody else may do this.
    #[error("only {entitled:?} may do this")]
    NotEntitled {
        /// Who may.
        entitled: AccountId,
    },
    /// The number is taken, or was before.
    #[error("contract number {contract:?} has been used")]
    ContractUsed {
        /// The number.
        contract: ContractId,
    },
    /// No such contract on the ledger, or no longer.
    #[error("there is no open contract {contract:?}")]
    UnknownContract {
        /// The number.
        contract: ContractId,
    },
    /// A step that contracts do not take.
    #[error("contract {contract:?} is {from:?} and cannot become {to:?}")]
    IllegalTransition {
        /// The contract.
        contract: ContractId,
        /// Where it stands.
        from: ContractState,
        /// Where it was to go.
        to: ContractState,
    },
    /// Not enough free money for the escrow.
    #[error("{needed} needed, {available} available")]
    InsufficientFunds {
        /// The escrow.
        needed: Money,
        /// The free balance.
        available: Money,
    },
    /// Settlement of the period has begun.
    #[error("period {period} is closed")]
    PeriodClosed {
        /// The period.
        period: u32,
    },
    /// A contract of another period in a check.
    #[error("contract {contract:?} is not of period {period}")]
    WrongPeriod {
        /// The contract.
        contract: ContractId,
        /// The period of the check.
        period: u32,
    },
    /// A contract that a check names twice.
    #[error("contract {contract:?} is named twice")]
    NamedTwice {
        /// The contract.
        contract: ContractId,
    },
    /// A second meter of one account for one period.
    #[error("period {period} has been metered")]
    MeteredTwice {
        /// The period.
        period: u32,
    },
    /// Below zero, or beyond what the ledger can hold.
    #[error("a meter is not between 0 and 1e6 kWh")]
    BadMeter,
    /// No contract of this period is open.
    #[error("no contract of period {period} is open")]
    NothingToMeter {
        /// The period.
        period: u32,
    },
    /// An earlier contract of the period is still open.
    #[error("contract {first:?} comes first")]
    OutOfOrder {
        /// The contract whose turn it is.
        first: ContractId,
    },
    /// As many contracts are open as the genesis allows.
    #[error("too many open contracts")]
    TooManyContracts,
    /// Evidence of two statements that do not contradict each other, or that the accused has not signed.
    #[error("the evidence shows no contradiction that the accused has signed")]
    NoContradiction,
    /// Evidence of a height that has not come, or at which the accused had nothing to say.
    #[error("validator {validator} had no vote at height {height}")]
    NoSuchVoter {
        /// The accused.
        validator: u32,
        /// The height of the statements.
        height: u64,
    },
    /// A second piece of evidence for one validator and height.
    #[error("validator {validator} has been accused for height {height}")]
    AccusedTwice {
        /// The accused.
        validator: u32,
        /// The height of the statements.
        height: u64,
    },
    /// A contract that waits for the grid's word on a reading.
    #[error("contract {contract:?} is in dispute")]
    InDispute {
        /// The contract.
        contract: ContractId,
    },
    /// A second dispute about one account's reading of one period.
    #[error("the reading of {account:?} in period {period} has been disputed")]
    AlreadyDisputed {
        /// The period.
        period: u32,
        /// Whose reading.
        account: AccountId,
    },
    /// A dispute about a reading that was never sent.
    #[error("{account:?} has sent no reading of period {period}")]
    NothingToDispute {
        /// The period.
        period: u32,
        /// Who sent none.
        account: AccountId,
    },
    /// A dispute by somebody, or about somebody, that the contract is none of.
    #[error("{account:?} is no party of contract {contract:?}")]
    NoParty {
        /// The contract.
        contract: ContractId,
        /// Who is no party.
        account: AccountId,
    },
    /// The grid's word on a reading that nobody contests, or no longer.
    #[error("no reading of {account:?} in period {period} is in dispute")]
    NotDisputed {
        /// The period.
        period: u32,
        /// Whose reading.
        account: AccountId,
    },
    /// No such device, or one that leaves a gap before it, or one too many.
    #[error("there is no device {device:?}")]
    UnknownDevice {
        /// The device.
        device: DeviceId,
    },
    /// A device without a place, or with energies out of range.
    #[error("the device has no place on the feeder, or an energy that is not between 0 and 1e6 kWh")]
    BadDevice,
    /// A lot that has been sold, or that was passed over.
    #[error("lot {found}, where the device's next in the period is {expected} or above")]
    WrongLot {
        /// The least that the device's next may be.
        expected: u32,
        /// The contract's.
        found: u32,
    },
    /// More than the device has left to sell in the period.
    #[error("the device has {left} kWh left to sell in the period")]
    Oversold {
        /// What it has left.
        left: Energy,
    },
    /// The ledger keeps no account of the device's content.
    #[error("no account is kept of what device {device:?} holds")]
    NoContent {
        /// The device.
        device: DeviceId,
    },
    /// A change of content that is none, or that the device cannot hold.
    #[error("no change, or one from {content} kWh to below 0 or above 1e6 kWh")]
    BadContent {
        /// What it holds.
        content: Energy,
    },
    /// A transfer of nothing, or to nobody else.
    #[error("a transfer is of more than 0, to another account")]
    BadTransfer,
    /// The grid has not said what is drawn at each place, or not within 1e6 kWh.
    #[error("there is not one load between -1e6 and 1e6 kWh for each place of the feeder")]
    BadLoads,
    /// The grid approved what the lines do not bear.
    #[error("{flow} kWh over the line to place {place}, which bears {limit} kWh")]
    Overload {
        /// The place behind the line; 0 for all trades together.
        place: u32,
        /// What would flow.
        flow: Energy,
        /// What may.
        limit: Energy,
    },
    /// A party that is suspended in the contract's period.
    #[error("{party:?} is suspended until period {until}")]
    Suspended {
        /// The party.
        party: AccountId,
        /// The first period in which it may trade again.
        until: u32,
    },
}

canonical_enum!(Rejection {
    0 => WrongChain { chain },
    1 => UnknownSender { sender },
    2 => BadSignature,
    3 => WrongNonce { expected, found },
    4 => BadTerms { fault },
    5 => NoTrader { party },
    6 => NotEntitled { entitled },
    7 => ContractUsed { contract },
    8 => UnknownContract { contract },
    9 => IllegalTransition { contract, from, to },
    10 => InsufficientFunds { needed, available },
    11 => PeriodClosed { period },
    12 => WrongPeriod { contract, period },
    13 => NamedTwice { contract },
    14 => MeteredTwice { period },
    15 => BadMeter,
    16 => NothingToMeter { period },
    17 => OutOfOrder { first },
    18 => TooManyContracts,
    19 => NoContradiction,
    20 => NoSuchVoter { validator, height },
    21 => AccusedTwice { validator, height },
    22 => Expired { expiry_micros, time_micros },
    23 => UnknownDevice { device },
    24 => BadDevice,
    25 => WrongLot { expected, found },
    26 => Oversold { left },
    27 => NoContent { device },
    28 => BadContent { content },
    29 => BadTransfer,
    30 => InDispute { contract },
    31 => AlreadyDisputed { period, account },
    32 => NothingToDispute { period, account },
    33 => NoParty { contract, account },
    34 => NotDisputed { period, account },
    40 => Suspended { party, until },
    50 => BadLoads,
    51 => Overload { place, flow, limit },
});

impl Rejection {
    /// Whether the rejected transaction still uses up its nonce. One that its sender demonstrably sent, in turn,
    /// does, so that it cannot be tried again; one that anybody could have made up does not.
    pub const fn uses_nonce(&self) -> bool {
        !matches!(
            self,
            Self::WrongChain { .. }
                | Self::UnknownSender { .. }
                | Self::BadSignature
                | Self::WrongNonce { .. }
        )
    }
}
