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
//! | `demand` | kWh | D = sun used + bought + withdrawn + taken by the fleet - sold - stored - given by the fleet |
//! | `average_cost` | currency/kWh | net cost / D |
//! | `savings` | currency | sum over households of s = B - net cost, where B is all that came over the meter (bought, withdrawn, taken by the fleet) at the cheaper outside price of its period, and nothing for what went out |
//! | `savings_share` | 1 | savings / sum of B |
//! | `p2p_share_bought` | 1 | bought from users / bought from users, grid and company |
//! | `p2p_share_sold` | 1 | sold / (sold + stored + spilled) |
//! | `participation_rate` | 1 | households that sold to or bought from users / households |
//! | `gini_savings`, `gini_net_cost` | 1 | G = sum over i, j of abs(x_i - x_j) / (2 n^2 mean x) of households' s and net costs; null where one is negative or all are 0, as is the next |
//! | `jain_savings`, `jain_net_cost` | 1 | J = (sum of x)^2 / (n sum of x^2) |
//! | `full_equivalent_cycles` | 1 | mean over households of throughput / (2 capacity), by the end of the last whole day; null before |
//! | `class_savings_min`, `class_savings_max` | currency | least and most over classes of the mean of s over a class's households |
//! | `fill_ratio` | 1 | contracted / offered |
//! | `market_efficiency` | 1 | welfare / exact welfare |
//! | `producer_surplus` | currency | sum over periods of sellers' profit as cleared, less that of keeping everything: (price - reserve price) times what is sold, and what storing gains over keeping |
//! | `consumer_surplus` | currency | sum over periods of buyers' cost of buying everything outside, less that as cleared: (outside price - price with fees) times what is bought, and what moving is expected to save |
//! | `trade_price`, `trade_price_received` | currency/kWh | paid by buyers, received by sellers / delivered: the volume-weighted average price (VWAP) |
//! | `trade_price_cv` | 1 | standard deviation / mean of buyers' prices, weighted with the energy delivered; over the run |
//! | `trade_price_cv_in_period` | 1 | the same within a period; mean over the periods with a delivery |
//! | `p2p_advantage` | 1 | (R - paid by buyers) / R, R the delivered energy at the cheaper outside price; there is no feed-in price |
//! | `peak_import_daily` | kW | mean over days of the largest import of a period; the last day may be cut short |
//! | `peak_to_average`, `load_factor` | 1 | mean over the days with a mean import above 0 of peak / mean, and of mean / peak |
//! | `ramping` | kW | sum over periods of abs(import - import of the period before) / period |
//! | `co2` | kg | sum over periods of max(import, 0) times the grid's intensity; null without a series of it |
//! | `co2_per_kwh` | kg/kWh | co2 / D |
//! | `departure_satisfaction`, `departure_satisfaction_min` | 1 | mean and least over departures on trips of min(held / wanted, 1); less than 1 Wh short counts as 1 |
//! | `energy_not_served` | kWh | what departures and ended sessions were short of at the meter, 1 Wh or more each |
//! | `sessions_met_share` | 1 | sessions met / sessions |
//! | `sessions_delivered_share` | 1 | delivered / recorded |
//! | `latency_p50` | ms | as `latency_p95` |
//! | `block_fill` | 1 | transactions / (blocks times the most that a block takes) |
//! | `rejected_share` | 1 | rejected / all transactions |
//! | `block_bytes`, `bytes_per_kwh` | B, B/kWh | bytes of all blocks; the same / delivered |
//! | `fees_per_kwh` | currency/kWh | fees of grid and platform / delivered |
//! | `extra_rounds` | 1 | sum over blocks of the round in which they were first proposed, from 0 |
//! | `approval_p50`, `approval_p95` | ms | from the opening of its period, when it is traded, to the platform's knowledge that the grid's word on it is final; over contracts |
//! | `rejected_funds`, `rejected_nonce`, `rejected_contract`, `rejected_late`, `rejected_other` | 1 | rejections by reason: too little money, a nonce out of turn, a contract that is unknown, used or not at that step, a closed period, anything else |
//! | `equivocations` | 1 | contradictions of a validator at a height, for each validator that noticed |
//! | `censored` | 1 | transactions that censoring validators passed over |
//! | `double_sales`, `replays` | 1 | faults on purpose |
//! | `replays_accepted` | 1 | of these replays, those in a block |
//! | `surcharges` | currency | what parties paid the platform for their credit band |
//! | `suspensions`, `reinstatements` | 1 | events of these kinds |
//! | `orders_left_out` | 1 | offers and bids of suspended households, which the market does not clear |
//! | `content_end` | kWh | what batteries hold at the end of the last period |
//! | `cheaters` | 1 | households that broke a contract or lied about one on purpose |
//! | `cheating_earned` | currency | what these drew without pay behind false readings, at the price of its period |
//! | `cheating_cost` | currency | penalties that they paid in the periods of their misconduct |
//! | `cheating_gain_per_cheater` | currency | (earned - cost) / cheaters |
//! | `suspended` | 1 | households that were suspended at least once |

