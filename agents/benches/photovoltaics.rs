//! A year of hours from weather to power at the meter, beside pvlib in the same run.
//!
//! `cargo bench -p goshawk-agents --bench photovoltaics`. `GOSHAWK_PYTHON` names a Python with pvlib; without, `python3` is
//! asked, and where it has none that arm is left out. Both arms take sun, Hay-Davies, Faiman and (1), (2) from arrays in
//! memory, ours with sunrise and sunset; reading files is not timed on either side. Processor time, medians of rounds
//! that take turns.
//!
//! The year is the January that ships, twelve times, on the dates of a year. It does not measure what a run does with the sun.

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a report")]

#[path = "../../market/benches/optimizers/clock.rs"]
mod clock;

use std::fmt::Write as _;
use std::hint::black_box;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use goshawk_agents::calendar::Calendar;
use goshawk_agents::household::photovoltaics::{Array, CellTemperature, Inverter, Panel, Sun};
use goshawk_agents::solar::transposition::{Plane, Transposition};
use goshawk_agents::weather::{Resample, Weather};
use goshawk_engine::Streams;
use jiff::civil::date;
use jiff::tz::TimeZone;

const ROUNDS: usize = 9;
const DAYS: u32 = 365;
const JANUARY: &str = include_str!("../../scenarios/data/greensboro_january_tmy3.csv");

/// January's days over and over, stamped as a typical year.
fn year() -> String {
    let mut lines = JANUARY.lines();
    let mut text = format!("{}\n{}\n", lines.next().unwrap(), lines.next().unwrap());
    let days: Vec<&str> = lines.collect();
    let (mut month_and_day, mut hours) = (date(2019, 1, 1), 0);
    while hours < DAYS as usize * 24 {
        let row = days[hours % (30 * 24)];
        let stamp_end = row.match_indices(',').nth(1).unwrap().0;
        let hour = hours % 24 + 1;
        let (month, day) = (month_and_day.month(), month_and_day.day());
        // Writing to a string does not fail.
        let _ = writeln!(text, "{month:02}/{day:02}/2019,{hour:02}:00{}", &row[stamp_end..]);
        hours += 1;
        if hour == 24 {
            month_and_day = month_and_day.tomorrow().unwrap();
        }
    }
    text
}

/// pvlib in a process that answers a line with the processor time of a year.
struct Peer {
    child: Child,
    ask: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Peer {
    fn start(file: &Path) -> Result<Self, String> {
        let python = std::env::var("GOSHAWK_PYTHON").unwrap_or_else(|_| "python3".to_owned());
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/pvlib_speed.py");
        let mut child = Command::new(&python)
            .arg(script)
            .arg(file)
            .envs([("OMP_NUM_THREADS", "1"), ("OPENBLAS_NUM_THREADS", "1")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("{python} does not start: {error}"))?;
        let (ask, answers) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let mut peer = Self { child, ask, answers };
        peer.round().map(|_| peer).ok_or_else(|| format!("{python} has no pvlib"))
    }

    /// Seconds of processor time, and the year's energy in kWh/m².
    fn round(&mut self) -> Option<(f64, f64)> {
        writeln!(self.ask, "go").ok()?;
        let mut line = String::new();
        self.answers.read_line(&mut line).ok()?;
        let (seconds, energy) = line.trim().split_once(' ')?;
        Some((seconds.parse().ok()?, energy.parse().ok()?))
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn timed<T>(work: impl FnOnce() -> T) -> (f64, T) {
    let start = clock::seconds();
    let result = black_box(work());
    (clock::seconds() - start, result)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() {
    let text = year();
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("year_tmy3.csv");
    std::fs::write(&file, &text).unwrap();
    let weather = Weather::from_tmy3(&text, "year").unwrap();
    let start = date(2019, 1, 1).at(0, 0, 0, 0).to_zoned(TimeZone::fixed(jiff::tz::offset(-5))).unwrap();
    let hourly = Calendar::new(start.clone(), 60, DAYS * 24).unwrap();
    let quarters = Calendar::new(start, 15, DAYS * 96).unwrap();
    let faiman = CellTemperature::Faiman { still_w_per_m2_k: 25.0, wind_w_per_m2_k_per_m_per_s: 6.84 };
    let array = Array {
        panel: Panel { efficiency: 0.18, temperature_coefficient_per_k: 0.004, cell_temperature: faiman },
        plane: Plane {
            tilt_deg: 30.0,
            azimuth_deg: 180.0,
            albedo: 0.2,
            transposition: Transposition::HayDavies,
        },
        inverter: Inverter { efficiency: 0.96, limit_kw_per_m2: 0.15 },
    };
    let energy = |calendar: &Calendar| {
        let sun = Sun::over(calendar, &weather, &array);
        sun.between(
            goshawk_agents::calendar::PeriodIndex(0),
            goshawk_agents::calendar::PeriodIndex(calendar.periods()),
        )
    };
    let mut peer = Peer::start(&file);
    let (mut ours, mut theirs, mut finer) = (Vec::new(), Vec::new(), Vec::new());
    let (mut our_energy, mut their_energy) = (0.0, 0.0);
    for _ in 0..ROUNDS {
        let (seconds, energy_of_hours) = timed(|| energy(&hourly));
        ours.push(seconds);
        our_energy = energy_of_hours;
        finer.push(timed(|| energy(&quarters)).0);
        if let Some((seconds, energy)) = peer.as_mut().ok().and_then(Peer::round) {
            theirs.push(seconds);
            their_energy = energy;
        }
    }
    let streams = Streams { seed: 1, crn_group: 0, replicate: 0, is_mirrored: false };
    let run = hourly.moments()[0].instant()..hourly.moments()[(DAYS * 24) as usize].instant();
    for (name, resample) in [("bootstrap", Resample::Bootstrap), ("day_types", Resample::DayTypes)] {
        let (seconds, _) = timed(|| weather.drawn(resample, &streams, run.clone()));
        println!("year_drawn_ms {name} {:.2}", seconds * 1e3);
    }
    let (ours, finer) = (median(ours), median(finer));
    if !clock::HAS_CPU_TIME {
        println!("no processor time on this platform: times are by the wall clock");
    }
    println!("year_of_hours_ms goshawk {:.2}", ours * 1e3);
    println!("year_of_quarter_hours_ms goshawk {:.2}", finer * 1e3);
    match peer {
        Ok(_) => {
            let theirs = median(theirs);
            println!("year_of_hours_ms pvlib {:.2}", theirs * 1e3);
            println!("year_kwh_per_m2 goshawk {our_energy:.2} pvlib {their_energy:.2}");
            println!("ratio year_of_hours_pvlib_over_goshawk {:.2}", theirs / ours);
        }
        Err(reason) => println!("left out: pvlib ({reason}); GOSHAWK_PYTHON names a Python that has it"),
    }
}
