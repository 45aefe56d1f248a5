//! What a household knows when a period opens, and the orders that follow from it.

use goshawk_market::order::{Bid, Credit, Offer, SavingRange};
use goshawk_market::quantity::{Energy, Price};
use goshawk_market::satisfaction::MovingSaving;

use super::charging::Goal;
use super::decision::{Intent, Situation};
use super::expectation::Ahead;
use super::portrait::Need;
use super::presence::Stay;
use super::sales_plan::{FORESIGHT_SLACK, SalesRule, kept_for_need, own_need};
use super::{Household, kwh};
use crate::calendar::PeriodIndex;
use crate::commons::price_share;
use crate::message::Opening;

impl Household {
    pub(super) fn situation(&self, opening: &Opening, planned_micros: u64) -> Situation {
        let period = opening.period;
        let hour = opening.moment.local.hour();
        let portrait = &self.kind.portrait;
        let sun = self.sun_over(period, planned_micros);
        let quiet = Situation {
            reserved: Energy::ZERO,
            wanted: Energy::ZERO,
            driven_now: Energy::ZERO,
            sun,
            later_sun: Energy::ZERO,
            charge_limit: self.battery.chargeable(planned_micros),
            discharge_limit: self.battery.dischargeable(planned_micros),
            later_charge: Energy::ZERO,
            later_limit: Energy::ZERO,
            room: (self.battery.ceiling() - self.battery.content()).or_zero(),
            charging_hour: portrait.charging.contains(hour),
            discharging_hour: self.discharges_at(hour),
            held_back: Energy::ZERO,
        };
        let situation = self.situation_of_need(opening, planned_micros, quiet);
        Situation { held_back: self.held_back(opening, &situation), ..situation }
    }

    fn situation_of_need(&self, opening: &Opening, planned_micros: u64, quiet: Situation) -> Situation {
        let held = (self.battery.content() - self.battery.floor()).or_zero();
        let hour = opening.moment.local.hour();
        match &self.kind.portrait.need {
            Need::ChargingHours { per_hour_kwh, .. } if self.chances.is_some() => {
                let need = kwh(per_hour_kwh * self.commons.calendar.period_hours());
                let need = if quiet.charging_hour { need } else { Energy::ZERO };
                // What it holds is worth more later than a purchase costs now: it is not used up.
                let keeps = self.purchase_price(opening) < self.own_value(opening);
                let untouchable = if keeps { held } else { Energy::ZERO };
                let wanted = if need.is_zero() { Energy::ZERO } else { need + untouchable };
                Situation { reserved: need, wanted, driven_now: need, ..quiet }
            }
            Need::ChargingHours { per_hour_kwh, reserve } => {
                let kept = self.reserve[usize::from(opening.moment.period_of_day)];
                if !quiet.charging_hour {
                    return Situation { reserved: kept, ..quiet };
                }
                let need = kwh(per_hour_kwh * self.commons.calendar.period_hours());
                // What is kept for later charging hours is not used up now, in an hour for which nothing is kept.
                let untouchable = if reserve.contains(hour) { Energy::ZERO } else { kept.min(held) };
                Situation { reserved: need + kept, wanted: need + untouchable, driven_now: need, ..quiet }
            }
            Need::Trips { .. } | Need::Sessions(_) | Need::Mixture { .. } => self
                .presence
                .stay()
                .map_or(quiet, |stay| self.before_departure(stay, opening, planned_micros, quiet)),
        }
    }

