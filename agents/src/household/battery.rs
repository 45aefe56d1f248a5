//! The vehicle's battery: efficiencies, limits and exact books.

use goshawk_engine::{Fault, Loading, Saving};
use goshawk_market::quantity::{Energy, Power, Price};
use serde::{Deserialize, Serialize};

pub mod ageing;
pub mod conversion;
pub mod curves;
pub mod half_cycle;
pub mod power_limit;
pub mod wear;

use ageing::Ageing;
use conversion::{Conversion, Point};
use power_limit::PowerLimit;
use wear::WearCost;

use crate::saved::Saved;

/// What a kind of battery and its charging pile can do.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BatterySpec {
    /// Usable size.
    pub capacity: Energy,
    /// Largest charging power at the meter.
    pub charge_power: Power,
    /// Largest discharging power at the meter.
    pub discharge_power: Power,
    /// Share of metered charging energy that reaches the battery, in (0, 1].
    pub charge_efficiency: f64,
    /// Share of energy taken from the battery that reaches the meter, in (0, 1].
    pub discharge_efficiency: f64,
    /// Lowest state of charge to which trading may discharge.
    pub soc_min: f64,
    /// Highest state of charge.
    pub soc_max: f64,
}

/// What the cells are and how they are followed.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Cells {
    /// Charge-dependent limits of LiFePO4 cells, behind the charger's constant efficiencies; without them the
    /// specification's efficiencies and powers are all there is.
    pub lfp: Option<PowerLimit>,
    /// Whether the battery ages, and how warm its cells are then, in °C.
    pub ageing_at_c: Option<f64>,
    /// What wear costs, where it follows from the ageing.
    pub wear: Option<WearCost>,
}

/// What a day did to a battery.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BatteryDay {
    /// Capacity at the end of the day as a share of the new battery's; nothing where batteries do not age.
    pub state_of_health: Option<f64>,
    /// q_cal, as a share of the new battery's capacity.
    pub calendar_loss: Option<f64>,
    /// q_cyc, as a share of the new battery's capacity.
    pub cycle_loss: Option<f64>,
    /// Energy into and out of the cells since the run began, over twice the capacity of the new battery.
    pub full_equivalent_cycles: f64,
    /// Energy into and out of the cells in the day.
    pub throughput: Energy,
    /// State of charge, averaged over the day.
    pub mean_soc: f64,
    /// Energy for which the shrunken battery had no room any more: lost.
    pub clipped: Energy,
}

/// A battery with what it holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Battery {
    /// Its capacity is that of today.
    spec: BatterySpec,
    /// The least and the most content, of the capacity of today.
    floor: Energy,
    ceiling: Energy,
    /// Capacity when it was new.
    fresh: Energy,
    content: Energy,
    is_cautious: bool,
    #[serde(skip)]
    cells: Cells,
    /// How energy converts in the span under way, and the span.
    conversion: Conversion,
    span_micros: u64,
    ageing: Option<Box<Ageing>>,
    wear: Option<Price>,
    /// State of charge as the period under way began.
    soc_before: f64,
    throughput: Energy,
    throughput_today: Energy,
    soc_hours: f64,
    hours: f64,
}

/// Nothing takes longer to charge than two days.
const MICROS_TO_FILL: u64 = 48 * 3_600_000_000;

/// More than conversions to and fro can be wrong by.
const AMPLE: Energy = Energy::from_micro(10);
/// One step of the grid of energies.
const STEP: Energy = Energy::from_micro(1);
const MICROS_PER_HOUR: f64 = 3.6e9;
/// Mean power of driving in kW, which says how long a trip's discharge takes: 0.18 kWh/km at 50 km/h.
const DRIVING_KW: f64 = 9.0;

fn hours(micros: u64) -> f64 {
    micros as f64 / MICROS_PER_HOUR
}

fn scaled(energy: Energy, factor: f64) -> Energy {
    kwh(energy.to_f64() * factor)
}

fn kwh(value: f64) -> Energy {
    Energy::from_f64(value).expect("invariant: a share of a valid energy is valid")
}

impl Battery {
    /// A battery with constant efficiencies that does not age and holds `content`, cut to the limits of its
    /// specification.
    pub fn new(spec: BatterySpec, content: Energy) -> Self {
        Self::with_cells(spec, content, Cells::default())
    }

