"""Computes key figures of a run anew, in pandas and from the tables alone, and holds those of the run against them.

Usage: key_figures.py OUT BLOCK_TRANSACTIONS_MAX [INTENSITY.csv]. Prints how many figures agree; stops at the first that does not.
"""

import json
import math
import re
import sys
from pathlib import Path

import numpy
import pandas

KEYS = ["day", "period"]


def micro(column):
    """The integers of 1e-6 steps that the run computed with."""
    return (column * 1e6).round().astype("int64")


def amounts(prices, energies):
    """Prices times energies in steps of 1e-6, rounded once, halves away from zero."""
    exact = micro(prices) * micro(energies)
    return exact.abs().add(500_000).floordiv(1_000_000) * numpy.sign(exact)


def share(numerator, denominator):
    return numerator / denominator if denominator > 0 else None


def gini(values):
    """By its definition, the mean difference of all pairs."""
    values = numpy.asarray(values, dtype=float)
    if len(values) == 0 or (values < 0).any() or values.sum() <= 0:
        return None
    return numpy.abs(values[:, None] - values[None, :]).mean() / (2 * values.mean())


def jain(values):
    values = numpy.asarray(values, dtype=float)
    if len(values) == 0 or (values < 0).any() or values.sum() <= 0:
        return None
    return values.mean() ** 2 / (values**2).mean()


def coefficient_of_variation(trades):
    energy, price = trades.energy_kwh, trades.buyer_price_per_kwh
    if energy.sum() <= 0:
        return None
    mean = numpy.average(price, weights=energy)
    return share(math.sqrt(numpy.average((price - mean) ** 2, weights=energy)), mean)


def quantile(latencies, q):
    """The smallest whole number of milliseconds that a share q does not exceed."""
    if latencies.empty:
        return None
    return float(numpy.ceil(latencies).sort_values().iloc[math.ceil(q * len(latencies)) - 1])


