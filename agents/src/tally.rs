//! The tallies behind a run's key figures, and their formulas.
//!
//! Every figure is null, not zero, where its denominator is nothing.
//!
//! | variable | unit | formula |
//! |---|---|---|
//! | `pv`, `p2p`, `grid`, `company`, `withdrawn`, `driven`, `sold`, `stored`, `losses` | kWh | sums over households and periods |
//! | `self_consumption` | 1 | sun used / (sun used + sun spilled); of a class, without what it sold to users |
//! | `self_sufficiency` | 1 | sun used / (sun used + bought from grid and company + what the fleet took less what it gave, at least 0; of a class, from users too) |
//! | `mean_price_paid` | currency/kWh | (paid to users, fees and penalties included, + paid to grid and company) / energy bought |
//! | `mean_price_without_trade` | currency/kWh | the same energy at the cheaper outside price of its period / energy bought |
//! | `net_cost` | currency | spend - income of households |
//! | `gap_mean`, `gap_max` | 1 | over the periods in which users traded |
//! | `line_losses` | kWh | lost in the feeder's lines; null without a feeder, as are the next two |
//! | `lowest_voltage` | p.u. | over buses and periods |
//! | `highest_loading` | 1 | apparent power over limit, over lines and periods; null where no line has a limit |
//! | `latency_mean`, `latency_p95` | ms | from the submission of a block's oldest transaction to the platform's knowledge of its commit, over blocks; the quantile to a millisecond, up to a minute |
//! | `departures`, `departures_short` | 1 | departures on trips; those with less than trip and reserve, by 1 Wh or more |
//! | `range_shortfall` | kWh | what drives wanted and the battery did not hold |
//! | `sessions`, `sessions_met`, `sessions_cut` | 1 | sessions that ended; those charged to within 1 Wh of what power and time allow; those recorded with more than that |
//! | `sessions_recorded`, `sessions_delivered` | kWh | of the sessions that ended |
//! | `peak_import` | kW | largest over periods of (bought from grid and company - given to the grid + taken from it by the fleet) / period |
//! | `peak_import_undispatched` | kW | largest over periods of bought from grid and company / period; null without an aggregator, as are the next six |
//! | `fleet_up`, `fleet_down` | kWh | what the fleet gave and took |
//! | `fleet_up_served`, `fleet_down_served` | 1 | what the fleet gave (took) / what the grid requested |
//! | `fleet_shortfall` | kWh | accepted and not delivered |
//! | `fleet_members_income` | currency | paid to members - paid by members |
//! | `late_arrivals`, `non_deliveries`, `false_readings`, `false_readings_found` | 1 | faults on purpose |
//! | `unpaid` | kWh | drawn without pay behind false readings that were not found |

use goshawk_market::problem::Objectives;
use goshawk_market::quantity::{Energy, Money};
use goshawk_output::Label;
use goshawk_output::table::{KpiRow, Operator};

use crate::aggregator::terms::UpDown;
use crate::journal::{Clearance, FeederBooks, FleetBooks, HouseholdBooks, Trade};
use crate::message::Supplier;
use crate::tally::driving::DrivingTally;
use crate::tally::fleet::FleetTally;

mod driving;
mod fleet;

/// Sums over the households of a class, or over all.
#[derive(Debug, Clone, Default)]
struct EnergySums {
    sun: Energy,
    spilled: Energy,
    p2p: Energy,
    grid: Energy,
    company: Energy,
    withdrawn: Energy,
    driven: Energy,
    sold: Energy,
    stored: Energy,
    losses: Energy,
    aggregated: UpDown,
    income: Money,
    spend: Money,
    bought_cost: Money,
    counterfactual: Money,
    satisfaction: f64,
    satisfied: u64,
}

