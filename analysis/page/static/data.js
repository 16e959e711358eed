// The study's numbers: unpacked, merged as they grow, and put on scales.
const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

function element(tag, text, attributes = {}) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

async function unpack(text) {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

function floats(text) {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  return new Float32Array(bytes.buffer);
}

const study = {
  about: {}, columns: [], byName: {}, values: {}, place: new Map(), curves: {}, rungs: {}, n: 0,
};

// Takes in rows, whole or changed; a trial that is known keeps its place.
function merge(message) {
  if (message.about) study.about = message.about;
  if (message.columns) {
    study.columns = message.columns;
    study.byName = Object.fromEntries(message.columns.map((c) => [c.name, c]));
    for (const { name } of message.columns) study.values[name] ??= new Array(study.n).fill(null);
  }
  const numbers = message.rows?.trial ?? [];
  numbers.forEach((number, from) => {
    if (!study.place.has(number)) study.place.set(number, study.n++);
    const to = study.place.get(number);
    for (const [name, values] of Object.entries(message.rows)) {
      (study.values[name] ??= [])[to] = values[from];
    }
  });
  Object.assign(study.rungs, message.rungs);
  for (const [trial, block] of Object.entries(message.curves ?? {})) {
    const known = message.append ? study.curves[trial] : undefined;
    if (!known) study.curves[trial] = block;
    else for (const name of Object.keys(block)) (known[name] ??= []).push(...block[name]);
  }
}

function format(value) {
  if (value === null || value === undefined || value === "") return "";
  if (typeof value !== "number") return String(value);
  if (!Number.isFinite(value)) return "";
  if (Number.isInteger(value) && Math.abs(value) < 1e15) {
    return Math.abs(value) < 1e7 ? value.toLocaleString("en-US") : String(value);
  }
  const size = Math.abs(value);
  if (size >= 999.5 && size < 1e7) return Math.round(value).toLocaleString("en-US");
  return String(Number(value.toPrecision(3)));
}

// A number for where a value stands: itself, its logarithm, or the place of its option.
function scaleOf(name, { log, values, room = 0.04 } = {}) {
  const column = study.byName[name] ?? { name, label: name };
  const all = values ?? study.values[name] ?? [];
  const options = optionsOf(column, all);
  if (options) {
    const places = new Map(options.map((option, place) => [option, place]));
    const span = Math.max(1, options.length - 1);
    const margin = options.length > 1 && room === 0 ? 0 : 0.5 / options.length; // a band an option
    const to = (v) => (v === null || v === undefined || !places.has(String(v)) ? NaN
      : margin + (places.get(String(v)) / span) * (1 - 2 * margin));
    const ticks = options.map((option) => ({ at: to(option), text: option }));
    return { column, options, to, from: (t) => ((t - margin) / (1 - 2 * margin)) * span,
      raw: (v) => places.get(String(v)) ?? NaN, ticks, log: false };
  }
  const known = all.filter((v) => typeof v === "number" && Number.isFinite(v));
  let low = Infinity, high = -Infinity;
  for (const v of known) { if (v < low) low = v; if (v > high) high = v; }
  if (column.low !== null && column.low !== undefined && !values) {
    low = Math.min(low, column.low); high = Math.max(high, column.high);
  }
  if (!(low <= high)) { low = 0; high = 1; }
  const wide = low > 0 && high > 5 * low;
  const logarithmic = (log === undefined || log === null ? column.log ?? wide : log) && low > 0;
  if (low === high) { const d = Math.abs(low) * 0.1 || 1; low -= logarithmic ? 0 : d; high += d; }
  const f = logarithmic ? Math.log10 : (v) => v;
  const back = logarithmic ? (v) => 10 ** v : (v) => v;
  const pad = (f(high) - f(low)) * room, bottom = f(low) - pad, height = f(high) + pad - bottom;
  const to = (v) => (typeof v === "number" ? (f(v) - bottom) / height : NaN);
  const from = (t) => back(bottom + t * height);
  return { column, to, from, raw: (v) => (typeof v === "number" ? v : NaN), log: logarithmic,
    ticks: niceTicks(from(0), from(1), logarithmic).map((v) => ({ at: to(v), text: format(v) })) };
}

function optionsOf(column, values) {
  if (column.name === "state") return study.about.states;
  if (column.options) return column.options;
  const text = values.find((v) => v !== null && v !== undefined);
  if (typeof text !== "string") return null;
  return [...new Set(values.filter((v) => v !== null))].sort().slice(0, 30);
}

function niceTicks(low, high, log) {
  const found = [];
  if (log && high > 3 * low) {
    const decades = Math.log10(high / low);
    const steps = decades > 4.5 ? [1] : decades > 1.6 ? [1, 3] : [1, 2, 5];
    for (let e = Math.floor(Math.log10(low)); e <= Math.log10(high); e++) {
      for (const step of steps) {
        const v = Number((step * 10 ** e).toPrecision(6));
        if (v >= low && v <= high) found.push(v);
      }
    }
    const every = Math.ceil(found.length / 7);
    return found.filter((_, place) => place % every === 0);
  }
  const rough = (high - low) / 4, unit = 10 ** Math.floor(Math.log10(rough));
  const step = unit * ([1, 2, 2.5, 5, 10].find((s) => s * unit >= rough) ?? 10);
  for (let v = Math.ceil(low / step) * step; v <= high + step * 1e-9; v += step) {
    found.push(Number(v.toPrecision(12)));
  }
  return found;
}

const metricName = () => study.about.metrics[0];
const isComplete = (row) => study.values.state[row] === "complete";

function bestRow() {
  const values = study.values[metricName()];
  let best = -1;
  for (let row = 0; row < study.n; row++) {
    if (isComplete(row) && values[row] !== null && (best < 0 || values[row] < values[best])) best = row;
  }
  return best;
}
