import { find, make, offer, write } from "./dom.js";
import { checked, counted, seconds, when } from "./words.js";

const pageLength = 25;
const typingPause = 250;

/** Past runs, newest first: search, filters, and more of them on request. */
export class PastRunsView {
  #gateway;
  #next = null;
  #reading = null;
  #timer = null;
  #open = [];
  /** The items that are shown, by run. They are kept when the list is read again, so that none moves under a finger. */
  #items = new Map();

  constructor(gateway) {
    this.#gateway = gateway;
    this.list = find("past-list");
    this.state = find("past-state");
    this.older = find("older");
    this.older.addEventListener("click", () => this.#read(this.#next));
    find("filters").addEventListener("submit", (event) => {
      event.preventDefault();
      this.refresh();
    });
    find("search").addEventListener("input", () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.refresh(), typingPause);
    });
    for (const id of ["filter-method", "filter-model", "filter-status"]) {
      find(id).addEventListener("change", () => this.refresh());
    }
  }

  /** Offers what can be filtered by. */
  describe({ models }) {
    const methods = [...new Set(models.flatMap((model) => model.methods))];
    offer(find("filter-method"), [["", "any"], ...methods.map((name) => [name, name])]);
    offer(find("filter-model"), [["", "any"], ...models.map(({ id }) => [id, id])]);
    offer(find("filter-status"), [["", "any"],
      ...["running", "finished", "incomplete", "failed", "cancelled"].map((name) => [name, name])]);
    find("filter-model-field").hidden = models.length < 2;
  }

  /** Marks the runs that are open. */
  mark(ids) {
    this.#open = ids;
    for (const [id, item] of this.#items) item.mark(ids.includes(id));
  }

  /** Reads the list anew from its newest run. */
  async refresh() {
    clearTimeout(this.#timer);
    await this.#read(null);
  }

  async #read(before) {
    this.#reading?.abort();
    const reading = new AbortController();
    this.#reading = reading;
    const filters = {
      query: find("search").value.trim(), method: find("filter-method").value, model: find("filter-model").value,
      status: find("filter-status").value, limit: pageLength, before,
    };
    let page;
    try {
      page = await this.#gateway.runs(filters, reading.signal);
    } catch (error) {
      if (error.name !== "AbortError") write(this.state, `The list could not be read: ${error.message}`);
      return;
    }
    const shown = before === null ? new Map() : new Map(this.#items);
    for (const run of page.data) {
      const item = this.#items.get(run.id) ?? new PastRun(run);
      item.show(run);
      item.mark(this.#open.includes(run.id));
      shown.set(run.id, item);
    }
    for (const [id, item] of this.#items) if (!shown.has(id)) item.element.remove();
    this.#items = shown;
    [...shown.values()].forEach(({ element }, index) => {
      if (this.list.children[index] !== element) this.list.insertBefore(element, this.list.children[index] ?? null);
    });
    if (before !== null && page.data.length > 0) shown.get(page.data[0].id).link.focus();
    this.#next = page.next;
    this.older.hidden = page.next === null;
    const isFiltered = ["query", "method", "model", "status"].some((name) => filters[name] !== "");
    write(this.state, shown.size === 0 ? (isFiltered ? "No run matches." : "None yet.")
      : `${counted(shown.size, "run")}${page.next === null ? "" : ", more below"}`);
  }
}

/** One run in the list. */
class PastRun {
  constructor({ id, question, created_at: created }) {
    this.facts = make("span", { class: "past-facts" });
    this.link = make("a", { href: `#${encodeURIComponent(id)}` },
      make("bdi", { class: "past-question" }, question), this.facts,
      make("time", { datetime: new Date(created * 1000).toISOString() }, when(created)));
    this.element = make("li", {}, this.link);
  }

  /** Shows how the run stands. */
  show({ method, status, verified, metrics }) {
    const facts = [method];
    if (status !== "finished") facts.push(status);
    if (verified === true || verified === false) facts.push(checked(verified));
    if (metrics) facts.push(seconds(metrics.seconds), counted(metrics.total_tokens, "token"));
    write(this.facts, facts.join(" · "));
  }

  /** Says whether the run is open. */
  mark(isOpen) {
    if (isOpen) this.link.setAttribute("aria-current", "true");
    else this.link.removeAttribute("aria-current");
  }
}
