// Opens a report in a headless browser from the file system and checks it as a reader would:
//   node report.mjs PAGE SUMMARY.json QUERIES.json
// SUMMARY.json is what `goshawk summary DIR --format json` prints. What the page shows and the queries that it gives for it go to
// QUERIES.json. Says what it checked, or everything that is wrong.
import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import axe from "axe-core";
import { chromium } from "playwright-core";

const [page, summaryFile, queriesFile] = process.argv.slice(2);
const url = pathToFileURL(page).href;
const faults = [];
const said = [];
const check = (holds, fault) => { if (!holds) faults.push(fault); };

// Without these flags a headless browser of Debian asks for things of its own.
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
  ],
});

async function open(options, more = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const tab = await context.newPage();
  const name = more.name ?? "page";
  tab.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) faults.push(`${name}: console ${message.type()}: ${message.text()}`);
  });
  tab.on("pageerror", (error) => faults.push(`${name}: ${error.message}`));
  tab.on("request", (request) => {
    if (request.url() !== url && !request.url().startsWith("data:")) faults.push(`${name}: asked for ${request.url().slice(0, 200)}`);
  });
  await tab.goto(url);
  if (options.javaScriptEnabled !== false) {
    await tab.waitForFunction(() => document.documentElement.dataset.ready === "yes", null, { timeout: 20_000 });
  }
  return { context, tab };
}

/** Each figure: whether it is drawn, and the numbers of its table. */
const figures = (tab) => tab.evaluate(() =>
  [...document.querySelectorAll(".figure")].map((section) => {
    const svg = section.querySelector(".chart svg");
    const cell = (cell) => (cell.dataset.value === undefined ? cell.textContent : Number(cell.dataset.value));
    return {
      id: section.id.replace("figure-", ""),
      title: section.querySelector("h3").textContent,
      text: section.querySelector(".text").textContent,
      marks: svg ? svg.querySelectorAll("path, rect, polyline").length : 0,
      box: svg ? [svg.getBoundingClientRect().width, section.getBoundingClientRect().width] : null,
      empty: !section.querySelector(".empty").hidden,
      head: [...section.querySelectorAll(".numbers thead th")].map((cell) => cell.textContent),
      rows: [...section.querySelectorAll(".numbers tbody tr")].map((row) => [...row.children].map(cell)),
      query: section.querySelector(".query code").textContent,
    };
  }));

const keyFigures = (tab) => tab.evaluate(() =>
  Object.fromEntries([...document.querySelectorAll("#key-figures td[data-key]")].map((cell) =>
    [cell.dataset.key, cell.dataset.value === undefined ? null : Number(cell.dataset.value)])));

const sum = (rows, from, to) => rows.reduce((all, row) => all + row.slice(from, to).reduce((part, value) => part + value, 0), 0);
const near = (a, b) => Math.abs(a - b) <= 1e-12 * Math.max(1, Math.abs(a), Math.abs(b));

// ---- Everything is drawn, and the numbers are those of the summary -------------------------------------------------
const { context, tab } = await open({}, { name: "desktop" });
const data = await tab.evaluate(() => JSON.parse(document.getElementById("data").textContent));
const shown = await figures(tab);
const state = await tab.evaluate(() => document.getElementById("status").textContent);
check(shown.length > 0, "no figure is shown");
for (const figure of shown) {
  check(figure.empty || figure.marks >= 3, `${figure.id} is not drawn: ${figure.marks} marks`);
  check(figure.rows.length > 0 || figure.empty, `${figure.id} has no numbers`);
  check(figure.text.length > 20, `${figure.id} says nothing`);
  check(!/NaN|undefined|null|Infinity/.test(figure.text + JSON.stringify(figure.head)), `${figure.id} says ${figure.text}`);
  if (figure.box) check(figure.box[0] <= figure.box[1], `${figure.id} is wider than its frame`);
}
said.push(`${shown.length} figures (${shown.map((figure) => figure.id).join(", ")})`);

const summary = JSON.parse(readFileSync(summaryFile, "utf8"));
const first = data.scenarios[0].name;
const told = Array.isArray(summary)
  ? summary.map((row) => ({ ...row, value: row.value }))
  : summary.figures.filter((row) => row.scenario === first).map((row) => ({ ...row, value: row.mean }));
