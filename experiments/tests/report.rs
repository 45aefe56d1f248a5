//! `goshawk report`: sums against key figures, figures as files, and what is said of folders that it cannot tell about.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::fs;
use std::path::Path;
use std::process::Command;

use goshawk::report::{Data, Source, Sums};
use goshawk_output::{Manifest, read_kpis};
use resvg::tiny_skia::Pixmap;
use sha2::{Digest as _, Sha256};

const PROGRAM: &str = env!("CARGO_BIN_EXE_goshawk");

/// What a command said, and how it ended.
struct Said {
    code: Option<i32>,
    error: String,
}

fn goshawk(folder: &Path, arguments: &[&str]) -> Said {
    let done =
        Command::new(PROGRAM).current_dir(folder).env("NO_COLOR", "1").args(arguments).output().unwrap();
    Said { code: done.status.code(), error: String::from_utf8(done.stderr).unwrap() }
}

/// Runs a scenario that ships.
fn run(folder: &Path, scenario: &str, out: &str, sets: &[&str]) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../scenarios/{scenario}.toml"));
    let mut arguments = vec!["run", file.to_str().unwrap(), "--out", out, "--quiet"];
    sets.iter().for_each(|set| arguments.extend(["--set", set]));
    let said = goshawk(folder, &arguments);
    assert_eq!(said.code, Some(0), "{}", said.error);
}

fn data(folder: &Path) -> Data {
    Data::read(&Source::find(folder).unwrap()).unwrap()
}

fn total(sums: &Sums, measure: &str) -> i64 {
    sums.of(measure).unwrap().iter().sum()
}

/// A key figure as the integer that it is a sum of.
fn figure(out: &Path, scope: &str, id: &str, variable: &str) -> i64 {
    let kpis = read_kpis(out, &Manifest::read(out).unwrap()).unwrap();
    let found = kpis.iter().find(|kpi| kpi.scope == scope && kpi.id == id && kpi.variable == variable);
    (found.unwrap().value.unwrap() * 1e6).round() as i64
}

fn expect_the_figures_of_summary(out: &Path) {
    let data = data(out);
    let scenario = &data.scenarios[0];
    let agents = scenario.agents.as_ref().unwrap();
    let trades = scenario.trades.as_ref().unwrap();
    assert!(agents.no_costs.is_none(), "{:?}", agents.no_costs);
    let measures = [
        ("pv", "pv"),
        ("spilled", "pv_spilled"),
        ("drive", "driven"),
        ("sold", "sold"),
        ("p2p", "p2p"),
        ("grid", "grid"),
        ("company", "company"),
        ("withdrawn", "withdrawn"),
    ];
    for (class, sums) in &agents.classes {
        for (measure, variable) in measures {
            assert_eq!(total(sums, measure), figure(out, "class", class, variable), "{variable} of {class}");
        }
    }
    for (buyer, sums) in &trades.buyers {
        let flows = trades.flows.values().filter_map(|to| to.get(buyer)).flatten().sum::<i64>();
        assert_eq!(total(sums, "energy"), flows, "{buyer}");
        assert_eq!(flows, figure(out, "class", buyer, "p2p"), "{buyer}");
    }
    for (operator, sums) in scenario.operators.as_ref().unwrap() {
        for variable in ["revenue", "cost", "energy"] {
            assert_eq!(
                total(sums, variable),
                figure(out, "operator", operator, variable),
                "{variable} of {operator}"
            );
        }
    }
    let sold = figure(out, "run", "", "p2p") > 0;
    let earned = trades.sellers.values().map(|sums| total(sums, "seller_amount")).sum::<i64>();
    assert_eq!(earned, trades.buyers.values().map(|sums| total(sums, "seller_amount")).sum::<i64>());
    assert_eq!(earned > 0, sold);
    // What households paid the company is all that it received; the grid received fees as well.
    let paid = |measure: &str| agents.classes.values().map(|sums| total(sums, measure)).sum::<i64>();
    assert_eq!(paid("company_cost"), figure(out, "operator", "company", "revenue"));
    let fees = figure(out, "operator", "grid", "revenue") - paid("grid_cost");
    assert!(fees >= 0 && (fees > 0) == sold, "fees of {fees}");
    let market = scenario.market.as_ref().unwrap();
    assert_eq!(total(market, "offered"), figure(out, "run", "", "offered"));
    assert_eq!(total(market, "wanted"), figure(out, "run", "", "wanted"));
}

