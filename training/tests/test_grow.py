import dataclasses
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer

from braid_training import grow
from braid_training.export import read_folder
from braid_training.sft import Trainer
from braid_training.trajectories import Trajectory

CONTROLS = {"<Goal>": "<Outlines>", "</Goal>": "</Outlines>"}
WORDS = ("Exploring", "Operation", "Operations")


@pytest.fixture(scope="module")
def run(trainer: Trainer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("grown")
    arguments = [f"--control={new}={like}" for new, like in CONTROLS.items()] + [f"--word={word}" for word in WORDS]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["grow", "--checkpoint", str(trainer.checkpoint), "--out", str(out), *arguments])
        grow.main()
    return out


@pytest.fixture(scope="module")
def grown(run: Path) -> Tokenizer:
    return Tokenizer.from_file(str(run / "tokenizer" / "tokenizer.json"))


def test_words_become_one_token_and_everything_else_stays(tokenizer: Tokenizer, grown: Tokenizer) -> None:
    for word in WORDS:
        assert grown.encode(word).tokens == [word]
        assert grown.encode(f" {word}").tokens == [f"Ġ{word}"]
    for text in ("Use 3, 7 and 25 to make 765?", " 12 3: 15 9 36 _ .", "naïve 数 🙂 1234"):
        assert grown.encode(text).tokens == tokenizer.encode(text, add_special_tokens=False).tokens
    controls = [*CONTROLS, "<Question>", "</Answer>"]
    assert [grown.encode(control).tokens for control in controls] == [[control] for control in controls]
    assert grown.get_vocab_size() == max(grown.get_vocab().values()) + 1


def test_the_grown_model_is_the_same_on_what_was_known(
    trainer: Trainer, run: Path, tokenizer: Tokenizer, grown: Tokenizer, trajectories: list[Trajectory]
) -> None:
    after = Trainer(
        dataclasses.replace(trainer.settings, out=run, tokenizer=run / "tokenizer", cpu_seconds=1), compiled=False
    )
    assert (after.step, after.tokens) == (0, 0)
    assert after.spent < 1
    ids = trajectories[1].segments[1].ids
    moved = [grown.token_to_id(tokenizer.id_to_token(id)) for id in ids]
    assert moved != ids
    known = [grown.token_to_id(tokenizer.id_to_token(id)) for id in range(tokenizer.get_vocab_size())]
    count = torch.arange(len(ids))
    spans = torch.tensor([[[len(ids), 0, 0]] * len(ids)])
    with torch.inference_mode():
        before = trainer.model(torch.tensor([ids]), count[None], spans, count)[:, : len(known)]
        torch.testing.assert_close(after.model(torch.tensor([moved]), count[None], spans, count)[:, known], before)
    matrix = after.model.embedding.matrix()
    for new, like in CONTROLS.items():
        assert torch.equal(matrix[grown.token_to_id(new)], matrix[grown.token_to_id(like)])
    assert matrix[grown.token_to_id("Exploring")].any()


def test_the_optimizer_goes_on_too(trainer: Trainer, run: Path, tokenizer: Tokenizer, grown: Tokenizer) -> None:
    settings = dataclasses.replace(trainer.settings, out=run, tokenizer=run / "tokenizer", cpu_seconds=10)
    after = Trainer(settings, compiled=False)
    mine, theirs = (each.optimizers[1].state_dict()["state"][0]["exp_avg"] for each in (after, trainer))
    assert len(mine) == after.model.shape.vocabulary > len(theirs)
    known = tokenizer.get_vocab()
    assert torch.equal(mine[[grown.token_to_id(token) for token in known]], theirs[list(known.values())])
    after._train(after.feed.next(), 1e-3)
    after.export()
    assert read_folder(run / "hf").shape == after.model.shape
