//! What ends a run because the ledger and the platform do not say the same.

use goshawk_ledger::{ContractId, Settlement};
use goshawk_market::quantity::Money;

/// The ledger and the platform disagree: a broken invariant of one of them.
#[derive(Debug, thiserror::Error)]
pub(super) enum Disagreement {
    #[error("the ledger closed contract {0:?}, which the platform had not settled")]
    NotSettled(ContractId),
    #[error("contract {contract:?}: the ledger settled {ledger:?}, the platform {platform:?}")]
    Amounts { contract: ContractId, ledger: Box<Settlement>, platform: Box<Settlement> },
    #[error(
        "contract {0:?}: the ledger voided it after its period was over, because the validators took longer than a \
         period; fewer faulty validators, longer periods or a higher ledger.opening_balance help"
    )]
    VoidTooLate(ContractId),
    #[error(
        "contract {contract:?}: the seller could not pay {unpaid} of its penalty; raise ledger.opening_balance"
    )]
    PenaltyUnpaid { contract: ContractId, unpaid: Money },
    #[error(
        "contract {0:?}: what the credit bands of its parties ask was not known when its period was over, because the \
         validators took longer than a period; fewer faulty validators or longer periods help"
    )]
    ConditionsTooLate(ContractId),
    #[error(
        "a {0} was in no block for longer than ledger.expiry_h: the validators have fallen behind; fewer faulty validators, larger \
         blocks or a longer ledger.expiry_h help"
    )]
    Expired(&'static str),
    #[error("validators committed different blocks at height {0}")]
    Fork(u64),
}
