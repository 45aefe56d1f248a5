//! Tariffs: the price of a kWh from the grid or the company at a local moment.

mod schedule;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::quantity::Price;

/// A moment in the scenario's time zone, as far as tariffs look at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LocalMoment {
    /// 1 (January) to 12.
    pub month: u8,
    /// Day of the month, from 1.
    pub day: u8,
    /// 0 (Monday) to 6 (Sunday).
    pub weekday: u8,
    /// Minutes since local midnight, 0 to 1439.
    pub minute_of_day: u16,
}

impl LocalMoment {
    /// The paper's hour, 1 to 24: hour h starts at h:00, and what follows midnight is hour 24.
    ///
    /// ```
    /// use goshawk_market::LocalMoment;
    /// let at = |minute_of_day| LocalMoment { month: 1, day: 1, weekday: 0, minute_of_day }.hour();
    /// assert_eq!([at(0), at(59), at(60), at(23 * 60 + 59)], [24, 24, 1, 23]);
    /// ```
    pub fn hour(&self) -> u8 {
        match self.minute_of_day / 60 {
            0 => 24,
            hour => hour as u8,
        }
    }
}

/// A price for the hours `from` to `to`, both included, in the paper's count of 1 to 24.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Band {
    /// The first hour, 1 to 24.
    pub from: u8,
    /// The last hour, `from` to 24.
    pub to: u8,
    /// The price in force (currency/kWh).
    pub price: Price,
}

/// One reason why a tariff cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TariffProblem {
    /// A band with hours outside 1 to 24, or that ends before it starts.
    #[error("band {band} ({from}-{to}): hours run from 1 to 24, and a band's first is not after its last")]
    Hours {
        /// The band's place in the list, from 0.
        band: usize,
        /// Its first hour.
        from: u8,
        /// Its last hour.
        to: u8,
    },
    /// A price that is zero or negative.
    #[error("{place}: the price is {price} per kWh, it must be positive")]
    NotPositive {
        /// The band or the path in the file.
        place: String,
        /// The price.
        price: Price,
    },
    /// An hour without a price.
    #[error("hour {hour} is in no band, every hour from 1 to 24 needs one price")]
    Hole {
        /// The hour.
        hour: u8,
    },
    /// An hour with several prices.
    #[error("hour {hour} is in bands {bands:?}, every hour from 1 to 24 needs one price")]
    Overlap {
        /// The hour.
        hour: u8,
        /// The places of the bands in the list, from 0.
        bands: Vec<usize>,
    },
    /// The text is not JSON.
    #[error("line {line}, column {column}: {reason}")]
    Syntax {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
        /// What the parser expected.
        reason: String,
    },
    /// A value in the file that a schedule cannot have.
    #[error("{path}: {reason}")]
    Value {
        /// JSON pointer to it, such as `/schedule/2/times`.
        path: String,
        /// What is there and what is allowed.
        reason: String,
    },
    /// Days that no entry of the schedule covers.
    #[error("{days} of {from} to {to} are in no schedule entry, every day needs exactly one")]
    DaysUncovered {
        /// The first such day.
        from: MonthDay,
        /// The last.
        to: MonthDay,
        /// Which days of the week.
        days: Weekdays,
    },
    /// Days that several entries of the schedule cover.
    #[error("{days} of {from} to {to} are in entries {entries:?}, every day needs exactly one")]
    DaysOverlap {
        /// The first such day.
        from: MonthDay,
        /// The last.
        to: MonthDay,
        /// Which days of the week.
        days: Weekdays,
        /// The ids of the entries.
        entries: Vec<String>,
    },
}

/// Everything that is wrong with a tariff, at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TariffProblems(pub Vec<TariffProblem>);

impl fmt::Display for TariffProblems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for TariffProblems {}

/// A day of any year, ordered by the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct MonthDay {
    /// 1 (January) to 12.
    pub month: u8,
    /// Day of the month, from 1; February has 29.
    pub day: u8,
}

impl fmt::Display for MonthDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}-{:02}", self.month, self.day)
    }
}

/// The days of the week to which a schedule entry applies: its `dow_mask`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weekdays {
    /// Monday to Friday.
    Weekdays,
    /// Saturday and Sunday.
    Weekends,
    /// Every day.
    All,
}

impl Weekdays {
    /// Whether the day (0 is Monday) is one of these.
    pub fn contains(self, weekday: u8) -> bool {
        match self {
            Self::Weekdays => weekday < 5,
            Self::Weekends => weekday >= 5,
            Self::All => true,
        }
    }
}

impl fmt::Display for Weekdays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Weekdays => "weekdays",
            Self::Weekends => "weekends",
            Self::All => "all days",
        })
    }
}

/// The price of a kWh at every local moment, positive throughout.
///
/// ```
/// use goshawk_market::{Band, LocalMoment, Tariff, quantity::Price};
/// let price = Price::from_micro;
/// let tariff = Tariff::from_bands(&[
///     Band { from: 1, to: 7, price: price(400_000) },
///     Band { from: 8, to: 24, price: price(900_000) },
/// ])?;
/// let night = LocalMoment { month: 1, day: 15, weekday: 2, minute_of_day: 7 * 60 + 59 };
/// assert_eq!(tariff.price_at(&night), price(400_000));
/// # Ok::<(), goshawk_market::TariffProblems>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Tariff {
    prices: Prices,
}

#[derive(Debug, Clone, PartialEq)]
enum Prices {
    /// By the paper's hour, from hour 1.
    Hours([Price; 24]),
    /// By season, weekday and time.
    Schedule(Vec<schedule::Entry>),
}

