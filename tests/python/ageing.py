"""Holds goshawk's ageing of batteries against SimSES, an independent implementation by the authors' own chair.

Usage: ageing.py PROFILES, a file of one JSON object a line: start (state of charge), temperature_c, seconds (of a step),
socs (after each step); and what goshawk found: calendar and cycle, as shares of the new capacity. The first line has
goshawk's curves instead: voltage, charge_ohm and discharge_ohm, each a list of [state of charge, value].

Prints a line of figures; stops at the first thing that is further away than it may be.
"""

import csv
import json
import sys
from bisect import bisect_left
from pathlib import Path
from types import SimpleNamespace

import simses
from simses.commons.cycle_detection.half_cycle_detector import HalfCycleDetector
from simses.technology.lithium_ion.degradation.calendar.lfp_sony import SonyLFPCalendarDegradationModel
from simses.technology.lithium_ion.degradation.cyclic.lfp_sony import SonyLFPCyclicDegradationModel

# Largest relative difference of a loss, and largest differences of the curves in V and in ohm. Straight lines between a
# few points stand for a measured voltage; below 1 % of charge it falls too steeply for that.
TOLERANCE, VOLTAGE_V, RESISTANCE_OHM = 0.01, 0.02, 0.0001
NEARLY_EMPTY = 0.01
CELL_AH = 3.0
DATA = Path(simses.__file__).parent / "data" / "lithium_ion" / "cell"


def expect(holds, *told):
    if not holds:
        sys.exit(f"not as promised: {' '.join(map(str, told))}")


class Battery:
    """SimSES's two models of the Sony US26650FTC1 with its detector of half cycles, as its own simulation calls them."""

    def __init__(self, start, seconds):
        # All that the models ask of a cell and a configuration.
        cell = SimpleNamespace(
            get_nominal_capacity=lambda: CELL_AH,
            get_calendar_capacity_loss_start=lambda: 0.0,
            get_cyclic_capacity_loss_start=lambda: 0.0,
        )
        data = SimpleNamespace(
            lfp_sony_degradation_capacity_file=DATA / "CLFP_Sony_US26650_capacity_decrease_param.csv",
            lfp_sony_degradation_resistance_file=DATA / "CLFP_Sony_US26650_resistance_increase_param.csv",
        )
        naumann = SimpleNamespace(degradation_model_number=1)
        endless = SimpleNamespace(end=1e18, duration=0, loop=1, timestep=seconds)
        self.detector = HalfCycleDetector(start, endless)
        self.calendar_model = SonyLFPCalendarDegradationModel(cell, data, naumann)
        self.cycle_model = SonyLFPCyclicDegradationModel(cell, self.detector, data, naumann)
        self.seconds, self.time = seconds, 0.0
        self.calendar = self.cycle = 0.0

    def step(self, soc, kelvin):
        state = SimpleNamespace(
            time=self.time, soc=soc, temperature=kelvin, capacity=CELL_AH * 3.2, nominal_voltage=3.2
        )
        self.time += self.seconds
        self.calendar_model.calculate_degradation(self.time, state)
        self.calendar += self.calendar_model.get_degradation() / CELL_AH
        if self.detector.cycle_detected(self.time, state) and self.detector.get_depth_of_cycle() > 0:
            self.cycle_model.calculate_degradation(state)
            self.cycle += self.cycle_model.get_degradation() / CELL_AH


def check_curves(curves):
    def column(name, number):
        with open(DATA / name) as file:
            rows = [(float(row[0]), float(row[number])) for row in list(csv.reader(file))[1:]]
        return sorted(rows)

    def at(rows, soc):
        upper = min(max(bisect_left(rows, (soc, 0.0)), 1), len(rows) - 1)
        (s0, v0), (s1, v1) = rows[upper - 1], rows[upper]
        return v0 + (v1 - v0) * (soc - s0) / (s1 - s0)

    resistance = "CLFP_Sony_US26650_Rint.csv"
    for name, rows, tolerance in (
        ("voltage", column("CLFP_Sony_US26650_OCV.csv", 1), VOLTAGE_V),
        ("charge_ohm", column(resistance, 3), RESISTANCE_OHM),
        ("discharge_ohm", column(resistance, 7), RESISTANCE_OHM),
    ):
        for soc, value in curves[name]:
            expected = at(rows, soc)
            close = abs(value - expected) <= tolerance
            expect(close or soc < NEARLY_EMPTY, name, "at", soc, "is", value, "and not", expected)


def main():
    with open(sys.argv[1]) as file:
        curves, *profiles = map(json.loads, file)
    check_curves(curves)
    worst = 0.0
    for number, profile in enumerate(profiles):
        battery = Battery(profile["start"], profile["seconds"])
        kelvin = profile["temperature_c"] + 273.15
        for soc in profile["socs"]:
            battery.step(soc, kelvin)
        for name, theirs in (("calendar", battery.calendar), ("cycle", battery.cycle)):
            ours = profile[name]
            difference = abs(ours - theirs) / max(theirs, 1e-4)
            worst = max(worst, difference)
            expect(difference <= TOLERANCE, "profile", number, name, ours, "and SimSES", theirs)
    print(f"{len(profiles)} profiles, largest difference {worst:.2e}")


main()
