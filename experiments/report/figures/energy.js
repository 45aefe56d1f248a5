// Where energy comes from: the sun, other users, grid and company, batteries and the shared storage.
"use strict";

const kwh = (name) => ({ name, unit: "kWh" });

goshawk.figures.push({
  id: "photovoltaics",
  group: "Energy",
  needs: ["agent_periods"],
  title: () => "Photovoltaic output by hour",
  view(c) {
    const agents = c.scenario.agents.classes;
    const columns = c.classes.map((name) => goshawk.meanByHour(c, agents[name].pv));
    const spilled = goshawk.meanByHour(c, goshawk.overClasses(c, agents, "spilled"));
    const isSpilled = spilled.some((value) => value > 0);
    const rows = goshawk.hourRows(c, [...columns, spilled]);
    const total = c.classes.reduce((sum, name) => sum + goshawk.total(c, agents[name].pv), 0) / 1e6 / c.replicates;
    const all = rows.map((row) => [row[0], row.slice(1, -1).reduce((sum, value) => sum + value, 0)]);
    const peak = goshawk.peak(all, 1);
    return {
      unit: "kWh", isSpilled, columns: [{ name: "Hour" }, ...c.classes.map(kwh), kwh("found no use")], rows,
      text: `Solar energy that vehicles charged, sold or stored, by class; ${goshawk.overDays(c)}. ${goshawk.inAll(c)} ${goshawk.number(total)} kWh` +
        (peak && peak[1] > 0 ? `, most at ${peak[0]} (${goshawk.number(peak[1])} kWh).` : "."),
    };
  },
  option(view, c, theme, width) {
    const series = c.classes.map((name, place) =>
      goshawk.bars(view, theme, place + 1, name, goshawk.classStyle(c.data, name, theme).color));
    if (view.isSpilled) series.push({ ...goshawk.line(view, c.classes.length + 1, "found no use", { color: theme.muted, dash: "dotted", fill: theme.surface }) });
    return goshawk.chart(view, theme, width, { series });
  },
  sql: (c) => goshawk.sql.meanByHour(c, "agent_periods", [
    ...c.classes.map((name) => [name, "pv_kwh", `class = ${goshawk.sql.text(name)}`]),
    ["found no use", "pv_spilled_kwh", goshawk.sql.classes(c)[0]],
  ]),
});

/** One figure a class: what it bought, where. */
const channels = [
  ["users", "other users", "p2p", "bought_p2p_kwh"],
  ["grid", "grid", "grid", "bought_grid_kwh"],
  ["company", "company", "company", "bought_company_kwh"],
  ["storage", "shared storage", "withdrawn", "withdrawn_kwh"],
];
goshawk.figures.push({
  id: "purchases",
  group: "Energy",
  each: (c) => c.classes,
  needs: ["agent_periods"],
  title: (c, name) => `Purchases of ${name} by hour`,
  view(c, name) {
    const sums = c.scenario.agents.classes[name];
    const rows = goshawk.hourRows(c, channels.map(([, , measure]) => goshawk.meanByHour(c, sums[measure])));
    const totals = channels.map(([, told, measure]) => [told, goshawk.total(c, sums[measure]) / 1e6 / c.replicates]);
    const all = totals.reduce((sum, [, total]) => sum + total, 0);
    const parts = totals.filter(([, total]) => total > 0).map(([told, total]) => `${goshawk.number(total)} kWh from ${told}`);
    const households = c.scenario.households[name];
    return {
      unit: "kWh", columns: [{ name: "Hour" }, ...channels.map(([, told]) => kwh(told))], rows,
      empty: all > 0 ? null : `Class ${name} bought nothing.`,
      text: `What ${households ? plural(households, "household") : "the households"} of class ${name} bought, by channel; ${goshawk.overDays(c)}. ` +
        (all > 0 ? `${goshawk.inAll(c)} ${parts.join(", ")}.` : ""),
    };
  },
  option(view, c, theme, width) {
    const series = channels.map(([key, told], place) =>
      goshawk.bars(view, theme, place + 1, told, goshawk.operatorColour(theme, key)));
    return goshawk.chart(view, theme, width, { series });
  },
  sql: (c, name) => goshawk.sql.meanByHour(c, "agent_periods",
    channels.map(([, told, , column]) => [told, column]), [`class = ${goshawk.sql.text(name)}`]),
});

goshawk.figures.push({
  id: "batteries",
  group: "Energy",
  needs: ["agent_periods", "households"],
  title: () => "Energy in the batteries",
  view(c) {
    const agents = c.scenario.agents.classes;
    const known = c.classes.filter((name) => c.scenario.households[name] > 0);
    const columns = known.map((name) =>
      goshawk.heldByHour(c, agents[name].content).map((sum) => (sum === null ? null : sum / c.scenario.households[name])));
    const rows = goshawk.hourRows(c, columns);
    const low = known.map((name, place) => {
      const least = rows.reduce((best, row) => (best === null || row[place + 1] < best[place + 1] ? row : best), null);
      return least ? `${name} ${goshawk.number(least[place + 1])} kWh at the end of ${least[0]}` : "";
    });
    return {
      unit: "kWh", known, columns: [{ name: "Hour" }, ...known.map((name) => ({ name, unit: "kWh a household" }))], rows,
      text: `What the battery of a household holds as each hour ends, on average by class; ${goshawk.overDays(c)}. Least: ${low.join("; ")}.`,
    };
  },
  option: (view, c, theme, width) => goshawk.chart(view, theme, width, {
    boundaryGap: false, yMin: 0, yName: "kWh a household",
    series: view.known.map((name, place) => goshawk.line(view, place + 1, name, goshawk.classStyle(c.data, name, theme))),
  }),
  sql(c) {
    const last = `(period + 1) * ${c.periodMinutes} % ${c.perHour * c.axes.slotMinutes} = 0`;
    const known = c.classes.filter((name) => c.scenario.households[name] > 0);
    const told = known.map((name) => {
      const sum = goshawk.sql.sum("content_kwh", `class = ${goshawk.sql.text(name)}`);
      return `  ${sum} / (${goshawk.sql.count(c)} * ${c.scenario.households[name]}) AS ${goshawk.sql.name(name)}`;
    });
    return `SELECT ${goshawk.sql.clock(c)},\n${told.join(",\n")}\nFROM (${goshawk.sql.hours(c, "agent_periods", [last])})\nGROUP BY h ORDER BY h`;
  },
});

