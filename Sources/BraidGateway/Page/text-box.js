import { make } from "./dom.js";

// A browser lays out a whole paragraph again when text is added to it, so long texts are cut into blocks: at the first
// line break after `wanted` characters, anywhere after `most`.
const wanted = 1000;
const most = 8000;
const tags = /(<\/?[A-Z][A-Za-z]*>)/;

/** Text that grows. The newest is in sight, unless the reader has scrolled back. */
export class TextBox {
  #inner = make("div");
  #block = null;
  #length = 0;

  constructor(label) {
    // Its children stand in reverse, so that the browser keeps the end in sight by itself.
    this.element = make("div", { class: "text", tabindex: "0", role: "group", "aria-label": label, dir: "auto" }, this.#inner);
  }

  /** Adds text; what looks like a control tag is dimmed. */
  append(text) {
    for (let start = 0; start < text.length;) {
      if (this.#block === null) this.#open();
      let end = Math.min(text.length, start + most - this.#length);
      const newline = text.indexOf("\n", Math.max(start, start + wanted - this.#length));
      if (newline >= 0 && newline < end) end = newline + 1;
      else if (end < text.length && end > start + 1 && isLeading(text.charCodeAt(end - 1))) end -= 1;
      this.#write(text.slice(start, end));
      this.#length += end - start;
      if (end === newline + 1 || this.#length >= most - 1) this.#block = null;
      start = end;
    }
  }

  #open() {
    this.#block = make("p");
    this.#length = 0;
    this.#inner.append(this.#block);
  }

  #write(text) {
    if (text === "") return;
    const pieces = text.split(tags);
    this.#block.append(...pieces.flatMap((piece, index) => {
      if (piece === "") return [];
      return [index % 2 === 1 ? make("span", { class: "tag" }, piece) : piece];
    }));
  }
}

function isLeading(unit) {
  return unit >= 0xd800 && unit <= 0xdbff;
}
