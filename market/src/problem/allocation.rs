//! The best allocation for a given price, exactly: maximum-gain flow on a tiny network, and its dual.
//!
//! ```text
//!            ┌─ gain sell_g,  cap part_g ──► demand (cap D) ◄── gain move_b, cap M_b ── buyer group b
//! seller g ──┤
//! (cap S_g)  └─ gain store_g, cap storable_g ──► room (cap R)
//! ```
//!
//! Moved demand competes with sales because T <= D - sum m. Successive augmentation along the path of largest gain is
//! exact on such a network (no cycle gains, paths only get worse); with two sinks, a path is a direct step, or a step
//! into one sink that pushes another group's energy over to the other. The potentials of the final flow are dual
//! prices of demand and room, and give a certificate: any dual solution bounds every allocation from above.

mod queue;

use self::queue::Queue;

/// Less than this (kWh) is not worth a step: a thousandth of the finest energy that is awarded.
const NEGLIGIBLE: f64 = 1e-9 * 1e-3;

/// The linear program of one price.
#[derive(Debug, Clone, Default)]
pub(crate) struct Program {
    /// Gain of a kWh sold, per seller group.
    pub(crate) sell_gain: Vec<f64>,
    /// Most that is sold, per seller group (kWh).
    pub(crate) sell_cap: Vec<f64>,
    /// Gain of a kWh stored, per seller group.
    pub(crate) store_gain: Vec<f64>,
    /// Most that is stored, per seller group (kWh).
    pub(crate) store_cap: Vec<f64>,
    /// Most that is sold and stored together, per seller group (kWh).
    pub(crate) energy: Vec<f64>,
    /// Gain of a kWh moved, per buyer group.
    pub(crate) move_gain: Vec<f64>,
    /// Most that is moved, per buyer group (kWh).
    pub(crate) move_cap: Vec<f64>,
    /// Most that is sold and moved in all (kWh).
    pub(crate) demand: f64,
    /// Most that is stored in all (kWh).
    pub(crate) room: f64,
}

/// A feasible solution of a [`Program`].
#[derive(Debug, Clone, Default)]
pub(crate) struct Flow {
    pub(crate) sold: Vec<f64>,
    pub(crate) stored: Vec<f64>,
    pub(crate) moved: Vec<f64>,
    demand_left: f64,
    room_left: f64,
    queues: Queues,
}

/// Groups in order of what the steps of [`Open`] gain, as of the program that was solved last.
#[derive(Debug, Clone, Default)]
struct Queues {
    sell: Queue,
    store: Queue,
    shift: Queue,
    sell_to_store: Queue,
    store_to_sell: Queue,
}

/// A feasible solution of a [`Program`]'s dual: a price for every limit.
#[derive(Debug, Clone, Default)]
pub(crate) struct Dual {
    sell_cap: Vec<f64>,
    store_cap: Vec<f64>,
    energy: Vec<f64>,
    move_cap: Vec<f64>,
    demand: f64,
    room: f64,
}

/// One more unit into the network: which group, and what it gains.
#[derive(Debug, Clone, Copy)]
struct Step {
    group: usize,
    gain: f64,
}

/// Who brings the unit.
#[derive(Debug, Clone, Copy)]
enum Source {
    Sell(usize),
    Store(usize),
    Move(usize),
}

impl Source {
    fn seller(self) -> Option<usize> {
        match self {
            Self::Sell(group) | Self::Store(group) => Some(group),
            Self::Move(_) => None,
        }
    }
}

/// The steps that are open in the residual network.
struct Open {
    sell: Option<Step>,
    store: Option<Step>,
    shift: Option<Step>,
    /// A group moves what it sells into storage.
    sell_to_store: Option<Step>,
    /// A group sells what it stored.
    store_to_sell: Option<Step>,
}

impl Program {
    /// Empties the lists, and keeps their room.
    pub(crate) fn clear(&mut self) {
        for list in [
            &mut self.sell_gain,
            &mut self.sell_cap,
            &mut self.store_gain,
            &mut self.store_cap,
            &mut self.energy,
            &mut self.move_gain,
            &mut self.move_cap,
        ] {
            list.clear();
        }
    }

    fn value(&self, flow: &Flow) -> f64 {
        let terms = |gains: &[f64], amounts: &[f64]| -> f64 {
            gains.iter().zip(amounts).map(|(gain, amount)| gain * amount).sum()
        };
        terms(&self.sell_gain, &flow.sold)
            + terms(&self.store_gain, &flow.stored)
            + terms(&self.move_gain, &flow.moved)
    }

    /// Fills `flow` with an allocation of largest gain and returns the gain.
    pub(crate) fn solve(&self, flow: &mut Flow) -> f64 {
        flow.reset(self);
        // Every augmentation fills or empties an arc; arcs change direction rarely.
        let limit = 16 * (2 + 3 * self.energy.len() + self.move_gain.len());
        for _ in 0..limit {
            if !self.augment(flow) {
                break;
            }
        }
        self.value(flow)
    }

