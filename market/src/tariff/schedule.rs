//! Schedule files as acnportal writes them: seasons, weekday masks and times of use, in JSON.

use serde_json::Value;

use super::{LocalMoment, MonthDay, TariffProblem, Weekdays};
use crate::quantity::Price;

/// The prices of one season and one kind of day.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    pub(super) id: String,
    first: MonthDay,
    last: MonthDay,
    days: Weekdays,
    /// From when (minutes since midnight) a price holds, ascending from 0.
    steps: Vec<(f64, Price)>,
}

impl Entry {
    /// Whether the season and the day of the week are this entry's; a season may wrap the end of the year.
    pub(super) fn covers(&self, moment: &LocalMoment) -> bool {
        let date = MonthDay { month: moment.month, day: moment.day };
        self.in_season(date) && self.days.contains(moment.weekday)
    }

    fn in_season(&self, date: MonthDay) -> bool {
        if self.first <= self.last {
            self.first <= date && date <= self.last
        } else {
            self.first <= date || date <= self.last
        }
    }

    /// The price in force at a minute of the day.
    pub(super) fn price_at(&self, minute_of_day: u16) -> Price {
        let started = self.steps.partition_point(|&(start, _)| start <= f64::from(minute_of_day));
        self.steps[started - 1].1
    }

    pub(super) fn prices_mut(&mut self) -> impl Iterator<Item = &mut Price> {
        self.steps.iter_mut().map(|(_, price)| price)
    }
}

/// Reads and checks a schedule; the second value are remarks on what was ignored.
pub(super) fn read(text: &str) -> Result<(Vec<Entry>, Vec<String>), Vec<TariffProblem>> {
    let root: Value = serde_json::from_str(text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let told = error.to_string();
        let place = format!(" at line {line} column {column}");
        let reason = told.strip_suffix(&place).unwrap_or(&told).to_owned();
        vec![TariffProblem::Syntax { line, column, reason }]
    })?;
    let mut reader = Reader::default();
    let entries = reader.schedule(&root);
    // Days are only worth counting once every entry is understood.
    if reader.problems.is_empty() {
        reader.problems = check_days(&entries);
    }
    if reader.problems.is_empty() { Ok((entries, reader.remarks)) } else { Err(reader.problems) }
}

/// Collects problems on the way down, so that all are told at once.
#[derive(Default)]
struct Reader {
    problems: Vec<TariffProblem>,
    remarks: Vec<String>,
}

impl Reader {
    fn refuse(&mut self, path: impl Into<String>, reason: impl Into<String>) {
        self.problems.push(TariffProblem::Value { path: path.into(), reason: reason.into() });
    }

    fn schedule(&mut self, root: &Value) -> Vec<Entry> {
        if !root.is_object() {
            self.refuse("/", "expected an object with `name` and `schedule`");
            return Vec::new();
        }
        if !root["name"].is_string() {
            self.refuse("/name", "expected the tariff's name, a string");
        }
        let Some(entries) = root["schedule"].as_array() else {
            self.refuse("/schedule", "expected a list of entries");
            return Vec::new();
        };
        entries.iter().enumerate().filter_map(|(index, entry)| self.entry(index, entry)).collect()
    }

    fn entry(&mut self, index: usize, entry: &Value) -> Option<Entry> {
        let at = |field: &str| format!("/schedule/{index}/{field}");
        if !entry.is_object() {
            self.refuse(format!("/schedule/{index}"), "expected an object");
            return None;
        }
        if !matches!(entry["demand_charge"].as_f64(), None | Some(0.0)) {
            self.remarks.push(format!("{} is ignored: demand charges are not modelled", at("demand_charge")));
        }
        let id = entry["id"].as_str().map(str::to_owned);
        if id.is_none() {
            self.refuse(at("id"), "expected a string");
        }
        let first = self.date(at("effective_start"), &entry["effective_start"]);
        let last = self.date(at("effective_end"), &entry["effective_end"]);
        let days = self.days(at("dow_mask"), &entry["dow_mask"]);
        let times = self.times(at("times"), &entry["times"]);
        let prices = self.prices(at("tariffs"), &entry["tariffs"]);
        if let (Some(times), Some(prices)) = (&times, &prices)
            && times.len() != prices.len()
        {
            let reason = format!("{} prices for {} times, there must be one each", prices.len(), times.len());
            self.refuse(at("tariffs"), reason);
        }
        let steps = times?.into_iter().zip(prices?).collect();
        Some(Entry { id: id?, first: first?, last: last?, days: days?, steps })
    }

