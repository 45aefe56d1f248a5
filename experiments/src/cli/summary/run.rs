//! The key figures of one run.

use goshawk_output::Kpi;

use crate::cli::Format;
use crate::cli::table::Table;

/// The key figures in the format asked for.
pub(in crate::cli) fn render(kpis: &[Kpi], currency: &str, format: Format) -> String {
    match format {
        Format::Table => tables(kpis, currency),
        Format::Csv => csv(kpis, currency),
        Format::Json => json(kpis, currency),
    }
}

/// The unit with the currency's own name in it.
fn unit(kpi: &Kpi, currency: &str) -> String {
    kpi.unit.replace("currency", currency)
}

fn csv(kpis: &[Kpi], currency: &str) -> String {
    let mut text = String::from("scope,id,variable,value,unit\n");
    for kpi in kpis {
        let value = kpi.value.map_or(String::new(), |value| value.to_string());
        text.push_str(&format!(
            "{},{},{},{value},{}\n",
            kpi.scope,
            kpi.id,
            kpi.variable,
            unit(kpi, currency)
        ));
    }
    text
}

fn json(kpis: &[Kpi], currency: &str) -> String {
    let rows: Vec<serde_json::Value> = kpis
        .iter()
        .map(|kpi| {
            serde_json::json!({
                "scope": kpi.scope, "id": kpi.id, "variable": kpi.variable,
                "value": kpi.value, "unit": unit(kpi, currency),
            })
        })
        .collect();
    serde_json::to_string_pretty(&rows).expect("invariant: figures have text keys") + "\n"
}

/// Looks figures up.
struct Figures<'a>(&'a [Kpi]);

impl Figures<'_> {
    fn value(&self, scope: &str, id: &str, variable: &str) -> Option<f64> {
        let found = |kpi: &&Kpi| kpi.scope == scope && kpi.id == id && kpi.variable == variable;
        self.0.iter().find(found).and_then(|kpi| kpi.value)
    }

    fn run(&self, variable: &str) -> Option<f64> {
        self.value("run", "", variable)
    }

    fn ids(&self, scope: &str) -> Vec<&str> {
        let mut ids: Vec<&str> = Vec::new();
        for kpi in self.0.iter().filter(|kpi| kpi.scope == scope) {
            if !ids.contains(&kpi.id.as_str()) {
                ids.push(&kpi.id);
            }
        }
        ids
    }
}

/// A figure with so many decimals; a dash where it is undefined.
fn figure(value: Option<f64>, decimals: usize) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.decimals$}"))
}

fn percent(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{:.1} %", 100.0 * value))
}

fn tables(kpis: &[Kpi], currency: &str) -> String {
    let figures = Figures(kpis);
    let households = [energy(&figures), prices(&figures, currency), fairness(&figures, currency)];
    let others = [operators(&figures, currency), run(&figures, currency)];
    households.into_iter().chain(others).collect::<Vec<_>>().join("\n")
}

/// The classes, then all together.
fn rows<'a>(figures: &'a Figures<'_>) -> Vec<(&'static str, &'a str, &'a str)> {
    let classes = figures.ids("class").into_iter().map(|class| ("class", class, class));
    classes.chain([("run", "", "all")]).collect()
}

fn energy(figures: &Figures<'_>) -> String {
    let sources = ["pv", "p2p", "grid", "company", "withdrawn", "driven", "sold", "stored", "losses"];
    let head = ["sun", "users", "grid", "company", "store", "driven", "sold", "stored", "losses"];
    let mut table = Table::new("energy, kWh", &head);
    for (scope, id, label) in rows(figures) {
        table.row(label, sources.map(|source| figure(figures.value(scope, id, source), 1)));
    }
    table.render()
}

fn prices(figures: &Figures<'_>, currency: &str) -> String {
    let head = ["paid per kWh", "without trade", "self-consumption", "self-sufficiency", "satisfaction"];
    let mut table = Table::new(&format!("households, {currency}"), &head);
    for (scope, id, label) in rows(figures) {
        let value = |variable| figures.value(scope, id, variable);
        table.row(
            label,
            [
                figure(value("mean_price_paid"), 4),
                figure(value("mean_price_without_trade"), 4),
                percent(value("self_consumption")),
                percent(value("self_sufficiency")),
                figure(value("satisfaction"), 3),
            ],
        );
    }
    table.render()
}

fn fairness(figures: &Figures<'_>, currency: &str) -> String {
    let head = ["savings", "of the cost", "cost per kWh", "taking part", "Gini of savings", "full cycles"];
    let mut table = Table::new(&format!("fairness, {currency}"), &head);
    for (scope, id, label) in rows(figures) {
        let value = |variable| figures.value(scope, id, variable);
        table.row(
            label,
            [
                figure(value("savings"), 2),
                percent(value("savings_share")),
                figure(value("average_cost"), 4),
                percent(value("participation_rate")),
                figure(value("gini_savings"), 3),
                figure(value("full_equivalent_cycles"), 2),
            ],
        );
    }
    table.render()
}

fn operators(figures: &Figures<'_>, currency: &str) -> String {
    let mut table = Table::new(&format!("operators, {currency}"), &["revenue", "cost", "profit"]);
    for operator in figures.ids("operator") {
        let value = |variable| figure(figures.value("operator", operator, variable), 2);
        table.row(operator, ["revenue", "cost", "profit"].map(value));
    }
    table.render()
}

fn run(figures: &Figures<'_>, currency: &str) -> String {
    let count = |variable| figure(figures.run(variable), 0);
    let share = |part: &str, whole: &str| {
        let (part, whole) = (figures.run(part)?, figures.run(whole)?);
        (whole > 1e-9).then(|| part / whole)
    };
    let mut table = Table::new("market and ledger", &[""]);
    let lines = [
        ("periods with trade", count("periods_traded")),
        ("trades", format!("{}, {} of them not delivered in full", count("trades"), count("defaults"))),
        (
            "traded",
            format!(
                "{} kWh, {} of what buyers wanted",
                figure(figures.run("delivered"), 1),
                percent(share("delivered", "wanted"))
            ),
        ),
        (
            "price of a trade",
            format!(
                "mean {} {currency}/kWh, {} below the cheaper outside price",
                figure(figures.run("trade_price"), 4),
                percent(figures.run("p2p_advantage"))
            ),
        ),
        ("curtailed by the grid", format!("{} kWh", figure(figures.run("curtailed"), 1))),
        (
            "gap to the exact optimum",
            format!(
                "mean {}, worst {}",
                percent_fine(figures.run("gap_mean")),
                percent_fine(figures.run("gap_max"))
            ),
        ),
        ("welfare reached", percent(share("welfare", "welfare_exact"))),
        ("blocks", format!("{} with {} transactions", count("blocks"), count("transactions"))),
        ("rejected transactions", count("rejections")),
        (
            "latency",
            format!(
                "mean {} ms, 95 % within {} ms",
                figure(figures.run("latency_mean"), 0),
                figure(figures.run("latency_p95"), 0)
            ),
        ),
        (
            "import from outside",
            format!(
                "peak {} kW, on average {} times the day's mean",
                figure(figures.run("peak_import"), 1),
                figure(figures.run("peak_to_average"), 2)
            ),
        ),
        ("trips cut short by an empty battery", count("range_shortfalls")),
    ];
    for (label, text) in lines {
        table.row(label, [text]);
    }
    if let Some(kg) = figures.run("co2") {
        table.row("carbon dioxide of the import", [format!("{kg:.1} kg")]);
    }
    table.render()
}

fn percent_fine(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{:.4} %", 100.0 * value))
}
