//! Days that never were: a Markov chain of day types, and an autoregressive clearness index within the day.
//!
//! A day's clearness K is its global energy over that above the atmosphere. Days of a month are overcast, mixed or clear by
//! the tercile of K that they are in. The chain's transitions are counted around the month, the first day after the last,
//! so that each type is as frequent in the chain as in the month, whatever day a run begins on. A day takes its K, its
//! temperatures and its wind from one of the month's days of its type. Within it the clearness index of interval h is
//!
//! ```text
//! k(h) = K m(sin elevation) + e(h)        e(h) = phi e(h-1) + sigma sqrt(1 - phi^2) z(h)
//! ```
//!
//! cut to 0.02 to 0.85 and scaled so that the day has the energy of K. m, phi and sigma are fitted for each type and
//! month. The diffuse share follows the clearness index as it does in the file, and Erbs where the file has no diffuse light.

use goshawk_engine::Streams;
use jiff::civil::Date;

use super::{MONTHS, Pool, month_index};
use crate::solar::decomposition::{clearness_index, erbs_diffuse_share, split};
use crate::solar::{Daylight, Site, extraterrestrial_w_per_m2};
use crate::weather::series::{Series, WholeDay};
use crate::weather::{Light, Sample};

/// One day of each type.
pub(super) const DAYS_MIN: usize = TYPES;
const TYPES: usize = 3;
/// Bounds of the clearness index of an interval.
const CLEARNESS: (f64, f64) = (0.02, 0.85);
/// Bins of the sine of the elevation for the course of clearness over the day, by upper bound.
const ELEVATION_BINS: [f64; 5] = [0.1, 0.2, 0.35, 0.55, 1.0];
/// Bins of the clearness index for the diffuse share.
const DIFFUSE_BINS: usize = 20;
/// A sun lower than this (about 3 degrees) tells nothing of clearness.
const ELEVATION_SINE_MIN: f64 = 0.05;
/// Rounds in which what is cut off at the highest clearness goes to other intervals.
const SCALINGS: usize = 8;

/// A model of the days of a file, and the day that it has come to.
#[derive(Debug)]
pub(super) struct DayTypes<'a> {
    source: &'a Series,
    site: &'a Site,
    pool: &'a Pool,
    /// Fitted when a run comes to them, each on its own days: what a month is like does not depend on how long a run is.
    months: [Option<Month>; MONTHS],
    today: Option<(Date, usize)>,
}

/// A source day with its clearness.
#[derive(Debug, Clone, Copy)]
struct ClearDay {
    day: WholeDay,
    clearness: f64,
    kind: usize,
}

#[derive(Debug)]
struct Month {
    by_kind: [Vec<ClearDay>; TYPES],
    /// `frequency[kind]`.
    frequency: [f64; TYPES],
    /// `transition[from][to]`, rows sum to one.
    transition: [[f64; TYPES]; TYPES],
    /// What makes the expected energy of the month's days that of the file.
    factor: f64,
    courses: [Course; TYPES],
    diffuse_share: [Option<f64>; DIFFUSE_BINS],
}

/// How clearness runs within days of a type.
#[derive(Debug)]
struct Course {
    /// Mean of k(h) / K by bin of elevation.
    shape: [f64; ELEVATION_BINS.len()],
    phi: f64,
    sigma: f64,
}

/// The sun of an interval.
#[derive(Debug, Clone, Copy)]
struct Slot {
    /// Irradiance above the atmosphere on the horizontal, W/m².
    above: f64,
    daylight: Option<Daylight>,
}

impl Slot {
    fn elevation_sine(&self) -> f64 {
        self.daylight.map_or(0.0, |light| light.position.elevation_sine())
    }
}

fn bin_of(elevation_sine: f64) -> usize {
    ELEVATION_BINS.iter().position(|&bound| elevation_sine <= bound).unwrap_or(ELEVATION_BINS.len() - 1)
}

fn diffuse_bin(clearness: f64) -> usize {
    ((clearness * DIFFUSE_BINS as f64) as usize).min(DIFFUSE_BINS - 1)
}

fn slots(source: &Series, site: &Site, date: Date) -> Vec<Slot> {
    (0..source.slots_per_day())
        .map(|slot| {
            let daylight = site.daylight(&source.slot(date, slot));
            let above = daylight.map_or(0.0, |light| {
                light.share
                    * extraterrestrial_w_per_m2(light.middle)
                    * light.position.elevation_sine().max(0.0)
            });
            Slot { above, daylight }
        })
        .collect()
}

impl<'a> DayTypes<'a> {
    pub(super) fn new(source: &'a Series, site: &'a Site, pool: &'a Pool) -> Self {
        Self { source, site, pool, months: Default::default(), today: None }
    }

