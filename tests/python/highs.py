"""Holds `exact` of goshawk-market against HiGHS, from the orders and the model's formulas alone.

Usage: highs.py BOOKS, a file of one JSON object a line: terms, offers and bids, all in millionths as everywhere in
goshawk; weights of profit and cost; and what exact found for them.

For a price the market's problem is a linear program, which HiGHS solves; over prices there are local searches on the
grid of a millionth, from every price at which somebody joins or leaves and from a fine grid. Nothing here follows
exact's way: no greedy flow, no dual prices, no branch and bound. Prints a line of figures; stops at the first book
that is not as promised.
"""

import json
import sys

import numpy
from scipy.optimize import linprog
from scipy.sparse import eye_array, kron

MICRO = 1_000_000
# Largest difference of values, relative to the value or to 1, whichever is more; exact takes prices within 1e-9 of the
# best as ties.
TOLERANCE = 1e-8
# Largest relative difference of an objective's unit, its range between two best schemes: of those that tie, each side
# may have taken another.
UNIT_TOLERANCE = 1e-6
# What the other objective weighs where only one is asked for.
SECOND = 1e-6
GRID = 300
# Local maxima that are searched in each round, points between two neighbours, and prices in one program.
MAXIMA, POINTS, BATCH = 12, 7, 400
HIGHS = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}


def expect(holds, *told):
    if not holds:
        sys.exit(f"not as promised: {' '.join(map(str, told))}")


def by_group(orders):
    groups = {}
    for order in orders:
        groups.setdefault(order["group"], []).append(order)
    return [groups[group] for group in sorted(groups)]


def total(members, field):
    return sum(member[field] for member in members) / MICRO


def mean(members, field, weight):
    """Weighted by energy, plain where nobody has any."""
    weights = [member[weight] for member in members]
    values = [member[field] for member in members]
    if sum(weights) == 0:
        return sum(values) / len(values) / MICRO
    return sum(value * weight for value, weight in zip(values, weights)) / sum(weights) / MICRO


def satisfaction(excess, tolerance):
    """Equation (19) of an excess over what was expected."""
    share = numpy.divide(excess, tolerance, out=numpy.full_like(excess, numpy.inf), where=tolerance > 0)
    falling = numpy.where(share >= 1, 0.0, numpy.cos(numpy.clip(share, 0, 1) * numpy.pi / 2))
    return numpy.where(excess <= 0, 1.0, falling)


