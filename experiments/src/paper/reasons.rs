//! Why a claim does not hold, told from what happened in the runs.
//!
//! Each reason names the flows that stand against the claim: in which hours, how much, at what price, and what came before
//! them. Nothing is told that the runs did not do; a claim without such flows gets no reason.

use super::claims::Mode;
use super::day::Day;
use super::facts::CLASSES;

const A: usize = 0;
const B: usize = 1;
const C: usize = 2;
/// Flows below this are not worth a word, in kWh.
const TRIFLE_KWH: f64 = 0.5;

/// Why a claim does not hold in a scenario.
pub(super) fn reason(id: &str, day: &Day, mode: Mode) -> Option<String> {
    match id {
        "A1" => {
            let hours: Vec<usize> =
                (1..=24).filter(|hour| ![5, 6, 7, 8, 22, 23, 24].contains(hour)).collect();
            bought_after_selling(day, A, &hours, &|hour| day.outside(A, hour))
        }
        "A3" => bought_after_selling(day, A, &[14, 17, 18, 19, 20, 21], &|hour| day.bought(A, hour)),
        "B2" => bought_after_selling(day, B, &[12, 13, 15, 18], &|hour| day.bought(B, hour)),
        "B3" => not_only_from(day, B, 21, A),
        "A4" => sold_elsewhere(day, A, &[21]),
        "B6" => sold_elsewhere(day, B, &[8, 9, 10, 11, 19, 20]),
        "C3" => others_deliver(day, 9, &[B]),
        "C4" => others_deliver(day, 10, &[B]),
        "C10" => others_deliver(day, 20, &[B]),
        "C5" => keeps_away(day, A, 11).or_else(|| keeps_away(day, B, 11)),
        "C6" => others_deliver(day, 11, &[B]),
        "C7" => bought_ahead(day, C, &[12, 13, 14, 15, 16, 17, 18]),
        "C8" | "C9" => served_itself(day, C, 19, mode).or_else(|| others_deliver(day, 19, &[B])),
        "C11" => {
            let told: Vec<String> =
                [21, 22, 23].iter().filter_map(|&hour| others_deliver(day, hour, &[])).collect();
            (!told.is_empty()).then(|| told.join(", "))
        }
        "S1" | "S2" => nothing_overflows(day),
        _ => None,
    }
}

/// Why trade lowers the mean cost by so little: how much of what is driven it brings at all.
pub(super) fn of_costs(days: &[Day; 3]) -> String {
    let sum = |value: &dyn Fn(&Day, usize, usize) -> f64| -> f64 {
        let hours = days.iter().flat_map(|day| (1..=24).map(move |hour| (day, hour)));
        hours.map(|(day, hour)| (0..CLASSES.len()).map(|class| value(day, class, hour)).sum::<f64>()).sum()
    };
    let driven = sum(&|day, class, hour| day.driven[hour - 1][class]);
    let traded = sum(&|day, class, hour| day.from_users(class, hour));
    let sun = sum(&|day, class, hour| day.sun[hour - 1][class]);
    let outside = sum(&|day, class, hour| day.outside(class, hour));
    format!(
        "because trade brings {:.0} % of the {driven:.0} kWh that are driven in the three scenarios, and what a buyer saves is a \
         part of its price; {:.0} % are bought outside with trade too, and the {sun:.0} kWh of own sun make energy cheap in both \
         cases",
        100.0 * traded / driven,
        100.0 * outside / driven,
    )
}

fn sold(day: &Day, class: usize, hour: usize) -> f64 {
    day.between[hour - 1][class].iter().sum()
}

fn outside_price(day: &Day, hour: usize) -> f64 {
    day.grid_price[hour - 1].min(day.company_price[hour - 1])
}

/// Hours with something worth a word: "84.0 kWh at 20".
fn listed(hours: &[usize], energy: &dyn Fn(usize) -> f64) -> Vec<usize> {
    hours.iter().copied().filter(|&hour| energy(hour) >= TRIFLE_KWH).collect()
}

fn amounts(hours: &[usize], energy: &dyn Fn(usize) -> f64) -> String {
    hours.iter().map(|&hour| format!("{:.1} kWh at {hour}", energy(hour))).collect::<Vec<_>>().join(", ")
}