    /// The situation of a household whose need falls due when the vehicle leaves.
    fn before_departure(
        &self,
        stay: &Stay,
        opening: &Opening,
        planned_micros: u64,
        quiet: Situation,
    ) -> Situation {
        let (calendar, battery) = (&self.commons.calendar, &self.battery);
        let Some((planned, _)) = stay.departs else { return quiet };
        let goal = stay.goal(battery);
        let a_day_on = PeriodIndex(opening.period.0 + calendar.periods_per_day());
        let is_far = planned >= calendar.start_of(a_day_on);
        if let Goal::Content(content) = goal
            && content <= battery.content()
            && !is_far
        {
            // What it will drive is there already: nothing is bought for it, now or later.
            let held = content - battery.floor();
            return Situation { reserved: held, wanted: held, ..quiet };
        }
        let next = PeriodIndex(opening.period.0 + 1);
        let later_limit = stay.later(calendar.start_of(next), calendar, battery);
        let power = stay.power(battery);
        // What the battery must hold or gain above the floor. A session wants what it has not charged yet.
        let above_floor = battery.content() - battery.floor();
        let wanted = match goal {
            Goal::Nothing => return quiet,
            Goal::Content(content) => content - battery.floor(),
            Goal::Metered(left) => above_floor + battery.gain_from(left),
        };
        if is_far && matches!(goal, Goal::Content(_)) {
            // More than a day ahead only what the time until then cannot charge any more.
            let kept = (wanted - battery.gain_from(later_limit)).or_zero();
            return Situation { reserved: kept, wanted: kept, later_limit, ..quiet };
        }
        let departure = calendar.period_at(planned);
        let a_period = calendar.period().micros();
        let in_periods = |count: u32| {
            let by_power = kwh(power.over_micros(a_period).to_f64() * f64::from(count));
            by_power.min(battery.chargeable(a_period.saturating_mul(u64::from(count))))
        };
        let (later_charge, charging_hour) = match self.ahead(opening) {
            None => (in_periods(self.kind.outlook.charging_periods(next, departure)), quiet.charging_hour),
            // Any hour is good enough if it is one of the cheapest that it takes.
            Some(ahead) => {
                let cheaper = in_periods(ahead.cheaper_than(self.purchase_price(opening)));
                let lacking = battery.metered_to_gain((wanted - above_floor).or_zero());
                (in_periods(departure.0.saturating_sub(next.0)), cheaper < lacking)
            }
        };
        let (room, charge_limit) = match goal {
            Goal::Metered(left) => {
                (battery.gain_from(left), power.over_micros(planned_micros).min(left).min(quiet.charge_limit))
            }
            _ => (quiet.room, quiet.charge_limit),
        };
        let later_sun = kwh(self.area_m2 * self.kind.sun.between(next, departure)).min(later_limit);
        Situation {
            reserved: wanted,
            wanted,
            later_sun,
            later_charge: later_charge.min(later_limit),
            later_limit,
            room,
            charge_limit,
            charging_hour,
            ..quiet
        }
    }

    /// When the vehicle means to leave, if that is within a day.
    fn departure_within_a_day(&self, opening: &Opening) -> Option<PeriodIndex> {
        let calendar = &self.commons.calendar;
        let a_day_on = calendar.start_of(PeriodIndex(opening.period.0 + calendar.periods_per_day()));
        let (planned, _) = self.presence.stay()?.departs?;
        (planned < a_day_on).then(|| calendar.period_at(planned))
    }

    /// What must be held after each period of the day for the later hours that own energy is kept for, net of the
    /// sun that is still to come.
    pub(super) fn reserve_for_the_day(&mut self, first: PeriodIndex) {
        let calendar = &self.commons.calendar;
        let per_day = calendar.periods_per_day() as usize;
        self.reserve = match &self.kind.portrait.need {
            Need::ChargingHours { .. } => {
                let need = |period| self.kept_need(period);
                let kept = kept_for_need(calendar, first, need, |period| self.counted_on(period));
                kept.into_iter().map(kwh).collect()
            }
            _ => vec![Energy::ZERO; per_day],
        };
    }

    /// What a household by habit keeps own energy for in a period, in kWh.
    fn kept_need(&self, period: PeriodIndex) -> f64 {
        own_need(&self.kind.portrait, &self.commons.calendar, self.kind.sales_plan.as_ref(), period)
    }

