"""docs/performance.md: the tables, and every target with its figure."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sidebyside.cases import BEST, BRAID, DEFAULT
from sidebyside.machine import DISTURBED_SHARE
from sidebyside.models import TITLES
from sidebyside.results import Results
from sidebyside.targets import PEERS, TARGETS

INTRODUCTION = """# Performance

Braid's embedded engine beside llama.cpp on one machine: the same weights, the same tokens, two compute threads, in
turns. This page is written by `Benchmarks/run-peers` from what it measured; `Benchmarks/README.md` says how to repeat it.

* **Times** are wall-clock, the median of {repetitions} runs after a warm-up. All decoding is greedy and ignores end tokens.
* **llama.cpp best** is the faster of its two ways: flash attention off, which is the faster one here with a shared
  prefix, and on, which it chooses by itself (**default**). Threads share the prefix's cells of one unified cache.
* **Floor** is the time that this machine needs at its best: all weights, the shared prefix and each thread's keys and
  values read once from memory in f16, or all products at the rate of its best instruction, whichever takes longer. **Of
  floor** is floor / time: 100 % cannot be beaten. How fast memory is read differs from hour to hour on a machine that is
  lent out, so two threads that do nothing else read as many bytes in turns with the engines; rates are those of the latest
  run.
* **Keys and values** lie in memory that is there before a run: llama.cpp touches a context's when it makes one, and Braid is
  told to (`--preallocate`), but for the cases that measure memory.