#[test]
fn sums_by_class_and_time_are_the_key_figures_to_the_last_unit() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), "smoke", "smoke", &[]);
    expect_the_figures_of_summary(&folder.path().join("smoke"));
    // Days are added up where they are many, and quarters of an hour to hours: not a unit may be lost.
    run(folder.path(), "community", "week", &["market.mechanism=mid_market_rate"]);
    expect_the_figures_of_summary(&folder.path().join("week"));
}

#[test]
fn a_report_of_a_month_stays_small() {
    let folder = tempfile::tempdir().unwrap();
    let month = ["time.start=2019-01-01T00:00:00", "time.days=30", "market.mechanism=double_auction"];
    run(folder.path(), "community", "month", &month);
    let said = goshawk(folder.path(), &["report", "month"]);
    assert_eq!(said.code, Some(0), "{}", said.error);
    // It lies beside the folder, which is as it was.
    let verified = goshawk(folder.path(), &["verify", "month"]);
    assert_eq!(verified.code, Some(0), "{}", verified.error);
    let bytes = fs::metadata(folder.path().join("month.html")).unwrap().len();
    assert!(bytes < 3_000_000, "{bytes} bytes");
    expect_the_figures_of_summary(&folder.path().join("month"));
}

#[test]
fn the_same_folder_gives_the_same_report_and_figures_as_files() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), "smoke", "runs/one", &["output.convergence_every=1"]);
    run(folder.path(), "smoke", "runs/two", &["market.mechanism=grid_only"]);
    for arguments in [["--out", "a.html"], ["--out", "b.html"], ["--figures", "figures"]] {
        let said = goshawk(folder.path(), &["report", "runs", arguments[0], arguments[1]]);
        assert_eq!(said.code, Some(0), "{}", said.error);
    }
    let page = fs::read_to_string(folder.path().join("a.html")).unwrap();
    assert_eq!(page, fs::read_to_string(folder.path().join("b.html")).unwrap());
    assert!(!folder.path().join("runs.html").exists(), "nobody asked for it");
    let mut names: Vec<String> = fs::read_dir(folder.path().join("figures"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    insta::assert_snapshot!("figures_as_files", names.join("\n"));
    for name in &names {
        let svg = fs::read_to_string(folder.path().join("figures").join(name)).unwrap();
        assert!(svg.starts_with("<svg") && svg.contains("<title>") && svg.contains("<path"), "{name}");
    }
    let said = goshawk(folder.path(), &["report", "runs/one", "--figures", "pixels", "--format", "png"]);
    if said.error.contains("there is no font") && std::env::var_os("CI").is_none() {
        return;
    }
    assert_eq!(said.code, Some(0), "{}", said.error);
    for name in &names {
        let svg = fs::read_to_string(folder.path().join("figures").join(name)).unwrap();
        // Not all figures of two runs are of one of them.
        let path = folder.path().join("pixels").join(name.replace(".svg", ".png"));
        let Ok(pixels) = Pixmap::load_png(&path) else {
            assert!(!path.exists(), "{name} cannot be decoded");
            continue;
        };
        let side = |attribute: &str| {
            let from = svg.find(&format!("{attribute}=\"")).unwrap() + attribute.len() + 2;
            svg[from..].split('"').next().unwrap().parse::<f32>().unwrap()
        };
        // 96 to the inch in SVG, 300 here. Figures of one run may be lower than those of two.
        assert_eq!(pixels.width(), (side("width") * 3.125) as u32, "{name}");
        assert!(pixels.height() as f32 > 100.0 * 3.125, "{name} is {} high", pixels.height());
        let mut colours: Vec<[u8; 4]> =
            pixels.data().chunks(4).map(|pixel| [pixel[0], pixel[1], pixel[2], pixel[3]]).collect();
        let ink = colours.iter().filter(|colour| **colour != [u8::MAX; 4]).count();
        assert!(
            ink * 200 > colours.len() && ink * 20 < colours.len() * 19,
            "{name}: {ink} of {}",
            colours.len()
        );
        colours.sort_unstable();
        colours.dedup();
        assert!(colours.len() > 10, "{name} has {} colours", colours.len());
    }
    assert!(fs::read_dir(folder.path().join("pixels")).unwrap().count() >= 10);
}

/// The bundle that pages carry is what the lock file says, unchanged since it was built.
#[test]
fn the_chart_library_is_the_one_of_the_lock_file() {
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("report");
    let json = |name: &str| -> serde_json::Value {
        serde_json::from_str(&fs::read_to_string(home.join(name)).unwrap()).unwrap()
    };
    let (lock, built) = (json("package-lock.json"), json("vendor/built.json"));
    let bundle = fs::read(home.join("vendor/echarts.min.js")).unwrap();
    let sha256: String = Sha256::digest(&bundle).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(
        built["sha256"], sha256,
        "vendor/echarts.min.js is not what was built: npm ci && npm run build"
    );
    let banner = String::from_utf8_lossy(&bundle[..200]).into_owned();
    for name in ["echarts", "zrender", "tslib", "esbuild"] {
        let locked = &lock["packages"][format!("node_modules/{name}")];
        let integrity = locked["integrity"].as_str().unwrap();
        assert_eq!(built["integrity"][name], integrity, "{name} was locked anew: npm ci && npm run build");
        let told = format!("{name} {} ", locked["version"].as_str().unwrap());
        assert!(name == "esbuild" || banner.contains(&told), "{told}is not in {banner}");
    }
    let wanted = json("package.json");
    let version = &lock["packages"]["node_modules/echarts"]["version"];
    assert_eq!(&wanted["devDependencies"]["echarts"], version, "package.json and lock file differ");
}

#[test]
fn what_is_said_of_folders_that_are_not_what_they_should_be() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path();
    let mut told = String::new();
    let mut tell = |what: &str, arguments: &[&str]| {
        let said = goshawk(home, arguments);
        let error = said.error.replace(home.to_str().unwrap(), "HOME");
        told.push_str(&format!("# {what}: exit {}\n{error}\n", said.code.unwrap()));
    };
    tell("no folder", &["report", "nowhere"]);
    fs::create_dir(home.join("empty")).unwrap();
    tell("an empty folder", &["report", "empty"]);
    fs::write(home.join("file"), "").unwrap();
    tell("a file", &["report", "file"]);
    run(home, "smoke", "smoke", &[]);
    tell("a folder that cannot be written to", &["report", "smoke", "--out", "nowhere/report.html"]);
    tell("figures where a file is", &["report", "smoke", "--figures", "file"]);
    tell("a format of nothing", &["report", "smoke", "--format", "png"]);
    tell("a page among the tables", &["report", "smoke", "--out", "smoke/report.html"]);
    fs::remove_dir_all(home.join("smoke/trades")).unwrap();
    fs::write(home.join("smoke/storage_periods/part-00000-00000.parquet"), "no table").unwrap();
    tell("without a table, and with one that is none", &["report", "smoke"]);
    for table in fs::read_dir(home.join("smoke")).unwrap().map(|entry| entry.unwrap().path()) {
        if table.is_dir() && table.file_name().unwrap() != "ledger" {
            fs::remove_dir_all(table).unwrap();
        }
    }
    tell("without any table", &["report", "smoke"]);
    let manifest = home.join("smoke/manifest.json");
    fs::write(&manifest, fs::read_to_string(&manifest).unwrap().replace("\"seed\": 1", "\"seed\": 2"))
        .unwrap();
    tell("a manifest that was changed", &["report", "smoke"]);
    insta::assert_snapshot!("bad_folders", told);
}