/// It buys in hours in which it should not need to: what it paid, and what it had sold until then.
/// `bought` is what the claim counts.
fn bought_after_selling(
    day: &Day,
    class: usize,
    hours: &[usize],
    bought: &impl Fn(usize) -> f64,
) -> Option<String> {
    let listed = listed(hours, bought);
    let last = *listed.last()?;
    let name = CLASSES[class];
    let dearest = listed.iter().map(|&hour| outside_price(day, hour)).fold(0.0, f64::max);
    let before: Vec<usize> = (1..last).collect();
    let energy: f64 = before.iter().map(|&hour| sold(day, class, hour)).sum();
    let revenue: f64 = before.iter().map(|&hour| day.revenue[hour - 1][class]).sum();
    let had_sold = if energy >= TRIFLE_KWH {
        format!("{name} had sold {energy:.1} kWh until then, at {:.2} CNY/kWh", revenue / energy)
    } else {
        format!("{name} had sold nothing until then")
    };
    Some(format!(
        "because {name} buys {}, where energy costs {dearest:.2} CNY/kWh outside at most; {had_sold}",
        amounts(&listed, bought)
    ))
}

/// It sells in other hours than the claim says: where, and for how much.
fn sold_elsewhere(day: &Day, class: usize, hours: &[usize]) -> Option<String> {
    let name = CLASSES[class];
    let other: Vec<usize> = (1..=24).filter(|hour| !hours.contains(hour)).collect();
    let other = listed(&other, &|hour| sold(day, class, hour));
    let price = |hour: usize| day.revenue[hour - 1][class] / sold(day, class, hour);
    let tell = |hours: &[usize]| {
        let each = hours
            .iter()
            .map(|&hour| format!("{:.1} kWh at {hour} for {:.2}", sold(day, class, hour), price(hour)));
        each.collect::<Vec<_>>().join(", ")
    };
    let idle: Vec<String> = hours
        .iter()
        .filter(|&&hour| sold(day, class, hour) < TRIFLE_KWH)
        .map(|hour| format!("{hour} ({:.2} outside)", outside_price(day, *hour)))
        .collect();
    let idle =
        if idle.is_empty() { String::new() } else { format!("next to nothing at {}", idle.join(", ")) };
    let there = listed(hours, &|hour| sold(day, class, hour));
    let parts: Vec<String> = [tell(&other), idle].into_iter().filter(|part| !part.is_empty()).collect();
    let against = if there.is_empty() { String::new() } else { format!(", beside {}", tell(&there)) };
    (!parts.is_empty()).then(|| format!("because {name} sells {}{against} (CNY/kWh)", parts.join(" and ")))
}

/// A class gets energy in an hour from others than the one named: from whom, and to whom that one sells too.
fn not_only_from(day: &Day, class: usize, hour: usize, named: usize) -> Option<String> {
    let of = |seller: usize, buyer: usize| day.between[hour - 1][seller][buyer];
    let users = (0..CLASSES.len())
        .filter(|&seller| seller != named)
        .map(|seller| (CLASSES[seller].to_owned(), of(seller, class)));
    let outside = [("the company", day.company[hour - 1][class]), ("the grid", day.grid[hour - 1][class])];
    let others: Vec<String> = users
        .chain(outside.map(|(name, energy)| (name.to_owned(), energy)))
        .filter(|(_, energy)| *energy >= TRIFLE_KWH)
        .map(|(name, energy)| format!("{energy:.1} kWh from {name}"))
        .collect();
    let to: Vec<String> = (0..CLASSES.len())
        .filter(|&buyer| buyer != class && of(named, buyer) >= TRIFLE_KWH)
        .map(|buyer| format!("{:.1} kWh to {}", of(named, buyer), CLASSES[buyer]))
        .collect();
    let also = if to.is_empty() {
        String::new()
    } else {
        format!("; {} sells {} in that hour too", CLASSES[named], to.join(", "))
    };
    (!others.is_empty()).then(|| format!("because {} gets {}{also}", CLASSES[class], others.join(", ")))
}

