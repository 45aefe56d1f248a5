//! The grid at work on its feeder: checks schedules before a period, and accounts for it afterwards.

use std::sync::Arc;

use goshawk_market::order::HouseholdId;
use goshawk_market::quantity::{Energy, Price};
use goshawk_market::tariff::LocalMoment;

use super::feeder::Feeder;
use super::power_flow::{Loads, PowerFlow, PowerFlowError};
use super::security::{Band, Outcome, Security, SecurityCheck};
use crate::journal::{FeederBooks, LineUse};
use crate::message::Schedule;
use crate::saved::saved;

/// A feeder with what is needed to operate it.
#[derive(Debug, Clone)]
pub struct FeederSpec {
    /// The feeder.
    pub feeder: Arc<Feeder>,
    /// Voltage that the substation holds (per unit).
    pub source_pu: f64,
    /// The voltages that customers may have.
    pub band: Band,
    /// Whether trades that leave the band or a line's limit may flow.
    pub security: Security,
    /// Power factor of households, above 0 up to 1, lagging; reactive power goes with active power in both directions.
    pub power_factor: f64,
    /// Factor on base loads in the hours 1 to 24 of the local day.
    pub base_load_factors: [f64; 24],
    /// What a kWh that is lost costs the grid upstream.
    pub loss_price: Price,
    /// For every group of households, how they spread over the places of the feeder.
    pub weights: Vec<Vec<f64>>,
}

impl FeederSpec {
    /// Factor on base loads at a time of the local day; hour h of 1 to 24 begins at h:00.
    pub fn base_load_factor(&self, local: &LocalMoment) -> f64 {
        self.base_load_factors[usize::from(local.minute_of_day / 60 + 23) % 24]
    }

    /// Whether the check keeps trades from flowing.
    pub fn is_enforced(&self) -> bool {
        self.security == Security::Enforced
    }

    /// Reactive power for each unit of active power: tan of the angle whose cosine is the power factor.
    fn reactive_share(&self) -> f64 {
        (1.0 - self.power_factor * self.power_factor).sqrt() / self.power_factor
    }
}

/// The feeder in the hands of the grid.
#[derive(Debug)]
pub struct FeederOperation {
    spec: FeederSpec,
    reactive_share: f64,
    /// Place of each household on the feeder.
    places: Arc<[u32]>,
    hours: f64,
    flow: PowerFlow,
    check: SecurityCheck,
    anyway: Loads,
    trades: Loads,
    /// What households at each place drew in the period, and what of it they sold to users.
    drawn: Vec<Energy>,
    sold: Vec<Energy>,
}

impl FeederOperation {
    /// Operates a feeder on which households hang at `places`, over periods of `hours`.
    pub fn new(spec: FeederSpec, places: Arc<[u32]>, hours: f64) -> Self {
        let flow = PowerFlow::new(Arc::clone(&spec.feeder), spec.source_pu);
        let buses = spec.feeder.buses();
        Self {
            reactive_share: spec.reactive_share(),
            check: SecurityCheck::new(flow.clone(), spec.band),
            places,
            hours,
            flow,
            anyway: Loads::none(buses),
            trades: Loads::none(buses),
            drawn: vec![Energy::ZERO; buses],
            sold: vec![Energy::ZERO; buses],
            spec,
        }
    }

    fn place(&self, household: HouseholdId) -> usize {
        self.places[household.0 as usize] as usize
    }

    /// What the check that was made last took for drawn at each place without trades; nothing where none is made.
    pub fn loads(&self) -> Vec<Energy> {
        if !self.spec.is_enforced() {
            return Vec::new();
        }
        self.anyway.p_kw.iter().map(|kw| self.energy(*kw)).collect()
    }

    fn energy(&self, kw: f64) -> Energy {
        Energy::from_f64(kw * self.hours).expect("invariant: feeders are checked input")
    }

