import { draw, make, write } from "./dom.js";
import { measure } from "./critical-path.js";
import { count, counted, lineName, seconds } from "./words.js";

const rowHeight = 20;
const axisHeight = 24;
const interval = 150;

/** A run on a time axis: a row for each line, its stretches as bars, the critical path thick and outlined. */
export class TimelineView {
  #record;
  #timer = null;
  #width = 0;

  constructor(record) {
    this.#record = record;
    this.plot = make("div", { class: "plot", tabindex: "0", role: "group", "aria-label": "Timeline" });
    this.chain = make("p", { class: "chain" });
    this.element = make("section", { class: "timeline" },
      make("h4", {}, "Timeline"),
      make("ul", { class: "legend" },
        make("li", { class: "key-critical" }, "critical path"),
        make("li", { class: "key-model" }, "decoded beside it"),
        make("li", { class: "key-known" }, "read in: prompt, seeds, joins")),
      this.plot, this.chain);
    new ResizeObserver(([entry]) => {
      const width = Math.floor(entry.contentRect.width);
      if (width === this.#width) return;
      this.#width = width;
      this.render();
    }).observe(this.plot);
  }

  /** The run has changed; it is drawn a few times a second. */
  changed() {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.render();
    }, interval);
  }

  /** Draws. */
  render() {
    const figures = measure(this.#record.root);
    const onPath = new Set(figures.hops.map((hop) => hop.id));
    const hops = figures.hops.map((hop) => `${lineName(hop.id)} ${count(hop.tokens)}`).join(" → ");
    write(this.chain, figures.critical === 0
      ? "Nothing was decoded yet."
      : `Critical path: ${hops} = ${count(figures.critical)} of ${counted(figures.total, "token")}`);
    if (this.#width < 50) return;
    this.plot.replaceChildren(this.#drawing(figures, onPath));
  }

  #drawing(figures, onPath) {
    const lines = [...this.#record.root.all()];
    const rows = new Map(lines.map((line, index) => [line.id, index]));
    const longest = Math.max(...lines.map((line) => (line.parent ? line.id : "main").length));
    const left = Math.min(this.#width * 0.3, longest * 7.2 + 10);
    const height = lines.length * rowHeight + axisHeight;
    const end = Math.max(this.#record.at, 1e-3);
    const x = (time) => left + (Math.max(0, time) / end) * (this.#width - left - 8);
    const y = (line) => (rows.get(line.id) + 0.5) * rowHeight;
    const summary = `${counted(lines.length, "line")} over ${seconds(end)}; the critical path has ${count(figures.critical)} of `
      + `${counted(figures.total, "token")}.`;
    const svg = draw("svg", { width: this.#width, height, viewBox: `0 0 ${this.#width} ${height}`, role: "img", "aria-label": summary });
    this.#axis(svg, x, end, height);
    for (const line of lines) this.#joints(svg, line, x, y, onPath);
    for (const line of lines) this.#row(svg, line, x, y, onPath);
    return svg;
  }

  #axis(svg, x, end, height) {
    const step = tick(end, Math.max(2, Math.floor(this.#width / 110)));
    for (let time = 0; time <= end * 1.0001; time += step) {
      svg.append(draw("line", { class: "grid", x1: x(time), x2: x(time), y1: 0, y2: height - axisHeight + 4 }));
      const anchor = time === 0 ? "start" : x(time) > this.#width - 24 ? "end" : "middle";
      svg.append(draw("text", { class: "tick", x: x(time), y: height - 6, "text-anchor": anchor }, time === 0 ? "0" : timeLabel(time, step, end)));
    }
  }

  #row(svg, line, x, y, onPath) {
    const isCritical = onPath.has(line.id);
    const middle = y(line);
    svg.append(draw("text", { class: isCritical ? "row critical" : "row", x: 0, y: middle + 4 }, line.parent ? line.id : "main"));
    const times = line.steps.flatMap((step) => [step.start, step.end]).filter(Number.isFinite);
    if (times.length === 0) return;
    svg.append(draw("line", { class: "life", x1: x(Math.min(...times)), x2: x(Math.max(...times)), y1: middle, y2: middle }));
    for (const step of line.steps) {
      if (step.kind !== "segment") continue;
      const isModel = step.origin === "model";
      const half = isModel ? (isCritical ? 6 : 4) : 2.5;
      const kind = isModel ? (isCritical ? "bar critical" : "bar model") : "bar known";
      svg.append(draw("rect", {
        class: kind, x: x(step.start), y: middle - half, height: half * 2, rx: isModel ? 2 : 0,
        width: Math.max(1.5, x(step.end) - x(step.start)),
      }, draw("title", {}, `${lineName(line.id)}: ${step.origin}, ${counted(step.tokens, "token")}, ${seconds(step.end - step.start)}`)));
    }
  }

  #joints(svg, line, x, y, onPath) {
    for (const fork of line.steps) {
      if (fork.kind !== "fork") continue;
      for (const child of fork.lines) {
        const spans = child.steps.filter((step) => step.kind === "segment");
        if (spans.length === 0) continue;
        const kind = onPath.has(child.id) ? "joint critical" : "joint";
        const ends = [spans[0].start];
        if (fork.join && child.outcome) ends.push(spans.at(-1).end);
        for (const time of ends) {
          svg.append(draw("line", { class: kind, x1: x(time), x2: x(time), y1: y(line), y2: y(child) }));
        }
      }
    }
  }
}

/** A round step that cuts a length into about `parts`. */
function tick(length, parts) {
  const rough = length / parts;
  const power = 10 ** Math.floor(Math.log10(rough));
  return power * [1, 2, 5, 10].find((factor) => factor * power >= rough * 0.999);
}

function timeLabel(time, step, end) {
  const [scaled, unit, part] = end < 1 ? [time * 1000, "ms", step * 1000] : [time, "s", step];
  return `${scaled.toFixed(Math.max(0, -Math.floor(Math.log10(part) + 1e-9)))} ${unit}`;
}