    /// The same with cells of a kind.
    pub fn with_cells(spec: BatterySpec, content: Energy, cells: Cells) -> Self {
        let conversion =
            Conversion::Constant { charge: spec.charge_efficiency, discharge: spec.discharge_efficiency };
        let mut battery = Self {
            spec,
            floor: scaled(spec.capacity, spec.soc_min),
            ceiling: scaled(spec.capacity, spec.soc_max),
            fresh: spec.capacity,
            content,
            is_cautious: false,
            cells,
            conversion,
            span_micros: MICROS_PER_HOUR as u64,
            ageing: None,
            wear: None,
            soc_before: 0.0,
            throughput: Energy::ZERO,
            throughput_today: Energy::ZERO,
            soc_hours: 0.0,
            hours: 0.0,
        };
        battery.content = content.clamp(battery.floor(), battery.ceiling());
        battery.soc_before = battery.soc();
        battery.ageing =
            cells.ageing_at_c.map(|temperature_c| Box::new(Ageing::new(battery.soc(), temperature_c)));
        battery.price_wear();
        battery.operate(MICROS_PER_HOUR as u64);
        battery
    }

    /// What the battery holds.
    #[inline]
    pub fn content(&self) -> Energy {
        self.content
    }

    /// Its specification, with the capacity of today.
    #[inline]
    pub fn spec(&self) -> &BatterySpec {
        &self.spec
    }

    /// State of charge, 0 to 1.
    #[inline]
    pub fn soc(&self) -> f64 {
        self.content.to_f64() / self.spec.capacity.to_f64()
    }

    /// C_e of (9) for the next kWh, where it follows from the ageing.
    #[inline]
    pub fn wear(&self) -> Option<Price> {
        self.wear
    }

    /// The content below which nothing is traded away.
    #[inline]
    pub fn floor(&self) -> Energy {
        self.floor
    }

    /// The content above which nothing is charged.
    #[inline]
    pub fn ceiling(&self) -> Energy {
        self.ceiling
    }

    /// From here on energy flows within a span of so many microseconds, from the present state of charge.
    pub fn operate(&mut self, micros: u64) {
        self.span_micros = micros;
        if let Some(limit) = self.cells.lfp {
            self.conversion = Conversion::lfp(&Point {
                soc: self.soc(),
                fresh_kwh: self.fresh.to_f64(),
                capacity_kwh: self.spec.capacity.to_f64(),
                hours: hours(self.span_micros),
                charger_kw: (self.spec.charge_power.to_f64(), self.spec.discharge_power.to_f64()),
                charger: (self.spec.charge_efficiency, self.spec.discharge_efficiency),
                c_rate_max: limit.c_rate_max,
            });
        }
    }

    /// Most metered energy that can be charged within a time from now, however much room there is.
    pub fn chargeable(&self, micros: u64) -> Energy {
        let at_the_charger = self.spec.charge_power.over_micros(micros);
        let Some(limit) = self.cells.lfp else { return at_the_charger };
        let (hours, capacity) = (micros as f64 / MICROS_PER_HOUR, self.spec.capacity.to_f64());
        if hours == 0.0 {
            return Energy::ZERO;
        }
        let by_the_charger = self.conversion.gained(at_the_charger.to_f64()) / (capacity * hours);
        let gain = limit.charged(self.soc(), hours, by_the_charger) * capacity;
        at_the_charger.min(kwh(self.conversion.metered_to_gain(gain)))
    }

    /// Most metered energy that can be delivered within a time from now, however little there is.
    pub fn dischargeable(&self, micros: u64) -> Energy {
        let at_the_charger = self.spec.discharge_power.over_micros(micros);
        let Some(limit) = self.cells.lfp else { return at_the_charger };
        let (hours, capacity) = (micros as f64 / MICROS_PER_HOUR, self.spec.capacity.to_f64());
        if hours == 0.0 {
            return Energy::ZERO;
        }
        let by_the_charger = self.conversion.drawn(at_the_charger.to_f64()) / (capacity * hours);
        let drawn = limit.discharged(self.soc(), hours, by_the_charger) * capacity;
        at_the_charger.min(kwh(self.conversion.delivered(drawn)))
    }

    /// What a later time so long, in which power alone would give `by_power`, can charge of what is lacking now and of what is
    /// taken out meanwhile, at the meter.
    ///
    /// A taper depends on the charge alone, so the way to the full need takes the same time whenever it is gone. What of it
    /// is longer than the later time cannot wait; in what the later time is longer, more can be charged.
    pub fn may_wait(&self, lacking: Energy, later_micros: u64, by_power: Energy) -> Energy {
        if !self.tapers() || !lacking.is_positive() {
            return by_power;
        }
        let Some(whole) = self.micros_to_charge(lacking) else { return Energy::ZERO };
        let now = whole.saturating_sub(later_micros);
        let spare =
            self.spec.charge_power.over_micros(later_micros.saturating_sub(whole).min(MICROS_TO_FILL));
        let later = by_power.min(lacking - self.chargeable(now).min(lacking) + spare);
        (later - self.unsure(lacking)).or_zero()
    }