    /// The samples of a date. Dates come in order; of each the same number of values is drawn.
    pub(super) fn draw(&mut self, date: Date, streams: &Streams) -> Box<[Sample]> {
        let (source, site, pool) = (self.source, self.site, self.pool);
        let month = self.months[month_index(date)]
            .get_or_insert_with(|| Month::fitted(source, site, pool.of_month(date)));
        let mut stream = streams.stream("weather", &date.to_string());
        let (to_kind, to_day) = (stream.uniform(), stream.uniform());
        let before = self.today.filter(|(yesterday, _)| yesterday.month() == date.month());
        let odds = before.map_or(month.frequency, |(_, kind)| month.transition[kind]);
        let kind = chosen(&odds, to_kind);
        self.today = Some((date, kind));
        let candidates = &month.by_kind[kind];
        let like = candidates[((to_day * candidates.len() as f64) as usize).min(candidates.len() - 1)];

        let course = &month.courses[kind];
        let sun = slots(source, site, date);
        let mut deviation = None;
        let mut clearness: Vec<f64> = sun
            .iter()
            .map(|slot| {
                let shock = stream.normal(0.0, 1.0);
                let next = deviation.map_or(course.sigma * shock, |before| {
                    course.phi * before
                        + course.sigma * (1.0 - course.phi * course.phi).max(0.0).sqrt() * shock
                });
                deviation = Some(next);
                let usual = like.clearness * course.shape[bin_of(slot.elevation_sine())];
                (usual + next).clamp(CLEARNESS.0, CLEARNESS.1)
            })
            .collect();
        scale_to(&mut clearness, &sun, (like.clearness * month.factor).min(CLEARNESS.1));
        clearness
            .iter()
            .zip(&sun)
            .zip(&source.samples[like.day.start..])
            .map(|((&clearness, slot), &sample)| Sample { light: month.light(clearness, slot), ..sample })
            .collect()
    }
}

/// The kind that a uniform number falls on.
fn chosen(odds: &[f64; TYPES], uniform: f64) -> usize {
    let mut below = 0.0;
    odds.iter()
        .position(|share| {
            below += share;
            uniform < below
        })
        .unwrap_or_else(|| odds.iter().rposition(|&share| share > 0.0).unwrap_or(0))
}

/// Scales a day's clearness so that the day has the clearness `target`; what would go above the highest goes to others.
fn scale_to(clearness: &mut [f64], sun: &[Slot], target: f64) {
    let wanted = target * sun.iter().map(|slot| slot.above).sum::<f64>();
    for _ in 0..SCALINGS {
        let energy = |is_free: bool| -> f64 {
            let some =
                clearness.iter().zip(sun).filter(|(clearness, _)| (**clearness < CLEARNESS.1) == is_free);
            some.map(|(clearness, slot)| clearness * slot.above).sum()
        };
        let (free, full) = (energy(true), energy(false));
        let factor = (wanted - full) / free;
        if free <= 0.0 || !factor.is_finite() {
            // All is full, or there is no sun.
            let all = free + full;
            if all > 0.0 {
                clearness.iter_mut().for_each(|clearness| *clearness *= wanted / all);
            }
            return;
        }
        if factor < 0.0 {
            clearness.iter_mut().for_each(|clearness| *clearness *= wanted / (free + full));
            return;
        }
        if (factor - 1.0).abs() < 1e-9 {
            return;
        }
        for clearness in clearness.iter_mut().filter(|clearness| **clearness < CLEARNESS.1) {
            *clearness = (*clearness * factor).min(CLEARNESS.1);
        }
    }
}