* Models have random weights (`6M`, `120M`: Llama; `0.6B`: Qwen3's shape). Speeds do not depend on what weights say.
"""

BUSY = """
> **These figures do not count.** Other processes used the machine while they were taken ({share:.0%} of its cores
> between the runs, CPU pressure {pressure:.0f} % at the start). They show that the scripts work, and nothing about speed.
"""


def _number(value: float | None, format: str = ".2f", unit: str = "") -> str:
    return f"{value:{format}}{unit}" if value is not None else "-"


def _times(above: float | None, below: float | None) -> str:
    return f"{above / below:.2f}x" if above and below else "-"


def _share(value: float | None) -> str:
    return f"{100 * value:.0f} %" if value is not None else "-"


def _table(head: list[str], rows: Iterable[list[str]], texts: int = 1) -> list[str]:
    """A table whose first columns hold texts and the others figures."""
    rows = list(rows)
    if not rows:
        return []
    lines = ["| " + " | ".join(head) + " |", "|" + "|".join("---" if i < texts else "---:" for i in range(len(head))) + "|"]
    return lines + ["| " + " | ".join(row) + " |" for row in rows] + [""]


def _section(title: str, text: str, head: list[str], rows: Iterable[list[str]], texts: int = 1) -> list[str]:
    table = _table(head, rows, texts)
    return ["", f"## {title}", "", text, "", *table] if table else []


def _rate_rows(results: Results, kind: str, tokens_of: str) -> Iterable[list[str]]:
    """Rows of cases whose contestants are the two engines."""
    for case in results.kind(kind):
        name = case["name"]
        braid, best = results.median(name, BRAID), results.best(name, PEERS)
        default = results.median(name, DEFAULT)
        tokens = case[tokens_of]
        title = f"{TITLES[case['model']]} {case['weights']}"
        labels = [title, str(case["prefix"]), str(case["width"])] if kind == "threads" else [title]
        all_tokens = tokens * case["width"]
        yield labels + [
            _number(all_tokens / braid if braid else None, ",.0f"), _number(all_tokens / best if best else None, ",.0f"),
            _number(all_tokens / default if default else None, ",.0f"),
            _number(1e3 * braid / tokens if braid else None), _number(1e3 * best / tokens if best else None),
            _times(best, braid), _times(default, braid),
            _number(1e3 * case["floor_seconds"] / tokens), _share(results.share_of_floor(name, BRAID)),
            _share(case["floor_seconds"] / best if best else None)]


RATE_HEAD = [
    "Braid t/s", "llama.cpp best", "default", "Braid ms", "llama.cpp ms", "against best", "against default", "floor ms",
    "of floor", "llama.cpp of floor"]

FORK_JOIN_LABELS = {
    "braid-stitch": "Braid, stitched", "braid-reprefill": "Braid, re-prefilled", "braid-sequential": "Braid, in sequence",
    "llama-zerocopy": "llama.cpp C API, cells adopted", "llama-reprefill": "llama.cpp C API, re-prefilled",
    "llama-sequential": "llama.cpp C API, in sequence", "server-slots": "llama-server, a slot per thread",
    "server-unified": "llama-server, unified cache", "server-sequential": "llama-server, in sequence"}


def _fork_join_rows(results: Results) -> Iterable[list[str]]:
    for case in results.kind("forkjoin"):
        name = case["name"]
        fastest = results.best(name, ["braid-stitch", "braid-reprefill"])
        for label, title in FORK_JOIN_LABELS.items():
            parts = [results.median(name, label, f"{part}_seconds") for part in ("prefill", "threads", "join", "answer")]
            total = results.median(name, label)
            yield [
                f"{TITLES[case['model']]} {case['weights']}",
                f"{case['prefix']} / {case['width']} x {case['tokens']} / {case['answer']}", title, _number(total, ".3f"),
                *(_number(part, ".3f") for part in parts), _times(total, fastest),
                _share(results.share_of_floor(name, label))]


def _target_rows(results: Results) -> tuple[list[str], list[list[str]]]:
    """All targets with their figures, and what is missed."""
    missed: list[str] = []
    rows: list[list[str]] = []
    for target in TARGETS:
        value, verdict = target.verdict(results)
        shown = target.shown(value) if value is not None else "-"
        if verdict == "missed":
            missed.append(f"* {target.group}, {target.what}: {shown}, wanted {target.shown_bound}.")
        rows.append(
            [target.group, target.what, target.shown_bound, shown, f"**{verdict}**" if verdict == "missed" else verdict])
    return missed, rows


def _not_run(results: Results) -> list[str]:
    """Why contestants did not run, each reason once."""
    reasons = [
        (result["error"], f"{TITLES[case['model']]} {case['weights']}")
        for case in results.data["cases"] for result in case["results"].values() if "error" in result]
    return [
        f"* {', '.join(dict.fromkeys(title for _, title in group))}: {reason}"
        for reason, group in itertools.groupby(sorted(set(reasons)), key=lambda pair: pair[0])]


def _disturbed(results: Results) -> list[str]:
    """Cases before one of whose runs others used the machine."""
    return [
        f"* {case['name']}: {worst:.0%}" for case in results.data["cases"]
        if (worst := max((share for result in case["results"].values() for share in result["others_busy"]), default=0))
        > DISTURBED_SHARE]


def _machine(data: dict[str, Any]) -> list[str]:
    machine, peer, floors = data["machine"], data["llama_cpp"], data["floors"]
    commits = Counter(case["braid_commit"] for case in data["cases"])
    two = [point for point in floors["bandwidth"] if point["threads"] == 2]
    bandwidth = ", ".join(f"{point['mebibytes']} MiB {point['gigabytes_per_second']:.0f}" for point in two)
    return [
        "", "## Machine and versions", "",
        f"* {data['date']}; {machine['processor']} ({machine['family_model']}: {', '.join(machine['instructions'])}), "
        f"{machine['cores']} cores, {machine['memory_gib']} GiB, {machine['system']}",
        f"* Before the run others used {data['load']['busy_share']:.0%} of the cores, CPU pressure was "
        f"{data['load']['pressure_avg10']:.0f} %, load average {data['load']['load_average']}; between the runs others "
        f"used {data.get('others_busy', 0):.0%}",
        f"* Braid at commit {', '.join(f'{name} ({count} cases)' for name, count in commits.items())}, {data['swift']}",
        f"* llama.cpp {peer['llama_cpp']} (as in llama-cpp-python {peer['llama_cpp_python']}), {peer['compiler']}, "
        f"OpenMP {peer['openmp']}",
        f"* Read bandwidth of two threads in GB/s: {bandwidth}",
        f"* Products on one core: f32 {floors['f32_gflops']:.0f} GFLOP/s, bf16 {floors['bf16_gflops']:.0f} GFLOP/s, int8 "
        f"{floors['int8_gops']:.0f} GOP/s"]


def write_report(results: Results, file: Path) -> None:
    """Writes the page."""
    data = results.data
    missed, targets = _target_rows(results)
    lines = [INTRODUCTION.format(repetitions=data["repetitions"])]
    if data["quick"]:
        lines.append("> This is a quick run with small cases, made to try the scripts. Its figures do not count.\n")
    if data["busy"]:
        share = max(data.get("others_busy", 0), data["load"]["busy_share"])
        lines.append(BUSY.format(share=share, pressure=data["load"]["pressure_avg10"]))
    met = sum(row[-1] == "met" for row in targets)
    lines += [
        "## Targets", "",
        f"{met} of {len(targets)} met, {len(missed)} missed, {len(targets) - met - len(missed)} not measured.", ""]
    if missed:
        lines += ["Missed, for reasons that [another page](performance-limits.md) gives:", "", *missed, ""]
    lines += _table(["target", "where", "wanted", "measured", "verdict"], targets, texts=5)
    lines += _section(
        "Decoding alone", "One context from depth 16 on; tokens per second and milliseconds per token.",
        ["model", *RATE_HEAD], _rate_rows(results, "decode", "tokens"))
    lines += _section(
        "Prefill", "A prompt until its first answer token is known; prompt tokens per second and milliseconds per token.",
        ["model", *RATE_HEAD], _rate_rows(results, "prefill", "prefix"))
    lines += _section(
        "Threads that share a prefix", "Tokens per second of all threads together, and milliseconds per step.",
        ["model", "prefix", "threads", *RATE_HEAD], _rate_rows(results, "threads", "tokens"))
    lines += _section(
        "Whole fork-join runs",
        "Seconds. Work 512 / 4 x 128 / 64: a prefix of 512 tokens, 4 threads that read a header of 8 tokens and decode 128, "
        "join, 64 answer tokens; or the same tokens in sequence. Adopting cells (llama.cpp) and stitching (Braid) keep the "
        "threads' keys and values, as if they did not see each other; re-prefilling reads their texts again.",
        ["model", "work", "how", "total", "prefill", "threads", "join", "answer", "against Braid's best", "of floor"],
        _fork_join_rows(results), texts=3)
    lines += _section(
        "The wait for a join",
        "Milliseconds from the end of the last thread until all texts are in the joined context, by re-prefill; 4 threads "
        "of different lengths. Warm: a context beside the threads reads their texts in order while they decode.",
        ["model", "cold", "warm", "warm / cold"],
        ([f"{TITLES[case['model']]} {case['weights']}", _number(1e3 * cold if cold else None),
          _number(1e3 * warm if warm is not None else None), _share(warm / cold if cold and warm is not None else None)]
         for case in results.kind("wait")
         for cold, warm in [[results.median(case["name"], label, "wait_seconds") for label in ("cold", "warm")]]))
    lines += _section(
        "Beside another process", "Tokens per second, decoding alone, while another process holds one of the cores.",
        ["model", "Braid, 1 thread in peace", "Braid, 2 threads beside it", "llama.cpp, 2 threads beside it"],
        ([f"{TITLES[case['model']]} {case['weights']}",
          *(_number(case["tokens"] / seconds if (seconds := results.median(case["name"], label)) else None, ",.0f")
            for label in ("one-thread", "two-threads-busy", "llama-two-threads-busy"))]
         for case in results.kind("busy")))
    lines += _section(
        "Memory", "MiB at the peak of threads off a shared prefix. Overhead is the peak without weights and pages in use.",
        ["model", "Braid", "overhead", "llama.cpp", "weights' file"],
        ([f"{TITLES[case['model']]} {case['weights']}",
          *(_number(value / 2**20 if value is not None else None, ",.0f") for value in (
              results.median(case["name"], BRAID, "peak_rss_bytes"), results.overhead_bytes(case["name"]),
              results.median(case["name"], BEST, "peak_rss_bytes"),
              case["results"][BRAID].get("weight_bytes") or case["results"][BEST].get("weight_bytes")))]
         for case in results.kind("memory")))
    reasons = _not_run(results)
    if reasons:
        lines += ["", "## Not run", "", *reasons]
    disturbed = _disturbed(results)
    if disturbed:
        lines += ["", "## Disturbed", "", "Before a run of these cases others used so much of the machine:", "", *disturbed]
    lines += _machine(data)
    file.parent.mkdir(exist_ok=True)
    file.write_text("\n".join(lines).replace("\n\n\n", "\n\n") + "\n")
