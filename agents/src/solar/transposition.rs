//! Irradiance on a tilted plane from that on a horizontal one.

use crate::solar::decomposition::erbs;
use crate::solar::{Daylight, Position, Site, extraterrestrial_w_per_m2};
use crate::weather::{Light, Reading};

/// Below this sine of the elevation (1 degree) a beam is not projected back from the horizontal.
const ELEVATION_SINE_MIN: f64 = 0.017_45;
/// Sine of 5 degrees, the same in the model of Perez.
const PEREZ_ELEVATION_SINE_MIN: f64 = 0.087_155_742_747_658_17;

/// How diffuse light from the sky is brought onto a tilted plane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transposition {
    /// The whole sky is equally bright: Liu and Jordan 1963.
    Isotropic,
    /// A part of the diffuse light comes from around the sun, as much as the beam has of the sun above the atmosphere:
    /// Hay and Davies 1980.
    HayDavies,
    /// A circumsolar part and a brighter horizon, by clearness and brightness: Perez and others 1990.
    Perez,
}

/// How panels lie.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plane {
    /// Tilt from the horizontal in degrees, 0 to 90; 0 lies flat.
    pub tilt_deg: f64,
    /// Where the panels face, in degrees clockwise from north, 0 to 360; 180 is south.
    pub azimuth_deg: f64,
    /// Share of light that the ground reflects, 0 to 1.
    pub albedo: f64,
    /// How diffuse light is transposed.
    pub transposition: Transposition,
}

impl Plane {
    /// Flat panels: their irradiance is the global horizontal one.
    pub const FLAT: Self =
        Self { tilt_deg: 0.0, azimuth_deg: 180.0, albedo: 0.2, transposition: Transposition::HayDavies };

    /// Mean irradiance on the plane in W/m² over the interval of a reading.
    ///
    /// Without a site, without tilt and for light that was measured on the panels nothing is transposed. An hour of sunrise
    /// or sunset sees the sun in the middle of the part in which it is up; by night all light is diffuse.
    pub fn irradiance_w_per_m2(&self, reading: &Reading, site: Option<&Site>) -> f64 {
        let (Some(site), true) = (site, self.tilt_deg > 0.0) else { return reading.sample.light.global() };
        let light = match reading.sample.light {
            Light::OnPanels(irradiance) => return irradiance,
            light if light.global() <= 0.0 && light.beam_normal() <= 0.0 => {
                return light.diffuse() * self.sky();
            }
            light => light,
        };
        let Some(daylight) = site.daylight(&reading.measured) else {
            return light.global() * (self.sky() + self.ground());
        };
        self.under(&light, &daylight)
    }

    /// Irradiance on the plane in W/m² under a sun that is up.
    pub fn under(&self, light: &Light, daylight: &Daylight) -> f64 {
        let above = extraterrestrial_w_per_m2(daylight.middle);
        let (global, beam, diffuse) = match *light {
            Light::OnPanels(irradiance) => return irradiance,
            Light::Split { global, beam_normal, diffuse } => (global, beam_normal, diffuse),
            Light::Global(global) => {
                let light = erbs(global, daylight, above);
                (global, light.beam_normal(), light.diffuse())
            }
        };
        let sun = &daylight.position;
        let incidence = self.incidence_cosine(sun).max(0.0);
        let sky = match self.transposition {
            Transposition::Isotropic => diffuse * self.sky(),
            Transposition::HayDavies => {
                let circumsolar = beam / above;
                let ratio = incidence / sun.elevation_sine().max(ELEVATION_SINE_MIN);
                diffuse * (circumsolar * ratio + (1.0 - circumsolar) * self.sky())
            }
            Transposition::Perez => self.perez(beam, diffuse, above, sun, incidence),
        };
        beam * incidence + sky.max(0.0) + global * self.ground()
    }

    /// Cosine of the angle between the sun's rays and the plane's normal; negative from behind.
    pub fn incidence_cosine(&self, sun: &Position) -> f64 {
        let (tilt_sine, tilt_cosine) = libm::sincos(self.tilt_deg.to_radians());
        let (sine, cosine) = libm::sincos(sun.elevation_deg.to_radians());
        tilt_cosine * sine + tilt_sine * cosine * libm::cos((sun.azimuth_deg - self.azimuth_deg).to_radians())
    }

    /// The share of an even sky's light that the plane sees.
    fn sky(&self) -> f64 {
        (1.0 + libm::cos(self.tilt_deg.to_radians())) / 2.0
    }

    /// The share of global irradiance that the ground throws onto the plane.
    fn ground(&self) -> f64 {
        self.albedo * (1.0 - libm::cos(self.tilt_deg.to_radians())) / 2.0
    }

