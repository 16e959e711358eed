// Fills the figures' sources from the study's numbers, and colours them.
const PALETTES = {
  light: { ink: "#1b2126", muted: "#69727b", faint: "#9aa3ab", ground: "#ffffff", accent: "#0072B2",
    upper: "#0072B2", lower: "#D55E00", model: "#00795a", none: "#8d969e59",
    states: { complete: "#0072B2", pruned: "#d08f00", diverged: "#D55E00", failed: "#1b2126",
      running: "#009E73", interrupted: "#8A8A8A" } },
  dark: { ink: "#eceff1", muted: "#9aa4ae", faint: "#68727c", ground: "#1a1f24", accent: "#56B4E9",
    upper: "#56B4E9", lower: "#f08a4b", model: "#3ecf9f", none: "#8b959e52",
    states: { complete: "#56B4E9", pruned: "#E69F00", diverged: "#f08a4b", failed: "#eceff1",
      running: "#3ecf9f", interrupted: "#8A949d" } },
};
const darkMedia = window.matchMedia("(prefers-color-scheme: dark)");
let printing = false;
const palette = () => PALETTES[darkMedia.matches && !printing ? "dark" : "light"];
const models = () => [...window.Bokeh.documents[0]._all_models.values()];
const named = (name) => window.Bokeh.documents[0].get_model_by_name(name);
const LOTS = 1000; // trials from which only some lines are drawn at once
const MOST_LINES = 150;

const view = { colour: null, x: null, y: null, xlog: null, ylog: null, curve: null, scales: {}, axes: [] };

function theme() {
  const colours = palette();
  for (const model of models()) {
    for (const tag of model.tags ?? []) {
      const [what, name] = String(tag).split(":");
      if (name) model[`${what}_color`] = /Annotation$|^Legend$/.test(model.type) ? colours[name] : { value: colours[name] };
    }
    if (/Axis$/.test(model.type)) {
      Object.assign(model, { axis_line_color: null, major_tick_line_color: null,
        minor_tick_line_color: null, major_label_text_color: colours.muted, axis_label_text_color: colours.ink });
    }
    if (model.type === "Grid") model.grid_line_color = colours.ink, model.grid_line_alpha = 0.09;
  }
  if (study.about.palette) document.documentElement.style.setProperty("--ramp", `linear-gradient(90deg, ${[0, 0.25, 0.5, 0.75, 1].map(ramp).join(",")})`);
}

// Cividis, the best end the one that stands out from the ground.
function ramp(t) {
  const colours = study.about.palette;
  const dark = palette() === PALETTES.dark;
  const at = dark ? 1 - 0.8 * t : 0.9 * t;
  return colours[Math.round(at * (colours.length - 1))];
}

function colours() {
  const { states, none } = palette();
  const values = study.values[view.colour] ?? [];
  const options = view.colour === "state" ? null : optionsOf(study.byName[view.colour] ?? {}, values);
  if (view.colour === "state") return values.map((state) => states[state] ?? none);
  const number = options ? (v) => options.indexOf(String(v)) : (v) => v;
  const known = [...new Set(values.filter((v) => v !== null && v !== undefined).map(number))];
  known.sort((a, b) => a - b);
  const rank = new Map(known.map((v, place) => [v, known.length > 1 ? place / (known.length - 1) : 0]));
  return values.map((v) => (v === null || v === undefined ? none : ramp(rank.get(number(v)))));
}

function setAxis(plot, which, scale, { label, most = 7 } = {}) {
  const axis = named(plot)[which === "x" ? "below" : "left"].find((m) => /Axis$/.test(m.type));
  let ticks = scale.ticks;
  if (ticks.length > most) { const every = Math.ceil(ticks.length / most); ticks = ticks.filter((_, i) => i % every === 0); }
  axis.major_label_overrides = new Map(ticks.map(({ at, text }) => [at, text]));
  axis.ticker.ticks = ticks.map(({ at }) => at);
  axis.axis_label = label ?? scale.column.label;
}

