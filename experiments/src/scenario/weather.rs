//! Sun, air temperature and wind: the section `[weather]`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Sun, air temperature and wind: one file (`tmy3`, `epw` or `csv`), or one day of hourly values that repeats.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WeatherSource {
    /// TMY3 file in its original format, relative to the scenario's folder. It must cover the whole run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub tmy3: Option<String>,
    /// EPW file (EnergyPlus) in its original format, relative to the scenario's folder. It must cover the whole run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub epw: Option<String>,
    /// CSV file with the columns `time` or `time_end`, `ghi_w_per_m2`, `temperature_c`, and if known `dni_w_per_m2` with
    /// `dhi_w_per_m2`, and `wind_speed_m_per_s`, relative to the scenario's folder. It must cover the whole run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub csv: Option<String>,
    /// IANA zone of local times in the CSV file, such as "Europe/Berlin"; without it `time.zone`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    pub csv_zone: Option<String>,
    /// Latitude of the panels in degrees, -90 to 90, north positive; instead of the file's. With `longitude_deg`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -90.0, max = 90.0))]
    pub latitude_deg: Option<f64>,
    /// Longitude of the panels in degrees, -180 to 180, east positive; instead of the file's. With `latitude_deg`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -180.0, max = 180.0))]
    pub longitude_deg: Option<f64>,
    /// Height of the panels above the sea in m, -500 to 9000; without it the file's, or 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -500.0, max = 9000.0))]
    pub elevation_m: Option<f64>,
    /// Whether days are drawn anew from the file's: not at all, whole days of the same month, or days of the month's types.
    #[serde(default)]
    pub resample: Resample,
    /// Irradiance I on the panels in W/m2 (0 to 1500) in the local hours 1 to 24; hour h starts at h:00.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(equal = 24), inner(range(min = 0.0, max = 1500.0)))]
    pub irradiance_w_per_m2: Option<Vec<f64>>,
    /// Air temperature in degrees Celsius (-90 to 60) in the local hours 1 to 24.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(equal = 24), inner(range(min = -90.0, max = 60.0)))]
    pub temperature_c: Option<Vec<f64>>,
}

impl WeatherSource {
    /// The files that it names, each with its field.
    pub fn files(&self) -> Vec<(&'static str, &str)> {
        let named = [("tmy3", &self.tmy3), ("epw", &self.epw), ("csv", &self.csv)];
        named.into_iter().filter_map(|(field, path)| Some((field, path.as_deref()?))).collect()
    }
}

/// Whether and how days are drawn anew from those of the weather file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Resample {
    /// The file's own days.
    #[default]
    None,
    /// Whole days of the same month, each as likely.
    Bootstrap,
    /// A Markov chain of overcast, mixed and clear days, with an autoregressive clearness index within the day.
    DayTypes,
}