class Run:
    def __init__(self, out, block_transactions_max, intensity):
        self.out, self.block_transactions_max, self.intensity = out, block_transactions_max, intensity
        manifest = json.loads((out / "manifest.json").read_text())
        self.hours = manifest["horizon"]["period_micros"] / 3.6e9
        self.agents = self.table("agent_periods")
        self.markets = self.table("market_periods")
        self.trades = self.table("trades")
        self.households = self.table("households")
        self.events = self.table("events")
        outside = self.markets[KEYS].copy()
        outside["outside"] = self.markets[["grid_price_per_kwh", "company_price_per_kwh"]].min(axis=1)
        self.outside = outside
        self.agents = self.agents.merge(outside, on=KEYS, how="left", validate="many_to_one")
        self.trades = self.trades.merge(outside, on=KEYS, how="left", validate="many_to_one")

    def table(self, name):
        frame = pandas.read_parquet(self.out / name)
        for column in frame.select_dtypes("category"):
            frame[column] = frame[column].astype(str)
        return frame

    def import_of_periods(self):
        agents = self.agents
        net = agents.bought_grid_kwh + agents.bought_company_kwh
        net = net + agents.aggregated_down_kwh - agents.aggregated_up_kwh
        return (micro(net).groupby([agents.day, agents.period]).sum() / 1e6).sort_index()

    def of_households(self, agents, households):
        """Figures over some households, given all their rows."""
        received = agents.bought_p2p_kwh + agents.bought_grid_kwh + agents.bought_company_kwh
        received = received + agents.withdrawn_kwh + agents.aggregated_down_kwh
        worth = amounts(agents.outside, received)
        benchmark = worth.groupby(agents.household).sum() / 1e6
        net_cost = micro(agents.spend - agents.income).groupby(agents.household).sum() / 1e6
        savings = benchmark - net_cost
        bought = agents[["bought_p2p_kwh", "bought_grid_kwh", "bought_company_kwh"]].sum().sum()
        sold, p2p = agents.sold_kwh.sum(), agents.bought_p2p_kwh.sum()
        out = agents[["sold_kwh", "stored_kwh", "aggregated_up_kwh"]].sum().sum()
        demand = received.sum() + agents.pv_kwh.sum() - out
        has_traded = (agents.sold_kwh + agents.bought_p2p_kwh > 0).groupby(agents.household).any()
        days = self.table("battery_days")
        last = days[(days.day == days.day.max()) & days.household.isin(households)]
        cycles = last.full_equivalent_cycles.mean() if len(last) else None
        figures = {
            "demand": demand,
            "average_cost": share(net_cost.sum(), demand),
            "p2p_share_bought": share(p2p, bought),
            "p2p_share_sold": share(sold, sold + agents.stored_kwh.sum() + agents.pv_spilled_kwh.sum()),
            "savings": savings.sum(),
            "savings_share": share(savings.sum(), benchmark.sum()),
            "participation_rate": has_traded.sum() / len(households),
            "gini_savings": gini(savings.round(6)),
            "jain_savings": jain(savings.round(6)),
            "gini_net_cost": gini(net_cost),
            "jain_net_cost": jain(net_cost),
            "full_equivalent_cycles": cycles,
            "content_end": agents[agents.ts_start == self.agents.ts_start.max()].content_kwh.sum(),
            **self.cheating(households),
        }
        return figures, savings.mean()

    def cheating(self, households):
        """Who broke contracts or lied about them, and the penalties in those periods. Events are of the period's end."""
        kinds = ["non_delivery", "false_reading", "false_reading_found", "double_sale"]
        events = self.events[self.events.kind.isin(kinds) & self.events.actor.isin(households)]
        ended = events["at"] - pandas.Timedelta(hours=self.hours)
        cheated = set(zip(ended, events.actor))
        cost = 0.0
        for party, penalty in [("seller", "penalty_to_buyer"), ("buyer", "penalty_to_seller")]:
            paid = [key in cheated for key in zip(self.trades.ts_start, self.trades[party])]
            cost += self.trades[penalty][paid].sum()
        suspended = self.events[(self.events.kind == "suspended") & self.events.actor.isin(households)]
        return {
            "cheaters": events.actor.nunique(),
            "cheating_cost": cost,
            "suspended": suspended.actor.nunique(),
        }

    def prices(self):
        trades = self.trades[self.trades.energy_kwh > 0]
        energy = trades.energy_kwh.sum()
        within = [coefficient_of_variation(group) for _, group in trades.groupby(KEYS)]
        outside = (trades.energy_kwh * trades.outside).sum()
        markets = self.markets
        return {
            "fill_ratio": share(markets.traded_kwh.sum(), markets.offered_kwh.sum()),
            "market_efficiency": share(markets.welfare.sum(), markets.welfare_exact.sum()),
            "trade_price": share(trades.amount.sum(), energy),
            "trade_price_received": share(trades.seller_amount.sum(), energy),
            "trade_price_cv": coefficient_of_variation(trades),
            "trade_price_cv_in_period": float(numpy.mean(within)) if within else None,
            "p2p_advantage": share(outside - trades.amount.sum(), outside),
        }

    def grid(self, demand):
        imports = self.import_of_periods()
        days = imports.groupby("day").agg(["max", "mean"])
        importing = days[days["mean"] > 0]
        ramps = imports.diff().abs().dropna()
        figures = {
            "peak_import_daily": days["max"].mean() / self.hours,
            "peak_to_average": (importing["max"] / importing["mean"]).mean() if len(importing) else None,
            "load_factor": (importing["mean"] / importing["max"]).mean() if len(importing) else None,
            "ramping": ramps.sum() / self.hours if len(ramps) else None,
            "co2": None,
            "co2_per_kwh": None,
        }
        if self.intensity is not None:
            # The series has a row an hour in UTC, and no period is longer.
            series = pandas.read_csv(self.intensity, comment="#")
            hours = pandas.to_datetime(series.time, utc=True)
            grams = pandas.Series(series.g_per_kwh.to_numpy(), index=hours)
            starts = self.markets.set_index(KEYS).ts_start.loc[imports.index].dt.floor("h")
            kg = (imports.clip(lower=0).to_numpy() * grams.loc[starts].to_numpy()).sum() / 1000
            figures |= {"co2": kg, "co2_per_kwh": share(kg, demand)}
        return figures

    def driving(self, kpis):
        events = self.table("events")

        def numbers(kind, form):
            details = events.detail[events.kind == kind]
            return [tuple(map(float, re.search(form, detail).groups())) for detail in details]

        number = r"([0-9.]+)"
        short = numbers("departure_short", f"left {number} kWh at the meter .*with {number} of {number} kWh")
        unmet = numbers("session_short", f": {number} of {number} kWh were not charged")
        departures, sessions = kpis["departures"], kpis["sessions"]
        satisfied = [held / wanted for _, held, wanted in short]
        return {
            "departure_satisfaction": share(departures - len(short) + sum(satisfied), departures),
            "departure_satisfaction_min": min([1.0, *satisfied]) if departures else None,
            "energy_not_served": sum(missing for missing, *_ in [*short, *unmet]),
            "sessions_met_share": share(sessions - len(unmet), sessions),
            "sessions_delivered_share": share(kpis["sessions_delivered"], kpis["sessions_recorded"]),
        }

    def chain(self):
        blocks, transactions = self.table("blocks"), self.table("transactions")
        trades, energy = self.trades, self.trades.energy_kwh.sum()
        return {
            "latency_p50": quantile(blocks.latency_ms, 0.5),
            "block_fill": share(len(transactions), len(blocks) * self.block_transactions_max),
            "rejected_share": share(int((transactions.status == "rejected").sum()), len(transactions)),
            "block_bytes": float(blocks.bytes.sum()),
            "bytes_per_kwh": share(float(blocks.bytes.sum()), energy),
            "fees_per_kwh": share((trades.grid_amount + trades.platform_amount).sum(), energy),
            "extra_rounds": float(blocks["round"].sum()),
            "rejections": int((self.events.kind == "rejection").sum()),
            "equivocations": int((self.events.kind == "equivocation").sum()),
            "double_sales": int((self.events.kind == "double_sale").sum()),
            "replays": int((self.events.kind == "replay").sum()),
            "surcharges": (trades.seller_surcharge + trades.buyer_surcharge).sum(),
            "suspensions": int((self.events.kind == "suspended").sum()),
            "reinstatements": int((self.events.kind == "reinstated").sum()),
        }


    def surpluses(self, kpis):
        """What both sides gain, from the contracts; where demand is moved, buyers gain from that too, so only at least so much."""
        trades = self.trades
        direct = (trades.contracted_kwh * (trades.outside - trades.buyer_price_per_kwh)).sum()
        fees = (trades.contracted_kwh * (trades.grid_fee_per_kwh + trades.platform_fee_per_kwh)).sum()
        # A contract's energy is rounded to 1e-6 kWh, and what is rejected is in no trade.
        room = 1e-6 * (1 + len(trades))
        rejected = (self.table("transactions").status == "rejected").any()
        together = kpis["producer_surplus"] + kpis["consumer_surplus"] + fees
        if not rejected and abs(together - self.markets.welfare.sum()) > room:
            sys.exit(f"surpluses and fees are {together}, the welfare {self.markets.welfare.sum()}")
        if not rejected and kpis["consumer_surplus"] < direct - room:
            sys.exit(f"consumer surplus: {kpis['consumer_surplus']} in the run, at least {direct} from its tables")
        return kpis["consumer_surplus"] - direct < room


