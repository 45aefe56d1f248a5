"""Draws the figure of the book's page on cheating, and prints its tables: python3 docs/deterrence_figures.py OUT

OUT holds the folders of the studies deterrence, credit_setback, credit_bands and ledger_trade in scenarios/studies, each run with
`goshawk study`. Needs the package duckdb. What a cheat gains is paired: replicate by replicate, the same households under
the same random numbers, less what they come to where they are honest.
"""

import json
import math
import pathlib
import random
import sys

import duckdb

from figures import BLUE, RED, RIGHT, TOP, WIDTH, Drawing, mean

CHEATS = 10
# Energy that is left in a battery is worth at least the lowest price outside.
KEPT_WORTH = 0.07724
COLOURS = {0.5: "#56b4e9", 1.0: BLUE, 2.0: "#009e73", 4.0: "#cc79a7", "auction": RED}
# Student's quantile for 31 replicates.
T30 = 2.0423


def class_figures(out, study, name="cheats"):
    """(point, variable) -> values by replicate, of a class: that of the cheats, unless it is named."""
    pattern = str(out / study / "*" / "kpis" / "*.parquet")
    rows = duckdb.sql(
        f"SELECT scenario, variable, replicate, value FROM '{pattern}' WHERE scope = 'class' AND id = '{name}' AND variable "
        "IN ('net_cost', 'content_end', 'sold', 'cheating_earned', 'cheating_cost', 'cheating_gain_per_cheater', 'suspended') "
        "ORDER BY ALL"
    ).fetchall()
    found = {}
    for scenario, variable, _, value in rows:
        found.setdefault((int(scenario[-4:]), variable), []).append(value)
    return found


def levels(out, study):
    described = json.loads((out / study / "study.json").read_text())
    names = [name.split(".")[-1] for name in described["factors"]]
    return [dict(zip(names, point["levels"])) for point in described["points"]]


def gains(found, point, honest):
    """What each cheat gains in each replicate: money, and energy kept at its least worth."""
    pairs = zip(found[point, "net_cost"], found[honest, "net_cost"])
    kept = zip(found[point, "content_end"], found[honest, "content_end"])
    return [
        (b - a + KEPT_WORTH * (held - usual)) / CHEATS for (a, b), (held, usual) in zip(pairs, kept)
    ]


def half(values):
    m = mean(values)
    return T30 * math.sqrt(sum((v - m) ** 2 for v in values) / (len(values) - 1) / len(values))


def crossing(xs, ys):
    """Where a line through points meets nothing, the first time."""
    for (x0, y0), (x1, y1) in zip(zip(xs, ys), zip(xs[1:], ys[1:])):
        if y0 > 0 >= y1:
            return x0 + (x1 - x0) * y0 / (y0 - y1)
    return None


def break_even(curve):
    """The probability of being found at which cheating stops to pay, with a bootstrap interval over replicates."""
    xs = [x for x, _ in curve]
    centre = crossing(xs, [mean(values) for _, values in curve])
    luck, found = random.Random(1), []
    for _ in range(2000):
        chosen = [luck.randrange(31) for _ in range(31)]
        x = crossing(xs, [mean([values[i] for i in chosen]) for _, values in curve])
        if x is not None:
            found.append(x)
    found.sort()
    return centre, found[int(0.025 * len(found))], found[int(0.975 * len(found))]


def curves(points, found):
    """Gain by the probability of being found, for each strength of the penalty, and in the double auction."""
    honest = {"mid_market_rate": None, "double_auction": None}
    for number, point in enumerate(points):
        if point["false_metering"] == point["double_sale"] == point["non_delivery"] == 0:
            honest[point["mechanism"]] = number
    lines = {}
    for number, point in enumerate(points):
        if point["false_metering"] == 0:
            continue
        is_auction = point["mechanism"] == "double_auction"
        values = gains(found, number, honest[point["mechanism"]])
        keys = ["auction"] if is_auction else [point["compensation_factor"]]
        # Who is never found pays no penalty, however dear it is.
        keys = [0.5, 1.0, 2.0, 4.0] if point["detection"] == 0 and not is_auction else keys
        for key in keys:
            lines.setdefault(key, []).append((point["detection"], values))
    return honest, {key: sorted(line, key=lambda it: it[0]) for key, line in lines.items()}