/// Others than those named deliver to Class C.
fn others_deliver(day: &Day, hour: usize, named: &[usize]) -> Option<String> {
    let from: Vec<String> = (0..CLASSES.len())
        .filter(|class| !named.contains(class) && day.between[hour - 1][*class][C] >= TRIFLE_KWH)
        .map(|class| format!("{:.1} kWh from {}", day.between[hour - 1][class][C], CLASSES[class]))
        .collect();
    let price = day.buyer_price[hour - 1].map_or_else(String::new, |price| format!(" at {price:.2} CNY/kWh"));
    (!from.is_empty()).then(|| {
        let outside = outside_price(day, hour);
        format!("because C gets {} in hour {hour}{price}, with {outside:.2} outside", from.join(", "))
    })
}

/// A class sells nothing in an hour: where it sells instead.
fn keeps_away(day: &Day, class: usize, hour: usize) -> Option<String> {
    if sold(day, class, hour) >= TRIFLE_KWH {
        return None;
    }
    let name = CLASSES[class];
    let hours: Vec<usize> = (1..=24).collect();
    let most = listed(&hours, &|hour| sold(day, class, hour))
        .into_iter()
        .max_by(|&a, &b| sold(day, class, a).total_cmp(&sold(day, class, b)))?;
    let all: f64 = hours.iter().map(|&hour| sold(day, class, hour)).sum();
    Some(format!(
        "because {name} sells {:.1} of {all:.1} kWh at {most}, where energy costs {:.2} CNY/kWh outside, {:.2} at {hour}",
        sold(day, class, most),
        outside_price(day, most),
        outside_price(day, hour)
    ))
}

/// It buys where it should need nothing: what it has and what it drives there, and what dearer hours follow.
fn bought_ahead(day: &Day, class: usize, hours: &[usize]) -> Option<String> {
    let bought = |hour: usize| day.bought(class, hour);
    let listed = listed(hours, &bought);
    let name = CLASSES[class];
    let dearest_paid = listed.iter().map(|&hour| outside_price(day, hour)).max_by(f64::total_cmp)?;
    let last = *hours.last()?;
    let (hour, later) =
        (last + 1..=24).map(|hour| (hour, outside_price(day, hour))).max_by(|a, b| a.1.total_cmp(&b.1))?;
    let over = |value: &dyn Fn(usize) -> f64| listed.iter().map(|&hour| value(hour)).sum::<f64>();
    let sun = over(&|hour| day.sun[hour - 1][class]);
    let driven = over(&|hour| day.driven[hour - 1][class]);
    Some(format!(
        "because {name} buys {}, where it has {sun:.1} kWh of sun, drives {driven:.1} kWh and energy costs {dearest_paid:.2} CNY/kWh \
         outside at most; later it costs up to {later:.2}, at {hour}",
        amounts(&listed, &bought)
    ))
}

/// It takes out of its own battery what it needs in an hour.
fn served_itself(day: &Day, class: usize, hour: usize, mode: Mode) -> Option<String> {
    let (driven, bought) = (day.driven[hour - 1][class], day.bought(class, hour));
    let name = CLASSES[class];
    let own = driven - bought;
    (own >= TRIFLE_KWH).then(|| {
        let noon: f64 = (12..=18).map(|hour| day.bought(class, hour)).sum();
        let before = match mode {
            Mode::Rational => format!("; it had bought {noon:.1} kWh from 12 to 18"),
            Mode::Habit => String::new(),
        };
        format!(
            "because {name} has {own:.1} of the {driven:.1} kWh that it needs at {hour} in its own batteries, with {:.2} CNY/kWh \
             outside{before}",
            outside_price(day, hour)
        )
    })
}

/// Only sun that no battery takes is stored.
fn nothing_overflows(day: &Day) -> Option<String> {
    let most = day.content.iter().copied().fold(0.0, f64::max);
    if most > 0.0 {
        return None;
    }
    let [least_room, sun] = [day.room_kwh, day.sun_per_household_kwh];
    Some(format!(
        "because only sun that a battery cannot take is stored: {sun:.1} kWh of sun a household in the day, {least_room:.1} kWh of room \
         in its battery, and it drives in between"
    ))
}
