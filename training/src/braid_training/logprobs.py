"""Prints what an exported model thinks of trajectories: log-probabilities of the model-written tokens.

    python -m braid_training.logprobs --model DIR --data file.jsonl --limit 10

One JSON line per trajectory: {"line": 0, "segments": [{"segment": 1, "tokens": [...], "logprobs": [...]}]},
computed in f32 over the packed tree, segments in the order of the trajectory.
"""

import argparse
import json
from itertools import islice
from pathlib import Path

import torch

from braid_training import tokenizer as tokenizers
from braid_training.export import read_folder
from braid_training.model import Llama
from braid_training.packing import flatten
from braid_training.trajectories import Reader, Trajectory


@torch.inference_mode()
def log_probabilities(model: Llama, trajectory: Trajectory) -> dict[int, list[float]]:
    """For each model-written segment, by index, the log-probability of each of its tokens."""
    tree = flatten(trajectory)
    ids, positions, spans = (torch.from_numpy(array)[None] for array in (tree.ids, tree.positions, tree.spans))
    logits = model(ids, positions, spans, torch.from_numpy(tree.sources))
    scores = logits.log_softmax(-1).gather(1, torch.from_numpy(tree.targets)[:, None])[:, 0]
    trained = [i for i, segment in enumerate(trajectory.segments) if segment.trained]
    runs = scores.split([len(trajectory.segments[i].ids) for i in trained])
    return {i: run.tolist() for i, run in zip(trained, runs, strict=True)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True, help="exported folder")
    parser.add_argument("--data", type=Path, required=True, help="trajectory file (JSON Lines)")
    parser.add_argument("--limit", type=int, help="only the first lines")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    model = read_folder(arguments.model)
    reader = Reader(tokenizers.load(arguments.model))
    with arguments.data.open(encoding="utf-8") as lines:
        for number, line in enumerate(islice(lines, arguments.limit)):
            trajectory = reader.read(line)
            segments = [
                {"segment": i, "tokens": trajectory.segments[i].ids, "logprobs": run}
                for i, run in log_probabilities(model, trajectory).items()
            ]
            print(json.dumps({"line": number, "segments": segments}), flush=True)


if __name__ == "__main__":
    main()
