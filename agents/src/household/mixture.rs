//! Sessions from a fitted mixture: when somebody plugs in, for how long, and for how much.
//!
//! The hour of plugging in is a mixture of normal distributions; for each hour of the clock the time until departure
//! and the energy are a mixture of normal distributions in two dimensions. This is the shape of the residential model
//! of Power TAC (`residential_ev_1.xml`), which was fitted to recorded sessions.

use std::sync::Arc;

use goshawk_engine::{SimTime, Stream};
use goshawk_market::quantity::{Energy, Power};
use jiff::civil::Date;

use crate::calendar::{Calendar, CalendarError};
use crate::household::session::Session;
use crate::saved::saved;

/// A normal distribution of the hour of plugging in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlugIn {
    /// Relative weight.
    pub weight: f64,
    /// Mean in hours of the local clock.
    pub mean_h: f64,
    /// Standard deviation in hours.
    pub sd_h: f64,
}

/// A normal distribution of the time until departure and the energy, in two dimensions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stay {
    /// Relative weight.
    pub weight: f64,
    /// Mean time until departure in hours.
    pub mean_h: f64,
    /// Its standard deviation.
    pub sd_h: f64,
    /// Mean energy in kWh.
    pub mean_kwh: f64,
    /// Its standard deviation.
    pub sd_kwh: f64,
    /// Their correlation, -1 to 1.
    pub correlation: f64,
}

/// A fitted mixture.
#[derive(Debug, Clone, PartialEq)]
pub struct Mixture {
    /// The hour of plugging in.
    pub plug_in: Vec<PlugIn>,
    /// Time and energy by the hour of plugging in, 0 to 23.
    pub stays: [Vec<Stay>; 24],
}

/// Shortest and longest stay in hours.
pub const STAY_HOURS: (f64, f64) = (0.25, 72.0);

/// Draws the sessions of a household.
#[derive(Debug)]
pub struct MixtureDraws {
    mixture: Arc<Mixture>,
    /// Probability that somebody plugs in on a day.
    probability: f64,
    stream: Stream,
    date: Date,
    number: u32,
    /// The pile's power at the meter, and most that a session can want there.
    limits: (Power, Energy),
}

impl MixtureDraws {
    /// Sessions from `first_date` on, within a charging power and what a battery takes.
    pub fn new(
        mixture: Arc<Mixture>,
        probability: f64,
        stream: Stream,
        first_date: Date,
        limits: (Power, Energy),
    ) -> Self {
        Self { mixture, probability, stream, date: first_date, number: 0, limits }
    }

    /// The next session that begins at or after `earliest`, or `None` when there is none within the calendar. A day whose
    /// session would begin before that has none.
    ///
    /// # Errors
    /// When dates leave the calendar's range.
    pub fn next(&mut self, calendar: &Calendar, earliest: SimTime) -> Result<Option<Session>, CalendarError> {
        loop {
            let date = self.date;
            match calendar.time_at(date, 0.0)? {
                Some(midnight) if midnight >= calendar.horizon_end() => return Ok(None),
                _ => {}
            }
            self.date = date.tomorrow()?;
            self.number += 1;
            let session = self.draw(calendar, date)?;
            if let Some(session) = session
                && session.arrives >= earliest
            {
                return Ok(Some(session));
            }
        }
    }

    /// One day's session: six draws, whether or not it comes about.
    fn draw(&mut self, calendar: &Calendar, date: Date) -> Result<Option<Session>, CalendarError> {
        let stream = &mut self.stream;
        let happens = stream.chance(self.probability);
        let mixture = Arc::clone(&self.mixture);
        let plug_in = chosen(&mixture.plug_in, |one| one.weight, stream.uniform());
        let hour = stream.normal_within(plug_in.mean_h, plug_in.sd_h, 0.0, 24.0).min(24.0 - 1e-9);
        let stay = chosen(&mixture.stays[hour as usize], |one| one.weight, stream.uniform());
        let (first, second) = (stream.normal(0.0, 1.0), stream.normal(0.0, 1.0));
        if !happens {
            return Ok(None);
        }
        let hours = (stay.mean_h + stay.sd_h * first).clamp(STAY_HOURS.0, STAY_HOURS.1);
        let independent = (1.0 - stay.correlation * stay.correlation).max(0.0).sqrt();
        let kwh = stay.mean_kwh + stay.sd_kwh * (stay.correlation * first + independent * second);
        let Some(arrives) = calendar.time_at(date, hour)? else { return Ok(None) };
        let micros = (hours * 3.6e9).round() as u64;
        let (power, most) = self.limits;
        let wanted = Energy::from_f64(kwh.max(0.0)).expect("invariant: mixtures are checked input");
        Ok(Some(Session {
            number: self.number,
            arrives,
            departs: SimTime::from_micros(arrives.micros() + micros),
            energy: wanted.min(power.over_micros(micros)).min(most),
            cut: Energy::ZERO,
            power: None,
            arrival_content: None,
            is_repaired: false,
        }))
    }
}

