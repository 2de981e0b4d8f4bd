"""Writes a trained model as an ordinary Hugging Face Llama folder, and reads such a folder back.

    python -m braid_training.export --checkpoint RUN/checkpoint.pt --out DIR
"""

import argparse
import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save
from tokenizers import Tokenizer
from torch import Tensor

from braid_training.model import NORM_EPSILON, ROPE_THETA, Llama, Shape
from braid_training.number_features import WIDTH
from braid_training.tokenizer import END, PAD

MAXIMUM_POSITIONS = 2048
TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json")


def config_of(shape: Shape, tokenizer: Tokenizer) -> dict[str, Any]:
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": shape.vocabulary,
        "hidden_size": shape.width,
        "intermediate_size": shape.ffn,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.heads,
        "head_dim": shape.head_width,
        "hidden_act": "silu",
        "max_position_embeddings": MAXIMUM_POSITIONS,
        "rms_norm_eps": NORM_EPSILON,
        "rope_theta": ROPE_THETA,
        "rope_parameters": {"rope_type": "default", "rope_theta": ROPE_THETA},
        "attention_bias": False,
        "mlp_bias": False,
        "tie_word_embeddings": True,
        "bos_token_id": None,
        "eos_token_id": tokenizer.token_to_id(END),
        "pad_token_id": tokenizer.token_to_id(PAD),
        "torch_dtype": "bfloat16",
        "dtype": "bfloat16",
    }


def weights_of(model: Llama) -> dict[str, Tensor]:
    """The model under Hugging Face names: number features folded in, fused matrices split."""
    weights = {"model.embed_tokens.weight": model.embedding.matrix(), "model.norm.weight": model.norm.weight}
    for index, block in enumerate(model.blocks):
        layer = f"model.layers.{index}"
        q, k, v = block.attention.qkv.weight.chunk(3)
        gate, up = block.feed_forward.gate_up.weight.chunk(2)
        weights |= {
            f"{layer}.input_layernorm.weight": block.attention_norm.weight,
            f"{layer}.self_attn.q_proj.weight": q,
            f"{layer}.self_attn.k_proj.weight": k,
            f"{layer}.self_attn.v_proj.weight": v,
            f"{layer}.self_attn.o_proj.weight": block.attention.out.weight,
            f"{layer}.post_attention_layernorm.weight": block.feed_forward_norm.weight,
            f"{layer}.mlp.gate_proj.weight": gate,
            f"{layer}.mlp.up_proj.weight": up,
            f"{layer}.mlp.down_proj.weight": block.feed_forward.down.weight,
        }
    return {name: weight.detach().cpu().to(torch.bfloat16).contiguous() for name, weight in weights.items()}


def write_folder(model: Llama, tokenizer_files: dict[str, str], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    config = config_of(model.shape, Tokenizer.from_str(tokenizer_files["tokenizer.json"]))
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    for name, text in tokenizer_files.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "model.safetensors").write_bytes(save(weights_of(model), metadata={"format": "pt"}))


def read_tokenizer_files(folder: Path) -> dict[str, str]:
    return {name: (folder / name).read_text(encoding="utf-8") for name in TOKENIZER_FILES}


def read_folder(folder: Path) -> Llama:
    """The model of an exported folder in f32, with a plain embedding."""
    config = json.loads((folder / "config.json").read_text())
    shape = Shape(
        vocabulary=config["vocab_size"],
        width=config["hidden_size"],
        layers=config["num_hidden_layers"],
        heads=config["num_attention_heads"],
        ffn=config["intermediate_size"],
    )
    weights = {name: weight.float() for name, weight in load_file(folder / "model.safetensors").items()}
    model = Llama(shape, torch.zeros(shape.vocabulary, 0))
    state = {
        "embedding.features": model.embedding.features,
        "embedding.free": weights["model.embed_tokens.weight"],
        "embedding.projection": model.embedding.projection,
        "norm.weight": weights["model.norm.weight"],
    }
    for index in range(shape.layers):
        layer, block = f"model.layers.{index}", f"blocks.{index}"
        state |= {
            f"{block}.attention_norm.weight": weights[f"{layer}.input_layernorm.weight"],
            f"{block}.attention.qkv.weight": torch.cat([weights[f"{layer}.self_attn.{n}_proj.weight"] for n in "qkv"]),
            f"{block}.attention.out.weight": weights[f"{layer}.self_attn.o_proj.weight"],
            f"{block}.feed_forward_norm.weight": weights[f"{layer}.post_attention_layernorm.weight"],
            f"{block}.feed_forward.gate_up.weight": torch.cat(
                [weights[f"{layer}.mlp.{n}_proj.weight"] for n in ("gate", "up")]
            ),
            f"{block}.feed_forward.down.weight": weights[f"{layer}.mlp.down_proj.weight"],
        }
    model.load_state_dict(state)
    return model.eval()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    checkpoint = torch.load(arguments.checkpoint, map_location="cpu", weights_only=True)
    shape = Shape(**checkpoint["shape"])
    model = Llama(shape, torch.zeros(shape.vocabulary, WIDTH))
    model.load_state_dict(checkpoint["model"])
    write_folder(model, checkpoint["tokenizer"], arguments.out)


if __name__ == "__main__":
    main()
