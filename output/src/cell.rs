//! What one value of a row becomes in a column: its Arrow type, its buffer and how it is stored.

use std::fmt::Debug;
use std::sync::{Arc, OnceLock};

use arrow_array::ArrowPrimitiveType;
use arrow_array::builder::StringBuilder;
use arrow_array::types::{
    Float64Type, Int32Type, Int64Type, TimestampMicrosecondType, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{ArrayRef, DictionaryArray, PrimitiveArray, StringArray};
use arrow_buffer::{ArrowNativeType, Buffer, NullBufferBuilder, ScalarBuffer};
use arrow_schema::{DataType, TimeUnit};
use goshawk_market::quantity::{Energy, Money, Power, Price};

use crate::names::{Label, Name, Names};

/// Rows in a buffer before it becomes a record batch.
pub(crate) const BATCH_ROWS: usize = 2_048;

/// An instant, in microseconds since 1970-01-01 UTC.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(pub i64);

/// When a row's period is: its day, its number within the day, and the instant at which it starts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct PeriodStamp {
    /// Day of the run, from 0.
    pub day: u16,
    /// Period within the day, from 0.
    pub period: u16,
    /// Start of the period.
    pub ts_start: Timestamp,
}

/// A SHA-256 digest, written as 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Digest(pub [u8; 32]);

/// How a column's values are encoded before compression.
///
/// Measured with `examples/write_speed.rs`, all measurements of a table stored alike, zstd level 1:
///
/// | measurements stored | agent_periods | trades |
/// |---|---|---|
/// | `Dictionary` | 0.9 M rows/s, 57 B/row | 1.0 M rows/s, 56 B/row |
/// | `ByteStreamSplit` | 1.2 M rows/s, 57 B/row | 2.1 M rows/s, 52 B/row |
/// | `Plain` | 1.8 M rows/s, 47 B/row | 1.9 M rows/s, 54 B/row |
///
/// So a dictionary for what repeats (ids, categories, prices), where it is both smallest and fastest to query;
/// never for measurements, whose dictionary would swallow the row group. `Plain` for measurements that are
/// mostly nothing, such as a household's energy in a period: runs of zeros compress whole. `ByteStreamSplit`
/// for those that hardly ever are, such as a trade's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Storage {
    /// Distinct values once, then keys: ids, categories, and numbers that repeat.
    Dictionary,
    /// As they are: texts, and measurements that are often zero. Decimals of the latter are byte-split.
    Plain,
    /// Bytes of the same significance side by side: measurements that hardly ever are zero.
    ByteStreamSplit,
    /// Differences: integers in whose order the rows come, such as times.
    Delta,
}

/// A value that a row can hold.
pub(crate) trait Cell: Sized {
    /// What its column is gathered in.
    type Buffer: CellBuffer<Self>;
    /// Whether it may be absent.
    const NULLABLE: bool = false;
    /// Whether it is on the grid of 1e-6: gathered as an integer, and written as the run's [`NumberFormat`] has it.
    const IS_QUANTITY: bool = false;
    /// How it is stored unless the table's file says otherwise.
    const STORAGE: Storage;
    /// The column's Arrow type; of a quantity the one in [`NumberFormat::Float64`].
    fn data_type() -> DataType;
}

/// The column of a batch while it is being filled.
pub(crate) trait CellBuffer<C>: Default + Debug + Send {
    /// Appends a value.
    fn push(&mut self, cell: C);
    /// Takes what was gathered and begins again.
    fn take(&mut self, names: &Names) -> ArrayRef;
}

/// A value that is one machine number in its column.
pub(crate) trait Number: Copy {
    /// The Arrow type of that number.
    type Arrow: ArrowPrimitiveType;
    /// Whether it counts steps of 1e-6.
    const IS_QUANTITY: bool = false;
    /// How it is stored unless the table's file says otherwise.
    const STORAGE: Storage;
    /// As that number.
    fn native(self) -> <Self::Arrow as ArrowPrimitiveType>::Native;
    /// Whether that number is zero, all its bits: negative zero is another one.
    fn is_zero(self) -> bool;
    /// The column's type.
    fn data_type() -> DataType {
        Self::Arrow::DATA_TYPE
    }
}

macro_rules! number {
    ($type:ty as $arrow:ty, $storage:ident, |$value:ident| $native:expr, $zero:expr) => {
        impl Number for $type {
            type Arrow = $arrow;
            const STORAGE: Storage = Storage::$storage;
            fn native(self) -> <Self::Arrow as ArrowPrimitiveType>::Native {
                let $value = self;
                $native
            }
            #[inline]
            fn is_zero(self) -> bool {
                let $value = self;
                $zero
            }
        }
    };
}

