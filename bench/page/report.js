"use strict";
// Draws the page from the results in it. No library, nothing loaded.

const data = JSON.parse(document.getElementById("results").textContent);
const results = data.results;
const unique = (list) => [...new Set(list)];
const engines = unique(results.map((r) => r.engine));
const workloads = unique(results.map((r) => r.workload));
const colour = (engine) => `var(--e${engines.indexOf(engine) % 9})`;

// --- figures ---------------------------------------------------------------------------------------------------------

const rounds = (workload, engine) => results.filter((r) => r.workload === workload && r.engine === engine);

function figure(workload, engine, field) {
  const values = rounds(workload, engine).map((r) => r[field]).filter((v) => typeof v === "number").sort((a, b) => a - b);
  if (!values.length) return null;
  const middle = values.length >> 1;
  const median = values.length % 2 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
  return { median, min: values[0], max: values[values.length - 1] };
}

// The round whose rate is next to the median.
function typical(workload, engine) {
  const median = figure(workload, engine, "rate")?.median;
  return rounds(workload, engine).reduce((best, r) =>
    !best || Math.abs(r.rate - median) < Math.abs(best.rate - median) ? r : best, null);
}

// --- numbers as text -------------------------------------------------------------------------------------------------

function scaled(value, units) {
  if (value === 0) return "0";
  const [size, name] = units.find(([least]) => Math.abs(value) >= least) ?? units[units.length - 1];
  const number = value / size;
  return `${number.toFixed(number < 9.995 ? 2 : number < 99.95 ? 1 : 0)} ${name}`.trim();
}
const asCount = (v) => scaled(v, [[1e9, "G"], [1e6, "M"], [1e3, "k"], [1, ""]]);
const asMicros = (v) => scaled(v, [[1e6, "s"], [1e3, "ms"], [1, "µs"], [1e-3, "ns"]]);
const asSeconds = (v) => asMicros(v * 1e6);
const asBytes = (v) => scaled(v, [[2 ** 30, "GiB"], [2 ** 20, "MiB"], [2 ** 10, "KiB"], [1, "B"]]);
const asRatio = (v) => v.toFixed(2);
const short = (text) => text.replace(/\.00 /, " ").replace(/(\.\d)0 /, "$1 ").replace(/\.0 /, " ").replace(/\.00$/, "");

// --- elements --------------------------------------------------------------------------------------------------------

