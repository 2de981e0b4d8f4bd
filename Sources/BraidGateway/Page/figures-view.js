import { make } from "./dom.js";
import { measure } from "./critical-path.js";
import { checked, count, ratio, seconds } from "./words.js";

/** The figures of one run, or of two and how they relate: a row for each run, or a column where there is little width. */
export class FiguresView {
  #records = [];
  #narrow = matchMedia("(max-width: 720px)");

  constructor() {
    this.element = make("div", { class: "figures" });
    this.#narrow.addEventListener("change", () => this.show(this.#records));
  }

  /** Shows the figures of these records. */
  show(records) {
    this.#records = records;
    const all = records.map(figures);
    const [first, second] = all;
    const header = ["", "Tokens", "Critical path", "Ratio", "Threads", "Seconds", "Checked"];
    const rows = all.map((each, index) => [
      records[index].method, count(each.total), count(each.critical), ratio(each.total, each.critical), count(each.threads),
      seconds(each.seconds), checked(each.verified),
    ]);
    if (second) {
      rows.push([
        "first / second", ratio(first.total, second.total), ratio(first.critical, second.critical), "", "",
        ratio(first.seconds, second.seconds), "",
      ]);
    }
    const cells = [header, ...rows];
    const shown = this.#narrow.matches ? header.map((_, index) => cells.map((row) => row[index])) : cells;
    this.element.replaceChildren(make("table", {},
      make("caption", { class: "unseen" }, "Figures. The ratio is tokens over critical path."),
      make("tbody", {}, ...shown.map((row, index) => make("tr", {}, ...row.map((text, column) => cell(text, index, column)))))));
  }
}

function cell(text, row, column) {
  if (row === 0 && column === 0) return make("td");
  if (row === 0 || column === 0) return make("th", { scope: row === 0 ? "col" : "row" }, text);
  return make("td", text === "right" || text === "wrong" ? { "data-checked": text } : {}, text);
}

/** The server's own figures where it gave them; while a run goes on, what its events add up to. */
function figures(record) {
  const { metrics, verified } = record;
  if (metrics) {
    return {
      total: metrics.total_tokens, critical: metrics.critical_path_tokens, threads: metrics.threads,
      seconds: metrics.seconds, verified,
    };
  }
  return { ...measure(record.root), seconds: record.at, verified };
}
