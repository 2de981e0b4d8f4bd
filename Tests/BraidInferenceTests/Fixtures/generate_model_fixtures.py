#!/usr/bin/env python3
"""Writes tiny random checkpoints of each family and the logits that Hugging Face Transformers gives them, in f32.

usage: generate_model_fixtures.py [folder]        (default: the folder of this script)

Each <name>/ is an ordinary model folder, with three more files:
  expected.json   ids: a plain sequence; stitched: ids, positions and, per token, the start and end of the stretch of
                  earlier tokens that it cannot see (a thread's elder siblings), for a fork and a stitched join
  plain.f32       logits of the plain sequence, [ids, vocabulary], little-endian f32
  stitched.f32    logits of the stitched sequence
Deterministic. Written with transformers 5.23 and torch 2.13; the shapes are odd on purpose.
"""
import json
import os
import sys

os.environ["HF_HUB_OFFLINE"] = "1"
import torch
from transformers import (
    LlamaConfig, LlamaForCausalLM, MistralConfig, MistralForCausalLM, Qwen2Config, Qwen2ForCausalLM, Qwen3Config,
    Qwen3ForCausalLM)

FAMILIES = {
    "llama": (LlamaConfig, LlamaForCausalLM),
    "mistral": (MistralConfig, MistralForCausalLM),
    "qwen2": (Qwen2Config, Qwen2ForCausalLM),
    "qwen3": (Qwen3Config, Qwen3ForCausalLM),
}
COMMON = dict(bos_token_id=0, eos_token_id=1, pad_token_id=None)
CHECKPOINTS = {
    # Grouped-query heads, head_dim * heads != hidden, untied, f32, the configuration as Transformers 5 writes it.
    "grouped-f32": dict(
        dtype=torch.float32, old_keys=False, shards=False,
        config=dict(vocab_size=131, hidden_size=54, intermediate_size=84, num_hidden_layers=2, num_attention_heads=6,
                    num_key_value_heads=2, head_dim=10, tie_word_embeddings=False, rms_norm_eps=1e-5,
                    max_position_embeddings=256, rope_parameters={"rope_type": "default", "rope_theta": 500000.0})),
    # Plain heads, tied, bf16, the configuration as Transformers 4 wrote it.
    "tied-bf16": dict(
        dtype=torch.bfloat16, old_keys=True, shards=False,
        config=dict(vocab_size=203, hidden_size=64, intermediate_size=101, num_hidden_layers=3, num_attention_heads=4,
                    num_key_value_heads=4, tie_word_embeddings=True, rms_norm_eps=1e-6,
                    max_position_embeddings=128, rope_parameters={"rope_type": "default", "rope_theta": 10000.0})),
    # One key-value head for all, head_dim no multiple of 16, untied, bf16, in two shards.
    "multiquery-bf16": dict(
        dtype=torch.bfloat16, old_keys=False, shards=True,
        config=dict(vocab_size=97, hidden_size=75, intermediate_size=130, num_hidden_layers=2, num_attention_heads=5,
                    num_key_value_heads=1, head_dim=24, tie_word_embeddings=False, rms_norm_eps=1e-5,
                    max_position_embeddings=200, rope_parameters={"rope_type": "default", "rope_theta": 10000.0})),
    # Frequencies rescaled as in Llama 3.1, with pairs left alone, blended and slowed down; f16, tied, as Transformers 4.
    "llama3-f16": dict(
        dtype=torch.float16, old_keys=True, shards=False,
        config=dict(vocab_size=83, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
                    num_key_value_heads=2, head_dim=16, tie_word_embeddings=True, rms_norm_eps=1e-5,
                    max_position_embeddings=256,
                    rope_parameters={"rope_type": "llama3", "rope_theta": 500000.0, "factor": 8.0,
                                     "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                                     "original_max_position_embeddings": 64})),
    # Positions compressed, biases on all four projections of attention, bf16, untied.
    "linear-biased-bf16": dict(
        dtype=torch.bfloat16, old_keys=False, shards=False,
        config=dict(vocab_size=61, hidden_size=42, intermediate_size=58, num_hidden_layers=2, num_attention_heads=6,
                    num_key_value_heads=3, head_dim=10, tie_word_embeddings=False, attention_bias=True,
                    max_position_embeddings=256, rms_norm_eps=1e-6,
                    rope_parameters={"rope_type": "linear", "rope_theta": 10000.0, "factor": 4.0})),
    # A window that is shorter than the context that the model claims, and no longer than the test's sequences.
    "mistral-f16": dict(
        family="mistral", dtype=torch.float16, old_keys=True, shards=False,
        config=dict(vocab_size=67, hidden_size=44, intermediate_size=50, num_hidden_layers=2, num_attention_heads=4,
                    num_key_value_heads=2, head_dim=14, tie_word_embeddings=False, rms_norm_eps=1e-5,
                    sliding_window=64, max_position_embeddings=256,
                    rope_parameters={"rope_type": "default", "rope_theta": 1000000.0})),
    # Biases on queries, keys and values without any key that says so; a window that is switched off; tied.
    "qwen2-bf16": dict(
        family="qwen2", dtype=torch.bfloat16, old_keys=False, shards=False,
        config=dict(vocab_size=71, hidden_size=48, intermediate_size=76, num_hidden_layers=2, num_attention_heads=6,
                    num_key_value_heads=2, tie_word_embeddings=True, rms_norm_eps=1e-6, sliding_window=16,
                    use_sliding_window=False, max_position_embeddings=256,
                    rope_parameters={"rope_type": "default", "rope_theta": 1000000.0})),
    # A norm of each query and key head before the rotation; heads wider in sum than the residual stream; untied.
    "qwen3-bf16": dict(
        family="qwen3", dtype=torch.bfloat16, old_keys=True, shards=False,
        config=dict(vocab_size=73, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=6,
                    num_key_value_heads=3, head_dim=16, tie_word_embeddings=False, rms_norm_eps=1e-6,
                    max_position_embeddings=256,
                    rope_parameters={"rope_type": "default", "rope_theta": 1000000.0})),
    # The same with f32 numbers, tied, and biases.
    "qwen3-biased-f32": dict(
        family="qwen3", dtype=torch.float32, old_keys=False, shards=False,
        config=dict(vocab_size=59, hidden_size=36, intermediate_size=52, num_hidden_layers=2, num_attention_heads=4,
                    num_key_value_heads=1, head_dim=22, tie_word_embeddings=True, rms_norm_eps=1e-6,
                    attention_bias=True, max_position_embeddings=256,
                    rope_parameters={"rope_type": "default", "rope_theta": 1000000.0})),
}
PLAIN = 45
PREFIX, THREADS, OWN = 21, [9, 18, 5], 11


def model(spec):
    torch.manual_seed(20)
    configuration, family = FAMILIES[spec.get("family", "llama")]
    built = family(configuration(initializer_range=0.15, **spec["config"], **COMMON)).eval()
    with torch.no_grad():
        for parameter in built.parameters():
            if parameter.ndim == 1:  # norms away from one and biases from zero, so that a missing one shows
                parameter.add_(0.3 * torch.randn_like(parameter))
    return built.to(spec["dtype"])


def stitched():
    positions, hidden = list(range(PREFIX)), [(0, 0)] * PREFIX
    start = PREFIX
    for length in THREADS:
        positions += range(PREFIX, PREFIX + length)
        hidden += [(PREFIX, start)] * length
        start += length
    positions += range(PREFIX + max(THREADS), PREFIX + max(THREADS) + OWN)
    return positions, hidden + [(0, 0)] * OWN


def main(folder):
    for name, spec in CHECKPOINTS.items():
        path = os.path.join(folder, name)
        built = model(spec)
        built.save_pretrained(path, max_shard_size="60KB" if spec["shards"] else "50GB")
        os.remove(os.path.join(path, "generation_config.json"))
        if spec["old_keys"]:
            file = os.path.join(path, "config.json")
            with open(file) as handle:
                config = json.load(handle)
            config["torch_dtype"] = config.pop("dtype")
            rope = config.pop("rope_parameters")
            config["rope_theta"] = rope.pop("rope_theta")
            config["rope_scaling"] = None if rope["rope_type"] == "default" else rope
            config.pop("layer_types", None)
            if "head_dim" not in spec["config"]:
                config.pop("head_dim", None)
            with open(file, "w") as handle:
                json.dump(config, handle, indent=2)
        reference = type(built).from_pretrained(path, dtype=torch.float32, attn_implementation="eager").eval()
        vocabulary = spec["config"]["vocab_size"]
        random = torch.Generator().manual_seed(7)
        plain = torch.randint(vocabulary, (PLAIN,), generator=random)
        positions, hidden = stitched()
        joined = torch.randint(vocabulary, (len(positions),), generator=random)
        mask = torch.full((len(positions),) * 2, torch.finfo(torch.float32).min).triu(1)
        for row, (first, end) in enumerate(hidden):
            mask[row, first:end] = torch.finfo(torch.float32).min
        with torch.inference_mode():
            plain_logits = reference(plain[None]).logits[0]
            stitched_logits = reference(
                joined[None], attention_mask=mask[None, None], position_ids=torch.tensor(positions)[None]).logits[0]
        plain_logits.numpy().astype("<f4").tofile(os.path.join(path, "plain.f32"))
        stitched_logits.numpy().astype("<f4").tofile(os.path.join(path, "stitched.f32"))
        with open(os.path.join(path, "expected.json"), "w") as handle:
            json.dump({
                "ids": plain.tolist(),
                "stitched": {"ids": joined.tolist(), "positions": positions, "hidden": [list(h) for h in hidden],
                             "prefix": PREFIX, "threads": THREADS, "own": OWN},
            }, handle)
        print(name, sum(p.numel() for p in built.parameters()), "parameters, logits",
              f"{plain_logits.std():.3f} std")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__)))
