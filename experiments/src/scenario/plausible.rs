//! Values that the model can use but hardly anybody means: warnings, which stop no run.
//!
//! Add a check here where a slip of unit, sign or decimal point would go unnoticed: say what was found in the user's
//! own terms, and what is usual.

use goshawk_agents::household::photovoltaics::Array;
use goshawk_agents::solar::transposition::Plane;
use goshawk_agents::weather::Weather;
use jiff::SignedDuration;

use super::meaning::{Course, Report};
use super::{Photovoltaics, Portrait, Scenario, sky};
use crate::assemble::roof::array;

/// The best modules of one junction have about a quarter.
const EFFICIENCY_USUAL_MAX: f64 = 0.27;
/// Largest loss per kelvin in data sheets of crystalline silicon.
const TEMPERATURE_COEFFICIENT_USUAL_MAX: f64 = 0.006;
/// What a kilowatt of panels gives on the clearest days of the sunniest deserts, in kWh.
const DAILY_KWH_PER_KWP_MAX: f64 = 9.0;
/// Flatter panels lose little wherever they face.
const STEEP_DEG: f64 = 10.0;
const FACES_POLE_DEG: f64 = 60.0;
/// Nearer to the equator the sun stands on both sides.
const TROPIC_DEG: f64 = 23.5;

/// Everything about the scenario that is hardly meant.
pub(super) fn check(report: &mut Report<'_>, scenario: &Scenario, weather: &Weather, course: &Course) {
    panels(report, &scenario.photovoltaics);
    planes(report, scenario, weather);
    split(report, scenario, weather);
    daily_energy(report, scenario, weather, course);
}

fn panels(report: &mut Report<'_>, roof: &Photovoltaics) {
    if roof.efficiency > EFFICIENCY_USUAL_MAX {
        let found = format!("{} of the sun's energy", roof.efficiency);
        report.warn(&["photovoltaics", "efficiency"], found, "0.15 to 0.25 for modules that are sold");
    }
    if roof.temperature_coefficient_per_k > TEMPERATURE_COEFFICIENT_USUAL_MAX {
        let found = format!("a loss of {} per kelvin", roof.temperature_coefficient_per_k);
        let plausible =
            "0.002 to 0.005: data sheets give it in percent and with a minus, 0.4 %/K is 0.004 here";
        report.warn(&["photovoltaics", "temperature_coefficient_per_k"], found, plausible);
    }
}

/// The day of the run on which a kilowatt of panels gives most, if that is more than any sun gives.
fn daily_energy(report: &mut Report<'_>, scenario: &Scenario, weather: &Weather, course: &Course) {
    let roof = &scenario.photovoltaics;
    let mut told: Vec<Array> = Vec::new();
    let with_panels =
        |portrait: &&Portrait| portrait.count > 0 && portrait.area_m2.unwrap_or(roof.area_m2) > 0.0;
    for portrait in scenario.portraits.values().filter(with_panels) {
        let array = array(roof, portrait);
        if told.contains(&array) {
            continue;
        }
        let most = best_day_kwh_per_m2(&array, weather, course) / roof.efficiency;
        if most > DAILY_KWH_PER_KWP_MAX {
            let kilowatts = portrait.area_m2.unwrap_or(roof.area_m2) * roof.efficiency;
            let found = format!(
                "sun that makes an array of {kilowatts:.1} kW give {:.0} kWh on a day, {most:.1} kWh per kW",
                kilowatts * most
            );
            let plausible =
                format!("at most {DAILY_KWH_PER_KWP_MAX} kWh per kW and day, in a desert's summer");
            report.warn(&["weather"], found, plausible);
        }
        told.push(array);
    }
}

/// The most that a square metre gives on a day of the run, as the file has it.
fn best_day_kwh_per_m2(array: &Array, weather: &Weather, course: &Course) -> f64 {
    let (mut at, mut most) = (course.start, 0.0_f64);
    while at < course.end {
        let end = at.saturating_add(SignedDuration::from_hours(24)).unwrap_or(course.end).min(course.end);
        let mut day_kwh = 0.0;
        while at < end {
            // Days that are drawn may be of months that the file has not under these dates.
            let Some(reading) = weather.reading(at) else { return most };
            let until = reading.interval.end.min(end);
            day_kwh +=
                array.power_kw_per_m2(weather, &reading) * until.duration_since(at).as_secs_f64() / 3600.0;
            at = until;
        }
        most = most.max(day_kwh);
    }
    most
}

/// Panels that face the pole, and a tilt that has no effect.
fn planes(report: &mut Report<'_>, scenario: &Scenario, weather: &Weather) {
    let Some((path, tilt)) = sky::tilted(report) else { return };
    let Some(site) = weather.site() else {
        let found = format!("{tilt}, beside 24 values of irradiance, which are those on the panels");
        report.warn(&path, found, "a tilt beside a weather file, whose irradiance is that on the horizontal");
        return;
    };
    let roof = &scenario.photovoltaics;
    let own = scenario.portraits.iter().filter_map(|(name, portrait)| {
        portrait.azimuth_deg.or(portrait.tilt_deg)?;
        Some((vec!["portraits", name, "azimuth_deg"], array(roof, portrait).plane))
    });
    let common = Plane { tilt_deg: roof.tilt_deg, azimuth_deg: roof.azimuth_deg, ..Plane::FLAT };
    let (pole, hemisphere) =
        if site.latitude_deg > 0.0 { ("north", "northern") } else { ("south", "southern") };
    let to_pole_deg = if site.latitude_deg > 0.0 { 0.0 } else { 180.0 };
    for (path, plane) in std::iter::once((vec!["photovoltaics", "azimuth_deg"], common)).chain(own) {
        let off_deg = ((plane.azimuth_deg - to_pole_deg + 180.0).rem_euclid(360.0) - 180.0).abs();
        let is_odd = plane.tilt_deg >= STEEP_DEG && off_deg < FACES_POLE_DEG;
        if is_odd && site.latitude_deg.abs() > TROPIC_DEG {
            let found = format!(
                "panels tilted by {} degrees that face {pole} ({}) on the {hemisphere} hemisphere",
                plane.tilt_deg, plane.azimuth_deg
            );
            report.warn(
                &path,
                found,
                "panels that face the equator; azimuths count clockwise from north, 180 is south",
            );
        }
    }
}

/// Light that has to be split by a model, as the file has the global irradiance alone.
fn split(report: &mut Report<'_>, scenario: &Scenario, weather: &Weather) {
    if !weather.is_global_alone() || sky::tilted(report).is_none() {
        return;
    }
    if let Some((field, path)) = scenario.weather.files().first() {
        let found = format!("\"{path}\", without beam and diffuse irradiance, which are estimated");
        report.warn(
            &["weather", field],
            found,
            "a file with columns of all three for panels that are tilted",
        );
    }
}
