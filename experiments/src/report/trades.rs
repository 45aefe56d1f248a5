//! Trades by time, between classes, and what they made of the households' credit.

use std::collections::BTreeMap;

use goshawk_ledger::Credit;
use goshawk_market::quantity::Energy;
use goshawk_output::table::Table;
use serde::Serialize;

use super::axes::Axes;
use super::read::{Absence, Rows, micro, scan};
use super::source::ScenarioSource;
use super::sums::Sums;

/// What is summed over the trades of sellers: what they received.
const SALE: [&str; 1] = ["seller_amount"];
/// What is summed over those of buyers: energy, what they paid for it, and what of that sellers received.
const TRADE: [&str; 3] = ["energy", "amount", "seller_amount"];
const COLUMNS: [&str; 14] = [
    "replicate",
    "day",
    "period",
    "seller",
    "seller_class",
    "buyer",
    "buyer_class",
    "energy_kwh",
    "amount",
    "seller_amount",
    "penalty_to_buyer",
    "penalty_to_seller",
    "contracted_kwh",
    "delivered_kwh",
];

/// What was traded.
#[derive(Debug, Clone, Serialize)]
pub struct Trades {
    /// What sellers received, by their class.
    pub sellers: BTreeMap<String, Sums>,
    /// By the buyer's class.
    pub buyers: BTreeMap<String, Sums>,
    /// By seller's class, then buyer's class: micro-kWh in each stretch of days.
    pub flows: BTreeMap<String, BTreeMap<String, Vec<i64>>>,
    /// By class, for each stretch of days the sum over households and replicates of the credit at its end, in 1e-6; empty
    /// where there are credit bands.
    pub credit: BTreeMap<String, Vec<i64>>,
}

impl Trades {
    /// Sums a scenario's table `trades`, with the numbers of households in all replicates.
    ///
    /// # Errors
    /// When there is no such table: why, in words.
    pub(super) fn read(
        scenario: &ScenarioSource,
        axes: &Axes,
        classes: &[(String, u64)],
    ) -> Result<Self, Absence> {
        let mut found = Self {
            sellers: BTreeMap::new(),
            buyers: BTreeMap::new(),
            flows: BTreeMap::new(),
            credit: BTreeMap::new(),
        };
        let mut books = CreditBooks::new(axes, scenario.replicates, classes);
        scan(scenario, Table::Trades, &COLUMNS, &mut |rows| {
            found.add(rows, axes)?;
            books.add(rows, axes)
        })?;
        found.credit = books.finish();
        Ok(found)
    }

    fn add(&mut self, rows: &Rows<'_>, axes: &Axes) -> Result<(), Absence> {
        let (day, period) = (rows.shorts("day")?, rows.shorts("period")?);
        let (seller, buyer) = (rows.texts("seller_class")?, rows.texts("buyer_class")?);
        let values = [rows.reals("energy_kwh")?, rows.reals("amount")?, rows.reals("seller_amount")?];
        for row in 0..rows.count() {
            let Some(cell) = axes.cell(day[row], period[row]) else { continue };
            let (from, to) = (seller.values()[seller.key(row)], buyer.values()[buyer.key(row)]);
            let earned = entry(&mut self.sellers, from, || Sums::new(&SALE, axes.cells()));
            earned.add(0, cell, micro(values[2][row]));
            let sums = entry(&mut self.buyers, to, || Sums::new(&TRADE, axes.cells()));
            for (measure, values) in values.iter().enumerate() {
                sums.add(measure, cell, micro(values[row]));
            }
            let flows =
                entry(entry(&mut self.flows, from, BTreeMap::new), to, || vec![0; axes.bins as usize]);
            flows[axes.bin(day[row])] += micro(values[0][row]);
        }
        Ok(())
    }
}

/// The value of a key, without a new text where there is one.
fn entry<'a, T>(map: &'a mut BTreeMap<String, T>, key: &str, new: impl FnOnce() -> T) -> &'a mut T {
    if !map.contains_key(key) {
        map.insert(key.to_owned(), new());
    }
    map.get_mut(key).expect("invariant: it has just been put there")
}

