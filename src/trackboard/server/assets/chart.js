// One chart: lines of many runs in one picture, its axes, its zoom, and what is under the pointer.
import { nearest, smooth } from "./curves.js";

const NEAR = 30; // pixels from a line that is pointed at
const MARK = 4;

export class Chart {
  /**
   * @param figure The element; its `.plot` is drawn into, its `.said` says of how many points.
   * @param page What all charts of a page share: `settings`, `runs`, `colors`, `lit`, `highlight(run)`, `ask(chart)`.
   */
  constructor(figure, page) {
    this.figure = figure;
    this.page = page;
    this.name = figure.dataset.metric;
    this.plot = figure.querySelector(".plot");
    this.said = figure.querySelector(".said");
    this.curves = new Map();
    this.band = null;
    this.range = null; // of x, while zoomed
    this.loadedPoints = -1;
    this.u = null;
  }

  get isMounted() { return this.u !== null; }

  show(curves, band) {
    this.curves = curves;
    this.band = band;
    this.smoothed = new Map();
    if (!this.u) this.mount();
    else this.redraw();
    this.showCounts();
  }

  fail(message) { this.said.textContent = message; }

  mount() {
    this.plot.querySelector(":scope > svg")?.remove();
    this.u = new uPlot(this.options(), [[0, 1], [0, 1]], this.plot);
    const over = this.u.over;
    over.addEventListener("mousemove", (event) => this.point(event.offsetX, event.offsetY));
    over.addEventListener("mouseleave", () => this.unpoint());
  }

  unmount() {
    this.u?.destroy();
    this.u = null;
    this.plot.querySelector(".tip")?.remove();
    this.plot.querySelector(":scope > svg")?.remove();
    this.loadedPoints = -1;
    this.curves = new Map();
  }

  /** The picture anew, with other axes as well. */
  rebuild() {
    if (!this.u) return;
    this.u.destroy();
    this.plot.querySelector(".tip")?.remove();
    this.mount();
  }

  redraw() {
    this.smoothed = new Map();
    this.paths = null;
    this.u?.setData([[0, 1], [0, 1]]);
  }

  resize() {
    if (this.u && this.plot.clientWidth) this.u.setSize({ width: this.plot.clientWidth, height: this.plot.clientHeight });
  }

  zoom(range) {
    this.range = range;
    this.redraw();
    this.page.ask(this);
  }

  options() {
    const { x, logX, logY } = this.page.settings;
    const style = getComputedStyle(document.documentElement);
    const soft = style.getPropertyValue("--soft").trim();
    const line = style.getPropertyValue("--line").trim();
    const axis = { stroke: soft, font: "10px system-ui, sans-serif", grid: { stroke: line, width: 1 }, ticks: { show: false }, gap: 3 };
    return {
      width: this.plot.clientWidth,
      height: this.plot.clientHeight,
      padding: [8, 8, 0, 0],
      legend: { show: false },
      scales: {
        x: { time: x === "time", distr: logX ? 3 : 1, range: () => this.rangeOfX() },
        y: { distr: logY ? 3 : 1, range: () => this.rangeOfY() },
      },
      series: [{}, { paths: () => null, points: { show: false } }],
      axes: [
        { ...axis, size: 22, space: 56, ...(x === "time" ? {} : { values: (_, splits) => splits.map(x === "relative" ? duration : short) }) },
        { ...axis, size: 54, space: 26, values: (_, splits) => splits.map(short) },
      ],
      cursor: {
        points: { show: false },
        sync: { key: "charts", scales: ["x", null] },
        drag: { x: true, y: false, setScale: false },
        bind: { dblclick: () => () => this.zoom(null) },
      },
      hooks: {
        setSelect: [(u) => {
          const { left, width } = u.select;
          if (width < 4) return;
          const range = [u.posToVal(left, "x"), u.posToVal(left + width, "x")];
          u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          this.zoom(range);
        }],
        draw: [(u) => this.draw(u)],
      },
    };
  }

  lines() {
    const weight = this.page.settings.smoothing;
    return this.page.runs.filter((run) => this.curves.has(run)).map((run) => {
      const curve = this.curves.get(run);
      if (!weight) return { run, curve, path: curve.path };
      if (!this.smoothed.has(run)) this.smoothed.set(run, smooth(curve.y, weight));
      return { run, curve, path: { x: curve.x, y: this.smoothed.get(run) }, behind: curve.path };
    });
  }