use goshawk_ledger::Rejection;
use goshawk_market::problem::Objectives;
use goshawk_market::quantity::{Energy, Money};
use goshawk_output::table::{KpiRow, Operator};
use serde::{Deserialize, Serialize};

use crate::journal::{Clearance, FeederBooks, FleetBooks, HouseholdBooks, Trade};
use chain::ChainTally;
use driving::DrivingTally;
use energy::{EnergySums, Scope};
use fleet::FleetTally;
use households::HouseholdTally;
use import::ImportTally;
use prices::PriceTally;
use sheet::{Sheet, ratio};

mod chain;
mod driving;
mod energy;
mod fleet;
mod households;
mod import;
mod prices;
mod sheet;

/// What a tally has to know of its community.
#[derive(Debug, Clone, Default)]
pub struct TallyTerms {
    /// Names of the classes.
    pub class_names: Vec<String>,
    /// Class of each household, as an index into `class_names`.
    pub class_of: Vec<usize>,
    /// Most transactions in a block.
    pub block_transactions_max: usize,
    /// Carbon dioxide behind imported energy in each period, in 1e-6 g/kWh, if it is known.
    pub co2_intensity: Option<Vec<i64>>,
}

/// Everything that a run adds up.
#[derive(Debug, Serialize, Deserialize)]
pub struct Tally {
    /// Class of each household, as an index into `classes`.
    #[serde(skip)]
    class_of: Vec<usize>,
    classes: Vec<(String, EnergySums)>,
    all: EnergySums,
    households: Vec<HouseholdTally>,
    operators: Vec<OperatorTally>,
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
    producer_surplus: f64,
    consumer_surplus: f64,
    defaults: u64,
    range_shortfalls: u64,
    line_losses: Option<Energy>,
    lowest_voltage: Option<f64>,
    highest_loading: Option<f64>,
    storage_full: u64,
    storage_constrained: u64,
    pub(crate) driving: DrivingTally,
    fleet: FleetTally,
    import: ImportTally,
    prices: PriceTally,
    chain: ChainTally,
}

/// What an operator adds up to.
#[derive(Debug, Serialize, Deserialize)]
struct OperatorTally {
    operator: Operator,
    revenue: Money,
    cost: Money,
    energy: Energy,
}

impl Tally {
    /// An empty tally of a community.
    pub fn new(terms: TallyTerms) -> Self {
        let classes = terms.class_names.into_iter().map(|name| (name, EnergySums::default())).collect();
        Self {
            households: vec![HouseholdTally::default(); terms.class_of.len()],
            class_of: terms.class_of,
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
            producer_surplus: 0.0,
            consumer_surplus: 0.0,
            defaults: 0,
            range_shortfalls: 0,
            line_losses: None,
            lowest_voltage: None,
            highest_loading: None,
            storage_full: 0,
            storage_constrained: 0,
            driving: DrivingTally::default(),
            fleet: FleetTally::default(),
            import: ImportTally::new(terms.co2_intensity),
            prices: PriceTally::default(),
            chain: ChainTally::new(terms.block_transactions_max),
        }
    }

    /// Goes on from what was added up before a run was saved.
    pub(crate) fn go_on_from(&mut self, before: Self) {
        let Self { class_of, mut import, .. } = std::mem::replace(self, before);
        self.class_of = class_of;
        import.go_on_from(std::mem::take(&mut self.import));
        self.import = import;
    }

    /// The class of a household, as an index into the names of the classes.
    pub(crate) fn class_of(&self, place: usize) -> usize {
        self.class_of[place]
    }

    pub(crate) fn class_names(&self) -> Vec<String> {
        self.classes.iter().map(|(name, _)| name.clone()).collect()
    }

    pub(crate) fn household(&mut self, place: usize, books: &HouseholdBooks) {
        let counterfactual = self.households[place].add(books);
        self.classes[self.class_of[place]].1.add(books, counterfactual);
        self.all.add(books, counterfactual);
    }

    pub(crate) fn battery_day(&mut self, place: usize, full_equivalent_cycles: f64) {
        self.households[place].battery_day(full_equivalent_cycles);
    }

    pub(crate) fn operator(&mut self, operator: Operator, revenue: Money, cost: Money, energy: Energy) {
        match self.operators.iter_mut().find(|known| known.operator == operator) {
            Some(known) => {
                known.revenue += revenue;
                known.cost += cost;
                known.energy += energy;
            }
            None => self.operators.push(OperatorTally { operator, revenue, cost, energy }),
        }
    }