    fn date(&mut self, path: String, value: &Value) -> Option<MonthDay> {
        let date = value.as_str().and_then(|text| {
            let (month, day) = text.split_once('-')?;
            let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            if !digits(month) || !digits(day) {
                return None;
            }
            let date = MonthDay { month: month.parse().ok()?, day: day.parse().ok()? };
            let days = *DAYS.get(usize::from(date.month).checked_sub(1)?)?;
            (1..=days).contains(&date.day).then_some(date)
        });
        if date.is_none() {
            self.refuse(path, format!("{value} is not a date, expected \"MM-DD\""));
        }
        date
    }

    fn days(&mut self, path: String, value: &Value) -> Option<Weekdays> {
        let days = match value.as_str() {
            Some("WEEKDAYS") => Some(Weekdays::Weekdays),
            Some("WEEKENDS") => Some(Weekdays::Weekends),
            Some("ALL") => Some(Weekdays::All),
            _ => None,
        };
        if days.is_none() {
            self.refuse(path, format!("{value} is not one of \"WEEKDAYS\", \"WEEKENDS\", \"ALL\""));
        }
        days
    }

    /// Starts of the price steps, in minutes.
    fn times(&mut self, path: String, value: &Value) -> Option<Vec<f64>> {
        let hours: Option<Vec<f64>> =
            value.as_array().and_then(|list| list.iter().map(Value::as_f64).collect());
        let Some(hours) = hours else {
            self.refuse(path, "expected a list of hours from 0 to below 24");
            return None;
        };
        if hours.first() != Some(&0.0) {
            self.refuse(path.clone(), "the first time must be 0, so that the whole day has a price");
        }
        if !hours.is_sorted_by(|earlier, later| earlier < later) {
            self.refuse(path.clone(), format!("{value} must ascend"));
        }
        if hours.iter().any(|hour| !(0.0..24.0).contains(hour)) {
            self.refuse(path, format!("{value} must lie from 0 to below 24"));
        }
        Some(hours.into_iter().map(|hour| hour * 60.0).collect())
    }

    fn prices(&mut self, path: String, value: &Value) -> Option<Vec<Price>> {
        let Some(list) = value.as_array() else {
            self.refuse(path, "expected a list of prices per kWh");
            return None;
        };
        let mut prices = Vec::with_capacity(list.len());
        for (index, value) in list.iter().enumerate() {
            let place = format!("{path}/{index}");
            match value.as_f64().map(Price::from_f64) {
                Some(Ok(price)) if price.is_positive() => prices.push(price),
                Some(Ok(price)) => self.problems.push(TariffProblem::NotPositive { place, price }),
                Some(Err(error)) => self.refuse(place, error.to_string()),
                None => self.refuse(place, format!("{value} is not a price per kWh")),
            }
        }
        (prices.len() == list.len()).then_some(prices)
    }
}