    /// What the check says of a schedule.
    pub fn secure(&mut self, schedule: &Schedule, local: &LocalMoment) -> Outcome {
        if !self.spec.is_enforced() {
            return Outcome::Approved;
        }
        set_base_load(&mut self.anyway, &self.spec, local);
        self.trades.p_kw.fill(0.0);
        self.trades.q_kvar.fill(0.0);
        for &(household, drawn) in &schedule.anyway {
            let (place, kw) = (self.place(household), drawn.to_f64() / self.hours);
            add(&mut self.anyway, place, kw, self.reactive_share);
        }
        for &(household, sold) in &schedule.sold {
            let (place, kw) = (self.place(household), -sold.to_f64() / self.hours);
            add(&mut self.trades, place, kw, self.reactive_share);
        }
        self.check.check(&self.anyway, &self.trades)
    }

    /// A household's meter at the end of the period: what it drew (fed in, if negative), and what it sold to users.
    pub fn meter(&mut self, household: HouseholdId, drawn: Energy, sold: Energy) {
        let place = self.place(household);
        self.drawn[place] += drawn;
        self.sold[place] += sold;
    }

    /// The period has ended: what flowed, and what was lost.
    ///
    /// # Errors
    /// When the feeder could not have carried it.
    pub fn close(&mut self, local: &LocalMoment) -> Result<FeederBooks, PowerFlowError> {
        let energy =
            |kw: f64| Energy::from_f64(kw * self.hours).expect("invariant: feeders are checked input");
        set_base_load(&mut self.anyway, &self.spec, local);
        let base_load = energy(self.anyway.p_kw.iter().sum());
        let base = energy(self.flow.solve(&self.anyway)?.losses_kw);
        self.trades.p_kw.copy_from_slice(&self.anyway.p_kw);
        self.trades.q_kvar.copy_from_slice(&self.anyway.q_kvar);
        let (mut households, mut is_traded) = (Energy::ZERO, false);
        for place in 0..self.drawn.len() {
            let drawn = std::mem::take(&mut self.drawn[place]);
            let sold = std::mem::take(&mut self.sold[place]);
            households += drawn;
            is_traded |= sold.is_positive();
            let kw = |energy: Energy| energy.to_f64() / self.hours;
            add(&mut self.anyway, place, kw(drawn), self.reactive_share);
            // Without the trades buyers would have drawn as much, and sellers would have kept what they sold.
            add(&mut self.trades, place, kw(drawn + sold), self.reactive_share);
        }
        let without_trades = if is_traded {
            Some(self.flow.solve(&self.trades).ok().map(|flow| energy(flow.losses_kw)))
        } else {
            None
        };
        let solution = self.flow.solve(&self.anyway)?;
        let losses = energy(solution.losses_kw);
        let feeder = self.flow.feeder();
        let (lowest, highest) = (self.flow.lowest(), self.flow.highest());
        let fullest = self.flow.fullest().and_then(|line| {
            let at = feeder.line_to(line.place)?;
            Some(LineUse { from: at.from, to: at.to, share: line.share })
        });
        Ok(FeederBooks {
            base_load,
            households,
            losses,
            base_losses: base,
            trade_losses: match without_trades {
                None => Some(Energy::ZERO),
                Some(without) => without.map(|without| losses - without),
            },
            loss_price: self.spec.loss_price,
            lowest: (feeder.bus_at(lowest.place), lowest.pu),
            highest: (feeder.bus_at(highest.place), highest.pu),
            fullest,
            iterations: solution.iterations,
        })
    }
}

fn set_base_load(loads: &mut Loads, spec: &FeederSpec, local: &LocalMoment) {
    let factor = spec.base_load_factor(local);
    for (load, base) in loads.p_kw.iter_mut().zip(spec.feeder.base_p_kw()) {
        *load = base * factor;
    }
    for (load, base) in loads.q_kvar.iter_mut().zip(spec.feeder.base_q_kvar()) {
        *load = base * factor;
    }
}

fn add(loads: &mut Loads, place: usize, kw: f64, reactive_share: f64) {
    loads.p_kw[place] += kw;
    loads.q_kvar[place] += kw * reactive_share;
}

// Solutions of the power flow depend on the loads alone, which are set before each.
saved!(FeederOperation { drawn, sold } parts {} built again { spec, reactive_share, places, hours, flow, check, anyway, trades });
