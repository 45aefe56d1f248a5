//! The tables of a run: for each, one file with its documented columns.
//!
//! Every table begins with `scenario` and `replicate`; a table of periods goes on with `day`, `period` and
//! `ts_start`. Columns of energy, power, money and price are on the grid of 1e-6: as `f64` multiplied by 1e6 and rounded they are
//! the exact integers that the simulation computed with, as decimals they are those integers.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef};
use arrow_schema::{DataType, Field, Metadata, Schema, SchemaRef};

use crate::cell::{Cell, Storage, category_type};
use crate::names::Names;
use crate::number_format::NumberFormat;

/// Version of the tables' columns; a changed column is a new version.
pub const SCHEMA_VERSION: u32 = 4;

/// A column, as the table's file declares it.
#[derive(Debug, Clone)]
pub struct Column {
    /// The column's name, with its unit as a suffix where it has one.
    pub name: &'static str,
    /// The unit, or nothing; `currency` stands for the currency in the file's footer.
    pub unit: &'static str,
    /// What the column says.
    pub doc: String,
    /// The Arrow type; of a quantity, the one in [`NumberFormat::Float64`].
    pub data_type: DataType,
    /// Whether values may be absent.
    pub nullable: bool,
    /// Whether it is on the grid of 1e-6, and of the type that the run's [`NumberFormat`] says.
    pub is_quantity: bool,
    /// How it is stored.
    pub(crate) storage: Storage,
}

impl Column {
    pub(crate) fn of<C: Cell>(
        name: &'static str,
        unit: &'static str,
        doc: &'static str,
        storage: Option<Storage>,
    ) -> Self {
        Self {
            name,
            unit,
            doc: doc.trim().to_owned(),
            data_type: C::data_type(),
            nullable: C::NULLABLE,
            is_quantity: C::IS_QUANTITY,
            storage: storage.unwrap_or(C::STORAGE),
        }
    }

    /// Its Arrow type in files of a format.
    pub fn data_type_in(&self, format: NumberFormat) -> DataType {
        if self.is_quantity { format.data_type() } else { self.data_type.clone() }
    }

    fn field(&self, format: NumberFormat) -> Field {
        let mut metadata = Metadata::default().with("doc", self.doc.as_str());
        if !self.unit.is_empty() {
            metadata.insert("unit", self.unit);
        }
        Field::new(self.name, self.data_type_in(format), self.nullable).with_metadata(metadata)
    }
}

/// A row of one of the tables.
///
/// Implemented by the row types of [`crate::table`] only.
#[expect(private_bounds, reason = "how rows are gathered is the recorder's own business")]
pub trait Row: Gathered {
    /// The table that it belongs to.
    const TABLE: Table;
}

/// How rows of a type are gathered in columns.
pub(crate) trait Gathered: Sized {
    /// The columns of a batch.
    type Buffer: RowBuffer<Self>;
    /// That buffer among all.
    fn buffer(buffers: &mut Buffers) -> &mut Self::Buffer;
}

/// The columns of a batch while it is being filled.
pub(crate) trait RowBuffer<R> {
    /// Appends a row.
    fn push(&mut self, replicate: u32, row: R);
    /// Takes the columns, `scenario` apart, and begins again.
    fn take(&mut self, names: &Names) -> Vec<ArrayRef>;
    /// Rows gathered.
    fn len(&self) -> usize;
}

