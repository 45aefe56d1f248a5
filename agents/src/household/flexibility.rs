//! What a household can still give and take in a period, once its trades are settled in advance, and at what price.
//!
//! With `n` what it means to charge net in the period (sun, trades, withdrawals and purchases; discharging is
//! negative), all at the meter:
//!
//! ```text
//! up   = n - least      least = max(-power, -(content - floor), own need)
//! down = most - n       most  = min(power, room)
//! ```
//!
//! Own need of a trip is what time, power and the cells' taper cannot charge any more between the end of the period
//! and the planned departure, less a margin. Of a session it is the same, and nothing that its vehicle came with is
//! given away. Of a need per hour it is all that the household keeps for it.

use goshawk_engine::Context;
use goshawk_market::quantity::{Energy, Price};

use super::battery::Battery;
use super::charging::{Bounds, Goal, Stretch};
use super::decision::{Intent, SMALLEST_ORDER};
use super::portrait::Need;
use super::{Current, Household, kwh};
use crate::aggregator::dispatch::{Block, Flexibility};
use crate::aggregator::terms::UpDown;
use crate::calendar::PeriodIndex;
use crate::commons::{price_share, share_down};
use crate::message::{CommunityModel, Message, Opening};

/// One kWh.
const KWH: Energy = Energy::from_micro(1_000_000);

/// What a period brings a household before it is dispatched. At the meter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Course {
    /// Into it, purchases outside apart.
    pub supplied: Energy,
    /// Out of it.
    pub delivered: Energy,
    /// What it lacks, to be bought outside.
    pub lacking: Energy,
}

/// Least and most net charging of a period that own need, power, time and room allow. At the meter; discharging is negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NetCharging {
    /// Least.
    pub least: Energy,
    /// Most.
    pub most: Energy,
}

/// The net charging of a period, and how far it can be moved. At the meter; discharging is negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// As planned.
    pub net: Energy,
    /// Least.
    pub least: Energy,
    /// Most.
    pub most: Energy,
    /// What of it is bought outside.
    pub outside: Energy,
}

impl Course {
    /// What cannot wait is bought whatever became of the market: `net` is the least net charging.
    pub fn charging_at_least(self, net: Energy) -> Self {
        let must = (net - (self.supplied - self.delivered)).or_zero();
        Self { lacking: self.lacking.max(must), ..self }
    }

    /// Where the household stands with so much room, out of a battery that may give at most `held`.
    pub fn standing(&self, most: Energy, held: Energy, need: Energy) -> Standing {
        let outside = self.lacking.min((most + self.delivered - self.supplied).or_zero());
        let net = self.supplied + outside - self.delivered;
        Standing { net, least: need.max(-held), most, outside }
    }
}

impl Standing {
    /// Most that it can give and take.
    pub fn limits(&self) -> UpDown {
        UpDown { up: (self.net - self.least).or_zero(), down: (self.most - self.net).or_zero() }
    }

    /// What of a dispatch it can follow.
    pub fn follow(&self, called: UpDown) -> UpDown {
        let limits = self.limits();
        UpDown { up: called.up.min(limits.up), down: called.down.min(limits.down) }
    }
}

/// Least net charging that leaves so much in the battery (in the battery, not at the meter).
fn net_that_leaves(battery: &Battery, content: Energy) -> Energy {
    let beyond = battery.content() - content;
    if beyond.is_negative() { battery.metered_to_gain(-beyond) } else { -battery.metered_from(beyond) }
}

/// Most that a battery may give within a time without falling below its floor.
pub(super) fn givable(battery: &Battery, micros: u64) -> Energy {
    let held = battery.metered_from((battery.content() - battery.floor()).or_zero());
    held.min(battery.dischargeable(micros))
}

