// Scenarios side by side: a key figure at each, with its interval.
"use strict";

/** The key figures that scenarios can be compared by. */
goshawk.measures = function (data) {
  const found = new Map();
  for (const row of data.keyFigures) {
    const key = [row.scope, row.id, row.variable].join("/");
    if (!found.has(key)) found.set(key, { key, name: `${row.variable}${row.id ? ` of ${row.id}` : ""}`, unit: row.unit, scope: row.scope });
  }
  return [...found.values()];
};
const preferred = "run//net_cost";

goshawk.figures.push({
  id: "intervals",
  group: "Scenarios",
  needs: [],
  ignores: "scenario, class and day",
  when: (c) => c.data.keyFigures.length > 0 && (c.data.scenarios.length > 1 || c.data.keyFigures.some((row) => row.low !== undefined)),
  title: () => "A key figure at every scenario",
  view(c) {
    const measures = goshawk.measures(c.data);
    const measure = measures.find(({ key }) => key === c.state.measure) ?? measures.find(({ key }) => key === preferred) ?? measures[0];
    const found = new Map(c.data.keyFigures
      .filter((row) => [row.scope, row.id, row.variable].join("/") === measure.key)
      .map((row) => [row.scenario, row]));
    const rows = c.data.scenarios.map((scenario, place) => {
      const row = found.get(place);
      return [scenario.label, row?.value ?? null, row?.low ?? null, row?.high ?? null, row?.n ?? 0];
    });
    const told = rows.filter((row) => row[1] !== null);
    const [most, least] = [goshawk.peak(told, 1), goshawk.peak(told.map((row) => [row[0], -row[1]]), 1)];
    const unit = measure.unit === "1" ? "" : measure.unit;
    const numbers = [{ name: "value", unit }, { name: "95 % from", unit }, { name: "to", unit }, { name: "replicates" }];
    return {
      unit, measure, columns: [{ name: c.data.factors.length ? c.data.factors.join(", ") : "Scenario" }, ...numbers], rows,
      text: `${measure.name}${unit ? `, ${unit}` : ""}: the value, or the mean over replicates with its 95 % interval where there are several.` +
        (told.length > 1 ? ` Least: ${least[0]} (${goshawk.number(-least[1])}); most: ${most[0]} (${goshawk.number(most[1])}).` : ""),
    };
  },
  height: (view) => (view.rows.length > 45 ? 320 : 90 + view.rows.length * 26),
  option(view, c, theme, width) {
    const many = view.rows.length > 45;
    const narrow = width < 520;
    const axisText = { color: theme.muted, fontSize: 12 };
    const names = view.rows.map((row) => row[0]);
    const category = {
      type: "category", data: names, inverse: !many, axisTick: { show: false }, axisLine: { lineStyle: { color: theme.line } },
      axisLabel: many ? { show: false } : { ...axisText, width: narrow ? 96 : 210, overflow: "truncate" },
      name: many ? "points in the order of the design" : "", nameLocation: "middle", nameTextStyle: axisText, nameGap: 14,
    };
    const value = {
      type: "value", scale: true, name: many ? view.unit : "", splitLine: { lineStyle: { color: theme.line } }, splitNumber: narrow ? 3 : 6,
      nameTextStyle: axisText, axisLabel: { ...axisText, hideOverlap: true, formatter: (number) => goshawk.axisNumber(number) },
    };
    const at = (place) => (many ? (number) => [place, number] : (number) => [number, place]);
    const bars = view.rows.map((row, place) => ({ value: [place, row[2], row[3]] })).filter(({ value }) => value[1] !== null);
    return {
      ...goshawk.base(theme),
      grid: { left: 4, right: 18, top: many ? 30 : 8, bottom: many ? 22 : 6, containLabel: true },
      tooltip: {
        ...goshawk.tooltip(theme, view.unit, "item"),
        formatter: ({ dataIndex }) => {
          const [name, mean, low, high] = view.rows[dataIndex];
          const interval = low === null ? "" : `<br>95 %: ${goshawk.number(low)} to ${goshawk.number(high)}`;
          return `${goshawk.escape(name)}<br><b>${goshawk.number(mean)}</b> ${goshawk.escape(view.unit)}${interval}`;
        },
      },
      xAxis: many ? category : value,
      yAxis: many ? value : category,
      series: [
        {
          type: "custom", silent: true, data: bars, encode: many ? { x: 0, y: [1, 2] } : { x: [1, 2], y: 0 }, z: 1,
          renderItem(_, api) {
            const [place, low, high] = [api.value(0), api.value(1), api.value(2)];
            const [from, to] = [api.coord(at(place)(low)), api.coord(at(place)(high))];
            const style = { stroke: theme.good, lineWidth: 2, fill: "none" };
            const cap = many ? [[-3, 0], [3, 0]] : [[0, -5], [0, 5]];
            const line = (a, b) => ({ type: "line", shape: { x1: a[0], y1: a[1], x2: b[0], y2: b[1] }, style });
            const end = (point) => line([point[0] + cap[0][0], point[1] + cap[0][1]], [point[0] + cap[1][0], point[1] + cap[1][1]]);
            return { type: "group", children: [line(from, to), end(from), end(to)] };
          },
        },
        {
          type: "scatter", symbolSize: many ? 5 : 10, z: 2, itemStyle: { color: theme.good, borderColor: theme.surface, borderWidth: 1 },
          data: view.rows.map((row, place) => (row[1] === null ? [place, null] : at(place)(row[1]))),
        },
      ],
    };
  },
  file: (c) => `goshawk summary ${c.data.folder} --format json${c.data.kind === "study" ? " --scope all" : ""}`,
});

