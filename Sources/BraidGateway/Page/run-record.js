/** One line of a run: the main line, or a thread. */
export class Line {
  constructor(id, outline = null, parent = null) {
    this.id = id;
    this.outline = outline;
    this.parent = parent;
    this.depth = parent ? parent.depth + 1 : 0;
    /** `{kind: "segment", origin, text, tokens, start, end}` or `{kind: "fork", lines, join, start, end}`, in order. */
    this.steps = [];
    /** `waiting`, `thinking`, `forked` or `ended`. */
    this.state = "waiting";
    this.outcome = null;
    this.returned = null;
    this.decoded = 0;
    this.context = 0;
    /** When something last happened in it, in seconds since the run began. */
    this.at = 0;
    /** What the controller last did to it, and what went wrong in it. */
    this.notes = [];
  }

  /** The last fork whose threads are still out. */
  get openFork() {
    const last = this.steps.at(-1);
    return last?.kind === "fork" && last.end === null ? last : null;
  }

  /** Itself and everything that was forked from it, in tree order. */
  *all() {
    yield this;
    for (const step of this.steps) {
      if (step.kind === "fork") for (const line of step.lines) yield* line.all();
    }
  }
}

/** Everything that is known about one run, from its events while it goes on and from its trajectory afterwards. */
export class RunRecord {
  constructor(id) {
    this.id = id;
    this.status = "running";
    this.question = "";
    this.method = "";
    this.model = "";
    this.contextLength = null;
    this.root = new Line("0");
    this.lines = new Map([["0", this.root]]);
    this.answer = null;
    /** What can be read of the answer while it is written. */
    this.written = "";
    this.verified = null;
    /** The server's figures; null until it gives them. */
    this.metrics = null;
    this.at = 0;
    /** Whether tokens went missing on the way here, so that texts and counts are short until the trajectory comes. */
    this.hasGaps = false;
  }

  /** What a list of runs says about one, with its trajectory when that came along. */
  static stored(summary) {
    const record = new RunRecord(summary.id);
    record.settle(summary);
    return record;
  }

  /** Takes one event. Returns the line that it changed, if any. */
  take(event) {
    if (Number.isFinite(event.at)) this.at = Math.max(this.at, event.at);
    const line = event.thread === undefined ? null : this.#line(event.thread);
    switch (event.type) {
      case "run_started":
        this.question = textOf(event.question);
        this.method = event.method;
        this.model = event.model;
        this.contextLength = event.context_length ?? this.contextLength;
        this.root.state = "thinking";
        break;
      case "thread_started":
        line.state = "thinking";
        line.outline ??= event.outline ?? null;
        line.at = this.at;
        break;
      case "prefilled":
        this.#add(line, line.parent ? "seed" : "prompt", event.tokens, "");
        break;
      case "token":
        this.#decoded(line, event);
        this.written += event.answer ?? "";
        break;
      case "forked":
        this.#fork(line, event);
        break;
      case "joined":
        if (line.openFork) Object.assign(line.openFork, { end: this.at, join: true });
        line.state = "thinking";
        this.#add(line, "joined", event.tokens, "");
        break;
      case "thread_finished":
        Object.assign(line, { state: "ended", outcome: event.outcome, returned: event.returned ?? null, at: this.at });
        break;
      case "decided": {
        const { thread, action, reason } = event.decision;
        const about = this.lines.get(thread) ?? this.root;
        about.notes.push(`${spaced(action)}: ${reason}`);
        return about;
      }
      case "malformed":
        line.notes.push(`malformed: ${typeof event.what === "string" ? event.what : JSON.stringify(event.what)}`);
        break;
      case "tokens_dropped":
        this.hasGaps = true;
        break;
      case "answered":
        this.answer = textOf(event.text);
        this.root.outcome = event.outcome ?? this.root.outcome;
        this.root.state = "ended";
        return this.root;
      case "end":
        this.status = event.status;
        this.metrics = event.metrics ?? null;
        this.verified = event.verified ?? null;
        break;
    }
    return line;
  }

