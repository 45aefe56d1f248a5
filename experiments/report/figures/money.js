// Prices, what energy costs by channel, and what operators earn.
"use strict";

const perKwh = (c, name) => ({ name, unit: `${c.currency}/kWh` });

goshawk.figures.push({
  id: "prices",
  group: "Money",
  needs: ["market_periods", "trades"],
  title: () => "Tariffs and the price between users by hour",
  view(c) {
    const market = c.scenario.market;
    const periods = goshawk.byHour(c, market.periods);
    const mean = (cells) => goshawk.byHour(c, cells).map((sum, hour) => (periods[hour] ? sum / 1e6 / periods[hour] : null));
    const sums = ["energy", "amount", "seller_amount"].map((measure) =>
      goshawk.byHour(c, goshawk.overBuyers(c, measure)));
    const per = (place) => sums[place].map((sum, hour) => (sums[0][hour] > 0 ? sum / sums[0][hour] : null));
    const rows = goshawk.hourRows(c, [mean(market.grid_price), mean(market.company_price), per(1), per(2)]);
    const [energy, amount] = [0, 1].map((place) => sums[place].reduce((sum, value) => sum + value, 0));
    return {
      unit: `${c.currency}/kWh`,
      columns: [{ name: "Hour" }, perKwh(c, "grid"), perKwh(c, "company"), perKwh(c, "buyers pay users"), perKwh(c, "sellers receive")],
      rows,
      text: `Prices of grid and company, and what ${c.classes.length < c.present.length ? `buyers of ${c.classes.join(", ")}` : "buyers"} pay and sellers receive for a kWh between users; ${goshawk.overDays(c)}. ` +
        (energy > 0 ? `A kWh between users cost ${goshawk.number(amount / energy)} ${c.currency} on average.` : "Nothing was traded between users."),
    };
  },
  option: (view, c, theme, width) => goshawk.chart(view, theme, width, {
    yMin: 0,
    series: [
      goshawk.line(view, 1, "grid", { color: goshawk.operatorColour(theme, "grid"), dash: "solid", symbol: "rect" }, { step: "middle" }),
      goshawk.line(view, 2, "company", { color: goshawk.operatorColour(theme, "company"), dash: "dashed", symbol: "triangle" }, { step: "middle" }),
      goshawk.line(view, 3, "buyers pay users", { color: goshawk.operatorColour(theme, "users"), dash: "solid", symbol: "circle" }),
      goshawk.line(view, 4, "sellers receive", { color: goshawk.operatorColour(theme, "users"), dash: "dotted", fill: theme.surface }),
    ],
  }),
  sql(c) {
    const buyers = goshawk.sql.classes(c, "buyer_class");
    const exact = (column) => `sum(round(${column} * 1e6)::HUGEINT)`;
    const per = (column, name) => `${exact(column)} / nullif(${exact("energy_kwh")}, 0) AS ${goshawk.sql.name(name)}`;
    return `WITH market AS (SELECT h, ${goshawk.sql.sum("grid_price_per_kwh")} / count(*) AS grid, ${goshawk.sql.sum("company_price_per_kwh")} / count(*) AS company\n` +
      `  FROM (${goshawk.sql.hours(c, "market_periods")}) GROUP BY h),\n` +
      `users AS (SELECT h, ${per("amount", "buyers pay users")}, ${per("seller_amount", "sellers receive")}\n` +
      `  FROM (${goshawk.sql.hours(c, "trades", buyers)}) GROUP BY h)\n` +
      `SELECT ${goshawk.sql.clock(c)}, grid, company, "buyers pay users", "sellers receive"\nFROM market LEFT JOIN users USING (h) ORDER BY h`;
  },
});

/** Cells of a measure of trades over the chosen buyers' classes. */
goshawk.overBuyers = (c, measure) => goshawk.overClasses(c, c.scenario.trades.buyers, measure);