def hold_against(found, expected, where):
    for variable, value in expected.items():
        told = found[variable]
        is_null = told is None or math.isnan(told)
        if value is None or is_null:
            if (value is None) != is_null:
                sys.exit(f"{variable} of {where}: {told} in the run, {value} from its tables")
        elif not math.isclose(told, value, rel_tol=1e-9, abs_tol=1e-9):
            sys.exit(f"{variable} of {where}: {told} in the run, {value} from its tables")
    return len(expected)


def main():
    out, block_transactions_max = Path(sys.argv[1]), int(sys.argv[2])
    run = Run(out, block_transactions_max, sys.argv[3] if len(sys.argv) > 3 else None)
    kpis = run.table("kpis")
    told = {key: dict(zip(rows.variable, rows.value)) for key, rows in kpis.groupby(["scope", "id"])}
    of_run = told["run", ""]

    expected, _ = run.of_households(run.agents, run.households.household)
    expected |= run.prices() | run.grid(expected["demand"]) | run.driving(of_run) | run.chain()
    means, compared = [], 0
    for name, members in run.households.groupby("class"):
        agents = run.agents[run.agents["class"] == name]
        figures, mean = run.of_households(agents, members.household)
        means.append(mean)
        compared += hold_against(told["class", name], figures, name)
    expected |= {"class_savings_min": min(means), "class_savings_max": max(means)}
    compared += hold_against(of_run, expected, "the run")
    for name, rows in run.table("operator_periods").groupby("operator"):
        sums = {"revenue": rows.revenue.sum(), "cost": rows.cost.sum(), "energy": rows.energy_kwh.sum()}
        compared += hold_against(told["operator", name], sums, name)
    exact = "is that of" if run.surpluses(of_run) else "is above that of"
    print(f"consumer surplus {exact} the contracts")
    nulls = sorted(variable for variable, value in expected.items() if value is None)
    print(f"{compared} figures agree, null: {' '.join(nulls)}")


main()
