//! The rows that the audit looks at, with the columns that it needs.

use arrow_array::types::{Float64Type, Int64Type, UInt32Type, UInt64Type};

use super::micro::Micro;
use super::read::{Columns, Place, Record, When};
use crate::error::OutputError;
use crate::names::Name;
use crate::table::Table;

/// Declares a record: its table, how its rows are dated, and its columns with how each is read.
macro_rules! record {
    (
        $(#[$doc:meta])* $record:ident of $table:ident, dated by $dated:ident as $when:ident: $when_type:ty
        { $($column:ident: $type:ty = $read:ident $(::<$arrow:ty>)?,)+ }
    ) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub(super) struct $record {
            pub(super) place: Place,
            pub(super) $when: $when_type,
            $(pub(super) $column: $type,)+
        }

        impl Record for $record {
            const TABLE: Table = Table::$table;

            fn decode(columns: &mut Columns<'_, '_, '_>) -> Result<Vec<Self>, OutputError> {
                let mut dates = columns.$dated()?.into_iter();
                $(let mut $column = columns.$read$(::<$arrow>)?(stringify!($column))?.into_iter();)+
                let mut records = Vec::with_capacity(columns.rows());
                for row in 0..columns.rows() {
                    let place = columns.place(row);
                    let Some($when) = dates.next() else { break };
                    $(let Some($column) = $column.next() else { break };)+
                    records.push(Self { place, $when, $($column,)+ });
                }
                Ok(records)
            }

            fn when(&self) -> When {
                record!(@when self $dated $when)
            }

            fn place(&self) -> Place {
                self.place
            }
        }
    };
    (@when $self:ident when $when:ident) => { $self.$when.0 };
    (@when $self:ident replicates $when:ident) => { $self.$when };
}

record! {
    /// A trade.
    Trade of Trades, dated by when as stamp: (When, i64) {
        trade_id: u64 = numbers::<UInt64Type>,
        seller: Name = names,
        buyer: Name = names,
        energy_kwh: Micro = micros,
        seller_price_per_kwh: Micro = micros,
        buyer_price_per_kwh: Micro = micros,
        grid_fee_per_kwh: Micro = micros,
        platform_fee_per_kwh: Micro = micros,
        amount: Micro = micros,
        seller_amount: Micro = micros,
        grid_amount: Micro = micros,
        platform_amount: Micro = micros,
        penalty_to_buyer: Micro = micros,
        penalty_to_seller: Micro = micros,
        seller_surcharge: Micro = micros,
        buyer_surcharge: Micro = micros,
        contracted_kwh: Micro = micros,
        delivered_kwh: Micro = micros,
        block_height: u64 = numbers::<UInt64Type>,
    }
}

record! {
    /// The market in a period.
    Market of MarketPeriods, dated by when as stamp: (When, i64) {
        grid_price_per_kwh: Micro = micros,
        company_price_per_kwh: Micro = micros,
    }
}

record! {
    /// A household in a period.
    Agent of AgentPeriods, dated by when as stamp: (When, i64) {
        household: Name = names,
        content_kwh: Micro = micros,
        soc: f64 = numbers::<Float64Type>,
        pv_kwh: Micro = micros,
        pv_spilled_kwh: Micro = micros,
        charge_kwh: Micro = micros,
        discharge_kwh: Micro = micros,
        drive_kwh: Micro = micros,
        sold_kwh: Micro = micros,
        bought_p2p_kwh: Micro = micros,
        bought_grid_kwh: Micro = micros,
        bought_company_kwh: Micro = micros,
        stored_kwh: Micro = micros,
        withdrawn_kwh: Micro = micros,
        losses_kwh: Micro = micros,
        income: Micro = micros,
        spend: Micro = micros,
        aggregated_up_kwh: Micro = micros,
        aggregated_down_kwh: Micro = micros,
    }
}

record! {
    /// An operator in a period.
    OperatorMoney of OperatorPeriods, dated by when as stamp: (When, i64) {
        operator: Name = names,
        revenue: Micro = micros,
        cost: Micro = micros,
    }
}

record! {
    /// The storage in a period.
    Storage of StoragePeriods, dated by when as stamp: (When, i64) {
        content_kwh: Micro = micros,
        charge_kwh: Micro = micros,
        discharge_kwh: Micro = micros,
        losses_kwh: Micro = micros,
    }
}

record! {
    /// The feeder in a period.
    Feeder of FeederPeriods, dated by when as stamp: (When, i64) {
        supplied_kwh: Micro = micros,
        base_load_kwh: Micro = micros,
        households_kwh: Micro = micros,
        losses_kwh: Micro = micros,
        base_losses_kwh: Micro = micros,
        loss_cost: Micro = micros,
    }
}

record! {
    /// The fleet in a period.
    Fleet of AggregatorPeriods, dated by when as stamp: (When, i64) {
        request_up_kwh: Micro = micros,
        request_down_kwh: Micro = micros,
        offered_up_kwh: Micro = micros,
        offered_down_kwh: Micro = micros,
        accepted_up_kwh: Micro = micros,
        accepted_down_kwh: Micro = micros,
        delivered_up_kwh: Micro = micros,
        delivered_down_kwh: Micro = micros,
        shortfall_kwh: Micro = micros,
        import_before_kwh: Micro = micros,
        import_after_kwh: Micro = micros,
        up_revenue: Micro = micros,
        down_cost: Micro = micros,
        availability_revenue: Micro = micros,
        penalty: Micro = micros,
        paid_to_members: Micro = micros,
        paid_by_members: Micro = micros,
    }
}

record! {
    /// A household as it began.
    Household of Households, dated by replicates as when: When {
        household: Name = names,
        bus: Option<u32> = optional::<UInt32Type>,
        initial_kwh: Micro = micros,
    }
}

record! {
    /// A block.
    Block of Blocks, dated by replicates as when: When {
        height: u64 = numbers::<UInt64Type>,
        txs: u32 = numbers::<UInt32Type>,
        prev_hash: String = texts,
        hash: String = texts,
    }
}

record! {
    /// A transaction.
    Transaction of Transactions, dated by replicates as when: When {
        height: u64 = numbers::<UInt64Type>,
        index: u32 = numbers::<UInt32Type>,
        kind: Name = names,
        status: Name = names,
        contract: Option<u64> = optional::<UInt64Type>,
        energy_micro_kwh: Option<i64> = optional::<Int64Type>,
        amount_micro: Option<i64> = optional::<Int64Type>,
    }
}
