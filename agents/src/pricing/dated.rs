//! Prices of instants, such as those of a day-ahead market, from a CSV file.
//!
//! | column | unit | meaning |
//! |---|---|---|
//! | `time` | an instant as in RFC 3339, or a local time | when the price begins to hold |
//! | `price_per_kwh` | currency/kWh | the price; it may be negative |
//!
//! A price holds for one step, which divides an hour or is whole hours up to a day. Steps of two hours or more may also
//! be even on the local clock, so that a day of 23 hours is no gap. Other columns are ignored.

use std::ops::{Range, RangeInclusive};

use goshawk_market::quantity::Price;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use super::margin::divided;
use crate::rows::{Row, RowProblem, RowProblems, Rows};

const FORM: &str = "a file of prices";
const TIME: &str = "time";
const PRICES: ValueColumn =
    ValueColumn { name: "price_per_kwh", noun: "a price", form: FORM, range: -10_000.0..=10_000.0 };
const STAMPS: &str = "a time in UTC or with an offset, such as 2019-01-07T12:00:00Z, or a local time, such as \
                      2019-01-07T12:00:00";
const STEPS: &str = "steps of minutes that divide an hour, or of whole hours that divide a day";

const SECONDS_PER_HOUR: i64 = 3600;
const SECONDS_PER_DAY: i64 = 24 * SECONDS_PER_HOUR;
const MICROS_PER_SECOND: i64 = 1_000_000;
/// What is repeated after the last price.
const DAY_MICROS: i64 = SECONDS_PER_DAY * MICROS_PER_SECOND;

/// A column of numbers beside the times, and how messages call them.
#[derive(Debug)]
pub(crate) struct ValueColumn {
    pub(crate) name: &'static str,
    pub(crate) noun: &'static str,
    pub(crate) form: &'static str,
    pub(crate) range: RangeInclusive<f64>,
}

/// Prices without a gap from a first instant to an end; afterwards the last 24 hours repeat.
#[derive(Debug, Clone, PartialEq)]
pub struct DatedPrices {
    /// Since when (microseconds since 1970) a price holds, ascending.
    prices: Vec<(i64, Price)>,
    /// The line of each price in the text (bytes).
    spans: Vec<Range<usize>>,
    /// Until when the last one holds (microseconds since 1970).
    end: i64,
}

impl DatedPrices {
    /// When the first price begins to hold.
    pub fn begin(&self) -> Timestamp {
        instant(self.prices[0].0)
    }

    /// When the last price ceases to hold.
    pub fn end(&self) -> Timestamp {
        instant(self.end)
    }

    /// Whether the prices can stand for a run: they hold for all of it, and for at least a day, which repeats.
    ///
    /// # Errors
    /// What is missing, with its place in the file.
    pub fn covers(&self, run: Range<Timestamp>) -> Result<(), Vec<RowProblem>> {
        let mut problems = RowProblems::default();
        self.tell_ends(run, &PRICES, &mut problems);
        let last = &self.spans[self.spans.len() - 1];
        if self.end - self.prices[0].0 < DAY_MICROS {
            let hours = (self.end - self.prices[0].0) as f64 / 3.6e9;
            problems.add(
                last.clone(),
                format!("prices of {hours} hours"),
                "prices of at least 24 hours, which repeat after the last",
            );
        }
        if problems.is_empty() { Ok(()) } else { Err(problems.finish(FORM)) }
    }

    /// Whether there are values for all of a run.
    pub(crate) fn holds_over(
        &self,
        run: Range<Timestamp>,
        column: &ValueColumn,
    ) -> Result<(), Vec<RowProblem>> {
        let mut problems = RowProblems::default();
        self.tell_ends(run, column, &mut problems);
        if problems.is_empty() { Ok(()) } else { Err(problems.finish(column.form)) }
    }

    /// Tells what is missing at either end of a run.
    fn tell_ends(&self, run: Range<Timestamp>, column: &ValueColumn, problems: &mut RowProblems) {
        let noun = column.noun.trim_start_matches("a ");
        let allowed = format!("{noun}s from {} to {} (UTC), the whole run", run.start, run.end);
        let (first, last) = (&self.spans[0], &self.spans[self.spans.len() - 1]);
        if self.begin() > run.start {
            problems.add(first.clone(), format!("no {noun} before {} (UTC)", self.begin()), allowed.clone());
        }
        if self.end() < run.end {
            problems.add(last.clone(), format!("no {noun} from {} (UTC) on", self.end()), allowed);
        }
    }