function column(name, scale) {
  return (study.values[name] ?? []).map((v) => scale.to(v));
}

// Fills everything; called at the start and whenever numbers, colours or axes have changed.
function fill() {
  if (!study.about.metrics) return;
  const metric = metricName(), n = study.n;
  view.colour ??= metric;
  view.curve ??= study.about.curves[0];
  view.x ??= study.about.searched[0] ?? "epochs";
  view.y ??= metric;
  const data = { trial: [...study.values.trial], colour: colours() };
  const trial = scaleOf("trial", { log: false, room: 0.02 }), y = scaleOf(metric);
  data.history_x = column("trial", trial);
  data.history_y = column(metric, y);
  setAxis("history", "x", trial, { label: "trial" });
  setAxis("history", "y", y);
  fillHistory(trial, y);
  study.about.searched.forEach((name, place) => {
    const scale = scaleOf(name);
    data[`slice_${place}`] = jittered(name, scale);
    setAxis(`slice_${place}`, "x", scale, { most: 5 });
    setAxis(`slice_${place}`, "y", y, { label: study.byName[metric].short, most: 4 });
  });
  const across = scaleOf(view.x, { log: view.xlog }), up = scaleOf(view.y, { log: view.ylog });
  data.scatter_x = across.options ? jittered(view.x, across) : column(view.x, across);
  data.scatter_y = up.options ? jittered(view.y, up) : column(view.y, up);
  setAxis("scatter", "x", across);
  setAxis("scatter", "y", up);
  const drawn = shownLines();
  Object.assign(data, timeline(), parallel(drawn), curves(drawn), rungs(drawn));
  named("drawn").booleans = drawn;
  named("trials").data = data;
}

// Choices are spread by a share of a step, the same for a trial each time.
function jittered(name, scale, most = 1) {
  if (!scale.options) return column(name, scale);
  const spread = Math.min(most, 0.5 / Math.max(2, scale.options.length));
  return (study.values[name] ?? []).map((v, row) => scale.to(v) + spread * (((row * 0.618034) % 1) - 0.5));
}

function fillHistory(x, y) {
  const values = study.values[metricName()], { states } = palette();
  const best = { x: [], y: [] }, others = { x: [], y0: [], y1: [], colour: [] };
  let least = Infinity;
  for (let row = 0; row < study.n; row++) {
    const at = x.to(study.values.trial[row]), state = study.values.state[row];
    if (state === "complete" && values[row] !== null) {
      if (values[row] < least) { least = values[row]; best.x.push(at); best.y.push(y.to(least)); }
    } else if (study.n <= LOTS || row % Math.ceil(study.n / LOTS) === 0) {
      others.x.push(at); others.y0.push(0); others.y1.push(0.025); others.colour.push(states[state]);
    }
  }
  if (best.x.length) { best.x.push(1); best.y.push(best.y.at(-1)); }
  named("best_so_far").data = best;
  named("others").data = others;
}

function timeline() {
  const { start_s: start = [], end_s: end = [], worker = [] } = study.values;
  const workers = [...new Set(worker.filter((w) => w))].sort();
  const now = Math.max(0, ...[...start, ...end].filter((v) => v !== null));
  const most = now || 1, unit = most < 300 ? [1, "s"] : most < 18000 ? [60, "min"] : [3600, "h"];
  const scale = scaleOf("start_s", { log: false, room: 0.01, values: [0, most / unit[0]] });
  const lanes = workers.length || 1, at = (v) => (v === null || v === undefined ? NaN : scale.to(v / unit[0]));
  setAxis("timeline", "x", scale, { label: `since the study began (${unit[1]})` });
  const names = { column: { label: "worker" }, ticks: workers.map((_, i) => ({ at: (i + 0.5) / lanes, text: String(i + 1) })) };
  setAxis("timeline", "y", names, { label: "worker", most: 12 });
  const lane = (row) => (worker[row] ? (workers.indexOf(worker[row]) + 0.5) / lanes : NaN);
  named("timeline").renderers[0].glyph.height = { value: 0.8 / lanes };
  return { lane: start.map((_, row) => lane(row)), start: start.map(at),
    end: end.map((v, row) => at(v ?? (study.values.state[row] === "running" ? most : null))) };
}

