"""The oracle for packing: every model-written segment as a plain (context, completion) pair."""

import torch
from torch import Tensor
from transformers import LlamaForCausalLM

from braid_training.trajectories import Trajectory


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


@torch.inference_mode()
def log_probabilities(model: LlamaForCausalLM, context: list[int], completion: list[int]) -> Tensor:
    logits = model(torch.tensor([context + completion])).logits[0, len(context) - 1 : -1]
    return logits.log_softmax(-1).gather(1, torch.tensor(completion)[:, None])[:, 0]


def prefix_trie(sequences: list[list[int]]) -> set[tuple[int, ...]]:
    """The nodes of the token trie of `sequences`, each as the path to it."""
    return {tuple(sequence[: end + 1]) for sequence in sequences for end in range(len(sequence))}
