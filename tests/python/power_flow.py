"""Holds the power flow of goshawk-agents against pandapower, on cases that a Rust test has solved.

Usage: power_flow.py CASES, a file of one JSON object a line: `base_kv`, `source_pu`, `substation`; `lines` with
`from`, `to`, `r_ohm`, `x_ohm`, `limit_kva`; `loads` by bus number with `p_kw`, `q_kvar`; and what was found:
`voltages` by bus number, `losses_kw`, `supplied_kw`, `supplied_kvar`, and for each line its `loading`. The case named
`case33bw` is also built by pandapower itself. Prints a line of figures; stops at the first case that differs.
"""

import json
import sys

import numpy
import pandapower
import pandapower.networks

VOLTAGE_TOLERANCE = 1e-6  # p.u.
POWER_TOLERANCE = 1e-3  # kW of some MW
SETTINGS = {"algorithm": "nr", "tolerance_mva": 1e-11, "numba": False, "init": "flat", "calculate_voltage_angles": True}


def expect(holds, *told):
    if not holds:
        sys.exit(f"not as promised: {' '.join(map(str, told))}")


def network(case):
    """The case in pandapower, and the place of each bus by its number.

    Made by the functions that add many rows, and with a source out of a network that ships: pandapower 3.5.6 asks for
    pandas 2, and its functions that add one row fail under pandas 3.
    """
    net = pandapower.create_empty_network(f_hz=60)
    places = pandapower.create_buses(net, len(case["loads"]), vn_kv=case["base_kv"])
    buses = {int(number): place for number, place in zip(case["loads"], places)}
    net.ext_grid = pandapower.networks.case33bw().ext_grid
    net.ext_grid["bus"] = numpy.array([buses[case["substation"]]], dtype=net.ext_grid.bus.dtype)
    net.ext_grid["vm_pu"] = case["source_pu"]
    column = {name: [line[name] for line in case["lines"]] for name in case["lines"][0]}
    pandapower.create_lines_from_parameters(
        net, [buses[bus] for bus in column["from"]], [buses[bus] for bus in column["to"]], length_km=1,
        r_ohm_per_km=column["r_ohm"], x_ohm_per_km=column["x_ohm"], c_nf_per_km=0, max_i_ka=1,
    )
    loads = list(case["loads"].values())
    pandapower.create_loads(
        net, places, p_mw=[load["p_kw"] / 1000 for load in loads], q_mvar=[load["q_kvar"] / 1000 for load in loads]
    )
    return net, buses


def check(case):
    net, buses = network(case)
    pandapower.runpp(net, **SETTINGS)
    worst = 0.0
    for number, voltage in case["voltages"].items():
        worst = max(worst, abs(voltage - net.res_bus.vm_pu[buses[int(number)]]))
    expect(worst <= VOLTAGE_TOLERANCE, case["name"], "voltages differ by", worst)
    theirs = net.res_line.pl_mw.sum() * 1000, net.res_ext_grid.p_mw[0] * 1000, net.res_ext_grid.q_mvar[0] * 1000
    ours = case["losses_kw"], case["supplied_kw"], case["supplied_kvar"]
    expect(numpy.allclose(theirs, ours, rtol=0, atol=POWER_TOLERANCE), case["name"], theirs, ours)
    ends = net.res_line
    fuller = numpy.maximum(
        numpy.hypot(ends.p_from_mw, ends.q_from_mvar), numpy.hypot(ends.p_to_mw, ends.q_to_mvar)
    )
    for line, power_mva in zip(case["lines"], fuller):
        if line["limit_kva"] is not None:
            loading = power_mva * 1000 / line["limit_kva"]
            expect(abs(loading - line["loading"]) < 1e-5, case["name"], line, "loading", loading)
    return worst


def check_published(case):
    """The 33-bus feeder as pandapower ships it: the same lines and loads, and the same voltages."""
    net = pandapower.networks.case33bw()
    lines = net.line[net.line.in_service]
    theirs = sorted(zip(lines.from_bus, lines.to_bus, lines.r_ohm_per_km * lines.length_km, lines.x_ohm_per_km * lines.length_km))
    ours = sorted((line["from"], line["to"], line["r_ohm"], line["x_ohm"]) for line in case["lines"])
    expect(numpy.allclose(theirs, ours, rtol=1e-12, atol=0), "lines of case33bw differ")
    loads = {int(number): (load["p_kw"], load["q_kvar"]) for number, load in case["loads"].items()}
    for bus, p_mw, q_mvar in zip(net.load.bus, net.load.p_mw, net.load.q_mvar):
        expect(numpy.allclose(loads.pop(bus), (p_mw * 1000, q_mvar * 1000)), "load of case33bw differs at bus", bus)
    expect(all(load == (0, 0) for load in loads.values()), "loads that case33bw does not have", loads)
    expect(net.bus.vn_kv.eq(case["base_kv"]).all() and net.ext_grid.bus[0] == case["substation"], "case33bw")
    pandapower.runpp(net, **SETTINGS)
    worst = max(abs(voltage - net.res_bus.vm_pu[int(number)]) for number, voltage in case["voltages"].items())
    expect(worst <= VOLTAGE_TOLERANCE, "case33bw: voltages differ by", worst)
    return worst


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        cases = [json.loads(line) for line in file]
    expect(cases[0]["name"] == "case33bw", "the first case")
    worst = max([check_published(cases[0])] + [check(case) for case in cases])
    print(f"{len(cases)} cases, voltages within {worst:.1e} p.u. of pandapower {pandapower.__version__}")


main()
