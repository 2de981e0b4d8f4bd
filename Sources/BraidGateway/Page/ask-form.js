import { find, make, offer, write } from "./dom.js";
import { count } from "./words.js";

const examples = [
  "Make 24 from 3, 8, 5 and 2",
  "What is 347 * 86?",
  "If 3x + 7 = 22 and 7y + 4 = 3y + 32, what is x * y + 2?",
  "What is 27 + 58?",
];
const limits = [
  { id: "max-threads", name: "max_threads", isWhole: true },
  { id: "max-depth", name: "max_depth", isWhole: true },
  { id: "max-total-tokens", name: "max_total_tokens", isWhole: true },
  { id: "timeout-s", name: "timeout_s", isWhole: false },
];

/** The question, and what shall answer it within which limits. */
export class AskForm {
  #models = [];

  /** `onAsk({question, model, methods, limits})` is called with one method, or two to be compared. */
  constructor(onAsk) {
    this.form = find("ask");
    this.question = find("question");
    this.button = find("ask-button");
    this.error = find("ask-error");
    find("examples").append(...examples.map((text) => {
      const button = make("button", { type: "button", class: "example" }, text);
      button.addEventListener("click", () => {
        this.question.value = text;
        this.question.focus();
      });
      return button;
    }));
    find("model").addEventListener("change", () => this.#offerMethods());
    find("method").addEventListener("change", () => this.#offerComparisons());
    this.question.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        this.form.requestSubmit();
      }
    });
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.button.getAttribute("aria-disabled") === "true") return;
      const asked = this.#read();
      if (asked) onAsk(asked);
    });
  }

  /** Offers what the server serves. */
  describe({ models, limits: most }) {
    this.#models = models;
    offer(find("model"), models.map(({ id }) => [id, id]));
    this.#offerMethods();
    for (const { id, name } of limits) {
      const limit = most?.[name];
      if (!Number.isFinite(limit)) continue;
      find(id).max = limit;
      find(id).placeholder = `≤ ${count(limit)}`;
    }
  }

  /** Whether something can be asked now. */
  set isBusy(isBusy) {
    // Not `disabled`, which would throw away the focus of somebody who just pressed it.
    this.button.setAttribute("aria-disabled", String(isBusy));
  }

  /** Says why the server did not take the question; without an error, that all is well. */
  refuse(error) {
    for (const field of this.form.querySelectorAll("[aria-invalid]")) {
      field.removeAttribute("aria-invalid");
      if (field !== this.question) field.removeAttribute("aria-describedby");
    }
    this.error.hidden = !error;
    if (!error) return;
    const wait = error.retryAfter ? ` Try again in ${error.retryAfter} s.` : "";
    write(this.error, error.message + wait);
    const blamed = this.#field(error.param);
    if (!blamed) return;
    blamed.setAttribute("aria-invalid", "true");
    if (blamed !== this.question) blamed.setAttribute("aria-describedby", "ask-error");
    blamed.focus();
  }

  #field(param) {
    const name = String(param ?? "").replace(/^braid\./, "");
    if (name.startsWith("messages")) return this.question;
    if (name === "model" || name === "method") return find(name);
    const limit = limits.find((each) => each.name === name);
    return limit ? find(limit.id) : null;
  }

  #read() {
    const question = this.question.value.trim();
    if (question === "") {
      this.refuse({ message: "Write a question first.", param: "messages" });
      return null;
    }
    const settings = {};
    for (const { id, name, isWhole } of limits) {
      const field = find(id);
      if (field.value === "" && !field.validity.badInput) continue;
      const number = field.valueAsNumber;
      if (!field.validity.valid || !Number.isFinite(number) || (isWhole && !Number.isSafeInteger(number))) {
        const range = field.max === "" ? `${field.min} or more` : `${field.min} to ${field.max}`;
        const label = this.form.querySelector(`label[for="${id}"]`).textContent;
        this.refuse({ message: `${label}: allowed is ${isWhole ? "a whole number, " : ""}${range}.`, param: name });
        return null;
      }
      settings[name] = number;
    }
    this.refuse(null);
    const methods = [find("method").value, find("compare").value].filter((name) => name !== "");
    return { question, model: find("model").value, methods, limits: settings };
  }

  #offerMethods() {
    const model = this.#models.find(({ id }) => id === find("model").value);
    offer(find("method"), (model?.methods ?? []).map((name) => [name, name]), model?.default_method);
    this.#offerComparisons();
  }

  #offerComparisons() {
    const model = this.#models.find(({ id }) => id === find("model").value);
    const others = (model?.methods ?? []).filter((name) => name !== find("method").value);
    offer(find("compare"), [["", "nothing"], ...others.map((name) => [name, name])]);
  }
}
