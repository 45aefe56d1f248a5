//! The page: one file of HTML with its styles, scripts, data, and figures for who has no script.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::ReportError;
use super::data::Data;
use super::still::{SCRIPTS, Still, Stills, Theme, draw};

const TEMPLATE: &str = include_str!("../../report/page.html");
const STYLE: &str = include_str!("../../report/page.css");
const PAGE: &str = include_str!("../../report/page.js");
const LICENCES: [(&str, &str); 4] = [
    ("Apache ECharts: notice", include_str!("../../report/vendor/echarts-NOTICE.txt")),
    ("Apache ECharts", include_str!("../../report/vendor/echarts-LICENSE.txt")),
    ("ZRender", include_str!("../../report/vendor/zrender-LICENSE.txt")),
    ("tslib", include_str!("../../report/vendor/tslib-LICENSE.txt")),
];
/// Groups of figures, in the order of the page.
const GROUPS: [&str; 4] = ["Energy", "Money", "Market", "Scenarios"];
/// Width of the figures for who has no script, in pixels.
const STILL_WIDTH: u32 = 720;

/// What the template is told.
#[derive(Debug, Serialize)]
struct Told<'a> {
    version: &'static str,
    title: &'a str,
    description: &'a str,
    overview: &'a str,
    folder: &'a str,
    facts: &'a [(&'static str, String)],
    notes: &'a [String],
    groups: Vec<Group<'a>>,
    missing: Vec<Shown<'a>>,
    key_figures: &'a str,
    licences: String,
    style: &'static str,
    data: String,
    script_hashes: String,
    scripts: Vec<&'static str>,
}

#[derive(Debug, Serialize)]
struct Group<'a> {
    name: &'static str,
    figures: Vec<Shown<'a>>,
}

#[derive(Debug, Serialize)]
struct Shown<'a> {
    id: &'a str,
    title: &'a str,
    text: &'a str,
    query: &'a str,
    table: &'a str,
    empty: Option<&'a str>,
    svg: Option<&'a str>,
    missing: Option<&'a str>,
}

impl<'a> From<&'a Still> for Shown<'a> {
    fn from(still: &'a Still) -> Self {
        Self {
            id: &still.id,
            title: &still.title,
            text: &still.text,
            query: &still.query,
            table: &still.table,
            empty: still.empty.as_deref(),
            svg: still.svg.as_deref(),
            missing: still.missing.as_deref(),
        }
    }
}

/// The page of a report.
///
/// # Errors
/// When the figures cannot be drawn.
pub fn page(data: &Data) -> Result<String, ReportError> {
    let json = serde_json::to_string(data).map_err(|error| ReportError::Template(error.to_string()))?;
    let stills = draw(&json, Theme::Light, STILL_WIDTH)?;
    render(data, &json, &stills).map_err(|error| ReportError::Template(format!("{error:#}")))
}

fn render(data: &Data, json: &str, stills: &Stills) -> Result<String, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.add_template("page.html", TEMPLATE)?;
    let scripts: Vec<&str> = SCRIPTS.into_iter().chain([PAGE]).collect();
    let groups: Vec<Group<'_>> = GROUPS
        .into_iter()
        .map(|name| Group {
            name,
            figures: stills
                .figures
                .iter()
                .filter(|figure| figure.group == name && figure.missing.is_none())
                .map(Shown::from)
                .collect(),
        })
        .collect();
    let missing: Vec<Shown<'_>> =
        stills.figures.iter().filter(|figure| figure.missing.is_some()).map(Shown::from).collect();
    let licences = LICENCES.map(|(name, text)| format!("{name}\n\n{text}")).join("\n\n");
    let told = Told {
        version: data.program_version,
        title: &data.title,
        description: &data.description,
        overview: &data.overview,
        folder: &data.folder,
        facts: data.scenarios.first().map_or(&[], |scenario| scenario.facts.as_slice()),
        notes: &data.notes,
        groups,
        missing,
        key_figures: &stills.key_figures,
        licences,
        style: STYLE,
        data: within_script(json),
        script_hashes: scripts.iter().map(|script| hash(script)).collect::<Vec<_>>().join(" "),
        scripts,
    };
    environment.get_template("page.html")?.render(Serde(told))
}

/// What a policy knows a script by.
fn hash(script: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(script.as_bytes())))
}

/// JSON that no text in it can end early.
fn within_script(json: &str) -> String {
    json.replace('<', "\\u003c")
}