function make(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) node.setAttribute(name, value);
  for (const child of children) if (child != null) node.append(child);
  return node;
}
const el = (tag, attributes, ...children) => make(document.createElement(tag), attributes, children);
const svg = (tag, attributes, ...children) =>
  make(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
const key = (engine, text) => el("span", { class: "key" }, el("i", { style: `background:${colour(engine)}` }), text ?? engine);

// --- head ------------------------------------------------------------------------------------------------------------

function drawHead() {
  const e = data.environment ?? {};
  const facts = [e.date, e.processor && `${e.cores} cores of ${e.processor}`, e.memory && `${asBytes(e.memory)} of memory`,
    e.kernel, e.distribution, e.file_system, e.n && `${asCount(e.n)} entries of ${e.key_bytes} + ${e.value_bytes} bytes`,
    e.memory_budget && `${asBytes(e.memory_budget)} for each engine`];
  const place = document.getElementById("facts");
  place.append(facts.filter(Boolean).join(" · "));
  if (e.command) place.append(el("br"), el("code", {}, e.command));
  for (const engine of engines) {
    const version = results.find((r) => r.engine === engine).version ?? "";
    document.getElementById("legend").append(make(key(engine), {}, [el("small", {}, version.replace(/^\S+ /, ""))]));
  }
}

// --- bars ------------------------------------------------------------------------------------------------------------

function bar(engine, spread, most, text, title) {
  const percent = (v) => `${(100 * v) / most}%`;
  const lane = el("div", { class: "lane" }, el("b", { style: `width:${percent(spread.median)};background:${colour(engine)}` }));
  if (spread.max > spread.min) {
    lane.append(el("u", { style: `left:${percent(spread.min)};width:${percent(spread.max - spread.min)}` }));
  }
  return el("div", { class: "track", title }, lane, el("div", { class: "value" }, ...text));
}

function drawRates() {
  for (const workload of workloads) {
    const spreads = engines.map((engine) => [engine, figure(workload, engine, "rate")]).filter(([, s]) => s);
    const most = Math.max(...spreads.map(([, s]) => s.max)) || 1;
    const first = spreads[0];
    const bars = spreads.map(([engine, s]) => {
      const text = [`${asCount(s.median)}/s`];
      if (engine !== first[0] && s.median > 0) text.push(el("em", {}, `${first[0]}:`), el("strong", {}, `${asRatio(first[1].median / s.median)}×`));
      const title = `${engine}: ${asCount(s.median)}/s, ${asCount(s.min)} to ${asCount(s.max)}`;
      return bar(engine, s, most, text, title);
    });
    document.getElementById("rates").append(el("div", { class: "rate" },
      el("div", {}, el("h3", {}, workload), el("div", { class: "what" }, data.words?.[workload] ?? "")),
      el("div", { class: "bars" }, ...bars)));
  }
}

function drawCosts() {
  const costs = [["write_amplification", "Write amplification", asRatio], ["space_amplification", "Space amplification", asRatio],
    ["cpu_s_per_million", "Processor seconds for a million", asRatio], ["rss_peak", "Peak of resident memory", asBytes],
    ["page_cache", "Page cache at the end", asBytes], ["stall_seconds", "Time in stalls", asSeconds]];
  const cards = el("div", { class: "cards" });
  for (const [field, title, text] of costs) {
    const card = el("div", { class: "card small-bars" }, el("h3", {}, title));
    for (const workload of workloads) {
      const spreads = engines.map((engine) => [engine, figure(workload, engine, field)]).filter(([, s]) => s);
      if (!spreads.some(([, s]) => s.max > 0)) continue;
      const most = Math.max(...spreads.map(([, s]) => s.max));
      card.append(el("div", { class: "group" }, el("span", {}, workload),
        ...spreads.map(([engine, s]) => bar(engine, s, most, [text(s.median)], `${engine}: ${text(s.median)}`))));
    }
    if (card.children.length > 1) cards.append(card);
  }
  document.getElementById("cost").append(cards);
}

// --- line charts -----------------------------------------------------------------------------------------------------

const box = { width: 440, height: 230, left: 54, right: 12, top: 12, bottom: 28 };

function linear(from, to, low, high) {
  const at = (v) => low + ((v - from) / (to - from || 1)) * (high - low);
  const raw = (to - from) / 4 || 1;
  const base = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((m) => m * base).find((s) => s >= raw);
  const ticks = [];
  for (let i = Math.ceil(from / step); i * step <= to * 1.0001; i++) ticks.push(i * step);
  return { at, ticks };
}

function logarithmic(from, to, low, high) {
  const [a, b] = [Math.log10(from), Math.log10(to)];
  const at = (v) => low + ((Math.log10(Math.max(v, from)) - a) / (b - a || 1)) * (high - low);
  const ticks = [];
  const stride = Math.max(1, Math.ceil((b - a) / 7.5));
  for (let i = Math.ceil(a); i <= b + 1e-9; i += stride) ticks.push(10 ** i);
  return { at, ticks };
}

// series: [{engine, points: [[x, y]...]}], x and y: scales as above with `text` for a tick, tip(x): words for the cross.
function lineChart(series, x, y, tipTitle) {
  const root = svg("svg", { viewBox: `0 0 ${box.width} ${box.height}`, role: "img" });
  const bottom = box.height - box.bottom;
  for (const tick of y.ticks) {
    root.append(svg("line", { class: "grid", x1: box.left, x2: box.width - box.right, y1: y.at(tick), y2: y.at(tick) }),
      svg("text", { x: box.left - 7, y: y.at(tick) + 4, "text-anchor": "end" }, y.text(tick)));
  }
  root.append(svg("line", { class: "axis", x1: box.left, x2: box.width - box.right, y1: bottom, y2: bottom }));
  for (const tick of x.ticks) {
    root.append(svg("text", { x: x.at(tick), y: bottom + 17, "text-anchor": "middle" }, x.text(tick)));
  }
  for (const { engine, points } of [...series].reverse()) {
    const path = points.map(([px, py], i) => `${i ? "L" : "M"}${x.at(px).toFixed(1)} ${y.at(py).toFixed(1)}`).join("");
    root.append(svg("path", { class: "curve", d: path, style: `stroke:${colour(engine)}` }));
    if (points.length === 1) root.append(svg("circle", { cx: x.at(points[0][0]), cy: y.at(points[0][1]), r: 3, style: `fill:${colour(engine)}` }));
  }
  const cross = svg("line", { class: "cross", y1: box.top, y2: bottom });
  root.append(cross);
  return addTip(el("div", { class: "card" }, root), root, cross, series, x, y, tipTitle);
}

function addTip(card, root, cross, series, x, y, tipTitle) {
  const tip = el("div", { class: "tip" });
  card.append(tip);
  root.addEventListener("pointermove", (event) => {
    const area = root.getBoundingClientRect();
    const at = ((event.clientX - area.left) / area.width) * box.width;
    const nearest = (points) => points.reduce((a, b) => (Math.abs(x.at(b[0]) - at) < Math.abs(x.at(a[0]) - at) ? b : a));
    const seen = series.filter((s) => s.points.length).map((s) => [s.engine, nearest(s.points)]);
    if (!seen.length) return;
    tip.replaceChildren(el("div", {}, tipTitle(seen[0][1][0])),
      ...seen.map(([engine, [, value]]) => el("div", {}, key(engine, `${engine}  ${y.text(value)}`))));
    for (const name of ["x1", "x2"]) cross.setAttribute(name, x.at(seen[0][1][0]));
    cross.style.visibility = tip.style.visibility = "visible";
    const left = event.clientX - card.getBoundingClientRect().left;
    tip.style.left = `${left > area.width / 2 ? left - tip.offsetWidth - 14 : left + 18}px`;
    tip.style.top = "40px";
  });
  root.addEventListener("pointerleave", () => (cross.style.visibility = tip.style.visibility = "hidden"));
  return card;
}

function drawCharts(section, seriesOf, chartOf) {
  const cards = el("div", { class: "cards" });
  for (const workload of workloads) {
    const series = engines.map((engine) => ({ engine, points: seriesOf(typical(workload, engine)) })).filter((s) => s.points.length);
    if (!series.length) continue;
    const card = chartOf(series);
    const of = typical(workload, series[0].engine).latency_of;
    card.prepend(el("h3", {}, workload), section === "latency" && of ? el("div", { class: "what" }, `of ${of}`) : "");
    cards.append(card);
  }
  if (cards.children.length) document.getElementById(section).append(cards);
  else document.getElementById(section).remove();
}

const right = () => box.width - box.right;
const floor = () => box.height - box.bottom;

function timeSeries(result) {
  const step = result?.timeline_step ?? 0;
  return (result?.timeline ?? []).map((done, i) => [(i + 0.5) * step, done / step]);
}
function timeChart(series) {
  const all = series.flatMap((s) => s.points);
  const x = { ...linear(0, Math.max(...all.map((p) => p[0])), box.left, right()), text: (v) => `${+v.toPrecision(3)} s` };
  const y = { ...linear(0, Math.max(...all.map((p) => p[1])) * 1.05, floor(), box.top), text: (v) => (v ? short(`${asCount(v)}/s`.replace(/(\d)\/s/, "$1 /s")) : "0") };
  return lineChart(series, x, y, (v) => `${v.toFixed(1)} s`);
}

// x is 1 / (1 - q), so that 90%, 99%, 99.9% lie equally far apart.
function latencySeries(result) {
  const curve = result?.latency_curve ?? [];
  const calls = result?.operations ?? 1;
  return curve.map(([q, ns]) => [q < 1 ? 1 / (1 - q) : calls, Math.max(ns, 1) / 1e3]);
}
function latencyChart(series) {
  const all = series.flatMap((s) => s.points);
  const percent = (v) => (v <= 1 ? "0%" : `${+(100 - 100 / v).toPrecision(Math.max(2, Math.round(Math.log10(v))))}%`);
  const low = 10 ** Math.floor(Math.log10(Math.min(...all.map((p) => p[1]))));
  const high = 10 ** Math.ceil(Math.log10(Math.max(...all.map((p) => p[1]))));
  const x = { ...logarithmic(1, Math.max(...all.map((p) => p[0]), 10), box.left, right()), text: percent };
  const y = { ...logarithmic(low, high, floor(), box.top), text: (v) => short(asMicros(v)) };
  return lineChart(series, x, y, (v) => `${percent(v)} of the calls`);
}

// --- all figures -----------------------------------------------------------------------------------------------------

function drawFigures() {
  const columns = [["rate", "rate /s", asCount], ["p50_us", "P50", asMicros], ["p99_us", "P99", asMicros],
    ["p999_us", "P99.9", asMicros], ["max_us", "max", asMicros], ["settle_seconds", "settling", asSeconds],
    ["cpu_s_per_million", "CPU s / M", asRatio], ["rss_peak", "RSS peak", asBytes], ["page_cache", "page cache", asBytes],
    ["device_written", "device wrote", asBytes], ["device_read", "device read", asBytes], ["write_amplification", "write amp.", asRatio],
    ["read_amplification", "read amp.", asRatio], ["space_amplification", "space amp.", asRatio], ["directory", "on disk", asBytes],
    ["stalls", "stalls", (v) => String(v)], ["stall_seconds", "in stalls", asSeconds], ["engine_stall_seconds", "own figure", asSeconds],
    ["found", "found", (v) => v.toLocaleString("en")], ["expected", "of", (v) => v.toLocaleString("en")]];
  const table = el("table", {}, el("thead", {}, el("tr", {}, el("th", {}, "workload"), el("th", {}, "engine"), ...columns.map(([, name]) => el("th", {}, name)))));
  const body = el("tbody");
  for (const workload of workloads) {
    engines.filter((engine) => rounds(workload, engine).length).forEach((engine, i) => {
      const cells = columns.map(([field, , text]) => {
        const value = figure(workload, engine, field);
        return el("td", {}, value ? text(value.median) : "");
      });
      body.append(el("tr", i === 0 ? { class: "first" } : {}, el("td", {}, i === 0 ? workload : ""),
        el("td", {}, el("span", { class: "swatch", style: `background:${colour(engine)}` }), engine), ...cells));
    });
  }
  table.append(body);
  document.getElementById("figures").append(el("div", { class: "scroll" }, table));
}

function chooseTheme() {
  const root = document.documentElement;
  root.dataset.theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  document.getElementById("theme").addEventListener("click", () => (root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark"));
}

chooseTheme();
drawHead();
drawRates();
drawCharts("time", timeSeries, timeChart);
drawCharts("latency", latencySeries, latencyChart);
drawCosts();
drawFigures();
