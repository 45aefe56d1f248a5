//! The meter of a vehicle, which tells the ledger what the battery holds for others.
//!
//! After each period it reports by how much that has grown or shrunk, and what a withdrawal from the shared store adds before it
//! is sold. So the ledger knows beforehand what the vehicle can deliver, and refuses to sell more.

use goshawk_ledger::{DeviceId, Operation};
use goshawk_market::quantity::Energy;
use serde::{Deserialize, Serialize};

use crate::saved::saved;

/// The account that the ledger keeps of one vehicle.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct DeviceMeter {
    device: u32,
    /// What the ledger has been told.
    told: Energy,
}

impl DeviceMeter {
    /// The meter of a device that the genesis has with this content.
    pub(super) fn new(device: DeviceId, content: Energy) -> Self {
        Self { device: device.0, told: content }
    }

    /// What to tell the ledger of a battery that can give this much, if anything.
    pub(super) fn report(&mut self, content: Energy) -> Option<Operation> {
        let (device, change) = (DeviceId(self.device), content - self.told);
        self.told = content;
        match change {
            Energy::ZERO => None,
            energy if energy.is_positive() => Some(Operation::Charge { device, energy }),
            energy => Some(Operation::Discharge { device, energy: -energy }),
        }
    }

    /// What to tell it of energy that is on its way to the battery, if there is any.
    pub(super) fn expect(&mut self, energy: Energy) -> Option<Operation> {
        self.report(self.told + energy)
    }
}

saved!(DeviceMeter { told } parts {} built again { device });

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_add_up_to_what_the_battery_holds() {
        let kwh = Energy::from_micro;
        let device = DeviceId(3);
        let mut meter = DeviceMeter::new(device, kwh(10));
        assert_eq!(meter.report(kwh(10)), None);
        assert_eq!(meter.expect(kwh(5)), Some(Operation::Charge { device, energy: kwh(5) }));
        assert_eq!(meter.report(kwh(7)), Some(Operation::Discharge { device, energy: kwh(8) }));
        assert_eq!(meter.report(kwh(9)), Some(Operation::Charge { device, energy: kwh(2) }));
        assert_eq!(meter.expect(kwh(0)), None);
    }
}
