//! Driving: trips with departures and arrivals in continuous time, drawn day by day.
//!
//! Each day takes the same number of draws from the household's own stream, whatever comes of them, so that a
//! longer horizon and other households change none of them.

use goshawk_engine::{SimTime, Stream};
use goshawk_market::quantity::Energy;
use jiff::civil::{Date, Weekday};
use serde::{Deserialize, Serialize};

use crate::calendar::{Calendar, CalendarError};
use crate::household::air::Air;
use crate::household::vehicle::Consumption;
use crate::saved::saved;

/// The distribution of one day's trip.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TripDistribution {
    /// Mean and standard deviation of the departure, in hours of the local clock; normal, cut to a day.
    pub departure_hour: (f64, f64),
    /// Mean and standard deviation of the time away in hours; normal, cut to [`AWAY_HOURS`].
    pub away_hours: (f64, f64),
    /// Mean and standard deviation of the distance in km; log-normal.
    pub distance_km: (f64, f64),
    /// Probability that there is a trip on a day.
    pub probability: f64,
}

/// Shortest and longest time away in hours.
pub const AWAY_HOURS: (f64, f64) = (0.25, 16.0);
/// No day's distance is longer than this many times its mean.
const DISTANCE_CAP: f64 = 4.0;
/// No departure is earlier than planned by more than this many hours.
const EARLY_HOURS_MAX: f64 = 3.0;

/// How a portrait drives.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DrivingHabit {
    /// Monday to Friday.
    pub weekday: TripDistribution,
    /// Saturday and Sunday.
    pub weekend: TripDistribution,
    /// What a km takes.
    pub consumption: Consumption,
    /// Probability that a departure comes earlier than planned.
    pub early_probability: f64,
    /// Mean of how much earlier, in hours; exponential, at most 3 h.
    pub early_mean_hours: f64,
}

/// A trip from leaving to coming back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trip {
    /// When the household means to leave.
    pub planned: SimTime,
    /// When it leaves: as planned, or earlier without having known.
    pub leaves: SimTime,
    /// When it means to be back and plugged in.
    pub returns: SimTime,
    /// What the trip takes out of the battery.
    pub energy: Energy,
}

/// Draws a household's trips in order.
#[derive(Debug)]
pub struct Driving {
    habit: DrivingHabit,
    stream: Stream,
    date: Date,
}

impl Driving {
    /// Trips from `first_date` on.
    pub fn new(habit: DrivingHabit, stream: Stream, first_date: Date) -> Self {
        Self { habit, stream, date: first_date }
    }

    /// The next trip that leaves after `earliest`, or `None` when there is none within the calendar.
    ///
    /// # Errors
    /// When dates leave the calendar's range.
    pub fn next_trip(
        &mut self,
        calendar: &Calendar,
        air: &Air,
        earliest: SimTime,
    ) -> Result<Option<Trip>, CalendarError> {
        loop {
            let date = self.date;
            match calendar.time_at(date, 0.0)? {
                Some(midnight) if midnight >= calendar.horizon_end() => return Ok(None),
                _ => {}
            }
            self.date = date.tomorrow()?;
            let trip = self.draw(calendar, air, date)?;
            if let Some(trip) = trip
                && trip.leaves > earliest
            {
                return Ok(Some(trip));
            }
        }
    }

