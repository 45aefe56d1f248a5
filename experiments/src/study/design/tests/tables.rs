//! Designs from CSV and Parquet files.

use std::fs::File;
use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
    UInt64Array,
};
use parquet::arrow::ArrowWriter;

use super::super::table::{CellProblem, from_csv, from_parquet};

fn told(problems: &[CellProblem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn parquet(columns: Vec<(&str, ArrayRef)>) -> File {
    let batch =
        RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, it)| (name, it, true)))
            .unwrap();
    let file = tempfile::tempfile().unwrap();
    let mut writer = ArrowWriter::try_new(file.try_clone().unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    file
}

#[test]
fn a_csv_file_keeps_its_rows_and_numbers() {
    let design = from_csv(
        "\u{feff}point, battery.capacity_kwh ,market.mechanism,flag,when\n7,60,ngo,True,2019-01-01T00:00:00\n\n 3,82.5,\"a, b\",false,1e-7\n",
    )
    .unwrap();
    assert_eq!(design.paths, ["battery.capacity_kwh", "market.mechanism", "flag", "when"]);
    let sets: Vec<(u32, Vec<String>)> =
        design.points.iter().map(|point| (point.index, point.sets(&design.paths))).collect();
    let expected = [
        (
            7,
            [
                "battery.capacity_kwh=60",
                "market.mechanism=\"ngo\"",
                "flag=true",
                "when=\"2019-01-01T00:00:00\"",
            ],
        ),
        (3, ["battery.capacity_kwh=82.5", "market.mechanism=\"a, b\"", "flag=false", "when=1e-7"]),
    ];
    for ((index, sets), (expected_index, expected_sets)) in sets.iter().zip(expected) {
        assert_eq!(*index, expected_index);
        assert_eq!(sets, &expected_sets);
    }
    let numbered = from_csv("a\n1\n2\n").unwrap();
    assert_eq!(numbered.points.iter().map(|point| point.index).collect::<Vec<u32>>(), [0, 1]);
}

#[test]
fn a_parquet_file_says_the_same() {
    let file = parquet(vec![
        ("point", Arc::new(UInt64Array::from(vec![7, 3]))),
        ("battery.capacity_kwh", Arc::new(Float64Array::from(vec![60.0, 82.5]))),
        ("count", Arc::new(Int64Array::from(vec![-1, 2]))),
        ("market.mechanism", Arc::new(StringArray::from(vec!["ngo", "a, b"]))),
        ("flag", Arc::new(BooleanArray::from(vec![true, false]))),
    ]);
    let design = from_parquet(file).unwrap();
    let csv = "point,battery.capacity_kwh,count,market.mechanism,flag\n7,60.0,-1,ngo,true\n3,82.5,2,\"a, b\",false\n";
    assert_eq!(Ok(design), from_csv(csv));
}

#[test]
fn every_bad_cell_of_a_csv_file_is_told() {
    let csv = "point,a.b,,a,a.b,point\n0,nan,1,2,3,9\n\n0.5,,1,x,inf,9\n-1,1,1,1\n0,1,1,1,1,9,10\n";
    insta::assert_snapshot!(told(&from_csv(csv).unwrap_err()));
}

#[test]
fn files_that_are_no_design() {
    let mut text = String::new();
    for csv in ["", "point\n1\n", "a,b\n", "\n\n"] {
        text.push_str(&format!("{csv:?}\n{}\n\n", told(&from_csv(csv).unwrap_err())));
    }
    let times: ArrayRef = Arc::new(TimestampMicrosecondArray::from(vec![1]));
    let empty: ArrayRef = Arc::new(Float64Array::from(vec![None, Some(f64::NAN)]));
    let large: ArrayRef = Arc::new(UInt64Array::from(vec![u64::MAX, 1]));
    text.push_str(&told(&from_parquet(parquet(vec![("when", times)])).unwrap_err()));
    text.push('\n');
    text.push_str(&told(&from_parquet(parquet(vec![("a", empty), ("point", large)])).unwrap_err()));
    let none = tempfile::tempfile().unwrap();
    text.push('\n');
    text.push_str(&told(&from_parquet(none).unwrap_err()));
    insta::assert_snapshot!(text);
}

#[test]
fn a_file_of_faults_is_not_told_line_by_line_for_ever() {
    let problems = from_csv(&format!("a\n{}", "nan\n".repeat(5000))).unwrap_err();
    assert_eq!(problems.len(), 1001);
    assert_eq!(problems[1000].found, "4000 more problems");
}