    /// What a household counts on the sun of a later period adding to its battery, in kWh.
    fn counted_on(&self, period: PeriodIndex) -> f64 {
        let sun = self.area_m2 * self.kind.sun.in_period(period);
        sun * self.battery.spec().charge_efficiency * self.commons.rules.sun_confidence
    }

    /// What a household by habit does not sell now because it expects to sell it later in the day for more, at the meter.
    fn held_back(&self, opening: &Opening, situation: &Situation) -> Energy {
        let Some(plan) = &self.kind.sales_plan else { return Energy::ZERO };
        let SalesRule::DearestFirst { trifle } = self.commons.rules.sales else { return Energy::ZERO };
        if !matches!(self.kind.portrait.need, Need::ChargingHours { .. }) {
            return Energy::ZERO;
        }
        let battery = &self.battery;
        let gained = battery.gain_from(situation.sun);
        let beyond = battery.content() - battery.floor() + gained - situation.reserved;
        let surplus = battery.metered_from(beyond.or_zero());
        if surplus <= trifle {
            return Energy::ZERO;
        }
        // Its part of what buyers are expected to take, so that neighbours who are alike sell alike.
        let now = plan.now(opening.period) * (1.0 + FORESIGHT_SLACK);
        let surplus_now = if now > 0.0 { surplus.min(kwh(now)) } else { surplus };
        let Some((expected_kwh, last)) = plan.after(opening.period) else { return surplus - surplus_now };
        // From now to the last dearer hour: sun that is counted on, and own need that it must cover.
        let calendar = &self.commons.calendar;
        let kept =
            |period: PeriodIndex| self.reserve[usize::from(calendar.moment(period).period_of_day)].to_f64();
        let mut at_hand = beyond.to_f64() + kept(opening.period) - kept(last);
        for period in (opening.period.0 + 1..=last.0).map(PeriodIndex) {
            at_hand += self.counted_on(period) - self.kept_need(period);
        }
        let at_hand = battery.metered_from(kwh(at_hand.max(0.0)));
        let free = (at_hand - kwh(expected_kwh)).or_zero();
        surplus - free.min(surplus_now)
    }

    /// What the household would take out of the shared store in this period.
    pub(super) fn withdrawal_wish(&self) -> Energy {
        let Some(current) = &self.current else { return Energy::ZERO };
        if self.title.is_zero() || current.planned_micros == 0 {
            return Energy::ZERO;
        }
        let available = self.commons.lease.withdrawable(self.title);
        let limit = self.battery.dischargeable(current.planned_micros);
        let opening = &current.opening;
        match current.intent {
            Intent::Buy { demand, .. } => available.min(demand),
            _ if !self.discharges_at(opening.moment.local.hour()) => Energy::ZERO,
            _ if self.expects_better_later(opening) => Energy::ZERO,
            Intent::Sell { surplus, .. } => available.min(limit - surplus),
            Intent::Rest => available.min(limit),
        }
    }

    /// The periods until it leaves or for a day, for a household that decides by what they promise.
    fn ahead<'a>(&'a self, opening: &'a Opening) -> Option<Ahead<'a>> {
        let chances = self.chances.as_ref()?;
        let calendar = &*self.commons.calendar;
        let a_day_on = PeriodIndex(opening.period.0 + calendar.periods_per_day());
        Some(Ahead {
            calendar,
            rules: &self.commons.rules,
            outlook: &self.kind.outlook,
            board: &opening.board,
            chances,
            next: PeriodIndex(opening.period.0 + 1),
            end: self.departure_within_a_day(opening).unwrap_or(a_day_on),
        })
    }

    /// What buying a kWh in the opening period is expected to cost.
    fn purchase_price(&self, opening: &Opening) -> Price {
        let outside = opening.cheaper().1;
        let users = opening.board.expected(&opening.moment);
        users.map_or(outside, |sellers_price| outside.min(sellers_price + self.commons.rules.fees()))
    }