const cells = await keyFigures(tab);
check(told.length > 0, "goshawk summary tells no key figure to hold the page against");
check(Object.keys(cells).length === told.length, `the page has ${Object.keys(cells).length} key figures, goshawk summary ${told.length}`);
check(Object.values(cells).some((value) => value !== null && value !== 0), "all key figures are nothing");
for (const row of told) {
  const key = `${row.scope}/${row.id}/${row.variable}`;
  check(key in cells, `the key figure ${key} is missing`);
  check(cells[key] === row.value, `${key} is ${cells[key]}, and goshawk summary says ${row.value}`);
}
said.push(`${told.length} key figures equal to goshawk summary`);

const of = (list, id) => list.find((figure) => figure.id === id);
const days = data.scenarios[0].axes?.days ?? 0;
const whole = data.scenarios[0].axes?.daysOfSlot.every((each) => typeof each === "number");
check(data.classes.length > 0, "no class is told");
if (Array.isArray(summary)) {
  check(whole === true && days > 0, "a run has days, and these tests' runs are told by whole days");
}
if (Array.isArray(summary) && whole) {
  const value = (scope, id, variable) => told.find((row) => row.scope === scope && row.id === id && row.variable === variable).value;
  const photovoltaics = of(shown, "photovoltaics");
  check(near(sum(photovoltaics.rows, 1, -1) * days, value("run", "", "pv")), "photovoltaics do not add up to pv");
  for (const name of data.classes) {
    const bought = of(shown, `purchases-${name}`);
    ["p2p", "grid", "company", "withdrawn"].forEach((variable, place) =>
      check(near(sum(bought.rows, place + 1, place + 2) * days, value("class", name, variable)), `${variable} of ${name} does not add up`));
  }
  const operators = of(shown, "operators");
  check(operators.head.length > 1 && sum(photovoltaics.rows, 1, -1) > 0, "there is nothing to add up");
  operators.head.slice(1).forEach((head, place) => {
    const name = head.split(" ")[0];
    check(near(sum(operators.rows, place + 1, place + 2) * days, value("operator", name, "revenue")), `revenue of ${name} does not add up`);
  });
  const flows = of(shown, "flows").rows.filter((row) => data.classes.includes(row[0]));
  check(near(sum(flows, 2, 3), value("run", "", "p2p")), "flows between classes do not add up to p2p");
  said.push("figures by hour add up to the key figures");
}
const queries = shown.map(({ id, query, rows }) => ({ id, query, rows, state }));

