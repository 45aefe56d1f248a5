//! How fast rows are written: `cargo run --release -p goshawk-output --example write_speed [ROWS]`.
//!
//! Prints rows per second of processor time, all threads together, and bytes per row, for both formats of numbers. The numbers are
//! drawn so that they repeat as little as those of a real run; drawing them is timed apart and taken off. What
//! this does not measure: the disk's own speed, and reading.

#![expect(clippy::print_stdout, reason = "printing is what an example is for")]

use std::path::Path;

use goshawk_market::quantity::{Energy, Money, Price};
use goshawk_output::table::{AgentPeriodRow, Role, TradeRow};
use goshawk_output::{
    Existing, Horizon, Manifest, Name, Names, NumberFormat, OutputError, OutputFolder, PeriodStamp, Recorder,
    ReplicateRange, RunHeader, Timestamp,
};

const HOUSEHOLDS: u64 = 1_000;
const PERIODS_PER_DAY: u64 = 24;

/// A small generator (xorshift64*), so that the example needs no package.
struct Draws(u64);

impl Draws {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 20
    }

    fn energy(&mut self, below_micro: u64) -> Energy {
        Energy::from_micro((self.next() % below_micro) as i64)
    }

    /// An energy in one case of `one_in`, else nothing.
    fn sometimes(&mut self, one_in: u64) -> Energy {
        if self.next().is_multiple_of(one_in) { self.energy(7_000_000) } else { Energy::ZERO }
    }
}

fn stamp(row: u64) -> PeriodStamp {
    let period = row / HOUSEHOLDS;
    PeriodStamp {
        day: (period / PERIODS_PER_DAY) as u16,
        period: (period % PERIODS_PER_DAY) as u16,
        ts_start: Timestamp(period as i64 * 3_600_000_000),
    }
}

fn agent_period(draws: &mut Draws, names: &[Name], row: u64) -> AgentPeriodRow {
    let household = names[(row % HOUSEHOLDS) as usize];
    let content = draws.energy(60_000_000);
    let role = [Role::Seller, Role::Buyer, Role::None, Role::Away][(draws.next() % 4) as usize];
    let sold = if role == Role::Seller { draws.energy(7_000_000) } else { Energy::ZERO };
    let bought = if role == Role::Buyer { draws.energy(7_000_000) } else { Energy::ZERO };
    let price = Price::from_micro(180_000 + stamp(row).ts_start.0 % 7_919);
    AgentPeriodRow {
        when: stamp(row),
        household,
        class: names[(row % 3) as usize],
        role,
        content_kwh: content,
        soc: content.to_f64() / 60.0,
        pv_kwh: if stamp(row).period % 24 > 11 { draws.energy(5_000_000) } else { Energy::ZERO },
        pv_spilled_kwh: draws.sometimes(16),
        charge_kwh: bought,
        discharge_kwh: sold,
        drive_kwh: draws.sometimes(8),
        sold_kwh: sold,
        bought_p2p_kwh: bought,
        bought_grid_kwh: draws.sometimes(8),
        bought_company_kwh: draws.sometimes(16),
        stored_kwh: draws.sometimes(16),
        withdrawn_kwh: draws.sometimes(16),
        losses_kwh: Energy::from_micro((sold.micro() + bought.micro()) / 20),
        income: price * sold,
        spend: price * bought,
        wear_cost: Price::from_micro(40_000) * (sold + bought),
        satisfaction: (role == Role::Buyer).then(|| bought.to_f64() / 7.0),
        aggregated_up_kwh: Energy::ZERO,
        aggregated_down_kwh: Energy::ZERO,
    }
}