impl EnergySums {
    fn add(&mut self, household: &HouseholdBooks) {
        let books = &household.books;
        self.sun += books.sun;
        self.spilled += household.spilled;
        self.p2p += books.bought;
        match household.supplier {
            Supplier::Grid => self.grid += books.outside,
            Supplier::Company => self.company += books.outside,
        }
        self.withdrawn += books.withdrawn;
        self.driven += books.driven;
        self.sold += books.sold;
        self.stored += books.stored;
        self.losses += books.losses;
        self.aggregated.up += books.aggregated.up;
        self.aggregated.down += books.aggregated.down;
        self.income += household.income;
        self.spend += household.spend;
        let bought = books.bought + books.outside;
        if bought.is_positive() {
            // A household that sells may still owe penalties; only buyers' payments are a price of energy.
            let to_users = if books.bought.is_positive() { household.p2p_spend } else { Money::ZERO };
            self.bought_cost += to_users + household.outside_cost;
            self.counterfactual += household.outside_price * bought;
        }
        if let Some(satisfaction) = household.satisfaction {
            self.satisfaction += satisfaction;
            self.satisfied += 1;
        }
    }

    fn bought(&self) -> Energy {
        self.p2p + self.grid + self.company
    }
}

/// Everything that a run adds up.
#[derive(Debug)]
pub struct Tally {
    /// Class of each household, as an index into `classes`.
    class_of: Vec<usize>,
    classes: Vec<(String, EnergySums)>,
    all: EnergySums,
    operators: Vec<(Operator, Money, Money)>,
    periods_traded: u64,
    gap_sum: f64,
    gap_max: f64,
    gaps: u64,
    offered: Energy,
    wanted: Energy,
    contracted: Energy,
    curtailed: Energy,
    delivered: Energy,
    trades: u64,
    objectives: Objectives,
    welfare_exact: f64,
    blocks: u64,
    latency_sum: f64,
    /// Blocks by latency in whole milliseconds; the last one counts all that took longer.
    latencies: Vec<u32>,
    transactions: u64,
    defaults: u64,
    range_shortfalls: u64,
    rejections: u64,
    line_losses: Option<Energy>,
    lowest_voltage: Option<f64>,
    highest_loading: Option<f64>,
    storage_full: u64,
    storage_constrained: u64,
    pub(crate) driving: DrivingTally,
    fleet: FleetTally,
}

impl Tally {
    /// An empty tally of households with these classes.
    pub fn new(class_names: Vec<String>, class_of: Vec<usize>) -> Self {
        let classes = class_names.into_iter().map(|name| (name, EnergySums::default())).collect();
        Self {
            class_of,
            classes,
            all: EnergySums::default(),
            operators: Vec::new(),
            periods_traded: 0,
            gap_sum: 0.0,
            gap_max: 0.0,
            gaps: 0,
            offered: Energy::ZERO,
            wanted: Energy::ZERO,
            contracted: Energy::ZERO,
            curtailed: Energy::ZERO,
            delivered: Energy::ZERO,
            trades: 0,
            objectives: Objectives { sellers_profit: 0.0, buyers_cost: 0.0, welfare: 0.0 },
            welfare_exact: 0.0,
            blocks: 0,
            latency_sum: 0.0,
            latencies: vec![0; LATENCIES],
            transactions: 0,
            defaults: 0,
            range_shortfalls: 0,
            rejections: 0,
            line_losses: None,
            lowest_voltage: None,
            highest_loading: None,
            storage_full: 0,
            storage_constrained: 0,
            driving: DrivingTally::default(),
            fleet: FleetTally::default(),
        }
    }

    pub(crate) fn household(&mut self, place: usize, books: &HouseholdBooks) {
        self.classes[self.class_of[place]].1.add(books);
        self.all.add(books);
    }

    pub(crate) fn operator(&mut self, operator: Operator, revenue: Money, cost: Money) {
        match self.operators.iter_mut().find(|(known, ..)| *known == operator) {
            Some((_, revenues, costs)) => {
                *revenues += revenue;
                *costs += cost;
            }
            None => self.operators.push((operator, revenue, cost)),
        }
    }

    pub(crate) fn clearance(&mut self, clearance: &Clearance<'_>) {
        self.offered += clearance.offered;
        self.wanted += clearance.wanted;
        self.contracted += clearance.traded;
        self.curtailed += clearance.curtailed;
        let objectives = &clearance.clearing.objectives;
        self.objectives.sellers_profit += objectives.sellers_profit;
        self.objectives.buyers_cost += objectives.buyers_cost;
        self.objectives.welfare += objectives.welfare;
        self.welfare_exact += clearance.clearing.welfare_exact;
        if clearance.traded.is_positive() {
            self.periods_traded += 1;
            if let Some(gap) = clearance.clearing.gap {
                self.gap_sum += gap;
                self.gap_max = self.gap_max.max(gap);
                self.gaps += 1;
            }
        }
    }