    /// Whether what its cells take in and give depends on their charge.
    #[inline]
    pub fn tapers(&self) -> bool {
        self.cells.lfp.is_some()
    }

    /// The part of an energy that a battery which others discharge does not leave to later: what the cells lose on the
    /// way depends on their charge, and is known for the present one alone.
    pub fn unsure(&self, energy: Energy) -> Energy {
        let is_cautious = self.is_cautious && self.tapers();
        if is_cautious { Energy::from_micro(energy.micro() / 200) } else { Energy::ZERO }
    }

    /// From here on others may discharge it up to what own needs leave.
    pub fn be_cautious(&mut self) {
        self.is_cautious = true;
    }

    /// The lowest content from which charging for a later time so long still reaches `goal`, at full power; the cells'
    /// taper counts.
    pub fn lowest_refillable(&self, goal: Energy, later_micros: u64) -> Energy {
        let micros = later_micros.min(MICROS_TO_FILL);
        let by_power = self.spec.charge_power.over_micros(micros);
        let Some(limit) = self.cells.lfp else {
            return (goal - self.gain_from(by_power)).or_zero();
        };
        let (hours, capacity) = (micros as f64 / MICROS_PER_HOUR, self.spec.capacity.to_f64());
        if hours == 0.0 {
            return goal;
        }
        let charger_rate = self.conversion.gained(by_power.to_f64()) / (capacity * hours);
        let (mut low, mut reaches) = (0.0, goal.to_f64());
        // To a Wh: a millionth of a battery of a MWh.
        while reaches - low > 0.001 {
            let middle = f64::midpoint(low, reaches);
            let reached = middle + limit.charged(middle / capacity, hours, charger_rate) * capacity;
            if reached < goal.to_f64() {
                low = middle;
            } else {
                reaches = middle;
            }
        }
        kwh(reaches).min(goal)
    }

    /// How long charging so much takes, to a second and not less; `None` for more than the cells take in.
    fn micros_to_charge(&self, metered: Energy) -> Option<u64> {
        const SECOND: u64 = 1_000_000;
        let by_power = metered.to_f64() / self.spec.charge_power.to_f64() * MICROS_PER_HOUR;
        let (mut short, mut enough) = (0, by_power as u64 + SECOND);
        while self.chargeable(enough) < metered {
            if enough > MICROS_TO_FILL {
                return None;
            }
            (short, enough) = (enough, enough * 2);
        }
        if short == 0 {
            return Some(enough);
        }
        while enough - short > SECOND {
            let middle = short.midpoint(enough);
            if self.chargeable(middle) < metered {
                short = middle;
            } else {
                enough = middle;
            }
        }
        Some(enough)
    }

    /// Least metered energy that must be charged to gain at least `energy` in the battery.
    pub fn metered_to_gain(&self, energy: Energy) -> Energy {
        if energy.is_zero() {
            return Energy::ZERO;
        }
        let mut metered = kwh(self.conversion.metered_to_gain(energy.to_f64()));
        while self.gain_from(metered) < energy {
            metered += STEP;
        }
        metered
    }

    /// Most metered energy that can be charged into `room`.
    pub fn metered_that_fits(&self, room: Energy) -> Energy {
        if room.is_zero() {
            return Energy::ZERO;
        }
        let mut metered = kwh(self.conversion.metered_to_gain(room.to_f64()));
        while self.gain_from(metered) > room {
            metered -= STEP;
        }
        metered
    }

    /// Metered energy up to `limit`, as far as it fits into `room`.
    pub fn metered_within(&self, limit: Energy, room: Energy) -> Energy {
        // Where room is ample it need not be converted, to the last unit, into what fits.
        if !self.tapers() && self.gain_from(limit) + AMPLE <= room {
            return limit;
        }
        limit.min(self.metered_that_fits(room))
    }

    /// What the battery gains from metered energy.
    #[inline]
    pub fn gain_from(&self, metered: Energy) -> Energy {
        if metered.is_zero() {
            return Energy::ZERO;
        }
        kwh(self.conversion.gained(metered.to_f64()))
    }

    /// What it holds above its floor, at the meter.
    pub fn giveable(&self) -> Energy {
        self.metered_from((self.content() - self.floor()).or_zero())
    }

