//! What a scenario's day comes to over its replicates: means of every hour, and totals by replicate.

use goshawk_agents::journal::day_sheet::{ClassHour, DaySheet};

use super::facts::CLASSES;
use crate::scenario::Scenario;

const HOURS: usize = 24;
const COUNT: usize = CLASSES.len();

/// Means over replicates; hours 1 to 24 at 0 to 23, classes in the order of their names. Energy in kWh, money in yuan.
#[derive(Debug, Clone)]
pub struct Day {
    /// Sales revenue by hour and class.
    pub revenue: [[f64; COUNT]; HOURS],
    /// What class i delivered to class j.
    pub between: [[[f64; COUNT]; COUNT]; HOURS],
    /// Bought from the grid.
    pub grid: [[f64; COUNT]; HOURS],
    /// Bought from the company.
    pub company: [[f64; COUNT]; HOURS],
    /// Q_G.
    pub grid_price: [f64; HOURS],
    /// Q_C.
    pub company_price: [f64; HOURS],
    /// The largest buyers' price Q_b over the replicates, where users traded.
    pub buyer_price: [Option<f64>; HOURS],
    /// What the shared storage held at the end of the hour.
    pub content: [f64; HOURS],
    /// Its operator's income less cost.
    pub storage_profit: [f64; HOURS],
    /// Driven, by class and hour.
    pub driven: [[f64; COUNT]; HOURS],
    /// Sun that was used, by class and hour.
    pub sun: [[f64; COUNT]; HOURS],
    /// The same of the whole day for one household, of the class with the most of it.
    pub sun_per_household_kwh: f64,
    /// What fits between floor and ceiling of a battery.
    pub room_kwh: f64,
    /// Spend less income of all households.
    pub net_cost: f64,
}

impl Day {
    /// The means of the sheets of a scenario's replicates.
    pub fn mean(sheets: &[DaySheet], scenario: &Scenario) -> Self {
        let fees = scenario.fees.grid_per_kwh + scenario.fees.platform_per_kwh;
        let n = sheets.len() as f64;
        let mean = |value: &dyn Fn(&DaySheet) -> f64| sheets.iter().map(value).sum::<f64>() / n;
        let of_class = |value: &dyn Fn(&ClassHour) -> f64| -> [[f64; COUNT]; HOURS] {
            std::array::from_fn(|hour| {
                std::array::from_fn(|class| mean(&|sheet| value(&sheet.hours[hour].classes[class])))
            })
        };
        let buyer_price = std::array::from_fn(|hour| {
            let prices = sheets.iter().filter_map(|sheet| sheet.hours[hour].seller_price);
            prices.map(|price| price.to_f64() + fees).max_by(f64::total_cmp)
        });
        let between = std::array::from_fn(|hour| {
            std::array::from_fn(|seller| {
                std::array::from_fn(|buyer| {
                    mean(&|sheet| sheet.hours[hour].between[seller * COUNT + buyer].energy.to_f64())
                })
            })
        });
        let of_hour = |value: &dyn Fn(&goshawk_agents::journal::day_sheet::Hour) -> f64| -> [f64; HOURS] {
            std::array::from_fn(|hour| mean(&|sheet| value(&sheet.hours[hour])))
        };
        let sun = of_class(&|class| class.sun.to_f64());
        let sun_of = |class: usize, count: u32| {
            sun.iter().map(|hour| hour[class]).sum::<f64>() / f64::from(count.max(1))
        };
        let counts = CLASSES.map(|class| scenario.portraits.get(class).map_or(0, |portrait| portrait.count));
        let battery = &scenario.battery;
        Self {
            sun,
            sun_per_household_kwh: (0..COUNT).map(|class| sun_of(class, counts[class])).fold(0.0, f64::max),
            room_kwh: battery.capacity_kwh * (battery.soc_max - battery.soc_min),
            revenue: of_class(&|class| class.sold.amount.to_f64()),
            between,
            grid: of_class(&|class| class.grid.energy.to_f64()),
            company: of_class(&|class| class.company.energy.to_f64()),
            grid_price: of_hour(&|hour| hour.grid_price.to_f64()),
            company_price: of_hour(&|hour| hour.company_price.to_f64()),
            buyer_price,
            content: of_hour(&|hour| hour.content.to_f64()),
            storage_profit: of_hour(&|hour| (hour.storage_income - hour.storage_cost).to_f64()),
            driven: of_class(&|class| class.driven.to_f64()),
            net_cost: mean(&net_cost),
        }
    }

    /// Bought outside by a class in an hour from 1 to 24.
    pub fn outside(&self, class: usize, hour: usize) -> f64 {
        self.grid[hour - 1][class] + self.company[hour - 1][class]
    }

    /// Bought from users by a class in an hour.
    pub fn from_users(&self, class: usize, hour: usize) -> f64 {
        self.between[hour - 1].iter().map(|seller| seller[class]).sum()
    }

    /// All that a class bought in an hour.
    pub fn bought(&self, class: usize, hour: usize) -> f64 {
        self.outside(class, hour) + self.from_users(class, hour)
    }

    /// All that a class bought in the day.
    pub fn bought_all_day(&self, class: usize) -> f64 {
        (1..=HOURS).map(|hour| self.bought(class, hour)).sum()
    }

    /// What a class sold in the day, in yuan.
    pub fn sold_all_day(&self, class: usize) -> f64 {
        self.revenue.iter().map(|hour| hour[class]).sum()
    }
}

/// Spend less income of all households of a run.
pub fn net_cost(sheet: &DaySheet) -> f64 {
    let hours = sheet.hours.iter().flat_map(|hour| &hour.classes);
    hours.map(|class| (class.spend - class.income).to_f64()).sum()
}

/// What driving took in a run, in kWh.
pub fn driven(sheet: &DaySheet) -> f64 {
    sheet.hours.iter().flat_map(|hour| &hour.classes).map(|class| class.driven.to_f64()).sum()
}

/// What all that was driven would have cost from the cheaper of grid and company in the hour in which it was driven: the way
/// of those who neither trade nor have panels.
pub fn conventional_cost(sheet: &DaySheet) -> f64 {
    let of_hour = |hour: &goshawk_agents::journal::day_sheet::Hour| {
        let price = hour.grid_price.min(hour.company_price).to_f64();
        hour.classes.iter().map(|class| class.driven.to_f64() * price).sum::<f64>()
    };
    sheet.hours.iter().map(of_hour).sum()
}
