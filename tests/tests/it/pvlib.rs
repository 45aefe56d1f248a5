//! Sun, panels and cells over a year of TMY3 data against pvlib; the same data as EPW; and drawn weather, month by month.

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use goshawk_agents::household::photovoltaics::CellTemperature;
use goshawk_agents::solar::transposition::{Plane, Transposition};
use goshawk_agents::weather::{Light, Resample, Weather};
use goshawk_engine::Streams;
use jiff::{SignedDuration, Timestamp};

use crate::python::packages;

const HOURS: i64 = 365 * 24;
/// Midnight of the site's standard time, five hours behind UTC.
const YEAR: &str = "2019-01-01T05:00:00Z";
const MODELS: [(&str, Transposition); 3] = [
    ("isotropic", Transposition::Isotropic),
    ("haydavies", Transposition::HayDavies),
    ("perez", Transposition::Perez),
];
/// Tilt and azimuth: a roof to the south, and a steep one to the west.
const PLANES: [(f64, f64); 2] = [(35.0, 180.0), (60.0, 255.0)];
const ALBEDO: f64 = 0.2;

/// Greensboro's typical year, which comes with pvlib.
fn year() -> (String, Weather) {
    let file = packages().join("pvlib/data/723170TYA.CSV");
    let text = std::fs::read_to_string(file).unwrap();
    let weather = Weather::from_tmy3(&text, "723170TYA.CSV").unwrap();
    (text, weather)
}

fn hour(number: i64) -> Timestamp {
    YEAR.parse::<Timestamp>().unwrap() + SignedDuration::from_hours(number)
}

/// What the model makes of each hour, a row each.
fn rows(weather: &Weather) -> String {
    let site = weather.site().unwrap();
    let ross = CellTemperature::Ross { nominal_c: 45.0 };
    let faiman = CellTemperature::Faiman { still_w_per_m2_k: 25.0, wind_w_per_m2_k_per_m_per_s: 6.84 };
    let mut text = "middle,up,sun_at,share,elevation,azimuth".to_owned();
    for (tilt, _) in PLANES {
        for (name, _) in MODELS {
            write!(text, ",{name}_{tilt}").unwrap();
        }
    }
    text.push_str(",ross,faiman\n");
    for number in 0..HOURS {
        let reading = weather.reading(hour(number)).unwrap();
        let middle = hour(number) + SignedDuration::from_mins(30);
        let sun = site.sun_at(middle);
        let daylight = site.daylight(&reading.interval);
        let up_at = daylight.map_or(middle, |light| light.middle).as_millisecond() as f64 / 1e3;
        let share = daylight.map_or(0.0, |light| light.share);
        let (middle, up) = (middle.as_second(), u8::from(daylight.is_some()));
        write!(text, "{middle},{up},{up_at},{share},{},{}", sun.elevation_deg, sun.azimuth_deg).unwrap();
        let mut on_roof = 0.0;
        for (tilt_deg, azimuth_deg) in PLANES {
            for (_, transposition) in MODELS {
                let plane = Plane { tilt_deg, azimuth_deg, albedo: ALBEDO, transposition };
                let irradiance = plane.irradiance_w_per_m2(&reading, Some(site));
                write!(text, ",{irradiance}").unwrap();
                if tilt_deg == PLANES[0].0 && transposition == Transposition::HayDavies {
                    on_roof = irradiance;
                }
            }
        }
        let (air_c, wind) = (reading.sample.temperature_c, reading.sample.wind_speed_m_per_s);
        writeln!(text, ",{},{}", ross.at(on_roof, air_c, wind), faiman.at(on_roof, air_c, wind)).unwrap();
    }
    text
}

/// The same year in the format of EnergyPlus.
fn epw(weather: &Weather) -> String {
    let site = weather.site().unwrap();
    let (latitude, longitude, elevation) = (site.latitude_deg, site.longitude_deg, site.elevation_m);
    let mut text = format!(
        "LOCATION,Greensboro,NC,USA,TMY3,723170,{latitude},{longitude},-5.0,{elevation}\nDESIGN CONDITIONS,0\n\
         TYPICAL/EXTREME PERIODS,0\nGROUND TEMPERATURES,0\nHOLIDAYS/DAYLIGHT SAVINGS,No,0,0,0\nCOMMENTS 1,\n\
         COMMENTS 2,\nDATA PERIODS,1,1,Data,Sunday,1/1,12/31\n"
    );
    for number in 0..HOURS {
        let sample = weather.sample(hour(number));
        let Light::Split { global, beam_normal, diffuse } = sample.light else { unreachable!() };
        let local = jiff::tz::Offset::constant(-5).to_datetime(hour(number));
        writeln!(
            text,
            "2019,{},{},{},60,?9?9?9?9,{},5.0,80,99300,0,0,300,{global},{beam_normal},{diffuse},0,0,0,0,200,{},10,10,16.1,\
             77777,9,999999999,15,0.1,0,88,0.2,0.0,1.0",
            local.month(),
            local.day(),
            local.hour() + 1,
            sample.temperature_c,
            sample.wind_speed_m_per_s,
        )
        .unwrap();
    }
    text
}

#[test]
fn a_year_is_that_of_pvlib() {
    let folder = tempfile::tempdir().unwrap();
    let (tmy3, weather) = year();
    let energyplus = epw(&weather);
    let from_epw = Weather::from_epw(&energyplus, "year.epw").unwrap();
    for number in 0..HOURS {
        assert_eq!(weather.sample(hour(number)), from_epw.sample(hour(number)), "hour {number}");
    }
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/pvlib_year.py");
    let mut python = Command::new("python3");
    python.env("PYTHONPATH", packages()).env("PYTHONDONTWRITEBYTECODE", "1").env("OMP_NUM_THREADS", "1");
    let done = python
        .arg(script)
        .arg(file("year.csv", &tmy3))
        .arg(file("year.epw", &energyplus))
        .arg(file("rows.csv", &rows(&weather)))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{said}\n{}", String::from_utf8_lossy(&done.stderr));
    assert!(said.contains("a year of 8760 hours agrees"), "{said}");
    println!("{said}");
}

#[test]
fn drawn_weather_keeps_the_energy_of_a_month_in_every_season() {
    let (_, weather) = year();
    let energy = |weather: &Weather, hours: std::ops::Range<i64>| -> f64 {
        hours.map(|number| weather.sample(hour(number)).light.global() / 1000.0).sum()
    };
    let mut first = 0;
    for (month, days) in (1..).zip([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]) {
        let hours = first..first + 24 * days;
        first = hours.end;
        // The others are as close; it takes time.
        if month % 3 != 2 {
            continue;
        }
        let measured = energy(&weather, hours.clone());
        for resample in [Resample::Bootstrap, Resample::DayTypes] {
            const SEEDS: u64 = 150;
            let sum: f64 = (0..SEEDS)
                .map(|seed| {
                    let streams = Streams { seed, crn_group: 0, replicate: 0, is_mirrored: false };
                    let drawn = weather.drawn(resample, &streams, hour(hours.start)..hour(hours.end));
                    energy(&drawn, hours.clone())
                })
                .sum();
            let ratio = sum / SEEDS as f64 / measured;
            println!("{resample:?} from hour {}: {ratio:.4} of {measured:.1} kWh/m2", hours.start);
            assert!((ratio - 1.0).abs() < 0.02, "{resample:?} from hour {}: {ratio}", hours.start);
        }
    }
}
