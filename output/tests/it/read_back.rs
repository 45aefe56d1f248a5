//! What was recorded is in the files, with the types and the footer that readers count on.

use std::fs::File;
use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Float64Type, Int32Type, TimestampMicrosecondType, UInt32Type};
use arrow_array::{Array, RecordBatch};
use arrow_schema::{DataType, TimeUnit};
use goshawk_output::table::{SCHEMA_VERSION, Table};
use goshawk_output::{Existing, NumberFormat, OutputFolder, Recorder, Timestamp};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::run::{REPLICATES, Run, header, manifest};

fn read(folder: &Path, table: Table) -> (Vec<RecordBatch>, ParquetRecordBatchReaderBuilder<File>) {
    let path = folder.join(table.name()).join("part-00000-00001.parquet");
    let open = || ParquetRecordBatchReaderBuilder::try_new(File::open(&path).unwrap()).unwrap();
    (open().build().unwrap().map(Result::unwrap).collect(), open())
}

#[test]
fn values_come_back_as_they_went_in() {
    let folder = tempfile::tempdir().unwrap();
    let run = Run::new();
    run.write(folder.path()).unwrap();
    let (batches, _) = read(folder.path(), Table::AgentPeriods);
    let batch = &batches[0];
    assert_eq!(batch.num_rows(), 36);
    let replicate = batch["replicate"].as_primitive::<UInt32Type>();
    assert_eq!((replicate.value(17), replicate.value(18)), (0, 1));
    let row = &run.replicates[1].agents[4];
    assert_eq!(batch["content_kwh"].as_primitive::<Float64Type>().value(22), row.content_kwh.to_f64());
    let start = batch["ts_start"].as_primitive::<TimestampMicrosecondType>();
    assert_eq!(Timestamp(start.value(22)), row.when.ts_start);
    let text = |name: &str, row: usize| {
        let column = batch[name].as_dictionary::<Int32Type>();
        column.values().as_string::<i32>().value(column.keys().value(row) as usize).to_owned()
    };
    assert_eq!(text("scenario", 22), "small");
    assert_eq!(text("household", 22), "h0001");
    assert_eq!((text("role", 21), text("role", 22)), ("seller".to_owned(), "buyer".to_owned()));
    let satisfaction = batch["satisfaction"].as_primitive::<Float64Type>();
    assert!(satisfaction.is_null(21) && satisfaction.value(22) == 0.75);
    let (batches, _) = read(folder.path(), Table::Blocks);
    let hashes = batches[0]["hash"].as_string::<i32>().clone();
    assert_eq!(hashes.value(0), run.replicates[0].blocks[0].hash.to_string());
}

#[test]
fn every_column_has_its_type_its_doc_and_its_unit() {
    for table in Table::ALL {
        let schema = table.schema(NumberFormat::Float64);
        let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        assert_eq!(names[..2], ["scenario", "replicate"]);
        if names.contains(&"period") {
            assert_eq!(names[2..5], ["day", "period", "ts_start"]);
        }
        for field in schema.fields() {
            assert!(!field.metadata()["doc"].is_empty(), "{table} {}", field.name());
            if field.name().ends_with("_kwh") {
                assert!(field.metadata()["unit"].ends_with("kWh"), "{table} {}", field.name());
            }
            match field.data_type() {
                DataType::Dictionary(key, value) => {
                    assert_eq!((key.as_ref(), value.as_ref()), (&DataType::Int32, &DataType::Utf8));
                }
                DataType::Timestamp(unit, zone) => {
                    assert_eq!((unit, zone.as_deref()), (&TimeUnit::Microsecond, Some("UTC")));
                }
                _ => {}
            }
        }
    }
}

