// The table of key figures: as `goshawk summary` tells them, in groups.
"use strict";

/** The command that prints them. */
goshawk.summaryCommand = function (c) {
  const folder = [c.data.folder.replace(/\/+$/, ""), c.data.kind === "runs" ? c.scenario.within : ""].filter(Boolean).join("/");
  return `goshawk summary ${folder}${c.data.kind === "study" ? " --scope all" : ""}`;
};

goshawk.keyFigures = function (c) {
  const rows = c.data.keyFigures.filter((row) => row.scenario === c.state.scenario);
  if (rows.length === 0) return null;
  const of = (scope, ids) => rows.filter((row) => row.scope === scope && (!ids || ids.includes(row.id)));
  const groups = [];
  const add = (title, list, ids) => {
    if (list.length === 0) return;
    const variables = [...new Set(list.map((row) => row.variable))];
    const columns = ids ?? [""];
    const cells = new Map(list.map((row) => [`${row.variable}/${row.id}`, row]));
    groups.push({ title, columns, variables, cells });
  };
  add("The whole run", of("run"), null);
  add("By class", of("class", c.classes), c.classes);
  const operators = [...new Set(of("operator").map((row) => row.id))];
  add("By operator", of("operator"), operators);
  return groups.map(goshawk.keyFigureTable).join("");
};

goshawk.keyFigureTable = function ({ title, columns, variables, cells }) {
  const single = columns.length === 1 && columns[0] === "";
  const interval = (row) =>
    row && row.low !== undefined && row.value !== null ? ` <span class="interval">${goshawk.number(row.low)} to ${goshawk.number(row.high)}</span>` : "";
  const cell = (row) => {
    if (!row) return "<td></td>";
    const value = row.value === null ? "" : ` data-value="${row.value}" title="${row.value}"`;
    return `<td data-key="${goshawk.escape(`${row.scope}/${row.id}/${row.variable}`)}"${value}>${goshawk.number(row.value)}${interval(row)}</td>`;
  };
  const unitOf = (variable) => {
    for (const id of columns) {
      const row = cells.get(`${variable}/${id}`);
      if (row) return row.unit === "1" ? "" : row.unit;
    }
    return "";
  };
  const head = ["Figure", "Unit", ...(single ? ["Value"] : columns)].map((name) => `<th scope="col"${name === "Unit" ? ' class="text"' : ""}>${goshawk.escape(name)}</th>`).join("");
  const body = variables
    .map((variable) => `<tr><th scope="row">${goshawk.escape(variable)}</th><td class="text">${goshawk.escape(unitOf(variable))}</td>` +
      `${columns.map((id) => cell(cells.get(`${variable}/${id}`))).join("")}</tr>`)
    .join("");
  return `<div class="scroll" tabindex="0" role="region" aria-label="${goshawk.escape(`Key figures: ${title}`)}"><table class="key"><caption>${goshawk.escape(title)}</caption>` +
    `<thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>`;
};