impl Household {
    /// The aggregator asks: says what it means to buy outside and, as a member, what it can do.
    pub(super) fn state_flexibility(&self, context: &mut Context<'_, CommunityModel>) {
        let Some(current) = self.current.as_ref().filter(|current| current.planned_micros > 0) else {
            return;
        };
        let directory = &self.commons.directory;
        let end = self.commons.calendar.start_of(PeriodIndex(current.opening.period.0 + 1));
        let (calendar, battery) = (&self.commons.calendar, &self.battery);
        let stretch = self.presence.planned_stretch(context.now(), end, calendar, battery);
        let course = self.course(current);
        let Some(stretch) = stretch else {
            // It is expected and not there yet: it means to buy, and can do nothing for others.
            if course.lacking.is_positive() {
                context.send(directory.grid, Message::Nomination(course.lacking));
            }
            return;
        };
        let bounds = Bounds::of(battery, [&stretch], self.driven_meanwhile);
        let least = bounds.must - Bounds::spare(battery, [&stretch], self.driven_meanwhile);
        let course = course.charging_at_least(least);
        let held = match stretch.goal {
            Goal::Metered(_) => Energy::ZERO,
            Goal::Nothing | Goal::Content(_) => givable(battery, current.planned_micros),
        };
        // Both what its own reckoning leaves and what it will be held to when the books are closed.
        let need = self.own_need(current, &stretch, end).max(least);
        let standing = course.standing(bounds.most, held, need);
        if standing.outside.is_positive() {
            context.send(directory.grid, Message::Nomination(standing.outside));
        }
        let limits = standing.limits();
        let worth_an_offer = limits.up >= SMALLEST_ORDER || limits.down >= SMALLEST_ORDER;
        if let Some(aggregator) = directory.aggregator.filter(|_| self.is_member && worth_an_offer) {
            let offer = self.flexibility(current, &standing, &stretch);
            context.send(aggregator, Message::Flexibility(Box::new(offer)));
        }
    }

    /// What of its dispatch the household delivers as the period ends: nothing where something goes wrong on purpose, and
    /// never what others were promised or own need wants.
    pub(super) fn follow(
        &self,
        current: &Current,
        course: &Course,
        limits: &NetCharging,
        share: f64,
    ) -> UpDown {
        let called = current.called();
        if called == UpDown::default() || current.misconduct.withholds {
            return UpDown::default();
        }
        let called = UpDown { up: share_down(called.up, share), down: share_down(called.down, share) };
        let is_session = self.stretches.iter().any(|(stretch, _)| matches!(stretch.goal, Goal::Metered(_)));
        let held = if is_session { Energy::ZERO } else { givable(&self.battery, self.plugged_micros()) };
        course.standing(limits.most, held, limits.least).follow(called)
    }

    /// Says so when a member does not follow its dispatch on purpose, unless its contracts have said it.
    pub(super) fn note_withheld(&self, current: &Current, context: &mut Context<'_, CommunityModel>) {
        let called = current.called();
        let is_silent = current.award.sold.is_empty() && called != UpDown::default();
        if current.misconduct.withholds && is_silent {
            let detail =
                format!("called for {} kWh up, {} kWh down, and did nothing", called.up, called.down);
            let (at, name) = (context.now(), context.name().to_owned());
            context.sink().event(at, &name, "non_delivery", detail);
        }
    }

    /// The period as the household plans it: as long as it means to be there, and with all contracts kept.
    fn course(&self, current: &Current) -> Course {
        let award = &current.award;
        let sold: Energy = award.sold.iter().map(|terms| terms.energy).sum();
        let bought: Energy = award.bought.iter().map(|terms| terms.energy).sum();
        let sun = self.sun_over(current.opening.period, current.planned_micros);
        let lacking = match current.intent {
            Intent::Buy { demand, .. } => (demand - award.moved - bought).or_zero(),
            Intent::Sell { .. } | Intent::Rest => Energy::ZERO,
        };
        let supplied = sun + bought + current.granted;
        Course { supplied, delivered: sold + award.stored.min(sun), lacking }
    }