    /// The line of the last price (bytes of the text).
    pub fn last_span(&self) -> Range<usize> {
        self.spans[self.spans.len() - 1].clone()
    }

    /// The same prices, each put through `change`, which may refuse one that holds within the times of use.
    ///
    /// # Errors
    /// What `change` has against a price, with its place in the file. Prices that play no part are left as they are.
    pub fn changed(
        mut self,
        used: Range<Timestamp>,
        change: impl Fn(Price) -> Result<Price, (String, String)>,
    ) -> Result<Self, Vec<RowProblem>> {
        let mut problems = RowProblems::default();
        let ends: Vec<i64> = self.prices[1..].iter().map(|&(start, _)| start).chain([self.end]).collect();
        // Beyond its end the series repeats its last day, which is then used too.
        let from = used.start.as_microsecond().min(match used.end.as_microsecond() > self.end {
            true => self.end - DAY_MICROS,
            false => i64::MAX,
        });
        for (((start, price), end), span) in self.prices.iter_mut().zip(ends).zip(&self.spans) {
            match change(*price) {
                Ok(changed) => *price = changed,
                Err((found, allowed)) if end > from && *start < used.end.as_microsecond() => {
                    problems.add(span.clone(), found, allowed);
                }
                Err(_) => {}
            }
        }
        if problems.is_empty() { Ok(self) } else { Err(problems.finish(FORM)) }
    }

    /// The mean price (currency/kWh) over `length` microseconds from `from` (microseconds since 1970), each price
    /// weighted with the time that it holds for; rounded once to the grid, halves away from zero.
    ///
    /// # Panics
    /// Before the first price, and with less than a day of prices after the last.
    pub(crate) fn mean_over(&self, from: i64, length: i64) -> Price {
        let mut sum = 0_i128;
        let mut now = from;
        while now < from + length {
            // Days are repeated whole, so that the time of day stays.
            let back = if now < self.end { 0 } else { ((now - self.end) / DAY_MICROS + 1) * DAY_MICROS };
            let at = now - back;
            let next = self.prices.partition_point(|&(start, _)| start <= at);
            let until = self.prices.get(next).map_or(self.end, |&(start, _)| start) + back;
            let until = until.min(from + length);
            sum += i128::from(self.prices[next - 1].1.micro()) * i128::from(until - now);
            now = until;
        }
        let mean = divided(sum, i128::from(length));
        Price::from_micro(i64::try_from(mean).expect("invariant: a mean of prices is a price"))
    }
}

fn instant(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).expect("invariant: stamps and a step after them are instants")
}

/// Reads prices; times without an offset are on the clock of `zone`.
///
/// # Errors
/// Everything that is wrong with the file.
pub fn read(text: &str, zone: &TimeZone) -> Result<DatedPrices, Vec<RowProblem>> {
    read_values(text, zone, &PRICES)
}

/// Reads the values of a column with their times.
pub(crate) fn read_values(
    text: &str,
    zone: &TimeZone,
    column: &ValueColumn,
) -> Result<DatedPrices, Vec<RowProblem>> {
    let mut problems = RowProblems::default();
    let Some(rows) = Rows::read(text, &mut problems) else { return Err(problems.finish(column.form)) };
    let mut find = |name: &str| rows.find(name, &mut problems);
    let (Some(time), Some(price)) = (find(TIME), find(column.name)) else {
        return Err(problems.finish(column.form));
    };
    let mut stamps = Stamps { zone, latest: None };
    let mut prices = Vec::with_capacity(rows.rows.len());
    // Stretches of rows whose times can be told; what lies between them is no gap.
    let mut stretches = vec![Vec::new()];
    for row in &rows.rows {
        let price = value_of(row, price, column, &mut problems);
        match stamps.read(row, row.text(time), &mut problems) {
            Stamp::Next(stamp) => {
                stretches.last_mut().expect("invariant: there is one").push((row, stamp));
                prices.push(price.map(|price| (stamp.as_microsecond(), price)));
            }
            Stamp::Earlier => {}
            Stamp::Unreadable => stretches.push(Vec::new()),
        }
    }
    let step_s = check_steps(&stretches, zone, &rows, column, &mut problems);
    let end = step_s.zip(stamps.latest).and_then(|(step_s, last)| {
        last.checked_add(SignedDuration::from_secs(step_s)).ok().map(Timestamp::as_microsecond)
    });
    match (prices.into_iter().collect(), end, problems.is_empty()) {
        (Some(prices), Some(end), true) => {
            Ok(DatedPrices { prices, spans: rows.rows.into_iter().map(|row| row.span).collect(), end })
        }
        _ => Err(problems.finish(column.form)),
    }
}

