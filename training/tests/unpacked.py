"""The oracle for packing: every model-written segment as a plain (context, completion) pair."""

from dataclasses import dataclass

import torch
from torch import Tensor
from transformers import LlamaForCausalLM

from braid_training.trajectories import Segment, Trajectory


def pairs(trajectory: Trajectory) -> dict[int, tuple[list[int], list[int]]]:
    """Context and completion of each model-written segment, by index."""
    found = {}
    for i, segment in enumerate(trajectory.segments):
        context: list[int] = []
        parent = segment.parent
        while parent >= 0:
            context = trajectory.segments[parent].ids + context
            parent = trajectory.segments[parent].parent
        if segment.trained:
            found[i] = (context, segment.ids)
    return found


Place = tuple[tuple[int, int], ...]  # fork and seed of each stitched thread that a token stands in, from the outside


@dataclass(frozen=True)
class Context:
    """All that a model-written segment sees, token by token, with itself at the end."""

    ids: list[int]
    positions: list[int]
    places: list[Place]
    completion: int  # number of tokens of the segment itself

    def mask(self) -> Tensor:
        """[T, T] what each token sees: everything before it that does not stand in a sibling of its thread."""
        return torch.tensor([
            [j <= i and not are_siblings(mine, other) for j, other in enumerate(self.places)]
            for i, mine in enumerate(self.places)
        ])


def are_siblings(one: Place, other: Place) -> bool:
    """Whether two places are in different threads of the same fork."""
    for mine, its in zip(one, other):
        if mine != its:
            return mine[0] == its[0]
    return False


def contexts(trajectory: Trajectory) -> dict[int, Context]:
    """What each model-written segment sees, by index."""
    return {
        i: Context(*_line(trajectory.segments, i), len(segment.ids))
        for i, segment in enumerate(trajectory.segments)
        if segment.trained
    }


def _line(segments: list[Segment], i: int) -> tuple[list[int], list[int], list[Place]]:
    """Tokens, positions and places of segment `i` and of all it sees."""
    if i < 0:
        return [], [], []
    segment = segments[i]
    ids, positions, places = _line(segments, segment.parent)
    inside = places[-1] if places else ()
    if segment.stitched:
        common = len(ids)
        for seed in range(i):
            if segments[seed].parent == segment.parent and segments[seed].kind == "seed":
                tip = seed
                for j in range(seed, i):
                    tip = j if segments[j].parent == tip else tip
                thread = _line(segments, tip)
                ids = ids + thread[0][common:]
                positions = positions + thread[1][common:]
                places = places + [(*inside, (segment.parent, seed))] * (len(thread[0]) - common)
    start = max(positions, default=-1) + 1
    count = len(segment.ids)
    return ids + segment.ids, positions + list(range(start, start + count)), places + [inside] * count


@torch.inference_mode()
def log_probabilities(model: LlamaForCausalLM, context: Context) -> Tensor:
    """Of the segment's own tokens, by Transformers over the plain sequence with an explicit mask and positions."""
    mask = torch.zeros(len(context.ids), len(context.ids)).masked_fill(~context.mask(), torch.finfo(torch.float32).min)
    logits = model(
        torch.tensor([context.ids]),
        attention_mask=mask[None, None],
        position_ids=torch.tensor([context.positions]),
    ).logits[0, -context.completion - 1 : -1]
    completion = torch.tensor(context.ids[-context.completion :])
    return logits.log_softmax(-1).gather(1, completion[:, None])[:, 0]


def prefix_trie(sequences: list[list[int]]) -> set[tuple[int, ...]]:
    """The nodes of the token trie of `sequences`, each as the path to it."""
    return {tuple(sequence[: end + 1]) for sequence in sequences for end in range(len(sequence))}
