//! Splits global horizontal irradiance into beam and diffuse, where a file has the global alone.

use crate::solar::Daylight;
use crate::weather::Light;

/// Below this sine of the elevation the clearness index is not divided further.
const ELEVATION_SINE_MIN: f64 = 0.065;
/// Below this elevation in degrees all light is taken to be diffuse.
const BEAM_ELEVATION_MIN_DEG: f64 = 3.0;

/// The share of diffuse in global horizontal irradiance by clearness index: Erbs, Klein and Duffie 1982.
pub fn erbs_diffuse_share(clearness: f64) -> f64 {
    if clearness <= 0.22 {
        1.0 - 0.09 * clearness
    } else if clearness <= 0.8 {
        let polynomial = [0.9511, -0.1604, 4.388, -16.638, 12.336];
        polynomial.iter().rev().fold(0.0, |sum, coefficient| sum * clearness + coefficient)
    } else {
        0.165
    }
}

/// k_t: global irradiance over that above the atmosphere on the same horizontal plane, 0 to 1.
pub fn clearness_index(global: f64, daylight: &Daylight, extraterrestrial: f64) -> f64 {
    let above =
        extraterrestrial * daylight.position.elevation_sine().max(ELEVATION_SINE_MIN) * daylight.share;
    (global / above).clamp(0.0, 1.0)
}

/// Global irradiance with this share of diffuse.
pub fn split(global: f64, diffuse_share: f64, daylight: &Daylight) -> Light {
    if daylight.position.elevation_deg < BEAM_ELEVATION_MIN_DEG {
        return Light::Split { global, beam_normal: 0.0, diffuse: global };
    }
    let diffuse = global * diffuse_share.clamp(0.0, 1.0);
    Light::Split { global, beam_normal: (global - diffuse) / daylight.position.elevation_sine(), diffuse }
}

/// Global irradiance split by [`erbs_diffuse_share`].
pub fn erbs(global: f64, daylight: &Daylight, extraterrestrial: f64) -> Light {
    split(global, erbs_diffuse_share(clearness_index(global, daylight, extraterrestrial)), daylight)
}
