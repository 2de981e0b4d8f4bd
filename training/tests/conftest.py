import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from generator import Generator
from tokenizers import Tokenizer

from braid_training import tokenizer as tokenizers
from braid_training.sft import Settings, Trainer
from braid_training.trajectories import Reader, Trajectory

torch.set_num_threads(1)


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Generator(1).write(tmp_path_factory.mktemp("data") / "corpus.jsonl", 120)


@pytest.fixture(scope="session")
def tokenizer_folder(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tokenizer")
    tokenizers.save(tokenizers.build(tokenizers.corpus_texts([corpus])), folder)
    return folder


@pytest.fixture(scope="session")
def tokenizer(tokenizer_folder: Path) -> Tokenizer:
    return tokenizers.load(tokenizer_folder)


@pytest.fixture(scope="session")
def trajectories(tokenizer: Tokenizer) -> list[Trajectory]:
    """A plain answer, a fork of three, one whose first thread forks again, that one with trained seeds, stitched ones.

    In the fourth one several trained segments begin below the same token.
    """
    generator, reader = Generator(2), Reader(tokenizer)
    shapes = [(0, False), (3, False), (2, True)]
    plain, fork, nested = (reader.read(json.dumps(generator.trajectory(*shape))) for shape in shapes)
    segments = [dataclasses.replace(each, trained=each.kind not in ("prompt", "join")) for each in nested.segments]
    stitched = [reader.read(json.dumps(generator.trajectory(threads, stitched=True))) for threads in (1, 4)]
    return [plain, fork, nested, dataclasses.replace(nested, segments=segments), *stitched]


@pytest.fixture(scope="session")
def settings(corpus: Path, tokenizer_folder: Path) -> Callable[..., Settings]:
    """Settings of a tiny model."""
    tiny = Settings(
        data=[corpus],
        tokenizer=tokenizer_folder,
        out=Path(),
        cpu_seconds=0,
        row_length=160,
        long_row_length=400,
        tokens_per_step=640,
        width=32,
        layers=2,
        heads=2,
        ffn=48,
    )
    return lambda **changes: dataclasses.replace(tiny, **changes)


@pytest.fixture(scope="session")
def trainer(settings: Callable[..., Settings], tmp_path_factory: pytest.TempPathFactory) -> Trainer:
    """A tiny model after three steps, exported to its `hf` folder."""
    steps = iter(range(10_000))
    out = tmp_path_factory.mktemp("run")
    trainer = Trainer(settings(out=out, cpu_seconds=8), clock=lambda: float(next(steps)), compiled=False)
    trainer.run()
    return trainer
