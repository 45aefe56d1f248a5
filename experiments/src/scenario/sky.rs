//! What `[weather]` and `[photovoltaics]` must have in common: a site for panels that are tilted and days that are made.

use goshawk_agents::solar::Site;
use goshawk_agents::weather::{self, Weather};
use jiff::tz::TimeZone;

use super::meaning::Report;
use super::{Photovoltaics, Portrait, Resample, WeatherSource};

/// Checks that need no data file.
pub(super) fn check(report: &mut Report<'_>, weather: &WeatherSource) {
    for (one, other) in [
        ("latitude_deg", weather.longitude_deg.filter(|_| weather.latitude_deg.is_none())),
        ("longitude_deg", weather.latitude_deg.filter(|_| weather.longitude_deg.is_none())),
    ] {
        if let Some(other) = other {
            let allowed = "both latitude_deg and longitude_deg, or neither";
            report.add(&["weather", one], format!("nothing beside {other}"), allowed);
        }
    }
    let files = weather.files();
    if weather.resample != Resample::None && files.is_empty() {
        let allowed = "\"none\" without a file of many days to draw from";
        report.add(&["weather", "resample"], "days to be drawn from one day", allowed);
    }
    if let Some(name) = weather.csv_zone.as_ref().filter(|name| TimeZone::get(name).is_err()) {
        let allowed = "the name of an IANA time zone, such as \"Europe/Berlin\"";
        report.add(&["weather", "csv_zone"], format!("\"{name}\", which is no known zone"), allowed);
    }
    let Some(roof) = report.section::<Photovoltaics>(&["photovoltaics"]) else { return };
    if let (Some(ratio), Some(_)) = (roof.dc_ac_ratio, roof.inverter_kw) {
        let found = format!("{ratio} beside inverter_kw, which gives another rating");
        report.add(&["photovoltaics", "dc_ac_ratio"], found, "either dc_ac_ratio or inverter_kw");
    }
}

/// The first tilted plane: the path of its tilt, and the tilt in degrees.
pub(super) fn tilted(report: &Report<'_>) -> Option<(Vec<String>, f64)> {
    let roof: Photovoltaics = report.section(&["photovoltaics"])?;
    let own = report.portrait_names().into_iter().filter_map(|name| {
        let portrait: Portrait = report.section(&["portraits", &name])?;
        let tilt = portrait.tilt_deg?;
        Some((vec!["portraits".to_owned(), name, "tilt_deg".to_owned()], tilt))
    });
    let common = (vec!["photovoltaics".to_owned(), "tilt_deg".to_owned()], roof.tilt_deg);
    std::iter::once(common).chain(own).find(|(_, tilt)| *tilt > 0.0)
}

/// The weather at the scenario's site, if it names one; a problem if there is none where one is needed.
pub(super) fn at_site(report: &mut Report<'_>, source: &WeatherSource, weather: Weather) -> Weather {
    let known = weather.site().copied();
    let elevation_m = source.elevation_m.or(known.map(|site| site.elevation_m)).unwrap_or(0.0);
    let place = source.latitude_deg.zip(source.longitude_deg);
    let place = place.or(known.map(|site| (site.latitude_deg, site.longitude_deg)));
    if let Some((latitude_deg, longitude_deg)) = place {
        return weather.at_site(Site { latitude_deg, longitude_deg, elevation_m });
    }
    let allowed = "latitude_deg and longitude_deg, which a CSV file does not have";
    if source.resample == Resample::DayTypes {
        report.add(&["weather"], "no site, beside resample = \"day_types\"", allowed);
    }
    if let Some((path, tilt)) = tilted(report) {
        report.add(&["weather"], format!("no site, beside {} = {tilt}", path.join(".")), allowed);
    }
    weather
}

/// How the days of a run are drawn, if they are.
pub(crate) fn drawn_by(resample: Resample) -> Option<weather::Resample> {
    match resample {
        Resample::None => None,
        Resample::Bootstrap => Some(weather::Resample::Bootstrap),
        Resample::DayTypes => Some(weather::Resample::DayTypes),
    }
}
