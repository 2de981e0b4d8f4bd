"""Feeds the trainer: trajectories sorted into short and long rows, with a state to go on from."""

from dataclasses import astuple
from itertools import islice
from typing import Any

import numpy as np
import torch

from braid_training.packing import Batch, RowPacker, Tree, flatten, target_capacity
from braid_training.trajectories import Position, Stream

SAMPLE = 1000  # trajectories looked at to judge how many targets a batch holds


class Feed:
    """Endless batches; each packer takes the trees that fit its rows and no shorter ones."""

    def __init__(self, stream: Stream, packers: list[RowPacker]):
        self.stream = stream
        self.packers = sorted(packers, key=lambda packer: packer.row_length)
        self.dropped = 0  # trajectories longer than the longest row
        self._trajectories = iter(stream)

    def next(self) -> Batch:
        while True:
            for packer in self.packers:
                if packer.is_ready:
                    return packer.batch()
            tree = flatten(next(self._trajectories))
            packer = next((packer for packer in self.packers if len(tree) <= packer.row_length), None)
            if packer is None:
                self.dropped += 1
            else:
                packer.add(tree)

    def state(self) -> dict[str, Any]:
        return {
            "position": astuple(self.stream.position),
            "dropped": self.dropped,
            "row_lengths": [packer.row_length for packer in self.packers],
            "pools": [
                ([_stored(tree) for tree in packer.left_over], [_stored(tree) for tree in packer.waiting])
                for packer in self.packers
            ],
        }

    def restore(self, state: dict[str, Any]) -> None:
        if state["row_lengths"] != [packer.row_length for packer in self.packers]:
            raise ValueError("rows had other lengths before the restart")
        self.stream.position = Position(*state["position"])
        self.dropped = state["dropped"]
        self._trajectories = iter(self.stream)
        for packer, (left_over, waiting) in zip(self.packers, state["pools"], strict=True):
            packer.refill([_restored(tree) for tree in left_over], [_restored(tree) for tree in waiting])


def build_feed(
    stream: Stream, row_lengths: tuple[int, ...], tokens_per_step: int, pad_id: int, token_weights: np.ndarray
) -> Feed:
    """One packer per row length, each with about `tokens_per_step` tokens per batch."""
    start = stream.position
    sample = [flatten(trajectory) for trajectory in islice(stream, SAMPLE)]
    stream.position = start
    packers: list[RowPacker] = []
    shorter = 0
    for row_length in sorted(row_lengths):
        rows = max(1, round(tokens_per_step / row_length))
        fitting = [tree for tree in sample if shorter < len(tree) <= row_length]
        capacity = target_capacity(fitting, rows * row_length)
        packers.append(RowPacker(row_length, rows, capacity, pad_id, token_weights))
        shorter = row_length
    return Feed(stream, packers)


def _stored(tree: Tree) -> tuple[str, list[torch.Tensor]]:
    arrays = (tree.ids, tree.positions, tree.spans, tree.sources, tree.targets)
    return tree.task, [torch.from_numpy(array) for array in arrays]


def _restored(stored: tuple[str, list[torch.Tensor]]) -> Tree:
    task, tensors = stored
    return Tree(task, *(tensor.numpy() for tensor in tensors))
