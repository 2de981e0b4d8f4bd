"""What Braid wants to reach, and whether it did."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sidebyside.cases import BEST, BRAID, DEFAULT
from sidebyside.models import TITLES
from sidebyside.results import Results

PEERS = [BEST, DEFAULT]


@dataclass(frozen=True)
class Target:
    """A bound on one figure."""

    group: str
    what: str
    bound: float
    at_least: bool
    # The case that the figure comes from; without it the target was not measured.
    case: str
    value: Callable[[Results], float | None]
    unit: str = "x"

    def verdict(self, results: Results) -> tuple[float | None, str]:
        """The figure, and `met`, `missed`, `cannot run` (Braid refused; the report says why) or `not measured`."""
        value = self.value(results)
        if value is None:
            reason = results.error(self.case, BRAID)
            return None, "cannot run" if reason else "not measured"
        met = value >= self.bound if self.at_least else value <= self.bound
        return value, "met" if met else "missed"

    def shown(self, value: float) -> str:
        return f"{100 * value:.0f} %" if self.unit == "%" else f"{value:.2f} {self.unit}"

    @property
    def shown_bound(self) -> str:
        return ("at least " if self.at_least else "at most ") + self.shown(self.bound)


def ratio(results: Results, above: float | None, below: float | None) -> float | None:
    return above / below if above and below else None


def speed(case: str, peers: list[str]) -> Callable[[Results], float | None]:
    """How many times faster Braid is than the fastest of the peers."""
    return lambda results: ratio(results, results.best(case, peers), results.median(case, BRAID))


def _decode() -> list[Target]:
    bounds = {
        "llama120m": {"f32": 1.0, "q8_0": 1.0, "q4_0": 1.0, "bf16": 1.3},
        "qwen3-06b": {"f32": 1.0, "q8_0": 1.0, "q4_0": 1.0, "bf16": 1.3},
        "llama6m": {"f32": 1.5, "bf16": 1.5, "q8_0": 1.5, "q4_0": 1.5},
    }
    return [
        Target("Decoding alone, against llama.cpp's best", f"{TITLES[model]} {weights}", bound, True,
               case := f"decode-{model}-{weights}", speed(case, PEERS))
        for model, by_weights in bounds.items() for weights, bound in by_weights.items()]


def _prefill() -> list[Target]:
    return [
        Target("Prefill of 512 tokens, against llama.cpp's best", f"{TITLES[model]} {weights}", bound, True,
               case := f"prefill-{model}-{weights}-512", speed(case, PEERS))
        for model in TITLES if model != "llama30m" for weights, bound in (("q8_0", 1.5), ("bf16", 4.0))]


def _step_growth() -> list[Target]:
    def growth(model: str, weights: str) -> Callable[[Results], float | None]:
        one, eight = (f"threads-{model}-{weights}-512-{width}" for width in (1, 8))

        def value(results: Results) -> float | None:
            first = results.cases.get(one)
            second = results.cases.get(eight)
            if not first or not second:
                return None
            a, b = results.median(one, BRAID), results.median(eight, BRAID)
            return (b / second["tokens"]) / (a / first["tokens"]) if a and b else None

        return value

    return [
        Target("A step of 8 threads against a step of 1, prefix 512", f"{TITLES[model]} {weights}", 1.35, False,
               f"threads-{model}-{weights}-512-8", growth(model, weights))
        for model in ("llama120m", "qwen3-06b") for weights in ("q8_0", "bf16")]


def _threads() -> list[Target]:
    bounds = [
        ("llama120m", 512, 4, 1.8), ("llama120m", 512, 8, 2.4), ("llama120m", 512, 16, 3.0),
        ("llama120m", 4096, 8, 2.5), ("llama120m", 4096, 16, 3.0), ("llama6m", 512, 4, 2.5), ("llama6m", 4096, 8, 3.0)]
    best = [
        Target("Tokens per second of all threads, against llama.cpp's best",
               f"{TITLES[model]} q8_0, prefix {prefix}, {width} threads", bound, True,
               case := f"threads-{model}-q8_0-{prefix}-{width}", speed(case, PEERS))
        for model, prefix, width, bound in bounds]
    default = [
        Target("Tokens per second of all threads, against llama.cpp's default",
               f"{TITLES[model]} {weights}, prefix {prefix}, {width} threads", 5.0, True,
               case := f"threads-{model}-{weights}-{prefix}-{width}", speed(case, [DEFAULT]))
        for model, weights, prefix, width in (
            ("llama120m", "q8_0", 512, 8), ("llama120m", "q8_0", 512, 16), ("llama120m", "q8_0", 4096, 8),
            ("llama120m", "q8_0", 4096, 16), ("llama6m", "q8_0", 512, 8), ("llama6m", "q8_0", 512, 16),
            ("llama6m", "q8_0", 4096, 8), ("llama6m", "q8_0", 4096, 16))]
    return best + default


def _fork_join() -> list[Target]:
    case = "forkjoin-llama120m-q8_0"
    group = "A whole fork-join run, 120M q8_0 (512 / 4 x 128 / join / 64)"
    servers = ["server-slots", "server-unified"]

    def against(ours: str, theirs: list[str]) -> Callable[[Results], float | None]:
        return lambda results: ratio(results, results.best(case, theirs), results.median(case, ours))

    def join_in_steps(results: Results) -> float | None:
        found = results.cases.get(case)
        join, threads = (results.median(case, "braid-stitch", f"{part}_seconds") for part in ("join", "threads"))
        return join / (threads / found["tokens"]) if found and join is not None and threads else None

    ours = ["braid-stitch", "braid-reprefill"]
    return [
        Target(group, "against the same tokens in sequence on Braid", 2.2, True, case,
               lambda results: ratio(results, results.median(case, "braid-sequential"), results.best(case, ours))),
        Target(group, "stitched, against the C API's join without a copy", 1.7, True, case,
               against("braid-stitch", ["llama-zerocopy"])),
        Target(group, "re-prefilled, against the C API's join by re-prefill", 2.2, True, case,
               against("braid-reprefill", ["llama-reprefill"])),
        Target(group, "against llama-server at its best", 3.5, True, case,
               lambda results: ratio(results, results.best(case, servers), results.best(case, ours))),
        Target(group, "a stitched join, in steps of its threads", 1.0, False, case, join_in_steps, "steps"),
    ]


def _wait() -> list[Target]:
    case = "wait-llama120m-q8_0"
    return [
        Target("The wait for a join after its last thread, 120M q8_0", "warm against cold", 0.10, False, case,
               lambda results: ratio(
                   results, results.median(case, "warm", "wait_seconds"), results.median(case, "cold", "wait_seconds")),
               "%")]


def _floor() -> list[Target]:
    def share(case: str) -> Callable[[Results], float | None]:
        return lambda results: results.share_of_floor(case, BRAID)

    return [
        Target("Share of the floor, q8_0, prefix 512", f"{TITLES[model]}, {width} thread{'s' * (width > 1)}", bound, True,
               case := f"threads-{model}-q8_0-512-{width}", share(case), "%")
        for model in ("llama120m", "qwen3-06b") for width, bound in ((1, 0.8), (8, 0.6))]


def _busy() -> list[Target]:
    def kept(case: str) -> Callable[[Results], float | None]:
        return lambda results: ratio(
            results, results.median(case, "one-thread"), results.median(case, "two-threads-busy"))

    return [
        Target("Two compute threads while another process holds a core, against one thread in peace",
               f"{TITLES[model]} q8_0", 0.8, True, case := f"busy-{model}-q8_0", kept(case))
        for model in ("llama6m", "llama120m")]


def _memory() -> list[Target]:
    def overhead(case: str) -> Callable[[Results], float | None]:
        def value(results: Results) -> float | None:
            found = results.overhead_bytes(case)
            return found / 2**20 if found is not None else None

        return value

    return [
        Target("Peak memory beyond weights and pages", f"{TITLES[model]} q8_0", 64, False,
               case := f"memory-{model}-q8_0", overhead(case), "MiB")
        for model in ("llama6m", "llama120m", "qwen3-06b")]


TARGETS = [
    *_decode(), *_prefill(), *_step_growth(), *_threads(), *_fork_join(), *_wait(), *_floor(), *_busy(), *_memory()]
