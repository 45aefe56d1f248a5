//! Vehicle categories, and how much energy a kilometre takes: by road, outside temperature and recovery.
//!
//! At the battery, per km, with speed `v` and stops per km `n` of a kind of road:
//!
//! ```text
//! e = (m g c_rr(T) + 1/2 rho(T) c_d A v²) / eta          rolling and air
//!   + n * 1/2 m' v² * (1/eta - kappa)                    acceleration, less what braking gives back
//!   + P_aux(T) / v                                       heating, cooling, lights
//! ```
//!
//! and `e = u e_town + (1 - u) e_country` for a share `u` of the distance in town.

use goshawk_engine::Stream;
use goshawk_market::quantity::{Energy, Power};

use crate::household::battery::BatterySpec;

/// A category of vehicles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Category {
    /// A compact car, such as a VW ID.3.
    Compact,
    /// A saloon, such as a Tesla Model 3 Long Range.
    Saloon,
    /// A sports utility vehicle, such as a VW ID.4.
    Suv,
    /// A van, such as a VW ID. Buzz.
    Van,
}

/// What a vehicle of a category is like.
///
/// Rounded from the manufacturers' published figures of the models that [`Category`] names: usable battery,
/// on-board charger, WLTP range, kerb weight with a driver of 75 kg, drag coefficient times frontal area.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Vehicle {
    /// Usable battery in kWh.
    pub battery_kwh: f64,
    /// Power of the on-board charger in kW.
    pub charger_kw: f64,
    /// Consumption at the battery in kWh per km: usable battery over WLTP range.
    pub consumption_kwh_per_km: f64,
    /// m: mass with driver in kg.
    pub mass_kg: f64,
    /// c_d A: drag coefficient times frontal area in m².
    pub drag_area_m2: f64,
}

impl Category {
    /// All of them, in the order in which shares are given.
    pub const ALL: [Self; 4] = [Self::Compact, Self::Saloon, Self::Suv, Self::Van];

    /// What its vehicles are like.
    pub const fn vehicle(self) -> Vehicle {
        let (battery_kwh, consumption_kwh_per_km, mass_kg, drag_area_m2) = match self {
            Self::Compact => (58.0, 0.137, 1880.0, 0.63),
            Self::Saloon => (75.0, 0.125, 1920.0, 0.51),
            Self::Suv => (77.0, 0.150, 2200.0, 0.72),
            Self::Van => (77.0, 0.185, 2550.0, 0.90),
        };
        Vehicle { battery_kwh, charger_kw: 11.0, consumption_kwh_per_km, mass_kg, drag_area_m2 }
    }
}

/// g in m/s².
const GRAVITY: f64 = 9.81;
/// c_rr at 20 °C: low-resistance tyres on asphalt.
const ROLLING_AT_20: f64 = 0.0095;
/// Growth of c_rr per kelvin below 20 °C.
const ROLLING_PER_K: f64 = 0.007;
/// Air pressure over the gas constant of dry air, in kg K/m³: rho = this / T.
const DENSITY_KELVIN: f64 = 101_325.0 / 287.05;
const ZERO_CELSIUS_K: f64 = 273.15;
/// m' / m: wheels and motor turn as well.
const ROTATING_MASS: f64 = 1.05;
/// eta: from the battery to the wheels.
const DRIVE_EFFICIENCY: f64 = 0.86;
/// kappa: share of the kinetic energy before a stop that is back in the battery after it.
const RECOVERED: f64 = 0.6;
/// P_aux without heating and cooling, in kW.
const AUXILIARY_KW: f64 = 0.3;
/// Heating in kW per kelvin below [`HEATED_BELOW_C`], and cooling above [`COOLED_ABOVE_C`]: such that the lost range is
/// the one that the American Automobile Association measured in 2019.
const HEATING_KW_PER_K: f64 = 0.125;
const COOLING_KW_PER_K: f64 = 0.115;
const HEATED_BELOW_C: f64 = 21.0;
const COOLED_ABOVE_C: f64 = 23.0;

/// A kind of road: mean driving speed in m/s, and stops per km.
struct Road {
    speed: f64,
    stops_per_km: f64,
}

const TOWN: Road = Road { speed: 32.0 / 3.6, stops_per_km: 1.5 };
const COUNTRY: Road = Road { speed: 90.0 / 3.6, stops_per_km: 0.06 };
/// Joules in a kWh.
const JOULES: f64 = 3.6e6;

/// How much energy a km takes out of the battery.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Consumption {
    /// Always the same, in kWh per km.
    PerKm(f64),
    /// By the forces on the vehicle and the temperature outside.
    Physical {
        /// The vehicle.
        vehicle: Vehicle,
        /// u: share of the distance that is driven in town, 0 to 1.
        urban_share: f64,
    },
}

impl Consumption {
    /// e: energy per km in kWh, at so many °C outside.
    pub fn kwh_per_km(&self, temperature_c: f64) -> f64 {
        match self {
            Self::PerKm(consumption) => *consumption,
            Self::Physical { vehicle, urban_share } => {
                let (town, country) = (vehicle.on(&TOWN, temperature_c), vehicle.on(&COUNTRY, temperature_c));
                urban_share * town + (1.0 - urban_share) * country
            }
        }
    }
}