/// The component in whose part of the weights a uniform number falls.
fn chosen<T>(components: &[T], weight: impl Fn(&T) -> f64, uniform: f64) -> &T {
    let total: f64 = components.iter().map(&weight).sum();
    let mut below = uniform * total;
    components
        .iter()
        .find(|&component| {
            below -= weight(component);
            below < 0.0
        })
        .or(components.last())
        .expect("invariant: a mixture has components")
}

saved!(MixtureDraws { stream, date, number } parts {} built again { mixture, probability, limits });

#[cfg(test)]
mod tests {
    use super::*;
    use goshawk_engine::Streams;
    use jiff::civil::date;

    fn mixture() -> Arc<Mixture> {
        let stays = vec![
            Stay { weight: 3.0, mean_h: 9.0, sd_h: 1.0, mean_kwh: 9.0, sd_kwh: 2.0, correlation: 0.8 },
            Stay { weight: 1.0, mean_h: 2.0, sd_h: 0.2, mean_kwh: 3.0, sd_kwh: 0.5, correlation: 0.0 },
        ];
        let plug_in = vec![PlugIn { weight: 1.0, mean_h: 9.0, sd_h: 1.0 }];
        Arc::new(Mixture { plug_in, stays: std::array::from_fn(|_| stays.clone()) })
    }

    fn sessions(days: u32, entity: &str) -> Vec<Session> {
        let start = date(2019, 1, 7).at(0, 0, 0, 0).in_tz("UTC").unwrap();
        let calendar = Calendar::new(start, 60, 24 * days).unwrap();
        let stream =
            Streams { seed: 1, crn_group: 0, replicate: 0, is_mirrored: false }.stream("sessions", entity);
        let limits = (Power::from_micro(22_000_000), Energy::from_micro(60_000_000));
        let mut draws = MixtureDraws::new(mixture(), 1.0, stream, calendar.first_date(), limits);
        let mut found: Vec<Session> = Vec::new();
        let mut earliest = SimTime::ZERO;
        while let Some(session) = draws.next(&calendar, earliest).unwrap() {
            earliest = session.departs;
            found.push(session);
        }
        found
    }

    #[test]
    fn a_longer_horizon_keeps_the_first_sessions_and_others_have_their_own() {
        let (short, long) = (sessions(7, "a-0001"), sessions(70, "a-0001"));
        assert_eq!(short[..7], long[..7]);
        assert_ne!(short, sessions(7, "a-0002"));
    }

    #[test]
    fn draws_have_the_moments_of_the_mixture() {
        let sessions = sessions(4000, "a-0001");
        let hours = |session: &Session| (session.departs.micros() - session.arrives.micros()) as f64 / 3.6e9;
        let long: Vec<(f64, f64)> = sessions
            .iter()
            .filter(|session| hours(session) > 4.0)
            .map(|session| (hours(session), session.energy.to_f64()))
            .collect();
        let n = long.len() as f64;
        assert!((n / sessions.len() as f64 - 0.75).abs() < 0.02, "weights");
        let mean = |of: fn(&(f64, f64)) -> f64| long.iter().map(of).sum::<f64>() / n;
        let (mean_h, mean_kwh) = (mean(|one| one.0), mean(|one| one.1));
        assert!((mean_h - 9.0).abs() < 0.05 && (mean_kwh - 9.0).abs() < 0.1, "{mean_h} {mean_kwh}");
        let covariance = long.iter().map(|one| (one.0 - mean_h) * (one.1 - mean_kwh)).sum::<f64>() / n;
        assert!((covariance - 0.8 * 1.0 * 2.0).abs() < 0.1, "{covariance}");
    }
}
