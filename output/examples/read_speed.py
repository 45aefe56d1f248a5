"""Processor time that DuckDB takes to aggregate the trades of a study: python3 output/examples/read_speed.py OUT

Prints rows, files, row groups and bytes, and for each query the least processor time (user and system, of all threads) of a few
goes in a process that has read the files before. It does not measure the disk: what is read is in the system's cache.
"""

import resource
import sys

import duckdb

GOES = 7
QUERIES = {
    "what buyers of each class pay, by period": """
        SELECT period, buyer_class, sum(energy_kwh) AS kwh, sum(amount) / sum(energy_kwh) AS price
        FROM trades WHERE energy_kwh > 0 GROUP BY ALL""",
    "energy and money of each replicate": """
        SELECT scenario, replicate, count(*) AS n, sum(energy_kwh) AS kwh, sum(amount) AS amount
        FROM trades GROUP BY ALL""",
    "what each household has sold, and for how much": """
        SELECT seller, sum(energy_kwh) AS kwh, sum(amount) AS amount FROM trades GROUP BY ALL""",
    "how many, how much": "SELECT count(*), sum(energy_kwh), avg(amount) FROM trades",
}


def processor_seconds():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def least(connection, query):
    best = float("inf")
    for _ in range(GOES):
        before = processor_seconds()
        connection.sql(query).fetchall()
        best = min(best, processor_seconds() - before)
    return best


def main(out):
    files = f"{out}/*/trades/*.parquet"
    connection = duckdb.connect()
    connection.sql(f"CREATE VIEW trades AS SELECT * FROM read_parquet('{files}')")
    ((rows,),) = connection.sql("SELECT count(*) FROM trades").fetchall()
    ((groups, parts, size),) = connection.sql(
        f"""SELECT count(DISTINCT (file_name, row_group_id)), count(DISTINCT file_name), sum(total_compressed_size)
            FROM parquet_metadata('{files}')"""
    ).fetchall()
    print(f"DuckDB {duckdb.__version__}: {rows} trades in {parts} files, {groups} row groups, {size / rows:.1f} B a row")
    for threads in [1, 2]:
        connection.sql(f"SET threads = {threads}")
        for name, query in QUERIES.items():
            print(f"{threads} threads  {least(connection, query):6.3f} s  {name}")


main(sys.argv[1])
