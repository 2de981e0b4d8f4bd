import json
from pathlib import Path

import pytest
import torch
import unpacked
from tokenizers import Tokenizer
from transformers import AutoConfig, LlamaForCausalLM

from braid_training import export, logprobs
from braid_training.export import read_folder
from braid_training.model import Llama
from braid_training.number_features import WIDTH, features_of, number_features
from braid_training.packing import Tree, flatten
from braid_training.sft import Trainer, packed_losses
from braid_training.trajectories import Trajectory


@pytest.fixture(scope="module")
def theirs(trainer: Trainer) -> LlamaForCausalLM:
    return LlamaForCausalLM.from_pretrained(trainer.settings.out / "hf", dtype=torch.float32).eval()


@pytest.fixture(scope="module")
def ours(trainer: Trainer) -> Llama:
    return read_folder(trainer.settings.out / "hf")


def tensors_of(tree: Tree) -> tuple[torch.Tensor, ...]:
    rows = tuple(torch.from_numpy(array)[None] for array in (tree.ids, tree.positions, tree.spans))
    return *rows, torch.from_numpy(tree.sources), torch.from_numpy(tree.targets), torch.ones(len(tree.targets))


def test_packed_loss_is_the_unpacked_one(
    ours: Llama, theirs: LlamaForCausalLM, trajectories: list[Trajectory]
) -> None:
    for trajectory in trajectories:
        contexts = unpacked.contexts(trajectory).values()
        expected = -torch.cat([unpacked.log_probabilities(theirs, context) for context in contexts])
        with torch.inference_mode():
            mean, each = packed_losses(ours, tensors_of(flatten(trajectory)))
        torch.testing.assert_close(each, expected, rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(mean, expected.mean(), rtol=1e-5, atol=0)


def test_log_probabilities_by_segment(ours: Llama, theirs: LlamaForCausalLM, trajectories: list[Trajectory]) -> None:
    for trajectory in trajectories:
        found = logprobs.log_probabilities(ours, trajectory)
        contexts = unpacked.contexts(trajectory)
        assert list(found) == list(contexts)
        for segment, context in contexts.items():
            expected = unpacked.log_probabilities(theirs, context)
            torch.testing.assert_close(torch.tensor(found[segment]), expected, rtol=1e-5, atol=1e-5)


def test_the_export_holds_the_trained_weights(trainer: Trainer, ours: Llama) -> None:
    exported, trained = ours.state_dict(), trainer.model.state_dict()
    folded = trainer.model.embedding.matrix().detach()
    assert not torch.equal(folded, trained["embedding.free"])
    assert torch.equal(exported["embedding.free"], folded.bfloat16().float())
    for name, weight in trained.items():
        if not name.startswith("embedding."):
            assert torch.equal(exported[name], weight.bfloat16().float()), name


def test_the_exported_logits_are_the_trained_ones(
    trainer: Trainer, theirs: LlamaForCausalLM, trajectories: list[Trajectory]
) -> None:
    """Over every token of a plain sequence, with the training weights rounded to what was written."""
    context, completion = unpacked.pairs(trajectories[1])[max(unpacked.pairs(trajectories[1]))]
    ids = torch.tensor([context + completion])
    count = ids.shape[1]
    rounded = Llama(trainer.model.shape, trainer.model.embedding.features)
    rounded.load_state_dict(trainer.model.state_dict())
    with torch.inference_mode():
        for parameter in rounded.parameters():
            parameter.copy_(parameter.bfloat16())
        matrix = trainer.model.embedding.matrix().bfloat16().float()
        rounded.embedding.free.copy_(matrix - rounded.embedding.features @ rounded.embedding.projection)
        spans = torch.tensor([[[count, 0, 0]] * count])
        logits = rounded(ids, torch.arange(count)[None], spans, torch.arange(count))
        torch.testing.assert_close(logits, theirs(ids).logits[0], rtol=1e-4, atol=1e-4)


def test_transformers_reads_the_config(trainer: Trainer, tokenizer: Tokenizer) -> None:
    config = AutoConfig.from_pretrained(trainer.settings.out / "hf")
    assert config.vocab_size % 64 == 0
    assert config.vocab_size >= tokenizer.get_vocab_size()
    assert config.tie_word_embeddings
    assert config.eos_token_id == tokenizer.token_to_id("</Answer>")
    assert config.pad_token_id == tokenizer.token_to_id("<pad>")
    assert config.rope_parameters["rope_theta"] == 10_000
    assert config.dtype == torch.bfloat16


def test_number_features(tokenizer: Tokenizer) -> None:
    features = number_features(tokenizer, tokenizer.get_vocab_size())
    number = features_of(307)
    assert len(number) == WIDTH
    assert [i for i in range(30) if number[i]] == [3, 10, 27]
    for text in ("307", "Ġ307"):
        assert torch.equal(features[tokenizer.token_to_id(text)], torch.tensor(number))
    for text in ("<pad>", "Ġ", "Ġ+"):
        assert not features[tokenizer.token_to_id(text)].any()


def test_the_commands(
    trainer: Trainer,
    corpus: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.argv", ["export", "--checkpoint", str(trainer.checkpoint), "--out", str(tmp_path)])
    export.main()
    for file in (trainer.settings.out / "hf").iterdir():
        assert (tmp_path / file.name).read_bytes() == file.read_bytes()
    monkeypatch.setattr("sys.argv", ["logprobs", "--model", str(tmp_path), "--data", str(corpus), "--limit", "2"])
    logprobs.main()
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line)["line"] for line in lines] == [0, 1]
    for segment in json.loads(lines[0])["segments"]:
        assert len(segment["tokens"]) == len(segment["logprobs"]) > 0
