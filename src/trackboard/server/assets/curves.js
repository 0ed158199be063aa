// Curves for charts: asks the API for them, and makes of its columns the lines that are drawn.

const MOST_SERIES = 500; // in one question: an answer is drawn as soon as it is there
const MOST_RUNS = 100;

/** Ask for metrics of runs. Returns a Map from the name of a metric to its curves, a Map by run. */
export async function fetchCurves(root, { runs, names, x, points, first, last }) {
  const found = new Map(names.map((name) => [name, new Map()]));
  const questions = [];
  const some = Math.max(1, Math.floor(MOST_SERIES / Math.min(runs.length, MOST_RUNS)));
  for (const part of pieces(runs, MOST_RUNS)) {
    for (const few of pieces(names, some)) {
      const said = address({ run: part, name: few, x, points, first, last });
      questions.push(fetch(`${root}api/v1/curves?${said}`).then(read));
    }
  }
  for (const curves of await Promise.all(questions)) {
    for (const curve of curves) found.get(curve.name)?.set(curve.run, curve);
  }
  return found;
}

/** Ask for the band of one metric over all runs. */
export async function fetchBand(root, { runs, name, x, points, first, last }) {
  const answer = await fetch(`${root}api/v1/band?${address({ run: runs, name, x, points, first, last })}`);
  if (!answer.ok) throw new Error((await answer.json()).error.message);
  return answer.json();
}

/** Names of the metrics of runs, with how many points there are of each. */
export async function fetchMetrics(root, runs) {
  const found = new Map();
  for (const part of pieces(runs, MOST_RUNS)) {
    const answer = await fetch(`${root}api/v1/metrics?${address({ run: part })}`);
    if (!answer.ok) throw new Error((await answer.json()).error.message);
    for (const { name, points } of (await answer.json()).metrics) found.set(name, (found.get(name) ?? 0) + points);
  }
  return new Map([...found].sort(([one], [other]) => (one < other ? -1 : 1)));
}

function pieces(all, size) {
  const found = [];
  for (let at = 0; at < all.length; at += size) found.push(all.slice(at, at + size));
  return found;
}

function address(said) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(said)) {
    if (value !== undefined && value !== null) for (const each of [value].flat()) query.append(name, each);
  }
  return query;
}

async function read(answer) {
  if (!answer.ok) throw new Error((await answer.json()).error.message);
  const bytes = await answer.arrayBuffer();
  const length = new DataView(bytes).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 4, length)));
  let at = 4 + length;
  return head.map((curve) => {
    const columns = {};
    for (const name of curve.columns) {
      columns[name] = new Float64Array(bytes, at, curve.length);
      at += 8 * curve.length;
    }
    return { ...curve, ...lines(columns, curve.length) };
  });
}

// A bucket is drawn from its least to its greatest value and on to its last one, so that no peak is lost.
// What is no number is a gap in the line, and a mark at the edge.
function lines(columns, length) {
  const { x, y } = columns;
  const path = { x: [], y: [] };
  const marks = [];
  const add = (at, value) => {
    path.x.push(at);
    path.y.push(Number.isFinite(value) ? value : null);
  };
  const mark = (at, value) => {
    if (!Number.isFinite(value)) marks.push({ x: at, kind: Number.isNaN(value) ? "NaN" : value > 0 ? "∞" : "−∞" });
  };
  if (x) {
    for (let i = 0; i < length; i++) {
      add(x[i], y[i]);
      mark(x[i], y[i]);
    }
    return { path, marks, x, y };
  }
  const { first_x: first, last_x: end, nans, min, max, last } = columns;
  for (let i = 0; i < length; i++) {
    if (first[i] !== end[i] || min[i] !== max[i]) {
      if (Number.isFinite(min[i])) add(first[i], min[i]);
      if (Number.isFinite(max[i])) add(first[i] / 2 + end[i] / 2, max[i]);
    }
    add(end[i], last[i]);
    if (nans[i]) mark(end[i], NaN);
    mark(end[i], min[i]);
    if (max[i] !== min[i]) mark(end[i], max[i]);
  }
  return { path, marks, x: end, y: last };
}

/** TensorBoard's smoothing: an exponential moving average without the pull of its first value towards 0. */
export function smooth(values, weight) {
  let sum = 0;
  let count = 0;
  return Array.from(values, (value) => {
    if (!Number.isFinite(value)) return null;
    sum = sum * weight + (1 - weight) * value;
    count += 1;
    return weight === 1 ? sum : sum / (1 - weight ** count);
  });
}

/** Where in a column that goes up the value is that is nearest to another. */
export function nearest(column, value) {
  let low = 0;
  let high = column.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (column[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low > 0 && value - column[low - 1] < column[low] - value ? low - 1 : low;
}
