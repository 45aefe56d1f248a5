//! The sun over a site: where it stands, when it is up, and what it sends to the edge of the atmosphere.
//!
//! Positions are those of the Solar Position Algorithm (Reda and Andreas 2004, within 0.0003 degrees from the year -2000
//! to 6000), with refraction of the standard atmosphere at the site's elevation. [`transposition`] brings irradiance
//! onto tilted planes, [`decomposition`] splits it into beam and diffuse.

pub mod decomposition;
pub mod transposition;

use std::ops::Range;

use jiff::{SignedDuration, Timestamp, Zoned};
use solar_positioning::time::JulianDate;
use solar_positioning::{Location, RefractionCorrection, SolarPositions};

/// TT - UT1 in seconds, as measured in 2020. A minute of it moves the sun by less than 0.001 degrees.
const DELTA_T_S: f64 = 69.4;
/// Mean air temperature of the refraction, °C.
const REFRACTION_AIR_C: f64 = 12.0;
/// Elevation of the sun's centre in degrees, without refraction, when its upper edge appears: half its disc, and what
/// refraction lifts it by.
const HORIZON_DEG: f64 = -0.833_7;
/// No sun moves faster than this, in degrees an hour.
const FASTEST_DEG_PER_H: f64 = 15.1;
/// Most that refraction lifts the sun by, in degrees.
const REFRACTION_MAX_DEG: f64 = 0.6;
/// Sunrise and sunset are found to this much of elevation, a quarter of a second.
const HORIZON_PRECISION_DEG: f64 = 0.001;
/// Steps of interpolation for them; the elevation is nearly linear over an hour, and two or three do.
const HORIZON_STEPS: u32 = 20;
/// Mean irradiance at the edge of the atmosphere at one astronomical unit, in W/m², as Spencer's series is used with.
const SOLAR_CONSTANT_W_PER_M2: f64 = 1366.1;

const SECONDS_PER_DAY: f64 = 86_400.0;
const JULIAN_DATE_OF_1970: f64 = 2_440_587.5;
/// The calendar repeats itself after 400 years of so many seconds.
const CALENDAR_CYCLE_S: i64 = 146_097 * 86_400;
/// 1 January 5600: later suns are taken to be those of the same date a calendar cycle or more before.
const LAST_SUN_S: i64 = 114_551_712_000;

/// A place on Earth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Site {
    /// Latitude in degrees, -90 to 90, north positive.
    pub latitude_deg: f64,
    /// Longitude in degrees, -180 to 180, east positive.
    pub longitude_deg: f64,
    /// Height above the sea in m, -500 to 9000.
    pub elevation_m: f64,
}

/// Where the sun stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Position {
    /// Apparent elevation above the horizon in degrees, refraction included; negative at night.
    pub elevation_deg: f64,
    /// Azimuth in degrees, 0 to 360, clockwise from north.
    pub azimuth_deg: f64,
}

impl Position {
    /// Sine of the elevation: cosine of the zenith angle.
    pub fn elevation_sine(&self) -> f64 {
        libm::sin(self.elevation_deg.to_radians())
    }
}

/// The part of an interval in which the sun is up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Daylight {
    /// The middle of that part.
    pub middle: Timestamp,
    /// Its share of the interval, above 0 to 1.
    pub share: f64,
    /// Where the sun stands in the middle.
    pub position: Position,
}

impl Site {
    /// Where the sun stands at an instant.
    pub fn sun_at(&self, at: Timestamp) -> Position {
        self.position(at, RefractionCorrection::new(self.pressure_hpa(), REFRACTION_AIR_C).ok())
    }

    fn position(&self, at: Timestamp, air: Option<RefractionCorrection>) -> Position {
        let seconds = at.as_second();
        let cycles = ((seconds - LAST_SUN_S).max(0) + CALENDAR_CYCLE_S - 1) / CALENDAR_CYCLE_S;
        let seconds = (seconds - cycles * CALENDAR_CYCLE_S) as f64 + f64::from(at.subsec_nanosecond()) * 1e-9;
        let julian = JULIAN_DATE_OF_1970 + seconds / SECONDS_PER_DAY;
        let time = JulianDate::new(julian, DELTA_T_S).expect("invariant: instants are finite");
        let place = Location { latitude: self.latitude_deg, longitude: self.longitude_deg };
        let position = SolarPositions::new()
            .at_from_julian(time, place, self.elevation_m, air)
            .expect("invariant: sites are checked, and suns lie within the algorithm's years");
        Position { elevation_deg: position.elevation_angle(), azimuth_deg: position.azimuth() }
    }

    /// Pressure of the standard atmosphere at the site's elevation, in hPa.
    fn pressure_hpa(&self) -> f64 {
        libm::pow((44_331.514 - self.elevation_m) / 11_880.516, 1.0 / 0.190_263_2)
    }

    /// How far the sun's centre stands above where it is at sunrise, in degrees, without refraction.
    fn above_horizon_deg(&self, at: Timestamp) -> f64 {
        self.position(at, None).elevation_deg - HORIZON_DEG
    }

