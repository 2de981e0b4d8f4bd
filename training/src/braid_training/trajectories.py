"""Reads fork-join trajectories (JSON Lines) as trees of token segments."""

import json
import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

CACHED_TEXTS = 200_000


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of tokens whose context is the concatenation of its ancestors' tokens.

    A stitched join has all threads of its fork in its context as well, as they are: they overlap in
    position, and the join goes on after the longest.
    """

    parent: int  # index of an earlier segment, -1 for the root
    kind: str  # prompt, main, seed, thread or join
    trained: bool  # written by the model
    useful: bool  # a thread's segment: the thread returned a result
    ids: list[int]
    stitched: bool = False


@dataclass(frozen=True, slots=True)
class Trajectory:
    task: str
    mode: str
    segments: list[Segment]

    @property
    def token_count(self) -> int:
        return sum(len(segment.ids) for segment in self.segments)


class Reader:
    """Turns JSON lines into trajectories, each piece tokenised by itself."""

    def __init__(self, tokenizer: Tokenizer):
        self.tokenizer = tokenizer
        self._texts: dict[str, list[int]] = {}
        self._controls = {token.content: id for id, token in tokenizer.get_added_tokens_decoder().items()}

    def read(self, line: str | bytes) -> Trajectory:
        record = json.loads(line)
        task = f"{record['dialect']} {record['task']}"
        return Trajectory(task, record["mode"], [self._segment(segment) for segment in record["segments"]])

    def _segment(self, record: dict[str, Any]) -> Segment:
        ids: list[int] = []
        for piece in record["pieces"]:
            if "control" in piece:
                ids.append(self._controls[piece["control"]])
            else:
                ids += self._encode(piece["text"])
        useful, stitched = record.get("useful", False), record.get("stitched", False)
        return Segment(record["parent"], record["kind"], record["model"], useful, ids, stitched)

    def _encode(self, text: str) -> list[int]:
        ids = self._texts.get(text)
        if ids is None:
            ids = self.tokenizer.encode(text, add_special_tokens=False).ids
            if len(self._texts) >= CACHED_TEXTS:
                self._texts.clear()
            self._texts[text] = ids
        return ids


@dataclass(frozen=True, slots=True)
class Position:
    """The next line to read: pass over the data, shard, byte offset in it."""

    epoch: int = 0
    shard: int = 0
    offset: int = 0


class Stream:
    """An endless stream over shards, each a mix of all tasks; every pass draws its own thread dropout.

    `position` after any item is all that is needed to go on from there.
    """

    def __init__(self, shards: list[Path], reader: Reader, keep: int, seed: int, position: Position = Position()):
        if not any(shard.stat().st_size for shard in shards):
            raise ValueError("there is no data")
        self.shards = shards
        self.reader = reader
        self.keep = keep
        self.seed = seed
        self.position = position

    def __iter__(self) -> Iterator[Trajectory]:
        while True:
            start = self.position
            with self.shards[start.shard].open("rb") as file:
                file.seek(start.offset)
                while line := file.readline():
                    here = self.position
                    self.position = replace(here, offset=file.tell())
                    rng = random.Random(f"{self.seed} {here.epoch} {here.shard} {here.offset}")
                    yield thin(self.reader.read(line), self.keep, rng)
            is_last = start.shard + 1 == len(self.shards)
            self.position = Position(start.epoch + 1) if is_last else Position(start.epoch, start.shard + 1)


def thin(trajectory: Trajectory, keep: int, rng: random.Random) -> Trajectory:
    """Thread dropout: at most `keep` threads per fork, one useful thread among them if there is any.

    A thread is the whole subtree below its seed. The join repeats what threads returned, hangs on
    the fork and not on a thread, and so loses nothing. A subtree that carries the main line stays,
    and so do the threads of a stitched join.
    """
    segments = trajectory.segments
    owner = _owners(segments)
    useful = {owner[i] for i, segment in enumerate(segments) if segment.useful}
    needed = _ancestors(segments, [i for i, segment in enumerate(segments) if segment.kind == "main"])
    stitched = {segment.parent for segment in segments if segment.stitched}
    forks: dict[int, list[int]] = defaultdict(list)
    for i, segment in enumerate(segments):
        if segment.kind == "seed" and i not in needed and segment.parent not in stitched:
            forks[segment.parent].append(i)

    dropped: set[int] = set()
    for threads in forks.values():
        if len(threads) > keep:
            kept = rng.sample([thread for thread in threads if thread in useful] or threads, 1)
            kept += rng.sample([thread for thread in threads if thread not in kept], keep - 1)
            dropped.update(thread for thread in threads if thread not in kept)
    return replace(trajectory, segments=_without(segments, dropped)) if dropped else trajectory


def _owners(segments: list[Segment]) -> list[int]:
    """For each segment the seed of the innermost thread it belongs to, -1 on the main line."""
    owner: list[int] = []
    for i, segment in enumerate(segments):
        inherited = owner[segment.parent] if segment.parent >= 0 else -1
        owner.append(i if segment.kind == "seed" else inherited)
    return owner


def _ancestors(segments: list[Segment], leaves: list[int]) -> set[int]:
    found: set[int] = set()
    for i in leaves:
        while i >= 0 and i not in found:
            found.add(i)
            i = segments[i].parent
    return found


def _without(segments: list[Segment], dropped: set[int]) -> list[Segment]:
    """`segments` without the subtrees below `dropped`, parents renumbered."""
    number = {-1: -1}
    kept: list[Segment] = []
    for i, segment in enumerate(segments):
        if i not in dropped and segment.parent in number:
            number[i] = len(kept)
            kept.append(replace(segment, parent=number[segment.parent]))
    return kept
