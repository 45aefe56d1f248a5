"""Holds a run with decimals against the same run with floats, in DuckDB, polars and pandas.

Usage: decimals.py FLOATS DECIMALS. Prints how many columns are the same; stops at the first thing that is not as promised.
"""

import json
import sys
from decimal import Decimal
from pathlib import Path

import duckdb
import pandas
import polars


def expect(holds, *told):
    if not holds:
        sys.exit(f"not as promised: {' '.join(map(str, told))}")


def steps_of_floats(values):
    """The integers of 1e-6 that floats stand for; nothing stays nothing."""
    return [None if value is None else round(value * 1_000_000) for value in values]


def steps_of_decimals(values):
    return [None if value is None else int(value.scaleb(6)) for value in values]


def main():
    floats, decimals = map(Path, sys.argv[1:])
    expect("numbers" not in json.loads((floats / "manifest.json").read_text()), "floats are the default")
    expect(json.loads((decimals / "manifest.json").read_text())["numbers"] == "decimal", "the manifest says so")
    compared = something = 0
    for folder in sorted(path.parent for path in decimals.glob("*/part-*.parquet")):
        table = folder.name
        plain, exact = (polars.read_parquet(out / table / "*.parquet") for out in (floats, decimals))
        frame = pandas.read_parquet(folder, dtype_backend="pyarrow")
        query = f"SELECT * FROM read_parquet('{folder}/*.parquet')"
        types = dict(zip(duckdb.sql(query).columns, duckdb.sql(query).types))
        for name in exact.columns:
            where = f"{table}.{name}"
            if exact[name].dtype != polars.Decimal(18, 6):
                expect(plain[name].equals(exact[name], null_equal=True), where, "is another without decimals")
                expect("DECIMAL" not in str(types[name]), where, types[name])
                continue
            wanted = steps_of_floats(plain[name].to_list())
            expect(steps_of_decimals(exact[name].to_list()) == wanted, where, "in polars")
            expect(str(types[name]) == "DECIMAL(18,6)", where, types[name])
            rows = duckdb.sql(f"SELECT {name}, sum({name}) OVER () FROM read_parquet('{folder}/*.parquet')").fetchall()
            expect(steps_of_decimals([row[0] for row in rows]) == wanted, where, "in DuckDB")
            present = [step for step in wanted if step is not None]
            if present:
                # Exact, to the last digit.
                expect(rows[0][1] == Decimal(sum(present)).scaleb(-6), where, "its sum in DuckDB")
            told = [None if value is pandas.NA else value for value in frame[name]]
            expect(steps_of_decimals(told) == wanted, where, "in pandas")
            compared += 1
            something += any(present)
    print(f"{compared} columns of decimals, {something} of them with something in them")


main()
