//! The cell behind the model: Sony/Murata US26650FTC1, LiFePO4 on graphite, 3.0 Ah, at 25 °C.
//!
//! Voltage and resistance are measured values of M. Naumann, *Techno-economic evaluation of stationary lithium-ion
//! energy storage systems with special consideration of aging* (PhD thesis, Technical University of Munich, 2018), as
//! SimSES 1.3.12 ships them, rounded to 0.1 mV and 0.1 mΩ. Between two points they are straight lines.

/// Energy of a new cell in Wh: 3.0 Ah at a mean of 3.2 V (data sheet).
pub const CELL_WH: f64 = 9.6;

/// State of charge and open-circuit voltage in V.
pub const OPEN_CIRCUIT_V: [(f64, f64); 26] = [
    (0.0, 2.0000),
    (0.005, 2.6343),
    (0.01, 2.7508),
    (0.02, 2.8730),
    (0.05, 3.0502),
    (0.10, 3.1894),
    (0.15, 3.2109),
    (0.20, 3.2307),
    (0.25, 3.2514),
    (0.30, 3.2672),
    (0.35, 3.2798),
    (0.40, 3.2897),
    (0.45, 3.2972),
    (0.50, 3.2994),
    (0.60, 3.3031),
    (0.70, 3.3086),
    (0.75, 3.3140),
    (0.80, 3.3248),
    (0.85, 3.3391),
    (0.90, 3.3417),
    (0.95, 3.3440),
    (0.98, 3.3479),
    (0.99, 3.3686),
    (0.995, 3.4189),
    (0.999, 3.5352),
    (1.0, 3.6000),
];

/// Internal resistance in Ω while charging, at states of charge 0, 0.1, ... 1.
pub const CHARGE_OHM: [f64; 11] =
    [0.0376, 0.0376, 0.0414, 0.0414, 0.0418, 0.0448, 0.0477, 0.0498, 0.0468, 0.0534, 0.0534];

/// Internal resistance in Ω while discharging, at states of charge 0, 0.1, ... 1.
pub const DISCHARGE_OHM: [f64; 11] =
    [0.0617, 0.0617, 0.0504, 0.0488, 0.0518, 0.0478, 0.0443, 0.0418, 0.0466, 0.0425, 0.0425];

/// Open-circuit voltage U in V at a state of charge of 0 to 1.
pub fn open_circuit_v(soc: f64) -> f64 {
    let soc = soc.clamp(0.0, 1.0);
    let upper = OPEN_CIRCUIT_V.partition_point(|&(point, _)| point < soc).max(1);
    let ((s0, u0), (s1, u1)) = (OPEN_CIRCUIT_V[upper - 1], OPEN_CIRCUIT_V[upper]);
    u0 + (u1 - u0) * (soc - s0) / (s1 - s0)
}

/// Internal resistance R in Ω while charging.
pub fn charge_ohm(soc: f64) -> f64 {
    along(&CHARGE_OHM, soc)
}

/// Internal resistance R in Ω while discharging.
pub fn discharge_ohm(soc: f64) -> f64 {
    along(&DISCHARGE_OHM, soc)
}

fn along(points: &[f64; 11], soc: f64) -> f64 {
    let place = soc.clamp(0.0, 1.0) * 10.0;
    let lower = (place as usize).min(9);
    points[lower] + (points[lower + 1] - points[lower]) * (place - lower as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curves_go_through_their_points_and_beyond_them_stay() {
        for (soc, volt) in OPEN_CIRCUIT_V {
            assert!((open_circuit_v(soc) - volt).abs() < 1e-12, "{soc}");
        }
        assert_eq!((open_circuit_v(-1.0), open_circuit_v(2.0)), (2.0, 3.6));
        assert!((charge_ohm(0.55) - 0.04625).abs() < 1e-12);
        assert_eq!((discharge_ohm(0.0), discharge_ohm(1.0)), (0.0617, 0.0425));
    }

    #[test]
    fn the_voltage_never_falls_as_the_cell_fills() {
        assert!(OPEN_CIRCUIT_V.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1));
    }
}
