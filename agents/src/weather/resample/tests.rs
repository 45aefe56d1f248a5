use std::sync::LazyLock;

use goshawk_engine::Streams;
use jiff::{SignedDuration, Timestamp};

use crate::solar::transposition::{Plane, Transposition};
use crate::weather::{Resample, Weather};

const JANUARY: &str = include_str!("../../../../scenarios/data/greensboro_january_tmy3.csv");
const BOTH: [Resample; 2] = [Resample::Bootstrap, Resample::DayTypes];

static SOURCE: LazyLock<Weather> = LazyLock::new(|| Weather::from_tmy3(JANUARY, "january.csv").unwrap());

fn streams(seed: u64, replicate: u32) -> Streams {
    Streams { seed, crn_group: 0, replicate, is_mirrored: false }
}

/// Midnight of Greensboro's standard time.
fn midnight(day: i64) -> Timestamp {
    "2019-01-01T05:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_hours(24 * day)
}

fn drawn(resample: Resample, streams: &Streams, days: i64) -> Weather {
    SOURCE.drawn(resample, streams, midnight(0)..midnight(days))
}

/// Energy on a plane in kWh/m² over some days.
fn energy(weather: &Weather, plane: &Plane, days: i64) -> f64 {
    (0..24 * days)
        .map(|hour| {
            let reading = weather.reading(midnight(0) + SignedDuration::from_hours(hour)).unwrap();
            plane.irradiance_w_per_m2(&reading, weather.site()) / 1000.0
        })
        .sum()
}

fn hours(weather: &Weather, days: i64) -> Vec<(f64, f64)> {
    (0..24 * days)
        .map(|hour| weather.sample(midnight(0) + SignedDuration::from_hours(hour)))
        .map(|sample| (sample.light.global(), sample.temperature_c))
        .collect()
}

#[test]
fn a_month_keeps_its_energy_on_flat_and_on_tilted_panels() {
    let south =
        Plane { tilt_deg: 35.0, azimuth_deg: 180.0, albedo: 0.2, transposition: Transposition::HayDavies };
    // The file lacks the last hour of the 31st, so 30 whole days are what is drawn from.
    for (plane, what) in [(Plane::FLAT, "flat"), (south, "tilted")] {
        let measured = energy(&SOURCE, &plane, 30);
        for resample in BOTH {
            let months = 200;
            let sum: f64 =
                (0..months).map(|seed| energy(&drawn(resample, &streams(seed, 0), 30), &plane, 30)).sum();
            let ratio = sum / months as f64 / measured;
            println!("{resample:?}, {what}: {ratio:.4} of the measured {measured:.1} kWh/m²");
            assert!((ratio - 1.0).abs() < 0.02, "{resample:?}, {what}: {ratio}");
        }
    }
}

#[test]
fn a_longer_run_keeps_the_days_of_a_shorter_one_and_replicates_differ() {
    for resample in BOTH {
        let short = hours(&drawn(resample, &streams(7, 0), 5), 5);
        assert_eq!(short, hours(&drawn(resample, &streams(7, 0), 28), 5), "{resample:?}");
        assert_ne!(short, hours(&drawn(resample, &streams(7, 1), 5), 5), "{resample:?}");
        assert_ne!(short, hours(&drawn(resample, &streams(8, 0), 5), 5), "{resample:?}");
        assert_ne!(short, hours(&SOURCE, 5), "{resample:?}");
    }
}

#[test]
fn bootstrapped_days_are_days_of_the_file() {
    let days = |weather: &Weather, count: i64| -> Vec<Vec<(f64, f64)>> {
        hours(weather, count).chunks(24).map(<[_]>::to_vec).collect()
    };
    let source = days(&SOURCE, 30);
    for day in days(&drawn(Resample::Bootstrap, &streams(3, 0), 28), 28) {
        assert!(source.contains(&day));
    }
}

#[test]
fn made_days_vary_from_day_to_day_and_within_the_day_as_measured_ones_do() {
    let daily = |weather: &Weather, days: i64| -> Vec<f64> {
        hours(weather, days).chunks(24).map(|day| day.iter().map(|hour| hour.0).sum()).collect()
    };
    let spread = |values: &[f64]| {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
        (squares / values.len() as f64).sqrt() / mean
    };
    let measured = spread(&daily(&SOURCE, 30));
    let made: Vec<f64> =
        (0..50).flat_map(|seed| daily(&drawn(Resample::DayTypes, &streams(seed, 0), 30), 30)).collect();
    assert!((spread(&made) / measured - 1.0).abs() < 0.1, "{} for {measured}", spread(&made));
    // From one hour to the next at midday.
    let jumps = |hours: &[(f64, f64)]| {
        let steps: Vec<f64> = hours
            .chunks(24)
            .flat_map(|day| day[9..15].windows(2).map(|pair| (pair[1].0 - pair[0].0).abs()))
            .collect();
        steps.iter().sum::<f64>() / steps.len() as f64
    };
    let (ours, theirs) =
        (jumps(&hours(&drawn(Resample::DayTypes, &streams(1, 0), 30), 30)), jumps(&hours(&SOURCE, 30)));
    assert!((0.5..2.0).contains(&(ours / theirs)), "{ours} W/m² for {theirs}");
}

#[test]
fn days_follow_days_of_their_type_more_often_where_they_do_in_the_file() {
    let clear = |weather: &Weather| -> Vec<bool> {
        let daily: Vec<f64> =
            hours(weather, 30).chunks(24).map(|day| day.iter().map(|hour| hour.0).sum()).collect();
        let mean = daily.iter().sum::<f64>() / 30.0;
        daily.iter().map(|energy| *energy > mean).collect()
    };
    let stays = |days: &[bool]| days.windows(2).filter(|pair| pair[0] == pair[1]).count() as f64 / 29.0;
    let measured = stays(&clear(&SOURCE));
    let made: f64 =
        (0..200).map(|seed| stays(&clear(&drawn(Resample::DayTypes, &streams(seed, 0), 30)))).sum::<f64>()
            / 200.0;
    assert!((made - measured).abs() < 0.12, "{made} for {measured}");
}

#[test]
fn months_that_the_file_has_too_few_days_of_are_told() {
    for resample in BOTH {
        assert_eq!(SOURCE.can_draw(resample, midnight(0)..midnight(31)), Ok(()), "{resample:?}");
        let problem = SOURCE.can_draw(resample, midnight(20)..midnight(32)).unwrap_err();
        assert!(problem.to_string().contains("found 0 whole days of month 2"), "{problem}");
    }
    assert!(
        drawn(Resample::DayTypes, &streams(1, 0), 31).reading(midnight(31)).is_none(),
        "nothing is known"
    );
}