def name_of(key):
    return "double auction, factor 1" if key == "auction" else f"factor {key:g}"


def deterrence(out):
    points, found = levels(out, "deterrence"), class_figures(out, "deterrence")
    honest, lines = curves(points, found)
    shown = {key: [(x, values) for x, values in line if x <= 0.5] for key, line in lines.items()}
    drawing = Drawing(
        "What a lying meter gains its owner in four days", (0, 0.52), (-9, 10),
        "probability that a false reading is found", "USD per cheat: mean and 95 % interval",
    )
    zero = drawing.y(0)
    drawing.add(f'<line x1="{drawing.x(0):.1f}" y1="{zero:.1f}" x2="{WIDTH - RIGHT}" y2="{zero:.1f}" stroke="#333333"/>')
    print("| penalty | stops to pay where lies are found with probability | 95 % interval |\n|---|---|---|")
    for place, (key, line) in enumerate(sorted(shown.items(), key=lambda it: str(it[0]))):
        visible = [(x, mean(values), half(values)) for x, values in line]
        path, before = [], None
        for x, y, spread in visible:
            if y < -9:
                # To the edge of the picture.
                if before:
                    share = (before[1] + 9) / (before[1] - y)
                    path.append((before[0] + share * (x - before[0]), -9))
                break
            path.append((x, y))
            before = (x, y)
            top, bottom = drawing.y(y + spread), drawing.y(max(y - spread, -9))
            drawing.add(
                f'<line x1="{drawing.x(x):.1f}" y1="{top:.1f}" x2="{drawing.x(x):.1f}" y2="{bottom:.1f}" '
                f'stroke="{COLOURS[key]}" stroke-width="2"/>'
            )
            drawing.dot(x, y, COLOURS[key], 3.5, 1)
        corners = " ".join(f"{drawing.x(x):.1f},{drawing.y(y):.1f}" for x, y in path)
        drawing.add(f'<polyline points="{corners}" fill="none" stroke="{COLOURS[key]}" stroke-width="1.5"/>')
        drawing.text(WIDTH - 210, TOP + 14 + 16 * place, name_of(key), colour=COLOURS[key])
        centre, low, high = break_even(line)
        print(f"| {name_of(key)} | {centre:.3f} | {low:.3f} to {high:.3f} |")
    drawing.write("deterrence", "Gain of a false reading over the probability of being found, by the strength of the penalty")
    print("\n| cheat | found | factor | gain, USD | of it kept, kWh | drawn without pay, USD | penalties, USD |\n|---|---|---|---|---|---|---|")
    for number, point in enumerate(points):
        kind = next((k for k in ("false_metering", "double_sale", "non_delivery") if point[k]), None)
        if kind is None:
            continue
        is_shown = kind != "false_metering" or (point["compensation_factor"] == 1 and point["detection"] in (0, 0.1, 0.2, 0.5, 1))
        if not is_shown:
            continue
        base = honest[point["mechanism"]]
        values = gains(found, number, base)
        kept = mean([(a - b) / CHEATS for a, b in zip(found[number, "content_end"], found[base, "content_end"])])
        earned, cost = (mean(found[number, f"cheating_{it}"]) / CHEATS for it in ("earned", "cost"))
        where = " (auction)" if point["mechanism"] == "double_auction" else ""
        surely = f'{point["detection"]:g}' if kind == "false_metering" else "-"
        print(
            f'| {kind}{where} | {surely} | {point["compensation_factor"]:g} | {mean(values):+.2f} ± {half(values):.2f} | '
            f"{kept:+.1f} | {earned:.2f} | {cost:.2f} |"
        )


def setback(out):
    points, found = levels(out, "credit_setback"), class_figures(out, "credit_setback")
    print("\n| setback, USD/kWh | honest, against no setback | cheats, against honest ones | sold by cheats, kWh |\n|---|---|---|---|")
    honest = {p["credit_setback_per_kwh"]: n for n, p in enumerate(points) if p["false_metering"] == 0}
    for number, point in enumerate(points):
        if point["false_metering"] == 0:
            continue
        own = honest[point["credit_setback_per_kwh"]]
        of_honest, of_cheats = gains(found, own, honest[0.0]), gains(found, number, own)
        sold = mean([(a - b) / CHEATS for a, b in zip(found[number, "sold"], found[own, "sold"])])
        print(
            f'| {point["credit_setback_per_kwh"]:g} | {mean(of_honest):+.2f} ± {half(of_honest):.2f} | '
            f"{mean(of_cheats):+.2f} ± {half(of_cheats):.2f} | {sold:+.1f} |"
        )


