"""Answers each line with the processor time of a year from weather to power, and the energy in kWh/m2."""

import sys
import time

import numpy as np
import pandas as pd
import pvlib

data, site = pvlib.iotools.read_tmy3(sys.argv[1], map_variables=True)
times = pd.date_range("2019-01-01 00:30", periods=len(data), freq="h", tz="Etc/GMT+5")
ghi, dni, dhi, air, wind = (data[name].to_numpy() for name in ["ghi", "dni", "dhi", "temp_air", "wind_speed"])


def year():
    sun = pvlib.solarposition.get_solarposition(times, site["latitude"], site["longitude"], site["altitude"])
    extra = pvlib.irradiance.get_extra_radiation(times)
    total = pvlib.irradiance.get_total_irradiance(
        30, 180, sun["apparent_zenith"].to_numpy(), sun["azimuth"].to_numpy(), dni, ghi, dhi,
        dni_extra=extra.to_numpy(), albedo=0.2, model="haydavies",
    )["poa_global"]
    cell = pvlib.temperature.faiman(total, air, wind)
    power = total / 1000 * 0.18 * (1 - 0.004 * (cell - 24.85))
    return np.minimum(power * 0.96, 0.15).sum()


for _ in sys.stdin:
    start = time.process_time()
    energy = year()
    print(time.process_time() - start, energy, flush=True)
