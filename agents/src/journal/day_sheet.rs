//! What the classes of a community did in each hour of the day: energy and money by channel, between classes, and in the
//! shared storage. Kept on request, for those who compare whole runs hour by hour and need no rows.

use goshawk_market::quantity::{Energy, Money, Price};

use super::{Clearance, HouseholdBooks, StorageBooks, Trade};
use crate::message::Supplier;

/// An energy, and what was paid for it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Flow {
    /// The energy.
    pub energy: Energy,
    /// The money.
    pub amount: Money,
}

impl Flow {
    fn add(&mut self, energy: Energy, amount: Money) {
        self.energy += energy;
        self.amount += amount;
    }
}

/// A class in an hour of the day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ClassHour {
    /// Sold to users, and what sellers received: the equations (10) to (12).
    pub sold: Flow,
    /// Bought from users, with all fees.
    pub bought: Flow,
    /// Bought from the grid.
    pub grid: Flow,
    /// Bought from the company.
    pub company: Flow,
    /// Put into the shared storage.
    pub stored: Energy,
    /// Taken out of it.
    pub withdrawn: Energy,
    /// Sun that was used.
    pub sun: Energy,
    /// Taken out of the battery for driving.
    pub driven: Energy,
    /// All money received.
    pub income: Money,
    /// All money paid.
    pub spend: Money,
}

/// An hour of the day, over all days of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hour {
    /// By class.
    pub classes: Vec<ClassHour>,
    /// What class i delivered to class j, at `i * classes + j`, and what the sellers received.
    pub between: Vec<Flow>,
    /// Q_G, of the last day.
    pub grid_price: Price,
    /// Q_C, of the last day.
    pub company_price: Price,
    /// Q_s where users traded, of the last day on which they did.
    pub seller_price: Option<Price>,
    /// What the shared storage held at the end of the hour, on the last day.
    pub content: Energy,
    /// F+ of (27).
    pub storage_income: Money,
    /// F- of (28).
    pub storage_cost: Money,
}

/// The sheet of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DaySheet {
    /// Names of the classes.
    pub classes: Vec<String>,
    /// The paper's hours 1 to 24, at 0 to 23.
    pub hours: Vec<Hour>,
}

impl DaySheet {
    pub(super) fn new(classes: Vec<String>) -> Self {
        let count = classes.len();
        let hour = Hour {
            classes: vec![ClassHour::default(); count],
            between: vec![Flow::default(); count * count],
            ..Hour::default()
        };
        Self { classes, hours: vec![hour; 24] }
    }

    pub(super) fn trade(&mut self, hour: u8, seller: usize, buyer: usize, trade: &Trade) {
        let count = self.classes.len();
        let hour = &mut self.hours[usize::from(hour) - 1];
        let (energy, amount) = (trade.settlement.delivered, trade.settlement.seller_amount);
        hour.between[seller * count + buyer].add(energy, amount);
        hour.classes[seller].sold.add(energy, amount);
    }

    pub(super) fn household(&mut self, hour: u8, class: usize, household: &HouseholdBooks) {
        let sheet = &mut self.hours[usize::from(hour) - 1].classes[class];
        let books = &household.books;
        sheet.bought.add(books.bought, household.p2p_spend);
        let channel = match household.supplier {
            Supplier::Grid => &mut sheet.grid,
            Supplier::Company => &mut sheet.company,
        };
        channel.add(books.outside, household.outside_cost);
        sheet.stored += books.stored;
        sheet.withdrawn += books.withdrawn;
        sheet.sun += books.sun;
        sheet.driven += books.driven;
        sheet.income += household.income;
        sheet.spend += household.spend;
    }

    pub(super) fn clearance(&mut self, hour: u8, clearance: &Clearance<'_>) {
        let hour = &mut self.hours[usize::from(hour) - 1];
        (hour.grid_price, hour.company_price) = (clearance.grid_price, clearance.company_price);
        hour.seller_price = clearance.seller_price.or(hour.seller_price);
    }

    pub(super) fn storage(&mut self, hour: u8, storage: &StorageBooks) {
        let hour = &mut self.hours[usize::from(hour) - 1];
        hour.content = storage.content;
        hour.storage_income += storage.income;
        hour.storage_cost += storage.cost;
    }
}