    /// What a kWh kept is worth for own use (currency/kWh): the purchase that it saves. The energy at hand serves the
    /// dearest of the coming needs first, so the next kWh serves the dearest one that is left; a trip's energy can be bought
    /// in the cheapest period.
    fn own_value(&self, opening: &Opening) -> Price {
        let Some(ahead) = self.ahead(opening) else { return Price::ZERO };
        let value = match &self.kind.portrait.need {
            Need::ChargingHours { per_hour_kwh, .. } => {
                let need = per_hour_kwh * self.commons.calendar.period_hours();
                let held = (self.battery.content() - self.battery.floor()).or_zero().to_f64();
                let sun = self.area_m2 * self.kind.sun.between(ahead.next, ahead.end);
                let covered = if need > 0.0 { ((held + sun) / need) as u32 } else { u32::MAX };
                ahead.price_after_covering(covered)
            }
            Need::Trips { .. } | Need::Sessions(_) | Need::Mixture { .. } => ahead.cheapest_purchase(),
        };
        value.unwrap_or(Price::ZERO)
    }

    /// Whether it is willing to sell out of its battery in an hour of the day.
    fn discharges_at(&self, hour: u8) -> bool {
        self.chances.is_some() || self.kind.portrait.discharging.contains(hour)
    }

    /// Whether it is willing to buy from users in an hour of the day.
    pub(super) fn buys_at(&self, hour: u8) -> bool {
        self.chances.is_some() || self.kind.portrait.buying.contains(hour)
    }

    fn expects_better_later(&self, opening: &Opening) -> bool {
        if let Some(ahead) = self.ahead(opening) {
            let now = opening.board.expected(&opening.moment).unwrap_or(Price::ZERO);
            return ahead.sale_value(Price::ZERO) > now;
        }
        let now = opening.cheaper().1 - self.commons.rules.fees();
        self.kind.outlook.best_sale_after(opening.period).is_some_and(|later| later > now)
    }

    /// What a kWh out of the battery is worth later: kept energy may be sold in a later hour of the day, as far as the seller
    /// counts on it; a rational household also thinks of the purchase that it saves. Sun that does not fit the battery
    /// cannot be kept at all.
    fn later_sale_value(&self, opening: &Opening, cost: Price) -> Price {
        match self.ahead(opening) {
            None => {
                let best = self.kind.outlook.best_sale_after(opening.period);
                let later = best.map_or(Price::ZERO, |price| (price - cost).max(Price::ZERO));
                price_share(later, self.commons.rules.keep_confidence)
            }
            // By a later sale with its own chances, or by the purchase that it saves.
            Some(ahead) => ahead.sale_value(cost).max(self.own_value(opening)),
        }
    }

    /// The periods after this one until the vehicle means to leave, or for a day.
    pub(super) fn until_departure(&self, opening: &Opening) -> (PeriodIndex, PeriodIndex) {
        let a_day_on = PeriodIndex(opening.period.0 + self.commons.calendar.periods_per_day());
        let until = self.departure_within_a_day(opening).unwrap_or(a_day_on);
        (PeriodIndex(opening.period.0 + 1), until)
    }

    /// What a kWh kept is worth to a member of the fleet: a later sale, or the purchase that it saves.
    pub(super) fn kept_value(&self, opening: &Opening) -> Price {
        let cost = self.commons.rules.panel_wear + self.battery_wear();
        let sale = self.later_sale_value(opening, cost);
        if self.chances.is_some() {
            return sale;
        }
        let (next, until) = self.until_departure(opening);
        let purchase = self.later_charging(opening, next, until).price.unwrap_or(opening.cheaper().1);
        sale.max(purchase)
    }