fn value_of(row: &Row, place: usize, column: &ValueColumn, problems: &mut RowProblems) -> Option<Price> {
    if row.text(place).is_empty() {
        problems.add(
            row.span.clone(),
            format!("no {}", column.name),
            format!("{} in every row", column.noun),
        );
    }
    let number = row.number(place, column.name, column.range.clone(), problems)?;
    Price::from_f64(number).ok()
}

/// What a row's time is.
enum Stamp {
    /// Later than all before it.
    Next(Timestamp),
    /// An instant that is not, which is told.
    Earlier,
    /// No instant, which is told.
    Unreadable,
}

/// Reads time stamps in order, so that of a local time that clocks show twice the later comes after the earlier.
struct Stamps<'a> {
    zone: &'a TimeZone,
    latest: Option<Timestamp>,
}

impl Stamps<'_> {
    fn read(&mut self, row: &Row, text: &str, problems: &mut RowProblems) -> Stamp {
        let stamp = text.parse().ok().or_else(|| self.local(text.parse().ok()?));
        let Some(stamp) = stamp else {
            let why = match text.parse::<DateTime>() {
                Ok(_) => ", which clocks skip",
                Err(_) => "",
            };
            problems.add(row.span.clone(), format!("`{text}`{why}"), STAMPS);
            return Stamp::Unreadable;
        };
        if let Some(latest) = self.latest.filter(|&latest| stamp <= latest) {
            let found = match stamp == latest {
                true => format!("`{text}` again"),
                false => format!("`{text}` after {latest} (UTC)"),
            };
            problems.add(row.span.clone(), found, "every time once and in order");
            return Stamp::Earlier;
        }
        self.latest = Some(stamp);
        Stamp::Next(stamp)
    }

    fn local(&self, local: DateTime) -> Option<Timestamp> {
        let times = self.zone.to_ambiguous_timestamp(local);
        match times.offset() {
            AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(local).ok(),
            AmbiguousOffset::Fold { before, after } => {
                let earlier = before.to_timestamp(local).ok()?;
                let is_past = self.latest.is_some_and(|latest| earlier <= latest);
                if is_past { after.to_timestamp(local).ok() } else { Some(earlier) }
            }
            AmbiguousOffset::Gap { .. } => None,
        }
    }
}

/// The step (s) between rows: the most frequent one, and every other is told.
fn check_steps(
    stretches: &[Vec<(&Row, Timestamp)>],
    zone: &TimeZone,
    rows: &Rows,
    column: &ValueColumn,
    problems: &mut RowProblems,
) -> Option<i64> {
    let elapsed = |pair: &[(&Row, Timestamp)]| pair[1].1.duration_since(pair[0].1).as_secs();
    let pairs = || stretches.iter().flat_map(|stretch| stretch.windows(2));
    let mut steps: Vec<i64> = pairs().map(elapsed).collect();
    steps.sort_unstable();
    // Of several that are as frequent, the shortest.
    let mut most = None;
    for run in steps.chunk_by(|one, other| one == other) {
        if most.is_none_or(|(count, _)| run.len() > count) {
            most = Some((run.len(), run[0]));
        }
    }
    let Some((_, step_s)) = most else {
        if problems.is_empty() {
            problems.add(rows.names_span.clone(), "a single row", "two rows or more, which have a step");
        }
        return None;
    };
    let divides = |whole: i64, unit: i64| step_s % unit == 0 && whole % step_s == 0;
    if step_s == 0 || !(divides(SECONDS_PER_HOUR, 60) || divides(SECONDS_PER_DAY, SECONDS_PER_HOUR)) {
        problems.add(rows.names_span.clone(), format!("rows {step_s} s apart"), STEPS);
        return None;
    }
    for pair in pairs() {
        let local = |stamp: Timestamp| zone.to_datetime(stamp);
        let on_the_clock = local(pair[1].1).duration_since(local(pair[0].1)).as_secs();
        let is_even = elapsed(pair) == step_s || step_s > SECONDS_PER_HOUR && on_the_clock == step_s;
        if !is_even {
            let minutes = elapsed(pair) as f64 / 60.0;
            let found = format!("{} {minutes} min after the one before it", column.noun);
            let allowed = format!("one every {} min, as in most rows, without a gap", step_s / 60);
            problems.add(pair[1].0.span.clone(), found, allowed);
        }
    }
    Some(step_s)
}

