"""Reads every table of a run in DuckDB, pandas and polars, and holds them against each other.

Usage: read_back.py OUT. Prints a line per table; stops at the first thing that is not as promised.
"""

import json
import math
import re
import sys
from pathlib import Path

import duckdb
import pandas
import polars
import pyarrow
import pyarrow.parquet

# Columns that are categories in every table in which they occur.
CATEGORIES = {
    "scenario", "household", "class", "role", "seller", "seller_class", "buyer", "buyer_class", "mechanism",
    "operator", "optimizer", "proposer", "sender", "kind", "status", "actor", "scope", "variable", "unit",
}
TIMES = {"ts_start", "ts_commit", "at"}
# Energy, money and prices: floating point on a grid of 1e-6.
ON_THE_GRID = re.compile(
    r"(?!.*_micro_)(.*(_kwh|_kw)|(.*_)?amount|penalty_to_.*|.*_surcharge|income|spend|wear_cost|revenue|cost)"
)
COUNTS = {"replicate": "uint32", "day": "uint16", "period": "uint16", "trade_id": "uint64"}


def expect(holds, *told):
    if not holds:
        sys.exit(f"not as promised: {' '.join(map(str, told))}")


def check_arrow_types(table, schema):
    """What the file itself declares."""
    for field in schema:
        where = f"{table}.{field.name}"
        if field.name in CATEGORIES:
            expect(pyarrow.types.is_dictionary(field.type), where, field.type)
            expect(pyarrow.types.is_string(field.type.value_type), where, field.type)
        if field.name in TIMES:
            expect(field.type == pyarrow.timestamp("us", tz="UTC"), where, field.type)
        if ON_THE_GRID.fullmatch(field.name):
            expect(field.type == pyarrow.float64(), where, field.type)
        if field.name in COUNTS:
            expect(str(field.type) == COUNTS[field.name], where, field.type)
    expect(schema.names[:2] == ["scenario", "replicate"], table, schema.names)


def check_pandas(table, frame):
    for name, kind in frame.dtypes.items():
        where = f"{table}.{name} in pandas"
        if name in CATEGORIES:
            expect(isinstance(kind, pandas.CategoricalDtype), where, kind)
        if name in TIMES:
            expect(str(kind) == "datetime64[us, UTC]", where, kind)
        if ON_THE_GRID.fullmatch(name):
            expect(str(kind) == "float64", where, kind)
            values = frame[name].dropna()
            expect((values == (values * 1e6).round() / 1e6).all(), where, "is off the 1e-6 grid")


def check_polars(table, frame):
    for name, kind in frame.schema.items():
        where = f"{table}.{name} in polars"
        if name in CATEGORIES:
            expect(isinstance(kind, (polars.Categorical, polars.Enum)), where, kind)
        if name in TIMES:
            expect(kind == polars.Datetime("us", "UTC"), where, kind)
        if ON_THE_GRID.fullmatch(name):
            expect(kind == polars.Float64, where, kind)


def check_duckdb(table, kinds):
    for name, kind in kinds.items():
        where = f"{table}.{name} in DuckDB"
        if name in CATEGORIES:
            expect(kind == "VARCHAR" or kind.startswith("ENUM"), where, kind)
        if name in TIMES:
            expect(kind == "TIMESTAMP WITH TIME ZONE", where, kind)
        if ON_THE_GRID.fullmatch(name):
            expect(kind == "DOUBLE", where, kind)


def on_the_grid(values):
    """The exact sum in steps of 1e-6."""
    return sum(round(value * 1e6) for value in values if value is not None and not math.isnan(value))


def read(out, table, rows):
    files = f"{out}/{table}/*.parquet"
    pandas_frame = pandas.read_parquet(out / table)
    polars_frame = polars.read_parquet(files)
    relation = duckdb.sql(f"SELECT * FROM '{files}'")
    for part in sorted((out / table).iterdir()):
        check_arrow_types(table, pyarrow.parquet.read_schema(part))
    counts = len(pandas_frame), polars_frame.height, len(relation)
    expect(counts == (rows, rows, rows), table, "rows", counts, "and not", rows)
    columns = list(pandas_frame.columns)
    expect(columns == polars_frame.columns == relation.columns, table, "columns differ", columns)
    check_pandas(table, pandas_frame)
    check_polars(table, polars_frame)
    check_duckdb(table, dict(zip(relation.columns, map(str, relation.types))))
    for name in filter(ON_THE_GRID.fullmatch, columns):
        by_duckdb = (value for (value,) in relation.select(f'"{name}"').fetchall())
        sums = {on_the_grid(pandas_frame[name]), on_the_grid(polars_frame[name]), on_the_grid(by_duckdb)}
        expect(len(sums) == 1, f"{table}.{name}: sums differ", sums)
    for name in sorted(CATEGORIES.intersection(columns)):
        by_duckdb = [value for (value,) in relation.select(f'"{name}"').fetchall()]
        same = by_duckdb == pandas_frame[name].astype(object).tolist() == polars_frame[name].to_list()
        expect(same, f"{table}.{name} differs")
    for name in sorted(TIMES.intersection(columns)):
        micros = duckdb.sql(f"SELECT epoch_us(\"{name}\") FROM '{files}'").fetchall()
        by_polars = polars_frame[name].dt.timestamp("us").to_list()
        by_pandas = pandas_frame[name].astype("int64").tolist()
        expect([value for (value,) in micros] == by_polars == by_pandas, f"{table}.{name} differs")
    print(f"{table}: {rows} rows")


def main():
    out = Path(sys.argv[1])
    manifest = json.loads((out / "manifest.json").read_text())
    rows = {}
    for part in manifest["parts"]:
        rows[part["table"]] = rows.get(part["table"], 0) + part["rows"]
    expect(len(rows) == 14, "fourteen tables, not", sorted(rows))
    listed = {part["path"] for part in manifest["parts"]} | {file["path"] for file in manifest["files"]}
    found = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    expect(found == listed | {"manifest.json"}, "files beside the manifest's", found ^ listed)
    for table, count in sorted(rows.items()):
        read(out, table, count)


main()
