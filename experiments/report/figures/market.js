// How the market cleared: who sold to whom, how near the optimum, how loaded, and what it made of credit.
"use strict";

goshawk.figures.push({
  id: "flows",
  group: "Market",
  needs: ["trades", "agent_periods"],
  title: () => "Who supplied whom",
  view(c) {
    const overBins = (cells) => c.bins.reduce((sum, bin) => sum + cells[bin], 0) / 1e6 / c.replicates;
    const rows = [];
    for (const seller of c.present) {
      for (const buyer of c.classes) {
        const cells = c.scenario.trades.flows[seller]?.[buyer];
        const sum = cells ? overBins(cells) : 0;
        if (sum > 0) rows.push([seller, buyer, sum]);
      }
    }
    const traded = rows.reduce((sum, row) => sum + row[2], 0);
    for (const [name, measure] of [["grid", "grid"], ["company", "company"]]) {
      for (const buyer of c.classes) {
        const sum = goshawk.total(c, c.scenario.agents.classes[buyer]?.[measure] ?? []) / 1e6 / c.replicates;
        if (sum > 0) rows.push([name, buyer, sum]);
      }
    }
    const most = goshawk.peak(rows.slice(0, rows.filter((row) => c.present.includes(row[0])).length), 2);
    return {
      unit: "kWh", columns: [{ name: "From" }, { name: "to" }, { name: "energy", unit: "kWh" }], rows,
      empty: rows.length ? null : "Nobody bought anything.",
      text: `Energy from the class that sold it, the grid and the company to the class that bought it, over ${c.bins.length === 1 ? goshawk.overDays(c) : plural(c.dayCount, "day")}. ` +
        `Between users: ${goshawk.number(traded)} kWh` + (most ? `, most from ${most[0]} to ${most[1]} (${goshawk.number(most[2])} kWh).` : "."),
    };
  },
  option(view, c, theme, width) {
    const colour = (name) => (c.present.includes(name) ? goshawk.classStyle(c.data, name, theme).color : goshawk.operatorColour(theme, name));
    const left = (name) => (c.present.includes(name) ? `${name} sells` : name);
    const right = (name) => `${name} buys`;
    const nodes = new Map();
    for (const [from, to] of view.rows) {
      nodes.set(left(from), { name: left(from), depth: 0, itemStyle: { color: colour(from) }, label: { position: "right" } });
      nodes.set(right(to), { name: right(to), depth: 1, itemStyle: { color: colour(to) }, label: { position: "left" } });
    }
    return {
      ...goshawk.base(theme),
      tooltip: { ...goshawk.tooltip(theme, "kWh", "item") },
      series: [{
        type: "sankey", data: [...nodes.values()], left: 4, right: 4, top: 10, bottom: 10, nodeWidth: 16, nodeGap: 14, draggable: false,
        label: { color: theme.text, fontSize: 12, fontFamily: goshawk.font, textBorderColor: theme.surface, textBorderWidth: 3 },
        lineStyle: { color: "source", opacity: 0.4, curveness: 0.5 }, emphasis: { focus: "adjacency" },
        links: view.rows.map(([from, to, value]) => ({ source: left(from), target: right(to), value })),
      }],
    };
  },
  sql(c) {
    const per = c.replicates > 1 ? ` / ${c.replicates}` : "";
    const where = goshawk.sql.where([...goshawk.sql.days(c), ...goshawk.sql.classes(c, "buyer_class")]);
    const outside = (name) => `SELECT '${name}', class, ${goshawk.sql.sum(`bought_${name}_kwh`)}${per}\n  FROM ${goshawk.sql.from(c, "agent_periods")}` +
      `${goshawk.sql.where([...goshawk.sql.days(c), ...goshawk.sql.classes(c)])} GROUP BY ALL`;
    return `SELECT * FROM (SELECT seller_class AS "from", buyer_class AS "to", ${goshawk.sql.sum("energy_kwh")}${per} AS energy\n` +
      `  FROM ${goshawk.sql.from(c, "trades")}${where} GROUP BY ALL\nUNION ALL ${outside("grid")}\nUNION ALL ${outside("company")})\nWHERE energy > 0 ORDER BY ALL`;
  },
});

