// How figures look: what all charts have in common.
"use strict";

/** A chart over categories, with one series a column of the view after the first. */
goshawk.chart = function (view, theme, width, { series, xName, yName, yMin, yMax, legend = true, boundaryGap = true, decimals }) {
  const names = series.map((one) => one.name);
  const narrow = width < 520;
  const rows = legend && names.length > 1 ? goshawk.legendRows(names, width) : 0;
  const axisText = { color: theme.muted, fontSize: narrow ? 11 : 12 };
  return {
    ...goshawk.base(theme),
    legend: goshawk.legend(theme, names, rows > 0),
    grid: { left: 4, right: 14, top: 30 + rows * 24, bottom: xName ? 26 : 6, containLabel: true },
    tooltip: goshawk.tooltip(theme, view.unit, "axis"),
    xAxis: {
      type: "category", data: view.rows.map((row) => row[0]), boundaryGap, name: xName, nameLocation: "middle", nameGap: 30,
      nameTextStyle: axisText, axisLabel: { ...axisText, hideOverlap: true }, axisTick: { show: false },
      axisLine: { lineStyle: { color: theme.line } },
    },
    yAxis: {
      type: "value", name: yName ?? view.unit, nameTextStyle: { ...axisText, align: "left", padding: [0, 0, 0, -24] },
      nameGap: 12, min: yMin, max: yMax,
      axisLabel: { ...axisText, formatter: (value) => goshawk.axisNumber(value, decimals) },
      splitLine: { lineStyle: { color: theme.line } }, splitNumber: narrow ? 4 : 5,
    },
    series,
  };
};

goshawk.base = (theme) => ({
  animation: false,
  backgroundColor: "transparent",
  textStyle: { color: theme.text, fontFamily: goshawk.font },
  aria: { enabled: false },
});
goshawk.font = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', Arial, sans-serif";

goshawk.axisNumber = function (value, decimals) {
  if (decimals !== undefined) return goshawk.fixed(value, decimals);
  const size = Math.abs(value);
  if (size >= 1e6) return `${Number((value / 1e6).toPrecision(3))} M`;
  if (size >= 1e4) return goshawk.fixed(value, 0);
  return String(Number(value.toPrecision(6))).replace("-", "−");
};

/** Rows that a legend takes. */
goshawk.legendRows = function (names, width) {
  let [rows, at] = [1, 0];
  for (const name of names) {
    const size = 42 + name.length * 6.6;
    if (at > 0 && at + size > width - 16) [rows, at] = [rows + 1, 0];
    at += size;
  }
  return rows;
};

goshawk.legend = (theme, names, show) => ({
  show, data: names, top: 0, left: 0, itemGap: 14, itemWidth: 22, itemHeight: 11, inactiveColor: theme.line,
  textStyle: { color: theme.text, fontSize: 12 }, type: "plain",
});

goshawk.tooltip = (theme, unit, trigger) => ({
  trigger, confine: true, backgroundColor: theme.surface, borderColor: theme.line,
  textStyle: { color: theme.text, fontSize: 12 }, axisPointer: { type: "line", lineStyle: { color: theme.muted } },
  valueFormatter: (value) => `${goshawk.number(value)}${unit && value !== null && value !== undefined ? ` ${unit}` : ""}`,
});

const column = (view, place) => view.rows.map((row) => row[place]);

goshawk.bars = (view, theme, place, name, color, stack = "all") => ({
  type: "bar", name, stack, data: column(view, place), barCategoryGap: "22%",
  itemStyle: { color, borderColor: theme.surface, borderWidth: 0.6 }, emphasis: { focus: "series" },
});

goshawk.line = (view, place, name, style, more = {}) => ({
  type: "line", name, data: column(view, place), showSymbol: view.rows.length <= 60, symbol: style.symbol ?? "circle", symbolSize: 7,
  lineStyle: { width: 2, color: style.color, type: style.dash ?? "solid" },
  // A mark with a fill of its own is an empty one.
  itemStyle: style.fill ? { color: style.fill, borderColor: style.color, borderWidth: 2 } : { color: style.color },
  connectNulls: false, ...more,
});