// Days and periods: runs of one number, in order.
number!(u16 as UInt16Type, Delta, |value| value, value == 0);
number!(u32 as UInt32Type, Dictionary, |value| value, value == 0);
number!(u64 as UInt64Type, Plain, |value| value, value == 0);
number!(i64 as Int64Type, Plain, |value| value, value == 0);
number!(f64 as Float64Type, Plain, |value| value, value.to_bits() == 0);

macro_rules! quantity {
    ($type:ty, $storage:ident) => {
        impl Number for $type {
            type Arrow = Int64Type;
            const IS_QUANTITY: bool = true;
            const STORAGE: Storage = Storage::$storage;
            fn native(self) -> i64 {
                self.micro()
            }
            #[inline]
            fn is_zero(self) -> bool {
                self.micro() == 0
            }
            fn data_type() -> DataType {
                DataType::Float64
            }
        }
    };
}

quantity!(Energy, Plain);
quantity!(Money, Plain);
quantity!(Price, Dictionary);
quantity!(Power, Dictionary);

impl Number for Timestamp {
    type Arrow = TimestampMicrosecondType;
    // One step a period, so differences are almost all zero.
    const STORAGE: Storage = Storage::Delta;
    fn native(self) -> i64 {
        self.0
    }
    fn is_zero(self) -> bool {
        self.0 == 0
    }
    fn data_type() -> DataType {
        DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
    }
}

/// A gathered column, of its declared type unless it is of quantities.
fn gathered<N: Number>(array: PrimitiveArray<N::Arrow>) -> ArrayRef {
    Arc::new(if N::IS_QUANTITY { array } else { array.with_data_type(N::data_type()) })
}

/// The machine number of a type.
type Native<N> = <<N as Number>::Arrow as ArrowPrimitiveType>::Native;

/// Numbers, none absent. Zeros that no other number has followed yet are counted only: most of a household's energies in a
/// period are none, and batch after batch of them shares one column of zeros.
#[derive(Debug, Default)]
pub(crate) struct Numbers<T> {
    /// Zeros before the first of the values, so far as there are no values.
    zeros: usize,
    values: Vec<T>,
    /// Room for as many as the batch before had, once there was one.
    expected: usize,
}

impl<T: ArrowNativeType> Numbers<T> {
    /// The first number that is not zero.
    #[cold]
    #[inline(never)]
    fn begin(&mut self) {
        self.values.reserve_exact(self.expected.max(self.zeros + 1));
        self.values.resize(self.zeros, T::default());
        self.zeros = 0;
    }
}

impl<N: Number> CellBuffer<N> for Numbers<Native<N>> {
    #[inline]
    fn push(&mut self, cell: N) {
        if self.values.is_empty() {
            if cell.is_zero() {
                self.zeros += 1;
                return;
            }
            self.begin();
        }
        self.values.push(cell.native());
    }

    fn take(&mut self, _names: &Names) -> ArrayRef {
        self.expected = BATCH_ROWS;
        let values = if self.values.is_empty() {
            zeros(std::mem::take(&mut self.zeros))
        } else {
            ScalarBuffer::from(std::mem::take(&mut self.values))
        };
        gathered::<N>(PrimitiveArray::new(values, None))
    }
}

/// So many zeros, out of one list for all columns.
fn zeros<T: ArrowNativeType>(count: usize) -> ScalarBuffer<T> {
    static ZEROS: OnceLock<Buffer> = OnceLock::new();
    if count > BATCH_ROWS {
        return ScalarBuffer::from(vec![T::default(); count]);
    }
    // The widest number has eight bytes.
    let buffer = ZEROS.get_or_init(|| Buffer::from_vec(vec![0u64; BATCH_ROWS]));
    ScalarBuffer::new(buffer.clone(), 0, count)
}

impl<N: Number> Cell for N {
    type Buffer = Numbers<Native<N>>;
    const IS_QUANTITY: bool = N::IS_QUANTITY;
    const STORAGE: Storage = N::STORAGE;
    fn data_type() -> DataType {
        N::data_type()
    }
}

/// Numbers, some absent.
#[derive(Debug)]
pub(crate) struct OptionalNumbers<T> {
    values: Vec<T>,
    present: NullBufferBuilder,
}

impl<T> Default for OptionalNumbers<T> {
    fn default() -> Self {
        Self { values: Vec::new(), present: NullBufferBuilder::new(0) }
    }
}

impl<N: Number> CellBuffer<Option<N>> for OptionalNumbers<Native<N>> {
    fn push(&mut self, cell: Option<N>) {
        self.values.push(cell.map_or_else(Default::default, Number::native));
        self.present.append(cell.is_some());
    }

