"""Holds goshawk's designs, sensitivity indices and quantiles against SALib and scipy.

Usage: sensitivity.py CASES, a file of one JSON object a line, each with a kind: sequence, sobol, morris, student,
distributions or quantiles, and what goshawk found.

Prints a line of figures for each; stops at the first thing that is further away than it may be.
"""

import json
import sys

import numpy
from SALib.analyze import morris, sobol
from scipy import stats
from scipy.stats import qmc

# Largest difference of an index; of a quantile, relative to max(1, its magnitude).
INDEX, QUANTILE = 1e-9, 1e-10
# Both bootstraps draw their own resamples, of which there are this many.
RESAMPLES, WIDTHS = 1000, 0.15


def expect(holds, *told):
    if not holds:
        sys.exit(f"not as promised: {' '.join(map(str, told))}")


def worst(found, expected, tolerance, where, scale=1.0):
    """The largest difference, which must be within the tolerance."""
    found, expected = numpy.asarray(found, float), numpy.asarray(expected, float)
    expect(found.shape == expected.shape, where, "shapes", found.shape, expected.shape)
    difference = numpy.abs(found - expected) / scale
    expect(not numpy.isnan(difference).any() and difference.max() <= tolerance, where, "differ by", difference.max())
    return difference.max()


def relative(found, expected, where):
    return worst(found, expected, QUANTILE, where, numpy.maximum(1, numpy.abs(numpy.asarray(expected))))


def widths(found, expected, where):
    """The largest relative difference of half widths; those of what does not vary but for rounding count as 0."""
    found, expected = (numpy.where(numpy.asarray(it) < 1e-12, 0, it) for it in (found, expected))
    expect(((found > 0) == (expected > 0)).all(), where, "half widths", found, expected)
    return worst(found, expected, WIDTHS, f"half widths of {where}", numpy.where(expected > 0, expected, 1))


def check_sequence(case):
    points = numpy.array(case["points"])
    count, dimensions = points.shape
    expected = qmc.Sobol(dimensions, scramble=False, bits=53).random(count)
    expect((points == expected).all(), "the Sobol sequence differs from scipy's")
    return f"{count} points in {dimensions} dimensions, none differs"


def problem(positions):
    count = len(positions[0])
    names = [f"x{number}" for number in range(count)]
    return {"num_vars": count, "names": names, "bounds": [[0.0, 1.0]] * count}


def check_sobol(case):
    values = numpy.array(case["values"])
    second = case["second_order"]
    ours = problem(case["positions"])
    found = sobol.analyze(ours, values, calc_second_order=second, num_resamples=RESAMPLES, seed=1)
    indices = ["S1", "ST"] + (["S2"] if second else [])
    upper = numpy.triu_indices(ours["num_vars"], 1)
    differ, width = 0.0, 0.0
    for name in indices:
        pick = (lambda array: array[upper]) if name == "S2" else (lambda array: array)
        differ = max(differ, worst(case[name]["values"], pick(found[name]), INDEX, name))
        width = max(width, widths(case[name]["half_widths"], pick(found[name + "_conf"]), name))
    return f"{', '.join(indices)} differ by {differ:.1e}, half widths by {100 * width:.0f} %"


def check_morris(case):
    positions, values = numpy.array(case["positions"]), numpy.array(case["values"])
    ours = problem(case["positions"])
    found = morris.analyze(
        ours, positions, values, num_levels=case["levels"], num_resamples=RESAMPLES, seed=1
    )
    differ = max(
        worst(case["mu"], found["mu"], INDEX, "mu"),
        worst(case["mu_star"]["values"], found["mu_star"], INDEX, "mu star"),
        worst(case["sigma"], found["sigma"], INDEX, "sigma"),
    )
    width = widths(case["mu_star"]["half_widths"], found["mu_star_conf"], "mu star")
    return f"mu, mu star and sigma differ by {differ:.1e}, half widths by {100 * width:.0f} %"


def check_student(case):
    rows = case["rows"]
    differences = [
        relative(found, stats.t.ppf(case["probabilities"], degrees), f"t({degrees})") for degrees, found in rows
    ]
    return f"quantiles of t for {len(rows)} degrees of freedom differ by {max(differences):.1e}"


def quantiles_of(factor, positions):
    (kind, it), = ((name, given) for name, given in factor.items() if name != "path")
    if kind == "normal":
        mean, sd = it["mean"], it["sd"]
        low, high = it.get("low", -numpy.inf), it.get("high", numpy.inf)
        return stats.truncnorm.ppf(positions, (low - mean) / sd, (high - mean) / sd, mean, sd)
    if kind == "lognormal":
        variance = numpy.log1p((it["sd"] / it["mean"]) ** 2)
        return stats.lognorm.ppf(positions, numpy.sqrt(variance), scale=it["mean"] * numpy.exp(-variance / 2))
    if kind == "triangular":
        width = it["high"] - it["low"]
        return stats.triang.ppf(positions, (it["mode"] - it["low"]) / width, it["low"], width)
    if kind == "uniform":
        return stats.uniform.ppf(positions, it["low"], it["high"] - it["low"])
    return stats.loguniform.ppf(positions, it["from"], it["to"])


def check_distributions(case):
    positions = numpy.array(case["positions"])
    differences = [
        relative(it["values"], quantiles_of(it["factor"], positions), it["factor"]) for it in case["cases"]
    ]
    return f"levels of {len(differences)} distributions differ by {max(differences):.1e}"


def check_quantiles(case):
    probabilities, found = zip(*case["quantiles"])
    differ = relative(found, numpy.quantile(case["values"], probabilities), "quantiles")
    for count, probability, ranks in (row for rows in case["ranks"] for row in rows):
        binomial = stats.binom(count, probability)
        expected = [int(binomial.ppf(0.025)), int(binomial.ppf(0.975)) + 1]
        expect(ranks == expected, "ranks of", count, probability, ranks, expected)
    return f"quantiles differ by {differ:.1e}, ranks of their intervals do not"


CHECKS = {
    "sequence": check_sequence,
    "sobol": check_sobol,
    "morris": check_morris,
    "student": check_student,
    "distributions": check_distributions,
    "quantiles": check_quantiles,
}


def main():
    with open(sys.argv[1], encoding="utf-8") as lines:
        cases = [json.loads(line) for line in lines]
    said = [f"{case['kind']}: {CHECKS[case['kind']](case)}" for case in cases]
    print(f"{len(cases)} cases")
    print("\n".join(said))


main()