    /// Least net charging that own need allows.
    fn own_need(&self, current: &Current, stretch: &Stretch, end: goshawk_engine::SimTime) -> Energy {
        let battery = &self.battery;
        let left = self.presence.stay().and_then(|stay| stay.departs).map_or(u64::MAX, |(planned, _)| {
            let margin = self.commons.fleet.map_or(0, |terms| terms.departure_margin_micros);
            planned.micros().saturating_sub(end.micros()).saturating_sub(margin)
        });
        match stretch.goal {
            Goal::Content(wanted) => {
                let lowest = battery.lowest_refillable(wanted, left) + battery.unsure(wanted);
                net_that_leaves(battery, lowest.min(wanted))
            }
            Goal::Metered(wanted) => {
                let stay = self.presence.stay().expect("invariant: a goal belongs to a stay");
                let by_power = stay.power(battery).over_micros(left);
                (wanted - battery.may_wait(wanted, left, by_power)).or_zero()
            }
            Goal::Nothing => match self.kind.portrait.need {
                Need::ChargingHours { .. } => {
                    let reserved = self.situation(&current.opening, current.planned_micros).reserved;
                    net_that_leaves(battery, battery.floor() + reserved)
                }
                _ => -givable(battery, current.planned_micros),
            },
        }
    }

    /// The offer: what it can do, in two blocks for each direction.
    fn flexibility(&self, current: &Current, standing: &Standing, stretch: &Stretch) -> Flexibility {
        let battery = &self.battery;
        let UpDown { up, down } = standing.limits();
        let round_trip = battery.metered_from(battery.gain_from(KWH)).to_f64();
        // A kWh kept is worth what buying it back costs, or what a later sale brings.
        let kept = self.kept_value(&current.opening);
        let stored = Price::from_f64(kept.to_f64() / round_trip.max(0.1)).unwrap_or(kept);
        let charges_less = up.min(standing.net.or_zero());
        // What the sun will give is not bought; and what it will fill is not filled before.
        let (sun_ahead, sun_of_a_day) = self.sun_ahead(&current.opening);
        let lacks = (self.lack(current, stretch) - standing.net.or_zero() - sun_ahead).or_zero().min(down);
        let beyond = match stretch.goal {
            // Its vehicle takes no more along than its session wants.
            Goal::Metered(_) => Energy::ZERO,
            Goal::Nothing | Goal::Content(_) => {
                let room = battery.metered_that_fits((battery.ceiling() - battery.content()).or_zero());
                (room - standing.net - lacks - sun_of_a_day).or_zero().min(down - lacks)
            }
        };
        Flexibility {
            household: self.id,
            up: [
                Block { energy: charges_less, price: kept },
                Block { energy: up - charges_less, price: self.battery_wear() + stored },
            ],
            down: [
                Block { energy: lacks, price: kept },
                Block { energy: beyond, price: price_share(kept, round_trip) },
            ],
        }
    }

    /// What the panels will give after this period: until it leaves, and for a day, over which it will be back.
    fn sun_ahead(&self, opening: &Opening) -> (Energy, Energy) {
        let (next, until) = self.until_departure(opening);
        let a_day_on = PeriodIndex(opening.period.0 + self.commons.calendar.periods_per_day());
        let sun = |to| kwh(self.area_m2 * self.kind.sun.between(next, to));
        (sun(until), sun(a_day_on))
    }

    /// What its next need still lacks, at the meter.
    fn lack(&self, current: &Current, stretch: &Stretch) -> Energy {
        match (stretch.goal, &self.kind.portrait.need) {
            (Goal::Nothing, Need::ChargingHours { .. }) => {
                let reserved = self.situation(&current.opening, current.planned_micros).reserved;
                net_that_leaves(&self.battery, self.battery.floor() + reserved).or_zero()
            }
            (goal, _) => goal.need(&self.battery, self.battery.content()),
        }
    }
}

#[cfg(test)]
mod tests;