/// The ledger's credit, booked again from the trades in their order. Trades do not say which side failed where both did:
/// what is missing is then shared as the penalties are.
#[derive(Debug)]
struct CreditBooks {
    bins: usize,
    households: Vec<(String, i64)>,
    known: BTreeMap<String, (String, Credit)>,
    at: (u32, usize),
    replicates: u32,
    begun: u32,
    sums: BTreeMap<String, Vec<i64>>,
}

impl CreditBooks {
    fn new(axes: &Axes, replicates: u32, classes: &[(String, u64)]) -> Self {
        let each = |count: u64| (count / u64::from(replicates.max(1))) as i64;
        let bins = axes.bins as usize;
        Self {
            bins,
            households: classes.iter().map(|(name, count)| (name.clone(), each(*count))).collect(),
            known: BTreeMap::new(),
            at: (0, 0),
            replicates,
            begun: 0,
            sums: classes.iter().map(|(name, _)| (name.clone(), vec![0; bins])).collect(),
        }
    }

    fn add(&mut self, rows: &Rows<'_>, axes: &Axes) -> Result<(), Absence> {
        let (replicate, day) = (rows.counts("replicate")?, rows.shorts("day")?);
        let (seller, buyer) = (rows.texts("seller")?, rows.texts("buyer")?);
        let (seller_class, buyer_class) = (rows.texts("seller_class")?, rows.texts("buyer_class")?);
        let (contracted, delivered) = (rows.reals("contracted_kwh")?, rows.reals("delivered_kwh")?);
        let (to_buyer, to_seller) = (rows.reals("penalty_to_buyer")?, rows.reals("penalty_to_seller")?);
        for row in 0..rows.count() {
            self.turn_to(replicate[row], axes.bin(day[row]));
            let (contracted, delivered) = (micro(contracted[row]), micro(delivered[row]));
            let penalties = (micro(to_buyer[row]), micro(to_seller[row]));
            let offered = contracted - short_of_seller(contracted - delivered, penalties);
            let sides =
                [(&seller, &seller_class, contracted, offered), (&buyer, &buyer_class, offered, delivered)];
            for (name, class, promised, kept) in sides {
                let class = class.values()[class.key(row)];
                let new = || (class.to_owned(), Credit::default());
                let (_, credit) = entry(&mut self.known, name.values()[name.key(row)], new);
                *credit = credit.after(Energy::from_micro(promised), Energy::from_micro(kept));
            }
        }
        Ok(())
    }

    /// Goes on to a replicate and a stretch of days; what ends before is noted.
    fn turn_to(&mut self, replicate: u32, bin: usize) {
        if self.begun == 0 {
            (self.begun, self.at) = (1, (replicate, 0));
        }
        if self.at.0 != replicate {
            self.note(self.bins);
            self.known.clear();
            self.begun += 1;
            self.at = (replicate, 0);
        }
        // A block may close a contract of the evening before after one of the morning.
        self.note(bin);
    }

    /// Notes the stretches before `end`.
    fn note(&mut self, end: usize) {
        for bin in self.at.1..end {
            for (name, sums) in &mut self.sums {
                let scores = self.known.values().filter(|(class, _)| class == name).map(|(_, credit)| credit);
                let (count, sum) =
                    scores.fold((0, 0), |(count, sum), credit| (count + 1, sum + i64::from(credit.score())));
                let households =
                    self.households.iter().find(|(class, _)| class == name).map_or(0, |(_, count)| *count);
                sums[bin] += sum + (households - count).max(0) * i64::from(Credit::default().score());
            }
        }
        self.at.1 = self.at.1.max(end);
    }

    fn finish(mut self) -> BTreeMap<String, Vec<i64>> {
        self.note(self.bins);
        // Replicates in which nobody traded.
        self.known.clear();
        for _ in self.begun.max(1)..self.replicates {
            self.at.1 = 0;
            self.note(self.bins);
        }
        self.sums
    }
}

/// What of the missing energy the seller did not have ready.
fn short_of_seller(missing: i64, (to_buyer, to_seller): (i64, i64)) -> i64 {
    match (to_buyer > 0, to_seller > 0) {
        (false, true) => 0,
        (true, true) => {
            let share = i128::from(missing) * i128::from(to_buyer) / i128::from(to_buyer + to_seller);
            i64::try_from(share).expect("invariant: a share is at most the whole")
        }
        _ => missing,
    }
}
