"""SimSES's ageing of the Sony LFP cell along a path of states of charge, one a line, a quarter of an hour apart.

Prints steps per second of processor time (median of 3), and the loss of capacity as a share of the new one. The cell and
the configuration hold what its models ask of them and nothing else, so that no more is measured. Needs: pip install
simses==1.3.12 numpy pandas pytz scipy
"""

import statistics
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import simses
from simses.commons.cycle_detection.half_cycle_detector import HalfCycleDetector
from simses.technology.lithium_ion.degradation.calendar.lfp_sony import SonyLFPCalendarDegradationModel
from simses.technology.lithium_ion.degradation.cyclic.lfp_sony import SonyLFPCyclicDegradationModel

STEP_S, KELVIN, CELL_AH = 900.0, 298.15, 3.0
DATA = Path(simses.__file__).parent / "data" / "lithium_ion" / "cell"


def run(path):
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
    endless = SimpleNamespace(end=1e18, duration=0, loop=1, timestep=STEP_S)
    detector = HalfCycleDetector(0.8, endless)
    calendar = SonyLFPCalendarDegradationModel(cell, data, naumann)
    cycle = SonyLFPCyclicDegradationModel(cell, detector, data, naumann)
    state = SimpleNamespace(time=0.0, soc=0.8, temperature=KELVIN, capacity=CELL_AH * 3.2, nominal_voltage=3.2)
    loss, now = 0.0, 0.0
    start = time.process_time()
    for soc in path:
        state.time, state.soc = now, soc
        now += STEP_S
        calendar.calculate_degradation(now, state)
        loss += calendar.get_degradation()
        if detector.cycle_detected(now, state) and detector.get_depth_of_cycle() > 0:
            cycle.calculate_degradation(state)
            loss += cycle.get_degradation()
    return loss / CELL_AH, len(path) / (time.process_time() - start)


def main():
    path = [float(line) for line in Path(sys.argv[1]).read_text().split()]
    runs = [run(path) for _ in range(3)]
    print("loss", runs[0][0])
    print("steps_per_cpu_second", statistics.median(speed for _, speed in runs))


main()
