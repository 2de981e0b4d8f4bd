"""The page of figures of every method."""

from __future__ import annotations

from typing import Any

HEAD = """# Methods, measured

Every method that the built-in models can be asked with, on problems that they have not seen. `Benchmarks/run-methods`
writes this page; `braid bench --methods all --task TASK --count {count} --seed {seed}` prints the same rows.
`docs/paper-index.md` names each method's paper and what differs from it.

These are figures of a small model on puzzles that it was trained for: they show that each method runs and what it costs,
not what it reaches on a large model. The methods of dialects run on `braid-puzzles-dialects`, which was trained on all of
them for a short time each; the model card has more.

* accuracy: right answers, with a 95 % Wilson interval; {count} problems, checked exactly.
* tokens, critical path: decoded tokens per problem, of all threads, and one after the other.
* seconds: wall-clock time per problem, one problem at a time; beside it, how many times faster than `sequential`.

Measured on {date}: {processor}, {cores} cores, {instructions}.
"""


def _row(row: dict[str, Any], sequential: float | None) -> str:
    seconds = row["meanWallSeconds"]
    faster = f"{sequential / seconds:.2f} x" if sequential and seconds else "-"
    cells = [
        f"`{row['method']}`", f"{100 * row['accuracy']:.1f} %",
        f"{100 * row['accuracyLow']:.1f} - {100 * row['accuracyHigh']:.1f}", f"{row['meanTotalTokens']:.0f}",
        f"{row['meanCriticalPathTokens']:.0f}", f"{row['meanThreads']:.1f}", f"{100 * row['forkRate']:.0f} %",
        f"{100 * row['structureValidRate']:.1f} %", f"{seconds:.3f}", faster]
    return "| " + " | ".join(cells) + " |"


def methods_page(results: dict[str, Any]) -> str:
    """The page, from what run-methods measured; families in the order in which they were."""
    machine = results["machine"]
    page = HEAD.format(
        count=results["count"], seed=results["seed"], date=results["date"], processor=machine["processor"],
        cores=machine["cores"], instructions=", ".join(machine["instructions"]) or "no vector instructions")
    for task, measured in results["tasks"].items():
        rows = measured["rows"]
        sequential = next((row["meanWallSeconds"] for row in rows if row["method"].split("@")[0] == "sequential"), None)
        page += f"\n## {task}\n\n"
        if measured["load"]["busy"]:
            page += "Others used the machine at the same time; these seconds do not count.\n\n"
        page += "| method | accuracy | 95 % | tokens | critical path | threads | forked | structure valid | seconds | faster |\n"
        page += "|---|---|---|---|---|---|---|---|---|---|\n"
        page += "".join(_row(row, sequential) + "\n" for row in rows)
    return page
