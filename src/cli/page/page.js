"use strict";
// Shows a live database: asks for /stats.json each second, and draws what changed in between. No library, nothing loaded.

const kEveryMs = 1000;
const kHistory = 180;  // seconds
const kLeastSpan = 30;
const kWorthARatio = 64 * 2 ** 20;  // as nacre stats has it
const $ = (id) => document.getElementById(id);

// --- numbers as text -------------------------------------------------------------------------------------------------

function scaled(value, units) {
  if (!value) return "0";
  const [size, name] = units.find(([least]) => Math.abs(value) >= least) ?? units[units.length - 1];
  const number = value / size;
  const digits = size === 1 && Number.isInteger(number) ? 0 : number < 9.95 ? 1 : 0;
  return `${number.toFixed(digits)} ${name}`.trim();
}
const asCount = (v) => scaled(v, [[1e9, "G"], [1e6, "M"], [1e3, "k"], [1, ""]]);
const asBytes = (v) => scaled(v, [[2 ** 40, "TiB"], [2 ** 30, "GiB"], [2 ** 20, "MiB"], [2 ** 10, "KiB"], [1, "B"]]);
const asTime = (ns) => scaled(ns, [[1e9, "s"], [1e6, "ms"], [1e3, "µs"], [1, "ns"]]);
const asAge = (s) => s < 120 ? `${Math.round(s)} s` : s < 7200 ? `${Math.round(s / 60)} min` : s < 172800 ? `${Math.round(s / 3600)} h` : `${Math.round(s / 86400)} days`;

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}
const dot = (colour) => element("i", { style: `background: var(--c${colour})` });

// --- looks and what lies between two of them -------------------------------------------------------------------------

let now = null;      // the last publication
let before = null;   // the one before, of the same opening
let age = 0;         // seconds since it was published
let history = [];    // a point a look: {at, rates, bytes, latency}
let chosen = "";     // a keyspace; none: all

const nameOf = (keyspace) => keyspace.name ?? `0x${keyspace.name_hex}`;
const shown = (stats) => stats.keyspaces.filter((k) => chosen === "" || nameOf(k) === chosen);
const sum = (stats, field) => shown(stats).reduce((total, k) => total + field(k), 0);

function rate(of) {
  if (!before || age > 3 || !now.is_open) return 0;
  const seconds = (now.uptime_ns - before.uptime_ns) / 1e9;
  return seconds > 0 ? Math.max(0, of(now.stats) - of(before.stats)) / seconds : 0;
}
const keyspaceRate = (field) => rate((stats) => sum(stats, field));
function meanNow(of) {
  const count = rate((stats) => of(stats).count);
  return count > 0 ? rate((stats) => of(stats).sum_ns) / count : null;
}

// Levels of what is shown, added up.
function levelsOf(stats) {
  const levels = new Map();
  for (const keyspace of shown(stats)) {
    for (const level of keyspace.levels) {
      const total = levels.get(level.level) ?? { level: level.level, runs: 0, tables: 0, bytes: 0, entries: 0, bytes_written: 0, bytes_read: 0 };
      for (const field of Object.keys(total)) if (field !== "level") total[field] += level[field];
      levels.set(level.level, total);
    }
  }
  return [...levels.values()].sort((a, b) => a.level - b.level);
}
const levelRate = (level, field) => rate((stats) => levelsOf(stats).find((l) => l.level === level)?.[field] ?? 0);

function take(published) {
  const same = now && now.process_id === published.process_id && now.opened_wall_ns === published.opened_wall_ns;
  if (!same) { before = null; history = []; }
  else if (published.uptime_ns > now.uptime_ns) before = now;
  now = published;
  age = Math.max(0, (now.looked_at_wall_ns - now.published_wall_ns) / 1e9);
}