  rangeOfX() {
    const isLog = this.page.settings.logX;
    if (this.range) return this.range;
    return extent([...this.curves.values()].map((curve) => curve.x), isLog, 0);
  }

  rangeOfY() {
    const isLog = this.page.settings.logY;
    const [least, most] = this.rangeOfX();
    const inside = (xs, ys) => Array.from(ys).filter((_, at) => xs[at] >= least && xs[at] <= most);
    const columns = [...this.curves.values()].map(({ path }) => inside(path.x, path.y));
    if (this.band) columns.push(inside(this.band.last_x, this.band.min), inside(this.band.last_x, this.band.max));
    return extent(columns, isLog, 0.05);
  }

  draw(u) {
    const { ctx, bbox } = u;
    const ratio = devicePixelRatio;
    const toX = scaleOf(u.scales.x, bbox.left, bbox.width, false);
    const toY = scaleOf(u.scales.y, bbox.top, bbox.height, true);
    const { lit } = this.page;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    ctx.lineJoin = "round";
    if (this.band) this.drawBand(ctx, toX, toY, ratio);
    const lines = this.lines();
    const first = lines.filter(({ run }) => run !== lit).concat(lines.filter(({ run }) => run === lit));
    for (const { run, curve, path, behind } of first) {
      const faint = (lit && run !== lit) || (this.band && run !== lit);
      ctx.strokeStyle = ctx.fillStyle = this.page.colors.get(run);
      if (behind) {
        ctx.globalAlpha = faint ? 0.06 : 0.25;
        ctx.lineWidth = ratio;
        stroke(ctx, behind, toX, toY, ratio);
      }
      ctx.globalAlpha = faint ? 0.18 : 1;
      ctx.lineWidth = (run === lit ? 2.5 : 1.5) * ratio;
      stroke(ctx, path, toX, toY, ratio);
      for (const each of curve.marks) triangle(ctx, toX(each.x), each.kind === "∞" ? bbox.top : bbox.top + bbox.height, each.kind === "∞" ? 1 : -1, ratio, each.kind === "NaN");
    }
    ctx.restore();
  }

  drawBand(ctx, toX, toY, ratio) {
    const { last_x: x, mean, deviation, min, max } = this.band;
    const numbers = (column) => column.map(Number);
    ctx.fillStyle = ctx.strokeStyle = getComputedStyle(this.figure).color;
    const area = (low, high, alpha) => {
      ctx.globalAlpha = alpha;
      ctx.beginPath();
      high.forEach((value, at) => ctx.lineTo(toX(x[at]), toY(value)));
      for (let at = low.length - 1; at >= 0; at--) ctx.lineTo(toX(x[at]), toY(low[at]));
      ctx.fill();
    };
    const middle = numbers(mean);
    const spread = numbers(deviation);
    area(min, max, 0.1);
    area(middle.map((value, at) => value - spread[at]), middle.map((value, at) => value + spread[at]), 0.2);
    ctx.globalAlpha = 1;
    ctx.lineWidth = 2 * ratio;
    stroke(ctx, { x, y: middle }, toX, toY, ratio);
  }

  /** Say of how many points the lines are made. */
  showCounts() {
    const all = [...this.curves.values()];
    const sum = (of) => all.reduce((total, each) => total + of(each), 0);
    const points = sum((each) => each.points);
    const drawn = sum((each) => each.length);
    const word = points === 1 ? "point" : "points";
    const parts = [drawn === points ? `${whole(points)} ${word}` : `${whole(drawn)} of ${whole(points)} ${word}, all peaks`];
    if (this.range) parts.push(`of ${whole(sum((each) => each.count))} in all`);
    const nans = sum((each) => each.nan);
    const infinite = sum((each) => each.infinite);
    if (nans) parts.push(`${whole(nans)} NaN`);
    if (infinite) parts.push(`${whole(infinite)} infinite`);
    if (this.band) parts.push(`mean, deviation and extremes of ${whole(this.band.runs)} runs`);
    this.said.textContent = parts.join(" · ");
    this.figure.querySelector(".reset").hidden = !this.range;
    this.plot.setAttribute("aria-label", `${this.name}: ${this.said.textContent}`);
  }