goshawk.figures.push({
  id: "cost",
  group: "Money",
  needs: ["agent_periods", "trades", "market_periods"],
  title: () => "What energy costs, by channel and hour",
  view(c) {
    const agents = c.scenario.agents.classes;
    const cells = [goshawk.overBuyers(c, "amount"), goshawk.overClasses(c, agents, "grid_cost"), goshawk.overClasses(c, agents, "company_cost")];
    const rows = goshawk.hourRows(c, cells.map((values) => goshawk.meanByHour(c, values)));
    const totals = cells.map((values) => goshawk.total(c, values) / 1e6 / c.replicates);
    const names = ["other users", "grid", "company"];
    return {
      unit: c.currency, columns: [{ name: "Hour" }, ...names.map((name) => ({ name, unit: c.currency }))], rows,
      text: `What households of ${c.classes.join(", ") || "no class"} paid for energy, by channel, fees included and penalties not; ${goshawk.overDays(c)}. ${goshawk.inAll(c)} ` +
        `${names.map((name, place) => `${goshawk.number(totals[place])} ${c.currency} to ${name}`).join(", ")}.`,
    };
  },
  option: (view, c, theme, width) => goshawk.chart(view, theme, width, {
    series: [["users", "other users"], ["grid", "grid"], ["company", "company"]].map(([key, told], place) =>
      goshawk.bars(view, theme, place + 1, told, goshawk.operatorColour(theme, key))),
  }),
  sql(c) {
    const count = goshawk.sql.count(c);
    const bought = (name) => `sum(round(round(bought_${name}_kwh * 1e6) * round(${name}_price_per_kwh * 1e6) / 1e6)::HUGEINT) / 1e6 / ${count} AS ${name}`;
    return `WITH outside AS (SELECT h, ${bought("grid")}, ${bought("company")}\n` +
      `  FROM (${goshawk.sql.hours(c, "agent_periods", goshawk.sql.classes(c))})\n` +
      `  JOIN ${goshawk.sql.from(c, "market_periods")} USING (replicate, day, period) GROUP BY h),\n` +
      `users AS (SELECT h, ${goshawk.sql.sum("amount")} / ${count} AS users\n` +
      `  FROM (${goshawk.sql.hours(c, "trades", goshawk.sql.classes(c, "buyer_class"))}) GROUP BY h)\n` +
      `SELECT ${goshawk.sql.clock(c)}, coalesce(users, 0) AS "other users", grid, company\nFROM outside LEFT JOIN users USING (h) ORDER BY h`;
  },
});

goshawk.figures.push({
  id: "sales",
  group: "Money",
  needs: ["trades"],
  title: () => "What sellers earned, by class and hour",
  view(c) {
    const nothing = new Array(c.axes.bins.length * c.axes.slots).fill(0);
    const cells = c.classes.map((name) => c.scenario.trades.sellers[name]?.seller_amount ?? nothing);
    const rows = goshawk.hourRows(c, cells.map((values) => goshawk.meanByHour(c, values)));
    const totals = cells.map((values) => goshawk.total(c, values) / 1e6 / c.replicates);
    const all = totals.reduce((sum, total) => sum + total, 0);
    return {
      unit: c.currency, columns: [{ name: "Hour" }, ...c.classes.map((name) => ({ name, unit: c.currency }))], rows,
      empty: all > 0 ? null : "Nobody sold anything.",
      text: `What households received from other users for energy, by the seller's class, penalties not counted; ${goshawk.overDays(c)}.` +
        (all > 0 ? ` ${goshawk.inAll(c)} ${c.classes.map((name, place) => `${name} ${goshawk.number(totals[place])} ${c.currency}`).join(", ")}.` : ""),
    };
  },
  option: (view, c, theme, width) => goshawk.chart(view, theme, width, {
    series: c.classes.map((name, place) => goshawk.bars(view, theme, place + 1, name, goshawk.classStyle(c.data, name, theme).color)),
  }),
  // Hours without a trade have no row in the table of trades.
  sql(c) {
    const told = c.classes.map((name) => [name, "seller_amount", `seller_class = ${goshawk.sql.text(name)}`]);
    const hours = c.present_hours.length === c.hours ? `range(${c.hours})` : `unnest([${c.present_hours.join(", ")}])`;
    const sums = told.map(([name, column, filter]) => `  ${goshawk.sql.sum(column, filter)} / ${goshawk.sql.count(c)} AS ${goshawk.sql.name(name)}`);
    return `SELECT ${goshawk.sql.clock(c)},\n${sums.join(",\n")}\nFROM ${hours} AS hours(h) LEFT JOIN (${goshawk.sql.hours(c, "trades")}) USING (h)\nGROUP BY h ORDER BY h`;
  },
});

const order = ["grid", "company", "storage", "platform", "aggregator", "upstream"];
goshawk.operatorsOf = (c) =>
  Object.keys(c.scenario.operators).sort((a, b) => order.indexOf(a) - order.indexOf(b));

goshawk.figures.push({
  id: "operators",
  group: "Money",
  needs: ["operator_periods"],
  ignores: "class",
  title: () => "Operators' revenue by hour",
  view(c) {
    const operators = c.scenario.operators;
    const names = goshawk.operatorsOf(c);
    const rows = goshawk.hourRows(c, names.map((name) => goshawk.meanByHour(c, operators[name].revenue)));
    const totals = names.map((name) => goshawk.total(c, operators[name].revenue) / 1e6 / c.replicates);
    return {
      unit: c.currency, names, columns: [{ name: "Hour" }, ...names.map((name) => ({ name, unit: c.currency }))], rows,
      text: `Money that each operator received; ${goshawk.overDays(c)}. ${goshawk.inAll(c)} ` +
        `${names.map((name, place) => `${name} ${goshawk.number(totals[place])} ${c.currency}`).join(", ")}. ` +
        `Upstream is whoever grid, company and storage pay outside the community.`,
    };
  },
  option: (view, c, theme, width) => goshawk.chart(view, theme, width, {
    series: view.names.map((name, place) => goshawk.bars(view, theme, place + 1, name, goshawk.operatorColour(theme, name))),
  }),
  sql: (c) => goshawk.sql.meanByHour(c, "operator_periods",
    goshawk.operatorsOf(c).map((name) => [name, "revenue", `operator = ${goshawk.sql.text(name)}`])),
});
