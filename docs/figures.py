"""Draws the figures of the book's example studies: python3 docs/figures.py OUT

OUT holds the folders of the four studies in scenarios/studies, each run with `goshawk study`. Needs the package duckdb.
Writes SVG files into docs/src/images. Colours are those of Okabe and Ito, which colour-blind readers can tell apart.
"""

import json
import math
import pathlib
import sys

import duckdb

BLUE, RED, INK, GRID = "#0072b2", "#d55e00", "#333333", "#dddddd"
WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 720, 340, 150, 50, 34, 24


def figures(out, study, variables):
    """Every replicate's figures: point, replicate, variable, value."""
    pattern = str(out / study / "*" / "kpis" / "*.parquet")
    names = ", ".join(f"'{name}'" for name in variables)
    return duckdb.sql(
        f"SELECT scenario, replicate, variable, value FROM '{pattern}' "
        f"WHERE scope = 'run' AND variable IN ({names}) AND value IS NOT NULL ORDER BY ALL"
    ).fetchall()


def points(out, study):
    return json.loads((out / study / "study.json").read_text())


def mean(values):
    return sum(values) / len(values)


def interval(values):
    """Half of the 95 % interval of the mean; the normal quantile, as there are 30 values or more."""
    m = mean(values)
    return 1.96 * math.sqrt(sum((v - m) ** 2 for v in values) / (len(values) - 1) / len(values))