// ---- Colours can be told apart, also without red, green or blue --------------------------------------------------
{
  // Machado, Oliveira and Fernandes 2009, severity 1, for linear light.
  const eyes = {
    all: [1, 0, 0, 0, 1, 0, 0, 0, 1],
    "no red": [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
    "no green": [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881],
    "no blue": [1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.3039],
  };
  const linear = (value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
  const light = (colour) => [1, 3, 5].map((at) => linear(parseInt(colour.slice(at, at + 2), 16) / 255));
  const seen = (colour, eye) => [0, 3, 6].map((row) =>
    Math.min(1, Math.max(0, light(colour).reduce((sum, value, at) => sum + eye[row + at] * value, 0))));
  const lab = ([r, g, b]) => {
    const [x, y, z] = [(0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.95047, 0.2126 * r + 0.7152 * g + 0.0722 * b, (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.08883]
      .map((value) => (value > 0.008856 ? Math.cbrt(value) : 7.787 * value + 16 / 116));
    return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
  };
  const luminance = (colour) => light(colour).reduce((sum, value, at) => sum + [0.2126, 0.7152, 0.0722][at] * value, 0);
  const contrast = (a, b) => (Math.max(luminance(a), luminance(b)) + 0.05) / (Math.min(luminance(a), luminance(b)) + 0.05);
  const themes = await tab.evaluate(() => globalThis.goshawk.themes);
  for (const [name, theme] of Object.entries(themes)) {
    for (const [set, colours, least] of [["classes", theme.classes, 14], ["operators", Object.values(theme.operators), 18]]) {
      for (const colour of colours) {
        check(contrast(colour, theme.surface) >= 3, `${name}, ${set}: ${colour} has a contrast of ${contrast(colour, theme.surface).toFixed(2)}`);
      }
      for (const [eye, matrix] of Object.entries(eyes)) {
        colours.forEach((one, place) => colours.slice(0, place).forEach((other) => {
          const [a, b] = [one, other].map((colour) => lab(seen(colour, matrix)));
          const distance = Math.hypot(...a.map((value, at) => value - b[at]));
          check(distance >= least, `${name}, ${set}, ${eye}: ${one} and ${other} are ${distance.toFixed(1)} apart`);
        }));
      }
    }
  }
  said.push("colours apart for all eyes");
}

// ---- Filters by mouse ---------------------------------------------------------------------------------------------
const status = () => tab.locator("#status").textContent();
// What the page must offer, from what it knows.
const isComparing = data.scenarios.length > 1;
const offered = {
  day: (data.scenarios[0].axes?.bins.length ?? 0) > 1,
  scenario: isComparing,
  measure: shown.some((figure) => figure.id === "intervals"),
};
check((await tab.locator("#classes input").count()) === data.classes.length, "the classes' filter is not that of the classes");
check((await tab.locator("#class-field").isVisible()) === data.classes.length > 1, "the classes' filter is not where it should be");
if (data.kind !== "run") check(isComparing && offered.measure, "a study of several points compares nothing");
if (data.classes.length > 1) {
  const box = tab.locator("#classes input").first();
  const before = await status();
  await tab.locator("#classes label").first().click();
  check(!(await box.isChecked()), "a click does not take a class away");
  check((await status()) !== before, "the status does not tell the new filters");
  const less = await figures(tab);
  const name = data.classes[0];
  check(!of(less, `purchases-${name}`), `purchases of ${name} are still shown`);
  if (of(shown, "photovoltaics")) {
    const heads = of(less, "photovoltaics").head.join(" ");
    check(!heads.split(" ").includes(name), `photovoltaics still have ${name}`);
    const place = data.classes.indexOf(name) + 1;
    const [all, rest] = [of(shown, "photovoltaics").rows, of(less, "photovoltaics").rows];
    check(near(sum(all, 1, -1) - sum(all, place, place + 1), sum(rest, 1, -1)), "photovoltaics without a class do not add up");
  }
  queries.push(...less.map(({ id, query, rows }) => ({ id, query, rows, state: `without ${name}` })));
  // ... and by keyboard.
  await box.focus();
  await tab.keyboard.press("Space");
  check(await box.isChecked(), "the space bar does not bring a class back");
  check(JSON.stringify(await figures(tab)) === JSON.stringify(shown), "the figures are not as before");
  said.push("class filter by mouse and keyboard");
}
for (const [id, name] of [["day", "day"], ["scenario", "scenario"], ["measure", "key figure"]]) {
  const select = tab.locator(`#${id}`);
  check((await select.isVisible()) === offered[id], `the filter of the ${name} is ${offered[id] ? "hidden" : "shown for nothing"}`);
  if (!(await select.isVisible())) continue;
  const seen = async () => JSON.stringify([await figures(tab), await keyFigures(tab), await status()]);
  const before = await seen();
  await select.focus();
  await tab.keyboard.press("ArrowDown");
  await tab.keyboard.press("ArrowDown");
  const after = await figures(tab);
  check(before !== (await seen()), `arrow keys in the filter of the ${name} change nothing`);
  queries.push(...after.map(({ id, query, rows }) => ({ id, query, rows, state: `other ${name}` })));
  for (const figure of after) check(figure.empty || figure.marks >= 3, `${figure.id} is not drawn after another ${name}`);
  const options = await select.locator("option").count();
  check(options > 1, `the filter of the ${name} has ${options} options`);
  await select.selectOption({ index: id === "measure" ? 1 : 0 });
  said.push(`${name} filter by keyboard`);
}
// Every control can be reached by Tab.
{
  const { context, tab } = await open({}, { name: "keyboard" });
  const controls = await tab.evaluate(() => [...document.querySelectorAll("#controls select, #controls input, .skip")]
    .filter((one) => one.offsetParent !== null || one.className === "skip").map((one) => one.id || one.value || one.className));
  for (const id of ["theme", ...Object.keys(offered).filter((id) => offered[id])]) {
    check(controls.includes(id), `there is no control ${id}`);
  }
  for (const name of data.classes.length > 1 ? data.classes : []) check(controls.includes(name), `there is no box for ${name}`);
  const reached = new Set();
  for (let press = 0; press < controls.length + 2; press++) {
    await tab.keyboard.press("Tab");
    reached.add(await tab.evaluate(() => document.activeElement.id || document.activeElement.value || document.activeElement.className));
  }
  for (const name of controls) check(reached.has(name), `Tab does not reach ${name}: ${[...reached].join(", ")}`);
  said.push(`${controls.length} controls reached by Tab`);
  await context.close();
}

// A tooltip appears under the pointer.
if (of(shown, "photovoltaics")) {
  const chart = tab.locator("#figure-photovoltaics .chart svg");
  await chart.scrollIntoViewIfNeeded();
  const place = await chart.boundingBox();
  await tab.mouse.move(place.x + place.width * 0.55, place.y + place.height * 0.6);
  const tip = () => tab.evaluate(() => document.querySelector("#figure-photovoltaics .chart > div:last-child:not(:first-child)")?.textContent ?? "");
  for (let wait = 0; wait < 50 && !/\d kWh/.test(await tip()); wait++) await tab.waitForTimeout(100);
  check(/\d kWh/.test(await tip()), "no tooltip under the pointer");
  said.push("tooltip under the pointer");
}

// ---- Themes, widths, paper -------------------------------------------------------------------------------------
const audit = async (tab, name) => {
  await tab.evaluate(axe.source);
  const { violations, passes } = await tab.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  check(passes.length > 20, `${name}: axe-core looked at ${passes.length} rules only`);
  for (const { id, impact, help, nodes } of violations) {
    const line = `${name}: ${impact}: ${id}: ${help}: ${nodes.slice(0, 3).map((node) => node.target.join(" ")).join("; ")}`;
    if (["serious", "critical"].includes(impact)) faults.push(line);
    else said.push(line);
  }
};
await tab.evaluate(() => document.querySelectorAll("details").forEach((one) => { one.open = true; }));
await audit(tab, "desktop, light");
await tab.locator("#theme").selectOption("dark");
const ink = await tab.evaluate(() => getComputedStyle(document.body).backgroundColor);
check(ink === "rgb(11, 15, 19)", `the dark page is ${ink}`);
await audit(tab, "desktop, dark");
await tab.emulateMedia({ media: "print" });
const paper = () => tab.evaluate(() => {
  const { backgroundColor, color } = getComputedStyle(document.body);
  return `${color} on ${backgroundColor}`;
});
const black = "rgb(0, 0, 0) on rgb(255, 255, 255)";
check((await paper()) === black, `paper of a page that was dark is ${await paper()}`);
await tab.locator("#theme").evaluate((select) => { select.value = "system"; select.dispatchEvent(new Event("change")); });
await tab.emulateMedia({ media: "print", colorScheme: "dark" });
check((await paper()) === black, `paper on a dark system is ${await paper()}`);
const pdf = await tab.pdf({ format: "A4" });
check(pdf.length > 20_000, "the page prints to nothing");
await context.close();

for (const [name, width, colorScheme] of [["phone, dark", 360, "dark"], ["phone, light", 390, "light"]]) {
  const { context, tab } = await open({ viewport: { width, height: 800 }, colorScheme, isMobile: true, hasTouch: true }, { name });
  const wide = await tab.evaluate(() => document.documentElement.scrollWidth);
  check(wide <= width, `${name}: the page is ${wide} pixels wide`);
  for (const figure of await figures(tab)) {
    check(figure.empty || figure.marks >= 3, `${name}: ${figure.id} is not drawn`);
    if (figure.box) check(figure.box[0] <= figure.box[1], `${name}: ${figure.id} is wider than its frame`);
  }
  await audit(tab, name);
  await context.close();
}
said.push("light, dark, phone and paper; axe-core finds nothing serious");

// ---- Without script -------------------------------------------------------------------------------------------
{
  const { context, tab } = await open({ javaScriptEnabled: false }, { name: "without script" });
  const drawn = await tab.locator(".figure .chart svg").count();
  check(drawn > 0, "without script nothing is drawn");
  check(drawn === shown.filter((figure) => !figure.empty).length, `without script ${drawn} figures are drawn`);
  said.push(`${drawn} figures without script`);
  await context.close();
}

await browser.close();
writeFileSync(queriesFile, JSON.stringify(queries));
console.log(said.join("\n"));
if (faults.length > 0) {
  console.error(faults.slice(0, 60).join("\n"));
  process.exit(1);
}