  /** Takes what the store says, which misses nothing. */
  settle(summary) {
    this.question = textOf(summary.question);
    this.method = summary.method;
    this.model = summary.model;
    // The last event may be here before the store has closed the run.
    if (summary.status !== "running") {
      this.status = summary.status;
      this.answer = textOf(summary.answer);
      this.verified = summary.verified ?? null;
      this.metrics = summary.metrics ?? this.metrics;
    }
    const trajectory = summary.trajectory;
    if (!trajectory) return;
    this.#settle(this.root, trajectory.root, 0);
    for (const { thread, action, reason } of trajectory.decisions ?? []) {
      const note = `${spaced(action)}: ${reason}`;
      const line = this.lines.get(thread) ?? this.root;
      if (!line.notes.includes(note)) line.notes.push(note);
    }
    this.at = Math.max(trajectory.seconds, ...[...this.root.all()].map((line) => line.at));
  }

  #line(id) {
    let line = this.lines.get(id);
    if (!line) {
      const parent = this.lines.get(id.slice(0, id.lastIndexOf("."))) ?? this.root;
      line = new Line(id, null, parent);
      this.lines.set(id, line);
      const fork = parent.openFork ?? this.#opened(parent);
      fork.lines.push(line);
    }
    return line;
  }

  #opened(parent) {
    const fork = { kind: "fork", lines: [], join: null, start: this.at, end: null };
    parent.steps.push(fork);
    parent.state = "forked";
    return fork;
  }

  #fork(parent, { outlines, into }) {
    // The controller adds single threads to a fork that is already open.
    const fork = parent.openFork ?? this.#opened(parent);
    parent.at = this.at;
    into.forEach((id, index) => {
      if (this.lines.has(id)) return;
      const line = new Line(id, outlines[index] ?? null, parent);
      line.context = parent.context;
      line.at = this.at;
      this.lines.set(id, line);
      fork.lines.push(line);
    });
  }

  #add(line, origin, tokens, text) {
    // A line that waited for its threads did not read their results in all that time.
    const start = origin === "joined" ? this.at : line.at;
    line.steps.push({ kind: "segment", origin, text, tokens, start, end: this.at });
    line.context += tokens;
    line.at = this.at;
  }

  #decoded(line, { text, tokens, control }) {
    const written = control && !text.endsWith(control) ? text + control : text;
    const last = line.steps.at(-1);
    line.state = "thinking";
    line.decoded += tokens;
    if (last?.kind !== "segment" || last.origin !== "model") return this.#add(line, "model", tokens, written);
    last.text += written;
    last.tokens += tokens;
    last.end = this.at;
    line.context += tokens;
    line.at = this.at;
  }

  #settle(line, stored, context) {
    const hasOwnPrompt = line.parent !== null && stored.steps[0]?.segment?.origin === "prompt";
    line.context = hasOwnPrompt ? 0 : context;
    line.decoded = 0;
    line.outline = stored.outline ?? line.outline;
    line.outcome = stored.outcome ?? null;
    line.returned = stored.returned ?? null;
    line.steps = [];
    for (const { segment, fork } of stored.steps) {
      if (segment) {
        const { origin, text, tokenCount, start, end } = segment;
        line.steps.push({ kind: "segment", origin, text, tokens: tokenCount, start, end });
        line.context += tokenCount;
        if (origin === "model") line.decoded += tokenCount;
        line.at = Math.max(line.at, end);
      } else {
        line.steps.push(this.#settledFork(line, fork));
        if (fork.join === "stitch") line.context += adoptedTokens(fork);
      }
    }
    line.state = line.outcome ? "ended" : this.status !== "running" || line.steps.length === 0 ? "waiting" : "thinking";
  }

  #settledFork(parent, stored) {
    const lines = stored.threads.map((thread) => {
      const line = this.lines.get(thread.id) ?? new Line(thread.id, thread.outline ?? null, parent);
      this.lines.set(thread.id, line);
      this.#settle(line, thread, parent.context);
      return line;
    });
    const spans = lines.flatMap((line) => [...line.all()].flatMap((each) => each.steps))
      .filter((step) => step.kind === "segment");
    return {
      kind: "fork", lines, join: stored.join ?? null,
      start: Math.min(...spans.map((span) => span.start), Infinity),
      end: Math.max(...spans.map((span) => span.end), -Infinity),
    };
  }
}

function adoptedTokens(fork) {
  return fork.threads.filter((thread) => thread.outcome?.kind === "finished")
    .reduce((sum, thread) => sum + ownTokens(thread), 0);
}

function ownTokens(thread) {
  return thread.steps.reduce((sum, { segment, fork }) => {
    if (segment) return sum + segment.tokenCount;
    return sum + (fork.join === "stitch" ? adoptedTokens(fork) : 0);
  }, 0);
}

function textOf(value) {
  return typeof value === "string" ? value : value?.text ?? null;
}

function spaced(word) {
  return word.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
