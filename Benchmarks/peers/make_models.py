#!/usr/bin/env python3
"""Makes random-weight checkpoints in Hugging Face layout, each in f32 and in bf16, for speed and parity.

    make_models.py [NAME ...]      ->  $PEERS_HOME/models/NAME/ (f32) and NAME-bf16/

Deterministic. All weights are numbers that bf16 can hold, so both folders, and the GGUF files made of them, hold the same
numbers. Norms and biases are moved away from 1 and 0, so that leaving them out shows. No file names an end token: both
engines then decode exactly as many tokens as they are asked for. A folder that is there already is not made again.
"""

from __future__ import annotations

import argparse
import glob
import os
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

SEED = 1234
NO_SPECIAL_TOKENS = {"bos_token_id": None, "eos_token_id": None, "pad_token_id": None}
SHARED = {"tie_word_embeddings": True, "max_position_embeddings": 16384} | NO_SPECIAL_TOKENS


@dataclass(frozen=True)
class Recipe:
    """A model to make: its configuration and how many tokens its tokenizer learns."""

    configuration: LlamaConfig | Qwen3Config
    tokenizer_size: int

    def model(self) -> torch.nn.Module:
        if isinstance(self.configuration, Qwen3Config):
            return Qwen3ForCausalLM(self.configuration)
        return LlamaForCausalLM(self.configuration)


RECIPES: dict[str, Recipe] = {
    "llama6m": Recipe(
        LlamaConfig(
            vocab_size=512, hidden_size=256, intermediate_size=704, num_hidden_layers=8, num_attention_heads=4,
            num_key_value_heads=4, initializer_range=0.05, rms_norm_eps=1e-5, **SHARED),
        tokenizer_size=512),
    "llama30m": Recipe(
        LlamaConfig(
            vocab_size=8192, hidden_size=512, intermediate_size=1408, num_hidden_layers=8, num_attention_heads=8,
            num_key_value_heads=4, initializer_range=0.04, rms_norm_eps=1e-5, **SHARED),
        tokenizer_size=8192),
    "llama120m": Recipe(
        LlamaConfig(
            vocab_size=32000, hidden_size=768, intermediate_size=2304, num_hidden_layers=12, num_attention_heads=12,
            num_key_value_heads=12, initializer_range=0.03, rms_norm_eps=1e-5, **SHARED),
        tokenizer_size=32000),
    "qwen3-06b": Recipe(
        Qwen3Config(
            vocab_size=151936, hidden_size=1024, intermediate_size=3072, num_hidden_layers=28, num_attention_heads=16,
            num_key_value_heads=8, head_dim=128, initializer_range=0.02, rms_norm_eps=1e-6, **SHARED),
        tokenizer_size=32000),
}


def corpus() -> Iterator[str]:
    """Text that every machine with this Python has: its standard library."""
    for path in sorted(glob.glob(sysconfig.get_paths()["stdlib"] + "/*.py")):
        yield Path(path).read_text(encoding="utf-8", errors="ignore")


def make_tokenizer(size: int) -> PreTrainedTokenizerFast:
    """A byte-level byte-pair tokenizer with the GPT-2 pattern, trained on `corpus`."""
    tokenizer = Tokenizer(models.BPE(unk_token=None))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size, special_tokens=["<|endoftext|>"], show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(corpus(), trainer)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer)


def make_model(recipe: Recipe) -> torch.nn.Module:
    """A model whose every number is a bf16 number."""
    torch.manual_seed(SEED)
    generator = torch.Generator().manual_seed(SEED + 1)
    model = recipe.model().float().eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.ndim == 1:
                noise = 0.1 * torch.randn(parameter.shape, generator=generator)
                parameter.copy_(1 + noise if "norm" in name else noise)
            parameter.copy_(parameter.to(torch.bfloat16).float())
    return model


def make(name: str, folder: Path) -> None:
    """Writes NAME/ and NAME-bf16/; a folder gets its name only when it is complete."""
    targets = {torch.float32: folder / name, torch.bfloat16: folder / f"{name}-bf16"}
    if all(target.exists() for target in targets.values()):
        print(f"{name}: is there already")
        return
    recipe = RECIPES[name]
    tokenizer = make_tokenizer(recipe.tokenizer_size)
    model = make_model(recipe)
    for element_type, target in targets.items():
        if target.exists():
            continue
        partial = target.with_name(target.name + ".partial")
        model.to(element_type).save_pretrained(partial, safe_serialization=True)
        tokenizer.save_pretrained(partial)
        partial.rename(target)
    millions = sum(parameter.numel() for parameter in model.parameters()) / 1e6
    print(f"{name}: {millions:.2f} M parameters, {len(tokenizer)} tokens", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(RECIPES)}; default: all")
    names = parser.parse_args().names or list(RECIPES)
    unknown = [name for name in names if name not in RECIPES]
    if unknown:
        parser.error(f"unknown model {unknown[0]!r}; allowed: {', '.join(RECIPES)}")
    home = Path(os.environ.get("PEERS_HOME", Path.home() / ".cache/braid-peers"))
    (home / "models").mkdir(parents=True, exist_ok=True)
    for name in names:
        make(name, home / "models")
    return 0


if __name__ == "__main__":
    sys.exit(main())