/// Declares a table in its own file: the row type, its columns and the buffer that gathers them.
///
/// A column is `name: Type ["unit"];`, with its documentation before and, where it is stored otherwise than
/// its type is by default, `as Plain` and the like behind.
macro_rules! table {
    ($(#[$doc:meta])* $row:ident in $table:ident, $variant:ident, a row per period $columns:tt) => {
        table!(@emit $(#[$doc])* $row $table $variant
            [
                /// The period that the row is about.
                when: $crate::cell::PeriodStamp;
                day: u16 [""] "Day of the run, from 0",
                period: u16 [""] "Period within the day, from 0",
                ts_start: $crate::cell::Timestamp [""] "Start of the period, UTC"
            ]
            $columns);
    };
    ($(#[$doc:meta])* $row:ident in $table:ident, $variant:ident $columns:tt) => {
        table!(@emit $(#[$doc])* $row $table $variant [] $columns);
    };
    (@emit $(#[$doc:meta])* $row:ident $table:ident $variant:ident
        [$(
            $(#[$stamp_doc:meta])* $stamp:ident: $stamp_type:ty;
            $($key:ident: $key_type:ty [$key_unit:literal] $key_doc:literal),+
        )?]
        {$(
            $(#[doc = $column_doc:literal])+
            $column:ident: $type:ty [$unit:literal] $(as $storage:ident)?;
        )+}
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq)]
        pub struct $row {
            $($(#[$stamp_doc])* pub $stamp: $stamp_type,)?
            $($(#[doc = $column_doc])+ pub $column: $type,)+
        }

        impl $crate::table::Row for $row {
            const TABLE: $crate::table::Table = $crate::table::Table::$variant;
        }

        impl $crate::table::Gathered for $row {
            type Buffer = Buffer;
            fn buffer(buffers: &mut $crate::table::Buffers) -> &mut Buffer {
                &mut buffers.$table
            }
        }

        /// The columns of a batch.
        #[derive(Debug, Default)]
        pub(crate) struct Buffer {
            replicate: <u32 as $crate::cell::Cell>::Buffer,
            $($($key: <$key_type as $crate::cell::Cell>::Buffer,)+)?
            $($column: <$type as $crate::cell::Cell>::Buffer,)+
            rows: usize,
        }

        impl $crate::table::RowBuffer<$row> for Buffer {
            fn push(&mut self, replicate: u32, row: $row) {
                use $crate::cell::CellBuffer;
                self.replicate.push(replicate);
                $($(self.$key.push(row.$stamp.$key);)+)?
                $(self.$column.push(row.$column);)+
                self.rows += 1;
            }

            fn take(&mut self, names: &$crate::names::Names) -> Vec<arrow_array::ArrayRef> {
                use $crate::cell::CellBuffer;
                self.rows = 0;
                vec![
                    CellBuffer::<u32>::take(&mut self.replicate, names),
                    $($(CellBuffer::<$key_type>::take(&mut self.$key, names),)+)?
                    $(CellBuffer::<$type>::take(&mut self.$column, names),)+
                ]
            }

            fn len(&self) -> usize {
                self.rows
            }
        }

        /// The columns behind `scenario` and `replicate`.
        pub(crate) fn columns() -> Vec<$crate::table::Column> {
            use $crate::table::Column;
            vec![
                $($(Column::of::<$key_type>(stringify!($key), $key_unit, $key_doc, None),)+)?
                $(Column::of::<$type>(
                    stringify!($column),
                    $unit,
                    concat!($($column_doc),+),
                    table!(@storage $($storage)?),
                ),)+
            ]
        }
    };
    (@storage) => { None };
    (@storage $storage:ident) => { Some($crate::cell::Storage::$storage) };
}

/// A fixed set of texts as an enum.
macro_rules! category {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
        )]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
        }

        impl $name {
            /// As written in the table.
            pub const fn text(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }
        }

        impl From<$name> for $crate::names::Label {
            fn from(value: $name) -> Self {
                Self(value.text())
            }
        }

        impl $crate::cell::Cell for $name {
            type Buffer = $crate::cell::LabelKeys;
            const STORAGE: $crate::cell::Storage = $crate::cell::Storage::Dictionary;
            fn data_type() -> arrow_schema::DataType {
                $crate::cell::category_type()
            }
        }
    };
}

/// Declares the list of tables.
macro_rules! tables {
    ($($(#[$doc:meta])* $variant:ident, $table:ident, $row:ident;)+) => {
        $(pub(crate) mod $table;)+
        $(pub use $table::$row;)+

        /// The tables.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Table {
            $($(#[$doc])* $variant,)+
        }

        impl Table {
            /// All of them.
            pub const ALL: [Self; [$(stringify!($table)),+].len()] = [$(Self::$variant),+];

            /// The table's name, which is also its folder's.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => stringify!($table),)+
                }
            }

            fn own_columns(self) -> Vec<Column> {
                match self {
                    $(Self::$variant => $table::columns(),)+
                }
            }
        }

        /// The buffer of every table.
        #[derive(Debug, Default)]
        pub(crate) struct Buffers {
            $(pub(crate) $table: $table::Buffer,)+
        }

        impl Buffers {
            /// Takes what is left in every table's buffer, tables without rows left out.
            pub(crate) fn drain(&mut self, names: &Names) -> Vec<(Table, Vec<ArrayRef>)> {
                let mut drained = Vec::new();
                $(if self.$table.len() > 0 {
                    drained.push((Table::$variant, self.$table.take(names)));
                })+
                drained
            }
        }
    };
}

tables! {
    /// What one seller delivered to one buyer.
    Trades, trades, TradeRow;
    /// How the market cleared a period.
    MarketPeriods, market_periods, MarketPeriodRow;
    /// What a household did in a period.
    AgentPeriods, agent_periods, AgentPeriodRow;
    /// What an operator earned and paid in a period.
    OperatorPeriods, operator_periods, OperatorPeriodRow;
    /// What the shared storage did in a period.
    StoragePeriods, storage_periods, StoragePeriodRow;
    /// What went over the feeder in a period.
    FeederPeriods, feeder_periods, FeederPeriodRow;
    /// The blocks of the ledger.
    Blocks, blocks, BlockRow;
    /// The transactions in those blocks.
    Transactions, transactions, TransactionRow;
    /// How an optimizer converged in a sampled clearing.
    Convergence, convergence, ConvergenceRow;
    /// What was noteworthy.
    Events, events, EventRow;
    /// The households as they began.
    Households, households, HouseholdRow;
    /// Measures of a run.
    Kpis, kpis, KpiRow;
    /// How far a household's battery has aged by the end of a day.
    BatteryDays, battery_days, BatteryDayRow;
    /// What the aggregator's fleet did in a period.
    AggregatorPeriods, aggregator_periods, AggregatorPeriodRow;
}

pub use agent_periods::Role;
pub use operator_periods::Operator;

impl Table {
    /// The table of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|table| table.name() == name)
    }

    /// All columns in order.
    pub fn columns(self) -> Vec<Column> {
        let scenario = Column {
            name: "scenario",
            unit: "",
            doc: "Name of the scenario".to_owned(),
            data_type: category_type(),
            nullable: false,
            is_quantity: false,
            storage: Storage::Dictionary,
        };
        let replicate = {
            let doc = "Number of the replicate, from 0";
            Column::of::<u32>("replicate", "", doc, Some(Storage::Delta))
        };
        [scenario, replicate].into_iter().chain(self.own_columns()).collect()
    }

    /// The Arrow schema, with `unit` and `doc` as metadata of every field.
    pub fn schema(self, format: NumberFormat) -> SchemaRef {
        Arc::new(Schema::new(self.columns().iter().map(|column| column.field(format)).collect::<Vec<_>>()))
    }
}

/// Some of the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableSet(u32);

impl TableSet {
    /// None of them.
    pub const NONE: Self = Self(0);
    /// All of them.
    pub const ALL: Self = Self((1 << Table::ALL.len()) - 1);

    /// These and one more.
    #[must_use]
    pub const fn with(self, table: Table) -> Self {
        Self(self.0 | 1 << table as u32)
    }

    /// Whether a table is among them.
    pub const fn holds(self, table: Table) -> bool {
        self.0 & 1 << table as u32 != 0
    }

    /// Those that are not among them.
    pub fn others(self) -> impl Iterator<Item = Table> {
        Table::ALL.into_iter().filter(move |&table| !self.holds(table))
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// Rows in the columns of a batch.
pub(crate) fn rows_of(columns: &[ArrayRef]) -> usize {
    columns.first().map_or(0, |column| column.len())
}
