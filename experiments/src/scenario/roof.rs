//! Panels, how they lie, and their inverter: the section `[photovoltaics]`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The roof of every household; equations (1) and (2).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Photovoltaics {
    /// Panel area A in m2, 0 to 10000; 0 means no panels.
    #[schemars(range(min = 0.0, max = 10_000.0))]
    pub area_m2: f64,
    /// Spread of the area: each household draws uniformly within plus or minus this share, 0 to 1.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub area_spread: f64,
    /// Efficiency delta_0 at a cell temperature of 298 K, above 0 up to 1.
    #[schemars(range(max = 1.0), extend("exclusiveMinimum" = 0.0))]
    pub efficiency: f64,
    /// Temperature coefficient r: share of efficiency lost per kelvin of cell temperature, 0 to 0.02.
    #[schemars(
        range(min = 0.0, max = 0.02),
        extend("x-in-words" = "a loss per kelvin from 0 to 0.02, without the minus of data sheets: 0.004 for -0.4 %/K")
    )]
    pub temperature_coefficient_per_k: f64,
    /// Tilt of the panels from the horizontal in degrees, 0 (flat) to 90 (upright). The 24 values of `[weather]` are
    /// irradiance on the panels already, and not transposed.
    #[schemars(range(min = 0.0, max = 90.0))]
    pub tilt_deg: f64,
    /// Where the panels face, in degrees clockwise from north, 0 up to 360: 90 is east, 180 south.
    #[schemars(range(min = 0.0, max = 360.0))]
    pub azimuth_deg: f64,
    /// Share of the light on the ground that it throws back, 0 to 1: grass and streets 0.2, fresh snow 0.8.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub albedo: f64,
    /// How diffuse light is brought onto tilted panels.
    pub transposition: Transposition,
    /// How the temperature of the cells follows from sun, air and wind.
    pub cell_model: CellModel,
    /// Cell temperature in degrees Celsius at 800 W/m2 and 20 degrees of air (NOCT), 20 to 90; of the cell model "ross".
    #[schemars(range(min = 20.0, max = 90.0))]
    pub nominal_cell_temperature_c: f64,
    /// u0 of the cell model "faiman": loss of heat in still air in W/(m2 K), 1 to 200.
    #[schemars(range(min = 1.0, max = 200.0))]
    pub faiman_u0: f64,
    /// u1 of the cell model "faiman": further loss with wind in W/(m2 K) per m/s, 0 to 100.
    #[schemars(range(min = 0.0, max = 100.0))]
    pub faiman_u1: f64,
    /// Share of the panels' energy that the inverter delivers to the meter, 0.5 to 1.
    #[schemars(range(min = 0.5, max = 1.0))]
    pub inverter_efficiency: f64,
    /// Peak power of the panels (area times efficiency, at 1 kW/m2) over the inverter's rating, 0.1 to 10; without it and
    /// `inverter_kw` nothing is cut.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.1, max = 10.0))]
    pub dc_ac_ratio: Option<f64>,
    /// The inverter's rating at the meter in kW, above 0 up to 10000, of a household with `area_m2`; one with other panels by
    /// `area_spread` has one in proportion. Instead of `dc_ac_ratio`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 10_000.0), extend("exclusiveMinimum" = 0.0))]
    pub inverter_kw: Option<f64>,
}

impl Default for Photovoltaics {
    fn default() -> Self {
        Self {
            area_m2: 30.0,
            area_spread: 0.0,
            efficiency: 0.18,
            temperature_coefficient_per_k: 0.004,
            tilt_deg: 0.0,
            azimuth_deg: 180.0,
            albedo: 0.2,
            transposition: Transposition::HayDavies,
            cell_model: CellModel::Ross,
            nominal_cell_temperature_c: 45.0,
            faiman_u0: 25.0,
            faiman_u1: 6.84,
            inverter_efficiency: 1.0,
            dc_ac_ratio: None,
            inverter_kw: None,
        }
    }
}

/// How diffuse light from the sky is brought onto tilted panels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Transposition {
    /// From all of the sky alike (Liu and Jordan 1963).
    Isotropic,
    /// A part from around the sun, the rest from all of the sky alike (Hay and Davies 1980).
    #[default]
    HayDavies,
    /// From around the sun, the horizon and the rest of the sky, by clearness and brightness (Perez and others 1990).
    Perez,
}

/// How warm cells become.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CellModel {
    /// Linear in irradiance through the nominal point, whatever the wind (Ross 1976).
    #[default]
    Ross,
    /// By irradiance and wind (Faiman 2008); without wind in the weather, 1 m/s.
    Faiman,
}
