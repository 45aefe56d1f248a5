//! A run at a chosen multiple of real time, for demonstrations and for hardware in the loop.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use goshawk_agents::journal::Progress;
use goshawk_engine::{Pacer, SimDuration, SimTime};

/// A run that is asked to stop while it waits goes on within this span.
const NAP: Duration = Duration::from_millis(50);

/// How fast simulated time may pass.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// Seconds of simulated time in a second of real time; above 0. 3600 is an hour in a second.
    pub factor: f64,
    /// How late an instant may be, in real time. Without it no lateness ends the run: it catches up when it can.
    pub tolerance: Option<Duration>,
}

/// Waits for the wall clock. The first instant it is asked for is the present one.
#[derive(Debug)]
pub(crate) struct WallPacer {
    pace: Option<Pace>,
    progress: Arc<Progress>,
    begin: Option<(SimTime, Instant)>,
}

impl WallPacer {
    /// One that waits for nothing, where there is no pace.
    pub(crate) fn new(pace: Option<Pace>, progress: &Arc<Progress>) -> Self {
        Self { pace, progress: Arc::clone(progress), begin: None }
    }
}

impl Pacer for WallPacer {
    fn wait_until(&mut self, time: SimTime) -> Result<(), SimDuration> {
        let Some(Pace { factor, tolerance }) = self.pace else { return Ok(()) };
        let (begin, started) = *self.begin.get_or_insert_with(|| (time, now()));
        let due = Duration::from_secs_f64((time - begin).micros() as f64 * 1e-6 / factor);
        loop {
            let elapsed = now().duration_since(started);
            if elapsed >= due {
                let late = elapsed - due;
                return match tolerance {
                    Some(tolerance) if late > tolerance => {
                        Err(SimDuration::from_micros(late.as_micros() as u64))
                    }
                    _ => Ok(()),
                };
            }
            if self.progress.stop.load(Ordering::Relaxed) {
                return Ok(());
            }
            thread::sleep((due - elapsed).min(NAP));
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "when rows come into being depends on it, never what is in them"
)]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pacer(factor: f64, tolerance: Option<Duration>) -> WallPacer {
        WallPacer::new(Some(Pace { factor, tolerance }), &Arc::default())
    }

    #[test]
    fn simulated_hours_pass_in_the_real_time_that_the_factor_says() {
        let mut pacer = pacer(36_000.0, None);
        let started = now();
        for hour in 1..=3 {
            pacer.wait_until(SimTime::from_hours(hour)).expect("any lateness is tolerated");
        }
        assert!(started.elapsed() >= Duration::from_millis(200), "two hours are 0.2 s");
    }

    #[test]
    fn lateness_beyond_the_tolerance_is_told() {
        let mut pacer = pacer(1e9, Some(Duration::from_millis(20)));
        pacer.wait_until(SimTime::from_hours(1)).expect("the first instant is never late");
        thread::sleep(Duration::from_millis(40));
        let late = pacer.wait_until(SimTime::from_hours(2)).expect_err("40 ms are too late");
        assert!(late.micros() >= 20_000, "{late}");
    }

    #[test]
    fn who_asks_it_to_stop_does_not_wait() {
        let mut pacer = pacer(1.0, None);
        pacer.wait_until(SimTime::ZERO).expect("in time");
        pacer.progress.stop.store(true, Ordering::Relaxed);
        pacer.wait_until(SimTime::from_hours(1_000)).expect("in time");
    }
}
