"""Random fork-join trajectories in the format of the training data."""

import json
import random
from pathlib import Path
from typing import Any

Record = dict[str, Any]


class Generator:
    def __init__(self, seed: int):
        self.rng = random.Random(seed)

    def text(self, rows: int) -> str:
        rng = self.rng
        lines = []
        for _ in range(rows):
            a, b = rng.randrange(1, 100), rng.randrange(1, 10)
            lines.append(f" {a} {b}: {a + b} {a - b} {a * b} _ {rng.choice('.=')}")
        return "".join(lines)

    def trajectory(self, threads: int, nested: bool = False, rows: int = 2, stitched: bool = False) -> Record:
        """One question with a fork of `threads` threads (none: no fork); the first forks again if `nested`.

        A stitched one forks twice in a row, and its threads have different lengths.
        """
        numbers = [self.rng.randrange(1, 100) for _ in range(4)]
        question = f"Use {numbers[0]}, {numbers[1]} and {numbers[2]} to make {sum(numbers)}"
        prompt = [{"control": "<Question>"}, {"text": question}, {"control": "</Question>"}]
        self.segments: list[Record] = [{"parent": -1, "kind": "prompt", "model": False, "pieces": prompt}]
        if threads:
            main = self.add(0, "main", [{"text": f" {sum(numbers)}:"}, *self.outlines(threads)])
            self.threads(main, threads, nested, rows)
            if stitched:
                join = self.add(main, "join", [{"text": "\n"}], stitched=True)
                main = self.add(join, "main", self.outlines(threads))
                self.threads(main, threads, nested, rows)
                join = self.add(main, "join", [{"text": "\n"}], stitched=True)
            else:
                join = self.add(main, "join", self.returns(threads))
            self.add(join, "main", self.answer())
        else:
            self.add(0, "main", [{"text": self.text(rows)}, *self.answer()])
        task = f"countdown-{min(threads, 3)}"
        return {"task": task, "dialect": "braid", "mode": "adaptive", "question": question, "segments": self.segments}

    def threads(self, fork: int, count: int, nested: bool, rows: int) -> None:
        winner = self.rng.randrange(count)
        for thread in range(count):
            seed = self.add(fork, "seed", [{"control": "<Thread>"}, {"text": f"{thread + 1}: 7 + {thread}\n"}])
            end = [{"control": "<Return>"}, {"text": "7 + 1 = 8"}, {"control": "</Return>"}]
            if nested and thread == 0:
                inner = self.add(seed, "thread", [{"text": self.text(1)}, *self.outlines(2)])
                self.threads(inner, 2, False, rows)
                join = self.add(inner, "join", self.returns(2))
                self.add(join, "thread", end, useful=thread == winner)
            else:
                self.add(seed, "thread", [{"text": self.text(rows + thread % 2)}, *end], useful=thread == winner)

    def outlines(self, count: int) -> list[Record]:
        pieces: list[Record] = [{"control": "<Parallel>"}, {"control": "<Outlines>"}]
        for thread in range(count):
            pieces += [{"control": "<Outline>"}, {"text": f"{thread + 1}: 7 + {thread}"}, {"control": "</Outline>"}]
        return [*pieces, {"control": "</Outlines>"}]

    def returns(self, count: int) -> list[Record]:
        return [{"text": f"{thread + 1}: 7 + 1 = 8\n"} for thread in range(count)] + [{"control": "</Parallel>"}]

    def answer(self) -> list[Record]:
        return [{"control": "<Answer>"}, {"text": "7 + 1 = 8, 8 * 12 = 96"}, {"control": "</Answer>"}]

    def add(self, parent: int, kind: str, pieces: list[Record], **more: bool) -> int:
        trained = kind in ("main", "thread")
        self.segments.append({"parent": parent, "kind": kind, "model": trained, **more, "pieces": pieces})
        return len(self.segments) - 1

    def write(self, path: Path, count: int) -> Path:
        """`count` trajectories of mixed shapes, one per line."""
        with path.open("w", encoding="utf-8") as file:
            for _ in range(count):
                threads = self.rng.choice((0, 0, 2, 3, 5, 8))
                kind = self.rng.random() if threads > 2 else 0
                record = self.trajectory(threads, nested=0 < kind < 0.3, stitched=kind > 0.8)
                print(json.dumps(record), file=file)
        return path