impl Vehicle {
    fn on(&self, road: &Road, temperature_c: f64) -> f64 {
        let Road { speed, stops_per_km } = *road;
        let rolling = ROLLING_AT_20 * (1.0 + ROLLING_PER_K * (20.0 - temperature_c).max(0.0));
        let density = DENSITY_KELVIN / (temperature_c + ZERO_CELSIUS_K);
        let force = self.mass_kg * GRAVITY * rolling + 0.5 * density * self.drag_area_m2 * speed * speed;
        let kinetic = 0.5 * ROTATING_MASS * self.mass_kg * speed * speed;
        let moving = force * 1000.0 / DRIVE_EFFICIENCY;
        let stopping = stops_per_km * kinetic * (1.0 / DRIVE_EFFICIENCY - RECOVERED);
        (moving + stopping) / JOULES + auxiliary_kw(temperature_c) / (speed * 3.6)
    }
}

/// P_aux: what lights, pumps, heating and cooling take, in kW.
fn auxiliary_kw(temperature_c: f64) -> f64 {
    AUXILIARY_KW
        + HEATING_KW_PER_K * (HEATED_BELOW_C - temperature_c).max(0.0)
        + COOLING_KW_PER_K * (temperature_c - COOLED_ABOVE_C).max(0.0)
}

/// The vehicles of a portrait's households.
#[derive(Debug, Clone, PartialEq)]
pub struct Fleet {
    /// Share of each category, in the order of [`Category::ALL`].
    pub shares: [f64; 4],
    /// Whether the battery's capacity is the category's.
    pub gives_capacity: bool,
    /// Whether the charger's power is the category's.
    pub gives_charger: bool,
    /// What a km takes.
    pub consumption: FleetConsumption,
}

/// What a km takes for the vehicles of a fleet.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FleetConsumption {
    /// What the portrait says.
    AsStated,
    /// The category's figure.
    PerKm,
    /// By forces and temperature, with this share of the distance in town.
    Physical(f64),
}

impl Fleet {
    /// A household's vehicle, one draw: its battery and charger, and what a km takes unless the portrait says it.
    pub fn draw(&self, stream: &mut Stream, battery: &mut BatterySpec) -> Option<Consumption> {
        let mut below = stream.uniform() * self.shares.iter().sum::<f64>();
        let chosen = Category::ALL.iter().zip(self.shares).find(|(_, share)| {
            below -= share;
            below < 0.0
        });
        let vehicle = chosen.map_or(Category::Van, |(&category, _)| category).vehicle();
        if self.gives_capacity {
            battery.capacity =
                Energy::from_f64(vehicle.battery_kwh).expect("invariant: capacities are in range");
        }
        if self.gives_charger {
            battery.charge_power =
                Power::from_f64(vehicle.charger_kw).expect("invariant: powers are in range");
        }
        match self.consumption {
            FleetConsumption::AsStated => None,
            FleetConsumption::PerKm => Some(Consumption::PerKm(vehicle.consumption_kwh_per_km)),
            FleetConsumption::Physical(urban_share) => Some(Consumption::Physical { vehicle, urban_share }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// AAA mixed the two EPA cycles by 55 % town and 45 % highway.
    fn as_tested(category: Category, temperature_c: f64) -> f64 {
        Consumption::Physical { vehicle: category.vehicle(), urban_share: 0.55 }.kwh_per_km(temperature_c)
    }

    #[test]
    fn cold_and_heat_cost_the_range_that_was_measured() {
        // AAA (2019), mean of five cars against 75 °F, heating and cooling on: range down by 41 % at 20 °F and by 17 % at
        // 95 °F.
        let (cold, mild, hot) = (-20.0 / 3.0, 215.0 / 9.0, 35.0);
        let mean = |at: f64| Category::ALL.iter().map(|&car| as_tested(car, at)).sum::<f64>() / 4.0;
        let lost = |at: f64| 1.0 - mean(mild) / mean(at);
        assert!((lost(cold) - 0.41).abs() < 0.03, "{}", lost(cold));
        assert!((lost(hot) - 0.17).abs() < 0.03, "{}", lost(hot));
    }

    #[test]
    fn in_mild_weather_a_km_takes_about_what_wltp_says() {
        for category in Category::ALL {
            let vehicle = category.vehicle();
            // About half of the WLTP's distance is below 60 km/h.
            let here = Consumption::Physical { vehicle, urban_share: 0.5 }.kwh_per_km(20.0);
            let ratio = here / vehicle.consumption_kwh_per_km;
            assert!((0.85..1.15).contains(&ratio), "{category:?}: {ratio}");
        }
    }

    #[test]
    fn a_heavier_vehicle_takes_more_on_every_road() {
        let on = |category: Category, urban_share| {
            Consumption::Physical { vehicle: category.vehicle(), urban_share }.kwh_per_km(10.0)
        };
        for urban_share in [0.0, 0.4, 1.0] {
            assert!(on(Category::Van, urban_share) > on(Category::Suv, urban_share));
            assert!(on(Category::Suv, urban_share) > on(Category::Compact, urban_share));
        }
    }
}
