import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

from braid_training.packing import Batch
from braid_training.sft import Settings, Trainer, emphasis, learning_rate, token_weights


def recorded(settings: Settings) -> tuple[Trainer, list[np.ndarray]]:
    """A trainer for which every reading of the clock is a tenth of a second later, and its losses."""
    readings = iter(range(1_000_000))
    trainer = Trainer(settings, clock=lambda: next(readings) / 10, compiled=False)
    losses: list[np.ndarray] = []
    train = trainer._train

    def record(batch: Batch, rate: float) -> np.ndarray:
        losses.append(train(batch, rate))
        return losses[-1]

    trainer._train = record
    return trainer, losses


def steps(trainer: Trainer, count: int) -> None:
    for _ in range(count):
        trainer._train(trainer.feed.next(), 1e-3)
        trainer.step += 1


def test_a_restarted_run_continues_exactly(settings: Callable[..., Settings], tmp_path: Path) -> None:
    whole, expected = recorded(settings(out=tmp_path / "whole", cpu_seconds=100))
    steps(whole, 10)
    first, losses = recorded(settings(out=tmp_path / "parts", cpu_seconds=100))
    steps(first, 6)
    first.save()
    second, more = recorded(settings(out=tmp_path / "parts", cpu_seconds=200))
    assert second.step == 6
    assert second.spent == pytest.approx(first._consumed(), abs=0.2)
    steps(second, 4)
    assert len(set(map(len, expected))) == 2, "both row lengths should occur"
    for one, other in zip(losses + more, expected, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_spent_budget_can_be_raised(settings: Callable[..., Settings], tmp_path: Path) -> None:
    short = settings(out=tmp_path, cpu_seconds=1)
    trainer, losses = recorded(short)
    trainer.run()
    assert 0 < len(losses) < 10
    again, none = recorded(short)
    again.run()
    assert not none
    longer, more = recorded(dataclasses.replace(short, cpu_seconds=2))
    longer.run()
    assert longer.step == len(losses) + len(more) > len(losses)
    last = json.loads((tmp_path / "log.jsonl").read_text().splitlines()[-1])
    assert last["step"] == longer.step
    assert last["tokens"] == longer.tokens
    assert set(last["tasks"]) <= {f"braid countdown-{threads}" for threads in (0, 2, 3)}


def test_it_learns(settings: Callable[..., Settings], tmp_path: Path) -> None:
    trainer, losses = recorded(settings(out=tmp_path, cpu_seconds=100, learning_rate=1e-2))
    means = []
    for _ in range(40):
        batch = trainer.feed.next()
        trainer._train(batch, 1e-2)
        means.append(losses[-1][: sum(count for _, count in batch.tasks)].mean())
    assert means[-1] < 0.6 * means[0]


def test_another_shape_is_refused(trainer: Trainer) -> None:
    with pytest.raises(ValueError, match="another shape"):
        Trainer(dataclasses.replace(trainer.settings, layers=3), compiled=False)
    with pytest.raises(ValueError, match="other lengths"):
        Trainer(dataclasses.replace(trainer.settings, row_length=200), compiled=False)


def test_the_schedule() -> None:
    assert learning_rate(1.0, 0, 0.0) == pytest.approx(1 / 150)
    assert learning_rate(1.0, 149, 0.0) == 1.0
    assert learning_rate(1.0, 1000, 0.4) == 1.0
    assert learning_rate(1.0, 1000, 0.7) == pytest.approx(0.51)
    assert learning_rate(1.0, 1000, 1.0) == pytest.approx(0.02)


def test_emphasis(tokenizer: Tokenizer) -> None:
    assert emphasis(".=3") == (".", 3.0)
    assert emphasis(" ==2.5") == (" =", 2.5)
    weights = token_weights(tokenizer, ((".", 3.0), (" =", 2.5), ("</Return>", 2.0)))
    found = {tokenizer.id_to_token(id): float(weights[id]) for id in np.flatnonzero(weights != 1)}
    assert found == {".": 3.0, "Ġ=": 2.5, "</Return>": 2.0}
    with pytest.raises(ValueError, match="no token"):
        token_weights(tokenizer, (("nothing like it", 2.0),))
