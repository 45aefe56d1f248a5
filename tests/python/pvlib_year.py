"""Holds a year of suns, irradiances on tilted planes and cell temperatures against pvlib.

Arguments: a TMY3 file, the same year as EPW, and what goshawk made of it (rows.csv, see tests/it/pvlib.rs).
pvlib reads the files by itself and finds the sun by itself; sunrises and sunsets are checked with its sun.
"""

import sys

import numpy as np
import pandas as pd
import pvlib

PLANES = {35: 180.0, 60: 255.0}
MODELS = ["isotropic", "haydavies", "perez"]
BRIGHT_W_PER_M2 = 30.0
# Centre of the sun when its upper edge appears, without refraction.
HORIZON_DEG = -0.8337


def check(what, worst, most):
    print(f"{what}: at most {worst:.3g}, allowed {most}")
    if not worst <= most:
        sys.exit(f"{what}: {worst} is more than {most}")


def light_of(start, position, ours):
    """The middle of the part of each hour in which the sun is up, after a check of that part with pvlib's sun."""
    at_start = position(start)["elevation"].to_numpy() > HORIZON_DEG
    at_end = position(start + pd.Timedelta("1h"))["elevation"].to_numpy() > HORIZON_DEG
    share = ours["share"].to_numpy()
    length = pd.to_timedelta(3600 * share, unit="s")
    check("hours of day that are not wholly so", (share[at_start & at_end] != 1).sum(), 0)
    check("hours of night with a sun", (share[~at_start & ~at_end] != 0).sum(), 0)
    begin = pd.DatetimeIndex(np.where(at_start, start, start + pd.Timedelta("1h") - length), tz="UTC")
    edges = pd.DatetimeIndex(np.where(at_start, start + length, begin), tz="UTC")
    some = at_start != at_end
    off = position(edges[some])["elevation"].to_numpy() - HORIZON_DEG
    check(f"degrees from the horizon at {some.sum()} sunrises and sunsets", np.abs(off).max(), 0.01)
    up = at_start | at_end
    middle = pd.DatetimeIndex(np.where(up, begin + length / 2, start + pd.Timedelta("30min")), tz="UTC")
    told = (middle - pd.Timestamp(0, tz="UTC")) / pd.Timedelta("1s")
    check("seconds between the middles of light", np.abs(told - ours["sun_at"]).max(), 1)
    return middle.tz_convert(start.tz)


def main(tmy3, epw, rows):
    data, site = pvlib.iotools.read_tmy3(tmy3, map_variables=True)
    site = {"latitude": site["latitude"], "longitude": site["longitude"], "altitude": site["altitude"]}
    ours = pd.read_csv(rows)
    start = pd.date_range("2019-01-01", periods=8760, freq="h", tz="Etc/GMT+5")
    assert len(data) == len(ours) == 8760

    # The sun in the middle of each hour.
    middle = start + pd.Timedelta("30min")
    seconds = (middle - pd.Timestamp(0, tz="UTC")) / pd.Timedelta("1s")
    assert np.array_equal(np.round(seconds), ours["middle"])
    pressure = pvlib.atmosphere.alt2pres(site["altitude"])
    position = lambda times: pvlib.solarposition.get_solarposition(times, **site, pressure=pressure, temperature=12)
    sun = position(middle)
    azimuth = np.abs((sun["azimuth"].to_numpy() - ours["azimuth"] + 180) % 360 - 180)
    check("elevation of the sun in degrees", np.abs(sun["apparent_elevation"].to_numpy() - ours["elevation"]).max(), 0.01)
    check("azimuth of the sun in degrees", azimuth.max(), 0.01)

    # Hours of sunrise and sunset see it in the middle of their light.
    times = light_of(start, position, ours)
    sun = position(times)
    extra = pvlib.irradiance.get_extra_radiation(times)
    relative = pvlib.atmosphere.get_relative_airmass(sun["apparent_zenith"])
    roof = None
    for tilt, facing in PLANES.items():
        for model in MODELS:
            total = pvlib.irradiance.get_total_irradiance(
                tilt, facing, sun["apparent_zenith"], sun["azimuth"], data["dni"].to_numpy(), data["ghi"].to_numpy(),
                data["dhi"].to_numpy(), dni_extra=extra, airmass=relative, albedo=0.2, model=model,
            )["poa_global"].fillna(0).to_numpy()
            mine = ours[f"{model}_{tilt}"].to_numpy()
            bright = total > BRIGHT_W_PER_M2
            name = f"{model}, tilt {tilt}, azimuth {facing}"
            check(f"{name}: relative error of hours above {BRIGHT_W_PER_M2} W/m2", (np.abs(mine / total - 1))[bright].max(), 0.01)
            check(f"{name}: relative error of the year", abs(mine.sum() / total.sum() - 1), 0.01)
            if tilt == 35 and model == "haydavies":
                roof = total
                print(f"{name}: {total.sum() / 1000:.1f} kWh/m2 a year")

    air, wind = data["temp_air"].to_numpy(), data["wind_speed"].to_numpy()
    check("cell temperature of Faiman in K", np.abs(pvlib.temperature.faiman(roof, air, wind) - ours["faiman"]).max(), 0.5)
    check("cell temperature of Ross in K", np.abs(pvlib.temperature.ross(roof, air, noct=45) - ours["ross"]).max(), 0.5)

    again, place = pvlib.iotools.read_epw(epw)
    for name in ["ghi", "dni", "dhi", "temp_air", "wind_speed"]:
        check(f"EPW: {name}", np.abs(again[name].to_numpy(float) - data[name].to_numpy(float)).max(), 0)
    assert (place["latitude"], place["longitude"], place["altitude"]) == tuple(site.values()), place
    print("a year of 8760 hours agrees")


main(*sys.argv[1:])