/// Days of each month, February 29 included: what covers a leap year covers every year.
const DAYS: [u8; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/// Holes and overlaps of the calendar as ranges of days.
fn check_days(entries: &[Entry]) -> Vec<TariffProblem> {
    let covering = |date: MonthDay, weekday: u8| -> Vec<usize> {
        let moment = LocalMoment { month: date.month, day: date.day, weekday, minute_of_day: 0 };
        (0..entries.len()).filter(|&index| entries[index].covers(&moment)).collect()
    };
    let dates: Vec<MonthDay> = (1..=12u8)
        .flat_map(|month| (1..=DAYS[usize::from(month) - 1]).map(move |day| MonthDay { month, day }))
        .collect();
    // Masks only tell weekdays from weekends, so Monday and Saturday stand for the rest.
    let on_weekdays: Vec<Vec<usize>> = dates.iter().map(|&date| covering(date, 0)).collect();
    let on_weekends: Vec<Vec<usize>> = dates.iter().map(|&date| covering(date, 5)).collect();

    let mut problems = Vec::new();
    for days in [Weekdays::All, Weekdays::Weekdays, Weekdays::Weekends] {
        // What both kinds of day share is told once, as "all days".
        let fault_on = |index: usize| -> Option<&Vec<usize>> {
            let (weekday, weekend) = (&on_weekdays[index], &on_weekends[index]);
            let found = match days {
                Weekdays::All => (weekday == weekend).then_some(weekday),
                Weekdays::Weekdays => (weekday != weekend).then_some(weekday),
                Weekdays::Weekends => (weekday != weekend).then_some(weekend),
            };
            found.filter(|entries| entries.len() != 1)
        };
        let mut index = 0;
        while index < dates.len() {
            let Some(fault) = fault_on(index) else {
                index += 1;
                continue;
            };
            let first = index;
            while index < dates.len() && fault_on(index) == Some(fault) {
                index += 1;
            }
            let (from, to) = (dates[first], dates[index - 1]);
            problems.push(if fault.is_empty() {
                TariffProblem::DaysUncovered { from, to, days }
            } else {
                let entries = fault.iter().map(|&entry| entries[entry].id.clone()).collect();
                TariffProblem::DaysOverlap { from, to, days, entries }
            });
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::super::{LocalMoment, Tariff};

    fn entry(id: &str, start: &str, end: &str, mask: &str) -> String {
        format!(
            r#"{{"id": "{id}", "effective_start": "{start}", "effective_end": "{end}", "dow_mask": "{mask}",
                "times": [0, 8.5, 21.5], "tariffs": [0.1, 0.2, 0.15], "demand_charge": 9.9}}"#
        )
    }

    fn schedule(entries: &[String]) -> String {
        format!(r#"{{"name": "Test", "schedule": [{}]}}"#, entries.join(","))
    }

    fn problems(text: &str) -> String {
        Tariff::from_schedule_json(text).unwrap_err().to_string()
    }

    #[test]
    fn half_hours_and_seasons_across_new_year_are_understood() {
        let text =
            schedule(&[entry("Summer", "05-01", "10-31", "ALL"), entry("Winter", "11-01", "4-30", "ALL")]);
        let (tariff, remarks) = Tariff::from_schedule_json(&text).unwrap();
        assert_eq!(remarks[0], "/schedule/0/demand_charge is ignored: demand charges are not modelled");
        for (month, day) in [(1, 1), (2, 29), (4, 30), (5, 1), (12, 31)] {
            let at = |minute_of_day| {
                tariff.price_at(&LocalMoment { month, day, weekday: 6, minute_of_day }).micro()
            };
            assert_eq!(
                [at(0), at(509), at(510), at(1289), at(1290)],
                [100_000, 100_000, 200_000, 200_000, 150_000]
            );
        }
    }

    #[test]
    fn two_winters_for_all_days_overlap_as_in_pge_a10() {
        let text = schedule(&[
            entry("Summer-Weekday", "05-01", "10-31", "WEEKDAYS"),
            entry("Summer-Weekend", "05-01", "10-31", "WEEKENDS"),
            entry("Winter-Weekday", "11-01", "4-30", "ALL"),
            entry("Winter-Weekend", "11-01", "4-30", "ALL"),
        ]);
        assert_eq!(
            problems(&text),
            "all days of 01-01 to 04-30 are in entries [\"Winter-Weekday\", \"Winter-Weekend\"], every day needs exactly one\n\
             all days of 11-01 to 12-31 are in entries [\"Winter-Weekday\", \"Winter-Weekend\"], every day needs exactly one"
        );
    }

    #[test]
    fn a_missing_leap_day_is_a_hole() {
        let text =
            schedule(&[entry("A", "03-01", "02-28", "WEEKDAYS"), entry("B", "01-01", "12-31", "WEEKENDS")]);
        assert_eq!(
            problems(&text),
            "weekdays of 02-29 to 02-29 are in no schedule entry, every day needs exactly one"
        );
    }

    #[test]
    fn every_bad_value_is_told_with_its_path() {
        let text = r#"{"schedule": [{"id": 7, "effective_start": "13-01", "effective_end": "02-30",
            "dow_mask": "SUNDAYS", "times": [1, 0.5, 24], "tariffs": [0.1, -0.2, "x"]}, 3]}"#;
        assert_eq!(
            problems(text),
            "/name: expected the tariff's name, a string\n\
             /schedule/0/id: expected a string\n\
             /schedule/0/effective_start: \"13-01\" is not a date, expected \"MM-DD\"\n\
             /schedule/0/effective_end: \"02-30\" is not a date, expected \"MM-DD\"\n\
             /schedule/0/dow_mask: \"SUNDAYS\" is not one of \"WEEKDAYS\", \"WEEKENDS\", \"ALL\"\n\
             /schedule/0/times: the first time must be 0, so that the whole day has a price\n\
             /schedule/0/times: [1,0.5,24] must ascend\n\
             /schedule/0/times: [1,0.5,24] must lie from 0 to below 24\n\
             /schedule/0/tariffs/1: the price is -0.200000 per kWh, it must be positive\n\
             /schedule/0/tariffs/2: \"x\" is not a price per kWh\n\
             /schedule/1: expected an object"
        );
    }

    #[test]
    fn broken_json_is_told_with_line_and_column() {
        assert_eq!(problems("{\n  \"name\": oops\n}"), "line 2, column 11: expected value");
    }

    #[test]
    fn prices_and_times_come_in_equal_numbers() {
        let text = schedule(&[entry("A", "01-01", "12-31", "ALL").replace("[0.1, 0.2, 0.15]", "[0.1]")]);
        assert_eq!(problems(&text), "/schedule/0/tariffs: 1 prices for 3 times, there must be one each");
    }
}