#[cfg(test)]
mod tests {
    use jiff::Zoned;
    use proptest::prelude::*;

    use super::*;

    const HOUR: i64 = 3_600_000_000;

    fn text(rows: &[(String, f64)]) -> String {
        let rows: String = rows.iter().map(|(time, price)| format!("{time},{price}\n")).collect();
        format!("time,price_per_kwh\n{rows}")
    }

    fn told(text: &str, zone: &str) -> Vec<String> {
        let problems = read(text, &TimeZone::get(zone).unwrap()).unwrap_err();
        problems.iter().map(|problem| format!("{} | {problem}", &text[problem.span.clone()])).collect()
    }

    fn hours(count: i64, step_minutes: i64) -> DatedPrices {
        let start: Timestamp = "2019-01-07T00:00:00Z".parse().unwrap();
        let rows: Vec<_> = (0..count)
            .map(|row| {
                let stamp = start + SignedDuration::from_mins(row * step_minutes);
                (stamp.to_string(), (100 + row) as f64 / 1000.0)
            })
            .collect();
        read(&text(&rows), &TimeZone::UTC).unwrap()
    }

    #[test]
    fn a_period_has_the_mean_of_the_prices_within_it() {
        let prices = hours(96, 15);
        let start = prices.begin().as_microsecond();
        let mean = |from: i64, length| prices.mean_over(start + from, length).micro();
        assert_eq!(mean(0, HOUR / 4), 100_000);
        assert_eq!(mean(0, HOUR / 12), 100_000, "shorter periods have the price that holds");
        assert_eq!(mean(0, HOUR), 101_500, "of 0.100 to 0.103");
        assert_eq!(mean(HOUR / 8, HOUR / 4), 100_500, "half of each");
    }

    #[test]
    fn the_last_day_repeats() {
        let prices = hours(30, 60);
        let start = prices.begin().as_microsecond();
        for ahead in 0..72 {
            let found = prices.mean_over(start + (30 + ahead) * HOUR, HOUR).micro();
            assert_eq!(found, (106 + ahead % 24) * 1000, "{ahead} hours after the end");
        }
        // Over the seam: half of the last hour, half of the first hour of the last day.
        assert_eq!(prices.mean_over(start + 29 * HOUR + HOUR / 2, HOUR).micro(), (129_000 + 106_000) / 2);
    }

    #[test]
    fn local_times_know_that_clocks_change() {
        let hours = [0, 1, 2, 2, 3].map(|hour| (format!("2019-10-27T{hour:02}:00:00"), 0.1));
        let prices = read(&text(&hours), &TimeZone::get("Europe/Berlin").unwrap()).unwrap();
        assert_eq!(prices.begin().to_string(), "2019-10-26T22:00:00Z");
        assert_eq!(prices.end().to_string(), "2019-10-27T03:00:00Z");
        let skipped = [0, 1, 2, 3].map(|hour| (format!("2019-03-31T{hour:02}:00:00"), 0.1));
        assert_eq!(
            told(&text(&skipped), "Europe/Berlin"),
            [format!(
                "2019-03-31T02:00:00,0.1 | found `2019-03-31T02:00:00`, which clocks skip; allowed: {STAMPS}"
            )]
        );
    }

    #[test]
    fn a_day_of_23_hours_is_no_gap_in_steps_of_a_day() {
        let days = [29, 30, 31].map(|day| (format!("2019-03-{day}T00:00:00"), 0.1)).to_vec();
        let days = [days, vec![("2019-04-01T00:00:00".to_owned(), 0.2)]].concat();
        let prices = read(&text(&days), &TimeZone::get("Europe/Berlin").unwrap()).unwrap();
        let at = |time: &str| {
            let instant: Zoned = time.parse().unwrap();
            prices.mean_over(instant.timestamp().as_microsecond(), HOUR).micro()
        };
        assert_eq!(at("2019-03-31T23:00[Europe/Berlin]"), 100_000);
        assert_eq!(at("2019-04-01T00:00[Europe/Berlin]"), 200_000);
    }