    fn take(&mut self, _names: &Names) -> ArrayRef {
        let values = std::mem::replace(&mut self.values, Vec::with_capacity(BATCH_ROWS));
        gathered::<N>(PrimitiveArray::new(ScalarBuffer::from(values), self.present.finish()))
    }
}

impl<N: Number> Cell for Option<N> {
    type Buffer = OptionalNumbers<Native<N>>;
    const NULLABLE: bool = true;
    const IS_QUANTITY: bool = N::IS_QUANTITY;
    const STORAGE: Storage = N::STORAGE;
    fn data_type() -> DataType {
        N::data_type()
    }
}

/// The one type of every category column, in every file: readers refuse to join files that differ in it.
pub(crate) fn category_type() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
}

/// Keys and their texts as a category column.
pub(crate) fn category_array(keys: Vec<i32>, texts: &ArrayRef) -> ArrayRef {
    let keys = PrimitiveArray::<Int32Type>::new(ScalarBuffer::from(keys), None);
    let array = DictionaryArray::try_new(keys, Arc::clone(texts));
    Arc::new(array.expect("invariant: a row's names come from the recorder's own list"))
}

/// Names, by their index into the run's list.
#[derive(Debug, Default)]
pub(crate) struct NameKeys(Vec<i32>);

impl CellBuffer<Name> for NameKeys {
    fn push(&mut self, cell: Name) {
        self.0.push(cell.key());
    }

    fn take(&mut self, names: &Names) -> ArrayRef {
        category_array(std::mem::replace(&mut self.0, Vec::with_capacity(BATCH_ROWS)), names.texts())
    }
}

impl Cell for Name {
    type Buffer = NameKeys;
    const STORAGE: Storage = Storage::Dictionary;
    fn data_type() -> DataType {
        category_type()
    }
}

/// Labels, by their index among those seen so far.
#[derive(Debug, Default)]
pub(crate) struct LabelKeys {
    keys: Vec<i32>,
    seen: Vec<&'static str>,
    texts: Option<ArrayRef>,
}

impl<L: Into<Label>> CellBuffer<L> for LabelKeys {
    fn push(&mut self, cell: L) {
        let Label(text) = cell.into();
        // The same constant has the same address nearly always, so the texts themselves are rarely compared.
        let known = self.seen.iter().position(|&seen| std::ptr::eq(seen, text) || seen == text);
        let key = known.unwrap_or_else(|| {
            self.seen.push(text);
            self.texts = None;
            self.seen.len() - 1
        });
        self.keys.push(i32::try_from(key).expect("invariant: labels are few"));
    }

    fn take(&mut self, _names: &Names) -> ArrayRef {
        let seen = &self.seen;
        let texts = self.texts.get_or_insert_with(|| Arc::new(StringArray::from_iter_values(seen)));
        category_array(std::mem::replace(&mut self.keys, Vec::with_capacity(BATCH_ROWS)), texts)
    }
}

impl Cell for Label {
    type Buffer = LabelKeys;
    const STORAGE: Storage = Storage::Dictionary;
    fn data_type() -> DataType {
        category_type()
    }
}

/// Texts.
#[derive(Debug, Default)]
pub(crate) struct Texts(StringBuilder);

impl CellBuffer<String> for Texts {
    fn push(&mut self, cell: String) {
        self.0.append_value(cell);
    }

    fn take(&mut self, _names: &Names) -> ArrayRef {
        Arc::new(self.0.finish())
    }
}

impl Cell for String {
    type Buffer = Texts;
    const STORAGE: Storage = Storage::Plain;
    fn data_type() -> DataType {
        DataType::Utf8
    }
}

impl CellBuffer<Digest> for Texts {
    fn push(&mut self, cell: Digest) {
        let hex = cell.hex();
        self.0.append_value(std::str::from_utf8(&hex).expect("invariant: hexadecimal digits are ASCII"));
    }

    fn take(&mut self, _names: &Names) -> ArrayRef {
        Arc::new(self.0.finish())
    }
}

impl Cell for Digest {
    type Buffer = Texts;
    const STORAGE: Storage = Storage::Plain;
    fn data_type() -> DataType {
        DataType::Utf8
    }
}

impl Digest {
    /// The hexadecimal digits, without an allocation.
    fn hex(self) -> [u8; 64] {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut hex = [0; 64];
        for (pair, byte) in hex.chunks_exact_mut(2).zip(self.0) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 15)];
        }
        hex
    }
}

impl std::fmt::Display for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(std::str::from_utf8(&self.hex()).expect("invariant: hexadecimal digits are ASCII"))
    }
}

#[cfg(test)]
mod tests;
