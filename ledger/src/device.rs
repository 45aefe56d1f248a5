//! Devices, what they can deliver, and the lines between them.
//!
//! A seller sells energy of a device in lots: `(device, period, sequence)` names a lot, and a contract sells one. Sequences of a
//! device and period only go up, so none is sold twice; and together the lots are no more than the device can deliver in a
//! period:
//!
//! ```text
//! available = min(rating, content + generation)      where the ledger keeps account of the content
//! available = rating                                 where it does not
//! ```

use goshawk_market::quantity::Energy;

use crate::codec::{Canonical, DecodeError, Reader, canonical_struct};
use crate::contract::ENERGY_MAX;
use crate::transaction::AccountId;

/// The most devices of a chain.
pub const DEVICES_MAX: usize = 1 << 20;

/// A device: a number that the genesis or the grid gives out, from 0 without a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct DeviceId(pub u32);

impl Canonical for DeviceId {
    fn write(&self, out: &mut Vec<u8>) {
        self.0.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        u32::read(input).map(Self)
    }
}

/// A lot of a device's energy in the period of its contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Lot {
    /// Whose energy it is.
    pub device: DeviceId,
    /// Its number, above that of every lot that the device has sold in this period before; usually 0, 1, 2 and so on.
    pub sequence: u32,
}

canonical_struct!(Lot { device, sequence });

/// A vehicle or another device that delivers energy, as the grid has certified it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Device {
    /// Who sells its energy and speaks for its meter.
    pub owner: AccountId,
    /// Where it is on the feeder: 0 at the substation, `n` behind the genesis' line `n - 1`.
    pub place: u32,
    /// The most that it can deliver in a period.
    pub rating: Energy,
    /// The most that its own generation adds in a period to what it holds.
    pub generation: Energy,
    /// What it holds and could deliver, if the ledger keeps account of it.
    pub content: Option<Energy>,
}

canonical_struct!(Device { owner, place, rating, generation, content });

impl Device {
    /// The most that can be sold of it in a period.
    pub fn available(&self) -> Energy {
        match self.content {
            None => self.rating,
            Some(content) => self.rating.min(content + self.generation),
        }
    }

    /// Whether its energies are in range, 0 to 1e6 kWh, and its place is one of a feeder with so many lines.
    pub(crate) fn is_valid(&self, lines: usize) -> bool {
        let energies = [self.rating, self.generation, self.content.unwrap_or_default()];
        energies.iter().all(|&energy| is_energy(energy)) && self.place as usize <= lines
    }
}

/// Whether an energy is in the range of contracts and meters, or 0.
pub(crate) fn is_energy(energy: Energy) -> bool {
    !energy.is_negative() && energy <= ENERGY_MAX
}

/// A line of a radial feeder. Line `n` leads to place `n + 1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// The place that it comes from, nearer to the substation: at most `n`.
    pub from: u32,
    /// The most that may flow over it in a period, in either direction; `None` where that is not known.
    pub limit: Option<Energy>,
}

canonical_struct!(Line { from, limit });
