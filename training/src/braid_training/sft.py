"""Trains a model from scratch on fork-join trajectories.

    python -m braid_training.sft --data 'shards/*.jsonl' --tokenizer DIR --out RUN --cpu-seconds 3600

The budget is the process's CPU time, added up over restarts. Started again with the same arguments
it goes on from RUN/checkpoint.pt; the budget may be raised then.
"""

import argparse
import glob
import json
import math
import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional as F

from braid_training import tokenizer as tokenizers
from braid_training.export import read_tokenizer_files, write_folder
from braid_training.feed import build_feed
from braid_training.model import Llama, Shape
from braid_training.number_features import number_features
from braid_training.packing import Batch
from braid_training.trajectories import Reader, Stream

WARM_UP_STEPS = 150
CONSTANT_SHARE = 0.4
FINAL_SHARE = 0.02
WEIGHT_DECAY = 0.05
CLIP = 1.0
VOCABULARY_ROUNDING = 64
LOG_SECONDS = 20.0
CHECKPOINT_SECONDS = 120.0
EXPORT_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Settings:
    data: list[Path]
    tokenizer: Path
    out: Path
    cpu_seconds: float
    device: str = "cpu"
    row_length: int = 256
    long_row_length: int = 640
    tokens_per_step: int = 4096
    learning_rate: float = 2e-3
    emphasis: tuple[tuple[str, float], ...] = ()
    seed: int = 0
    keep: int = 3
    layers: int = 4
    width: int = 256
    heads: int = 4
    ffn: int = 704


def learning_rate(peak: float, step: int, fraction: float) -> float:
    """Warm-up by steps; constant, then cosine down to `FINAL_SHARE`, by the fraction of the budget spent."""
    warm_up = min(1.0, (step + 1) / WARM_UP_STEPS)
    decay = min(1.0, max(0.0, fraction - CONSTANT_SHARE) / (1 - CONSTANT_SHARE))
    share = FINAL_SHARE + (1 - FINAL_SHARE) * 0.5 * (1 + math.cos(math.pi * decay))
    return peak * warm_up * share


