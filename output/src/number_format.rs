//! How quantities are written: energies, powers, prices and money, all on the grid of 1e-6.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema};
use goshawk_market::quantity::Energy;
use serde::{Deserialize, Serialize};

/// Digits of a decimal, as many as 64 bits always hold.
const DIGITS: u8 = 18;
/// Of them behind the point.
const SCALE: i8 = 6;

/// How the quantities of a run's tables are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NumberFormat {
    /// As `f64`, which everybody computes with.
    #[default]
    Float64,
    /// As `DECIMAL(18, 6)`: exact in sums, and less than half as large. In pandas they are objects unless it is asked for
    /// types of Arrow.
    Decimal,
}

impl NumberFormat {
    /// Whether it is the default.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The Arrow type of a quantity.
    pub fn data_type(self) -> DataType {
        match self {
            Self::Float64 => DataType::Float64,
            Self::Decimal => DataType::Decimal128(DIGITS, SCALE),
        }
    }

    /// Gathered steps of 1e-6 as a column of that type.
    pub(crate) fn column(self, steps: &ArrayRef) -> ArrayRef {
        let steps = steps.as_primitive::<Int64Type>();
        match self {
            Self::Float64 => Arc::new(steps.unary::<_, Float64Type>(float_of)),
            Self::Decimal => {
                Arc::new(steps.unary::<_, Decimal128Type>(i128::from).with_data_type(self.data_type()))
            }
        }
    }
}

/// So many steps of 1e-6 as the nearest `f64`.
#[inline]
pub(crate) fn float_of(steps: i64) -> f64 {
    Energy::from_micro(steps).to_f64()
}

/// The same rows with decimals as `f64`, for whoever computes with those: every format is read alike.
///
/// # Panics
/// Never: the columns are those of `rows`.
pub fn with_floats(rows: RecordBatch) -> RecordBatch {
    let is_decimal = |column: &ArrayRef| matches!(column.data_type(), DataType::Decimal128(_, SCALE));
    if !rows.columns().iter().any(is_decimal) {
        return rows;
    }
    let mut fields = Vec::with_capacity(rows.num_columns());
    let mut columns = Vec::with_capacity(rows.num_columns());
    for (field, column) in rows.schema_ref().fields().iter().zip(rows.columns()) {
        if is_decimal(column) {
            let decimals = column.as_primitive::<Decimal128Type>();
            // What does not fit is on no grid that a run computes with.
            let float = |steps: i128| i64::try_from(steps).map_or(f64::NAN, float_of);
            columns.push(Arc::new(decimals.unary::<_, Float64Type>(float)) as ArrayRef);
            fields.push(Field::new(field.name(), DataType::Float64, field.is_nullable()).into());
        } else {
            columns.push(Arc::clone(column));
            fields.push(Arc::clone(field));
        }
    }
    let schema = Arc::new(Schema::new(fields));
    RecordBatch::try_new(schema, columns).expect("invariant: as many columns of as many rows as before")
}