def run_figure(out, study, variable):
    """point -> mean over replicates of a key figure of the run."""
    pattern = str(out / study / "*" / "kpis" / "*.parquet")
    rows = duckdb.sql(
        f"SELECT scenario, avg(value) FROM '{pattern}' WHERE scope = 'run' AND variable = '{variable}' GROUP BY scenario"
    ).fetchall()
    return {int(scenario[-4:]): value for scenario, value in rows}


def with_half(values):
    return f"{mean(values):+.2f} ± {half(values):.2f}"


def credit_bands(out):
    points, found = levels(out, "credit_bands"), class_figures(out, "credit_bands")
    cheat = {number: (p["non_delivery"], p["false_metering"], p["detection"]) for number, p in enumerate(points)}
    place = {(p["enabled"], cheat[number]): number for number, p in enumerate(points)}
    honest, broken = (0, 0, 0.5), run_figure(out, "credit_bands", "defaults")
    print("\n| cheat | how often, or found | without bands, USD | with bands, USD | difference, USD | suspended | broken, without | broken, with |")
    print("|---|---|---|---|---|---|---|---|")
    for number, kind in cheat.items():
        if points[number]["enabled"] or kind == honest:
            continue
        both = [(gains(found, place[on, kind], place[on, honest]), place[on, kind]) for on in (False, True)]
        (without, before), (banded, after) = both
        what, often = ("non-delivery", kind[0]) if kind[0] else ("false metering", kind[2])
        print(
            f"| {what} | {often:g} | {with_half(without)} | {with_half(banded)} | "
            f"{with_half([b - a for a, b in zip(without, banded)])} | {mean(found[after, 'suspended']):.1f} | "
            f"{broken[before]:.0f} | {broken[after]:.0f} |"
        )
    print("\n| class, all honest | households | bands cost each, USD | of net cost | suspended |\n|---|---|---|---|---|")
    for name, households in (("at_home", 30), ("cheats", 10), ("normal_hours", 200)):
        of_class = class_figures(out, "credit_bands", name)
        off, on = place[False, honest], place[True, honest]
        costs = [(b - a) / households for a, b in zip(of_class[off, "net_cost"], of_class[on, "net_cost"])]
        share = sum(costs) * households / abs(sum(of_class[off, "net_cost"]))
        print(f"| `{name}` | {households} | {mean(costs):+.3f} ± {half(costs):.3f} | {share:+.1%} | {mean(of_class[on, 'suspended']):.2f} |")


def ledger_trade(out):
    pattern = str(out / "ledger_trade" / "*" / "kpis" / "*.parquet")
    rows = duckdb.sql(
        f"SELECT scenario, variable, replicate, value FROM '{pattern}' WHERE scope = 'run' "
        "AND variable IN ('mean_price_paid', 'average_cost') ORDER BY ALL"
    ).fetchall()
    found = {}
    for scenario, variable, _, value in rows:
        found.setdefault((variable, int(scenario[-4:])), []).append(value)
    names = [point["mechanism"] for point in levels(out, "ledger_trade")]
    print("\n| figure, USD/kWh | mechanism | with trade | without | difference | ratio |\n|---|---|---|---|---|---|")
    for variable in ("mean_price_paid", "average_cost"):
        without = found[variable, 0]
        for number, name in list(enumerate(names))[1:]:
            values = found[variable, number]
            told = [
                values, without,
                [a - b for a, b in zip(values, without)],
                [a / b for a, b in zip(values, without)],
            ]
            cells = " | ".join(f"{mean(it):.4f} ± {half(it):.4f}" for it in told)
            print(f"| `{variable}` | `{name}` | {cells} |")


if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1])
    deterrence(folder)
    setback(folder)
    credit_bands(folder)
    ledger_trade(folder)
