use goshawk_engine::Streams;
use goshawk_market::quantity::Price;
use jiff::tz::TimeZone;

use super::*;
use crate::aggregator::dispatch::DispatchRule;
use crate::aggregator::terms::Product;

const KW: f64 = 100.0;
const THETA: f64 = 2.0;

fn calendar(periods: u32) -> Calendar {
    let start = "2019-01-07T00:00:00Z".parse::<jiff::Timestamp>().unwrap().to_zoned(TimeZone::UTC);
    Calendar::new(start, 15, periods).unwrap()
}

fn desk(signal: SignalSpec, seed: u64) -> FleetDesk {
    let terms = FleetTerms {
        product: Product::Both,
        capacity: None,
        up_price: Price::ZERO,
        down_price: Price::ZERO,
        availability_price: Price::ZERO,
        shortfall_penalty: Price::ZERO,
        member_share: 0.0,
        rule: DispatchRule::MeritOrder,
        departure_margin_micros: 0,
    };
    let streams = Streams { seed, crn_group: 0, replicate: 0, is_mirrored: false };
    FleetDesk::new(terms, signal, streams.stream("regulation", "grid"))
}

fn kw(value: f64) -> Power {
    Power::from_f64(value).unwrap()
}

fn kwh(value: f64) -> Energy {
    Energy::from_f64(value).unwrap()
}

#[test]
fn peaks_are_what_exceeds_the_limit_and_valleys_what_is_left_below() {
    let calendar = calendar(4);
    let mut desk = desk(SignalSpec::PeakShaving { peak: kw(40.0), valley: kw(20.0) }, 1);
    let mut request = |nominated: f64| {
        desk.nominate(kwh(nominated / 2.0));
        desk.nominate(kwh(nominated / 2.0));
        let UpDown { up, down } = desk.request(PeriodIndex(0), &calendar);
        (up.to_f64(), down.to_f64())
    };
    // 40 kW are 10 kWh in a quarter of an hour.
    assert_eq!(request(13.0), (3.0, 0.0));
    assert_eq!(request(10.0), (0.0, 0.0));
    assert_eq!(request(7.0), (0.0, 0.0), "neither peak nor valley");
    assert_eq!(request(2.0), (0.0, 3.0), "nominations of the period before are forgotten");
}

/// The random signal over so many periods, as a share of the capacity.
fn signal(periods: u32, deviation: f64) -> Vec<f64> {
    let calendar = calendar(periods);
    let spec = SignalSpec::Regulation { capacity: kw(KW), reversion_per_h: THETA, deviation };
    let mut desk = desk(spec, 5);
    let mut one = |period| {
        let UpDown { up, down } = desk.request(PeriodIndex(period), &calendar);
        assert!(up.is_zero() || down.is_zero(), "one direction at a time");
        (up - down).to_f64() * 4.0 / KW
    };
    (0..periods).map(&mut one).collect()
}

#[test]
fn the_random_signal_has_the_moments_of_its_process() {
    let (sigma, periods) = (0.2, 40_000);
    let x = signal(periods, sigma);
    let n = x.len() as f64;
    let mean = x.iter().sum::<f64>() / n;
    let variance = x.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n;
    let next = x.windows(2).map(|pair| (pair[0] - mean) * (pair[1] - mean)).sum::<f64>() / n / variance;
    // Standard error of the mean of an AR(1) process: sigma sqrt((1 + rho) / (1 - rho) / n) = 0.002.
    assert!(mean.abs() < 0.008, "mean {mean}");
    assert!((variance.sqrt() - sigma).abs() < 0.005, "deviation {}", variance.sqrt());
    assert!((next - libm::exp(-THETA * 0.25)).abs() < 0.02, "correlation with the next {next}");
}

#[test]
fn the_random_signal_is_cut_at_the_capacity_and_longer_runs_begin_alike() {
    let wild = signal(2_000, 2.0);
    assert!(wild.iter().all(|x| (-1.0..=1.0).contains(x)));
    assert!(wild.contains(&1.0) && wild.contains(&-1.0));
    assert_eq!(signal(96, 0.4), signal(960, 0.4)[..96]);
}