class Drawing:
    def __init__(self, title, xs, ys, x_label, y_label, names=None):
        self.lines = []
        self.x0, self.x1 = xs
        self.y0, self.y1 = ys
        self.text(LEFT, 18, title, size=14, weight="bold")
        right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
        for tick in ticks(self.x0, self.x1):
            x = self.x(tick)
            self.add(f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{bottom}" stroke="{GRID}"/>')
            self.text(x, bottom + 16, label(tick), anchor="middle")
        if names is None:
            for tick in ticks(self.y0, self.y1):
                y = self.y(tick)
                self.add(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}" stroke="{GRID}"/>')
                self.text(LEFT - 8, y + 4, label(tick), anchor="end")
        else:
            for place, name in enumerate(names):
                self.text(LEFT - 8, self.y(place) + 4, name, anchor="end")
        self.text((LEFT + right) / 2, HEIGHT - 12, x_label, anchor="middle")
        if y_label:
            self.text(14, TOP - 6, y_label, size=12)

    def x(self, value):
        return LEFT + (value - self.x0) / (self.x1 - self.x0) * (WIDTH - RIGHT - LEFT)

    def y(self, value):
        return HEIGHT - BOTTOM - (value - self.y0) / (self.y1 - self.y0) * (HEIGHT - BOTTOM - TOP)

    def add(self, line):
        self.lines.append(line)

    def text(self, x, y, words, anchor="start", size=12, weight="normal", colour=INK):
        words = words.replace("&", "&amp;").replace("<", "&lt;")
        self.add(
            f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" font-weight="{weight}" '
            f'fill="{colour}">{words}</text>'
        )

    def dot(self, x, y, colour, radius=3.5, opacity=0.8):
        self.add(
            f'<circle cx="{self.x(x):.1f}" cy="{self.y(y):.1f}" r="{radius}" fill="{colour}" fill-opacity="{opacity}"/>'
        )

    def bar(self, low, high, y, colour):
        height = self.y(y)
        self.add(
            f'<line x1="{self.x(low):.1f}" y1="{height:.1f}" x2="{self.x(high):.1f}" y2="{height:.1f}" '
            f'stroke="{colour}" stroke-width="3"/>'
        )

    def write(self, name, description):
        path = pathlib.Path(__file__).parent / "src" / "images" / f"{name}.svg"
        body = "\n".join(self.lines)
        path.write_text(
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
            f'font-family="sans-serif">\n<title>{description}</title>\n'
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>\n{body}\n</svg>\n'
        )


def ticks(low, high):
    step = 10 ** math.floor(math.log10((high - low) / 4))
    step *= next(factor for factor in (1, 2, 5, 10) if (high - low) / (step * factor) <= 6)
    first = math.ceil(low / step - 1e-9)
    return [round(n * step, 10) for n in range(first, math.floor(high / step + 1e-9) + 1)]


def label(value):
    return f"{value:g}"


def spread(values, room=0.06):
    low, high = min(values), max(values)
    return low - room * (high - low), high + room * (high - low)


def grouped(rows, variable):
    groups = {}
    for scenario, _, name, value in rows:
        if name == variable:
            groups.setdefault(scenario, []).append(value)
    return groups


def weather_uncertainty(out):
    groups = grouped(figures(out, "weather_uncertainty", ["net_cost"]), "net_cost")
    names = {p["scenario"]: p["levels"][0] for p in points(out, "weather_uncertainty")["points"]}
    everything = [value for values in groups.values() for value in values]
    drawing = Drawing(
        "What the weather does to a week's net cost", spread(everything), (-0.6, len(groups) - 0.4),
        "net cost of all households, USD", "", [names[scenario] for scenario in groups],
    )
    for place, values in enumerate(groups.values()):
        for number, value in enumerate(values):
            drawing.dot(value, place + 0.22 * (((number * 7) % 11) / 5 - 1), BLUE, 3, 0.5)
        half = interval(values)
        drawing.bar(mean(values) - half, mean(values) + half, place, RED)
    drawing.write("study_weather_uncertainty", "Net cost of each replicate for recorded and drawn weather")


def solar_penetration(out):
    study = points(out, "solar_penetration")
    levels = {p["scenario"]: p["levels"] for p in study["points"]}
    groups = grouped(figures(out, "solar_penetration", ["mean_price_paid"]), "mean_price_paid")
    price = {scenario: mean(values) for scenario, values in groups.items()}
    drawing = Drawing(
        "What households pay, by panel area and number of suppliers", (0, 65), spread(price.values(), 0.2),
        "panel area of a usual roof, m2", "mean price paid, USD/kWh",
    )
    for scenario, value in price.items():
        area, suppliers = levels[scenario]
        drawing.dot(area, value, RED if suppliers > 40 else BLUE, 5)
    drawing.text(WIDTH - 210, TOP + 14, "more than 40 suppliers", colour=RED)
    drawing.text(WIDTH - 210, TOP + 30, "40 suppliers or fewer", colour=BLUE)
    drawing.write("study_solar_penetration", "Mean price paid over panel area, one dot a point of the design")


def mechanisms(out):
    study = points(out, "mechanisms")
    names = {p["scenario"]: p["levels"][0] for p in study["points"]}
    groups = grouped(figures(out, "mechanisms", ["mean_price_paid"]), "mean_price_paid")
    lows = [mean(values) - interval(values) for values in groups.values()]
    highs = [mean(values) + interval(values) for values in groups.values()]
    drawing = Drawing(
        "What a kWh costs under each mechanism", spread(lows + highs), (-0.6, len(groups) - 0.4),
        "mean price paid, USD/kWh: mean and 95 % interval", "", [names[scenario] for scenario in groups],
    )
    for place, values in enumerate(groups.values()):
        half = interval(values)
        drawing.bar(mean(values) - half, mean(values) + half, place, BLUE)
        drawing.dot(mean(values), place, RED, 4, 1)
    drawing.write("study_mechanisms", "Mean price paid under eight mechanisms with intervals")


def storage_size(out):
    study = points(out, "storage_size")
    groups = grouped(figures(out, "storage_size", ["net_cost"]), "net_cost")
    value = [mean(groups[p["scenario"]]) for p in study["points"]]
    effects = {factor: [] for factor in study["factors"]}
    places = {factor: place for place, factor in enumerate(study["factors"])}
    low = [min(p["levels"][place] for p in study["points"]) for place in places.values()]
    high = [max(p["levels"][place] for p in study["points"]) for place in places.values()]
    for earlier, later in zip(range(len(value) - 1), range(1, len(value))):
        before, after = study["points"][earlier]["levels"], study["points"][later]["levels"]
        changed = [place for place in places.values() if before[place] != after[place]]
        # Between two walks more than one factor changes.
        if len(changed) == 1 and (later % (len(places) + 1)) != 0:
            place = changed[0]
            step = (after[place] - before[place]) / (high[place] - low[place])
            effects[study["factors"][place]].append((value[later] - value[earlier]) / step)
    star = {factor: mean([abs(effect) for effect in found]) for factor, found in effects.items()}
    sigma = {
        factor: math.sqrt(sum((e - mean(found)) ** 2 for e in found) / (len(found) - 1))
        for factor, found in effects.items()
    }
    ranked = sorted(study["factors"], key=star.get)
    drawing = Drawing(
        "Which of the storage's parameters matter", (0, 1.3 * max(star.values())), (-0.6, len(ranked) - 0.4),
        "mu*: mean size of the effect on net cost over the factor's range, USD (sigma in brackets)", "",
        [factor.split(".")[1] for factor in ranked],
    )
    for place, factor in enumerate(ranked):
        drawing.bar(0, star[factor], place, BLUE)
        drawing.dot(star[factor], place, RED, 4, 1)
        words = f"{star[factor]:.2f} ({sigma[factor]:.2f})"
        drawing.text(drawing.x(star[factor]) + 9, drawing.y(place) + 4, words)
    drawing.write("study_storage_size", "Morris's mu star of net cost for five factors")


if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1])
    weather_uncertainty(folder)
    solar_penetration(folder)
    mechanisms(folder)
    storage_size(folder)
