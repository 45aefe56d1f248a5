//! The weather over a run, and what is on the roofs beneath it.

use goshawk_agents::calendar::{Calendar, PeriodIndex};
use goshawk_agents::household::photovoltaics::{Array, CellTemperature, Inverter, Panel};
use goshawk_agents::solar::transposition::{Plane, Transposition};
use goshawk_agents::weather::Weather;
use goshawk_engine::Streams;
use jiff::SignedDuration;

use crate::scenario::{self, CellModel, Loaded, Photovoltaics, Portrait, sky};

/// The loaded weather, or days drawn from it for this replicate.
pub(super) fn weather(loaded: &Loaded, calendar: &Calendar, streams: &Streams) -> Weather {
    let Some(resample) = sky::drawn_by(loaded.scenario.weather.resample) else {
        return loaded.weather.clone();
    };
    let start = calendar.moment(PeriodIndex(0)).instant();
    let micros = calendar.period().micros() * u64::from(calendar.periods());
    let length = SignedDuration::from_micros(i64::try_from(micros).unwrap_or(i64::MAX));
    loaded.weather.drawn(resample, streams, start..start + length)
}

/// What households of a portrait have on a square metre of roof.
pub(crate) fn array(roof: &Photovoltaics, portrait: &Portrait) -> Array {
    let peak_kw_per_m2 = roof.efficiency;
    let area_m2 = portrait.area_m2.unwrap_or(roof.area_m2);
    let limit_kw_per_m2 = match (roof.dc_ac_ratio, roof.inverter_kw) {
        (Some(ratio), _) => peak_kw_per_m2 / ratio,
        (None, Some(rating_kw)) if area_m2 > 0.0 => rating_kw / area_m2,
        _ => f64::INFINITY,
    };
    Array {
        panel: Panel {
            efficiency: roof.efficiency,
            temperature_coefficient_per_k: roof.temperature_coefficient_per_k,
            cell_temperature: match roof.cell_model {
                CellModel::Ross => CellTemperature::Ross { nominal_c: roof.nominal_cell_temperature_c },
                CellModel::Faiman => CellTemperature::Faiman {
                    still_w_per_m2_k: roof.faiman_u0,
                    wind_w_per_m2_k_per_m_per_s: roof.faiman_u1,
                },
            },
        },
        plane: Plane {
            tilt_deg: portrait.tilt_deg.unwrap_or(roof.tilt_deg),
            azimuth_deg: portrait.azimuth_deg.unwrap_or(roof.azimuth_deg),
            albedo: roof.albedo,
            transposition: match roof.transposition {
                scenario::Transposition::Isotropic => Transposition::Isotropic,
                scenario::Transposition::HayDavies => Transposition::HayDavies,
                scenario::Transposition::Perez => Transposition::Perez,
            },
        },
        inverter: Inverter { efficiency: roof.inverter_efficiency, limit_kw_per_m2 },
    }
}