    /// The part of an interval in which the sun is up: all of it, or from sunrise or to sunset; `None` by night. The
    /// middle of that part is where a mean over the interval sees the sun.
    pub fn daylight(&self, interval: &Range<Timestamp>) -> Option<Daylight> {
        let length = interval.end.duration_since(interval.start);
        let middle = interval.start + length / 2;
        let position = self.sun_at(middle);
        // Within half the interval; the sun rises and sinks the slower, the farther the equator is.
        let moves_deg =
            FASTEST_DEG_PER_H * libm::cos(self.latitude_deg.to_radians()).max(0.05) * length.as_secs_f64()
                / 3600.0
                / 2.0;
        let above_deg = position.elevation_deg - HORIZON_DEG;
        let whole = Some(Daylight { middle, share: 1.0, position });
        if above_deg > moves_deg + REFRACTION_MAX_DEG {
            return whole;
        }
        if above_deg < -moves_deg {
            return None;
        }
        let (first_deg, last_deg) =
            (self.above_horizon_deg(interval.start), self.above_horizon_deg(interval.end));
        let part = match (first_deg > 0.0, last_deg > 0.0, above_deg > 0.0) {
            (true, true, _) | (false, false, true) => return whole,
            (false, false, false) => return None,
            (false, true, _) => self.horizon_within(interval, first_deg, last_deg)..interval.end,
            (true, false, _) => interval.start..self.horizon_within(interval, first_deg, last_deg),
        };
        let up = part.end.duration_since(part.start);
        let middle = part.start + up / 2;
        let share = up.as_secs_f64() / length.as_secs_f64();
        Some(Daylight { middle, share, position: self.sun_at(middle) })
    }

    /// When the sun crosses the horizon within an interval, by linear interpolation; its ends lie on different sides of it.
    fn horizon_within(&self, interval: &Range<Timestamp>, first_deg: f64, last_deg: f64) -> Timestamp {
        let (mut first, mut last) = ((interval.start, first_deg), (interval.end, last_deg));
        for _ in 0..HORIZON_STEPS {
            let share = first.1 / (first.1 - last.1);
            let between = last.0.duration_since(first.0).as_micros() as f64;
            let at = first.0 + SignedDuration::from_micros((between * share) as i64);
            let above_deg = self.above_horizon_deg(at);
            if above_deg.abs() < HORIZON_PRECISION_DEG {
                return at;
            }
            if (above_deg > 0.0) == (first.1 > 0.0) {
                first = (at, above_deg);
            } else {
                last = (at, above_deg);
            }
        }
        first.0
    }

    /// Mean irradiance on a horizontal plane above the atmosphere over an interval, in W/m².
    pub fn extraterrestrial_horizontal_w_per_m2(&self, interval: &Range<Timestamp>) -> f64 {
        self.daylight(interval).map_or(0.0, |light| {
            light.share * extraterrestrial_w_per_m2(light.middle) * light.position.elevation_sine().max(0.0)
        })
    }
}

/// Irradiance across the sun's rays above the atmosphere on the day of an instant (of UTC), in W/m²: Spencer 1971.
pub fn extraterrestrial_w_per_m2(at: Timestamp) -> f64 {
    let day = Zoned::new(at, jiff::tz::TimeZone::UTC).day_of_year();
    let angle = std::f64::consts::TAU / 365.0 * f64::from(day - 1);
    let (sine, cosine) = libm::sincos(angle);
    let (sine_2, cosine_2) = libm::sincos(2.0 * angle);
    let inverse_square =
        1.000_11 + 0.034_221 * cosine + 0.001_28 * sine + 0.000_719 * cosine_2 + 0.000_077 * sine_2;
    SOLAR_CONSTANT_W_PER_M2 * inverse_square
}

/// An interval of so many seconds.
pub(crate) fn interval_from(start: Timestamp, seconds: i64) -> Range<Timestamp> {
    start..start.saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of Reda and Andreas 2004, appendix A.5.
    #[test]
    fn the_papers_example() {
        let site = Site { latitude_deg: 39.742_476, longitude_deg: -105.178_6, elevation_m: 1830.14 };
        let position = site.sun_at("2003-10-17T19:30:30Z".parse().unwrap());
        assert!((position.elevation_deg - (90.0 - 50.111_62)).abs() < 5e-4, "{position:?}");
        assert!((position.azimuth_deg - 194.340_24).abs() < 5e-4, "{position:?}");
    }

    #[test]
    fn a_day_has_as_much_light_as_its_hours_say() {
        let equator = Site { latitude_deg: 0.0, longitude_deg: 0.0, elevation_m: 0.0 };
        let start: Timestamp = "2021-03-20T00:00:00Z".parse().unwrap();
        let shares: f64 = (0..24)
            .filter_map(|hour| {
                equator.daylight(&interval_from(start + SignedDuration::from_hours(hour), 3600))
            })
            .map(|light| light.share)
            .sum();
        // Twelve hours, and the 3.5 minutes by which an edge and refraction come before the centre, twice.
        assert!((shares - (12.0 + 4.0 * 0.833 / 60.0 * 2.0)).abs() < 0.01, "{shares} h");
    }

    #[test]
    fn polar_nights_are_dark_and_far_years_have_a_sun() {
        let pole = Site { latitude_deg: 89.0, longitude_deg: 0.0, elevation_m: 0.0 };
        let midwinter: Timestamp = "2021-12-21T12:00:00Z".parse().unwrap();
        assert_eq!(pole.daylight(&interval_from(midwinter, 3600)), None);
        let midsummer: Timestamp = "9990-06-21T12:00:00Z".parse().unwrap();
        // Half a degree lower than today: the axis rises.
        assert!((pole.sun_at(midsummer).elevation_deg - 24.0).abs() < 0.3);
    }
}
