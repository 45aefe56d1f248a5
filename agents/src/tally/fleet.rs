//! The tallies of the community's import and of the fleet.

use goshawk_market::quantity::{Energy, Money};
use serde::{Deserialize, Serialize};

use super::sheet::{Sheet, ratio};
use crate::aggregator::terms::UpDown;
use crate::journal::FleetBooks;

/// What a run adds up of its import from outside and of its fleet.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct FleetTally {
    /// The highest import in kW, and what it would have been without what the fleet did in the same period.
    peak_kw: Option<(f64, f64)>,
    sums: Option<Sums>,
}

#[derive(Debug, Default, Clone, Copy, Serialize, Deserialize)]
struct Sums {
    request: UpDown,
    delivered: UpDown,
    shortfall: Energy,
    to_members: Money,
    by_members: Money,
}

impl FleetTally {
    pub(crate) fn import(&mut self, undispatched: Energy, import: Energy, hours: f64) {
        let kw = |energy: Energy| energy.to_f64() / hours;
        let (with, without) = self.peak_kw.unwrap_or((f64::MIN, f64::MIN));
        self.peak_kw = Some((with.max(kw(import)), without.max(kw(undispatched))));
    }

    pub(crate) fn add(&mut self, books: &FleetBooks) {
        let sums = self.sums.get_or_insert_default();
        sums.request.up += books.request.up;
        sums.request.down += books.request.down;
        sums.delivered.up += books.delivered.up;
        sums.delivered.down += books.delivered.down;
        sums.shortfall += books.settlement.shortfall;
        sums.to_members += books.paid_to_members;
        sums.by_members += books.paid_by_members;
    }

    pub(super) fn rows(&self, run: &mut Sheet<'_>) {
        run.row("peak_import", self.peak_kw.map(|(with, _)| with), "kW");
        let of = |energy: fn(&Sums) -> Energy| self.sums.as_ref().map(|sums| energy(sums).to_f64());
        let served = |delivered: Option<f64>, wanted: Option<f64>| {
            delivered.zip(wanted).and_then(|(delivered, wanted)| ratio(delivered, wanted))
        };
        let undispatched = self.sums.and(self.peak_kw).map(|(_, without)| without);
        run.row("peak_import_undispatched", undispatched, "kW");
        let (up, down) = (of(|sums| sums.delivered.up), of(|sums| sums.delivered.down));
        let (up_wanted, down_wanted) = (of(|sums| sums.request.up), of(|sums| sums.request.down));
        run.row("fleet_up", up, "kWh");
        run.row("fleet_down", down, "kWh");
        run.row("fleet_up_served", served(up, up_wanted), "1");
        run.row("fleet_down_served", served(down, down_wanted), "1");
        run.row("fleet_shortfall", of(|sums| sums.shortfall), "kWh");
        let net = self.sums.map(|sums| (sums.to_members - sums.by_members).to_f64());
        run.row("fleet_members_income", net, "currency");
    }
}
