import { GatewayError } from "./gateway.js";

const waits = [0.5, 1, 2, 4, 8, 8, 8, 8];

/** Reads a run's events to their end and reconnects where they broke off. */
export class RunFollower {
  #gateway;
  #id;
  #last = null;

  constructor(gateway, id) {
    this.#gateway = gateway;
    this.#id = id;
  }

  /**
   * Calls `onEvent({type, ...data})` for each event, once, in order.
   *
   * Calls `onLost(error, seconds)` before it waits to reconnect, and `onBack()` when events come again. Throws the
   * `GatewayError` when the server refuses, or when it stays away; `follow` may then be called again.
   */
  async follow({ onEvent, onLost, onBack, signal }) {
    let failures = 0;
    for (;;) {
      let error = new GatewayError("The connection was lost.", { code: "unreachable" });
      try {
        for await (const { id, type, data } of this.#gateway.events(this.#id, this.#last, signal)) {
          if (failures > 0) {
            failures = 0;
            onBack();
          }
          if (id !== null && this.#last !== null && Number(id) <= Number(this.#last)) continue;
          if (id !== null) this.#last = id;
          const event = { ...JSON.parse(data), type };
          onEvent(event);
          if (type === "end") return;
        }
      } catch (thrown) {
        if (thrown.name === "AbortError") throw thrown;
        if (thrown instanceof GatewayError) error = thrown;
        else if (!(thrown instanceof TypeError)) throw thrown;
      }
      if (!error.isPassing || failures >= waits.length) throw error;
      const seconds = error.retryAfter ?? waits[failures];
      failures += 1;
      onLost(error, seconds);
      await pause(seconds, signal);
    }
  }
}

function pause(seconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, seconds * 1000);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    }, { once: true });
  });
}