goshawk.figures.push({
  id: "gap",
  group: "Market",
  needs: ["market_periods"],
  ignores: "class",
  title: () => "Gap to the exact optimum by hour",
  view(c) {
    const market = c.scenario.market;
    const [sums, counts] = [goshawk.byHour(c, market.gap), goshawk.byHour(c, market.gap_periods)];
    const worst = new Array(c.hours).fill(0);
    for (const bin of c.bins) {
      for (let slot = 0; slot < c.axes.slots; slot++) {
        const hour = Math.floor(slot / c.perHour);
        worst[hour] = Math.max(worst[hour], market.gap_max[bin * c.axes.slots + slot]);
      }
    }
    const percent = (value, hour) => (counts[hour] ? value / 1e4 : null);
    const rows = goshawk.hourRows(c, [
      sums.map((sum, hour) => (counts[hour] ? percent(sum / counts[hour], hour) : null)), worst.map(percent), counts,
    ]);
    const [all, periods] = [sums, counts].map((values) => values.reduce((sum, value) => sum + value, 0));
    return {
      unit: "%", columns: [{ name: "Hour" }, { name: "mean", unit: "%" }, { name: "worst", unit: "%" }, { name: "clearings" }], rows,
      text: periods > 0
        ? `How far the cleared scheme's weighted value is below the exact optimum for the same weights, as a share of it, where users could trade. Mean ` +
          `${goshawk.number(all / periods / 1e4)} %, worst ${goshawk.number(Math.max(...worst) / 1e4)} %, over ${plural(periods, "clearing")}.`
        : "In none of these periods could users trade.",
      empty: periods > 0 ? null : "Users could not trade in these periods.",
    };
  },
  option: (view, c, theme, width) => goshawk.chart(view, theme, width, {
    yMin: 0,
    series: [
      { ...goshawk.bars(view, theme, 1, "mean", theme.good, "mean"), barMaxWidth: 26 },
      goshawk.line(view, 2, "worst", { color: theme.warn, symbol: "diamond" }, { lineStyle: { width: 0 }, showSymbol: true, symbolSize: 9 }),
    ],
  }),
  sql: (c) => `SELECT ${goshawk.sql.clock(c)}, ${goshawk.sql.sum("gap")} / nullif(count(gap), 0) * 100 AS mean, round(max(gap), 6) * 100 AS worst, count(gap) AS clearings\n` +
    `FROM (${goshawk.sql.hours(c, "market_periods")})\nGROUP BY h ORDER BY h`,
});

goshawk.figures.push({
  id: "duration",
  group: "Market",
  needs: ["agent_periods"],
  title: () => "Duration curves of power",
  view(c) {
    const agents = c.scenario.agents.classes;
    const hours = c.axes.slotMinutes / 60;
    const curve = (measures) => {
      const cells = measures.map((measure) => goshawk.overClasses(c, agents, measure));
      const values = [];
      for (const bin of c.bins) {
        for (let slot = 0; slot < c.axes.slots; slot++) {
          const days = c.daysOf(bin, slot);
          if (days === 0) continue;
          const sum = cells.reduce((sum, one) => sum + one[bin * c.axes.slots + slot], 0);
          values.push(sum / 1e6 / (days * c.replicates * hours));
        }
      }
      return values.sort((a, b) => b - a);
    };
    const curves = [curve(["grid", "company"]), curve(["p2p"]), curve(["pv"])];
    const count = curves[0].length;
    const points = Math.min(count, 97);
    const rows = [];
    for (let point = 0; point < points; point++) {
      const rank = points === 1 ? 0 : Math.round((point * (count - 1)) / (points - 1));
      rows.push([`${goshawk.fixed((100 * (rank + 1)) / count, 1)} %`, ...curves.map((values) => values[rank])]);
    }
    const kw = (name) => ({ name, unit: "kW" });
    return {
      unit: "kW", columns: [{ name: "Share of time" }, kw("grid and company"), kw("other users"), kw("sun used")], rows,
      text: `For how much of the time the mean power of ${plural(c.axes.slotMinutes, "minute")} is at least so high` +
        `${c.daysAsOne > 1 ? `, on the mean of ${c.daysAsOne} days` : ""}. Highest: grid and company ${goshawk.number(curves[0][0] ?? null)} kW, ` +
        `other users ${goshawk.number(curves[1][0] ?? null)} kW, sun ${goshawk.number(curves[2][0] ?? null)} kW.`,
    };
  },
  option: (view, c, theme, width) => {
    const option = goshawk.chart(view, theme, width, {
      boundaryGap: false, xName: "share of time", yMin: 0,
      series: [
        goshawk.line(view, 1, "grid and company", { color: goshawk.operatorColour(theme, "grid") }, { showSymbol: false }),
        goshawk.line(view, 2, "other users", { color: goshawk.operatorColour(theme, "users"), dash: "dashed" }, { showSymbol: false }),
        goshawk.line(view, 3, "sun used", { color: theme.sunEdge, dash: "dotted" }, { showSymbol: false }),
      ],
    });
    option.xAxis.axisLabel = { ...option.xAxis.axisLabel, formatter: (text) => `${Math.round(parseFloat(text))} %` };
    return option;
  },
  sql: (c) => `SELECT day, period, ${["bought_grid_kwh + bought_company_kwh", "bought_p2p_kwh", "pv_kwh"]
    .map((column, place) => `${goshawk.sql.sum(`(${column})`)} / ${c.periodMinutes / 60} AS ${["grid_and_company_kw", "other_users_kw", "sun_kw"][place]}`).join(",\n  ")}\n` +
    `FROM ${goshawk.sql.from(c, "agent_periods")}${goshawk.sql.where([...goshawk.sql.days(c), ...goshawk.sql.classes(c)])}\n` +
    `GROUP BY ALL ORDER BY grid_and_company_kw DESC  -- each column is then sorted by itself`,
});