    /// One day's trip: six draws, whether or not it comes about.
    fn draw(&mut self, calendar: &Calendar, air: &Air, date: Date) -> Result<Option<Trip>, CalendarError> {
        let weekend = matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday);
        let distribution = if weekend { self.habit.weekend } else { self.habit.weekday };
        let happens = self.stream.chance(distribution.probability);
        let (mean, sd) = distribution.departure_hour;
        let departure = self.stream.normal_within(mean, sd, 0.0, 24.0);
        let (mean, sd) = distribution.away_hours;
        let away = self.stream.normal_within(mean, sd, AWAY_HOURS.0, AWAY_HOURS.1);
        let (mean, sd) = distribution.distance_km;
        let distance = self.stream.log_normal_with(mean, sd).min(DISTANCE_CAP * mean);
        let is_early = self.stream.chance(self.habit.early_probability);
        let early = self.stream.exponential(self.habit.early_mean_hours).min(EARLY_HOURS_MAX);
        if !happens {
            return Ok(None);
        }
        let early = if is_early { early } else { 0.0 };
        let Some(planned) = calendar.time_at(date, departure)? else { return Ok(None) };
        let Some(leaves) = calendar.time_at(date, departure - early)? else { return Ok(None) };
        let returns = SimTime::from_micros(planned.micros() + (away * 3.6e9).round() as u64);
        let temperature_c = air.temperature_c(calendar.period_at(planned));
        let energy = Energy::from_f64(distance * self.habit.consumption.kwh_per_km(temperature_c))
            .expect("invariant: distances and consumption are checked input");
        Ok(Some(Trip { planned, leaves, returns, energy }))
    }
}

saved!(Driving { stream, date } parts {} built again { habit });

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weather::Weather;
    use goshawk_engine::Streams;
    use jiff::civil::date;
    use jiff::tz::TimeZone;

    fn habit() -> DrivingHabit {
        let trip = TripDistribution {
            departure_hour: (8.0, 0.5),
            away_hours: (9.0, 1.0),
            distance_km: (40.0, 15.0),
            probability: 0.9,
        };
        DrivingHabit {
            weekday: trip,
            weekend: TripDistribution { probability: 0.0, ..trip },
            consumption: Consumption::PerKm(0.18),
            early_probability: 0.2,
            early_mean_hours: 0.5,
        }
    }

    fn trips(days: u32, entity: &str) -> Vec<Trip> {
        let start = date(2019, 1, 7).at(0, 0, 0, 0).in_tz("UTC").unwrap();
        let calendar = Calendar::new(start, 60, 24 * days).unwrap();
        let streams = Streams { seed: 1, crn_group: 0, replicate: 0, is_mirrored: false };
        let air = Air::over(&calendar, &Weather::daily(&[0.0; 24], &[5.0; 24], TimeZone::UTC));
        let mut driving = Driving::new(habit(), streams.stream("driving", entity), calendar.first_date());
        let mut earliest = SimTime::from_micros(0);
        let mut found = Vec::new();
        while let Some(trip) = driving.next_trip(&calendar, &air, earliest).unwrap() {
            earliest = trip.returns;
            found.push(trip);
        }
        found
    }

    #[test]
    fn a_longer_horizon_keeps_the_first_trips() {
        let (short, long) = (trips(7, "A0001"), trips(70, "A0001"));
        assert!(short.len() >= 3);
        assert_eq!(short[..], long[..short.len()]);
        assert_ne!(trips(7, "A0002")[..3], short[..3]);
    }

    #[test]
    fn trips_do_not_overlap_and_leave_at_or_before_the_plan() {
        let trips = trips(70, "A0001");
        assert!(trips.iter().all(|trip| trip.leaves <= trip.planned && trip.planned < trip.returns));
        assert!(trips.windows(2).all(|pair| pair[0].returns < pair[1].leaves));
        assert!(trips.iter().any(|trip| trip.leaves < trip.planned), "some leave early");
    }

    #[test]
    fn nobody_drives_on_a_weekend_without_weekend_trips() {
        let weekdays = trips(70, "A0001").into_iter().map(|trip| trip.planned.micros() / 86_400_000_000 % 7);
        assert!(weekdays.into_iter().all(|weekday| weekday < 5), "the run starts on a Monday");
    }

    #[test]
    fn the_mean_distance_is_the_stated_one() {
        let trips = trips(700, "A0003");
        let mean = trips.iter().map(|trip| trip.energy.to_f64()).sum::<f64>() / trips.len() as f64;
        assert!((mean / (40.0 * 0.18) - 1.0).abs() < 0.1, "mean trip energy {mean}");
    }
}
