// The best model, run here: its decoder moves points, its encoder places the data.
let model = null;
const MOST_SLIDERS = 8, DRAWS = 1000, STEPS = 81, REACH = 3;
const ACTIVATIONS = { relu: (v) => (v > 0 ? v : 0), tanh: Math.tanh, silu: (v) => v / (1 + Math.exp(-v)) };

function loadModel(payload) {
  const layers = (part) => part.map((l) => ({ ...l, weight: floats(l.weight), bias: floats(l.bias) }));
  model = { ...payload, encoder: layers(payload.encoder), decoder: layers(payload.decoder) };
  model.z = new Array(model.latent).fill(0);
}

// One input through the layers; hidden ones are activated, the last is linear.
function forward(layers, input) {
  const act = ACTIVATIONS[model.activation];
  let values = input;
  layers.forEach(({ weight, bias, inputs, outputs }, place) => {
    const next = new Float64Array(outputs);
    for (let o = 0; o < outputs; o++) {
      let sum = bias[o];
      for (let i = 0, at = o * inputs; i < inputs; i++) sum += weight[at + i] * values[i];
      next[o] = place < layers.length - 1 ? act(sum) : sum;
    }
    values = next;
  });
  return values;
}

const withLabel = (values, moon) => (model.conditional ? [...values, moon] : values);
const decode = (z, moon) => forward(model.decoder, withLabel(z, moon));
const encode = (x, moon) => [...forward(model.encoder, withLabel(x, moon))];

function normal() {
  return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
}

function drawLatent() {
  const z = Array.from({ length: model.latent }, normal);
  if (!model.prior) return z;
  let at = Math.random(), which = 0;
  while (which < model.prior.shares.length - 1 && at >= model.prior.shares[which]) at -= model.prior.shares[which++];
  return z.map((v, u) => model.prior.means[which][u] + model.prior.stds[which][u] * v);
}

const moonColour = (moon) => (model.conditional ? palette()[moon ? "lower" : "upper"] : palette().model);

// Draws of the model: latents from the prior, decoded, with the decoder's noise.
function drawSamples() {
  const found = { x: [], y: [], colour: [] };
  if (!model.redraw) return showSamples({ x: model.drawn.map(([x]) => x), y: model.drawn.map(([, y]) => y),
    colour: model.drawn.map((_, i) => moonColour(i % 2)) });
  for (let i = 0; i < Math.min(DRAWS, model.data.x.length); i++) {
    const moon = i % 2, [x, y] = decode(drawLatent(), moon);
    found.x.push(x + model.sigma * normal());
    found.y.push(y + model.sigma * normal());
    found.colour.push(moonColour(moon));
  }
  showSamples(found);
}

function showSamples(found) {
  named("sample_points").data = found;
  const [[left, right], [low, high]] = model.extent;
  const beyond = found.x.filter((x, i) => x < left || x > right || found.y[i] < low || found.y[i] > high).length;
  $("#beyond").textContent = beyond ? `${format(beyond)} of ${format(found.x.length)} lie beyond the panel` : "";
}

// KL of each latent over the data, which says how much it carries.
function placeData() {
  const { x, y, moon } = model.data;
  if (model.kl) return orderLatents();
  const kl = new Array(model.latent).fill(0);
  model.means = x.map((v, i) => {
    const out = encode([v, y[i]], moon[i]);
    for (let u = 0; u < model.latent; u++) {
      const mean = out[u], logVar = out[model.latent + u];
      kl[u] += 0.5 * (mean * mean + Math.exp(logVar) - 1 - logVar) / x.length;
    }
    return out.slice(0, model.latent);
  });
  model.kl = kl;
  orderLatents();
}

function orderLatents() {
  model.order = model.kl.map((_, u) => u).sort((a, b) => model.kl[b] - model.kl[a]);
}

function fillModel() {
  const { upper, lower } = palette();
  const { data } = model;
  const lines = model.contours.flatMap(({ mass, lines }) => lines.map((line) => ({ mass, line })));
  named("contours").data = { xs: lines.map(({ line }) => line[0]), ys: lines.map(({ line }) => line[1]),
    alpha: lines.map(({ mass }) => (mass > 0.95 ? 0.35 : 0.55)) };
  for (const name of ["data", "samples", "decoded"]) setPlane(name);
  const [u, v] = latentAxes();
  named("data_points").data = { x: data.x, y: data.y, colour: data.moon.map((m) => (m ? lower : upper)), u, v };
  drawSamples();
  drawDecoded();
}

function setPlane(name) {
  const plot = named(name);
  const [[left, right], [low, high]] = model.extent;
  Object.assign(plot.x_range, { start: left, end: right });
  Object.assign(plot.y_range, { start: low, end: high });
  plot.aspect_ratio = (right - left) / (high - low);
  for (const [axis, ends] of [[plot.below[0], model.extent[0]], [plot.left[0], model.extent[1]]]) {
    const first = Math.ceil(ends[0]);
    axis.ticker.ticks = Array.from({ length: Math.floor(ends[1]) - first + 1 }, (_, i) => first + i);
  }
}

function latentAxes() {
  const plot = named("latents");
  const chosen = [$("#latent-x").value, $("#latent-y").value];
  const values = chosen.map((name, which) => {
    if (name === "none") return model.means.map((_, i) => 0.5 + 0.3 * (((i * 0.618034) % 1) - 0.5) + (model.data.moon[i] ? -0.2 : 0.2));
    if (name.startsWith("umap")) return model.umap.map((place) => place[Number(name.at(-1))]);
    return model.means.map((mean) => mean[Number(name)]);
  });
  [plot.x_range, plot.y_range].forEach((range, which) => {
    let low = Infinity, high = -Infinity;
    for (const v of values[which]) { low = Math.min(low, v); high = Math.max(high, v); }
    const latent = !Number.isNaN(Number(chosen[which]));
    if (latent) { low = Math.min(low, -REACH); high = Math.max(high, REACH); }
    const pad = 0.06 * (high - low || 1);
    Object.assign(range, { start: low - pad, end: high + pad });
    const axis = which ? plot.left[0] : plot.below[0];
    axis.ticker.ticks = latent ? niceTicks(low, high, false) : [];
    axis.axis_label = latent ? `z${Number(chosen[which]) + 1}, posterior mean`
      : chosen[which] === "none" ? "spread by class, no meaning" : `UMAP ${which + 1}, no unit`;
  });
  return values;
}

