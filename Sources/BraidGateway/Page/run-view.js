import { announce } from "./announcer.js";
import { make, write } from "./dom.js";
import { inNextFrame } from "./frames.js";
import { LanesView } from "./lane-view.js";
import { RunFollower } from "./run-follower.js";
import { TimelineView } from "./timeline-view.js";
import { TreeView } from "./tree-view.js";
import { counted, outcome, outcomeKind, seconds } from "./words.js";

/** One run on the page: its state and answer, timeline, lanes and trajectory. */
export class RunView {
  #gateway;
  #onChange;
  #stop = new AbortController();
  #follower = null;
  #cancelling = false;

  /** Shows a record; `onChange` is called when figures or status changed. */
  constructor(gateway, record, onChange) {
    this.#gateway = gateway;
    this.#onChange = onChange;
    this.record = record;
    this.title = make("h3", { tabindex: "-1" });
    this.state = make("p", { class: "run-state" });
    this.cancelButton = make("button", { type: "button", class: "cancel", "aria-keyshortcuts": "Escape" }, "Cancel");
    this.cancelButton.addEventListener("click", () => this.cancel());
    this.perfetto = make("a", { class: "button", href: gateway.perfettoAddress(record.id), download: `${record.id}.json` }, "Perfetto trace");
    this.perfetto.addEventListener("click", (event) => this.#download(event));
    this.notice = make("p", { class: "error", role: "alert" });
    this.notice.hidden = true;
    this.again = make("button", { type: "button" }, "Reconnect");
    this.again.hidden = true;
    this.again.addEventListener("click", () => this.follow());
    this.answer = make("bdi", { class: "answer-text", dir: "auto" });
    this.answerBox = make("div", { class: "answer" }, make("span", { class: "label" }, "Answer"), this.answer);
    this.timeline = new TimelineView(record);
    this.lanes = new LanesView(record);
    this.tree = new TreeView(record);
    this.element = make("article", { class: "run" },
      make("header", { class: "run-head" }, this.title, this.state,
        make("div", { class: "actions" }, this.cancelButton, this.perfetto)),
      this.notice, this.again, this.answerBox, this.timeline.element,
      make("section", { class: "lanes-part" }, make("h4", {}, "Lanes"), this.lanes.element),
      this.tree.element);
    this.render();
    this.timeline.render();
  }

  /** Whether the run may still change. */
  get isLive() {
    return this.record.status === "running";
  }

  /** Follows a run that goes on, to its end; says what went wrong. */
  async follow() {
    this.again.hidden = true;
    this.#follower ??= new RunFollower(this.#gateway, this.record.id);
    try {
      await this.#follower.follow({
        signal: this.#stop.signal,
        onEvent: (event) => this.#take(event),
        onLost: (error, wait) => this.#lost(`${error.message} Reconnecting in ${seconds(wait)}.`),
        onBack: () => {
          this.notice.hidden = true;
          announce("Connected again");
        },
      });
      await this.#settle();
    } catch (error) {
      if (error.name === "AbortError") return;
      this.#lost(error.message);
      this.again.hidden = false;
    }
    this.#changed();
  }

  /** Cancels the run. */
  async cancel() {
    if (!this.isLive || this.#cancelling) return;
    this.#cancelling = true;
    this.render();
    announce("Cancelling");
    try {
      await this.#gateway.cancel(this.record.id);
    } catch (error) {
      this.#lost(`It could not be cancelled: ${error.message}`);
    }
    this.#cancelling = false;
    this.render();
  }

  /** Stops following; the run itself goes on. */
  close() {
    this.#stop.abort();
  }

  /** Shows what the run's own stream said went wrong. */
  failed(message) {
    this.#lost(message);
  }

  /** Draws the state and the answer. */
  render() {
    const { record } = this;
    write(this.title, [record.method, record.model].filter(Boolean).join(" · ") || record.id);
    write(this.state, this.#cancelling ? "cancelling" : record.status);
    this.element.dataset.status = record.status;
    this.cancelButton.hidden = !this.isLive;
    this.perfetto.hidden = this.isLive;
    this.answerBox.dataset.checked = String(record.verified);
    const isAnswered = record.answer !== null && record.answer !== undefined;
    this.answer.classList.toggle("none", !isAnswered);
    write(this.answer, isAnswered ? record.answer : this.isLive ? `${record.written}…` : this.#whyNone());
  }

  #whyNone() {
    const { root } = this.record;
    if (root.outcome && outcomeKind(root.outcome) !== "finished") return `none: ${outcome(root.outcome)}`;
    return this.record.status === "finished" ? "none: the model ended without giving an answer" : `none: ${this.record.status}`;
  }

  #take(event) {
    const line = this.record.take(event);
    if (line) this.lanes.changed(line);
    this.timeline.changed();
    this.#changed();
    switch (event.type) {
      case "token": return;
      case "forked":
        announce(`${event.thread === "0" ? "Forked" : `Thread ${event.thread} forked`} into ${counted(event.into.length, "thread")}`);
        break;
      case "joined":
        announce(`${counted(event.threads.length, "thread")} joined`);
        break;
      case "answered":
        announce(this.record.answer === null ? "No answer" : `Answer: ${this.record.answer.slice(0, 300)}`);
        break;
      case "end":
        announce(`Run ${event.status}`);
        break;
    }
    this.tree.changed();
  }

  async #settle() {
    let summary;
    try {
      summary = await this.#gateway.run(this.record.id);
    } catch (error) {
      this.#lost(`The run is over, but its record could not be read: ${error.message}`);
      return;
    }
    this.lanes.flush();
    const hadGaps = this.record.hasGaps;
    this.record.settle(summary);
    this.lanes.settle(hadGaps);
    this.timeline.render();
    this.tree.changed();
    this.render();
  }

  #lost(message) {
    this.notice.hidden = false;
    write(this.notice, message);
  }

  #changed() {
    inNextFrame(this);
    this.#onChange(this);
  }

  async #download(event) {
    if (this.#gateway.key === "") return;
    // A link cannot carry the key.
    event.preventDefault();
    try {
      const address = URL.createObjectURL(await this.#gateway.perfetto(this.record.id));
      make("a", { href: address, download: `${this.record.id}.json` }).click();
      setTimeout(() => URL.revokeObjectURL(address), 10_000);
    } catch (error) {
      this.#lost(`The trace could not be read: ${error.message}`);
    }
  }
}