impl Month {
    fn fitted(source: &Series, site: &Site, days: &[WholeDay]) -> Self {
        let suns: Vec<Vec<Slot>> = days.iter().map(|day| slots(source, site, day.date)).collect();
        let energy = |day: &WholeDay| -> f64 {
            let samples = &source.samples[day.start..day.start + source.slots_per_day()];
            samples.iter().map(|sample| sample.light.global()).sum()
        };
        let above: Vec<f64> = suns.iter().map(|sun| sun.iter().map(|slot| slot.above).sum::<f64>()).collect();
        let ratio = |(day, &above): (&WholeDay, &f64)| if above > 0.0 { energy(day) / above } else { 0.0 };
        let clearness: Vec<f64> = days.iter().zip(&above).map(ratio).collect();
        let mut by_clearness: Vec<usize> = (0..days.len()).collect();
        by_clearness.sort_by(|&a, &b| clearness[a].total_cmp(&clearness[b]));
        let mut kinds = vec![0; days.len()];
        for (rank, &place) in by_clearness.iter().enumerate() {
            kinds[place] = rank * TYPES / days.len();
        }
        let mut by_kind: [Vec<ClearDay>; TYPES] = Default::default();
        let mut transition = [[0.0; TYPES]; TYPES];
        let mut fit = Fit::default();
        for (place, &day) in days.iter().enumerate() {
            let kind = kinds[place];
            by_kind[kind].push(ClearDay { day, clearness: clearness[place], kind });
            fit.add(source, &by_kind[kind][by_kind[kind].len() - 1], &suns[place]);
            transition[kind][kinds[(place + 1) % days.len()]] += 1.0;
        }
        let count = days.len() as f64;
        let frequency = std::array::from_fn(|kind| by_kind[kind].len() as f64 / count);
        for row in &mut transition {
            let sum: f64 = row.iter().sum();
            row.iter_mut().for_each(|share| *share /= sum);
        }
        let expected = clearness.iter().sum::<f64>() / count * above.iter().sum::<f64>();
        let measured: f64 = days.iter().map(energy).sum();
        let factor = if expected > 0.0 { measured / expected } else { 1.0 };
        let (courses, diffuse_share) = fit.finish();
        Self { by_kind, frequency, transition, factor, courses, diffuse_share }
    }

    fn light(&self, clearness: f64, slot: &Slot) -> Light {
        let global = clearness * slot.above;
        let Some(daylight) = slot.daylight.filter(|_| global > 0.0) else {
            return Light::Split { global: 0.0, beam_normal: 0.0, diffuse: 0.0 };
        };
        let share = self.diffuse_share[diffuse_bin(clearness)];
        split(global, share.unwrap_or_else(|| erbs_diffuse_share(clearness)), &daylight)
    }
}

/// Sums from which courses and diffuse shares are fitted.
#[derive(Debug, Default)]
struct Fit {
    /// Sum of k(h) / K and number, by type and bin of elevation.
    shape: [[(f64, f64); ELEVATION_BINS.len()]; TYPES],
    /// Days by type: (bin, k(h), K) of every interval with a sun that is high enough, in order.
    days: [Vec<Vec<(usize, f64, f64)>>; TYPES],
    /// Diffuse and global energy by bin of clearness.
    diffuse: [(f64, f64); DIFFUSE_BINS],
}

impl Fit {
    fn add(&mut self, source: &Series, day: &ClearDay, sun: &[Slot]) {
        let mut course = Vec::new();
        let samples = &source.samples[day.day.start..day.day.start + sun.len()];
        for (sample, slot) in samples.iter().zip(sun) {
            let Some(light) = slot.daylight.filter(|_| slot.elevation_sine() > ELEVATION_SINE_MIN) else {
                continue;
            };
            let (global, bin) = (sample.light.global(), bin_of(slot.elevation_sine()));
            if day.clearness > 0.0 {
                let clearness = global / slot.above;
                let (sum, count) = &mut self.shape[day.kind][bin];
                *sum += clearness / day.clearness;
                *count += 1.0;
                course.push((bin, clearness, day.clearness));
            }
            if let Light::Split { diffuse, .. } = sample.light {
                let clearness = clearness_index(global, &light, extraterrestrial_w_per_m2(light.middle));
                let (part, whole) = &mut self.diffuse[diffuse_bin(clearness)];
                *part += diffuse;
                *whole += global;
            }
        }
        self.days[day.kind].push(course);
    }

    fn finish(self) -> ([Course; TYPES], [Option<f64>; DIFFUSE_BINS]) {
        let courses = std::array::from_fn(|kind| {
            let shape = self.shape[kind].map(|(sum, count)| if count > 0.0 { sum / count } else { 1.0 });
            let (mut squares, mut products, mut count, mut pairs) = (0.0, 0.0, 0.0_f64, 0.0_f64);
            for day in &self.days[kind] {
                let deviations: Vec<f64> =
                    day.iter().map(|(bin, k, whole)| k - whole * shape[*bin]).collect();
                squares += deviations.iter().map(|deviation| deviation * deviation).sum::<f64>();
                count += deviations.len() as f64;
                products += deviations.windows(2).map(|pair| pair[0] * pair[1]).sum::<f64>();
                pairs += deviations.len().saturating_sub(1) as f64;
            }
            let variance = squares / count.max(1.0);
            let phi = if variance > 0.0 { products / pairs.max(1.0) / variance } else { 0.0 };
            Course { shape, phi: phi.clamp(0.0, 0.99), sigma: variance.sqrt() }
        });
        let share = |(part, whole): (f64, f64)| (whole > 0.0).then(|| (part / whole).clamp(0.0, 1.0));
        (courses, self.diffuse.map(share))
    }
}