    fn perez(&self, beam: f64, diffuse: f64, above: f64, sun: &Position, incidence: f64) -> f64 {
        let zenith_deg = 90.0 - sun.elevation_deg;
        if diffuse <= 0.0 || zenith_deg > 90.0 {
            return diffuse * self.sky();
        }
        let zenith = zenith_deg.to_radians();
        // Relative air mass: Kasten and Young 1989.
        let air_mass =
            1.0 / (libm::cos(zenith) + 0.505_72 * libm::pow(6.079_95 + (90.0 - zenith_deg), -1.6364));
        let brightness = diffuse * air_mass / above;
        let kappa = 1.041 * zenith * zenith * zenith;
        let clearness = ((diffuse + beam) / diffuse + kappa) / (1.0 + kappa);
        let bin = PEREZ_BINS.iter().filter(|&&bound| clearness >= bound).count();
        let [f11, f12, f13, f21, f22, f23] = PEREZ_COEFFICIENTS[bin];
        let circumsolar = (f11 + f12 * brightness + f13 * zenith).max(0.0);
        let horizon = f21 + f22 * brightness + f23 * zenith;
        let ratio = incidence / libm::cos(zenith).max(PEREZ_ELEVATION_SINE_MIN);
        let tilt_sine = libm::sin(self.tilt_deg.to_radians());
        diffuse * ((1.0 - circumsolar) * self.sky() + circumsolar * ratio + horizon * tilt_sine)
    }
}

/// Lower bounds of clearness of the bins after the first.
const PEREZ_BINS: [f64; 7] = [1.065, 1.23, 1.5, 1.95, 2.8, 4.5, 6.2];

/// F11, F12, F13, F21, F22 and F23 by bin of clearness: "all sites composite" of Perez and others 1990, table 6.
const PEREZ_COEFFICIENTS: [[f64; 6]; 8] = [
    [-0.008, 0.588, -0.062, -0.060, 0.072, -0.022],
    [0.130, 0.683, -0.151, -0.019, 0.066, -0.029],
    [0.330, 0.487, -0.221, 0.055, -0.064, -0.026],
    [0.568, 0.187, -0.295, 0.109, -0.152, -0.014],
    [0.873, -0.392, -0.362, 0.226, -0.462, 0.001],
    [1.132, -1.237, -0.412, 0.288, -0.823, 0.056],
    [1.060, -1.600, -0.359, 0.264, -1.127, 0.131],
    [0.678, -0.327, -0.250, 0.156, -1.377, 0.251],
];

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::*;

    fn daylight(elevation_deg: f64, azimuth_deg: f64) -> Daylight {
        let middle: Timestamp = "2019-06-21T12:00:00Z".parse().unwrap();
        Daylight { middle, share: 1.0, position: Position { elevation_deg, azimuth_deg } }
    }

    fn plane(tilt_deg: f64, azimuth_deg: f64, transposition: Transposition) -> Plane {
        Plane { tilt_deg, azimuth_deg, albedo: 0.2, transposition }
    }

    #[test]
    fn a_hand_computed_plane() {
        // Sun 30 degrees high in the south, plane tilted by 60 degrees to it: the beam falls straight onto it. Isotropic:
        // 500 + 100 (1 + 0.5) / 2 + 350 0.2 (1 - 0.5) / 2 = 592.5.
        let light = Light::Split { global: 350.0, beam_normal: 500.0, diffuse: 100.0 };
        let sun = daylight(30.0, 180.0);
        let on_plane = plane(60.0, 180.0, Transposition::Isotropic).under(&light, &sun);
        assert!((on_plane - 592.5).abs() < 1e-9, "{on_plane}");
        // Hay-Davies: 500 / 1322.6 of the diffuse light is doubled, 1 / sin 30.
        let share = 500.0 / extraterrestrial_w_per_m2(sun.middle);
        let expected = 500.0 + 100.0 * (share * 2.0 + (1.0 - share) * 0.75) + 17.5;
        let on_plane = plane(60.0, 180.0, Transposition::HayDavies).under(&light, &sun);
        assert!((on_plane - expected).abs() < 1e-9, "{on_plane} for {expected}");
    }

    #[test]
    fn a_sun_behind_the_plane_sends_no_beam() {
        let light = Light::Split { global: 250.0, beam_normal: 500.0, diffuse: 0.0 };
        let on_plane = plane(90.0, 0.0, Transposition::HayDavies).under(&light, &daylight(30.0, 180.0));
        assert!((on_plane - 250.0 * 0.1).abs() < 1e-9, "only the ground's light: {on_plane}");
    }

    proptest! {
        #[test]
        fn a_plane_that_lies_flat_sees_the_global_irradiance(
            elevation in 8.0f64..80.0, azimuth in 0.0f64..360.0, beam in 0.0f64..900.0, diffuse in 1.0f64..400.0,
        ) {
            let sun = daylight(elevation, azimuth);
            let global = beam * sun.position.elevation_sine() + diffuse;
            let light = Light::Split { global, beam_normal: beam, diffuse };
            for model in [Transposition::Isotropic, Transposition::HayDavies, Transposition::Perez] {
                let on_plane = plane(0.0, 180.0, model).under(&light, &sun);
                prop_assert!((on_plane - global).abs() < 1e-6 * global, "{model:?}: {on_plane} for {global}");
            }
        }

        #[test]
        fn no_plane_sees_less_than_nothing(
            elevation in -0.8f64..90.0, azimuth in 0.0f64..360.0, tilt in 0.0f64..90.0, facing in 0.0f64..360.0,
            beam in 0.0f64..1000.0, diffuse in 0.0f64..600.0,
        ) {
            let sun = daylight(elevation, azimuth);
            let light = Light::Split { global: diffuse, beam_normal: beam, diffuse };
            for model in [Transposition::Isotropic, Transposition::HayDavies, Transposition::Perez] {
                let on_plane = plane(tilt, facing, model).under(&light, &sun);
                prop_assert!(on_plane >= 0.0 && on_plane.is_finite(), "{model:?}: {on_plane}");
            }
        }
    }
}
