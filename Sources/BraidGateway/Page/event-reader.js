/** Reads server-sent events from bytes, wherever the bytes are cut. */
export class EventReader {
  #decoder = new TextDecoder();
  #rest = "";
  #afterReturn = false;
  #id = null;
  #type = "";
  #data = [];

  /** The events that these bytes complete, each `{id, type, data}`. */
  read(bytes) {
    const text = this.#decoder.decode(bytes, { stream: true });
    const events = [];
    let start = 0;
    for (let index = 0; index < text.length; index += 1) {
      const character = text[index];
      if (character !== "\n" && character !== "\r") {
        this.#afterReturn = false;
        continue;
      }
      const endsReturn = character === "\n" && this.#afterReturn;
      this.#afterReturn = character === "\r";
      if (!endsReturn) this.#take(this.#rest + text.slice(start, index), events);
      this.#rest = "";
      start = index + 1;
    }
    this.#rest += text.slice(start);
    return events;
  }

  #take(line, events) {
    if (line === "") {
      if (this.#data.length > 0) {
        events.push({ id: this.#id, type: this.#type || "message", data: this.#data.join("\n") });
      }
      this.#type = "";
      this.#data = [];
      return;
    }
    const colon = line.indexOf(":");
    if (colon === 0) return;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + (line[colon + 1] === " " ? 2 : 1));
    if (field === "data") this.#data.push(value);
    else if (field === "event") this.#type = value;
    else if (field === "id" && !value.includes("\0")) this.#id = value;
  }
}
