"""The queries that a report gives for its figures give the figures' numbers, in DuckDB.

report.py QUERIES.json: a list of {id, state, query, rows}, as tests/browser/report.mjs writes them.
"""

import json
import sys

import duckdb

# What is not a query, or not one of the rows that are shown.
OTHERWISE = {"credit", "intervals", "duration", "convergence", "influence"}


def is_near(found, told):
    if told in ("–", None):
        return found is None
    if isinstance(told, str):
        return str(found) == told
    return found is not None and abs(found - told) <= 1e-12 * max(1.0, abs(found), abs(told))


def main(path):
    with open(path, encoding="utf-8") as file:
        figures = json.load(file)
    connection = duckdb.connect()
    connection.execute("SET enable_progress_bar = false")
    asked = set()
    for figure in figures:
        name, state = figure["id"], figure["state"]
        if name in OTHERWISE:
            if name == "duration":
                connection.execute(figure["query"]).fetchall()
            continue
        found = connection.execute(figure["query"]).fetchall()
        told = figure["rows"]
        if name == "days":
            # The page tells dates, the query the number of the day.
            found = [row[1:] for row in found]
            told = [row[1:] for row in told]
        if name == "flows":
            found, told = sorted(found), sorted(tuple(row) for row in told)
        assert len(found) == len(told), f"{name}, {state}: {len(found)} rows, the page has {len(told)}\n{figure['query']}\n{found}\n{told}"
        for place, (row, shown) in enumerate(zip(found, told)):
            assert len(row) == len(shown), f"{name}, {state}: {row} against {shown}"
            assert all(map(is_near, row, shown)), f"{name}, {state}, row {place}: {row}, the page has {shown}\n{figure['query']}"
        asked.add(name)
    assert asked, "no figure of the page has a query"
    assert any(figure["rows"] for figure in figures if figure["id"] in asked), "no query is held against a row"
    print(f"{len(figures)} queries, of {', '.join(sorted(asked))}")


main(sys.argv[1])