function remember() {
  if (!before) return;
  history.push({
    rates: [keyspaceRate((k) => k.puts + k.erases + k.range_erases), keyspaceRate((k) => k.gets + k.multi_get_keys), keyspaceRate((k) => k.seeks)],
    bytes: [rate((s) => s.log_bytes), rate((s) => s.flush_bytes), rate((s) => s.compaction_bytes_written), rate((s) => s.compaction_bytes_read)],
    latency: [meanNow((s) => s.write_latency), meanNow((s) => s.get_latency), meanNow((s) => s.seek_latency), meanNow((s) => s.sync_latency)],
  });
  if (history.length > kHistory) history.shift();
}

// --- drawing ---------------------------------------------------------------------------------------------------------

function drawState() {
  const state = $("state");
  const isOpen = now.is_open && !now.was_closed && now.process_id !== 0;
  state.className = isOpen ? "open" : now.is_open || now.process_id === 0 ? "" : "gone";
  const process = `process ${now.process_id}`;
  if (now.process_id === 0) state.textContent = now.is_open ? "open; nothing is published yet" : "nobody has it open, and nothing was published";
  else if (isOpen) state.textContent = `open by ${process} for ${asAge(now.uptime_ns / 1e9 + age)}${age > 3 ? `, unchanged for ${asAge(age)}` : ""}`;
  else if (now.is_open) state.textContent = `open; the figures are of ${process}, which has closed it`;
  else if (now.was_closed) state.textContent = `closed by ${process} ${asAge(age)} ago`;
  else state.textContent = `the owner is gone: ${process} was last heard of ${asAge(age)} ago and did not close the database`;
  const alarms = [];
  if (now.stats.writes_stopped) alarms.push("Writes are stopped: a sync has failed. Open the database again.");
  if (now.stats.device_full) alarms.push("The device is full: only erases are taken until space has returned.");
  if (now.keyspaces_left_out) alarms.push(`${now.keyspaces_left_out} keyspaces with few operations are not shown.`);
  $("alarm").textContent = alarms.join(" ");
  $("alarm").hidden = alarms.length === 0;
}

function drawKeyspaces() {
  const names = now.stats.keyspaces.map(nameOf);
  const select = $("keyspace");
  const old = [...select.options].slice(1).map((o) => o.value);
  if (old.join("\n") === names.join("\n")) return;
  select.replaceChildren(element("option", { value: "" }, "all keyspaces"), ...names.map((name) => element("option", { value: name }, name)));
  if (!names.includes(chosen)) chosen = "";
  select.value = chosen;
}

function drawTiles() {
  const tiles = [
    ["writes/s", asCount(keyspaceRate((k) => k.puts + k.erases + k.range_erases))],
    ["gets/s", asCount(keyspaceRate((k) => k.gets + k.multi_get_keys))],
    ["seeks/s", asCount(keyspaceRate((k) => k.seeks))],
    ["written/s", asBytes(keyspaceRate((k) => k.bytes_put))],
    ["syncs/s", asCount(rate((s) => s.syncs))],
    ["in tables", asBytes(levelsOf(now.stats).reduce((total, l) => total + l.bytes, 0))],
  ];
  $("rates").replaceChildren(...tiles.map(([name, value]) => element("div", { class: "tile" }, element("b", {}, value), element("span", {}, name))));
}