// The curve that a latent draws while the others stand still, and the point where all stand.
function drawDecoded() {
  if (model.still) return;
  const moons = model.conditional ? [0, 1] : [0];
  const curves = { xs: [], ys: [], colour: [], width: [] }, points = { x: [], y: [], colour: [] };
  for (const moon of moons) {
    for (const u of model.order.slice(0, MOST_SLIDERS)) {
      if (model.kl[u] < 0.01 && u !== model.moving) continue;
      const xs = [], ys = [], z = [...model.z];
      for (let step = 0; step < STEPS; step++) {
        z[u] = -REACH + (2 * REACH * step) / (STEPS - 1);
        const [x, y] = decode(z, moon);
        xs.push(x); ys.push(y);
      }
      curves.xs.push(xs); curves.ys.push(ys); curves.colour.push(moonColour(moon));
      curves.width.push(u === (model.moving ?? model.order[0]) ? 3.5 : 1.2);
    }
    const [x, y] = decode(model.z, moon);
    points.x.push(x); points.y.push(y); points.colour.push(moonColour(moon));
  }
  named("decoded_curves").data = curves;
  named("decoded_points").data = points;
  $("#decoded-at").textContent = points.x.map((x, i) =>
    `${model.conditional ? `${model.classes[i]} ` : ""}(${x.toFixed(3)}, ${points.y[i].toFixed(3)})`).join("   ");
}

function sliders() {
  const box = $("#sliders");
  box.replaceChildren(...model.order.slice(0, MOST_SLIDERS).map((u) => {
    const label = element("label", undefined, { class: "slider" });
    const name = element("span", `z${u + 1}`);
    name.append(element("small", `KL ${model.kl[u].toFixed(2)}`));
    const input = element("input", undefined, { type: "range", min: -REACH, max: REACH, step: 0.01, value: model.z[u], "data-latent": u, "aria-label": `latent ${u + 1}` });
    const output = element("output", model.z[u].toFixed(2));
    input.oninput = () => {
      model.z[u] = Number(input.value);
      model.moving = u;
      output.textContent = model.z[u].toFixed(2);
      drawDecoded();
    };
    label.append(name, input, output);
    return label;
  }));
  const rest = model.latent - MOST_SLIDERS;
  $("#more-latents").textContent = rest > 0 ? `${rest} more latents, which carry less, stand at 0.` : "";
}

// More than two latents are embedded as soon as somebody looks at them.
function embedWhenSeen() {
  const embedded = model, note = $("#latent-note"), many = model.latent > 2;
  note.textContent = many ? "UMAP is on its way" : "";
  if (!many) return;
  const seen = new IntersectionObserver(async ([entry]) => {
    if (!entry.isIntersecting) return;
    seen.disconnect();
    const places = await umap(embedded.means);
    if (model !== embedded) return; // a better model has come meanwhile
    model.umap = places;
    ["#latent-x", "#latent-y"].forEach((id, which) => {
      $(id).prepend(element("option", `UMAP ${which + 1}`, { value: `umap${which}` }));
      $(id).value = `umap${which}`;
    });
    note.textContent = `UMAP of all ${model.latent} latents keeps neighbours together; distances between groups mean nothing.`;
    fillModel();
  }, { rootMargin: "200px" });
  seen.observe($("[data-plot=latents]"));
}

function startModel(payload) {
  loadModel(payload);
  placeData();
  const names = model.order.map((u) => [u, `z${u + 1}`]);
  if (model.latent === 1) names.push(["none", "spread"]);
  for (const id of ["#latent-x", "#latent-y"]) {
    $(id).replaceChildren(...names.map(([value, text]) => element("option", text, { value })));
    $(id).onchange = fillModel;
  }
  $("#latent-x").value = String(model.order[0]);
  $("#latent-y").value = String(model.order[1] ?? "none");
  $("#draw").onclick = drawSamples;
  $("#zero").onclick = () => { model.z.fill(0); sliders(); drawDecoded(); };
  $("#draw").hidden = !model.redraw;
  if (model.still) {
    $("#decoded-title").textContent = "Where points are put back";
    $("#decoded-about").textContent = model.still;
    $("#zero").hidden = true;
  } else sliders();
  fillModel();
  embedWhenSeen();
}

// A data point, and where the model puts it back: encoded to its posterior's mean, decoded.
function showReconstruction(row) {
  const empty = { x: [], y: [], x1: [], y1: [] };
  if (row === undefined) { named("reconstruction").data = empty; return; }
  const { x, y, moon } = model.data, [x1, y1] = model.rebuilt?.[row] ?? decode(model.means[row], moon[row]);
  named("reconstruction").data = { x: [x[row]], y: [y[row]], x1: [x1], y1: [y1] };
  return [["point", `(${x[row].toFixed(3)}, ${y[row].toFixed(3)}), ${model.classes[moon[row]]}`],
    ["rebuilt at", `(${x1.toFixed(3)}, ${y1.toFixed(3)})`],
    ["latent", model.means[row].slice(0, 4).map((v) => v.toFixed(2)).join(", ") + (model.latent > 4 ? ", ..." : "")]];
}
