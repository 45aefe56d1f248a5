#!/usr/bin/env python3
"""What studies cost on this machine: time, memory, two jobs against one, resuming, and DuckDB on ten million trades.

Usage: contrib/measure/studies.py [GOSHAWK] [--quick]

GOSHAWK is the program (default target/release/goshawk). Writes into a folder that it removes again; takes a few minutes, with
--quick one or two: then it runs a tenth of the replicates, but for the trades that DuckDB sums. Prints a line per figure: what was found, and what is wanted.
DuckDB is measured where Python has it. Processor time is user and system time of the whole process.
"""

import argparse
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parents[2]


def run(command):
    """Runs to the end: seconds on the clock, processor seconds, most memory in MB."""
    started = time.monotonic()
    process = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    told = process.stderr.read().decode()
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.monotonic() - started
    if os.waitstatus_to_exitcode(status) != 0:
        raise SystemExit(f"{' '.join(map(str, command))}:\n{told}")
    return seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def study(folder, name, scenario, replicates, sets="", tables='["kpis"]', chunk=50):
    path = folder / f"{name}.toml"
    path.write_text(
        f'name = "{name}"\nscenario = "{HERE}/scenarios/{scenario}.toml"\nreplicates = {replicates}\n'
        f"chunk = {chunk}\ntables = {tables}\n[set]\n{sets}\n"
    )
    return path


def tell(figure, found, wanted):
    print(f"{figure:66} {found:>12}   wanted {wanted}", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("goshawk", nargs="?", default=HERE / "target/release/goshawk")
    parser.add_argument("--quick", action="store_true")
    asked = parser.parse_args()
    share = 10 if asked.quick else 1
    with tempfile.TemporaryDirectory(prefix="goshawk-studies-") as name:
        measure(Path(name), asked.goshawk, share)


def measure(folder, goshawk, share):
    def go(path, out, *more):
        return run([goshawk, "study", path, "--out", folder / out, "--quiet", *more])

    count = 1000 // share
    mid = study(folder, "mid", "paper_1", count, '"market.mechanism" = "mid_market_rate"')
    _, cpu, _ = go(mid, "mid")
    tell(f"{count} replicates of paper_1, mid_market_rate, CPU seconds", f"{cpu:.1f}", f"below {60 / share:g}")
    ngo = study(folder, "ngo", "paper_1", count, '"market.optimizer.iterations" = 500')
    _, cpu, _ = go(ngo, "ngo")
    tell(f"{count} replicates of paper_1, ngo, 500 iterations, CPU seconds", f"{cpu:.1f}", f"below {600 / share:g}")

    pair = study(folder, "pair", "smoke", 4000 // share, '"market.mechanism" = "mid_market_rate"', chunk=20)
    ratios = []
    for turn in range(7):
        one, _, _ = go(pair, f"one-{turn}", "--jobs", "1")
        two, _, _ = go(pair, f"two-{turn}", "--jobs", "2")
        ratios.append(one / two)
    spread = f"{statistics.median(ratios):.2f}"
    tell(f"one job over two, seconds, median of 7 turns ({min(ratios):.2f} to {max(ratios):.2f})", spread, "at least 1.85")

    memory = []
    for number in (100, 10_000 // share):
        path = study(folder, f"memory-{number}", "smoke", number, '"market.mechanism" = "mid_market_rate"')
        _, cpu, most = go(path, f"memory-{number}", "--jobs", "1")
        tell(f"most memory of {number} replicates of smoke, MB", f"{most:.1f}", "flat")
        memory.append(most)
    tell("    the larger over the smaller", f"{memory[1] / memory[0]:.3f}", "near 1")
    seconds, cpu, _ = go(folder / f"memory-{10_000 // share}.toml", f"memory-{10_000 // share}", "--resume")
    tell(f"resume of that finished study of {10_000 // share} replicates, seconds", f"{seconds:.2f}", "below 1")

    try:
        import duckdb
    except ImportError:
        print("DuckDB: not measured, Python has none")
        return
    for numbers in ("float64", "decimal"):
        duckdb_on(folder, go, share, numbers, duckdb)


def duckdb_on(folder, go, share, numbers, duckdb):
    """Aggregates ten million trades: as many replicates of the town as have them."""
    sets = f'"output.numbers" = "{numbers}"\n"market.mechanism" = "mid_market_rate"\n"time.days" = 1'
    out = f"trades-{numbers}"
    path = study(folder, out, "town", 40, sets, '["trades"]', chunk=20)
    go(path, out)
    files = f"{folder}/{out}/*/trades/*.parquet"
    rows = duckdb.sql(f"SELECT count(*) FROM read_parquet('{files}')").fetchall()[0][0]
    # The same files again and again, so that the measurement does not wait for hours of simulation.
    times = max(1, 10_000_000 // share // rows)
    listed = [str(file) for file in sorted((folder / out).glob("*/trades/*.parquet"))] * times
    duckdb.sql("SET threads = 1")
    query = "SELECT buyer_class, sum(energy_kwh), sum(amount) FROM read_parquet($files) GROUP BY ALL"
    spent = []
    for _ in range(5):
        before = time.process_time()
        duckdb.execute(query, {"files": listed}).fetchall()
        spent.append(time.process_time() - before)
    figure = f"DuckDB sums {rows * times / 1e6:.2f} M trades ({numbers}) by class, CPU seconds"
    tell(figure, f"{statistics.median(spent):.2f}", f"below {1 / share:g}")


main()
