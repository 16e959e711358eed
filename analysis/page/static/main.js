// Starts the page: fills the figures once Bokeh has made them, then follows what people do.
const mouse = { x: 0, y: 0 };
document.addEventListener("pointermove", (event) => { mouse.x = event.clientX; mouse.y = event.clientY; }, { passive: true });

function trialLines(row) {
  const names = ["state", "epochs", ...study.about.metrics, ...study.about.searched, "when_stopped", "seed", "error"];
  const shown = [...new Set(names)].filter((name) => study.values[name]?.[row] !== null && study.values[name]?.[row] !== undefined);
  return [["trial", String(study.values.trial[row])],
    ...shown.map((name) => [study.byName[name].short, name === "seed" ? String(study.values[name][row]) : format(study.values[name][row]).slice(0, 120)])];
}

function hover(what, { index, renderer }) {
  const rows = index.indices.length ? index.indices : Object.keys(Object.fromEntries(index.multiline_indices ?? [])).map(Number);
  const row = rows[0];
  const tip = $("#tip");
  if (what === "latent") {
    const lines = showReconstruction(row);
    return lines ? showTip(lines, what) : hideTip(what);
  }
  if (row === undefined) return hideTip(renderer?.id);
  showTip(trialLines(row), renderer?.id);
  tip.dataset.trial = study.values.trial[row];
}

function showTip(lines, from) {
  const tip = $("#tip");
  tip.replaceChildren(...lines.flatMap(([name, value]) => [element("dt", name), element("dd", value)]));
  tip.hidden = false;
  tip.dataset.from = from;
  const { width, height } = tip.getBoundingClientRect();
  tip.style.left = `${mouse.x + 18 + width > innerWidth ? Math.max(4, mouse.x - width - 14) : mouse.x + 18}px`;
  tip.style.top = `${Math.min(mouse.y + 14, innerHeight - height - 8)}px`;
}

function hideTip(from) {
  const tip = $("#tip");
  if (from === undefined || tip.dataset.from === String(from)) tip.hidden = true;
}

async function until(ready) {
  while (!ready()) await new Promise((resolve) => setTimeout(resolve, 10));
}

function update(message) {
  const first = !study.columns.length;
  merge(message);
  if (!study.columns.length) return;
  if (first) readAddress();
  fill();
  theme();
  drawStates();
  controls();
  if (!first) hold();
  apply({ address: false, views: false });
  release();
}

async function start() {
  await until(() => window.Bokeh?.documents?.length && !window.Bokeh.documents[0]._init_timer);
  const text = $("#numbers")?.textContent;
  if (text) update(await unpack(text));
  const source = named("trials");
  source.selected.properties.indices.change.connect(() => { if (!applying) picked([...source.selected.indices]); });
  $("#search").oninput = () => { selection.search = $("#search").value; drawTable(); writeAddress(); };
  $("#clear").onclick = clearAll;
  $("#ranges").onsubmit = addRange;
  $("#copy").onclick = copyTable;
  $("#all-columns").onchange = () => { table.all = $("#all-columns").checked; drawTable(); };
  $("#more").onclick = () => { table.shown += 10 * PAGE; drawTable(); };
  window.addEventListener("hashchange", () => { readAddress(); refreshAll(); });
  darkMedia.addEventListener("change", refreshAll);
  window.addEventListener("beforeprint", () => { printing = true; refreshAll(); });
  window.addEventListener("afterprint", () => { printing = false; refreshAll(); });
  document.addEventListener("pointerleave", () => hideTip());
  document.addEventListener("scroll", () => hideTip(), { passive: true });
  const weights = $("#weights")?.textContent;
  if (weights) startModel(await unpack(weights));
  theme();
  rest();
  if (window.matchMedia("(pointer: coarse)").matches) for (const m of models()) if (m.type === "Toolbar") m.active_drag = null;
  if ($("#live")) follow("events");
  document.documentElement.dataset.ready = "yes";
}

function refreshAll() {
  if (study.columns.length) { refresh(); drawStates(); }
  if (model) fillModel();
}

window.page = { hover, brush, umap, study, selection, view, table, csv, update, get model() { return model; }, decode, encode, named };
start();
