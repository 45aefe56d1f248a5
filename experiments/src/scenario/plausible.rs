//! Values that the model can use but hardly anybody means: warnings, which stop no run.
//!
//! Add a check here where a slip of unit, sign or decimal point would go unnoticed: say what was found in the user's
//! own terms, and what is usual.

use goshawk_agents::household::photovoltaics::Panel;
use goshawk_agents::weather::Weather;
use jiff::SignedDuration;

use super::meaning::{Course, Report};
use super::{Photovoltaics, Scenario};

/// The best modules of one junction have about a quarter.
const EFFICIENCY_USUAL_MAX: f64 = 0.27;
/// Largest loss per kelvin in data sheets of crystalline silicon.
const TEMPERATURE_COEFFICIENT_USUAL_MAX: f64 = 0.006;
/// What a kilowatt of panels gives on the clearest days of the sunniest deserts, in kWh.
const DAILY_KWH_PER_KWP_MAX: f64 = 9.0;

/// Everything about the scenario that is hardly meant.
pub(super) fn check(report: &mut Report<'_>, scenario: &Scenario, weather: &Weather, course: &Course) {
    panels(report, &scenario.photovoltaics);
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
    let panel = Panel {
        efficiency: roof.efficiency,
        temperature_coefficient_per_k: roof.temperature_coefficient_per_k,
        nominal_cell_temperature_c: roof.nominal_cell_temperature_c,
    };
    let hour = SignedDuration::from_hours(1);
    let (mut at, mut most) = (course.start, 0.0_f64);
    while at < course.end {
        let mut day_kwh = 0.0;
        for _ in 0..24 {
            if at < course.end {
                day_kwh += panel.power_kw_per_m2(&weather.sample(at));
            }
            at = at.saturating_add(hour).unwrap_or(course.end);
        }
        most = most.max(day_kwh / roof.efficiency);
    }
    let largest = scenario.portraits.values().filter(|portrait| portrait.count > 0);
    let area_m2 = largest.map(|portrait| portrait.area_m2.unwrap_or(roof.area_m2)).fold(0.0, f64::max);
    if most > DAILY_KWH_PER_KWP_MAX && area_m2 > 0.0 {
        let kilowatts = area_m2 * roof.efficiency;
        let found = format!(
            "sun that makes an array of {kilowatts:.1} kW give {:.0} kWh on a day, {most:.1} kWh per kW",
            kilowatts * most
        );
        let plausible = format!("at most {DAILY_KWH_PER_KWP_MAX} kWh per kW and day, in a desert's summer");
        report.warn(&["weather"], found, plausible);
    }
}