/** What the compared key figure owes to the factors. */
goshawk.influence = function (c) {
  const variable = (c.state.measure ?? preferred).split("/")[2];
  return c.data.influences.find((one) => one.variable === variable) ?? c.data.influences.find((one) => one.variable === "net_cost") ?? c.data.influences[0];
};

goshawk.figures.push({
  id: "influence",
  group: "Scenarios",
  needs: [],
  ignores: "scenario, class and day",
  when: (c) => c.data.influences.length > 0,
  title: () => "What a key figure owes to each factor",
  view(c) {
    const { variable, unit, method, factors } = goshawk.influence(c);
    const isMorris = method === "morris";
    const told = isMorris && unit !== "1" ? unit : "";
    const sorted = factors.slice().sort((a, b) => (b.main[0] ?? -1) - (a.main[0] ?? -1));
    const rows = sorted.map(({ path, main, other }) =>
      (isMorris ? [path, ...main, other[0]] : [path, ...main, ...other]));
    const names = isMorris ? ["mu star", "± of it", "sigma"] : ["total index", "± of it", "first-order index", "± of it"];
    return {
      unit: told, isMorris, columns: [{ name: "Factor" }, ...names.map((name) => ({ name, unit: told }))], rows,
      empty: rows.some((row) => row[1] !== null) ? null : "There are not enough points yet.",
      text: isMorris
        ? `Morris's elementary effects on ${variable}: mu star is the mean size of a change per range of the factor, sigma how much the changes differ. `
        : `Sobol's indices of ${variable}: the share of its variance that a factor makes alone (first order), and with all others (total). `,
    };
  },
  height: (view) => 110 + view.rows.length * 46,
  option(view, c, theme, width) {
    const names = view.isMorris ? ["mu star", "sigma"] : ["total index", "first-order index"];
    const narrow = width < 520;
    const axisText = { color: theme.muted, fontSize: 12 };
    const bars = (place, name, color, offset) => [
      { type: "bar", name, data: view.rows.map((row) => row[place]), itemStyle: { color }, barGap: "10%", barMaxWidth: 16 },
      {
        type: "custom", name, silent: true, z: 3, tooltip: { show: false }, encode: { x: [1, 2], y: 0 },
        data: view.rows.map((row, at) => ((row[place] ?? null) === null || (row[place + 1] ?? null) === null ? null : [at, row[place] - row[place + 1], row[place] + row[place + 1]])).filter(Boolean),
        renderItem(_, api) {
          const step = api.size([0, 1])[1];
          const shift = offset * Math.min(8.8, step * 0.2);
          const [low, high] = [1, 2].map((at) => api.coord([api.value(at), api.value(0)]));
          const style = { stroke: theme.text, lineWidth: 1.5 };
          const line = (x1, y1, x2, y2) => ({ type: "line", shape: { x1, y1: y1 + shift, x2, y2: y2 + shift }, style });
          return { type: "group", children: [line(low[0], low[1], high[0], high[1]), line(low[0], low[1] - 4, low[0], low[1] + 4), line(high[0], high[1] - 4, high[0], high[1] + 4)] };
        },
      },
    ];
    return {
      ...goshawk.base(theme),
      legend: goshawk.legend(theme, names, true),
      grid: { left: 4, right: 18, top: 34, bottom: 6, containLabel: true },
      tooltip: goshawk.tooltip(theme, view.unit, "axis"),
      xAxis: { type: "value", splitLine: { lineStyle: { color: theme.line } }, splitNumber: narrow ? 3 : 6, axisLabel: { ...axisText, hideOverlap: true, formatter: (number) => goshawk.axisNumber(number) } },
      yAxis: {
        type: "category", inverse: true, data: view.rows.map((row) => row[0]), axisTick: { show: false }, axisLine: { lineStyle: { color: theme.line } },
        axisLabel: { ...axisText, width: narrow ? 120 : 260, overflow: "truncate", formatter: (path) => (narrow ? path.split(".").pop() : path) },
      },
      series: [...bars(1, names[0], theme.classes[0], -1), ...bars(3, names[1], theme.classes[1], 1)],
    };
  },
  file: (c) => `goshawk summary ${c.data.folder} --figure ${goshawk.influence(c).variable} --format json`,
});
