//! What is wrong with an input: where it is, what was found there, and what is allowed.

use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents,
    SourceCode, SourceSpan, SpanContents,
};

/// Columns of a terminal that rendered problems are wrapped to.
const WIDTH: usize = 110;

/// A longer line, such as the column names of a weather file, is named but not shown.
const SHOWN_LINE_MAX: usize = 240;

/// The name of the source of a `--set` argument.
pub(crate) const SET: &str = "--set";

/// A text that problems point into: a file, or the value of an option such as `--set`.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) name: String,
    pub(crate) text: String,
}

/// A stretch of a source.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) source: Arc<Source>,
    pub(crate) span: Range<usize>,
}

/// What a problem means for the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// Nothing runs.
    Error,
    /// The run goes ahead: the value can be used, but hardly anybody means it.
    Warning,
}

/// One thing that is wrong with a scenario or with a data file that it names.
#[derive(Debug, Clone)]
pub struct Problem {
    /// What it means for the run.
    pub severity: Severity,
    /// File, as it was given; of the command line, the option, such as `--set`.
    pub file: String,
    /// Line in the file, from 1.
    pub line: usize,
    /// Column in the line, in characters from 1.
    pub column: usize,
    /// The scenario's field as a dotted path, such as `battery.capacity_kwh`; empty if the file is not even TOML.
    pub field: String,
    /// What is there.
    pub found: String,
    /// What may be there; of a warning, what is usual there.
    pub allowed: String,
    /// Bytes of the file's text that this is about.
    pub span: Range<usize>,
    /// For an unknown field, the known field (as a dotted path) that was probably meant.
    pub meant: Option<String>,
    source: Arc<Source>,
}

impl Problem {
    pub(crate) fn new(
        place: &Place,
        field: impl Into<String>,
        found: impl Into<String>,
        allowed: impl Into<String>,
    ) -> Self {
        let text = &place.source.text;
        let span = place.span.start.min(text.len())..place.span.end.min(text.len());
        let before = text.get(..span.start).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            severity: Severity::Error,
            file: place.source.name.clone(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            field: field.into(),
            found: found.into(),
            allowed: allowed.into(),
            span,
            meant: None,
            source: Arc::clone(&place.source),
        }
    }

    /// A value that can be used but is hardly meant; `plausible` says what is usual.
    pub(crate) fn warning(
        place: &Place,
        field: impl Into<String>,
        found: impl Into<String>,
        plausible: impl Into<String>,
    ) -> Self {
        Self { severity: Severity::Warning, ..Self::new(place, field, found, plausible) }
    }

    /// A problem of an option of the command line: of the bytes `span` of its `value`.
    pub fn of_option(
        option: &str,
        value: &str,
        span: Range<usize>,
        found: impl Into<String>,
        allowed: impl Into<String>,
    ) -> Self {
        let source = Source { name: option.to_owned(), text: value.to_owned() };
        Self::new(&Place { source: Arc::new(source), span }, "", found, allowed)
    }

    /// The line that the problem starts in.
    fn shown_line(&self) -> &str {
        self.source.text.lines().nth(self.line - 1).unwrap_or_default()
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.file.starts_with("--") {
            write!(f, "{} {}: ", self.file, self.source.text)?;
        } else {
            write!(f, "{}:{}: ", self.file, self.line)?;
        }
        if !self.field.is_empty() {
            write!(f, "{}: ", self.field)?;
        }
        let (before, usual) = match self.severity {
            Severity::Error => ("", "allowed"),
            Severity::Warning => ("implausible: ", "plausible"),
        };
        write!(f, "{before}found {}; {usual}: {}", self.found, self.allowed)
    }
}

impl std::error::Error for Problem {}

impl Diagnostic for Problem {
    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&*self.source)
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let hint = format!("did you mean `{}`?", self.meant.as_ref()?);
        Some(Box::new(hint))
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let shown = self.shown_line().len() <= SHOWN_LINE_MAX && !self.source.text.is_empty();
        // Of a span over several lines only the first is marked.
        let first_line = self.source.text.get(self.span.clone()).and_then(|text| text.lines().next());
        let label = LabeledSpan::new(None, self.span.start, first_line.map_or(0, str::len));
        shown.then(|| Box::new(std::iter::once(label)) as Box<dyn Iterator<Item = LabeledSpan>>)
    }
}