goshawk.figures.push({
  id: "credit",
  group: "Market",
  needs: ["trades", "households"],
  missing: (c) => goshawk.missing(c, ["trades", "households"]) ??
    (c.classes.some((name) => c.scenario.trades.credit[name]) ? null : "with credit bands it does not follow from the table trades"),
  title: () => "Credit by class",
  view(c) {
    const known = c.classes.filter((name) => c.scenario.trades.credit[name] && c.scenario.households[name] > 0);
    const rows = c.bins.map((bin) => [
      c.axes.bins[bin],
      ...known.map((name) => c.scenario.trades.credit[name][bin] / 1e6 / (c.scenario.households[name] * c.replicates)),
    ]);
    const last = rows[rows.length - 1];
    return {
      unit: "", known, columns: [{ name: "Day" }, ...known.map((name) => ({ name }))], rows,
      text: `Mean credit of the households of a class at the end of each day, from 0 to 1; a newcomer has 0.5, contracts that are kept raise it. ` +
        `At the end: ${known.map((name, place) => `${name} ${goshawk.fixed(last[place + 1], 3)}`).join(", ")}.`,
    };
  },
  option: (view, c, theme, width) => goshawk.chart(view, theme, width, {
    yMin: 0, yMax: 1, yName: "credit, 0 to 1", boundaryGap: view.rows.length < 3,
    series: view.known.map((name, place) => goshawk.line(view, place + 1, name, goshawk.classStyle(c.data, name, theme))),
  }),
  file: (c) => `${goshawk.sql.from(c, "trades")}: the ledger's rule for credit, applied to each trade in the order of the table`,
});

goshawk.figures.push({
  id: "convergence",
  group: "Market",
  needs: [],
  ignores: "class and day",
  missing: (c) => (c.data.scenarios.some((scenario) => scenario.convergence) ? null : c.scenario.absent.convergence ?? "there is no table convergence"),
  title: () => "Convergence of the optimizers",
  view(c) {
    const courses = [];
    for (const scenario of c.data.scenarios) {
      for (const [name, course] of Object.entries(scenario.convergence ?? {})) {
        const told = c.data.scenarios.length > 1 ? `${scenario.label}: ${name}` : name;
        if (courses.length < 8) courses.push({ told, course, scenario });
      }
    }
    const iterations = [...new Set(courses.flatMap(({ course }) => course.iterations))].sort((a, b) => a - b);
    const at = (course, iteration, values) => {
      let place = course.iterations.length - 1;
      while (place > 0 && course.iterations[place] > iteration) place--;
      return values[place];
    };
    const rows = iterations.map((iteration) => [
      String(iteration),
      ...courses.flatMap(({ course }) => [at(course, iteration, course.best), at(course, iteration, course.mean)]),
    ]);
    const ends = courses.map(({ told, course }) => `${told} ${goshawk.number(course.best[course.best.length - 1])}, mean of ${plural(course.clearings, "clearing")}`);
    return {
      unit: "", courses: courses.map(({ told }) => told),
      columns: [{ name: "Iteration" }, ...courses.flatMap(({ told }) => [{ name: `${told}, best` }, { name: `${told}, population` }])], rows,
      text: `Best weighted value so far and the population's mean, by iteration, over the sampled clearings; a search that has ended keeps its last value. ` +
        `Where a search explores with several weights at first, values are for others once the weights are settled, and may fall there. ` +
        `Best at the end: ${ends.join("; ")}.`,
    };
  },
  option(view, c, theme, width) {
    const series = view.courses.flatMap((name, place) => {
      const style = goshawk.seriesStyle(theme, place);
      return [
        goshawk.line(view, 2 * place + 1, `${name}, best`, { ...style, dash: "solid" }, { showSymbol: false }),
        goshawk.line(view, 2 * place + 2, `${name}, population`, { ...style, dash: "dotted" }, { showSymbol: false }),
      ];
    });
    const option = goshawk.chart(view, theme, width, { series, xName: "iteration", yName: "value", boundaryGap: false });
    option.yAxis.scale = true;
    return option;
  },
  sql: (c) => `SELECT optimizer, iteration, avg(best) AS best, avg(mean) AS mean FROM ${goshawk.sql.from(c, "convergence")}\nGROUP BY ALL ORDER BY ALL`,
});
