"""The models of the benchmark: their files, and the bytes and operations of a step."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path

# Bits per weight as stored, scales included: blocks of 32 with an f16 scale in the two quantised forms.
BITS = {"f32": 32.0, "bf16": 16.0, "q8_0": 8.5, "q4_0": 4.5}
# Positions, more than those of 16 threads off a prefix of 4,096 tokens.
LARGEST_CASE = 6144
TITLES = {"llama6m": "6M", "llama30m": "30M", "llama120m": "120M", "qwen3-06b": "0.6B"}


@dataclass(frozen=True)
class Model:
    """A model's shape; all models of the benchmark tie their embeddings."""

    name: str
    folder: Path
    layers: int
    heads: int
    head_width: int
    kv_heads: int
    body_weights: int
    head_weights: int

    @classmethod
    def load(cls, models: Path, name: str) -> Model:
        """Reads NAME/config.json."""
        config = json.loads((models / name / "config.json").read_text())
        width, heads, layers = config["hidden_size"], config["num_attention_heads"], config["num_hidden_layers"]
        head_width = config.get("head_dim") or width // heads
        kv_heads = config["num_key_value_heads"]
        attention = 2 * width * heads * head_width + 2 * width * kv_heads * head_width
        return cls(
            name, models, layers, heads, head_width, kv_heads,
            body_weights=layers * (attention + 3 * width * config["intermediate_size"]),
            head_weights=width * config["vocab_size"])

    def weight_bytes(self, weights: str) -> float:
        """Bytes of all matrices; each is read once in a step, the embedding as the output's matrix."""
        return (self.body_weights + self.head_weights) * BITS[weights] / 8

    def kv_bytes(self, positions: float, element_bytes: int = 2) -> float:
        """Bytes of keys and values; f16 unless said."""
        return 2 * self.layers * self.kv_heads * self.head_width * positions * element_bytes

    def cache_mebibytes(self, weights: str) -> int:
        """Memory for the keys and values of the largest case."""
        return math.ceil(self.kv_bytes(LARGEST_CASE, 4 if weights == "f32" else 2) / (1 << 20))

    def attention_operations(self, pairs: float) -> float:
        """Operations for so many pairs of a query position and a key position."""
        return 4 * self.layers * self.heads * self.head_width * pairs

    def gguf(self, weights: str) -> Path:
        """The GGUF file; it lies in the Hugging Face folder, beside the tokenizer's files."""
        return self.folder / self.name / f"{self.name}-{weights}.gguf"

    def files_for_braid(self, weights: str) -> list[Path]:
        """The file that llama.cpp reads too; then a Hugging Face folder that holds the same numbers."""
        folders = {"f32": [self.folder / self.name], "bf16": [self.folder / f"{self.name}-bf16"]}
        return [self.gguf(weights)] + folders.get(weights, [])