function parallel(drawn) {
  const wanted = [...study.about.searched, ...study.about.metrics];
  const headline = study.columns.find((c) => /excess_nll$/.test(c.name) && !wanted.includes(c.name));
  if (headline) wanted.push(headline.name);
  view.axes = wanted.slice(0, 10).map((name) => ({ name, scale: scaleOf(name, { room: 0 }) }));
  const count = view.axes.length, low = 0.03, high = 0.84;
  const across = (place) => (place + 0.45) / (count + 0.25), up = (t) => low + t * (high - low);
  view.parallel = { across, up, down: (y) => (y - low) / (high - low), step: 1 / (count + 0.25) };
  const lines = view.axes.map(({ name, scale }) => jittered(name, scale, 0.04));
  const xs = view.axes.map((_, place) => across(place));
  const ticks = { x: [], y: [], text: [] };
  view.axes.forEach(({ scale }, place) => {
    const most = 7, every = Math.ceil(scale.ticks.length / most);
    scale.ticks.forEach(({ at, text }, i) => {
      if (i % every === 0) { ticks.x.push(across(place)); ticks.y.push(up(at)); ticks.text.push(text); }
    });
  });
  named("axes").data = { x: xs, low: xs.map(() => low - 0.015), high: xs.map(() => high + 0.015),
    title: view.axes.map(({ scale }) => wrapped(scale.column.short ?? scale.column.name)) };
  named("axis_ticks").data = ticks;
  return { parallel_x: drawn.map((yes) => (yes ? xs : [])),
    parallel_y: drawn.map((yes, row) => (yes ? lines.map((of) => up(of[row])) : [])) };
}

// A title in lines of a dozen letters.
function wrapped(text) {
  const lines = [""];
  for (const word of text.split(" ")) {
    if (lines.at(-1) && (lines.at(-1) + word).length > 11) lines.push(word);
    else lines.push(`${lines.pop()} ${word}`.trim());
  }
  return lines.join("\n");
}

// At thousands of trials the best complete ones and an even share of the others stand for all.
function shownLines() {
  const { n } = study, values = study.values[metricName()];
  if (n <= LOTS) return new Array(n).fill(true);
  const rows = [...Array(n).keys()];
  const complete = rows.filter((row) => values[row] !== null).sort((a, b) => values[a] - values[b]);
  const kept = new Set(complete.slice(0, MOST_LINES));
  const every = Math.ceil((n - complete.length) / MOST_LINES) || 1;
  rows.filter((row) => values[row] === null).forEach((row, i) => { if (i % every === 0) kept.add(row); });
  for (const row of selection.rows ?? []) if (kept.size < 3 * MOST_LINES) kept.add(row);
  return rows.map((row) => kept.has(row));
}

function curves(drawn) {
  const name = view.curve;
  const all = [], last = [1];
  const of = (row) => study.curves[study.values.trial[row]];
  for (let row = 0; row < study.n; row++) {
    const curve = drawn[row] ? of(row) : null;
    if (curve?.[name]) { for (const v of curve[name]) if (v !== null) all.push(v); last.push(curve.epoch.at(-1) ?? 1); }
  }
  const x = scaleOf("epochs", { log: true, room: 0.02, values: [1, Math.max(2, ...last)] });
  const top = trimmed(all), y = scaleOf(name, { values: top });
  const label = { val_mse: "validation MSE", val_loss: "validation loss", val_kl: "validation KL (nats)", train_loss: "training loss" };
  setAxis("curves", "x", x, { label: "epoch" });
  setAxis("curves", "y", y, { label: study.byName[name]?.label ?? label[name] ?? name });
  const lines = study.about.rungs.filter((rung) => rung <= Math.max(...last)).map((rung) => x.to(rung));
  named("rung_lines").data = { x: lines, y0: lines.map(() => 0), y1: lines.map(() => 1) };
  const xs = [], ys = [];
  for (let row = 0; row < study.n; row++) {
    const curve = drawn[row] ? of(row) : null;
    xs.push(curve?.[name] ? curve.epoch.map(x.to) : []);
    ys.push(curve?.[name] ? curve[name].map((v) => (v === null ? NaN : Math.min(1.5, y.to(v)))) : []);
  }
  return { curves_x: xs, curves_y: ys };
}

