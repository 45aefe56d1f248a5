"""Runs every query of docs/src/queries.md in DuckDB, polars and pandas, and holds the answers against each other.

Usage: queries.py PAGE VIEWS, in the folder that holds out/store. Prints a line per question; stops at the first difference.
"""

import math
import re
import sys
from pathlib import Path

import duckdb

QUESTION = re.compile(r"^## (\d+)\. (.+)$", re.MULTILINE)
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# Sums in another order differ in the last bits.
RELATIVE = 1e-9


def expect(holds, *told):
    if not holds:
        sys.exit(f"not as promised: {' '.join(map(str, told))}")


def sections(page):
    """The text before the first question, and each question with its text."""
    starts = list(QUESTION.finditer(page))
    ends = [start.start() for start in starts[1:]] + [len(page)]
    questions = [(start.group(1), start.group(2), page[start.end():end]) for start, end in zip(starts, ends)]
    return page[: starts[0].start()], questions


def code(text):
    """SQL, polars and pandas of a stretch of the page, each as a list of blocks."""
    found = {"sql": [], "polars": [], "pandas": []}
    for language, block in BLOCK.findall(text):
        if language == "sql":
            found["sql"].append(block)
        elif language == "python":
            imports = [name for name in ("polars", "pandas") if f"import {name} as" in block]
            expect(len(imports) == 1, "a block of Python that imports", imports, block)
            found[imports[0]].append(block)
    return found


def by_python(preamble, block):
    scope = {}
    exec(preamble, scope)
    exec(block, scope)
    return scope["answer"]


def rows(reader, answer):
    """Names of the columns, and rows of plain values."""
    if reader == "sql":
        return answer.columns, answer.fetchall()
    if reader == "polars":
        return answer.columns, answer.rows()
    return list(answer.columns), list(answer.itertuples(index=False, name=None))


def same(one, other):
    if isinstance(one, str) or isinstance(other, str):
        return one == other
    return math.isfinite(one) and math.isclose(one, other, rel_tol=RELATIVE, abs_tol=1e-12)


def main():
    page = Path(sys.argv[1]).read_text()
    duckdb.execute(Path(sys.argv[2]).read_text())
    before, questions = sections(page)
    preamble = code(before)
    expect(len(questions) == 10, "ten questions, not", len(questions))
    for number, title, text in questions:
        found = code(text)
        for reader, blocks in found.items():
            expect(len(blocks) == 1, f"question {number} has", len(blocks), "blocks for", reader)
        answers = {
            "sql": duckdb.sql(found["sql"][0]),
            "polars": by_python(preamble["polars"][0], found["polars"][0]),
            "pandas": by_python(preamble["pandas"][0], found["pandas"][0]),
        }
        (names, expected), *others = [rows(reader, answer) for reader, answer in answers.items()]
        expect(expected, f"question {number} has no answer")
        for reader, (columns, found_rows) in zip(("polars", "pandas"), others):
            expect(list(columns) == list(names), f"question {number}: {reader} has columns", columns, "not", names)
            expect(len(found_rows) == len(expected), f"question {number}: {reader} has {len(found_rows)} rows, not {len(expected)}")
            for row, other in zip(expected, found_rows):
                alike = all(same(one, two) for one, two in zip(row, other))
                expect(alike, f"question {number}: DuckDB says {row}, {reader} {other}")
        # An answer that is the same everywhere says nothing.
        for place, name in enumerate(names):
            values = {row[place] for row in expected}
            expect(values != {0} and values != {0.0}, f"question {number}: every {name} is 0")
        print(f"{number}. {title} {len(expected)} rows of {', '.join(names)}")


main()