goshawk.figures.push({
  id: "storage",
  group: "Energy",
  needs: ["storage_periods"],
  title: () => "The shared storage by hour",
  view(c) {
    const sums = c.scenario.storage;
    const rows = goshawk.hourRows(c, [
      goshawk.heldByHour(c, sums.content), goshawk.meanByHour(c, sums.charge),
      goshawk.meanByHour(c, sums.discharge),
    ]);
    const peak = goshawk.peak(rows, 1);
    const into = goshawk.total(c, sums.charge) / 1e6 / c.replicates;
    const out = goshawk.total(c, sums.discharge) / 1e6 / c.replicates;
    return {
      unit: "kWh", columns: [{ name: "Hour" }, kwh("content at its end"), kwh("put in"), kwh("taken out")], rows,
      text: `Content of the shared storage as each hour ends, and what went in and out; ${goshawk.overDays(c)}. ${goshawk.inAll(c)} ${goshawk.number(into)} kWh in and ` +
        `${goshawk.number(out)} kWh out` + (peak && peak[1] > 0 ? `; fullest after ${peak[0]} with ${goshawk.number(peak[1])} kWh.` : "."),
    };
  },
  option: (view, c, theme, width) => goshawk.chart(view, theme, width, {
    series: [
      goshawk.line(view, 1, "content at its end", { color: goshawk.operatorColour(theme, "storage") }),
      goshawk.bars(view, theme, 2, "put in", goshawk.operatorColour(theme, "aggregator"), "in"),
      goshawk.bars(view, theme, 3, "taken out", goshawk.operatorColour(theme, "upstream"), "out"),
    ],
  }),
  sql(c) {
    const last = `(period + 1) * ${c.periodMinutes} % ${c.perHour * c.axes.slotMinutes} = 0`;
    return goshawk.sql.meanByHour(c, "storage_periods", [
      ["content at its end", "content_kwh", last], ["put in", "charge_kwh"], ["taken out", "discharge_kwh"],
    ]);
  },
});

goshawk.figures.push({
  id: "days",
  group: "Energy",
  needs: ["agent_periods"],
  when: (c) => c.axes && c.axes.bins.length > 1,
  title: (c) => (c.daysAsOne > 1 ? `Supply by ${c.daysAsOne} days` : "Supply by day"),
  view(c) {
    const agents = c.scenario.agents.classes;
    const measures = ["pv", ...channels.map(([, , measure]) => measure)];
    const cells = measures.map((measure) => goshawk.overClasses(c, agents, measure));
    const rows = c.bins.map((bin) => {
      const sums = cells.map((values) => {
        let sum = 0;
        for (let slot = 0; slot < c.axes.slots; slot++) sum += values[bin * c.axes.slots + slot];
        return sum / 1e6 / c.replicates;
      });
      return [c.axes.bins[bin], ...sums];
    });
    const sun = goshawk.peak(rows, 1);
    return {
      unit: "kWh", columns: [{ name: "Day" }, kwh("own sun"), ...channels.map(([, told]) => kwh(told))], rows,
      text: `Where the households' energy came from, day by day${c.replicates > 1 ? `; mean of ${plural(c.replicates, "replicate")}` : ""}.` +
        (sun ? ` Most sun on ${sun[0]}: ${goshawk.number(sun[1])} kWh.` : ""),
    };
  },
  option(view, c, theme, width) {
    const sun = goshawk.bars(view, theme, 1, "own sun", theme.sun);
    const series = [{ ...sun, itemStyle: { ...sun.itemStyle, borderColor: theme.sunEdge } }];
    channels.forEach(([key, told], place) =>
      series.push(goshawk.bars(view, theme, place + 2, told, goshawk.operatorColour(theme, key))));
    return goshawk.chart(view, theme, width, { series });
  },
  sql(c) {
    const per = c.replicates > 1 ? ` / ${c.replicates}` : "";
    const told = [["own sun", "pv_kwh"], ...channels.map(([, name, , column]) => [name, column])]
      .map(([name, column]) => `  ${goshawk.sql.sum(column)}${per} AS ${goshawk.sql.name(name)}`);
    const day = c.daysAsOne === 1 ? "day" : `day // ${c.daysAsOne}`;
    return `SELECT ${day} AS days,\n${told.join(",\n")}\nFROM ${goshawk.sql.from(c, "agent_periods")}` +
      `${goshawk.sql.where([...goshawk.sql.days(c), ...goshawk.sql.classes(c)])}\nGROUP BY ALL ORDER BY ALL`;
  },
});