function drawLevels() {
  const levels = levelsOf(now.stats);
  const memtableBytes = sum(now.stats, (k) => k.memtable_bytes);
  const largest = Math.max(1, memtableBytes, ...levels.map((l) => l.bytes));
  const row = (name, bytes, words, kind) => element("div", { class: "level", "data-level": name },
    element("strong", {}, name),
    element("div", { class: `lane ${kind}` }, element("i", { style: `width: ${bytes ? Math.max(0.3, 100 * bytes / largest) : 0}%` })),
    element("small", {}, words));
  const flow = (words, busy) => element("div", { class: busy ? "flow busy" : "flow" }, words);
  const rows = [row("mem", memtableBytes, `${asBytes(memtableBytes)}, memtables: ${sum(now.stats, (k) => k.memtables)}`, "memory-lane")];
  const flushing = sum(now.stats, (k) => k.flushes_running);
  const compacting = sum(now.stats, (k) => k.compactions_running);
  const flushed = chosen === "" ? rate((s) => s.flush_bytes) : 0;
  for (const level of levels) {
    const written = levelRate(level.level, "bytes_written");
    const read = levelRate(level.level, "bytes_read");
    const parts = [];
    if (written > 0) parts.push(`↓ ${asBytes(written)}/s into ${level.level === 0 && flushed ? "L0" : `L${level.level}`}`);
    if (read > 0) parts.push(`${asBytes(read)}/s read from it`);
    rows.push(flow(parts.join(", ") || " ", parts.length > 0));
    rows.push(row(`L${level.level}`, level.bytes,
      `${asBytes(level.bytes)}, ${level.tables} tables, ${level.runs} ${level.runs === 1 ? "run" : "runs"}, ${asCount(level.entries)} entries`, ""));
  }
  if (levels.length === 0) rows.push(flow("no tables yet", false));
  rows.push(flow(`now: ${flushing} flushing, ${compacting} compacting; done: ${sum(now.stats, (k) => k.flushes)} flushes, ` +
    `${sum(now.stats, (k) => k.compactions)} compactions, ${sum(now.stats, (k) => k.tables_moved)} tables moved`, flushing + compacting > 0));
  $("levels").replaceChildren(...rows);
}

function drawMemory() {
  const { memory, memory_bytes: held, memory_ceiling_bytes: ceiling } = now.stats;
  const parts = Object.entries(memory);
  $("memory").replaceChildren(
    element("div", { class: "stack" }, ...parts.map(([, bytes], i) =>
      element("i", { style: `width: ${100 * bytes / Math.max(1, ceiling)}%; background: var(--c${i})` }))),
    element("div", {}, `${asBytes(held)} of ${asBytes(ceiling)}`),
    element("ul", { class: "legend" }, ...parts.map(([name, bytes], i) => element("li", {}, dot(i), `${name} `, element("b", {}, asBytes(bytes))))));
}

function drawAmplification() {
  const of = chosen === "" ? now.stats : shown(now.stats)[0] ?? now.stats;
  const beyond = sum(now.stats, (k) => k.levels.reduce((total, l) => total + l.bytes, 0) - k.largest_run_bytes);
  const cell = (value, words) => element("div", {}, element("b", {}, value), element("span", {}, words));
  $("amplification").replaceChildren(element("div", { class: "trio" },
    cell(of.write_amplification.toFixed(2), "bytes written for one"),
    beyond < kWorthARatio ? cell(asBytes(beyond), "beyond one copy, at most") : cell(of.space_amplification.toFixed(2), "bytes stored for one, at most"),
    cell(of.read_amplification.toFixed(0), "runs a get may meet")));
}

function drawLatencies() {
  const rows = ["write", "get", "multi_get", "seek", "sync"].map((name) => [name, now.stats[`${name}_latency`]])
    .concat([["flush", now.stats.flush_duration], ["compaction", now.stats.compaction_duration]]).filter(([, l]) => l.count > 0);
  const line = (tag, cells) => element("tr", {}, ...cells.map((text) => element(tag, {}, text)));
  $("latencies").replaceChildren(line("th", ["", "p50", "p90", "p99", "p99.9", "max"]), ...rows.map(([name, l]) =>
    line("td", [name, ...[l.p50_ns, l.p90_ns, l.p99_ns, l.p999_ns, l.max_ns].map(asTime)])));
}

function drawDelays() {
  const rows = now.stats.delays.map((d, i) => [d, i]).filter(([d]) => d.delays.count > 0).map(([d, i]) => {
    const share = rate((s) => s.delays[i]?.delays.sum_ns ?? 0) / 1e9;
    return element("div", { class: "level" }, element("strong", {}, ""),
      element("div", {}, `${d.reason}: ${asCount(rate((s) => s.delays[i]?.delays.count ?? 0))}/s, ${(100 * share).toFixed(1)}% of a thread's time`),
      element("small", {}, `${asCount(d.delays.count)} in all, longest ${asTime(d.delays.max_ns)}`));
  });
  $("delays").replaceChildren(...(rows.length ? rows : [element("div", { class: "note" }, "none since the open")]));
}

