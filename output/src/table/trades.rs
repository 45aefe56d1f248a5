//! Trades: what one seller delivered to one buyer, and who was paid what for it.

use crate::names::Name;
use goshawk_market::quantity::{Energy, Money, Price};

table! {
    /// What one seller delivered to one buyer in one period, as the ledger settled it.
    TradeRow in trades, Trades, a row per period {
        /// Number of the contract: the period's number in the run times 2^24, plus the trade's place in the
        /// period, from 1.
        trade_id: u64 [""] as Delta;
        /// The household that sold.
        seller: Name [""];
        /// Class of the seller.
        seller_class: Name [""];
        /// The household that bought.
        buyer: Name [""];
        /// Class of the buyer.
        buyer_class: Name [""];
        /// Energy that was delivered and paid for.
        energy_kwh: Energy ["kWh"] as ByteStreamSplit;
        /// What the seller receives.
        seller_price_per_kwh: Price ["currency/kWh"];
        /// What the buyer pays, fees included.
        buyer_price_per_kwh: Price ["currency/kWh"];
        /// The grid's part of the difference.
        grid_fee_per_kwh: Price ["currency/kWh"];
        /// The platform's part of the difference.
        platform_fee_per_kwh: Price ["currency/kWh"];
        /// What the buyer paid for the energy.
        amount: Money ["currency"] as ByteStreamSplit;
        /// What of that the seller received.
        seller_amount: Money ["currency"] as ByteStreamSplit;
        /// What of that the grid received.
        grid_amount: Money ["currency"] as ByteStreamSplit;
        /// What of that the platform received.
        platform_amount: Money ["currency"] as ByteStreamSplit;
        /// What the buyer received for energy that did not come.
        penalty_to_buyer: Money ["currency"];
        /// What the seller received for energy that was not taken.
        penalty_to_seller: Money ["currency"];
        /// What the platform received from the seller for its credit band.
        seller_surcharge: Money ["currency"];
        /// What the platform received from the buyer for its credit band.
        buyer_surcharge: Money ["currency"];
        /// Energy that the contract was about.
        contracted_kwh: Energy ["kWh"] as ByteStreamSplit;
        /// Energy that was delivered.
        delivered_kwh: Energy ["kWh"] as ByteStreamSplit;
        /// Height of the block that settled the contract.
        block_height: u64 [""] as Delta;
    }
}
