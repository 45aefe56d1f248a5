// The page: draws what the filters leave, and draws it again when they, the width or the theme change.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const state = goshawk.initial(data);
  const element = (id) => document.getElementById(id);
  const make = (tag, attributes = {}, ...children) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  };
  const dark = matchMedia("(prefers-color-scheme: dark)");
  let printing = false;
  const theme = () => {
    const chosen = document.documentElement.dataset.theme;
    return !printing && (chosen === "dark" || (chosen !== "light" && dark.matches)) ? goshawk.themes.dark : goshawk.themes.light;
  };

  // ---- Figures
  const figures = element("figures");
  const shown = new Map();

  const frame = (entry) => {
    const id = `figure-${entry.id}`;
    const section = make("section", { class: "figure", id, "aria-labelledby": `${id}-title` });
    section.append(make("h3", { id: `${id}-title` }, entry.title), make("p", { id: `${id}-text`, class: "text" }));
    section.append(
      make("div", { class: "chart", role: "img", "aria-labelledby": `${id}-title`, "aria-describedby": `${id}-text` }),
      make("p", { class: "empty", hidden: "" }),
      make("div", { class: "more" }, make("details", { class: "numbers" }, make("summary", {}, "Numbers", make("span", { class: "hidden" }, ` of ${entry.title}`)),
        make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `Numbers of ${entry.title}` })),
      make("details", { class: "query" }, make("summary", {}, "Where they come from", make("span", { class: "hidden" }, `: ${entry.title}`)),
        make("pre", { tabindex: "0", role: "region", "aria-label": `Source of ${entry.title}` }, make("code")))),
    );
    return { section, chart: null };
  };

  const draw = (entry, c) => {
    const one = shown.get(entry.id);
    const told = goshawk.tell(entry, c);
    const find = (name) => one.section.querySelector(name);
    find(".text").textContent = told.text + (entry.figure.ignores ? ` Not filtered by ${entry.figure.ignores}.` : "");
    find("h3").textContent = entry.title;
    const [holder, empty] = [find(".chart"), find(".empty")];
    holder.hidden = Boolean(told.view.empty);
    empty.hidden = !told.view.empty;
    empty.textContent = told.view.empty ?? "";
    find(".numbers .scroll").innerHTML = goshawk.table(told.view, entry.title);
    find(".query code").textContent = told.query;
    if (told.view.empty) {
      one.chart?.dispose();
      one.chart = null;
      return;
    }
    const width = Math.max(240, Math.floor(printing ? 680 : holder.clientWidth || 320));
    const size = { width, height: told.height };
    holder.style.height = `${told.height}px`;
    one.chart ??= echarts.init(holder, null, { renderer: "svg", ...size });
    one.chart.resize(size);
    one.chart.setOption(goshawk.option(entry, told.view, c, theme(), width), { notMerge: true });
    const picture = holder.querySelector("svg");
    if (picture) picture.setAttribute("aria-hidden", "true");
    one.width = width;
  };

  const drawAll = () => {
    const c = goshawk.context(data, state);
    const entries = goshawk.list(c);
    const wanted = new Set(entries.map((entry) => entry.id));
    for (const [id, one] of shown) {
      if (!wanted.has(id)) {
        one.chart?.dispose();
        one.section.remove();
        shown.delete(id);
      }
    }
    const keep = document.activeElement;
    let before = null;
    for (const entry of entries.filter((entry) => !entry.missing)) {
      if (!shown.has(entry.id)) shown.set(entry.id, frame(entry));
      const { section } = shown.get(entry.id);
      const group = element(`group-${entry.group}`);
      const place = before && before.parentNode === group ? before.nextSibling : group.querySelector(".figure");
      if (section.parentNode !== group || place !== section) group.insertBefore(section, place);
      before = section;
    }
    keep?.focus?.({ preventScroll: true });
    for (const group of figures.querySelectorAll(".group")) group.hidden = !group.querySelector(".figure");
    const missing = entries.filter((entry) => entry.missing);
    element("missing").hidden = missing.length === 0;
    element("missing-list").replaceChildren(...missing.map((entry) =>
      make("li", {}, make("strong", {}, entry.title), `: ${entry.missing}.`)));
    for (const entry of entries) if (!entry.missing) draw(entry, c);
    element("key-figures").innerHTML = goshawk.keyFigures(c) ?? "<p>There are no key figures: the table kpis is not there.</p>";
    element("summary-command").textContent = goshawk.summaryCommand(c);
    element("facts").replaceChildren(...facts(c.scenario));
    return entries.length - missing.length;
  };

  const facts = (scenario) => {
    const households = data.classes.filter((name) => scenario.households[name]).map((name) => `${scenario.households[name]} ${name}`);
    const rows = Object.values(scenario.rows).reduce((sum, count) => sum + count, 0);
    const all = [...scenario.facts];
    if (households.length) all.push(["Households", households.join(", ")]);
    if (rows) all.push(["Rows", `${goshawk.fixed(rows, 0)} in ${Object.keys(scenario.rows).length} tables`]);
    return all.flatMap(([name, value]) => [make("dt", {}, name), make("dd", { class: /^[0-9a-f]{64}$/.test(value) ? "digest" : "plain" }, value)]);
  };

  // ---- Filters
  const status = element("status");
  const changed = () => {
    const count = drawAll();
    const scenario = data.scenarios[state.scenario];
    const classes = state.classes.length === data.classes.length ? "all classes" : state.classes.join(", ") || "no class";
    const day = state.bin === "all" || !scenario.axes ? "all days" : scenario.axes.bins[state.bin];
    status.textContent = `${count} figures: ${scenario.label}, ${classes}, ${day}.`;
  };
  const options = (select, list) => select.replaceChildren(...list.map(([value, text]) => make("option", { value }, text)));
  const days = () => {
    const bins = data.scenarios[state.scenario].axes?.bins ?? [];
    element("day-field").hidden = bins.length < 2;
    options(element("day"), [["all", "all days"], ...bins.map((name, bin) => [String(bin), name])]);
    if (state.bin !== "all" && Number(state.bin) >= bins.length) state.bin = "all";
    element("day").value = state.bin;
  };

  options(element("scenario"), data.scenarios.map((scenario, place) => [String(place), scenario.label]));
  element("scenario-field").hidden = data.scenarios.length < 2;
  element("scenario").addEventListener("change", (event) => {
    state.scenario = Number(event.target.value);
    days();
    changed();
  });
  element("day").addEventListener("change", (event) => {
    state.bin = event.target.value;
    changed();
  });
  for (const name of data.classes) {
    const box = make("input", { type: "checkbox", value: name });
    box.checked = true;
    box.addEventListener("change", () => {
      state.classes = [...element("classes").querySelectorAll("input:checked")].map((input) => input.value);
      changed();
    });
    const swatch = make("span", { class: "swatch", "aria-hidden": "true" });
    swatch.dataset.class = name;
    element("classes").append(make("label", {}, box, swatch, name));
  }
  element("class-field").hidden = data.classes.length < 2;
  const measures = goshawk.measures(data);
  element("measure-field").hidden = !goshawk.list(goshawk.context(data, state)).some((entry) => entry.id === "intervals");
  options(element("measure"), measures.map(({ key, name, unit }) => [key, unit === "1" ? name : `${name}, ${unit}`]));
  if (measures.some(({ key }) => key === "run//net_cost")) element("measure").value = "run//net_cost";
  element("measure").addEventListener("change", (event) => {
    state.measure = event.target.value;
    changed();
  });

  // ---- Theme, width, paper
  const paint = () => {
    for (const swatch of document.querySelectorAll(".swatch")) {
      swatch.style.backgroundColor = goshawk.classStyle(data, swatch.dataset.class, theme()).color;
    }
    drawAll();
  };
  element("theme").addEventListener("change", (event) => {
    if (event.target.value === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = event.target.value;
    paint();
  });
  dark.addEventListener("change", paint);
  addEventListener("beforeprint", () => { printing = true; paint(); });
  addEventListener("afterprint", () => { printing = false; paint(); });
  let waiting = 0;
  new ResizeObserver(() => {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(() => {
      const first = shown.values().next().value;
      const width = first?.section.querySelector(".chart").clientWidth;
      if (!printing && width && Math.abs(width - first.width) > 1) drawAll();
    });
  }).observe(figures);

  element("controls").hidden = false;
  days();
  paint();
  changed();
  document.documentElement.dataset.ready = "yes";
})();
