// What every figure is made with: the selection, sums over it, numbers as text, colours.
// Runs in browsers and in QuickJS: no DOM, no Intl.
"use strict";
var goshawk = { figures: [] };

// ---- Numbers as text -------------------------------------------------------------------------------------------

/** A number with so many decimals, thousands apart. */
goshawk.fixed = function (value, decimals) {
  const [whole, part] = Math.abs(value).toFixed(decimals).split(".");
  const apart = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  const text = part === undefined ? apart : `${apart}.${part}`;
  return value < 0 && /[1-9]/.test(text) ? `−${text}` : text;
};

/** A number with about four digits that matter; a dash where it is undefined. */
goshawk.number = function (value) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (Number.isInteger(value) && size < 1e9) return goshawk.fixed(value, 0);
  if (size >= 1e9 || size < 1e-5) return value.toExponential(3).replace("-", "−");
  return goshawk.fixed(value, size >= 1e5 ? 0 : size >= 100 ? 1 : size >= 1 ? 2 : size >= 0.01 ? 4 : 6);
};

goshawk.escape = (text) =>
  String(text).replace(/[&<>"']/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" })[sign]);

const plural = (count, one, many) => `${goshawk.fixed(count, 0)} ${count === 1 ? one : many ?? one + "s"}`;

// ---- Colours ---------------------------------------------------------------------------------------------------

// Two sets, from Okabe and Ito's hues, darker on white and lighter on black. The test of reports holds them apart for people who
// see no red, no green or no blue, and above the contrast that figures need. Markers and dashes tell classes apart as well.
goshawk.themes = {
  light: {
    text: "#1f2328", muted: "#59636e", line: "#d1d9e0", surface: "#ffffff",
    classes: ["#516da9", "#e46a11", "#1c9751", "#930d74", "#765600", "#3d3d3d", "#439ada", "#7a2f1d"],
    operators: {
      users: "#2f7f65", grid: "#4c5568", company: "#c9820a", storage: "#6f3fa0", platform: "#1d4ed8", upstream: "#8695a3",
      aggregator: "#af0838",
    },
    sun: "#e3c229", sunEdge: "#8a7300", quiet: "#8695a3", good: "#1f5fbf", warn: "#af0838",
  },
  dark: {
    text: "#e6edf3", muted: "#9aa7b4", line: "#39424d", surface: "#12171d",
    classes: ["#369de3", "#ea792b", "#34d5a5", "#d38dbd", "#f0d458", "#c9ced6", "#9bd3ff", "#d88a74"],
    operators: {
      users: "#75e2bb", grid: "#a3b4c6", company: "#f2b13c", storage: "#ad74c0", platform: "#6698fb", upstream: "#6c7482",
      aggregator: "#fb7882",
    },
    sun: "#f5e08a", sunEdge: "#f5e08a", quiet: "#6c7482", good: "#4cb0f0", warn: "#fb7882",
  },
};
const symbols = ["circle", "triangle", "rect", "diamond", "roundRect", "pin", "arrow", "circle"];
const dashes = ["solid", "dashed", "dotted", [8, 3, 2, 3], [2, 2], [12, 4], [6, 2, 2, 2, 2, 2], [1, 3]];

/** How a class looks, the same in every figure. */
goshawk.classStyle = function (data, name, theme) {
  const place = Math.max(0, data.classes.indexOf(name));
  const colours = theme.classes;
  return {
    color: colours[place % colours.length], symbol: symbols[place % symbols.length], dash: dashes[place % dashes.length],
  };
};
goshawk.operatorColour = (theme, name) => theme.operators[name] ?? theme.quiet;
goshawk.seriesStyle = (theme, place) => ({
  color: theme.classes[place % theme.classes.length], symbol: symbols[place % symbols.length], dash: dashes[place % dashes.length],
});

// ---- The selection ---------------------------------------------------------------------------------------------

/** The state in which a page opens. */
goshawk.initial = (data) => ({ scenario: 0, classes: data.classes.slice(), bin: "all", measure: null });

const MICRO = 1e6;

/** What a figure is drawn from: data, and what the filters leave of it. */
goshawk.context = function (data, state) {
  const scenario = data.scenarios[state.scenario] ?? data.scenarios[0];
  const axes = scenario.axes;
  const c = { data, state, scenario, axes, replicates: Math.max(1, scenario.replicates) };
  c.present = data.classes.filter((name) => name in scenario.households || (scenario.agents && name in scenario.agents.classes));
  c.classes = c.present.filter((name) => state.classes.includes(name));
  c.currency = data.currency.includes(",") ? "currency" : data.currency;
  if (!axes) return c;
  c.periodMinutes = axes.periodMinutes;
  c.daysAsOne = axes.daysAsOne;
  const chosen = state.bin === "all" ? null : Number(state.bin);
  c.bins = axes.bins.map((_, bin) => bin).filter((bin) => chosen === null || bin === chosen || chosen >= axes.bins.length);
  c.daysOf = (bin, slot) => {
    const days = axes.daysOfSlot[bin];
    return typeof days === "number" ? days : days[slot];
  };
  // Slots are gathered in hours, where they are shorter.
  c.perHour = Math.max(1, Math.floor(60 / axes.slotMinutes));
  c.hours = Math.ceil(axes.slots / c.perHour);
  c.days = Array.from({ length: c.hours }, (_, hour) =>
    c.bins.reduce((sum, bin) => sum + c.daysOf(bin, hour * c.perHour), 0));
  c.present_hours = c.days.map((_, hour) => hour).filter((hour) => c.days[hour] > 0);
  c.hourText = (hour) => goshawk.clock(axes.startMinute + hour * c.perHour * axes.slotMinutes);
  c.dayCount = c.bins.reduce((sum, bin) => sum + c.daysOf(bin, 0), 0);
  return c;
};