    pub(crate) fn clearance(&mut self, clearance: &Clearance<'_>) {
        self.prices.period(clearance.grid_price.min(clearance.company_price));
        self.offered += clearance.offered;
        self.wanted += clearance.wanted;
        self.contracted += clearance.traded;
        self.curtailed += clearance.curtailed;
        let objectives = &clearance.clearing.objectives;
        self.objectives.sellers_profit += objectives.sellers_profit;
        self.objectives.buyers_cost += objectives.buyers_cost;
        self.objectives.welfare += objectives.welfare;
        self.welfare_exact += clearance.clearing.welfare_exact;
        let without_trade = clearance.without_trade;
        self.producer_surplus += objectives.sellers_profit - without_trade.sellers_profit;
        self.consumer_surplus += without_trade.buyers_cost - objectives.buyers_cost;
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

    pub(crate) fn import(&mut self, day: u16, undispatched: Energy, import: Energy, hours: f64) {
        self.import.add(day, import, hours);
        self.fleet.import(undispatched, import, hours);
    }

    pub(crate) fn fleet(&mut self, books: &FleetBooks) {
        self.fleet.add(books);
    }

    pub(crate) fn trade(&mut self, trade: &Trade) {
        self.trades += 1;
        self.delivered += trade.settlement.delivered;
        self.prices.trade(trade.period.0 as usize, trade.terms.buyer_price, &trade.settlement);
        self.chain.settlement(&trade.settlement);
    }

    pub(crate) fn block(&mut self, latency_ms: f64, round: u32, transactions: usize, bytes: u64) {
        self.chain.block(latency_ms, round, transactions, bytes);
    }

    pub(crate) fn approval(&mut self, latency_ms: f64, contracts: u32) {
        self.chain.approval(latency_ms, contracts);
    }

    pub(crate) fn rejection(&mut self, reason: &Rejection) {
        self.chain.rejection(reason);
    }

    pub(crate) fn suspended(&mut self, place: usize) {
        self.households[place].suspended();
    }

    pub(crate) fn order_left_out(&mut self) {
        self.chain.order_left_out();
    }

    pub(crate) fn censored(&mut self, transactions: u64) {
        self.chain.censored(transactions);
    }

    pub(crate) fn event(&mut self, kind: &str) {
        match kind {
            "default" => self.defaults += 1,
            "range_shortfall" => self.range_shortfalls += 1,
            "storage_full" => self.storage_full += 1,
            "storage_constrained" => self.storage_constrained += 1,
            _ if self.chain.event(kind) => {}
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
        self.all.rows(&mut run, Scope::Community);
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
        run.count("rejections", self.chain.all_rejections());
        run.count("range_shortfalls", self.range_shortfalls);
        run.count("storage_full", self.storage_full);
        run.count("storage_constrained", self.storage_constrained);
        self.chain.rows(&mut run);
        run.row("line_losses", self.line_losses.map(Energy::to_f64), "kWh");
        run.row("lowest_voltage", self.lowest_voltage, "p.u.");
        run.row("highest_loading", self.highest_loading, "1");
        self.driving.rows(&mut run);
        self.fleet.rows(&mut run);
        let by_class = self.households_by_class();
        self.all.trade_rows(&mut run);
        households::rows(&self.households, &mut run);
        households::extremes(by_class.iter().map(Vec::as_slice), &mut run);
        run.number("fill_ratio", ratio(self.contracted.to_f64(), self.offered.to_f64()));
        run.number("market_efficiency", ratio(self.objectives.welfare, self.welfare_exact));
        run.row("producer_surplus", Some(self.producer_surplus), "currency");
        run.row("consumer_surplus", Some(self.consumer_surplus), "currency");
        self.prices.rows(&mut run);
        self.import.rows(&mut run, self.all.demand());
        self.driving.share_rows(&mut run);
        self.chain.load_rows(&mut run);
        for ((name, sums), households) in self.classes.iter().zip(&by_class) {
            let mut class = Sheet { rows: &mut rows, scope: "class", id: name.clone() };
            sums.rows(&mut class, Scope::Class);
            sums.trade_rows(&mut class);
            households::rows(households, &mut class);
        }
        for known in &self.operators {
            let id = known.operator.text().to_owned();
            let mut sheet = Sheet { rows: &mut rows, scope: "operator", id };
            sheet.money("revenue", known.revenue);
            sheet.money("cost", known.cost);
            sheet.money("profit", known.revenue - known.cost);
            sheet.kwh("energy", known.energy);
        }
        rows
    }

    fn households_by_class(&self) -> Vec<Vec<HouseholdTally>> {
        let mut by_class = vec![Vec::new(); self.classes.len()];
        for (&class, &household) in self.class_of.iter().zip(&self.households) {
            by_class[class].push(household);
        }
        by_class
    }
}

#[cfg(test)]
mod tests;
