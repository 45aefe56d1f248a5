//! The aggregator's books.

use goshawk_market::quantity::Energy;
use goshawk_output::PeriodStamp;
use goshawk_output::table::AggregatorPeriodRow;

use super::{FleetBooks, Journal};

impl Journal {
    /// There is an aggregator, whose books are then expected in every period.
    pub fn expect_fleet(&mut self) {
        self.has_fleet = true;
    }

    /// The aggregator has closed its books of the period.
    pub fn fleet(&mut self, books: &FleetBooks) {
        self.fleet = Some(*books);
    }

    pub(super) fn write_fleet(&mut self, stamp: PeriodStamp, books: &FleetBooks, outside: Energy) {
        let FleetBooks { request, offered, accepted, delivered, settlement, .. } = *books;
        self.recorder.push(AggregatorPeriodRow {
            when: stamp,
            members: books.members,
            request_up_kwh: request.up,
            request_down_kwh: request.down,
            offered_up_kwh: offered.up,
            offered_down_kwh: offered.down,
            ready_kwh: books.ready,
            accepted_up_kwh: accepted.up,
            accepted_down_kwh: accepted.down,
            delivered_up_kwh: delivered.up,
            delivered_down_kwh: delivered.down,
            shortfall_kwh: settlement.shortfall,
            import_before_kwh: outside,
            import_after_kwh: outside - delivered.up + delivered.down,
            up_revenue: settlement.up_amount,
            down_cost: settlement.down_amount,
            availability_revenue: settlement.availability,
            penalty: settlement.penalty,
            paid_to_members: books.paid_to_members,
            paid_by_members: books.paid_by_members,
        });
    }
}