goshawk.clock = function (minutes) {
  const two = (number) => String(number).padStart(2, "0");
  const within = ((minutes % 1440) + 1440) % 1440;
  return `${two(Math.floor(within / 60))}:${two(within % 60)}`;
};

/** Sums of cells by hour over the chosen days: exact integers of 1e-6. */
goshawk.byHour = function (c, cells) {
  const sums = new Array(c.hours).fill(0);
  for (const bin of c.bins) {
    const base = bin * c.axes.slots;
    for (let slot = 0; slot < c.axes.slots; slot++) sums[Math.floor(slot / c.perHour)] += cells[base + slot];
  }
  return sums;
};

/** The same on the mean of a day and a replicate, in whole units; null in hours that no day has. */
goshawk.meanByHour = (c, cells) =>
  goshawk.byHour(c, cells).map((sum, hour) => (c.days[hour] ? sum / MICRO / (c.days[hour] * c.replicates) : null));

/** What is held as hours end, on the mean of a day and a replicate. */
goshawk.heldByHour = function (c, cells) {
  return c.days.map((days, hour) => {
    if (!days) return null;
    const slot = Math.min((hour + 1) * c.perHour, c.axes.slots) - 1;
    let [sum, count] = [0, 0];
    for (const bin of c.bins) {
      sum += cells[bin * c.axes.slots + slot];
      count += c.daysOf(bin, slot);
    }
    return count ? sum / MICRO / (count * c.replicates) : null;
  });
};

/** All cells of the chosen days. */
goshawk.total = function (c, cells) {
  let sum = 0;
  for (const bin of c.bins) for (let slot = 0; slot < c.axes.slots; slot++) sum += cells[bin * c.axes.slots + slot];
  return sum;
};

/** The sum of a measure over the chosen classes, cell by cell. */
goshawk.overClasses = function (c, byClass, measure) {
  const sums = new Array(c.axes.bins.length * c.axes.slots).fill(0);
  for (const name of c.classes) {
    const cells = byClass[name]?.[measure];
    if (cells) for (let cell = 0; cell < sums.length; cell++) sums[cell] += cells[cell];
  }
  return sums;
};

/** Why a figure cannot be shown: the first table that is not there. */
goshawk.missing = function (c, tables) {
  if (c.scenario.replicates === 0) return "no replicate of this scenario came to its end";
  const parts = {
    agent_periods: "agents", market_periods: "market", trades: "trades", operator_periods: "operators",
    storage_periods: "storage", convergence: "convergence",
  };
  const isThere = (table) => (table === "households" ? Object.keys(c.scenario.households).length > 0 : c.scenario[parts[table]]);
  for (const table of tables) if (!isThere(table)) return c.scenario.absent[table] ?? `there is no table ${table}`;
  return null;
};

/** How a sum over the chosen days begins. */
goshawk.inAll = (c) => (c.dayCount > 1 ? "In sum over these days" : "In all");

/** "mean of 7 days", or the day. */
goshawk.overDays = function (c) {
  const replicates = c.replicates > 1 ? `, mean of ${plural(c.replicates, "replicate")}` : "";
  if (c.bins.length === 1 && c.dayCount <= 1) return `${c.axes.bins[c.bins[0]]}${replicates}`;
  return `mean of ${plural(c.dayCount, "day")}${c.bins.length === 1 ? `, ${c.axes.bins[c.bins[0]]}` : ""}${replicates}`;
};

// ---- What a figure says in words and rows ------------------------------------------------------------------------

/** Rows of hours from columns of values: only hours that some day has. */
goshawk.hourRows = (c, columns) => c.present_hours.map((hour) => [c.hourText(hour), ...columns.map((column) => column[hour])]);

/** The largest value of a column, and where. */
goshawk.peak = function (rows, column) {
  let best = null;
  for (const row of rows) if (row[column] !== null && (best === null || row[column] > best[column])) best = row;
  return best;
};

/** A table that can be read without seeing the figure. */
goshawk.table = function (view, caption) {
  const unit = (column) => (column.unit ? ` <span class="unit">${goshawk.escape(column.unit)}</span>` : "");
  const head = view.columns.map((column) => `<th scope="col">${goshawk.escape(column.name)}${unit(column)}</th>`).join("");
  const cell = (value) =>
    typeof value === "string"
      ? `<td class="text">${goshawk.escape(value)}</td>`
      : `<td${value === null || value === undefined ? "" : ` data-value="${value}"`}>${goshawk.number(value)}</td>`;
  const rows = view.rows
    .map((row) => `<tr><th scope="row">${goshawk.escape(row[0])}</th>${row.slice(1).map(cell).join("")}</tr>`)
    .join("");
  return `<table><caption>${goshawk.escape(caption)}</caption><thead><tr>${head}</tr></thead><tbody>${rows}</tbody></table>`;
};