// Without the few highest values, which would flatten all others.
function trimmed(values) {
  if (values.length < 50) return values;
  const sorted = Float64Array.from(values).sort();
  const top = sorted[Math.floor(0.995 * (sorted.length - 1))];
  return [sorted[0], top];
}

function rungs(drawn) {
  const epochs = [...new Set(Object.values(study.rungs).flatMap(([at]) => at))].sort((a, b) => a - b);
  const values = trimmed(Object.values(study.rungs).flatMap(([, found]) => found.filter((v) => v !== null)));
  $("#figure-rungs").hidden = epochs.length === 0;
  $("#figure-scatter").className = epochs.length ? "half" : "wide";
  const x = { column: { label: "rung (epochs)" }, ticks: epochs.map((e, i) => ({ at: (i + 0.5) / epochs.length, text: format(e) })) };
  const y = scaleOf(metricName(), { values });
  setAxis("rungs", "x", x);
  setAxis("rungs", "y", y, { label: `${study.byName[metricName()].short} at the rung` });
  const place = new Map(epochs.map((e, i) => [e, x.ticks[i].at])), wing = 0.18 / Math.max(1, epochs.length);
  const xs = [], ys = [];
  for (let row = 0; row < study.n; row++) {
    const [at, found] = (drawn[row] && study.rungs[study.values.trial[row]]) || [[], []];
    xs.push(at.flatMap((e) => [place.get(e) - wing, place.get(e) + wing]));
    ys.push(found.flatMap((v) => { const up = v === null ? NaN : Math.min(1.5, y.to(v)); return [up, up]; }));
  }
  return { rungs_x: xs, rungs_y: ys };
}

// Figures out of sight redraw last, once nothing else is asked; none is left blank, as one that is printed may not be.
// Of thousands of trials only the figure that is held redraws at once; then, in pieces that leave the page smooth,
// lines for what is selected are chosen and the others follow.
const inSight = new Set();
const PIECE_MS = 20, REST_MS = 200;
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
let turn = 0;

function hold(alone) {
  turn++;
  for (const { dataset: { plot } } of $$("[data-plot]")) named(plot).hold_render = !printing && (alone ? plot !== alone : !inSight.has(plot));
}

async function redrawInTurn() {
  hold(study.n > LOTS ? "parallel" : null);
  const mine = turn;
  if (study.n > LOTS) {
    const source = named("trials"), data = { ...source.data }, drawn = shownLines();
    for (const part of [parallel, curves, rungs]) {
      await pause(PIECE_MS);
      if (turn !== mine) return;
      Object.assign(data, part(drawn));
    }
    source.data = data;
    named("drawn").booleans = drawn;
  }
  await release();
}

async function release() {
  const mine = turn;
  for (const place of $$("[data-plot]").sort((a, b) => inSight.has(b.dataset.plot) - inSight.has(a.dataset.plot))) {
    const plot = named(place.dataset.plot);
    if (!plot.hold_render) continue;
    await pause(inSight.has(place.dataset.plot) ? PIECE_MS : REST_MS);
    if (turn !== mine) return;
    plot.hold_render = false;
  }
}

function rest() {
  const seen = new IntersectionObserver((entries) => {
    for (const { target: { dataset: { plot } }, isIntersecting } of entries) {
      if (isIntersecting) inSight.add(plot); else inSight.delete(plot);
      if (isIntersecting) named(plot).hold_render = false;
    }
  }, { rootMargin: "60px" });
  for (const place of $$("[data-plot]")) seen.observe(place);
}
