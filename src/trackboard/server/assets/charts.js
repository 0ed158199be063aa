// The charts of a page: by the beginning of their names, found by searching, and drawn while they are on the
// screen only. Axes, scales, smoothing and the search are in the page's address.
import { Chart, duration, short } from "./chart.js";
import { fetchBand, fetchCurves, fetchMetrics } from "./curves.js";

const host = document.getElementById("charts");
const root = host.dataset.root;
const DRAWN = 40000; // buckets of one chart, all runs together
const REST = "Metrics"; // of names without a slash

const given = new URLSearchParams(location.search);
const settings = {
  x: given.get("x") || "step",
  logX: given.has("logx"),
  logY: given.has("logy"),
  smoothing: Math.min(0.999, Math.max(0, Number(given.get("smooth")) || 0)),
  band: given.has("band"),
  search: given.get("metric") || "",
};
const page = {
  settings,
  runs: [],
  colors: new Map(),
  names: new Map(),
  lit: null,
  highlight,
  ask: (chart) => want(chart),
  describeX: (x) => (settings.x === "time" ? new Date(x * 1000).toLocaleString() : settings.x === "relative" ? duration(x) : settings.x === "step" ? `step ${x.toLocaleString("en")}` : `${settings.x.slice(7)} ${short(x)}`),
};
const charts = new Map(); // by name
const visible = new Set();
const seen = new IntersectionObserver(onScroll, { rootMargin: "60px 0px" });
let metrics = new Map();

function readRuns() {
  const items = [...document.querySelectorAll("#legend [data-run]")];
  page.runs = items.map((item) => item.dataset.run);
  for (const item of items) {
    page.colors.set(item.dataset.run, getComputedStyle(item).color);
    page.names.set(item.dataset.run, item.textContent.trim());
  }
}

// -- what is asked ---------------------------------------------------------------------------------------

const wanted = new Set();
let isWaiting = false;

/** Charts that want their curves in the same moment are asked for together. */
function want(chart) {
  wanted.add(chart);
  if (isWaiting) return;
  isWaiting = true;
  requestAnimationFrame(() => {
    isWaiting = false;
    const all = [...wanted];
    wanted.clear();
    const together = all.filter((each) => !each.range);
    for (let at = 0; at < together.length; at += 4) load(together.slice(at, at + 4));
    for (const each of all.filter((each) => each.range)) load([each]);
  });
}

async function load(some) {
  const state = JSON.stringify([settings.x, settings.band, some.map((each) => each.range)]);
  const [first, last] = some[0].range ?? [];
  const points = Math.max(60, Math.min(some[0].range ? 600 : 300, Math.floor(DRAWN / page.runs.length)));
  const question = { runs: page.runs, x: settings.x, points, first, last };
  for (const each of some) {
    each.loadedPoints = metrics.get(each.name);
    each.asked = state;
  }
  const names = some.map((each) => each.name);
  try {
    const bands = settings.band && page.runs.length > 1
      ? Promise.all(names.map((name) => fetchBand(root, { ...question, name, points: 300 })))
      : names.map(() => null);
    const curves = await fetchCurves(root, { ...question, names });
    const found = await bands;
    some.forEach((each, at) => {
      if (each.asked === state && visible.has(each)) each.show(curves.get(each.name), found[at]);
    });
  } catch (error) {
    for (const each of some) each.fail(error.message);
  }
}

// -- which charts there are ------------------------------------------------------------------------------

function onScroll(entries) {
  for (const { target, isIntersecting } of entries) {
    const chart = charts.get(target.dataset.metric);
    if (!chart) continue;
    if (isIntersecting) {
      visible.add(chart);
      if (chart.loadedPoints !== metrics.get(chart.name)) want(chart);
    } else if (visible.delete(chart)) {
      chart.unmount();
    }
  }
}

function element(tag, said = {}, ...inside) {
  const made = Object.assign(document.createElement(tag), said);
  made.append(...inside);
  return made;
}

function makeFigure(name) {
  const plot = element("div", { className: "plot" });
  plot.setAttribute("role", "img");
  plot.setAttribute("aria-label", name);
  const reset = element("button", { className: "reset", type: "button", hidden: true }, "Whole range");
  const figure = element("figure", { className: "chart" }, element("h3", {}, name), plot, reset, element("p", { className: "said" }));
  figure.dataset.metric = name;
  const chart = new Chart(figure, page);
  reset.addEventListener("click", () => chart.zoom(null));
  charts.set(name, chart);
  seen.observe(figure);
  return figure;
}

function groupOf(name) {
  const at = name.indexOf("/");
  return at > 0 ? name.slice(0, at) : REST;
}

function addChart(name, old) {
  const label = groupOf(name);
  let group = [...host.children].find((each) => each.dataset.group === label);
  if (!group) {
    group = element("details", { open: true, className: "group" }, element("summary"), element("div", { className: "charts" }));
    group.dataset.group = label;
    const after = [...host.children].find((each) => each.dataset.group !== undefined && (label !== REST ? each.dataset.group > label && each.dataset.group !== REST : true));
    host.insertBefore(group, after ?? null);
  }
  const figure = makeFigure(name);
  const drawing = old.get(name);
  if (drawing) figure.querySelector(".plot").append(drawing); // until its curves are there
  group.lastChild.append(figure);
}