#[test]
fn footers_say_what_a_file_is_and_nothing_of_when_or_where() {
    let folder = tempfile::tempdir().unwrap();
    Run::new().write(folder.path()).unwrap();
    let (_, reader) = read(folder.path(), Table::Trades);
    let metadata = reader.metadata().file_metadata();
    assert_eq!(metadata.created_by(), Some("goshawk"));
    let mut pairs: Vec<(String, String)> = metadata
        .key_value_metadata()
        .unwrap()
        .iter()
        .map(|pair| (pair.key.clone(), pair.value.clone().unwrap_or_default()))
        .collect();
    let schema = pairs.iter().position(|(key, _)| key == "ARROW:schema").unwrap();
    pairs.remove(schema);
    pairs.sort();
    let version = SCHEMA_VERSION.to_string();
    let expected = [
        ("goshawk.config_hash", "c0ffee"),
        ("goshawk.currency", "EUR"),
        ("goshawk.schema_version", &version),
        ("goshawk.table", "trades"),
        ("goshawk.zone", "Europe/Berlin"),
    ];
    assert_eq!(pairs, expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
}

#[test]
fn a_table_without_rows_still_has_its_columns() {
    let folder = tempfile::tempdir().unwrap();
    let taken = OutputFolder::create(folder.path(), Existing::Refuse).unwrap();
    let recorder = Recorder::start(&taken, REPLICATES, &header(), Run::new().names).unwrap();
    taken.publish(recorder.finish().unwrap(), manifest(), "").unwrap();
    for table in Table::ALL {
        let (batches, reader) = read(folder.path(), table);
        assert!(batches.is_empty());
        assert_eq!(reader.schema().fields(), table.schema(NumberFormat::Float64).fields());
    }
}

#[test]
fn long_tables_come_in_row_groups_and_keep_their_order() {
    let folder = tempfile::tempdir().unwrap();
    let mut run = Run::new();
    let event = run.replicates[0].events[0].clone();
    run.replicates[0].events = (0..150_000)
        .map(|number| goshawk_output::table::EventRow { at: Timestamp(number), ..event.clone() })
        .collect();
    run.write(folder.path()).unwrap();
    let (batches, reader) = read(folder.path(), Table::Events);
    let groups = reader.metadata().row_groups();
    let (last, whole) = groups.split_last().unwrap();
    assert!(whole.len() > 10, "{} row groups", groups.len());
    assert_eq!(whole[0].num_rows(), 8_192, "256 KiB of rows, to the end of a batch");
    assert!(whole.iter().all(|group| group.num_rows() == 8_192));
    assert!(last.num_rows() <= 8_192);
    let times = batches
        .iter()
        .flat_map(|batch| batch["at"].as_primitive::<TimestampMicrosecondType>().values().to_vec());
    assert!(times.take(150_000).eq(0..150_000));
}

#[test]
fn decimals_are_the_steps_that_the_run_computed_with() {
    let (floats, decimals) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let run = Run::new();
    run.write(floats.path()).unwrap();
    let manifest = run.write_decimals(decimals.path()).unwrap();
    assert_eq!(manifest.header.numbers, NumberFormat::Decimal);
    let mut compared = 0;
    for table in Table::ALL {
        let ((plain, _), (exact, reader)) = (read(floats.path(), table), read(decimals.path(), table));
        assert_eq!(reader.schema().fields(), table.schema(NumberFormat::Decimal).fields());
        assert_eq!(plain.len(), exact.len(), "{table}");
        for (plain, exact) in plain.into_iter().zip(exact) {
            for (column, described) in table.columns().iter().enumerate() {
                let (plain, exact) = (plain.column(column), exact.column(column));
                if !described.is_quantity {
                    assert_eq!(plain, exact, "{table}.{}", described.name);
                    continue;
                }
                let (plain, exact) =
                    (plain.as_primitive::<Float64Type>(), exact.as_primitive::<Decimal128Type>());
                assert_eq!((exact.precision(), exact.scale()), (18, 6));
                for (plain, exact) in plain.iter().zip(exact) {
                    assert_eq!(
                        plain.map(|it| (it * 1e6).round() as i128),
                        exact,
                        "{table}.{}",
                        described.name
                    );
                    compared += usize::from(exact.is_some_and(|it| it != 0));
                }
            }
        }
    }
    assert!(compared > 500, "{compared} quantities that are something");
}
