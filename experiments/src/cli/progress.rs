//! How far a run or a comparison is: a bar on a terminal, a line now and then elsewhere.

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use goshawk_agents::journal::Progress;
use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use crate::compare::Course;
use crate::study::course::Course as StudyCourse;

/// How often the bar looks.
const GLANCE: Duration = Duration::from_millis(100);
/// Without a terminal, a line every so many glances, if there is anything new.
const GLANCES_PER_LINE: u32 = 300;

/// Watches from a thread of its own, until it is dropped.
#[derive(Debug)]
pub(super) struct Watch {
    done: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    /// Watches a run of so many periods of so many minutes.
    pub(super) fn start(progress: &Arc<Progress>, periods: u32, period_minutes: u32, quiet: bool) -> Self {
        let progress = Arc::clone(progress);
        Self::with(quiet, move |done| {
            if std::io::stderr().is_terminal() {
                draw(&progress, done, periods, period_minutes);
            } else {
                write_lines(
                    || progress.periods.load(Ordering::Relaxed),
                    done,
                    periods,
                    || format!("periods, {} events", progress.events.load(Ordering::Relaxed)),
                );
            }
        })
    }

    /// Watches so many runs.
    pub(super) fn runs(course: &Arc<Course>, runs: u32, quiet: bool) -> Self {
        let course = Arc::clone(course);
        let finished = move || course.finished.load(Ordering::Relaxed);
        Self::with(quiet, move |done| {
            if std::io::stderr().is_terminal() {
                draw_runs(finished, done, runs);
            } else {
                write_lines(finished, done, runs, || "runs".to_owned());
            }
        })
    }

    /// Watches a study of so many chunks at most.
    pub(super) fn study(course: &Arc<StudyCourse>, chunks: u64, quiet: bool) -> Self {
        let course = Arc::clone(course);
        Self::with(quiet, move |done| {
            if std::io::stderr().is_terminal() {
                draw_study(&course, done, chunks);
            } else {
                write_study(&course, done, chunks);
            }
        })
    }

    fn with(quiet: bool, watching: impl FnOnce(&AtomicBool) + Send + 'static) -> Self {
        let done = Arc::new(AtomicBool::new(false));
        if quiet {
            return Self { done, thread: None };
        }
        let stop = Arc::clone(&done);
        Self { done, thread: Some(thread::spawn(move || watching(&stop))) }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.done.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn draw(progress: &Progress, done: &AtomicBool, periods: u32, period_minutes: u32) {
    let bar = ProgressBar::with_draw_target(Some(u64::from(periods)), ProgressDrawTarget::stderr());
    let template = "{prefix} {bar:32} {pos}/{len} periods  {speed}  {msg}  {elapsed}, {eta} left";
    let style = ProgressStyle::with_template(template)
        .expect("invariant: the template is a constant")
        .with_key("speed", |state: &ProgressState, line: &mut dyn std::fmt::Write| {
            // Writing to a line in memory cannot fail.
            let _ = write!(line, "{:.0} periods/s", state.per_sec());
        });
    bar.set_style(style);
    let started = now();
    while !done.load(Ordering::Relaxed) {
        let periods = progress.periods.load(Ordering::Relaxed);
        let minutes = periods * period_minutes;
        bar.set_prefix(format!("day {} {:02}:{:02}", minutes / 1440, minutes / 60 % 24, minutes % 60));
        let (events, pending) =
            (progress.events.load(Ordering::Relaxed), progress.pending.load(Ordering::Relaxed));
        let per_second = events as f64 / started.elapsed().as_secs_f64().max(0.1);
        bar.set_message(format!("{:.2} M events/s, {pending} pending", 1e-6 * per_second));
        bar.set_position(u64::from(periods));
        thread::sleep(GLANCE);
    }
    bar.finish_and_clear();
}

fn draw_runs(finished: impl Fn() -> u32, done: &AtomicBool, runs: u32) {
    let bar = ProgressBar::with_draw_target(Some(u64::from(runs)), ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("{bar:32} {pos}/{len} runs  {eta} left")
        .expect("invariant: the template is a constant");
    bar.set_style(style);
    while !done.load(Ordering::Relaxed) {
        bar.set_position(u64::from(finished()));
        thread::sleep(GLANCE);
    }
    bar.finish_and_clear();
}

fn write_lines(passed: impl Fn() -> u32, done: &AtomicBool, all: u32, unit: impl Fn() -> String) {
    let mut glances = 0;
    while !done.load(Ordering::Relaxed) {
        thread::sleep(GLANCE);
        glances += 1;
        if glances % GLANCES_PER_LINE == 0 {
            tracing::info!("{} of {all} {}", passed(), unit());
        }
    }
}

fn draw_study(course: &StudyCourse, done: &AtomicBool, chunks: u64) {
    let bar = ProgressBar::with_draw_target(Some(chunks), ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("{bar:24} {pos}/{len} chunks  {msg}")
        .expect("invariant: the template is a constant");
    bar.set_style(style);
    let mut started = None;
    while !done.load(Ordering::Relaxed) {
        if course.is_running.load(Ordering::Relaxed) {
            let elapsed = started.get_or_insert_with(now).elapsed();
            bar.set_position(course.chunks.load(Ordering::Relaxed));
            bar.set_message(study_words(course, chunks, elapsed));
        }
        thread::sleep(GLANCE);
    }
    bar.finish_and_clear();
}

fn write_study(course: &StudyCourse, done: &AtomicBool, chunks: u64) {
    let (mut started, mut glances) = (None, 0);
    while !done.load(Ordering::Relaxed) {
        thread::sleep(GLANCE);
        glances += 1;
        if !course.is_running.load(Ordering::Relaxed) {
            continue;
        }
        let elapsed = started.get_or_insert_with(now).elapsed();
        if glances % GLANCES_PER_LINE == 0 {
            let now = course.chunks.load(Ordering::Relaxed);
            tracing::info!("{now} of {chunks} chunks, {}", study_words(course, chunks, elapsed));
        }
    }
}

/// Replicates and their rate in this process, the time left, and the running intervals of the watched figures.
fn study_words(course: &StudyCourse, chunks: u64, elapsed: Duration) -> String {
    let replicates = course.replicates.load(Ordering::Relaxed);
    let mut words =
        format!("{replicates} replicates, {:.1}/s", f64::from(replicates) / elapsed.as_secs_f64());
    let failed = course.failed.load(Ordering::Relaxed);
    if failed > 0 {
        words.push_str(&format!(", {failed} failed"));
    }
    if let Some(left) = course.seconds_left(chunks, elapsed.as_secs_f64()) {
        words.push_str(&format!(", {} left", HumanDuration(Duration::from_secs_f64(left))));
    }
    for (name, estimate) in course.intervals() {
        let half = estimate.half_width.map(|half| format!(" ± {half:.2}")).unwrap_or_default();
        words.push_str(&format!(", {name} {:.2}{half}", estimate.mean));
    }
    words
}

#[expect(clippy::disallowed_methods, reason = "only what is shown depends on it")]
fn now() -> Instant {
    Instant::now()
}
