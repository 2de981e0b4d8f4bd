import { make, write } from "./dom.js";
import { inNextFrame } from "./frames.js";
import { TextBox } from "./text-box.js";
import { count, counted, lineName, outcome, outcomeKind } from "./words.js";

/** One line as a lane: its path, subtask, state, tokens, context, text; and the lanes of its threads inside it. */
export class LaneView {
  #line;
  #run;
  #step = 0;
  #offset = 0;
  #box = null;
  #fork = null;
  #lanes = [];
  #isSettled = false;

  constructor(line, run) {
    this.#line = line;
    this.#run = run;
    const title = line.parent ? (line.outline?.text ?? "").trim() : "";
    const name = line.parent ? `Thread ${line.id}` : "Main line";
    this.state = make("span", { class: "state" });
    this.tokens = make("span", { class: "tokens" });
    this.fill = make("span", { class: "fill" });
    this.meter = make("span", { class: "meter", role: "meter", "aria-label": "Context used", "aria-valuemin": 0 }, this.fill);
    this.share = make("span", { class: "share" });
    this.notes = make("ul", { class: "notes" });
    this.notes.hidden = true;
    this.returned = make("p", { class: "returned" });
    this.returned.hidden = true;
    this.body = make("div", { class: "lane-body" });
    this.element = make(
      "li", { class: line.parent ? "lane" : "lane main", "data-line": line.id },
      make("div", { class: "lane-head" },
        make("span", { class: "path", "aria-label": name }, line.parent ? line.id : "main line"),
        title ? make("bdi", { class: "outline" }, title) : "",
        this.state),
      this.body, this.notes, this.returned,
      make("div", { class: "lane-foot" }, this.tokens, this.meter, this.share));
    this.render();
  }

  /** Shows what is new. */
  render() {
    if (this.#isSettled) return this.#facts();
    const steps = this.#line.steps;
    for (; this.#step < steps.length; this.#step += 1, this.#offset = 0) {
      this.#show(steps[this.#step]);
      // The last step may still grow.
      if (this.#step === steps.length - 1) break;
    }
    this.#facts();
  }

  /** The line's steps are now the record's: from here on only states and counts are shown anew. */
  settle() {
    this.#isSettled = true;
    this.#facts();
    for (const lane of this.#lanes) lane.settle();
  }

  #show(step) {
    if (step.kind === "fork") return this.#showFork(step);
    if (step.origin === "joined" && this.#offset === 0) {
      this.#offset = 1;
      this.body.append(make("p", { class: "joint" }, `joined · ${counted(step.tokens, "token")} read back`));
      this.#box = null;
      return;
    }
    if (step.origin !== "model" && step.origin !== "inserted") return;
    if (!this.#box) {
      this.#box = new TextBox(`Text of ${lineName(this.#line.id)}`);
      this.body.append(this.#box.element);
    }
    if (this.#offset < step.text.length) this.#box.append(step.text.slice(this.#offset));
    this.#offset = step.text.length;
  }

  #showFork(step) {
    if (this.#offset === 0) {
      this.#box = null;
      this.#fork = { label: make("p", { class: "joint" }), list: make("ol", { class: "threads" }) };
      this.body.append(this.#fork.label, this.#fork.list);
    }
    for (; this.#offset < step.lines.length; this.#offset += 1) {
      const lane = new LaneView(step.lines[this.#offset], this.#run);
      this.#lanes.push(lane);
      this.#run.lanes.set(step.lines[this.#offset].id, lane);
      this.#fork.list.append(lane.element);
    }
    write(this.#fork.label, `forked into ${counted(step.lines.length, "thread")}`);
  }

  #facts() {
    const { kind, words } = laneState(this.#line);
    this.state.dataset.kind = kind;
    write(this.state, words);
    write(this.tokens, counted(this.#line.decoded, "token"));
    const length = this.#run.record.contextLength;
    this.meter.hidden = !length;
    if (length) {
      const share = Math.min(1, this.#line.context / length);
      this.fill.style.setProperty("--share", share.toFixed(4));
      this.meter.setAttribute("aria-valuemax", length);
      this.meter.setAttribute("aria-valuenow", Math.min(this.#line.context, length));
      write(this.share, `${count(this.#line.context)} / ${count(length)}`);
    } else {
      write(this.share, `context ${count(this.#line.context)}`);
    }
    for (const note of this.#line.notes.slice(this.notes.childElementCount)) {
      this.notes.append(make("li", {}, note));
      this.notes.hidden = false;
    }
    if (this.#line.returned !== null && this.returned.hidden) {
      this.returned.append(make("span", { class: "label" }, "returned"), " ", make("bdi", {}, this.#line.returned.trim()));
      this.returned.hidden = false;
    }
  }
}

/** All lanes of a run. */
export class LanesView {
  constructor(record) {
    this.record = record;
    this.lanes = new Map();
    this.element = make("ol", { class: "lanes" });
    this.#build();
  }

  #build() {
    this.lanes.clear();
    const root = new LaneView(this.record.root, this);
    this.lanes.set("0", root);
    this.element.replaceChildren(root.element);
  }

  /** A line has changed. */
  changed(line) {
    const lane = this.lanes.get(line.id);
    if (lane) inNextFrame(lane);
    // A line's parent shows that it is there, and how many are still out.
    const isNews = !lane || line.state === "ended";
    for (let up = line.parent; up && isNews; up = up.parent) {
      if (this.lanes.has(up.id)) inNextFrame(this.lanes.get(up.id));
    }
  }

  /** Shows everything at once. */
  flush() {
    for (const lane of this.lanes.values()) lane.render();
  }

  /** The record has taken the trajectory. What was read stays where it is, unless something was missing. */
  settle(hadGaps) {
    if (hadGaps) this.#build();
    this.lanes.get("0").settle();
  }
}

function laneState(line) {
  switch (line.state) {
    case "waiting": {
      const after = line.outline?.after ?? [];
      return { kind: "waiting", words: after.length > 0 ? `waiting for ${after.join(", ")}` : "waiting" };
    }
    case "thinking": return { kind: "thinking", words: "thinking" };
    case "forked": {
      const open = line.openFork?.lines.filter((each) => each.state !== "ended").length ?? 0;
      return { kind: "forked", words: open > 0 ? `waiting for ${counted(open, "thread")}` : "joining" };
    }
    default: return { kind: outcomeKind(line.outcome), words: outcome(line.outcome) };
  }
}
