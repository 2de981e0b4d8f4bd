"""What is measured: programs, and who runs them."""

from __future__ import annotations

from dataclasses import dataclass

from sidebyside.models import BITS

BRAID, BEST, DEFAULT = "braid", "llama-off", "llama-on"


@dataclass(frozen=True)
class Entry:
    """One contestant of a case."""

    # braid, llama-off (flash attention off: llama.cpp's best with shared prefixes), llama-on (its default), server-slots
    # or server-unified.
    engine: str
    line: str
    threads: int = 2
    # A process of its own, so that its peak of memory is this case's alone.
    fresh: bool = False
    # Another process holds one core meanwhile.
    hog: bool = False


@dataclass(frozen=True)
class Case:
    """One comparison: the same work, one contestant after the other, in turns."""

    name: str
    kind: str
    model: str
    weights: str
    entries: dict[str, Entry]
    prefix: int = 0
    width: int = 1
    tokens: int = 1
    header: int = 0
    answer: int = 0


def prefill(model: str, weights: str, prefix: int) -> Case:
    line = f"prefill prefix={prefix}"
    entries = {engine: Entry(engine, line) for engine in (BRAID, BEST, DEFAULT)}
    return Case(f"prefill-{model}-{weights}-{prefix}", "prefill", model, weights, entries, prefix)


def decode(model: str, weights: str, tokens: int) -> Case:
    line = f"decode prefix=16 tokens={tokens}"
    entries = {engine: Entry(engine, line) for engine in (BRAID, BEST, DEFAULT)}
    return Case(f"decode-{model}-{weights}", "decode", model, weights, entries, 16, 1, tokens)


def threads(model: str, weights: str, prefix: int, width: int, tokens: int, with_default: bool = True) -> Case:
    line = f"threads prefix={prefix} width={width} header=8 tokens={tokens}"
    engines = (BRAID, BEST, DEFAULT) if with_default else (BRAID, BEST)
    return Case(
        f"threads-{model}-{weights}-{prefix}-{width}", "threads", model, weights,
        {engine: Entry(engine, line) for engine in engines}, prefix, width, tokens, 8)


def fork_join(model: str, weights: str, prefix: int, width: int, tokens: int, answer: int) -> Case:
    line = f"forkjoin prefix={prefix} width={width} header=8 tokens={tokens} answer={answer} join="
    entries = {
        "braid-stitch": Entry(BRAID, line + "stitch"),
        "llama-zerocopy": Entry(BEST, line + "zerocopy"),
        "braid-reprefill": Entry(BRAID, line + "reprefill"),
        "llama-reprefill": Entry(BEST, line + "reprefill"),
        "server-slots": Entry("server-slots", line + "reprefill"),
        "server-unified": Entry("server-unified", line + "reprefill"),
        "braid-sequential": Entry(BRAID, line + "sequential"),
        "llama-sequential": Entry(BEST, line + "sequential"),
        "server-sequential": Entry("server-slots", line + "sequential"),
    }
    return Case(
        f"forkjoin-{model}-{weights}", "forkjoin", model, weights, entries, prefix, width, tokens, 8, answer)


def wait(model: str, weights: str, prefix: int, width: int, tokens: int) -> Case:
    line = f"wait prefix={prefix} width={width} header=8 tokens={tokens} warm="
    entries = {"cold": Entry(BRAID, line + "off"), "warm": Entry(BRAID, line + "on")}
    return Case(f"wait-{model}-{weights}", "wait", model, weights, entries, prefix, width, tokens, 8)


def busy(model: str, weights: str, tokens: int) -> Case:
    line = f"decode prefix=16 tokens={tokens}"
    entries = {
        "one-thread": Entry(BRAID, line, threads=1),
        "two-threads-busy": Entry(BRAID, line, hog=True),
        "llama-two-threads-busy": Entry(BEST, line, hog=True),
    }
    return Case(f"busy-{model}-{weights}", "busy", model, weights, entries, 16, 1, tokens)


def memory(model: str, weights: str, prefix: int, width: int, tokens: int) -> Case:
    line = f"threads prefix={prefix} width={width} header=8 tokens={tokens}"
    entries = {engine: Entry(engine, line, fresh=True) for engine in (BRAID, BEST)}
    return Case(f"memory-{model}-{weights}", "memory", model, weights, entries, prefix, width, tokens, 8)


def full() -> list[Case]:
    """Every case that a target or a table needs, those of one file together."""
    cases: list[Case] = []
    for model, steps in (("llama6m", 256), ("llama120m", 64), ("qwen3-06b", 24)):
        for weights in BITS:
            cases += [prefill(model, weights, 512), decode(model, weights, steps)]
            if weights not in ("bf16", "q8_0"):
                continue
            short, long = (64, 48) if model == "llama6m" else (32, 16)
            widths = (1, 8) if weights == "bf16" or model == "qwen3-06b" else (1, 4, 8, 16)
            cases += [threads(model, weights, 512, width, short) for width in widths]
            if weights == "q8_0":
                if model != "qwen3-06b":
                    cases += [threads(model, weights, 4096, width, long) for width in (1, 8, 16)]
                    cases += [
                        fork_join(model, weights, 512, 4, 128, 64), wait(model, weights, 512, 4, 128),
                        busy(model, weights, 2 * steps)]
                cases.append(memory(model, weights, 512, 8, 32))
    return cases


def quick() -> list[Case]:
    """A few small cases of every kind, to try the scripts."""
    return [
        prefill("llama6m", "f32", 128), decode("llama6m", "f32", 32), threads("llama6m", "f32", 128, 1, 16),
        threads("llama6m", "f32", 128, 8, 16), fork_join("llama6m", "f32", 128, 4, 16, 8),
        wait("llama6m", "f32", 128, 4, 32), busy("llama6m", "f32", 64), memory("llama6m", "f32", 128, 4, 8),
        decode("llama6m", "q8_0", 32),
    ]
