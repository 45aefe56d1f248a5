//! Trades read back.

use std::path::Path;

use arrow_array::types::{Float64Type, UInt64Type};

use super::for_each_batch;
use crate::error::OutputError;
use crate::manifest::Manifest;
use crate::table::Table;

/// The columns of a trade that are energies, prices and money.
pub const TRADE_QUANTITIES: [&str; 15] = [
    "contracted_kwh",
    "delivered_kwh",
    "energy_kwh",
    "seller_price_per_kwh",
    "buyer_price_per_kwh",
    "grid_fee_per_kwh",
    "platform_fee_per_kwh",
    "amount",
    "seller_amount",
    "grid_amount",
    "platform_amount",
    "penalty_to_buyer",
    "penalty_to_seller",
    "seller_surcharge",
    "buyer_surcharge",
];

/// A trade as the tables tell it.
#[derive(Debug, Clone, PartialEq)]
pub struct TradeRecord {
    /// The number of its contract.
    pub id: u64,
    /// Who sold.
    pub seller: String,
    /// Who bought.
    pub buyer: String,
    /// The height of the block that settled it.
    pub height: u64,
    /// Its quantities in the order of [`TRADE_QUANTITIES`], in kWh, currency per kWh and currency.
    pub quantities: [Option<f64>; TRADE_QUANTITIES.len()],
}

/// Shows `visit` every trade of a run in the order of the table.
///
/// # Errors
/// When a part cannot be read as the table that it should be.
pub fn read_trades(
    folder: &Path,
    manifest: &Manifest,
    visit: &mut dyn FnMut(TradeRecord),
) -> Result<(), OutputError> {
    for_each_batch(folder, manifest, Table::Trades, &mut |columns| {
        let id = columns.numbers::<UInt64Type>("trade_id")?;
        let height = columns.numbers::<UInt64Type>("block_height")?;
        let (seller, buyer) = (columns.texts("seller")?, columns.texts("buyer")?);
        let quantities: Vec<Vec<Option<f64>>> = TRADE_QUANTITIES
            .iter()
            .map(|name| columns.numbers::<Float64Type>(name))
            .collect::<Result<_, _>>()?;
        for row in 0..columns.rows() {
            visit(TradeRecord {
                id: id[row].unwrap_or_default(),
                seller: seller[row].clone(),
                buyer: buyer[row].clone(),
                height: height[row].unwrap_or_default(),
                quantities: std::array::from_fn(|column| quantities[column][row]),
            });
        }
        Ok(())
    })
}
