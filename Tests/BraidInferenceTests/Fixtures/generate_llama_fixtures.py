#!/usr/bin/env python3
"""Writes tiny random Llama checkpoints and the logits that Hugging Face Transformers gives them, in f32.

usage: generate_llama_fixtures.py [folder]        (default: the folder of this script)

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
from transformers import LlamaConfig, LlamaForCausalLM

COMMON = dict(attention_bias=False, mlp_bias=False, bos_token_id=0, eos_token_id=1, pad_token_id=None)
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
}
PLAIN = 45
PREFIX, THREADS, OWN = 21, [9, 18, 5], 11


def model(spec):
    torch.manual_seed(20)
    built = LlamaForCausalLM(LlamaConfig(initializer_range=0.15, **spec["config"], **COMMON)).eval()
    with torch.no_grad():
        for parameter in built.parameters():
            if parameter.ndim == 1:  # norms away from one, so that a missing one shows
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
            config["rope_theta"] = config.pop("rope_parameters")["rope_theta"]
            config["rope_scaling"] = None
            config.pop("head_dim", None)
            with open(file, "w") as handle:
                json.dump(config, handle, indent=2)
        reference = LlamaForCausalLM.from_pretrained(path, dtype=torch.float32, attn_implementation="eager").eval()
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
