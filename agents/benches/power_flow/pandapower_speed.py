"""Processor seconds of one power flow of the 33-bus feeder in pandapower, by algorithm, a line each."""

import time
import warnings

import pandapower
import pandapower.networks

warnings.filterwarnings("ignore")
SECONDS = 3.0

try:
    import numba  # noqa: F401
    with_numba = True
except ImportError:
    with_numba = False
    print("left out: pandapower with numba (no numba)")


def seconds_per_call(**settings):
    net = pandapower.networks.case33bw()
    p_mw, q_mvar = net.load.p_mw.to_numpy().copy(), net.load.q_mvar.to_numpy().copy()
    pandapower.runpp(net, **settings)  # numba compiles
    if settings["algorithm"] == "nr":
        settings["init"] = "results"
    calls, start = 0, time.process_time()
    while time.process_time() - start < SECONDS:
        factor = 0.5 + 0.005 * ((calls * 37) % 100)
        net.load["p_mw"], net.load["q_mvar"] = p_mw * factor, q_mvar * factor
        pandapower.runpp(net, **settings)
        calls += 1
    return (time.process_time() - start) / calls


for algorithm in ("nr", "bfsw"):
    for numba_on in ([True, False] if with_numba else [False]):
        name = f"{algorithm}_{'numba' if numba_on else 'plain'}"
        try:
            print(name, seconds_per_call(algorithm=algorithm, numba=numba_on))
        except Exception as error:  # a version that lacks it is left out, and says so
            print(f"left out: pandapower {name} ({type(error).__name__}: {error})")
