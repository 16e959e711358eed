// What is selected and filtered, in all views at once and in the address.
const selection = { rows: null, picked: null, states: null, brushes: {}, search: "", sort: null };
let applying = false, drag = null;

const within = (value, [low, high]) => value >= low && value <= high;

// The rows that pass every filter; null where nothing is asked.
function apply({ address = true, views = true } = {}) {
  const filters = Object.entries(selection.brushes).map(([name, range]) => {
    const { raw } = view.axes.find((axis) => axis.name === name)?.scale ?? scaleOf(name);
    return [study.values[name] ?? [], raw, range];
  });
  const shown = new Array(study.n), rows = [];
  const asked = filters.length > 0 || selection.picked !== null;
  for (let row = 0; row < study.n; row++) {
    shown[row] = !selection.states || selection.states.has(study.values.state[row]);
    if (!shown[row] || !asked) continue;
    if (selection.picked && !selection.picked.has(study.values.trial[row])) continue;
    if (filters.every(([values, raw, range]) => within(raw(values[row]), range))) rows.push(row);
  }
  selection.rows = asked ? rows : null;
  selection.shown = shown;
  const none = asked && rows.length === 0;
  applying = true;
  const many = study.n > LOTS, seen = none ? shown.map(() => false) : shown;
  const before = named("shown").booleans;
  if (before?.length !== seen.length || seen.some((yes, row) => yes !== before[row])) named("shown").booleans = seen;
  named("trials").selected.indices = rows;
  applying = false;
  drawBrushes();
  drawChips();
  if (!many || !drag) drawTable(); // of thousands the table waits for the end of a drag
  if (views && !(many && drag)) redrawInTurn();
  if (address) writeAddress();
}

function drawBrushes() {
  const data = { left: [], right: [], bottom: [], top: [] }, { across, up, step } = view.parallel;
  view.axes.forEach(({ name, scale }, place) => {
    const range = selection.brushes[name];
    if (!range) return;
    const at = (v) => Math.min(1, Math.max(0, positionOf(scale, v)));
    data.left.push(across(place) - 0.09 * step); data.right.push(across(place) + 0.09 * step);
    data.bottom.push(up(at(range[0]))); data.top.push(up(at(range[1])));
  });
  named("brushes").data = data;
}

// Where a brush's end stands on the scale from 0 to 1; of options it is a place between them.
function positionOf(scale, v) {
  return scale.options ? v / Math.max(1, scale.options.length - 1) : scale.to(v);
}

// Dragging along an axis of the parallel coordinates.
function brush(event) {
  const { across, down, step } = view.parallel;
  if (event.event_name === "doubletap") return clearAll();
  if (event.event_name === "panstart") {
    const place = view.axes.findIndex((_, i) => Math.abs(across(i) - event.x) < 0.3 * step);
    if (place < 0) return;
    const at = down(event.y), { name, scale } = view.axes[place];
    const held = selection.brushes[name]?.map((v) => positionOf(scale, v));
    const inside = held && at > held[0] && at < held[1];
    drag = { place, from: at, held: inside ? held : null };
    hold("parallel");
    return;
  }
  if (!drag) return;
  const { name, scale } = view.axes[drag.place], at = down(event.y), shift = at - drag.from;
  let ends = drag.held ? drag.held.map((v) => v + shift) : [drag.from, at].sort((a, b) => a - b);
  ends = ends.map((v) => Math.min(1, Math.max(0, v)));
  const over = event.event_name === "panend";
  if (over && ends[1] - ends[0] < 0.01) delete selection.brushes[name];
  else selection.brushes[name] = ends.map((v) => (scale.options ? v * Math.max(1, scale.options.length - 1) : scale.from(v)));
  if (over) drag = null;
  else if (study.n > LOTS) { // as often as the screen shows it
    drag.due ??= requestAnimationFrame(() => { if (drag) drag.due = null, apply({ address: false }); });
    return;
  }
  apply({ address: over });
}

function picked(rows) {
  selection.picked = rows.length ? new Set(rows.map((row) => study.values.trial[row])) : null;
  apply();
}

function clearAll() {
  Object.assign(selection, { picked: null, states: null, brushes: {}, search: "" });
  $("#search").value = "";
  drawStates();
  apply();
}

function drawStates() {
  const counts = {};
  for (const state of study.values.state ?? []) counts[state] = (counts[state] ?? 0) + 1;
  const box = $("#states");
  box.replaceChildren(...study.about.states.filter((s) => counts[s]).map((state) => {
    const label = element("label", undefined, { class: "state" });
    const input = element("input", undefined, { type: "checkbox", value: state });
    input.checked = !selection.states || selection.states.has(state);
    input.onchange = () => {
      const on = $$("input", box).filter((i) => i.checked).map((i) => i.value);
      selection.states = on.length === $$("input", box).length ? null : new Set(on);
      apply();
    };
    const dot = element("i", undefined, { style: `background:${palette().states[state]}` });
    label.append(input, dot, ` ${state} `, element("b", format(counts[state])));
    return label;
  }));
}