    /// The step of largest gain of every kind, ties to the lower index.
    fn open(&self, flow: &Flow) -> Open {
        let Flow { sold, stored, moved, queues, .. } = flow;
        let spare = |g: usize| self.energy[g] - sold[g] - stored[g] > NEGLIGIBLE;
        let can_sell = |g: usize| self.sell_cap[g] - sold[g] > NEGLIGIBLE;
        let can_store = |g: usize| self.store_cap[g] - stored[g] > NEGLIGIBLE;
        let can_move = |b: usize| self.move_cap[b] - moved[b] > NEGLIGIBLE;
        let step = |group: Option<usize>, gain: &dyn Fn(usize) -> f64| {
            group.map(|group| Step { group, gain: gain(group) })
        };
        Open {
            sell: step(queues.sell.first(|g| spare(g) && can_sell(g)), &|g| self.sell_gain[g]),
            store: step(queues.store.first(|g| spare(g) && can_store(g)), &|g| self.store_gain[g]),
            shift: step(queues.shift.first(can_move), &|b| self.move_gain[b]),
            sell_to_store: step(queues.sell_to_store.first(|g| sold[g] > NEGLIGIBLE && can_store(g)), &|g| {
                self.store_gain[g] - self.sell_gain[g]
            }),
            store_to_sell: step(
                queues.store_to_sell.first(|g| stored[g] > NEGLIGIBLE && can_sell(g)),
                &|g| self.sell_gain[g] - self.store_gain[g],
            ),
        }
    }

    /// Pushes as much as fits along the path of largest gain; false when none gains.
    fn augment(&self, flow: &mut Flow) -> bool {
        let open = self.open(flow);
        flow.queues.advance(&open);
        let into_demand = [
            open.sell.map(|s| (s.gain, Source::Sell(s.group))),
            open.shift.map(|s| (s.gain, Source::Move(s.group))),
        ];
        let into_room = [open.store.map(|s| (s.gain, Source::Store(s.group)))];
        let mut chosen: Option<(f64, Source, Option<usize>)> = None;
        let mut consider = |gain: f64, source: Source, switch: Option<usize>| {
            // Through its own group a path is a direct step in disguise, which only rounding could prefer.
            let detour = switch.is_some() && switch == source.seller();
            if !detour && gain > chosen.map_or(0.0, |(gain, _, _)| gain) {
                chosen = Some((gain, source, switch));
            }
        };
        if flow.demand_left > NEGLIGIBLE {
            into_demand.iter().flatten().for_each(|&(gain, source)| consider(gain, source, None));
            if let Some(switch) = open.store_to_sell {
                let steps = into_room.iter().flatten();
                steps.for_each(|&(gain, source)| consider(gain + switch.gain, source, Some(switch.group)));
            }
        }
        if flow.room_left > NEGLIGIBLE {
            into_room.iter().flatten().for_each(|&(gain, source)| consider(gain, source, None));
            if let Some(switch) = open.sell_to_store {
                let steps = into_demand.iter().flatten();
                steps.for_each(|&(gain, source)| consider(gain + switch.gain, source, Some(switch.group)));
            }
        }
        let Some((_, source, switch)) = chosen else {
            return false;
        };
        self.push(flow, source, switch);
        true
    }

    /// Pushes as much as fits from `source`, on to the other sink through group `switch` if there is one.
    fn push(&self, flow: &mut Flow, source: Source, switch: Option<usize>) {
        let spare = |g: usize| self.energy[g] - flow.sold[g] - flow.stored[g];
        let ends_in_demand = matches!(source, Source::Store(_)) == switch.is_some();
        let sink_left = if ends_in_demand { flow.demand_left } else { flow.room_left };
        let first = match source {
            Source::Sell(g) => spare(g).min(self.sell_cap[g] - flow.sold[g]),
            Source::Store(g) => spare(g).min(self.store_cap[g] - flow.stored[g]),
            Source::Move(b) => self.move_cap[b] - flow.moved[b],
        };
        let second = switch.map_or(f64::INFINITY, |g| {
            if ends_in_demand {
                flow.stored[g].min(self.sell_cap[g] - flow.sold[g])
            } else {
                flow.sold[g].min(self.store_cap[g] - flow.stored[g])
            }
        });
        let amount = sink_left.min(first).min(second);
        let queues = &mut flow.queues;
        match source {
            Source::Sell(g) => {
                flow.sold[g] += amount;
                queues.sell_to_store.reopen(g);
            }
            Source::Store(g) => {
                flow.stored[g] += amount;
                queues.store_to_sell.reopen(g);
            }
            Source::Move(b) => flow.moved[b] += amount,
        }
        if let Some(g) = switch {
            queues.reopen(g);
            let signed = if ends_in_demand { amount } else { -amount };
            flow.sold[g] += signed;
            flow.stored[g] -= signed;
        }
        if ends_in_demand {
            flow.demand_left -= amount;
        } else {
            flow.room_left -= amount;
        }
    }

