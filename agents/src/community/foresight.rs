//! What a community with habits can foresee of its own demand.

use std::sync::Arc;

use goshawk_market::quantity::Price;

use super::{Array, CommunitySpec, Sun, sun_on};
use crate::calendar::PeriodIndex;
use crate::commons::Decisions;
use crate::household::sales_plan::{self, Habit, SalesPlan, SalesRule};

/// The plan of each group, from the cheaper outside price of each period; `None` where sellers do not plan.
pub(super) fn plans(
    spec: &CommunitySpec,
    suns: &mut Vec<(Array, Arc<Sun>)>,
    outside: &[Price],
) -> Option<Vec<SalesPlan>> {
    let (rules, calendar) = (&spec.rules, &spec.calendar);
    if rules.decisions != Decisions::Habit || rules.sales == SalesRule::KeepValue {
        return None;
    }
    let habits: Vec<Habit<'_>> = spec
        .groups
        .iter()
        .map(|group| {
            let (battery, sun) = (&group.battery.0, sun_on(suns, spec, &group.array));
            let capacity = battery.capacity.to_f64();
            let per_kwh = group.area_m2.0 * battery.charge_efficiency;
            Habit {
                portrait: &group.portrait,
                count: group.count,
                gain_kwh: (0..calendar.horizon()).map(|k| per_kwh * sun.in_period(PeriodIndex(k))).collect(),
                held_kwh: capacity * (group.initial_soc.0 - battery.soc_min).max(0.0),
                room_kwh: capacity * (battery.soc_max - battery.soc_min),
                charge_kwh: battery.charge_power.to_f64() * calendar.period_hours(),
            }
        })
        .collect();
    Some(sales_plan::plans(calendar, &habits, outside, rules.sun_confidence))
}