impl Tariff {
    /// From bands that together cover every hour once.
    ///
    /// # Errors
    /// Every hole, overlap, hour outside 1 to 24 and price that is not positive, all at once.
    pub fn from_bands(bands: &[Band]) -> Result<Self, TariffProblems> {
        let mut problems = Vec::new();
        let hours_fit = |band: &Band| 1 <= band.from && band.from <= band.to && band.to <= 24;
        for (index, band) in bands.iter().enumerate() {
            if !hours_fit(band) {
                problems.push(TariffProblem::Hours { band: index, from: band.from, to: band.to });
            }
            if !band.price.is_positive() {
                let place = format!("band {index} ({}-{})", band.from, band.to);
                problems.push(TariffProblem::NotPositive { place, price: band.price });
            }
        }
        let mut prices = [Price::ZERO; 24];
        for hour in 1..=24u8 {
            let covering: Vec<usize> = (0..bands.len())
                .filter(|&index| (bands[index].from..=bands[index].to).contains(&hour))
                .collect();
            match covering[..] {
                [] => problems.push(TariffProblem::Hole { hour }),
                [only] => prices[usize::from(hour) - 1] = bands[only].price,
                _ => problems.push(TariffProblem::Overlap { hour, bands: covering }),
            }
        }
        if problems.is_empty() {
            Ok(Self { prices: Prices::Hours(prices) })
        } else {
            Err(TariffProblems(problems))
        }
    }

    /// From the text of a schedule file as acnportal writes them, with remarks on what was ignored.
    ///
    /// Prices are taken as they stand, in the file's currency per kWh; see [`Tariff::scaled`].
    ///
    /// # Errors
    /// Everything that is wrong with the text, with its place in it, and every range of days without an entry or with
    /// several. The check covers February 29 as well.
    pub fn from_schedule_json(text: &str) -> Result<(Self, Vec<String>), TariffProblems> {
        let (entries, remarks) = schedule::read(text).map_err(TariffProblems)?;
        Ok((Self { prices: Prices::Schedule(entries) }, remarks))
    }

    /// The price in force (currency/kWh).
    pub fn price_at(&self, moment: &LocalMoment) -> Price {
        match &self.prices {
            Prices::Hours(prices) => prices[usize::from(moment.hour()) - 1],
            Prices::Schedule(entries) => entries
                .iter()
                .find(|entry| entry.covers(moment))
                .map(|entry| entry.price_at(moment.minute_of_day))
                .expect("invariant: a checked schedule covers every day"),
        }
    }

    /// The same tariff with every price multiplied, such as into another currency.
    ///
    /// # Errors
    /// When a price would no longer be positive or does not fit its grid.
    pub fn scaled(&self, factor: f64) -> Result<Self, TariffProblems> {
        let mut scaled = self.clone();
        let mut problems = Vec::new();
        let mut scale = |place: String, price: &mut Price| match Price::from_f64(price.to_f64() * factor) {
            Ok(product) if product.is_positive() => *price = product,
            Ok(product) => problems.push(TariffProblem::NotPositive { place, price: product }),
            Err(error) => problems.push(TariffProblem::Value { path: place, reason: error.to_string() }),
        };
        match &mut scaled.prices {
            Prices::Hours(prices) => {
                prices
                    .iter_mut()
                    .enumerate()
                    .for_each(|(hour, price)| scale(format!("hour {} scaled", hour + 1), price));
            }
            Prices::Schedule(entries) => {
                for entry in entries {
                    let id = entry.id.clone();
                    entry.prices_mut().for_each(|price| scale(format!("entry {id} scaled"), price));
                }
            }
        }
        if problems.is_empty() { Ok(scaled) } else { Err(TariffProblems(problems)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn band(from: u8, to: u8, micro: i64) -> Band {
        Band { from, to, price: Price::from_micro(micro) }
    }

    #[test]
    fn every_problem_of_a_list_of_bands_is_told_at_once() {
        let problems =
            Tariff::from_bands(&[band(1, 8, 5), band(8, 20, 0), band(22, 25, 5), band(0, 0, 1)]).unwrap_err();
        assert_eq!(
            problems.to_string(),
            "band 1 (8-20): the price is 0.000000 per kWh, it must be positive\n\
             band 2 (22-25): hours run from 1 to 24, and a band's first is not after its last\n\
             band 3 (0-0): hours run from 1 to 24, and a band's first is not after its last\n\
             hour 8 is in bands [0, 1], every hour from 1 to 24 needs one price\n\
             hour 21 is in no band, every hour from 1 to 24 needs one price"
        );
    }

    #[test]
    fn midnight_belongs_to_hour_24() {
        let tariff = Tariff::from_bands(&[band(1, 23, 1), band(24, 24, 2)]).unwrap();
        let at = |minute_of_day| {
            tariff.price_at(&LocalMoment { month: 6, day: 1, weekday: 0, minute_of_day }).micro()
        };
        assert_eq!([at(0), at(59), at(60), at(1439)], [2, 2, 1, 1]);
    }

    #[test]
    fn a_scaled_tariff_keeps_its_prices_positive() {
        let tariff = Tariff::from_bands(&[band(1, 24, 500_000)]).unwrap();
        let noon = LocalMoment { month: 6, day: 1, weekday: 0, minute_of_day: 720 };
        assert_eq!(tariff.scaled(7.1).unwrap().price_at(&noon), Price::from_micro(3_550_000));
        assert_eq!(tariff.scaled(0.0).unwrap_err().0.len(), 24);
        assert!(tariff.scaled(f64::NAN).is_err());
    }
}