    /// Most metered energy that taking at most `energy` out of the battery delivers.
    pub fn metered_from(&self, energy: Energy) -> Energy {
        if energy.is_zero() {
            return Energy::ZERO;
        }
        let mut metered = kwh(self.conversion.delivered(energy.to_f64()));
        while self.drawn_to_deliver(metered) > energy {
            metered -= STEP;
        }
        metered
    }

    /// What delivering metered energy takes out of the battery.
    #[inline]
    pub fn drawn_to_deliver(&self, metered: Energy) -> Energy {
        if metered.is_zero() {
            return Energy::ZERO;
        }
        kwh(self.conversion.drawn(metered.to_f64()))
    }

    /// Charges metered energy; the difference to what arrives is lost. Returns the loss.
    pub fn charge(&mut self, metered: Energy) -> Energy {
        let gain = self.gain_from(metered).min(metered);
        self.change(gain, |battery| hours(battery.span_micros));
        metered - gain
    }

    /// Delivers metered energy; what is taken beyond it is lost. Returns the loss.
    pub fn discharge(&mut self, metered: Energy) -> Energy {
        let drawn = self.drawn_to_deliver(metered).max(metered);
        self.change(-drawn, |battery| hours(battery.span_micros));
        drawn - metered
    }

    /// Drives: takes what is there, at most `wanted`. Returns what was taken.
    pub fn drive(&mut self, wanted: Energy) -> Energy {
        let taken = wanted.min(self.content).or_zero();
        self.change(-taken, |_| taken.to_f64() / DRIVING_KW);
        taken
    }

    /// Energy goes into the cells, or out of them, within some hours, which count where batteries age.
    fn change(&mut self, energy: Energy, hours: impl FnOnce(&Self) -> f64) {
        self.content += energy;
        self.throughput_today += if energy.is_negative() { -energy } else { energy };
        if self.ageing.is_none() {
            return;
        }
        let (soc, hours) = (self.soc(), hours(self));
        if let Some(ageing) = &mut self.ageing {
            ageing.swing(soc, hours);
        }
    }

    /// A period is over: the battery is that much older.
    pub fn pass(&mut self, micros: u64) {
        let (before, after) = (self.soc_before, self.soc());
        let hours = hours(micros);
        if let Some(ageing) = &mut self.ageing {
            ageing.rest(before, after, hours * 3600.0);
        }
        self.soc_hours += (before + after) / 2.0 * hours;
        self.hours += hours;
        self.soc_before = after;
    }

    /// A day is over: the capacity follows the state of health, and what no longer fits is lost.
    pub fn end_day(&mut self) -> BatteryDay {
        let state_of_health = self.ageing.as_deref().map(Ageing::state_of_health);
        if let Some(health) = state_of_health {
            self.spec.capacity = scaled(self.fresh, health).min(self.spec.capacity);
            self.floor = scaled(self.spec.capacity, self.spec.soc_min);
            self.ceiling = scaled(self.spec.capacity, self.spec.soc_max);
            self.price_wear();
        }
        let clipped = (self.content - self.spec.capacity).or_zero();
        self.content -= clipped;
        self.soc_before = self.soc();
        let throughput = std::mem::take(&mut self.throughput_today);
        self.throughput += throughput;
        let (soc_hours, hours) = (std::mem::take(&mut self.soc_hours), std::mem::take(&mut self.hours));
        BatteryDay {
            state_of_health,
            calendar_loss: self.ageing.as_deref().map(Ageing::calendar_loss),
            cycle_loss: self.ageing.as_deref().map(Ageing::cycle_loss),
            full_equivalent_cycles: self.throughput.to_f64() / (2.0 * self.fresh.to_f64()),
            throughput,
            mean_soc: if hours > 0.0 { soc_hours / hours } else { self.soc_before },
            clipped,
        }
    }

    fn price_wear(&mut self) {
        let Some((ageing, wear)) = self.ageing.as_deref().zip(self.cells.wear) else { return };
        let c_rate = self.spec.discharge_power.to_f64() / self.spec.capacity.to_f64();
        let c_rate = c_rate.min(self.cells.lfp.map_or(c_rate, |limit| limit.c_rate_max));
        self.wear = Some(wear.of_next_kwh(ageing, self.fresh.to_f64(), c_rate));
    }
}

impl Saved for Battery {
    fn put(&self, saving: &mut Saving) -> Result<(), Fault> {
        saving.put(self)
    }

    fn take(&mut self, loading: &mut Loading<'_>) -> Result<(), Fault> {
        *self = Self { cells: self.cells, ..loading.take()? };
        Ok(())
    }
}

#[cfg(test)]
mod tests;
