//! Figures without a browser: the page's own definitions, executed in QuickJS, with ECharts drawing SVG.

use rquickjs::context::intrinsic;
use rquickjs::{CatchResultExt as _, Context, Ctx, Function, Runtime};
use serde::Deserialize;

use super::ReportError;

/// ECharts, and the definitions of figures: what a page and QuickJS both execute, in this order.
pub const SCRIPTS: [&str; 10] = [
    include_str!("../../report/vendor/echarts.min.js"),
    include_str!("../../report/figures/core.js"),
    include_str!("../../report/figures/draw.js"),
    include_str!("../../report/figures/sql.js"),
    include_str!("../../report/figures/energy.js"),
    include_str!("../../report/figures/money.js"),
    include_str!("../../report/figures/market.js"),
    include_str!("../../report/figures/compare.js"),
    include_str!("../../report/figures/key_figures.js"),
    include_str!("../../report/figures/figure.js"),
];
const HOST: &str = include_str!("../../report/quickjs.js");
const STILL: &str = include_str!("../../report/still.js");
/// A figure's scripts call each other deeply.
const STACK_BYTES: usize = 8 << 20;
/// More than any report takes; an end to a script that runs away.
const MEMORY_BYTES: usize = 1 << 30;

/// A figure in the state in which a page opens.
#[derive(Debug, Clone, Deserialize)]
pub struct Still {
    /// What it is called in files and in the page.
    pub id: String,
    /// Its title.
    pub title: String,
    /// The group that it belongs to.
    pub group: String,
    /// Why it cannot be shown.
    pub missing: Option<String>,
    /// What it says, in words.
    #[serde(default)]
    pub text: String,
    /// The query or the file behind it.
    #[serde(default)]
    pub query: String,
    /// Its numbers, as a table of HTML.
    #[serde(default)]
    pub table: String,
    /// Why there is nothing to draw.
    #[serde(default)]
    pub empty: Option<String>,
    /// The drawing.
    #[serde(default)]
    pub svg: Option<String>,
}

/// How figures are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    /// For white paper.
    Light,
    /// For dark screens.
    Dark,
}

/// What a script says of a report's data.
#[derive(Debug, Clone)]
pub struct Stills {
    /// All figures.
    pub figures: Vec<Still>,
    /// The key figures, as tables of HTML.
    pub key_figures: String,
}

/// Draws all figures that there are, so many pixels wide.
///
/// # Errors
/// When the scripts fail.
pub fn draw(data: &str, theme: Theme, width: u32) -> Result<Stills, ReportError> {
    // Scripts need more stack than a thread is sure to have.
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(2 * STACK_BYTES);
        let drawing = thread.spawn_scoped(scope, || draw_here(data, theme, width));
        let drawing = drawing.map_err(|error| ReportError::Script(error.to_string()))?;
        drawing.join().unwrap_or_else(|_| Err(ReportError::Script("its thread panicked".to_owned())))
    })
}

fn draw_here(data: &str, theme: Theme, width: u32) -> Result<Stills, ReportError> {
    let failed = |error: rquickjs::Error| ReportError::Script(error.to_string());
    let runtime = Runtime::new().map_err(failed)?;
    runtime.set_max_stack_size(STACK_BYTES);
    runtime.set_memory_limit(MEMORY_BYTES);
    let context = Context::builder().with::<intrinsic::All>().build(&runtime).map_err(failed)?;
    context.with(|ctx| {
        for script in [HOST].into_iter().chain(SCRIPTS).chain([STILL]) {
            evaluate(&ctx, script)?;
        }
        call::<()>(&ctx, "open", (data,))?;
        let list: String = call(&ctx, "list", ())?;
        let mut figures: Vec<Still> =
            serde_json::from_str(&list).map_err(|error| ReportError::Script(error.to_string()))?;
        let theme = match theme {
            Theme::Light => "light",
            Theme::Dark => "dark",
        };
        for figure in figures.iter_mut().filter(|figure| figure.missing.is_none() && figure.empty.is_none()) {
            figure.svg = Some(call(&ctx, "svg", (figure.id.as_str(), theme, width))?);
        }
        Ok(Stills { figures, key_figures: call(&ctx, "keyFigures", ())? })
    })
}

fn evaluate(ctx: &Ctx<'_>, script: &str) -> Result<(), ReportError> {
    // As in a page: each script says itself whether it is strict, and the next one sees its globals.
    let mut options = rquickjs::context::EvalOptions::default();
    options.strict = false;
    ctx.eval_with_options::<(), _>(script, options)
        .catch(ctx)
        .map_err(|error| ReportError::Script(error.to_string()))
}

fn call<'js, T: rquickjs::FromJs<'js>>(
    ctx: &Ctx<'js>,
    name: &str,
    arguments: impl rquickjs::function::IntoArgs<'js>,
) -> Result<T, ReportError> {
    let failed = |error: rquickjs::CaughtError<'js>| ReportError::Script(error.to_string());
    let still: rquickjs::Object<'js> = ctx.globals().get("still").catch(ctx).map_err(failed)?;
    let function: Function<'js> = still.get(name).catch(ctx).map_err(failed)?;
    let mut args = rquickjs::function::Args::new(ctx.clone(), arguments.num_args());
    arguments.into_args(&mut args).catch(ctx).map_err(failed)?;
    args.this(still).catch(ctx).map_err(failed)?;
    function.call_arg(args).catch(ctx).map_err(failed)
}