    pub(crate) fn feeder(&mut self, books: &FeederBooks) {
        self.line_losses = Some(self.line_losses.unwrap_or_default() + books.losses);
        let lowest = books.lowest.1;
        self.lowest_voltage = Some(self.lowest_voltage.map_or(lowest, |so_far| so_far.min(lowest)));
        if let Some(line) = books.fullest {
            let so_far = self.highest_loading.unwrap_or_default();
            self.highest_loading = Some(so_far.max(line.share));
        }
    }

    pub(crate) fn import(&mut self, undispatched: Energy, import: Energy, hours: f64) {
        self.fleet.import(undispatched, import, hours);
    }

    pub(crate) fn fleet(&mut self, books: &FleetBooks) {
        self.fleet.add(books);
    }

    pub(crate) fn trade(&mut self, trade: &Trade) {
        self.trades += 1;
        self.delivered += trade.settlement.delivered;
    }

    pub(crate) fn block(&mut self, latency_ms: f64, transactions: usize) {
        self.blocks += 1;
        self.latency_sum += latency_ms;
        self.latencies[(latency_ms.ceil() as usize).min(LATENCIES - 1)] += 1;
        self.transactions += transactions as u64;
    }

    pub(crate) fn event(&mut self, kind: &str) {
        match kind {
            "default" => self.defaults += 1,
            "range_shortfall" => self.range_shortfalls += 1,
            "rejection" => self.rejections += 1,
            "storage_full" => self.storage_full += 1,
            "storage_constrained" => self.storage_constrained += 1,
            _ => self.driving.event(kind),
        }
    }

    /// Sellers' profit, buyers' cost and welfare, summed over the periods as the columns of `market_periods` are.
    pub fn objectives(&self) -> Objectives {
        self.objectives
    }

    /// The key figures as rows.
    pub fn kpis(&self) -> Vec<KpiRow> {
        let mut rows = Vec::new();
        let mut run = Sheet { rows: &mut rows, scope: "run", id: String::new() };
        run.energies(&self.all, Scope::Community);
        run.kwh("offered", self.offered);
        run.kwh("wanted", self.wanted);
        run.kwh("contracted", self.contracted);
        run.kwh("delivered", self.delivered);
        run.kwh("curtailed", self.curtailed);
        run.row("welfare", Some(self.objectives.welfare), "currency");
        run.row("welfare_exact", Some(self.welfare_exact), "currency");
        run.row("gap_mean", ratio(self.gap_sum, self.gaps as f64), "1");
        run.row("gap_max", (self.gaps > 0).then_some(self.gap_max), "1");
        run.count("periods_traded", self.periods_traded);
        run.count("trades", self.trades);
        run.count("defaults", self.defaults);
        run.count("rejections", self.rejections);
        run.count("range_shortfalls", self.range_shortfalls);
        run.count("storage_full", self.storage_full);
        run.count("storage_constrained", self.storage_constrained);
        run.count("blocks", self.blocks);
        run.count("transactions", self.transactions);
        run.row("latency_mean", ratio(self.latency_sum, self.blocks as f64), "ms");
        run.row("latency_p95", nearest_rank(&self.latencies, 0.95), "ms");
        run.row("line_losses", self.line_losses.map(Energy::to_f64), "kWh");
        run.row("lowest_voltage", self.lowest_voltage, "p.u.");
        run.row("highest_loading", self.highest_loading, "1");
        self.driving.rows(&mut run);
        self.fleet.rows(&mut run);
        for (name, sums) in &self.classes {
            Sheet { rows: &mut rows, scope: "class", id: name.clone() }.energies(sums, Scope::Class);
        }
        for &(operator, revenue, cost) in &self.operators {
            let id = operator.text().to_owned();
            let mut sheet = Sheet { rows: &mut rows, scope: "operator", id };
            sheet.money("revenue", revenue);
            sheet.money("cost", cost);
            sheet.money("profit", revenue - cost);
        }
        rows
    }
}

