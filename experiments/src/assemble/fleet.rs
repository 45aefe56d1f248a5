//! The aggregator that a scenario describes.

use std::sync::Arc;

use goshawk_agents::aggregator::dispatch::DispatchRule;
use goshawk_agents::aggregator::terms::{FleetTerms, Product};
use goshawk_agents::community::FleetSpec;
use goshawk_agents::grid::fleet_desk::SignalSpec;

use super::{power, price};
use crate::scenario::{Aggregator, FleetDispatch, Loaded, Signal};

/// The fleet of a scenario, if it has an aggregator.
pub(super) fn fleet(loaded: &Loaded) -> Option<FleetSpec> {
    let aggregator = loaded.scenario.aggregator.as_ref()?;
    let takes_part = |name: &String| aggregator.portraits.as_ref().is_none_or(|names| names.contains(name));
    let portraits = loaded.scenario.portraits.iter().filter(|(_, portrait)| portrait.count > 0);
    Some(FleetSpec {
        terms: terms(aggregator),
        signal: signal(loaded, aggregator),
        participation: portraits
            .map(|(name, _)| if takes_part(name) { aggregator.participation } else { 0.0 })
            .collect(),
    })
}

fn terms(aggregator: &Aggregator) -> FleetTerms {
    FleetTerms {
        product: match aggregator.signal {
            Signal::PeakShaving => Product::Up,
            Signal::Regulation => Product::Both,
        },
        capacity: aggregator.capacity_kw.map(power),
        up_price: price(aggregator.up_price_per_kwh),
        down_price: price(aggregator.down_price_per_kwh),
        availability_price: price(aggregator.availability_per_kw_h),
        shortfall_penalty: price(aggregator.shortfall_penalty_per_kwh),
        member_share: aggregator.member_share,
        rule: match aggregator.dispatch {
            FleetDispatch::MeritOrder => DispatchRule::MeritOrder,
            FleetDispatch::ProRata => DispatchRule::ProRata,
        },
        departure_margin_micros: (aggregator.departure_margin_minutes * 6e7).round() as u64,
    }
}

fn signal(loaded: &Loaded, aggregator: &Aggregator) -> SignalSpec {
    match (aggregator.signal, &loaded.requests) {
        (Signal::PeakShaving, _) => SignalSpec::PeakShaving {
            peak: power(aggregator.peak_kw.expect("invariant: a loaded scenario states its peak")),
            valley: power(aggregator.valley_kw.unwrap_or(0.0)),
        },
        (Signal::Regulation, Some(series)) => SignalSpec::Series(Arc::clone(series)),
        (Signal::Regulation, None) => SignalSpec::Regulation {
            capacity: power(
                aggregator.capacity_kw.expect("invariant: a loaded scenario states its capacity"),
            ),
            reversion_per_h: aggregator.reversion_per_h,
            deviation: aggregator.deviation,
        },
    }
}