def padded_vocabulary(tokenizer: Tokenizer) -> int:
    """Rows of the embedding matrix."""
    return -(-tokenizer.get_vocab_size() // VOCABULARY_ROUNDING) * VOCABULARY_ROUNDING


def token_weights(tokenizer: Tokenizer, emphasis: tuple[tuple[str, float], ...]) -> np.ndarray:
    """Loss weight of each target token, [vocabulary]: 1, or what `emphasis` gives its exact text."""
    weights = np.ones(tokenizer.get_vocab_size(), np.float32)
    texts = [tokenizer.decode([id], skip_special_tokens=False) for id in range(len(weights))]
    for text, weight in emphasis:
        if text not in texts:
            raise ValueError(f"no token reads {text!r}")
        weights[texts.index(text)] = weight
    return weights


def packed_losses(model: Llama, batch: tuple[Tensor, ...]) -> tuple[Tensor, Tensor]:
    """Weighted mean loss, and the loss of each target [N], of a batch in `Batch` order."""
    ids, positions, spans, sources, targets, weights = batch
    logits = model(ids, positions, spans, sources).float()
    losses = F.cross_entropy(logits, targets, reduction="none")
    return (losses * weights).sum() / weights.sum(), losses.detach()


class Trainer:
    def __init__(self, settings: Settings, clock: Callable[[], float] = time.process_time, compiled: bool = True):
        self.settings = settings
        self.clock = clock
        self.checkpoint = settings.out / "checkpoint.pt"
        self.tokenizer_files = read_tokenizer_files(settings.tokenizer)
        tokenizer = tokenizers.load(settings.tokenizer)

        torch.manual_seed(settings.seed)
        vocabulary = padded_vocabulary(tokenizer)
        shape = Shape(vocabulary, settings.width, settings.layers, settings.heads, settings.ffn)
        self.model = Llama(shape, number_features(tokenizer, vocabulary)).to(settings.device)
        matrices = self.model.block_matrices()
        in_blocks = set(map(id, matrices))
        rest = [parameter for parameter in self.model.parameters() if id(parameter) not in in_blocks]
        self.optimizers: list[torch.optim.Optimizer] = [
            torch.optim.Muon(matrices, weight_decay=WEIGHT_DECAY, momentum=0.95, adjust_lr_fn="match_rms_adamw"),
            torch.optim.AdamW(rest, betas=(0.9, 0.98), weight_decay=0.0, fused=True),
        ]
        self.losses = torch.compile(packed_losses, dynamic=False) if compiled else packed_losses
        self.feed = build_feed(
            Stream(settings.data, Reader(tokenizer), settings.keep, settings.seed),
            (settings.row_length, settings.long_row_length),
            settings.tokens_per_step,
            tokenizer.token_to_id(tokenizers.PAD),
            token_weights(tokenizer, settings.emphasis),
        )
        self.step = 0
        self.tokens = 0
        self.spent = 0.0  # CPU seconds of earlier runs
        self.started = clock()
        if self.checkpoint.exists():
            self._restore()

    def run(self) -> None:
        settings = self.settings
        settings.out.mkdir(parents=True, exist_ok=True)
        window = Window(self.tokens, self._consumed())
        logged = saved = exported = time.monotonic()
        while (consumed := self._consumed()) < settings.cpu_seconds:
            rate = learning_rate(settings.learning_rate, self.step, consumed / settings.cpu_seconds)
            batch = self.feed.next()
            window.add(batch, self._train(batch, rate))
            self.step += 1
            self.tokens += batch.token_count
            now = time.monotonic()
            if now - logged >= LOG_SECONDS:
                self._log(window, rate)
                window, logged = Window(self.tokens, self._consumed()), now
            if now - saved >= CHECKPOINT_SECONDS:
                self.save()
                saved = now
                if now - exported >= EXPORT_SECONDS:
                    self.export()
                    exported = now
        if window.targets:
            self._log(window, rate)
        self.save()
        self.export()

    def _train(self, batch: Batch, rate: float) -> np.ndarray:
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = rate
        arrays = (batch.ids, batch.positions, batch.spans, batch.sources, batch.targets, batch.weights)
        tensors = tuple(torch.from_numpy(array).to(self.settings.device) for array in arrays)
        with torch.autocast(self.settings.device, torch.bfloat16):
            loss, losses = self.losses(self.model, tensors)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), CLIP)
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        return losses.cpu().numpy()

    def _consumed(self) -> float:
        return self.spent + self.clock() - self.started

    def _log(self, window: "Window", rate: float) -> None:
        consumed = self._consumed()
        entry = {
            "step": self.step,
            "cpu": round(consumed, 1),
            "tokens": self.tokens,
            "lr": round(rate, 7),
            "rate": round((self.tokens - window.first_token) / max(consumed - window.first_second, 1e-9)),
            "dropped": self.feed.dropped,
            "epoch": self.feed.stream.position.epoch,
            **window.means(),
        }
        line = json.dumps(entry)
        print(line, file=sys.stderr, flush=True)
        with (self.settings.out / "log.jsonl").open("a", encoding="utf-8") as log:
            print(line, file=log)

    def export(self) -> None:
        write_folder(self.model, self.tokenizer_files, self.settings.out / "hf")

    def save(self) -> None:
        """Everything needed to go on, written atomically."""
        state = {
            "shape": asdict(self.model.shape),
            "model": self.model.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "feed": self.feed.state(),
            "tokenizer": self.tokenizer_files,
            "step": self.step,
            "tokens": self.tokens,
            "spent": self._consumed(),
        }
        self.checkpoint.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self.checkpoint.with_suffix(".unfinished")
        torch.save(state, unfinished)
        os.replace(unfinished, self.checkpoint)

    def _restore(self) -> None:
        state: dict[str, Any] = torch.load(self.checkpoint, map_location=self.settings.device, weights_only=True)
        if state["shape"] != asdict(self.model.shape) or state["tokenizer"] != self.tokenizer_files:
            raise ValueError(f"{self.checkpoint} was trained with another shape or tokenizer")
        self.model.load_state_dict(state["model"])
        for optimizer, optimizer_state in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(optimizer_state)
        if state["feed"] is not None:
            self.feed.restore(state["feed"])
        self.step, self.tokens, self.spent = state["step"], state["tokens"], state["spent"]


class Window:
    """Losses since the last log line, unweighted, by task."""

    def __init__(self, first_token: int, first_second: float):
        self.first_token = first_token
        self.first_second = first_second
        self.targets = 0
        self._sums: dict[str, float] = defaultdict(float)
        self._counts: dict[str, int] = defaultdict(int)

    def add(self, batch: Batch, losses: np.ndarray) -> None:
        start = 0
        for task, count in batch.tasks:
            self._sums[task] += float(losses[start : start + count].sum())
            self._counts[task] += count
            start += count
        self.targets += start

    def means(self) -> dict[str, Any]:
        return {
            "loss": round(sum(self._sums.values()) / self.targets, 5),
            "tasks": {task: round(self._sums[task] / count, 5) for task, count in sorted(self._counts.items())},
        }


def emphasis(text: str) -> tuple[str, float]:
    token, _, weight = text.rpartition("=")
    return token, float(weight)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("--data", required=True, help="glob of trajectory files (JSON Lines), each a mix of all tasks")
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--cpu-seconds", type=float, required=True)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--row-length", type=int, default=256)
    parser.add_argument("--long-row-length", type=int, default=640)
    parser.add_argument("--tokens-per-step", type=int, default=4096)
    parser.add_argument("--lr", type=float, default=2e-3, dest="learning_rate")
    parser.add_argument("--emphasis", type=emphasis, action="append", default=[], metavar="TOKEN=WEIGHT")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=int, default=3, help="threads kept per fork")
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--ffn", type=int, default=704)
    arguments = vars(parser.parse_args())
    arguments["data"] = [Path(path) for path in sorted(glob.glob(arguments["data"], recursive=True))]
    arguments["emphasis"] = tuple(arguments["emphasis"])
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    torch.set_num_threads(1)
    Trainer(Settings(**arguments)).run()


if __name__ == "__main__":
    main()