/// Milliseconds that latencies are counted by, up to a minute.
const LATENCIES: usize = 60_000;

/// The smallest value that at least a share `q` of the counted values does not exceed.
fn nearest_rank(counts: &[u32], q: f64) -> Option<f64> {
    let all: u64 = counts.iter().map(|&count| u64::from(count)).sum();
    let rank = (q * all as f64).ceil() as u64;
    let mut below = 0;
    let found = counts.iter().position(|&count| {
        below += u64::from(count);
        below >= rank
    });
    found.filter(|_| all > 0).map(|value| value as f64)
}

fn ratio(numerator: f64, denominator: f64) -> Option<f64> {
    (denominator > 0.0).then(|| numerator / denominator)
}

/// Whom figures are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    Community,
    Class,
}

/// KPI rows of one scope under construction.
struct Sheet<'a> {
    rows: &'a mut Vec<KpiRow>,
    scope: &'static str,
    id: String,
}

impl Sheet<'_> {
    fn row(&mut self, variable: &'static str, value: Option<f64>, unit: &'static str) {
        self.rows.push(KpiRow {
            scope: Label(self.scope),
            id: self.id.clone(),
            variable: Label(variable),
            value,
            unit: Label(unit),
        });
    }

    fn kwh(&mut self, variable: &'static str, energy: Energy) {
        self.row(variable, Some(energy.to_f64()), "kWh");
    }

    fn money(&mut self, variable: &'static str, money: Money) {
        self.row(variable, Some(money.to_f64()), "currency");
    }

    fn count(&mut self, variable: &'static str, count: u64) {
        self.row(variable, Some(count as f64), "1");
    }

    fn energies(&mut self, sums: &EnergySums, scope: Scope) {
        self.kwh("pv", sums.sun);
        self.kwh("pv_spilled", sums.spilled);
        self.kwh("p2p", sums.p2p);
        self.kwh("grid", sums.grid);
        self.kwh("company", sums.company);
        self.kwh("withdrawn", sums.withdrawn);
        self.kwh("driven", sums.driven);
        self.kwh("sold", sums.sold);
        self.kwh("stored", sums.stored);
        self.kwh("losses", sums.losses);
        self.money("income", sums.income);
        self.money("spend", sums.spend);
        self.money("net_cost", sums.spend - sums.income);
        let bought = sums.bought().to_f64();
        self.row("mean_price_paid", ratio(sums.bought_cost.to_f64(), bought), "currency/kWh");
        self.row("mean_price_without_trade", ratio(sums.counterfactual.to_f64(), bought), "currency/kWh");
        // What users trade among themselves leaves a class, but not the community.
        let (sold, p2p) = match scope {
            Scope::Community => (Energy::ZERO, Energy::ZERO),
            Scope::Class => (sums.sold, sums.p2p),
        };
        let sun = sums.sun.to_f64();
        let own = (sums.sun - sold).or_zero().to_f64();
        self.row("self_consumption", ratio(own, sun + sums.spilled.to_f64()), "1");
        let fleet = sums.aggregated.down - sums.aggregated.up;
        let from_others = (sums.grid + sums.company + fleet + p2p).or_zero().to_f64();
        self.row("self_sufficiency", ratio(sun, sun + from_others), "1");
        self.row("satisfaction", ratio(sums.satisfaction, sums.satisfied as f64), "1");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_without_a_denominator_are_null() {
        let rows = Tally::new(vec!["A".into()], vec![0]).kpis();
        for variable in ["self_consumption", "mean_price_paid", "gap_mean", "gap_max", "latency_p95"] {
            let row = rows.iter().find(|row| row.variable == Label(variable)).unwrap();
            assert_eq!(row.value, None, "{variable}");
        }
    }

    #[test]
    fn a_quantile_is_a_value_that_occurred() {
        assert_eq!(nearest_rank(&[0, 1, 1, 1, 1], 0.5), Some(2.0));
        assert_eq!(nearest_rank(&[0, 1, 1, 1, 1], 0.95), Some(4.0));
        assert_eq!(nearest_rank(&[0, 0], 0.95), None);
    }
}
