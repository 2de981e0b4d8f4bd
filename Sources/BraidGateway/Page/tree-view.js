import { make } from "./dom.js";
import { TextBox } from "./text-box.js";
import { counted, lineName, outcome, seconds } from "./words.js";

const previewLength = 140;

/** A trajectory as a tree: every segment with its origin, tokens, time and text; every fork with its threads. */
export class TreeView {
  #record;
  #body = make("div");
  #isStale = true;

  constructor(record) {
    this.#record = record;
    this.element = make("details", { class: "tree" }, make("summary", {}, make("h4", {}, "Trajectory")), this.#body);
    this.element.addEventListener("toggle", () => this.render());
  }

  /** The record has changed; a closed tree costs nothing. */
  changed() {
    this.#isStale = true;
    this.render();
  }

  /** Draws the tree when it is open. */
  render() {
    if (!this.element.open || !this.#isStale) return;
    this.#isStale = false;
    this.#body.replaceChildren(make("ul", {}, this.#line(this.#record.root)));
  }

  #line(line) {
    const title = line.parent && line.outline ? make("bdi", { class: "outline" }, line.outline.text.trim()) : "";
    const ended = line.outcome ? outcome(line.outcome) : line.state === "waiting" ? "not started" : line.state;
    const list = make("ul", {}, ...line.steps.map((step) => this.#step(line, step)));
    if (line.returned !== null) {
      list.append(make("li", {}, make("span", { class: "origin" }, "returned"), " ", make("bdi", { class: "preview" }, line.returned.trim())));
    }
    return make("li", {},
      make("p", {}, make("span", { class: "path" }, lineName(line.id)), " ", title, " ",
        make("span", { class: "facts" }, `${ended} · ${counted(line.decoded, "token")}`)),
      list);
  }

  #step(line, step) {
    if (step.kind === "fork") {
      const joined = typeof step.join === "string" ? `joined by ${step.join}` : step.join ? "joined" : "not joined";
      return make("li", {},
        make("p", {}, make("span", { class: "origin" }, "fork"), " ",
          make("span", { class: "facts" }, `into ${counted(step.lines.length, "thread")}, ${joined}`)),
        make("ul", {}, ...step.lines.map((each) => this.#line(each))));
    }
    const facts = make("span", { class: "facts" }, `${counted(step.tokens, "token")} · ${seconds(step.end - step.start)}`);
    const head = [make("span", { class: "origin", "data-origin": step.origin }, step.origin), " ", facts];
    if (step.text === "") return make("li", {}, ...head);
    const oneLine = step.text.slice(0, previewLength).replace(/\s+/g, " ").trim();
    if (step.text.length <= previewLength) return make("li", {}, ...head, " ", make("bdi", { class: "preview" }, oneLine));
    const details = make("details", {}, make("summary", {}, ...head, " ", make("bdi", { class: "preview" }, `${oneLine}…`)));
    details.addEventListener("toggle", () => {
      if (!details.open || details.childElementCount > 1) return;
      const box = new TextBox(`${step.origin} text of ${lineName(line.id)}`);
      box.append(step.text);
      details.append(box.element);
    });
    return make("li", {}, details);
  }
}