class Problem:
    """The market's problem of a period; rows are prices, columns x_g, s_g, m_g."""

    def __init__(self, book):
        terms = book["terms"]
        sellers, buyers = by_group(book["offers"]), by_group(book["bids"])
        outside = min(terms["grid_price"], terms["company_price"])
        fees = terms["grid_fee"] + terms["platform_fee"]
        # (3) to (6), strictly.
        self.lowest = terms["price_min"] + 1
        self.highest = min(terms["price_max"], outside - fees) - 1
        self.outside, self.fees = outside / MICRO, fees / MICRO
        self.room = max(terms["storage_room"], 0) / MICRO
        array = lambda values: numpy.array(list(values))
        self.surplus = array(total(group, "energy") for group in sellers)
        self.storable = array(total(group, "storable") for group in sellers)
        self.cost = array(mean(group, "cost", "energy") for group in sellers)
        self.keep_value = array(mean(group, "keep_value", "energy") for group in sellers)
        self.store_value = array(mean(group, "store_value", "storable") for group in sellers)
        self.reserves = [
            sorted((offer["cost"] + offer["keep_value"], offer["energy"]) for offer in group) for group in sellers
        ]
        self.wanted = array(total(group, "energy") for group in buyers)
        self.flexible = array(total(group, "flexible") for group in buyers)
        self.later_price = array(mean(group, "later_price", "flexible") for group in buyers)
        self.expected = array(mean(group, "expected_price", "energy") for group in buyers)
        self.tolerance = array(max(mean(group, "tolerance", "energy"), 0.0) for group in buyers)
        self.dearest, self.range, self.timed = (array(column) for column in zip(*map(self.timing, buyers)))
        self.demand = self.wanted.sum()
        anybody = self.takes_part(numpy.array([self.highest])).sum() > 0
        self.tradeable = bool(fees > 0 and self.lowest <= self.highest and self.demand > 0 and anybody)
        self.matrix = self.limits_matrix()

    def limits_matrix(self):
        """What is limited together: a group's surplus, then demand, then room."""
        sellers, buyers = len(self.surplus), len(self.wanted)
        one, none = numpy.eye(sellers), numpy.zeros((sellers, buyers))
        demand = numpy.r_[numpy.ones(sellers), numpy.zeros(sellers), numpy.ones(buyers)]
        room = numpy.r_[numpy.zeros(sellers), numpy.ones(sellers), numpy.zeros(buyers)]
        return numpy.vstack([numpy.c_[one, one, none], demand, room])

    def takes_part(self, prices):
        """What sellers whose reserve price is reached have (kWh)."""
        columns = []
        for members in self.reserves:
            reserves = numpy.array([reserve for reserve, _ in members])
            energy = numpy.cumsum([0] + [energy for _, energy in members]) / MICRO
            columns.append(energy[numpy.searchsorted(reserves, prices, side="right")])
        return numpy.stack(columns, axis=1)

    def timing(self, group):
        """The sellers' price that saves as much as the best later period, and how much less the worst saves."""
        told = [bid for bid in group if bid["later_savings"] is not None and bid["flexible"] > 0]
        if not told:
            return numpy.inf, 0.0, 0.0
        weights = [bid["flexible"] for bid in told]
        least, most = (
            numpy.average([bid["later_savings"][end] for bid in told], weights=weights) / MICRO for end in ("least", "most")
        )
        return self.outside - most, most - least, sum(weights) / MICRO

    def movable(self, prices):
        """F_g (1 - min(Gra_g(Q_b), Gra_price,g)), equations (19) and (20)."""
        prices = prices[:, None] / MICRO
        with_price = satisfaction(prices + self.fees - self.expected, self.tolerance)
        with_timing = satisfaction(prices - self.dearest, self.range)
        timed = self.timed * (1 - numpy.minimum(with_price, with_timing))
        return timed + (self.flexible - self.timed) * (1 - with_price)

    def caps(self, prices):
        if prices is None:
            return numpy.r_[0 * self.surplus, self.storable, 0 * self.wanted][None, :]
        rows = numpy.tile(self.storable, (len(prices), 1))
        return numpy.hstack([self.takes_part(prices), rows, self.movable(prices)])

    def per_kwh(self, prices):
        """What a kWh sold, stored and moved adds to the sellers' profit, and to the buyers' cost."""
        price = (numpy.zeros(1) if prices is None else prices / MICRO)[:, None]
        no_sellers, no_buyers = numpy.zeros((len(price), len(self.surplus))), numpy.zeros((len(price), len(self.wanted)))
        sold = price - self.cost - self.keep_value
        stored = self.store_value - self.keep_value + no_sellers
        bought = price + self.fees - self.outside + no_sellers
        moved = self.later_price - self.outside + no_buyers
        return numpy.hstack([sold, stored, no_buyers]), numpy.hstack([bought, no_sellers, moved])

    def gained(self, prices, amounts):
        """Profit gained and cost saved over no trade at all (currency)."""
        profit, cost = self.per_kwh(prices)
        return numpy.stack([(profit * amounts).sum(axis=1), -(cost * amounts).sum(axis=1)], axis=1)

    def solve(self, gains, prices):
        """The best amounts at each price by HiGHS, and their values; all prices are blocks of one program."""
        profit, cost = self.per_kwh(prices)
        gain, caps = gains[0] * profit - gains[1] * cost, self.caps(prices)
        count = len(gain)
        limits = numpy.tile(numpy.r_[self.surplus, self.demand, self.room], count)
        scale = 100 / max(numpy.abs(gain).max(), 1e-300)
        bounds = numpy.stack([numpy.zeros(gain.size), caps.ravel()], axis=1)
        matrix = kron(eye_array(count), self.matrix, format="csr")
        found = linprog(-scale * gain.ravel(), matrix, limits, bounds=bounds, method="highs", options=HIGHS)
        expect(found.status == 0, "HiGHS:", found.message)
        amounts = found.x.reshape(gain.shape)
        return amounts, (gain * amounts).sum(axis=1)

    def values(self, gains, prices):
        parts = numpy.array_split(prices, -(-len(prices) // BATCH))
        return numpy.concatenate([self.solve(gains, part)[1] for part in parts])

    def changes(self):
        """Prices at which energy on offer or the shape of what is movable changes, and their neighbours."""
        reserves = [reserve for members in self.reserves for reserve, _ in members]
        ends = numpy.concatenate([self.expected, self.expected + self.tolerance]) - self.fees
        timing = numpy.concatenate([self.dearest, self.dearest + self.range])
        ends = numpy.concatenate([ends, timing[numpy.isfinite(timing)]])
        ends = numpy.floor(ends * MICRO).astype(int)
        return numpy.concatenate([[r - 1, r] for r in reserves] + [ends + step for step in (-1, 0, 1, 2)])

    def best(self, gains):
        """The best price found, and its value; no price where users cannot trade."""
        if not self.tradeable:
            return None, self.solve(gains, None)[1][0]
        grid = numpy.linspace(self.lowest, self.highest, GRID).round().astype(int)
        prices = numpy.unique(numpy.concatenate([grid, self.changes()]))
        prices = prices[(self.lowest <= prices) & (prices <= self.highest)]
        values = self.values(gains, prices)
        while True:
            new = self.around_maxima(prices, values)
            if len(new) == 0:
                best = values.argmax()
                return prices[best], values[best]
            values = numpy.concatenate([values, self.values(gains, new)])
            prices = numpy.concatenate([prices, new])
            order = prices.argsort()
            prices, values = prices[order], values[order]

    @staticmethod
    def around_maxima(prices, values):
        """Prices between the best local maxima and their neighbours that have no value yet."""
        beyond = numpy.r_[-numpy.inf, values, -numpy.inf]
        maxima = numpy.flatnonzero((values >= beyond[:-2]) & (values >= beyond[2:]))
        maxima = maxima[numpy.argsort(-values[maxima], kind="stable")][:MAXIMA]
        starts = numpy.unique(numpy.r_[maxima - 1, maxima])
        starts = starts[(starts >= 0) & (starts < len(prices) - 1)]
        shares = numpy.arange(1, POINTS + 1) / (POINTS + 1)
        low, high = prices[starts, None], prices[starts + 1, None]
        between = numpy.unique((low + (high - low) * shares).round().astype(int))
        return numpy.setdiff1d(between, prices)


def units(problem):
    """The yardstick: per objective, its range from its own best to where the other is best."""
    ends = []
    for gains in ([1, SECOND], [SECOND, 1]):
        price, _ = problem.best(gains)
        prices = None if price is None else numpy.array([price])
        amounts, _ = problem.solve(gains, prices)
        ends.append(problem.gained(prices, amounts)[0])
    (most_profit, saving_there), (profit_there, most_saving) = ends
    found = []
    for own, there in ((most_profit, profit_there), (most_saving, saving_there)):
        unit = own - there if own - there > 1e-9 * own else own
        found.append(unit if unit > 1e-12 else None)
    return found


def check_units(problem, scales, where):
    """That a unit of currency counts what the yardstick says; the largest relative difference."""
    worst = 0.0
    for unit, scale in zip(units(problem), scales):
        expect((unit is None) == (scale == 0), where, "unit", unit, "scale", scale)
        if unit is not None:
            worst = max(worst, abs(unit * scale - 1))
    expect(worst <= UNIT_TOLERANCE, where, "units differ by", worst)
    return worst


def check_scheme(problem, gains, scheme, value, where):
    """That exact's scheme is feasible and worth what it says."""
    price = None if scheme["price"] is None else numpy.array([scheme["price"]])
    expect((price is not None) == problem.tradeable, where, "price", price)
    if price is not None:
        expect(problem.lowest <= price[0] <= problem.highest, where, "price", price, "is outside the band")
    amounts = numpy.array(scheme["sold"] + scheme["stored"] + scheme["moved"])
    limits = numpy.r_[problem.surplus, problem.demand, problem.room]
    feasible = (amounts >= 0).all() and (amounts <= problem.caps(price)[0] + 1e-8).all()
    expect(feasible and (problem.matrix @ amounts <= limits + 1e-8).all(), where, "infeasible")
    worth = problem.gained(price, amounts)[0] @ gains
    expect(abs(worth - value) <= TOLERANCE * max(1, abs(value)), where, "scheme worth", worth, "and not", value)
    return price


def check(number, book):
    """Differences relative to max(1, |value|): at exact's price, and of the best price found; and of the units."""
    problem, where = Problem(book), f"book {number}:"
    units_differ = check_units(problem, book["scales"], where)
    gains = numpy.array(book["weights"]) * numpy.array(book["scales"])
    value, bound = book["value"], book["bound"]
    price = check_scheme(problem, gains, book["scheme"], value, where)
    tolerance = TOLERANCE * max(1, abs(value))
    _, (at_price,) = problem.solve(gains, price)
    expect(abs(at_price - value) <= tolerance, where, "HiGHS has", at_price, "at exact's price, exact", value)
    best_price, best = problem.best(gains)
    expect(best <= bound + tolerance, where, best, "at price", best_price, "is above exact's bound", bound)
    expect(bound - value <= tolerance, where, "exact's bound", bound, "is loose, its value", value)
    told = ("the best found is", best, "at price", best_price, "and exact's", value, "at", price)
    expect(abs(best - value) <= tolerance, where, *told)
    unit = max(1, abs(value))
    return abs(at_price - value) / unit, abs(best - value) / unit, units_differ, problem.tradeable


def main():
    with open(sys.argv[1], encoding="utf-8") as lines:
        found = [check(number, json.loads(line)) for number, line in enumerate(lines)]
    at_price, best, units_differ, tradeable = zip(*found)
    print(f"{len(found)} books, {sum(tradeable)} with trade")
    print(f"largest difference: {max(at_price):.1e} at exact's price, {max(best):.1e} of the best found")
    print(f"largest difference of a unit: {max(units_differ):.1e}")


main()
