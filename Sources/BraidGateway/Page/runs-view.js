import { find, make, write } from "./dom.js";
import { FiguresView } from "./figures-view.js";
import { inNextFrame } from "./frames.js";
import { RunRecord } from "./run-record.js";
import { RunView } from "./run-view.js";

/** The runs that are open: one, or two methods side by side on one question. */
export class RunsView {
  #gateway;
  #onChange;
  #baseline;
  #contextLength;
  /** Which runs are open and how they stand. */
  #standing = "";

  /**
   * - `onChange` is called when a run was opened or changed its status.
   * - `onCompare(record, method)` is called when a run shall be compared with a method.
   * - `baseline(record)` gives the method that a run can be compared with, or null.
   * - `contextLength(model)` gives the length of a model's context, or null.
   */
  constructor(gateway, { onChange, onCompare, baseline, contextLength }) {
    this.#gateway = gateway;
    this.#onChange = onChange;
    this.#baseline = baseline;
    this.#contextLength = contextLength;
    this.views = [];
    this.element = find("runs");
    this.question = make("h2", { id: "runs-title", tabindex: "-1", dir: "auto" });
    this.figures = new FiguresView();
    this.compareButton = make("button", { type: "button" });
    this.compareButton.hidden = true;
    this.compareButton.addEventListener("click", () => onCompare(this.views[0].record, this.#baseline(this.views[0].record)));
    this.columns = make("div", { class: "columns" });
    this.element.append(
      this.question, make("div", { class: "summary" }, this.figures.element, this.compareButton), this.columns);
  }

  /** Whether a run goes on. */
  get isLive() {
    return this.views.some((view) => view.isLive);
  }

  /** The ids of the open runs. */
  get ids() {
    return this.views.map((view) => view.record.id);
  }

  /** Closes what is open. */
  clear() {
    for (const view of this.views) view.close();
    this.views = [];
    this.columns.replaceChildren();
    this.element.hidden = true;
    find("welcome").hidden = false;
  }

  /** Opens one more run beside those that are open. */
  add(record) {
    const view = new RunView(this.#gateway, record, () => this.#changed());
    this.views.push(view);
    this.columns.append(view.element);
    this.columns.classList.toggle("two", this.views.length === 2);
    this.render();
    this.element.hidden = false;
    find("welcome").hidden = true;
    this.#changed();
    return view;
  }

  /** Opens stored runs and follows those that still go on. */
  async open(ids) {
    const summaries = await Promise.all(ids.map((id) => this.#gateway.run(id)));
    this.clear();
    for (const summary of summaries) {
      const isLive = summary.status === "running";
      const record = isLive ? new RunRecord(summary.id) : RunRecord.stored(summary);
      const { question, method, model } = summary;
      Object.assign(record, { question, method, model, contextLength: this.#contextLength(model) });
      const view = this.add(record);
      if (isLive) view.follow();
    }
  }

  /** Cancels what goes on. */
  async cancel() {
    await Promise.all(this.views.map((view) => view.cancel()));
  }

  /** Draws what stands above the runs. */
  render() {
    const records = this.views.map((view) => view.record);
    write(this.question, records[0]?.question ?? "");
    this.figures.show(records);
    const baseline = records.length === 1 && !this.isLive ? this.#baseline(records[0]) : null;
    this.compareButton.hidden = baseline === null;
    write(this.compareButton, `Compare with ${baseline}`);
  }

  #changed() {
    inNextFrame(this);
    const standing = this.views.map(({ record }) => `${record.id} ${record.status}`).join();
    if (standing === this.#standing) return;
    this.#standing = standing;
    this.#onChange();
  }
}
