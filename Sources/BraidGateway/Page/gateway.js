import { EventReader } from "./event-reader.js";

const keyName = "braid.key";

/** Why the gateway refused a request, or could not be asked. */
export class GatewayError extends Error {
  constructor(message, { status = 0, code = null, param = null, retryAfter = null } = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.param = param;
    this.retryAfter = retryAfter;
  }

  /** Whether the same request may work later. */
  get isPassing() {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
  }
}

/** The gateway that served this page. */
export class Gateway {
  /** The key that requests carry; it lives as long as the tab. */
  get key() {
    return sessionStorage.getItem(keyName) ?? "";
  }

  set key(value) {
    if (value === "") sessionStorage.removeItem(keyName);
    else sessionStorage.setItem(keyName, value);
  }

  /** What it serves: models, methods, limits. */
  async description() {
    return (await this.#fetch("v1/braid")).json();
  }

  /** One page of past runs, newest first; filters that are empty are left out. */
  async runs(filters, signal) {
    const query = new URLSearchParams(Object.entries(filters).filter(([, value]) => value !== "" && value !== null));
    return (await this.#fetch(`v1/trajectories?${query}`, { signal })).json();
  }

  /** A run with its trajectory. */
  async run(id) {
    return (await this.#fetch(this.#path(id))).json();
  }

  /** Starts a run. It goes on for as long as somebody reads the body of this response. */
  async ask({ model, question, settings }, signal) {
    const response = await this.#fetch("v1/chat/completions", {
      method: "POST",
      body: JSON.stringify({ model, messages: [{ role: "user", content: question }], stream: true, braid: settings }),
      signal,
    });
    const id = response.headers.get("x-braid-trajectory-id");
    if (!id) throw new GatewayError("The server answered without x-braid-trajectory-id, so the run cannot be followed.");
    return { id, response };
  }

  /** The events of a run after one of them, until the connection ends. */
  async *events(id, after, signal) {
    const headers = { accept: "text/event-stream" };
    if (after !== null) headers["last-event-id"] = after;
    yield* Gateway.eventsOf(await this.#fetch(`${this.#path(id)}/events`, { headers, signal }));
  }

  /** The events in a response's body. */
  static async *eventsOf(response) {
    const reader = response.body.getReader();
    const events = new EventReader();
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        yield* events.read(value);
      }
    } finally {
      await reader.cancel().catch(() => {
        // The connection has already failed, which the loop above reported.
      });
    }
  }

  /** Cancels a run. */
  async cancel(id) {
    return (await this.#fetch(`${this.#path(id)}/cancel`, { method: "POST", body: "{}" })).json();
  }

  /** Where a run's trace for Perfetto lies. */
  perfettoAddress(id) {
    return `${this.#path(id)}/perfetto`;
  }

  /** A run's trace for Perfetto. */
  async perfetto(id) {
    return (await this.#fetch(this.perfettoAddress(id))).blob();
  }

  #path(id) {
    return `v1/trajectories/${encodeURIComponent(id)}`;
  }

  async #fetch(path, { method = "GET", headers = {}, body, signal } = {}) {
    const all = { ...headers };
    if (this.key !== "") all.authorization = `Bearer ${this.key}`;
    if (body !== undefined) all["content-type"] = "application/json";
    let response;
    try {
      const address = new URL(path, document.baseURI);
      response = await fetch(address, { method, headers: all, body, signal, cache: "no-store", redirect: "error" });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new GatewayError("The server cannot be reached. Is it still running?", { code: "unreachable" });
    }
    if (!response.ok) throw await refusal(response);
    return response;
  }
}

async function refusal(response) {
  const retryAfter = Number.parseInt(response.headers.get("retry-after") ?? "", 10);
  const facts = { status: response.status, retryAfter: Number.isFinite(retryAfter) ? retryAfter : null };
  const text = await response.text();
  try {
    const { error } = JSON.parse(text);
    return new GatewayError(String(error.message), { ...facts, code: error.code, param: error.param });
  } catch {
    // Something between here and the gateway answered in its own form.
    return new GatewayError(`The server answered ${response.status} ${response.statusText}`.trim() + ".", facts);
  }
}