fn trade(draws: &mut Draws, names: &[Name], row: u64) -> TradeRow {
    let energy = draws.energy(3_000_000);
    let price = Price::from_micro(180_000 + stamp(row).ts_start.0 % 7_919);
    let fee = Price::from_micro(10_000);
    let (seller_amount, grid_amount) = (price * energy, fee * energy);
    TradeRow {
        when: stamp(row),
        trade_id: row,
        seller: names[(draws.next() % HOUSEHOLDS) as usize],
        seller_class: names[0],
        buyer: names[(draws.next() % HOUSEHOLDS) as usize],
        buyer_class: names[1],
        energy_kwh: energy,
        seller_price_per_kwh: price,
        buyer_price_per_kwh: price + fee + fee,
        grid_fee_per_kwh: fee,
        platform_fee_per_kwh: fee,
        amount: seller_amount + grid_amount + grid_amount,
        seller_amount,
        grid_amount,
        platform_amount: grid_amount,
        penalty_to_buyer: Money::ZERO,
        penalty_to_seller: Money::ZERO,
        seller_surcharge: Money::ZERO,
        buyer_surcharge: Money::ZERO,
        contracted_kwh: energy,
        delivered_kwh: energy,
        block_height: row / HOUSEHOLDS,
    }
}

/// Processor time of this process so far, in seconds; from Linux's accounts in ticks of 10 ms.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<i64> = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .filter_map(|field| field.parse().ok())
        .collect();
    // After the state, which is no number: utime is the 11th field, stime the 12th.
    fields.get(10).zip(fields.get(11)).map_or(0.0, |(user, system)| (user + system) as f64 / 100.0)
}

fn measure<R: goshawk_output::table::Row>(
    folder: &Path,
    rows: u64,
    numbers: NumberFormat,
    mut row: impl FnMut(&mut Draws, &[Name], u64) -> R,
) -> Result<(), OutputError> {
    let mut names = Names::default();
    let list: Vec<Name> = (0..HOUSEHOLDS).map(|n| names.intern(&format!("h{n:04}"))).collect();
    let mut draws = Draws(88_172_645_463_325_252);
    let before = processor_seconds();
    for number in 0..rows {
        std::hint::black_box(row(&mut draws, &list, number));
    }
    let drawing = processor_seconds() - before;

    let header = RunHeader {
        scenario: "speed".to_owned(),
        currency: "EUR".to_owned(),
        zone: "UTC".to_owned(),
        config_hash: String::new(),
        numbers,
    };
    let replicates = ReplicateRange { first: 0, last: 0 };
    let mut draws = Draws(88_172_645_463_325_252);
    let before = processor_seconds();
    let output = OutputFolder::create(folder, Existing::Overwrite)?;
    let mut recorder = Recorder::start(&output, replicates, &header, names)?;
    for number in 0..rows {
        recorder.push(row(&mut draws, &list, number));
    }
    let sealed = recorder.finish()?;
    let horizon = Horizon { start_micros: 0, period_micros: 3_600_000_000, periods: 24 };
    let manifest = output.publish(sealed, Manifest::new(header, 0, replicates, horizon), "")?;
    let writing = processor_seconds() - before - drawing;
    let bytes: u64 = manifest.parts_of(R::TABLE).iter().map(|part| part.digest.bytes).sum();
    println!(
        "{:14} {:8} {:.2} M rows per processor second, {:.1} B per row ({rows} rows, {writing:.2} s)",
        R::TABLE.name(),
        format!("{numbers:?}").to_lowercase(),
        rows as f64 / writing / 1e6,
        bytes as f64 / rows as f64,
    );
    Ok(())
}

fn main() -> Result<(), OutputError> {
    let rows = std::env::args().nth(1).and_then(|rows| rows.parse().ok()).unwrap_or(2_000_000);
    let folder = std::env::temp_dir().join(format!("goshawk-write-speed-{}", std::process::id()));
    println!("writing to {}", folder.display());
    for numbers in [NumberFormat::Float64, NumberFormat::Decimal] {
        measure(&folder, rows, numbers, agent_period)?;
        measure(&folder, rows, numbers, trade)?;
    }
    std::fs::remove_dir_all(&folder).map_err(|source| OutputError::Io {
        action: "remove",
        path: folder.clone(),
        source,
    })
}