function svg(tag, attributes, text) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

// Lines over time, the newest at the right edge.
function drawChart(id, names, field, asText, logarithmic) {
  const width = Math.max(200, $(id).clientWidth);
  const height = 176;
  const [left, bottom, top] = [58, height - 6, 8];
  const values = history.flatMap((point) => point[field]).filter((v) => v !== null && v > 0);
  const least = logarithmic ? Math.min(1000, ...values) : 0;
  const most = Math.max(logarithmic ? 10 * least : 1, ...values) * 1.05;
  const share = (v) => logarithmic ? Math.log(Math.max(v, least) / least) / Math.log(most / least) : v / most;
  const y = (v) => bottom - (bottom - top) * share(v);
  const span = Math.max(kLeastSpan, history.length);
  const x = (i) => width - (history.length - 1 - i) * (width - left) / (span - 1);
  const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img" });
  for (let line = 0; line <= 3; line++) {
    const value = logarithmic ? least * (most / least) ** (line / 3) : most * line / 3;
    picture.append(svg("line", { class: "grid", x1: left, x2: width, y1: y(value), y2: y(value) }));
    picture.append(svg("text", { x: left - 6, y: y(value) + 4, "text-anchor": "end" }, line === 0 && !logarithmic ? "0" : asText(value)));
  }
  picture.append(svg("text", { x: left, y: height + 10 }, `${asAge((span - 1) * kEveryMs / 1000)} ago`));
  picture.append(svg("text", { x: width, y: height + 10, "text-anchor": "end" }, "now"));
  names.forEach((_, series) => {
    let path = "";
    let pen = "M";
    history.forEach((point, i) => {
      const value = point[field][series];
      if (value === null) { pen = "M"; return; }
      path += `${pen}${x(i).toFixed(1)} ${y(value).toFixed(1)}`;
      pen = "L";
    });
    if (path) picture.append(svg("path", { d: path, stroke: `var(--c${series})` }));
  });
  const last = history[history.length - 1];
  $(id).replaceChildren(picture, element("ul", { class: "legend" }, ...names.map((name, i) =>
    element("li", {}, dot(i), `${name} `, element("b", {}, last && last[field][i] !== null ? asText(last[field][i]) : "–")))));
}

function draw() {
  drawState();
  drawKeyspaces();
  drawTiles();
  drawLevels();
  drawMemory();
  drawAmplification();
  drawLatencies();
  drawDelays();
  drawChart("chart-rates", ["writes", "gets", "seeks"], "rates", asCount, false);
  drawChart("chart-bytes", ["log", "flushes", "compactions written", "compactions read"], "bytes", asBytes, false);
  drawChart("chart-latency", ["write", "get", "seek", "sync"], "latency", asTime, true);
}

async function ask() {
  try {
    const response = await fetch("stats.json", { cache: "no-store" });
    return await response.json();
  } catch (error) {
    return { error: error.message };
  }
}

async function look() {
  setTimeout(look, kEveryMs);
  const answer = await ask();
  if (answer.error) {
    $("state").className = "gone";
    $("state").textContent = `no answer: ${answer.error}`;
    return;
  }
  take(answer);
  remember();
  draw();
}

function theme(name) {
  document.documentElement.dataset.theme = name;
}
theme(matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
$("theme").addEventListener("click", () => theme(document.documentElement.dataset.theme === "dark" ? "light" : "dark"));
$("keyspace").addEventListener("change", (event) => { chosen = event.target.value; history = []; if (now) draw(); });
addEventListener("error", (event) => { document.body.dataset.scriptError = event.message; });
addEventListener("unhandledrejection", (event) => { document.body.dataset.scriptError = String(event.reason); });
look();
