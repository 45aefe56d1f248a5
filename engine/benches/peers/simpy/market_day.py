"""The market day on SimPy, as `market_day.rs` defines it; two periods are not counted.

Prints messages and nanoseconds of this process's own processor time for each message; starting Python and building the model do
not count. Every actor is a process that waits at a store of its own, as SimPy's documentation has it. Python's
random numbers are others, and so the prices are. Needs: pip install simpy==4.1.2
"""

import math
import random
import sys
import time

import simpy

PERIOD, GATE, SETTLE, WARM_UP = 15, 5, 10, 2


def tariff_of(period):
    return 200_000 + period % 96 * 1_000


class Household:
    def __init__(self, env, me):
        self.me = me
        self.mailbox = simpy.Store(env)
        self.random = random.Random(f"market day household {me}")
        self.capacity_kwh = self.random.uniform(30.0, 80.0)
        self.peak_kw = self.random.uniform(0.0, 8.0)
        self.content_kwh = 0.5 * self.capacity_kwh
        self.cell_celsius = 25.0
        self.money = 0

    def run(self, market, platform):
        while True:
            kind, *content = yield self.mailbox.get()
            if kind == "period":
                market.mailbox.put(("bid", *self.bid(*content)))
            else:
                platform.mailbox.put(("receipt", *self.fill(*content)))

    def bid(self, tariff):
        sun = self.random.random()
        need_kwh = self.random.expovariate(1.0)
        self.cell_celsius += 0.2 * (15.0 + 30.0 * sun - self.cell_celsius)
        efficiency = 1.0 - 0.004 * (self.cell_celsius - 25.0)
        generated_kwh = 0.25 * self.peak_kw * sun * efficiency
        self.content_kwh = min(max(self.content_kwh + generated_kwh - need_kwh, 0.0), self.capacity_kwh)
        beyond_kwh = self.content_kwh - 0.5 * self.capacity_kwh
        want = math.exp(-self.content_kwh / self.capacity_kwh)
        return self.me, int(beyond_kwh * 1e6), int(tariff * (0.4 + 0.6 * want))

    def fill(self, energy, price):
        money = energy * price // 1_000_000
        self.content_kwh -= energy * 1e-6
        self.money += money
        return energy, money


class Market:
    def __init__(self, env):
        self.env = env
        self.mailbox = simpy.Store(env)
        self.tariff = self.supply = self.demand = 0
        self.bids = []

    def timer(self, delay, kind):
        yield self.env.timeout(delay)
        self.mailbox.put((kind,))

    def run(self, households, platform):
        while True:
            kind, *content = yield self.mailbox.get()
            if kind == "bid":
                _, energy, _ = content
                self.supply += max(energy, 0)
                self.demand -= min(energy, 0)
                self.bids.append(content)
            elif kind == "begin":
                (self.tariff,) = content
                self.env.process(self.timer(GATE, "gate_closure"))
            else:
                served = min(self.supply, self.demand)
                sold = served / self.supply if self.supply else 0.0
                bought = served / self.demand if self.demand else 0.0
                most = max(self.supply, self.demand)
                price = int(self.tariff * (0.2 + 0.8 * (served / most if most else 0.0) * bought))
                total = 0
                for household, energy, limit in self.bids:
                    filled = int(energy * (sold if energy > 0 else bought))
                    total += filled
                    households[household].mailbox.put(("fill", filled, (price + limit) // 2))
                platform.mailbox.put(("cleared", price, total, len(self.bids)))
                self.supply = self.demand = 0
                self.bids = []


class Platform:
    def __init__(self, env):
        self.env = env
        self.mailbox = simpy.Store(env)
        self.period = self.energy = self.money = self.receipts = self.messages = 0
        self.cleared = None

    def timer(self, delay, kind):
        yield self.env.timeout(delay)
        self.mailbox.put((kind,))

    def run(self, households, market):
        while True:
            kind, *content = yield self.mailbox.get()
            if kind == "receipt":
                energy, money = content
                self.energy += energy
                self.money += money
                self.receipts += 1
            elif kind == "open":
                self.period += 1
                tariff = tariff_of(self.period)
                market.mailbox.put(("begin", tariff))
                for household in households:
                    household.mailbox.put(("period", tariff))
                self.env.process(self.timer(SETTLE, "settle"))
                self.env.process(self.timer(PERIOD, "open"))
            elif kind == "cleared":
                self.cleared = content
            else:
                assert [self.energy, self.receipts] == self.cleared[1:], "the books are those of the clearing"
                self.messages += 4 * self.receipts + 5
                self.energy = self.money = self.receipts = 0


households_count, periods = int(sys.argv[1]), int(sys.argv[2])
env = simpy.Environment()
households = [Household(env, me) for me in range(households_count)]
market, platform = Market(env), Platform(env)
for household in households:
    env.process(household.run(market, platform))
env.process(market.run(households, platform))
env.process(platform.run(households, market))
env.process(platform.timer(PERIOD, "open"))
env.run(until=(WARM_UP + 1) * PERIOD)
before = platform.messages
start = time.process_time_ns()
env.run(until=(WARM_UP + periods + 1) * PERIOD)
taken = time.process_time_ns() - start
messages = platform.messages - before
assert messages == periods * (4 * households_count + 5)
print("processes", messages, taken / messages)