    /// Fills `dual` with prices of the limits that certify `flow`, the result of [`Self::solve`].
    pub(crate) fn dual(&self, flow: &Flow, dual: &mut Dual) {
        let open = self.open(flow);
        let gain = |step: Option<Step>| step.map_or(f64::NEG_INFINITY, |step| step.gain);
        let (direct_demand, direct_room) = (gain(open.sell).max(gain(open.shift)), gain(open.store));
        // A sink that is not full is free: there the best path gains nothing.
        let demand = direct_demand.max(direct_room + gain(open.store_to_sell)).max(0.0);
        let room = direct_room.max(direct_demand + gain(open.sell_to_store)).max(0.0);
        dual.demand = if flow.demand_left > NEGLIGIBLE { 0.0 } else { demand };
        dual.room = if flow.room_left > NEGLIGIBLE { 0.0 } else { room };
        // A full sink without anybody waiting still has the price of switching what is inside.
        if flow.room_left <= NEGLIGIBLE {
            dual.room = dual.room.max(dual.demand + gain(open.sell_to_store));
        }
        if flow.demand_left <= NEGLIGIBLE {
            dual.demand = dual.demand.max(dual.room + gain(open.store_to_sell));
        }
        self.complete(dual);
    }

    /// The cheapest prices of the other limits for given prices of demand and room.
    fn complete(&self, dual: &mut Dual) {
        let groups = self.energy.len();
        dual.sell_cap.resize(groups, 0.0);
        dual.store_cap.resize(groups, 0.0);
        dual.energy.resize(groups, 0.0);
        for g in 0..groups {
            let sell = (self.sell_gain[g] - dual.demand).max(0.0);
            let store = (self.store_gain[g] - dual.room).max(0.0);
            // Filling the better use first, the energy's price is what its last kWh gains.
            let (lesser, better_cap) =
                if sell >= store { (store, self.sell_cap[g]) } else { (sell, self.store_cap[g]) };
            let energy = if self.sell_cap[g] + self.store_cap[g] <= self.energy[g] {
                0.0
            } else if better_cap < self.energy[g] {
                lesser
            } else {
                sell.max(store)
            };
            dual.energy[g] = energy;
            dual.sell_cap[g] = (sell - energy).max(0.0);
            dual.store_cap[g] = (store - energy).max(0.0);
        }
        dual.move_cap.clear();
        dual.move_cap.extend(self.move_gain.iter().map(|gain| (gain - dual.demand).max(0.0)));
    }
}

impl Dual {
    /// What the limits of `program` are worth at these prices: an upper bound on the gain of every allocation, for any
    /// program whose gains these prices cover.
    pub(crate) fn bound(&self, program: &Program) -> f64 {
        let terms = |prices: &[f64], limits: &[f64]| -> f64 {
            prices.iter().zip(limits).map(|(price, limit)| price * limit).sum()
        };
        terms(&self.sell_cap, &program.sell_cap)
            + terms(&self.store_cap, &program.store_cap)
            + terms(&self.energy, &program.energy)
            + terms(&self.move_cap, &program.move_cap)
            + self.demand * program.demand
            + self.room * program.room
    }
}

impl Flow {
    fn reset(&mut self, program: &Program) {
        for (amounts, length) in [
            (&mut self.sold, program.energy.len()),
            (&mut self.stored, program.energy.len()),
            (&mut self.moved, program.move_gain.len()),
        ] {
            amounts.clear();
            amounts.resize(length, 0.0);
        }
        self.demand_left = program.demand;
        self.room_left = program.room;
        self.queues.sort(program);
    }
}

impl Queues {
    fn sort(&mut self, program: &Program) {
        let Program { sell_gain, store_gain, move_gain, .. } = program;
        let sellers = sell_gain.len();
        self.sell.sort(sellers, |g| sell_gain[g]);
        self.store.sort(sellers, |g| store_gain[g]);
        self.shift.sort(move_gain.len(), |b| move_gain[b]);
        self.sell_to_store.sort(sellers, |g| store_gain[g] - sell_gain[g]);
        self.store_to_sell.sort(sellers, |g| sell_gain[g] - store_gain[g]);
    }

    /// Leaves behind what is closed.
    fn advance(&mut self, open: &Open) {
        for (queue, step) in [
            (&mut self.sell, open.sell),
            (&mut self.store, open.store),
            (&mut self.shift, open.shift),
            (&mut self.sell_to_store, open.sell_to_store),
            (&mut self.store_to_sell, open.store_to_sell),
        ] {
            queue.advance(step.map(|step| step.group));
        }
    }

    /// A seller group's steps may have opened again.
    fn reopen(&mut self, seller: usize) {
        let Self { sell, store, sell_to_store, store_to_sell, .. } = self;
        [sell, store, sell_to_store, store_to_sell].into_iter().for_each(|queue| queue.reopen(seller));
    }
}

#[cfg(test)]
mod tests;