function filterCharts() {
  let test;
  try {
    const pattern = new RegExp(settings.search, "i");
    test = (name) => pattern.test(name);
  } catch {
    test = (name) => name.toLowerCase().includes(settings.search.toLowerCase());
  }
  let count = 0;
  for (const group of host.querySelectorAll(".group")) {
    let inside = 0;
    for (const figure of group.lastChild.children) {
      figure.hidden = !test(figure.dataset.metric);
      inside += !figure.hidden;
    }
    group.hidden = inside === 0;
    group.firstChild.textContent = `${group.dataset.group} (${inside})`;
    count += inside;
  }
  found.textContent = `${count.toLocaleString("en")} of ${charts.size.toLocaleString("en")}`;
}

/** Take up what was recorded: new metrics get a chart, those on the screen that grew are asked for anew. */
async function refresh() {
  readRuns();
  const { lit } = page; // the legend may have been written anew
  page.lit = null;
  highlight(lit);
  if (!page.runs.length) return;
  metrics = await fetchMetrics(root, page.runs);
  const old = new Map();
  for (const figure of host.querySelectorAll(":scope > figure")) {
    old.set(figure.dataset.metric, figure.querySelector("svg"));
    figure.remove();
  }
  const before = charts.size;
  for (const name of metrics.keys()) if (!charts.has(name)) addChart(name, old);
  if (charts.size !== before) {
    filterCharts();
    offer();
  }
  for (const chart of visible) if (chart.loadedPoints !== metrics.get(chart.name)) want(chart);
}

// -- what is set -----------------------------------------------------------------------------------------

const axis = element("select", { id: "chart-x" });
const found = element("span", { className: "soft" });

function offer() {
  const plain = [["step", "step"], ["time", "time"], ["relative", "relative time"]];
  const others = [...metrics.keys()].map((name) => [`metric:${name}`, name]);
  if (!plain.concat(others).some(([value]) => value === settings.x)) others.unshift([settings.x, settings.x.slice(7)]);
  axis.replaceChildren(...plain.concat(others).map(([value, text]) => element("option", { value, selected: value === settings.x }, text.slice(0, 60))));
}

function keep() {
  const said = new URLSearchParams(location.search);
  const set = (name, value) => (value ? said.set(name, value) : said.delete(name));
  set("x", settings.x === "step" ? "" : settings.x);
  set("logx", settings.logX ? "1" : "");
  set("logy", settings.logY ? "1" : "");
  set("smooth", settings.smoothing ? String(settings.smoothing) : "");
  set("band", settings.band ? "1" : "");
  set("metric", settings.search);
  const query = said.toString();
  history.replaceState(history.state, "", location.pathname + (query ? `?${query}` : "") + location.hash);
}

function makeControls() {
  const check = (text, name, act) => {
    const box = element("input", { type: "checkbox", checked: settings[name] });
    box.addEventListener("change", () => {
      settings[name] = box.checked;
      keep();
      act();
    });
    return element("label", { className: "check" }, box, ` ${text}`);
  };
  const rebuild = () => { for (const chart of visible) chart.rebuild(); };
  const again = () => { for (const chart of visible) want(chart); };
  axis.addEventListener("change", () => {
    settings.x = axis.value;
    keep();
    for (const chart of charts.values()) {
      chart.range = null;
      chart.unmount();
    }
    again();
  });
  const weight = element("input", { type: "range", min: 0, max: 0.999, step: 0.001, value: settings.smoothing });
  const shown = element("output", {}, settings.smoothing.toFixed(2));
  weight.addEventListener("input", () => {
    settings.smoothing = Number(weight.value);
    shown.textContent = settings.smoothing.toFixed(2);
    for (const chart of visible) chart.redraw();
  });
  weight.addEventListener("change", keep);
  const search = element("input", { type: "search", value: settings.search, spellcheck: false });
  search.addEventListener("input", () => {
    settings.search = search.value;
    keep();
    filterCharts();
  });
  const controls = element(
    "div",
    { className: "chart-controls" },
    element("label", {}, "Metric matches ", search),
    element("label", {}, "x axis ", axis),
    check("log x", "logX", rebuild),
    check("log y", "logY", rebuild),
    element("label", {}, "Smoothing ", weight, shown),
    ...(document.querySelectorAll("#legend [data-run]").length > 1 ? [check("band over all runs", "band", again)] : []),
    found,
  );
  for (const each of document.querySelectorAll(".without-script")) each.hidden = true;
  host.before(controls);
}

// -- a run under the pointer is lit everywhere -------------------------------------------------------------

function highlight(run) {
  if (page.lit === run) return;
  for (const each of document.querySelectorAll(".lit")) each.classList.remove("lit");
  page.lit = run;
  if (run !== null) {
    for (const each of document.querySelectorAll(`[data-run="${CSS.escape(run)}"], #run-${CSS.escape(run)}`)) each.classList.add("lit");
  }
  requestAnimationFrame(() => { for (const chart of visible) chart.u?.redraw(false, false); });
}

document.addEventListener("pointerover", (event) => {
  const over = event.target.closest?.("[data-run]");
  if (over) highlight(over.dataset.run);
  else if (!event.target.closest?.(".plot")) highlight(null);
});
document.addEventListener("focusin", (event) => {
  const over = event.target.closest?.("[data-run]");
  if (over) highlight(over.dataset.run);
});

// ----------------------------------------------------------------------------------------------------------

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  readRuns();
  for (const chart of visible) chart.rebuild();
});
new ResizeObserver(() => { for (const chart of visible) chart.resize(); }).observe(host);
document.addEventListener("fresh", () => refresh().catch(() => {}));

host.removeAttribute("data-live"); // what is drawn by hand from here on
host.classList.remove("charts");
makeControls();
offer();
refresh().catch((error) => host.prepend(element("p", { className: "warning" }, error.message)));
