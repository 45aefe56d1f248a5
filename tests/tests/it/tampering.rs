//! The audit finds what was changed after a run was done, and says where.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::sync::Arc;

use arrow_array::ArrowPrimitiveType;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Float64Type, Int32Type, Int64Type, TimestampMicrosecondType, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{ArrayRef, DictionaryArray, PrimitiveArray, RecordBatch, StringArray};
use arrow_schema::DataType;
use goshawk::run::LEDGER_FILE;
use goshawk::verify::verify;
use goshawk_output::table::Table;
use goshawk_output::{FileDigest, MANIFEST_FILE, SCENARIO_FILE};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;

use crate::run::Run;
use crate::sample::Draws;

/// What Parquet's writer itself adds to a footer.
const ARROW_SCHEMA: &str = "ARROW:schema";
/// Columns that nothing but their digests guards: no book rests on them, and nothing else tells the same.
const ONLY_DIGESTS_GUARD: [(Table, &[&str]); 7] = [
    (Table::Households, &["class", "battery_kwh", "charger_kw", "pv_kw"]),
    (
        Table::AgentPeriods,
        &[
            "class",
            "role",
            "soc",
            "pv_spilled_kwh",
            "charge_kwh",
            "discharge_kwh",
            "wear_cost",
            "satisfaction",
        ],
    ),
    (Table::OperatorPeriods, &["operator", "energy_kwh"]),
    (Table::StoragePeriods, &["income", "cost"]),
    (Table::Trades, &["seller_class", "buyer_class"]),
    (Table::Blocks, &["latency_ms", "ts_commit"]),
    (Table::Transactions, &[]),
];
/// Bytes of a Parquet file's end that say how long its footer is, and what it is.
const PARQUET_TAIL: usize = 8;

/// The files in which the audit finds something.
fn accused(run: &Run) -> BTreeSet<String> {
    let verification = run.verify();
    let accused: BTreeSet<String> =
        verification.tables.findings().filter_map(|finding| finding.file.clone()).collect();
    assert_eq!(verification.passed(), accused.is_empty(), "{verification}");
    let told = verification.to_string();
    assert!(accused.iter().all(|file| told.contains(file.as_str())), "{told}");
    accused
}

fn only(file: &str) -> BTreeSet<String> {
    BTreeSet::from([file.to_owned()])
}

/// Positions in a file: both ends, the footer, the middle, and some that look like chance.
fn positions(length: usize) -> BTreeSet<usize> {
    let scattered = (1..=8).map(|step: usize| step.wrapping_mul(0x9e37_79b9_7f4a_7c15) % length);
    let footer = length.saturating_sub(PARQUET_TAIL);
    let named = [0, 4, length / 2, footer.saturating_sub(1), footer, length - 1];
    named.into_iter().chain(scattered).filter(|&position| position < length).collect()
}

#[test]
fn one_changed_byte_in_any_file_is_found_and_the_file_is_named() {
    let run = Run::of("smoke", &[]);
    let manifest = run.manifest();
    assert_eq!(manifest.parts.len(), Table::ALL.len(), "every table has its part");
    for name in manifest.paths() {
        let path = run.out().join(name);
        let whole = fs::read(&path).unwrap();
        for position in positions(whole.len()) {
            let mut bytes = whole.clone();
            bytes[position] ^= 1 << (position % 8);
            fs::write(&path, &bytes).unwrap();
            assert_eq!(accused(&run), only(name), "byte {position} of {name}");
        }
        fs::write(&path, &whole).unwrap();
    }
    run.expect_verified();
}

