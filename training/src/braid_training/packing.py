"""Packs fork-join trajectories into rows of fixed length.

A trajectory is flattened depth-first: a token's position is its number of ancestors, it attends to
its ancestors and itself only, and the first token of a segment is predicted from the last token of
its parent segment. In depth-first order "ancestor or itself" is one comparison: token i sees token
j when j <= i < end(j), where end(j) is where the subtree of j's segment ends. A stitched join sees
the threads of its fork as well, and its positions go on after the longest: a thread's tokens are
seen a second time, from the join to the end of its subtree. So a row's mask is carried by three
numbers per token: the end of the first stretch that sees it, begin and end of the second.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from braid_training.trajectories import Segment, Trajectory

POOL = 1.25  # a batch is cut when this many batches' worth of tokens wait
TARGET_ROUNDING = 64


@dataclass(frozen=True, slots=True)
class Tree:
    """A flattened trajectory of n tokens with m trained ones (targets in segment order)."""

    task: str
    ids: np.ndarray  # [n]
    positions: np.ndarray  # [n] number of ancestors; after a stitched join, as if the longest thread were one
    spans: np.ndarray  # [n, 3] where the subtree ends, where tokens after a stitched join begin and end
    sources: np.ndarray  # [m] index of the token whose logits predict the target
    targets: np.ndarray  # [m]

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class Batch:
    """B rows of T tokens with N targets; spare targets have weight 0."""

    ids: np.ndarray  # [B, T]
    positions: np.ndarray  # [B, T]
    spans: np.ndarray  # [B, T, 3]
    sources: np.ndarray  # [N] into the B*T tokens
    targets: np.ndarray  # [N]
    weights: np.ndarray  # [N]
    tasks: list[tuple[str, int]]  # runs of targets of one task, in order
    token_count: int  # without padding


def flatten(trajectory: Trajectory) -> Tree:
    segments = trajectory.segments
    sizes = [len(segment.ids) for segment in segments]  # tokens of the whole subtree
    for i in range(len(segments) - 1, 0, -1):
        if segments[i].parent >= 0:
            sizes[segments[i].parent] += sizes[i]

    count = sum(len(segment.ids) for segment in segments)
    ids, positions = np.empty(count, np.int64), np.empty(count, np.int64)
    spans = np.zeros((count, 3), np.int64)
    sources: list[np.ndarray] = []
    targets: list[list[int]] = []
    starts: list[int] = []
    free: list[int] = []  # where the next child of a segment goes
    last: list[int] = []  # the last token of a segment, or of its nearest ancestor that has any
    depth: list[int] = []  # number of tokens up to the end of a segment
    roots = 0
    for i, segment in enumerate(segments):
        parent, size = segment.parent, len(segment.ids)
        if parent >= 0:
            start, before, above = free[parent], last[parent], depth[parent]
            free[parent] += sizes[i]
        else:
            start, before, above = roots, -1, 0
            roots += sizes[i]
        if segment.stitched:
            threads = _threads(segments[:i], parent)
            spans[starts[threads[0]] : start, 1:] = start, start + sizes[i]
            before, above = -1, max(depth[thread] for thread in threads)
        stop = start + size
        ids[start:stop] = segment.ids
        positions[start:stop] = np.arange(above, above + size)
        spans[start:stop, 0] = start + sizes[i]
        if segment.trained and size:
            if before < 0:
                raise ValueError("a model-written segment needs a context")
            source = np.arange(start - 1, stop - 1)
            source[0] = before
            sources.append(source)
            targets.append(segment.ids)
        starts.append(start)
        free.append(stop)
        last.append(stop - 1 if size else before)
        depth.append(above + size)
    return Tree(
        trajectory.task,
        ids,
        positions,
        spans,
        np.concatenate(sources) if sources else np.empty(0, np.int64),
        np.array([id for run in targets for id in run], np.int64),
    )


def _threads(segments: list[Segment], fork: int) -> list[int]:
    """The segments of the threads that a stitched join adopts: what hangs on the fork, without forks of its own."""
    found: list[int] = []
    tips: set[int] = set()
    for i, segment in enumerate(segments):
        if segment.parent == fork and segment.kind == "seed":
            tips.add(i)
        elif segment.parent in found:
            if segment.parent not in tips:
                raise ValueError("a thread that a stitched join adopts must not fork itself")
            tips.remove(segment.parent)
            tips.add(i)
        else:
            continue
        found.append(i)
    if not found:
        raise ValueError("a stitched join needs threads")
    return found


class RowPacker:
    """Fills batches of `rows` rows of `row_length` tokens and at most `target_capacity` targets.

    Every tree that is added comes out exactly once. Trees left over from a batch go first into the
    next one, so that long ones wait no longer than short ones.
    """

    def __init__(self, row_length: int, rows: int, target_capacity: int, pad_id: int, token_weights: np.ndarray):
        self.row_length = row_length
        self.rows = rows
        self.target_capacity = max(target_capacity, row_length)
        self.pad_id = pad_id
        self.token_weights = token_weights  # [vocabulary]
        self.left_over: list[Tree] = []
        self.waiting: list[Tree] = []
        self._pooled = 0  # tokens in both

    def add(self, tree: Tree) -> None:
        self.waiting.append(tree)
        self._pooled += len(tree)

    def refill(self, left_over: list[Tree], waiting: list[Tree]) -> None:
        self.left_over, self.waiting = left_over, waiting
        self._pooled = sum(map(len, left_over + waiting))

    @property
    def is_ready(self) -> bool:
        return self._pooled >= POOL * self.rows * self.row_length

    def batch(self) -> Batch:
        rows = self._choose()
        shape = (self.rows, self.row_length)
        ids = np.full(shape, self.pad_id, np.int64)
        positions = np.zeros(shape, np.int64)
        spans = np.zeros((*shape, 3), np.int64)
        spans[..., 0] = np.arange(1, self.row_length + 1)
        sources = np.zeros(self.target_capacity, np.int64)
        targets = np.zeros(self.target_capacity, np.int64)
        weights = np.zeros(self.target_capacity, np.float32)
        tasks: list[tuple[str, int]] = []
        token_count = filled = 0
        for row, trees in enumerate(rows):
            offset = 0
            for tree in trees:
                here = slice(offset, offset + len(tree))
                ids[row, here] = tree.ids
                positions[row, here] = tree.positions
                spans[row, here] = tree.spans + offset
                there = slice(filled, filled + len(tree.targets))
                sources[there] = tree.sources + (row * self.row_length + offset)
                targets[there] = tree.targets
                weights[there] = self.token_weights[tree.targets]
                tasks.append((tree.task, len(tree.targets)))
                offset += len(tree)
                filled += len(tree.targets)
            token_count += offset
        self._pooled -= token_count
        return Batch(ids, positions, spans, sources, targets, weights, tasks, token_count)

    def _choose(self) -> list[list[Tree]]:
        """First fit: what was left over, then the new trees from the longest to the shortest."""
        rows: list[list[Tree]] = [[] for _ in range(self.rows)]
        room = [self.row_length] * self.rows
        target_room = self.target_capacity
        left_over: list[Tree] = []
        for tree in self.left_over + sorted(self.waiting, key=len, reverse=True):
            row = next((row for row in range(self.rows) if len(tree) <= room[row]), None)
            if row is None or len(tree.targets) > target_room:
                left_over.append(tree)
            else:
                rows[row].append(tree)
                room[row] -= len(tree)
                target_room -= len(tree.targets)
        self.left_over, self.waiting = left_over, []
        return rows


def target_capacity(trees: Iterable[Tree], slots: int) -> int:
    """How many targets a batch of `slots` tokens must hold, judged by a sample of its trees."""
    tokens = targets = 0
    for tree in trees:
        tokens += len(tree)
        targets += len(tree.targets)
    share = min(1.0, targets / tokens + 0.02) if tokens else 1.0
    return min(slots, -(-int(slots * share) // TARGET_ROUNDING) * TARGET_ROUNDING)
