//! A trade's prices and amounts.

use super::micro::Micro;
use super::read::{Context, Record};
use super::records::Trade;
use super::report::{Check, Ledger};
use crate::table::Table;

/// Checks one trade; `outside` is the cheaper price of grid and company in its period.
pub(super) fn check_trade(trade: &Trade, outside: Option<Micro>, context: &Context<'_>, ledger: &mut Ledger) {
    check_prices(trade, outside, context, ledger);
    check_amounts(trade, context, ledger);
}

fn check_prices(trade: &Trade, outside: Option<Micro>, context: &Context<'_>, ledger: &mut Ledger) {
    let (seller, buyer) = (trade.seller_price_per_kwh, trade.buyer_price_per_kwh);
    let mut enter = |holds: bool, quantity: &str, expected: String, found: Micro| {
        ledger.enter(Check::TradePrices, holds, || {
            let when = Some(trade.when());
            context.finding(Table::Trades, Some(trade.place), when, quantity, expected, found)
        });
    };
    enter(seller < buyer, "seller_price_per_kwh", format!("less than the buyer's {buyer}"), seller);
    if let Some(outside) = outside {
        let expected = format!("less than the {outside} of grid or company");
        enter(buyer < outside, "buyer_price_per_kwh", expected, buyer);
    }
    let fees = trade.grid_fee_per_kwh + trade.platform_fee_per_kwh;
    enter(
        buyer - seller == fees,
        "grid_fee_per_kwh + platform_fee_per_kwh",
        format!("{} between the prices", buyer - seller),
        fees,
    );
    for (quantity, fee) in
        [("grid_fee_per_kwh", trade.grid_fee_per_kwh), ("platform_fee_per_kwh", trade.platform_fee_per_kwh)]
    {
        enter(!fee.is_negative(), quantity, "0 or more".to_owned(), fee);
    }
}

fn check_amounts(trade: &Trade, context: &Context<'_>, ledger: &mut Ledger) {
    let mut enter = |holds: bool, quantity: &str, expected: String, found: Micro| {
        ledger.enter(Check::TradeAmounts, holds, || {
            let when = Some(trade.when());
            context.finding(Table::Trades, Some(trade.place), when, quantity, expected, found)
        });
    };
    let energy = trade.energy_kwh;
    for (quantity, expected, found) in [
        ("energy_kwh against delivered_kwh", trade.delivered_kwh, energy),
        ("seller_amount", trade.seller_price_per_kwh.times(energy), trade.seller_amount),
        ("grid_amount", trade.grid_fee_per_kwh.times(energy), trade.grid_amount),
        ("platform_amount", trade.platform_fee_per_kwh.times(energy), trade.platform_amount),
        ("amount", trade.seller_amount + trade.grid_amount + trade.platform_amount, trade.amount),
    ] {
        enter(expected == found, quantity, expected.to_string(), found);
    }
    let contracted = trade.contracted_kwh;
    let expected = format!("at most the {contracted} contracted");
    enter(trade.delivered_kwh <= contracted, "delivered_kwh", expected, trade.delivered_kwh);
    for (quantity, value) in [
        ("delivered_kwh", trade.delivered_kwh),
        ("penalty_to_buyer", trade.penalty_to_buyer),
        ("penalty_to_seller", trade.penalty_to_seller),
        ("seller_surcharge", trade.seller_surcharge),
        ("buyer_surcharge", trade.buyer_surcharge),
    ] {
        enter(!value.is_negative(), quantity, "0 or more".to_owned(), value);
    }
    let received = trade.seller_amount;
    for (quantity, value) in
        [("seller_surcharge", trade.seller_surcharge), ("buyer_surcharge", trade.buyer_surcharge)]
    {
        enter(value <= received, quantity, format!("at most the {received} of the seller"), value);
    }
}