#[test]
fn any_byte_that_is_changed_in_what_the_ledger_said_is_found_at_its_place() {
    let run = Run::of("smoke", &[]);
    let manifest = run.manifest();
    let tables = [Table::Blocks, Table::Transactions, Table::Trades]
        .map(|table| manifest.parts_of(table)[0].path.clone());
    let mut random = Draws::new(8);
    for name in tables.into_iter().chain([LEDGER_FILE.to_owned()]) {
        let path = run.out().join(&name);
        let whole = fs::read(&path).unwrap();
        for _ in 0..60 {
            let mut bytes = whole.clone();
            let place = random.below(whole.len() as u64) as usize;
            bytes[place] ^= 1 + random.below(255) as u8;
            fs::write(&path, &bytes).unwrap();
            let verification = run.verify();
            let found = verification.tables.findings().find(|finding| finding.file.as_deref() == Some(&name));
            let told = &found.unwrap_or_else(|| panic!("byte {place} of {name}: {verification}")).quantity;
            let ends =
                told.strip_prefix("SHA-256 of bytes ").and_then(|range| range.split_once(" to ")).unwrap();
            let (first, last): (usize, usize) = (ends.0.parse().unwrap(), ends.1.parse().unwrap());
            assert!((first..=last).contains(&place), "byte {place} of {name}: {told}");
        }
        fs::write(&path, &whole).unwrap();
    }
    run.expect_verified();
}

#[test]
fn a_missing_a_longer_a_shorter_and_a_stray_file_are_found() {
    let run = Run::of("smoke", &[]);
    let manifest = run.manifest();
    for name in manifest.paths() {
        let path = run.out().join(name);
        let whole = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        assert_eq!(accused(&run), only(name), "without {name}");
        fs::write(&path, &whole[..whole.len() - 1]).unwrap();
        assert_eq!(accused(&run), only(name), "{name} cut short");
        fs::write(&path, [whole.as_slice(), b"\0"].concat()).unwrap();
        assert_eq!(accused(&run), only(name), "{name} made longer");
        fs::write(&path, &whole).unwrap();
    }
    for stray in ["trades/part-00001-00001.parquet", "notes.txt"] {
        fs::copy(run.out().join(SCENARIO_FILE), run.out().join(stray)).unwrap();
        assert_eq!(accused(&run), only(stray));
        fs::remove_file(run.out().join(stray)).unwrap();
    }
    run.expect_verified();
}

#[test]
fn a_changed_manifest_is_refused() {
    let run = Run::of("smoke", &[]);
    let path = run.out().join(MANIFEST_FILE);
    let whole = fs::read_to_string(&path).unwrap();
    for (honest, forged) in
        [("\"seed\": 1", "\"seed\": 2"), ("\"keyed_hash\"", "\"ed25519\""), ("\"rows\": ", "\"rows\": 1")]
    {
        assert!(whole.contains(honest), "{honest} in {whole}");
        fs::write(&path, whole.replacen(honest, forged, 1)).unwrap();
        let refused = verify(&run.out()).unwrap_err().to_string();
        assert!(refused.contains(path.to_str().unwrap()), "{refused}");
    }
    fs::remove_file(&path).unwrap();
    assert!(verify(&run.out()).is_err(), "without a manifest there is nothing to be verified");
    fs::write(&path, whole).unwrap();
    run.expect_verified();
}

/// A forger who adds one to the last digit of a column's first value, writes the part anew as the program would have,
/// and seals the manifest again. `false` where the column has no value.
fn forge(run: &Run, table: Table, column: &str) -> bool {
    let mut manifest = run.manifest();
    let name = manifest.parts_of(table)[0].path.clone();
    let path = run.out().join(&name);
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(&path).unwrap()).unwrap();
    let (schema, footer) = (Arc::clone(reader.schema()), reader.metadata().file_metadata().clone());
    let batches: Vec<RecordBatch> = reader.build().unwrap().map(Result::unwrap).collect();
    let Some(first) = batches.first() else { return false };
    let place = schema.index_of(column).unwrap();
    let Some(forged) = one_more(first.column(place)) else { return false };
    let mut columns = first.columns().to_vec();
    columns[place] = forged;
    let forged = RecordBatch::try_new(Arc::clone(&schema), columns).unwrap();

    let own = |pair: &KeyValue| pair.key != ARROW_SCHEMA;
    let footer =
        footer.key_value_metadata().into_iter().flatten().filter(|pair| own(pair)).cloned().collect();
    let properties = WriterProperties::builder().set_key_value_metadata(Some(footer)).build();
    let mut writer = ArrowWriter::try_new(File::create(&path).unwrap(), schema, Some(properties)).unwrap();
    for batch in std::iter::once(&forged).chain(&batches[1..]) {
        writer.write(batch).unwrap();
    }
    writer.close().unwrap();
    let digest = FileDigest::of_file(&path).unwrap();
    manifest.parts.iter_mut().filter(|part| part.path == name).for_each(|part| part.digest = digest.clone());
    manifest.write(&run.out()).unwrap();
    true
}

