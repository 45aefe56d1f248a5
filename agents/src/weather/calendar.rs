//! The calendar of a typical year: 365 days whose hours are stamped by their end, 01:00 to 24:00.

use std::fmt;

use jiff::civil::DateTime;

/// Hours of a typical year, which has no 29 February.
pub(super) const HOURS_PER_YEAR: usize = 365 * 24;

const DAYS_OF_MONTH: [u16; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/// An hour of a typical year. Prints as files write it, by month, day and the hour's end: `01/31 24:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    /// From 0 for the hour that ends on 1 January at 01:00.
    hour_of_year: u16,
}

impl Stamp {
    /// The hour of a month and day (from 1) that ends at `hour_end`, 1 to 24.
    pub(super) fn new(month: u16, day: u16, hour_end: u16) -> Option<Self> {
        let month = usize::from(month).checked_sub(1)?;
        let days = *DAYS_OF_MONTH.get(month)?;
        if !(1..=days).contains(&day) || !(1..=24).contains(&hour_end) {
            return None;
        }
        let days_before: u16 = DAYS_OF_MONTH[..month].iter().sum();
        Some(Self { hour_of_year: (days_before + day - 1) * 24 + hour_end - 1 })
    }

    /// The hour that holds an instant of the file's standard time.
    pub(super) fn holding(at: DateTime) -> Self {
        let month = at.month().unsigned_abs().into();
        let day = u16::from(at.day().unsigned_abs());
        let last_day = if month == 2 { 28 } else { 31 };
        Self::new(month, day.min(last_day), u16::from(at.hour().unsigned_abs()) + 1)
            .expect("invariant: every civil time lies in an hour of the year")
    }

    /// The hour that comes `hours` later, over New Year if need be.
    pub(super) fn plus(self, hours: usize) -> Self {
        let hour = (usize::from(self.hour_of_year) + hours) % HOURS_PER_YEAR;
        Self { hour_of_year: u16::try_from(hour).expect("invariant: a year has 8760 hours") }
    }

    /// Hours from this one to the next `later`, 0 to 8759.
    pub(super) fn hours_until(self, later: Self) -> usize {
        (usize::from(later.hour_of_year) + HOURS_PER_YEAR - usize::from(self.hour_of_year)) % HOURS_PER_YEAR
    }
}

impl Stamp {
    /// Hours of its day before it, 0 to 23.
    pub(super) fn hour_of_day(self) -> usize {
        usize::from(self.hour_of_year % 24)
    }

    /// Month and day, both from 1.
    pub(super) fn month_and_day(self) -> (i8, i8) {
        let (mut day, mut month) = (self.hour_of_year / 24, 0);
        while day >= DAYS_OF_MONTH[month] {
            day -= DAYS_OF_MONTH[month];
            month += 1;
        }
        (month as i8 + 1, day as i8 + 1)
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (month, day) = self.month_and_day();
        write!(f, "{month:02}/{day:02} {:02}:00", self.hour_of_year % 24 + 1)
    }
}