/// Every problem of an input, in the order of its lines; never empty.
#[derive(Debug, Clone)]
pub struct Problems {
    list: Vec<Problem>,
}

impl Problems {
    /// All of `list`: those of `main` first, then those of other files, each in the order of their lines.
    pub(crate) fn all(mut list: Vec<Problem>, main: &str) -> Option<Self> {
        sort(&mut list, main);
        if list.is_empty() { None } else { Some(Self { list }) }
    }

    /// Problems of the command line before those of a scenario; `None` where there are neither.
    pub fn with_options(options: Vec<Problem>, scenario: Option<Self>) -> Option<Self> {
        let list: Vec<Problem> =
            options.into_iter().chain(scenario.into_iter().flat_map(|problems| problems.list)).collect();
        if list.is_empty() { None } else { Some(Self { list }) }
    }

    pub(crate) fn one(problem: Problem) -> Self {
        Self { list: vec![problem] }
    }

    /// A file that cannot even be read.
    pub(crate) fn unreadable(path: &Path, why: &str) -> Self {
        let name = path.display().to_string();
        let found = format!("\"{name}\", {why}");
        let place = Place { source: Arc::new(Source { name, text: String::new() }), span: 0..0 };
        Self::one(Problem::new(&place, "", found, "a scenario file that can be read"))
    }

    /// The problems, one by one.
    pub fn iter(&self) -> std::slice::Iter<'_, Problem> {
        self.list.iter()
    }

    /// How many there are; at least one.
    #[expect(clippy::len_without_is_empty, reason = "there is always a problem")]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// For people: each problem with the line it is in.
    pub fn render(&self, color: Color) -> String {
        render(&self.list, color)
    }
}

/// The list in the order in which problems are told: those of `main` first, then those of other files, each in the order
/// of their lines.
pub(crate) fn sort(list: &mut [Problem], main: &str) {
    list.sort_by(|a, b| {
        let key = |problem: &Problem| (problem.file != main, problem.file.clone(), problem.span.start);
        key(a).cmp(&key(b))
    });
}

/// For people: each problem or warning with the line it is in.
pub fn render(problems: &[Problem], color: Color) -> String {
    let theme = match color {
        Color::Never => GraphicalTheme::unicode_nocolor(),
        Color::Always => GraphicalTheme::unicode(),
    };
    let handler =
        GraphicalReportHandler::new_themed(theme).with_width(WIDTH).with_context_lines(1).with_links(false);
    let mut text = String::new();
    for problem in problems {
        // Writing to a string cannot fail.
        let _ = handler.render_report(&mut text, problem);
        text.push('\n');
    }
    text
}

impl<'a> IntoIterator for &'a Problems {
    type Item = &'a Problem;
    type IntoIter = std::slice::Iter<'a, Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.iter()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.list.iter().map(ToString::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl std::error::Error for Problems {}

/// Whether rendered problems carry terminal colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Color {
    /// Plain text.
    Never,
    /// ANSI colours.
    Always,
}

/// Shows the whole line that a problem is in, and no line around it: in data files lines are long.
impl SourceCode for Source {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        context_lines_before: usize,
        context_lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let exact = self.text.read_span(span, 0, 0)?;
        let (line, column) = (exact.line(), exact.column());
        let with_context = context_lines_before + context_lines_after > 0;
        let shown = if with_context {
            self.line_around(span.offset())
        } else {
            span.offset()..span.offset() + span.len()
        };
        let column = if with_context { 0 } else { column };
        let data = &self.text.as_bytes()[shown.clone()];
        let contents = MietteSpanContents::new_named(
            self.name.clone(),
            data,
            shown.into(),
            line,
            column,
            exact.line_count(),
        );
        Ok(Box::new(contents))
    }
}

impl Source {
    fn line_around(&self, at: usize) -> Range<usize> {
        let start = self.text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let end = self.text[at..].find('\n').map_or(self.text.len(), |newline| at + newline);
        start..end
    }
}