/// A column with one more of the smallest step in its first value, or of a text's last letter.
fn one_more(column: &ArrayRef) -> Option<ArrayRef> {
    fn changed<T: ArrowPrimitiveType>(
        column: &ArrayRef,
        change: impl Fn(T::Native) -> T::Native,
    ) -> Option<ArrayRef> {
        let mut values: Vec<Option<T::Native>> = column.as_primitive::<T>().iter().collect();
        let first = values.iter_mut().flatten().next()?;
        *first = change(*first);
        Some(Arc::new(PrimitiveArray::<T>::from_iter(values)))
    }
    match column.data_type() {
        DataType::Float64 => changed::<Float64Type>(column, |value| ((value * 1e6).round() + 1.0) / 1e6),
        DataType::Int64 => changed::<Int64Type>(column, |value| value + 1),
        DataType::UInt64 => changed::<UInt64Type>(column, |value| value + 1),
        DataType::UInt32 => changed::<UInt32Type>(column, |value| value + 1),
        DataType::UInt16 => changed::<UInt16Type>(column, |value| value + 1),
        kind @ DataType::Timestamp(..) => {
            let mut values: Vec<Option<i64>> =
                column.as_primitive::<TimestampMicrosecondType>().iter().collect();
            *values.iter_mut().flatten().next()? += 1;
            let moved = PrimitiveArray::<TimestampMicrosecondType>::from_iter(values);
            Some(Arc::new(moved.with_data_type(kind.clone())))
        }
        DataType::Utf8 => Some(Arc::new(altered(column.as_string(), 0)?)),
        DataType::Dictionary(..) => {
            let keyed = column.as_dictionary::<Int32Type>();
            let first = keyed.keys().iter().flatten().next()?;
            let values = altered(keyed.values().as_string(), first as usize)?;
            Some(Arc::new(DictionaryArray::new(keyed.keys().clone(), Arc::new(values))))
        }
        _ => None,
    }
}

/// Texts of which one ends with another letter. Hashes stay hexadecimal.
fn altered(texts: &StringArray, place: usize) -> Option<StringArray> {
    let mut texts: Vec<Option<String>> = texts.iter().map(|text| text.map(str::to_owned)).collect();
    let text = texts.get_mut(place)?.as_mut()?;
    let last = text.pop()?;
    text.push(if last == '1' { '2' } else { '1' });
    Some(StringArray::from(texts))
}

#[test]
fn a_forged_value_with_forged_digests_contradicts_the_others() {
    let run = Run::of("smoke", &[]);
    let mut forgeable = Vec::new();
    for (table, unguarded) in ONLY_DIGESTS_GUARD {
        let part = run.out().join(&run.manifest().parts_of(table)[0].path);
        let kept = [part, run.out().join(MANIFEST_FILE)].map(|path| (fs::read(&path).unwrap(), path));
        let mut forged = 0;
        for column in table
            .columns()
            .iter()
            .filter(|column| column.name != "scenario" && !unguarded.contains(&column.name))
        {
            if forge(&run, table, column.name) {
                let passed = verify(&run.out()).is_ok_and(|verification| verification.passed());
                forgeable.extend(passed.then(|| format!("{table}.{}", column.name)));
                forged += 1;
                kept.iter().for_each(|(bytes, path)| fs::write(path, bytes).unwrap());
            }
        }
        assert!(forged > 0, "{table}");
    }
    assert!(forgeable.is_empty(), "{forgeable:?} can be forged");
    run.expect_verified();
}
