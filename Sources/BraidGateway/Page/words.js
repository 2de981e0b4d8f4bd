// Figures and states in words.

const integers = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const clock = new Intl.DateTimeFormat("en", { hour: "2-digit", minute: "2-digit", hour12: false });
const day = new Intl.DateTimeFormat("en", { day: "numeric", month: "short" });

/** A whole number with separators; a dash for none. */
export function count(number) {
  return Number.isFinite(number) ? integers.format(number) : "–";
}

/** `1 thread`, `5 threads`. */
export function counted(number, noun) {
  return `${count(number)} ${noun}${number === 1 ? "" : "s"}`;
}

/** Seconds with as many digits as matter. */
export function seconds(number) {
  if (!Number.isFinite(number)) return "–";
  const digits = number >= 100 ? 0 : number >= 10 ? 1 : number >= 0.095 ? 2 : 3;
  return `${number.toFixed(digits)} s`;
}

/** How often one number goes into another. */
export function ratio(over, under) {
  return Number.isFinite(over) && Number.isFinite(under) && under > 0 ? (over / under).toFixed(2) : "–";
}

/** The time of day, with the date when it was not today. */
export function when(unixSeconds) {
  const date = new Date(unixSeconds * 1000);
  const isToday = date.toDateString() === new Date().toDateString();
  return isToday ? clock.format(date) : `${day.format(date)}, ${clock.format(date)}`;
}

/** What a verifier said. */
export function checked(verified) {
  return verified === true ? "right" : verified === false ? "wrong" : "not checked";
}

/** How a thread ended: events say it in words, a trajectory as `{kind, message}`. */
export function outcome(value) {
  if (typeof value === "string") return value;
  switch (value?.kind) {
    case "tokenLimit": return "cut: the token budget was used up";
    case "contextFull": return "cut: the context was full";
    case "timedOut": return "cut: the deadline passed";
    case "failed":
    case "malformed": return `${value.kind}: ${value.message}`;
    default: return value?.kind ?? "unfinished";
  }
}

/** How a thread ended, as one of the kinds that look different: `finished`, `cancelled`, `failed` or `cut`. */
export function outcomeKind(value) {
  const [kind] = outcome(value).split(":");
  if (kind === "finished" || kind === "cancelled" || kind === "cut") return kind;
  return "failed";
}

/** The name of a line. */
export function lineName(id) {
  return id === "0" ? "main line" : id;
}
