// UMAP in two dimensions (McInnes et al. 2018, arXiv:1802.03426), in pieces that leave the page smooth.
const UMAP = { neighbours: 15, epochs: 400, negatives: 5, a: 1.577, b: 0.895, piece: 12 }; // a, b: min_dist 0.1; ms

// A generator of numbers in [0, 1), the same each time (mulberry32).
function randomFrom(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

// Goes through `from` to `to`, giving the page back its thread whenever a piece of time is over.
async function inPieces(from, to, act) {
  let began = performance.now();
  for (let i = from; i < to; i++) {
    act(i);
    if (performance.now() - began > UMAP.piece) {
      await new Promise((resolve) => setTimeout(resolve));
      began = performance.now();
    }
  }
}

// Each point's nearest others and how strongly it is tied to them: its graph of neighbours.
async function ties(points) {
  const n = points.length, k = Math.min(UMAP.neighbours, n - 1), strength = new Map();
  await inPieces(0, n, (i) => {
    const far = points.map((p, j) => {
      let sum = 0;
      for (let d = 0; d < p.length; d++) sum += (p[d] - points[i][d]) ** 2;
      return [j === i ? Infinity : Math.sqrt(sum), j];
    });
    const near = far.sort((one, other) => one[0] - other[0]).slice(0, k);
    const rho = near.find(([d]) => d > 0)?.[0] ?? 0, goal = Math.log2(k);
    let low = 0, high = Infinity, sigma = 1;
    for (let step = 0; step < 64; step++) {
      const sum = near.reduce((all, [d]) => all + Math.exp(-Math.max(0, d - rho) / sigma), 0);
      if (sum > goal) high = sigma; else low = sigma;
      sigma = high === Infinity ? 2 * sigma : (low + high) / 2;
    }
    for (const [d, j] of near) {
      const key = i < j ? i * n + j : j * n + i, w = Math.exp(-Math.max(0, d - rho) / sigma);
      const other = strength.get(key) ?? 0;
      strength.set(key, w + other - w * other);
    }
  });
  return [...strength].map(([key, w]) => ({ one: Math.floor(key / n), other: key % n, w }));
}

// The two directions in which points vary most, from which the embedding starts.
function principal(points, random) {
  const size = points[0].length, n = points.length;
  const centre = Array.from({ length: size }, (_, d) => points.reduce((sum, p) => sum + p[d], 0) / n);
  let rows = points.map((p) => p.map((v, d) => v - centre[d]));
  const found = [0, 1].map(() => {
    let axis = Array.from({ length: size }, () => random() - 0.5);
    for (let step = 0; step < 50; step++) {
      const next = new Array(size).fill(0);
      for (const row of rows) {
        const dot = row.reduce((sum, v, d) => sum + v * axis[d], 0);
        row.forEach((v, d) => { next[d] += dot * v; });
      }
      const length = Math.hypot(...next) || 1;
      axis = next.map((v) => v / length);
    }
    const along = rows.map((row) => row.reduce((sum, v, d) => sum + v * axis[d], 0));
    rows = rows.map((row, i) => row.map((v, d) => v - along[i] * axis[d]));
    return along;
  });
  const most = Math.max(1e-9, ...found[0].map(Math.abs));
  return Float64Array.from({ length: 2 * n }, (_, i) => (10 * found[i % 2][i >> 1]) / most + 1e-3 * random());
}

// Places in the plane, [x, y] a point, that keep neighbours together.
async function umap(points, seed = 1) {
  const random = randomFrom(seed), n = points.length;
  const edges = await ties(points), at = principal(points, random);
  const strongest = Math.max(...edges.map(({ w }) => w));
  const every = edges.map(({ w }) => strongest / w), due = [...every];
  const clip = (v) => Math.max(-4, Math.min(4, v)), { a, b } = UMAP;
  const move = (i, j, rate, apart) => {
    const dx = at[2 * i] - at[2 * j], dy = at[2 * i + 1] - at[2 * j + 1], square = dx * dx + dy * dy;
    if (!apart && square === 0) return;
    const pull = apart ? (2 * b) / ((0.001 + square) * (1 + a * square ** b))
      : (-2 * a * b * square ** (b - 1)) / (1 + a * square ** b);
    at[2 * i] += rate * clip(pull * dx); at[2 * i + 1] += rate * clip(pull * dy);
    if (!apart) { at[2 * j] -= rate * clip(pull * dx); at[2 * j + 1] -= rate * clip(pull * dy); }
  };
  await inPieces(0, UMAP.epochs, (epoch) => {
    const rate = 1 - epoch / UMAP.epochs;
    edges.forEach(({ one, other }, e) => {
      if (due[e] > epoch + 1) return;
      due[e] += every[e];
      move(one, other, rate, false);
      for (const end of [one, other]) {
        for (let k = 0; k < UMAP.negatives; k++) {
          const far = Math.floor(random() * n);
          if (far !== end) move(end, far, rate, true);
        }
      }
    });
  });
  return Array.from({ length: n }, (_, i) => [at[2 * i], at[2 * i + 1]]);
}