  point(left, top) {
    const { u } = this;
    if (!u) return;
    const x = u.posToVal(left, "x");
    let best = null;
    for (const { run, path, curve } of this.lines()) {
      const at = nearest(path.x, x);
      if (!(at >= 0) || path.y[at] === null || path.y[at] === undefined) continue;
      const away = Math.hypot(u.valToPos(path.y[at], "y") - top, Math.max(0, Math.abs(u.valToPos(path.x[at], "x") - left) - NEAR));
      if (!best || away < best.away) best = { run, away, x: path.x[at], y: path.y[at], curve };
    }
    if (!best || best.away > NEAR) return this.unpoint();
    let tip = this.plot.querySelector(".tip");
    if (!tip) {
      tip = document.createElement("div");
      tip.className = "tip";
      this.plot.append(tip);
    }
    const shown = nearest(best.curve.x, best.x);
    const exact = best.curve.y[shown];
    const smoothed = this.page.settings.smoothing ? `${short(best.y)} smoothed, ` : "";
    tip.textContent = `${this.page.names.get(best.run)} · ${this.page.describeX(best.curve.x[shown])}: ${smoothed}${exact}`;
    tip.classList.toggle("right", left < u.over.clientWidth / 2);
    this.page.highlight(best.run);
  }

  unpoint() {
    this.plot.querySelector(".tip")?.remove();
    this.page.highlight(null);
  }
}

function extent(columns, isLog, margin) {
  let least = Infinity;
  let most = -Infinity;
  for (const column of columns) {
    for (const value of column) {
      if (value === null || !Number.isFinite(value) || (isLog && value <= 0)) continue;
      if (value < least) least = value;
      if (value > most) most = value;
    }
  }
  if (least > most) return isLog ? [0.1, 10] : [0, 1];
  if (isLog) return least === most ? [least / 2, most * 2] : [least / (most / least) ** margin, most * (most / least) ** margin];
  const room = (most / 2 - least / 2) * 2 * margin;
  if (least === most) return [least - (Math.abs(least) * 0.1 || 1), most + (Math.abs(most) * 0.1 || 1)];
  return [Math.max(-Number.MAX_VALUE, least - room), Math.min(Number.MAX_VALUE, most + room)];
}

// What uPlot's `valToPos` does, without a look-up for every point.
function scaleOf({ min, max, distr }, begin, length, isUp) {
  const by = distr === 3 ? Math.log10 : (value) => value;
  const least = by(min);
  const factor = length / (by(max) - least);
  const end = begin + length;
  return isUp ? (value) => end - (by(value) - least) * factor : (value) => begin + (by(value) - least) * factor;
}

function stroke(ctx, { x, y }, toX, toY, ratio) {
  ctx.beginPath();
  let isOpen = false;
  let alone = null;
  const dot = () => { if (alone) { ctx.moveTo(alone[0] + ratio, alone[1]); ctx.arc(alone[0], alone[1], 1.5 * ratio, 0, 7); } };
  for (let at = 0; at < x.length; at++) {
    const left = y[at] === null ? NaN : toX(x[at]);
    const top = y[at] === null ? NaN : toY(y[at]);
    if (!Number.isFinite(left) || !Number.isFinite(top)) {
      dot();
      alone = null;
      isOpen = false;
    } else if (isOpen) {
      ctx.lineTo(left, top);
      alone = null;
    } else {
      ctx.moveTo(left, top);
      alone = [left, top];
      isOpen = true;
    }
  }
  dot();
  ctx.stroke();
}

function triangle(ctx, x, y, direction, ratio, isHollow) {
  const size = MARK * ratio;
  ctx.lineWidth = ratio;
  ctx.beginPath();
  ctx.moveTo(x, y + direction * size * 2);
  ctx.lineTo(x - size, y + direction);
  ctx.lineTo(x + size, y + direction);
  ctx.closePath();
  if (isHollow) ctx.stroke();
  else ctx.fill();
}

export const whole = (value) => value.toLocaleString("en");

export function short(value) {
  if (value === null || value === undefined) return "";
  if (value !== 0 && (Math.abs(value) >= 1e6 || Math.abs(value) < 1e-3)) return value.toExponential(2).replace(/\.?0+e/, "e");
  return String(Number(value.toPrecision(5)));
}

export function duration(seconds) {
  if (seconds === null || seconds === undefined) return "";
  const size = Math.abs(seconds);
  for (const [unit, word] of [[86400, "d"], [3600, "h"], [60, "min"]]) {
    if (size >= unit) return `${Number((seconds / unit).toPrecision(3))} ${word}`;
  }
  return `${Number(seconds.toPrecision(3))} s`;
}