function drawChips() {
  const chips = Object.entries(selection.brushes).map(([name, range]) => {
    const { column, options } = scaleOf(name);
    const ends = options
      ? [options[Math.ceil(range[0] - 1e-9)], options[Math.floor(range[1] + 1e-9)]].map((o) => o ?? "none")
      : range.map(format);
    return chip(`${column.short ?? name} ${ends[0]}${ends[0] === ends[1] ? "" : ` to ${ends[1]}`}`, () => { delete selection.brushes[name]; apply(); });
  });
  if (selection.picked) {
    const list = [...selection.picked];
    const text = list.length > 4 ? `${list.length} trials picked` : `trial ${list.join(", ")}`;
    chips.push(chip(text, () => picked([])));
  }
  $("#chips").replaceChildren(...chips);
  const some = selection.rows !== null, total = selection.shown.filter(Boolean).length;
  $("#count").textContent = some ? `${format(selection.rows.length)} of ${format(study.n)} trials selected`
    : total < study.n ? `${format(total)} of ${format(study.n)} trials shown` : `${format(study.n)} trials`;
  $("#clear").hidden = !some && total === study.n;
  $("#hint").hidden = !$("#clear").hidden;
}

function chip(text, remove) {
  const made = element("button", text, { class: "chip", title: "take this filter away" });
  made.append(element("span", "×", { "aria-hidden": "true" }));
  made.onclick = remove;
  return made;
}

function writeAddress() {
  const words = new URLSearchParams();
  if (selection.picked) words.set("trials", [...selection.picked].join(","));
  if (selection.states) words.set("states", [...selection.states].join(","));
  for (const [name, range] of Object.entries(selection.brushes)) words.set(`in.${name}`, range.map((v) => Number(v.toPrecision(6))).join("~"));
  if (selection.search) words.set("search", selection.search);
  if (selection.sort) words.set("sort", `${selection.sort.down ? "-" : ""}${selection.sort.name}`);
  if (view.x && view.x !== study.about.searched[0]) words.set("x", view.x);
  if (view.y && view.y !== metricName()) words.set("y", view.y);
  if (view.xlog !== null) words.set("xlog", Number(view.xlog));
  if (view.ylog !== null) words.set("ylog", Number(view.ylog));
  if (view.colour && view.colour !== metricName()) words.set("colour", view.colour);
  const text = words.toString();
  window.history.replaceState(null, "", text ? `#${text}` : window.location.pathname + window.location.search);
}

// Reads the address; `to` names a part of the page to go to.
function readAddress() {
  const words = new URLSearchParams(window.location.hash.slice(1));
  const known = (name) => (study.byName[name] ? name : null);
  const to = words.get("to");
  if (to) document.getElementById(to)?.scrollIntoView({ block: "start" });
  if (to && words.size === 1) return;
  selection.picked = words.has("trials") ? new Set(words.get("trials").split(",").map(Number)) : null;
  selection.states = words.has("states") ? new Set(words.get("states").split(",")) : null;
  selection.brushes = {};
  for (const [key, text] of words) {
    const range = text.split("~").map(Number), name = key.slice(3);
    if (key.startsWith("in.") && known(name) && range.length === 2 && range.every(Number.isFinite)) selection.brushes[name] = range;
  }
  selection.search = words.get("search") ?? "";
  $("#search").value = selection.search;
  const sort = words.get("sort");
  if (sort && known(sort.replace(/^-/, ""))) selection.sort = { name: sort.replace(/^-/, ""), down: sort.startsWith("-") };
  view.x = known(words.get("x")); view.y = known(words.get("y")); view.colour = known(words.get("colour"));
  view.xlog = words.has("xlog") ? words.get("xlog") === "1" : null;
  view.ylog = words.has("ylog") ? words.get("ylog") === "1" : null;
}

function controls() {
  const options = study.columns.map((c) => [c.name, c.short]);
  for (const key of ["x", "y", "colour"]) {
    const select = $(`#choose-${key}`);
    const fits = key === "colour" ? options : options.filter(([name]) => name !== "error");
    select.replaceChildren(...fits.map(([name, text]) => element("option", text, { value: name })));
    select.value = view[key];
    select.onchange = () => { view[key] = select.value; view[`${key}log`] = null; refresh(); };
  }
  for (const key of ["xlog", "ylog"]) {
    const box = $(`#${key}`);
    box.checked = scaleOf(view[key[0]], { log: view[key] }).log;
    box.onchange = () => { view[key] = box.checked; refresh(); };
  }
  const curve = $("#choose-curve");
  curve.replaceChildren(...study.about.curves.map((name) => element("option", study.byName[name]?.short ?? name.replace("_", " "), { value: name })));
  curve.value = view.curve;
  curve.onchange = () => { view.curve = curve.value; refresh(); };
  const range = $("#range-column");
  const chosen = range.value;
  range.replaceChildren(...study.columns.filter((c) => !optionsOf(c, study.values[c.name]) || c.options)
    .map((c) => element("option", c.short, { value: c.name })));
  range.value = chosen || metricName();
  $("#ramp").hidden = view.colour === "state";
}

function addRange(event) {
  event.preventDefault();
  const name = $("#range-column").value, { options } = scaleOf(name);
  const end = (id, other) => {
    const text = $(id).value.trim();
    if (text === "") return other;
    return options ? options.indexOf(text) : Number(text);
  };
  const range = [end("#range-from", options ? 0 : -Number.MAX_VALUE), end("#range-to", options ? options.length - 1 : Number.MAX_VALUE)];
  const wrong = range.some((v) => !Number.isFinite(v) || (options && v < 0));
  $("#range-wrong").textContent = wrong ? (options ? `one of ${options.join(", ")}` : "two numbers, or one of them") : "";
  if (wrong) return;
  selection.brushes[name] = range;
  apply();
}

function refresh() {
  fill();
  theme();
  controls();
  apply();
}