    #[test]
    fn everything_wrong_is_told_at_once() {
        let text = "time,price_per_kwh\n\
                    2019-01-07T00:00:00Z,0.1\n\
                    2019-01-07T01:00:00Z,dear\n\
                    2019-01-07T01:00:00Z,0.1\n\
                    2019-01-07T00:30:00Z,0.1\n\
                    noon,0.1\n\
                    2019-01-07T02:00:00Z,\n\
                    2019-01-07T03:00:00Z,0\n\
                    2019-01-07T04:00:00Z,-0.1\n\
                    2019-01-07T07:00:00Z,nan\n\
                    2019-01-07T07:20:00Z,0.1,0.2\n";
        let row = |row: &str, problem: &str| format!("2019-01-07T{row} | found {problem}");
        let number = "allowed: a number from -10000 to 10000 as `price_per_kwh`";
        let order = "allowed: every time once and in order";
        let step = "allowed: one every 60 min, as in most rows, without a gap";
        assert_eq!(
            told(text, "UTC"),
            [
                row("07:20:00Z,0.1,0.2", "3 values; allowed: 2, one for each column"),
                row("01:00:00Z,dear", &format!("`dear`; {number}")),
                row("01:00:00Z,0.1", &format!("`2019-01-07T01:00:00Z` again; {order}")),
                row(
                    "00:30:00Z,0.1",
                    &format!("`2019-01-07T00:30:00Z` after 2019-01-07T01:00:00Z (UTC); {order}")
                ),
                format!("noon,0.1 | found `noon`; allowed: {STAMPS}"),
                row("02:00:00Z,", "no price_per_kwh; allowed: a price in every row"),
                row("07:00:00Z,nan", &format!("`nan`; {number}")),
                row("07:00:00Z,nan", &format!("a price 180 min after the one before it; {step}")),
                row("07:20:00Z,0.1,0.2", &format!("a price 20 min after the one before it; {step}")),
            ]
        );
        assert_eq!(told("hour,price\n1,2\n", "UTC").len(), 2, "both columns are missing");
    }

    #[test]
    fn steps_fit_hours_and_days() {
        let step = |seconds: i64| {
            let start: Timestamp = "2019-01-07T00:00:00Z".parse().unwrap();
            let row = |number| ((start + SignedDuration::from_secs(number * seconds)).to_string(), 0.1);
            read(&text(&[row(0), row(1), row(2)]), &TimeZone::UTC).is_ok()
        };
        assert!([60, 300, 900, 1800, 3600, 7200, 14_400, 86_400].into_iter().all(step));
        assert!(![1, 90, 420, 5400, 18_000, 2 * 86_400].into_iter().any(step));
        assert_eq!(told("time,price_per_kwh\n2019-01-07T00:00:00Z,1\n", "UTC").len(), 1);
    }

    #[test]
    fn a_run_needs_all_of_its_prices_and_a_day_of_them() {
        let prices = hours(24, 60);
        let at = |hour| prices.begin() + SignedDuration::from_hours(hour);
        assert!(prices.covers(at(0)..at(24)).is_ok());
        assert_eq!(prices.covers(at(-1)..at(25)).unwrap_err().len(), 2);
        assert_eq!(hours(23, 60).covers(at(0)..at(5)).unwrap_err().len(), 1);
    }

    #[test]
    fn only_prices_that_play_a_part_are_refused() {
        let dear = Price::from_micro(110_000);
        let refuse = |price: Price| match price < dear {
            true => Err(("cheap".to_owned(), "dear".to_owned())),
            false => Ok(price + dear),
        };
        let at = |hour| hours(48, 60).begin() + SignedDuration::from_hours(hour);
        let of = |used| hours(48, 60).changed(used, refuse).map_err(|problems| problems.len());
        assert_eq!(of(at(0)..at(48)), Err(10));
        assert_eq!(of(at(8)..at(48)), Err(2));
        assert!(of(at(10)..at(60)).is_ok(), "the last day is dear");
        let day = hours(24, 60).changed(at(12)..at(30), refuse);
        assert_eq!(day.unwrap_err().len(), 10, "the last day repeats");
    }

    proptest! {
        /// The mean over a long time is the mean of its parts, to the rounding of each.
        #[test]
        fn means_add_up(start in 0_i64..60, parts in 1_i64..20, step in prop::sample::select(vec![5, 15, 60, 240])) {
            let prices = hours(1500 / step + 1, step);
            let from = prices.begin().as_microsecond() + start * HOUR / 4;
            let whole = prices.mean_over(from, parts * HOUR / 4).micro();
            let sum: i64 = (0..parts).map(|part| prices.mean_over(from + part * HOUR / 4, HOUR / 4).micro()).sum();
            prop_assert!((whole * parts - sum).abs() <= parts, "{whole} and {sum} / {parts}");
        }
    }
}
