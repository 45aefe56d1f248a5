// The query behind a figure, for DuckDB: it gives the rows of the figure's table.
"use strict";

goshawk.sql = {
  text: (text) => `'${String(text).replace(/'/g, "''")}'`,
  name: (name) => `"${String(name).replace(/"/g, '""')}"`,

  /** The part files of a table of the scenario. */
  from(c, table) {
    const root = [c.data.folder.replace(/\/+$/, ""), c.scenario.within].filter(Boolean).join("/");
    const pattern = root.replace(/[*?[]/g, "[$&]");
    return `read_parquet(${this.text(`${pattern}/${table}/*.parquet`)})`;
  },

  /** Rows of the chosen days, with the hour as `h`. */
  hours(c, table, more = []) {
    return `SELECT *, ${this.hour(c)} AS h FROM ${this.from(c, table)}${this.where([...this.days(c), ...more])}`;
  },
  hour: (c) => (c.perHour * c.axes.slotMinutes === 60 && c.periodMinutes === 60 ? "period" : `period * ${c.periodMinutes} // ${c.perHour * c.axes.slotMinutes}`),
  days(c) {
    if (c.bins.length === c.axes.bins.length) return [];
    const first = c.bins[0] * c.daysAsOne;
    return [c.daysAsOne === 1 ? `day = ${first}` : `day BETWEEN ${first} AND ${first + c.daysAsOne - 1}`];
  },
  classes(c, column = "class") {
    return c.classes.length === c.present.length ? [] : [`${column} IN (${c.classes.map(this.text).join(", ") || "NULL"})`];
  },
  where: (conditions) => (conditions.length ? ` WHERE ${conditions.join(" AND ")}` : ""),

  /** The hour `h` as the clock's time. */
  clock(c) {
    const step = c.perHour * c.axes.slotMinutes;
    const minutes = `(${c.axes.startMinute} + h * ${step})`;
    return `printf('%02d:%02d', ${minutes} // 60 % 24, ${minutes} % 60) AS time`;
  },

  /** An exact sum of a column on the 1e-6 grid. */
  sum(column, filter) {
    const where = filter ? ` FILTER (WHERE ${filter})` : "";
    return `coalesce(sum(round(${column} * 1e6)::HUGEINT)${where}, 0) / 1e6`;
  },

  /** Days and replicates that an hour has. */
  count(c) {
    const counts = c.present_hours.map((hour) => c.days[hour] * c.replicates);
    if (counts.every((count) => count === counts[0])) return String(counts[0] ?? 1);
    return `CASE h ${c.present_hours.map((hour) => `WHEN ${hour} THEN ${c.days[hour] * c.replicates}`).join(" ")} END`;
  },

  /** Sums by hour on the mean of a day: [name, column, filter] each. */
  meanByHour(c, table, columns, more = []) {
    const count = this.count(c);
    const per = count === "1" ? "" : ` / ${count}`;
    const told = columns.map(([name, column, filter]) => `  ${this.sum(column, filter)}${per} AS ${this.name(name)}`);
    return `SELECT ${this.clock(c)},\n${told.join(",\n")}\nFROM (${this.hours(c, table, more)})\nGROUP BY h ORDER BY h`;
  },
};
