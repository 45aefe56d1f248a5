"""Computes the summaries of studies again, from what the studies left on the disk.

Usage: summary.py OUT..., folders of studies with the summary in summary.parquet and what the program found about the factors
in sensitivity.json.

Prints a line for each study; stops at the first number that is another.
"""

import functools
import json
import sys
import tomllib
from pathlib import Path

import numpy
import pandas
from SALib.analyze import morris, sobol
from scipy import stats

PROBABILITIES = {"p05": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p95": 0.95}
KEY = ["scenario", "scope", "id", "variable"]
# Largest difference, relative to the magnitude of the values that it is computed from.
CLOSE = 1e-9
# Both bootstraps draw their own resamples, of which there are this many.
RESAMPLES, WIDTHS = 1000, 0.2


def expect(holds, *told):
    if not holds:
        sys.exit(f"not as promised: {' '.join(map(str, told))}")


def same(found, expected, scale, *where):
    """Both undefined, or both the same number."""
    if pandas.isna(expected) or pandas.isna(found):
        expect(pandas.isna(expected) and pandas.isna(found), *where, "found", found, "expected", expected)
    else:
        expect(abs(found - expected) <= CLOSE * max(1.0, scale), *where, "found", found, "expected", expected)


def commits(out):
    """The replicates of each point by how they ended."""
    ended = {}
    for log in sorted((out / "commits").glob("*.jsonl")):
        for line in log.read_text().splitlines()[1:]:
            commit = json.loads(line)
            finished, failed = ended.setdefault(commit["point"], (set(), set()))
            finished.update(one["replicate"] for one in commit["finished"])
            failed.update(one["replicate"] for one in commit["failed"])
    return ended


def observations(values, are_pairs):
    """Values by replicate to values by observation, undefined ones left out."""
    if are_pairs:
        pairs = values.groupby(values.index // 2)
        values = pairs.mean().where(pairs.count() == 2)
    return values.dropna()


def interval(values):
    if len(values) < 2:
        return numpy.nan, numpy.nan
    half = stats.t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / numpy.sqrt(len(values))
    return values.mean() - half, values.mean() + half


@functools.cache
def ends(count, probability):
    """Ranks of the ends of a quantile's interval."""
    binomial = stats.binom(count, probability)
    return int(binomial.ppf(0.025)), int(binomial.ppf(0.975)) + 1


def rank(values, number):
    return numpy.sort(values)[number - 1] if 1 <= number <= len(values) else numpy.nan


def expected_row(values, baseline, finished, failed, are_pairs):
    observed, every = observations(values, are_pairs), values.dropna()
    row = {"n": len(observed), "failed": len(failed), "undefined": len(finished) - len(every)}
    row["mean"] = observed.mean() if len(observed) else numpy.nan
    row["sd"] = observed.std(ddof=1) if len(observed) > 1 else numpy.nan
    row["ci_low"], row["ci_high"] = interval(observed)
    row["min"], row["max"] = (every.min(), every.max()) if len(every) else (numpy.nan, numpy.nan)
    for name, probability in PROBABILITIES.items():
        row[name] = numpy.quantile(every, probability) if len(every) else numpy.nan
        for side, number in zip(["low", "high"], ends(max(len(every), 1), probability)):
            row[f"{name}_{side}"] = numpy.nan if are_pairs else rank(every, number)
    differences = pandas.Series(dtype=float)
    if baseline is not None:
        differences = observations(values - baseline, are_pairs)
    row["difference_n"] = len(differences)
    row["difference"] = differences.mean() if len(differences) else numpy.nan
    row["difference_low"], row["difference_high"] = interval(differences)
    return row


def check_rows(out, summary, design, study):
    parts = sorted(out.glob("*/kpis/*.parquet"))
    kpis = pandas.concat(pandas.read_parquet(part) for part in parts)
    for column in ["scenario", "scope", "variable", "unit"]:
        kpis[column] = kpis[column].astype(str)
    # Those of a summary of some figures alone.
    kpis = kpis[kpis["variable"].isin(set(summary["variable"])) & kpis["scope"].isin(set(summary["scope"]))]
    ended = commits(out)
    are_pairs = study["antithetic"]
    scenarios = design["scenario"]
    span = max(max(finished | failed) for finished, failed in ended.values()) + 1
    groups = {}
    for key, rows in kpis.groupby(KEY, sort=False):
        expect(rows["replicate"].is_unique, "a replicate twice", key)
        groups[key] = rows.set_index("replicate")["value"].reindex(range(span))
    expected, figures = {}, {key[1:] for key in groups}
    for point, (finished, failed) in ended.items():
        for figure in figures:
            key = (scenarios[point], *figure)
            values = groups.get(key)
            if values is None and finished:
                continue
            nothing = pandas.Series(numpy.nan, index=range(span))
            baseline = groups.get((scenarios[0], *figure)) if point > 0 else None
            values = nothing if values is None else values
            expected[key] = expected_row(values, baseline, finished, failed, are_pairs)
    found = summary.set_index(KEY)
    expect(found.index.is_unique and set(found.index) == set(expected), "rows", set(found.index) ^ set(expected))
    numbers = list(next(iter(expected.values())))
    factors = [column for column in design if column not in ("point", "scenario")]
    expect(
        list(summary) == ["scenario", "point", *factors, "scope", "id", "variable", "unit", *numbers_in_order(numbers), "target_met"],
        "columns", list(summary),
    )
    found_rows = dict(zip(found.index, found.to_dict("records")))
    levels = dict(zip(design["scenario"], design.to_dict("records")))
    for key, row in expected.items():
        values = groups.get(key)
        scale = 0.0 if values is None else numpy.nanmax([0.0, *values.abs()])
        told = found_rows[key]
        for name, value in row.items():
            same(told[name], value, scale, out.name, key, name)
        for factor in ["point", *factors]:
            expect(told[factor] == levels[key[0]][factor], key, factor, told[factor])
    units = kpis.groupby(KEY)["unit"].first().str.replace("currency", "USD")
    expect((found["unit"].reindex(units.index) == units).all(), "units")
    return len(expected) * len(numbers)


def numbers_in_order(numbers):
    """The largest value comes after the quantiles."""
    last = [name for name in numbers if name.startswith("difference")]
    first = [name for name in numbers if name not in last and name != "max"]
    return [*first, "max", *last]


def worst(found, expected, tolerance, *where):
    found, expected = numpy.asarray(found, float), numpy.asarray(expected, float)
    expect(found.shape == expected.shape, *where, "shapes", found.shape, expected.shape)
    expect((numpy.isnan(found) == numpy.isnan(expected)).all(), *where, found, expected)
    difference = numpy.nanmax(numpy.append(numpy.abs(found - expected) / numpy.maximum(1, numpy.abs(expected)), 0.0))
    expect(difference <= tolerance, *where, "found", found, "expected", expected)
    return difference


def widths(found, expected, *where):
    found, expected = (numpy.nan_to_num(numpy.asarray(it, float)) for it in (found, expected))
    found, expected = (numpy.where(it < 1e-9, 0, it) for it in (found, expected))
    expect((numpy.abs(found - expected) <= WIDTHS * expected).all(), *where, "half widths", found, expected)


def check_sensitivity(summary, design, study, found):
    """SALib's indices, of the design and of the means in the summary."""
    factors = [column for column in design if column not in ("point", "scenario")]
    problem = {"num_vars": len(factors), "names": factors, "bounds": [[0.0, 1.0]] * len(factors)}
    largest = 0.0
    for it in found:
        is_it = (summary[["scope", "id", "variable"]] == [it["scope"], it["id"], it["variable"]]).all(axis=1)
        means = summary[is_it].set_index("point")["mean"].reindex(design["point"]).to_numpy()
        told, where = it["found"], (study["name"], it["variable"], it["id"])
        if told["method"] == "morris":
            indices = morris.analyze(
                problem, design[factors].to_numpy(), means, num_levels=4, num_resamples=RESAMPLES, seed=1
            )
            names = ["mu", "mu_star", "sigma"]
            widths(told["mu_star_conf"], indices["mu_star_conf"], *where)
        elif told["method"] == "saltelli":
            second = study["design"].get("second_order", False)
            indices = sobol.analyze(
                problem, means, calc_second_order=second, num_resamples=RESAMPLES, seed=1
            )
            upper = numpy.triu_indices(len(factors), 1)
            names = ["S1", "ST"] + (["S2"] if second else [])
            if second:
                indices = {**indices, "S2": indices["S2"][upper], "S2_conf": indices["S2_conf"][upper]}
            for name in names:
                widths(told[f"{name}_conf"], indices[f"{name}_conf"], *where, name)
        else:
            blocks = pandas.Series(means.reshape(study["design"]["blocks"], -1).mean(axis=1))
            indices = {"n": len(blocks), "mean": blocks.mean(), "half_width": interval(blocks)[1] - blocks.mean()}
            names = list(indices)
        for name in names:
            largest = max(largest, worst(told[name], indices[name], CLOSE, *where, name))
    return f"{found[0]['found']['method']} of {len(found)} figures differs by {largest:.1e}"


def main():
    for out in map(Path, sys.argv[1:]):
        study = tomllib.loads((out / "study.toml").read_text())
        design = pandas.read_parquet(out / "design.parquet")
        summary = pandas.read_parquet(out / "summary.parquet")
        found = json.loads((out / "sensitivity.json").read_text())
        said = [f"{check_rows(out, summary, design, study)} numbers are those of pandas and scipy"]
        if found:
            said.append(check_sensitivity(summary, design, study, found))
        print(f"{study['name']}: {'; '.join(said)}")


main()