    pub(super) fn offer(&self, opening: &Opening, surplus: Energy, overflow: Energy) -> Offer {
        let rules = &self.commons.rules;
        let cost = rules.panel_wear + self.battery_wear();
        let kept = self.later_sale_value(opening, cost);
        // What a plan releases is not expected to sell for more later.
        let planned = self.kind.sales_plan.is_some();
        let kept_share = 1.0 - overflow.to_f64() / surplus.to_f64();
        let lease = &self.commons.lease;
        let through_store = lease.charge_efficiency * lease.discharge_efficiency;
        let fees = price_share(lease.fee, 1.0 + through_store);
        let storable = if lease.offered { overflow } else { Energy::ZERO };
        let stored_value = price_share(kept, through_store) - fees;
        Offer {
            household: self.id,
            group: self.kind.portrait.group,
            energy: surplus,
            cost,
            keep_value: if planned { Price::ZERO } else { price_share(kept, kept_share) },
            storable,
            store_value: stored_value.max(Price::ZERO),
            credit: Credit::NONE,
            setback: Price::ZERO,
        }
    }

    pub(super) fn bid(&self, opening: &Opening, demand: Energy, flexible: Energy) -> Bid {
        let rules = &self.commons.rules;
        let outside = opening.cheaper().1;
        let departure = self.departure_within_a_day(opening).unwrap_or(opening.period);
        let next = PeriodIndex(opening.period.0 + 1);
        let later = self.later_charging(opening, next, departure);
        // A rational household expects what it has seen, the others a share of what they would pay outside.
        let seen = self.chances.as_ref().and_then(|_| opening.board.expected(&opening.moment));
        let expected_price = seen.map_or(price_share(outside, rules.expected_price_share), |price| {
            outside.min(price + rules.fees())
        });
        // (21): where d < 0, moving saves nothing and the charging time stays. By (3) and (4) the mean of d1 and d2 is never
        // negative.
        let moving_saves = match rules.moving_saving {
            MovingSaving::Mean => true,
            MovingSaving::Printed => opening.grid_price >= opening.company_price,
        };
        Bid {
            household: self.id,
            group: self.kind.portrait.group,
            energy: demand,
            flexible: if moving_saves { flexible } else { Energy::ZERO },
            later_price: later.price.unwrap_or(outside),
            expected_price,
            tolerance: price_share(outside, rules.tolerance_share),
            later_savings: later.savings(),
            credit: Credit::NONE,
        }
    }

    /// What charging in the periods `from..to` promises, by published prices and by what users have paid each other.
    fn later_charging(&self, opening: &Opening, from: PeriodIndex, to: PeriodIndex) -> LaterCharging {
        let (rules, outlook) = (&self.commons.rules, &self.kind.outlook);
        let mut later = LaterCharging::default();
        let last = PeriodIndex(self.commons.calendar.horizon());
        let periods = (from.0..to.min(last).0).map(PeriodIndex);
        for period in periods.filter(|&period| self.chances.is_some() || outlook.is_charging(period)) {
            let outside = outlook.outside(period);
            let users = opening.board.expected(self.commons.calendar.moment(period));
            let saving = users.map(|sellers_price| outside - sellers_price);
            let counted_on = saving.map_or(Price::ZERO, |saving| {
                price_share((saving - rules.fees()).max(Price::ZERO), rules.later_confidence)
            });
            let price = outside - counted_on;
            later.price = Some(later.price.map_or(price, |cheapest| cheapest.min(price)));
            later.most_saved = later.most_saved.max(saving);
        }
        later
    }
}

/// What charging later promises a buyer.
#[derive(Debug, Default)]
struct LaterCharging {
    /// The cheapest price expected (currency/kWh).
    price: Option<Price>,
    /// The most that users are expected to save, d of (20) (currency/kWh).
    most_saved: Option<Price>,
}

impl LaterCharging {
    /// The range of d over the later periods. The least is nothing saved: there may be no seller.
    fn savings(&self) -> Option<SavingRange> {
        let most = self.most_saved.filter(|most| most.is_positive())?;
        Some(SavingRange { least: Price::ZERO, most })
    }
}
