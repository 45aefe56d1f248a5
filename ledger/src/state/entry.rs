//! The entries of the state, as the tree sees them.

use goshawk_market::quantity::{Energy, Money};

use crate::codec::{Canonical, DecodeError, Reader, canonical_enum, canonical_struct};
use crate::contract::Contract;
use crate::credit::{Credit, Standing};
use crate::device::{Device, DeviceId};
use crate::transaction::{AccountId, ContractId};

/// An account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Account {
    /// Money that is free to use.
    pub balance: Money,
    /// Money that is held for contracts: escrow of what it signed, and deposits.
    pub escrow: Money,
    /// How many transactions it has made; the next one's nonce.
    pub nonce: u64,
    /// How it has kept its contracts.
    pub credit: Credit,
    /// What follows from that.
    pub standing: Standing,
}

canonical_struct!(Account { balance, escrow, nonce, credit, standing });

impl Account {
    pub(crate) fn opening(balance: Money, standing: Standing) -> Self {
        Self { balance, escrow: Money::ZERO, nonce: 0, credit: Credit::default(), standing }
    }
}

/// Whose word a reading is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Attestation {
    /// The account's, and nobody has contested it.
    #[default]
    Claimed,
    /// The account's, and somebody contests it.
    Disputed,
    /// The grid's.
    Measured,
}

canonical_enum!(Attestation { 0 => Claimed, 1 => Disputed, 2 => Measured });

/// What an account metered in a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Meter {
    /// The energy that it had ready to deliver or to take.
    pub ready: Energy,
    /// What of it no settled contract has used yet.
    pub left: Energy,
    /// Whose word that is.
    pub attestation: Attestation,
}

canonical_struct!(Meter { ready, left, attestation });

/// A period with open contracts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Period {
    /// The highest number of its contracts, open or over.
    pub(crate) highest: ContractId,
}

canonical_struct!(Period { highest });

/// What of a device's energy in an open period is in contracts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Supply {
    /// The energy of its contracts that were not cancelled.
    pub promised: Energy,
    /// The least sequence that its next lot may have.
    pub lots: u32,
}

canonical_struct!(Supply { promised, lots });

/// What is remembered of periods that are closed, so that nothing of them can come again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Books {
    /// Periods below this are closed: nothing more is published or metered in them.
    pub(crate) open_from: u32,
    /// Contract numbers up to this are used up.
    pub(crate) used_up_to: ContractId,
}

canonical_struct!(Books { open_from, used_up_to });

/// A validator that has been convicted. One without this entry has one unit of power.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conviction {
    /// From this height on it has no power.
    pub powerless_from: u64,
}

canonical_struct!(Conviction { powerless_from });

/// A height at which a validator contradicted itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offence {
    /// The height of the block with the evidence.
    pub shown_at: u64,
}

canonical_struct!(Offence { shown_at });

/// Names an entry of the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StateKey {
    /// An account.
    Account(AccountId),
    /// An open contract.
    Contract(ContractId),
    /// A meter of an open period.
    Meter(u32, AccountId),
    /// A period with open contracts.
    Period(u32),
    /// What is remembered of closed periods.
    Books,
    /// A convicted validator, by its index.
    Validator(u32),
    /// A validator's offence at a height.
    Offence(u32, u64),
    /// A device.
    Device(DeviceId),
    /// What a device has sold in an open period.
    Supply(u32, DeviceId),
}

impl Canonical for StateKey {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Account(id) => {
                out.push(0);
                id.write(out);
            }
            Self::Contract(id) => {
                out.push(1);
                id.write(out);
            }
            Self::Meter(period, id) => {
                out.push(2);
                period.write(out);
                id.write(out);
            }
            Self::Period(period) => {
                out.push(3);
                period.write(out);
            }
            Self::Books => out.push(4),
            Self::Validator(id) => {
                out.push(5);
                id.write(out);
            }
            Self::Offence(id, height) => {
                out.push(6);
                id.write(out);
                height.write(out);
            }
            Self::Device(id) => {
                out.push(7);
                id.write(out);
            }
            Self::Supply(period, id) => {
                out.push(8);
                period.write(out);
                id.write(out);
            }
        }
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match input.tag()? {
            0 => Canonical::read(input).map(Self::Account),
            1 => Canonical::read(input).map(Self::Contract),
            2 => Ok(Self::Meter(Canonical::read(input)?, Canonical::read(input)?)),
            3 => Canonical::read(input).map(Self::Period),
            4 => Ok(Self::Books),
            5 => Canonical::read(input).map(Self::Validator),
            6 => Ok(Self::Offence(Canonical::read(input)?, Canonical::read(input)?)),
            7 => Canonical::read(input).map(Self::Device),
            8 => Ok(Self::Supply(Canonical::read(input)?, Canonical::read(input)?)),
            tag => Err(DecodeError::Tag { what: "StateKey", tag }),
        }
    }
}

/// An entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Value {
    Account(Account),
    Contract(Contract),
    Meter(Meter),
    Period(Period),
    Books(Books),
    Conviction(Conviction),
    Offence(Offence),
    Device(Device),
    Supply(Supply),
}

impl Value {
    /// The key says which kind it is, so the encoding need not.
    pub(crate) fn to_bytes(self) -> Vec<u8> {
        let mut out = Vec::with_capacity(64);
        match self {
            Self::Account(account) => account.write(&mut out),
            Self::Contract(contract) => contract.write(&mut out),
            Self::Meter(meter) => meter.write(&mut out),
            Self::Period(period) => period.write(&mut out),
            Self::Books(books) => books.write(&mut out),
            Self::Conviction(conviction) => conviction.write(&mut out),
            Self::Offence(offence) => offence.write(&mut out),
            Self::Device(device) => device.write(&mut out),
            Self::Supply(supply) => supply.write(&mut out),
        }
        out
    }
}
