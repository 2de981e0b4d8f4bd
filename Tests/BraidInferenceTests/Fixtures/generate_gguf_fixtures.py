#!/usr/bin/env python3
"""Writes small GGUF files with the `gguf` package, whose own dequantisation says what their numbers are.

usage: generate_gguf_fixtures.py [folder]         (default: the folder of this script)

    pip install gguf==0.19.0 numpy safetensors torch transformers==5.23.0

gguf/blocks.gguf         for every element type T a tensor "T" of random blocks, and "T.expected", its numbers in f32
gguf/metadata.gguf       one key of every value type, and no tensors
gguf/<name>-<type>.gguf  the checkpoint <name> of this folder, as llama.cpp's converter would name, order and permute
                         its tensors
Deterministic.
"""
import os
import sys

import gguf
import numpy
import torch
from gguf import GGMLQuantizationType as Type
from safetensors.torch import load_file
from transformers import AutoConfig
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

BLOCK_TYPES = [Type.Q8_0, Type.Q4_0, Type.Q4_1, Type.Q5_0, Type.Q5_1, Type.Q4_K, Type.Q5_K, Type.Q6_K]
CHECKPOINTS = [
    ("llama3-f16", "llama", Type.F16), ("llama3-f16", "llama", Type.Q8_0), ("linear-biased-bf16", "llama", Type.F32),
    ("qwen2-bf16", "qwen2", Type.F32), ("qwen3-bf16", "qwen3", Type.BF16), ("qwen3-bf16", "qwen3", Type.Q8_0),
]
NAMES = {
    "model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output",
    "input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output", "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm", "post_attention_layernorm": "ffn_norm", "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
}
# Halves at the edges: zeros, the least and largest subnormal, the least normal, one, the largest, negative ones.
ODD_HALVES = [0x0000, 0x8000, 0x0001, 0x03FF, 0x0400, 0x8401, 0x3C00, 0xBC00, 0x7BFF, 0xFBFF]
# Where the halves of a block are, by type.
HALVES = {Type.Q8_0: [0], Type.Q4_0: [0], Type.Q4_1: [0, 2], Type.Q5_0: [0], Type.Q5_1: [0, 2], Type.Q4_K: [0, 2],
          Type.Q5_K: [0, 2], Type.Q6_K: [208]}


def writer(path, architecture):
    return gguf.GGUFWriter(path, architecture)


def finish(writer):
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def blocks(folder):
    random = numpy.random.default_rng(3)
    out = writer(os.path.join(folder, "blocks.gguf"), "none")
    numbers = numpy.concatenate([random.normal(0, 0.02, 500), [0, -0.0, 1e-7, -65504, 3.5, 1e-40, 2.0 ** -24]])
    for kind in [Type.F32, Type.F16, Type.BF16]:
        raw = gguf.quants.quantize(numbers.astype(numpy.float32), kind)
        out.add_tensor(kind.name, raw, raw_dtype=kind)
        out.add_tensor(kind.name + ".expected", gguf.quants.dequantize(raw, kind).astype(numpy.float32))
    for kind in BLOCK_TYPES:
        elements, size = gguf.GGML_QUANT_SIZES[kind]
        raw = random.integers(0, 256, (len(ODD_HALVES) + 4, size), dtype=numpy.uint8)
        for row, block in enumerate(raw):
            for index, place in enumerate(HALVES[kind]):
                half = ODD_HALVES[(row + index) % len(ODD_HALVES)] if row < len(ODD_HALVES) else \
                    numpy.float16(random.normal(0, 0.01)).view(numpy.uint16)
                block[place:place + 2] = numpy.array([half], "<u2").view(numpy.uint8)
        out.add_tensor(kind.name, raw, raw_dtype=kind)
        out.add_tensor(kind.name + ".expected", gguf.quants.dequantize(raw, kind).astype(numpy.float32))
        if kind.name in ("Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1"):  # what the package quantises itself
            raw = gguf.quants.quantize(random.normal(0, 0.3, (2, 64)).astype(numpy.float32), kind)
            out.add_tensor(kind.name + ".own", raw, raw_dtype=kind)
            out.add_tensor(kind.name + ".own.expected", gguf.quants.dequantize(raw, kind).astype(numpy.float32))
    finish(out)


def metadata(folder):
    out = writer(os.path.join(folder, "metadata.gguf"), "llama")
    out.add_uint8("u8", 255)
    out.add_int8("i8", -128)
    out.add_uint16("u16", 65535)
    out.add_int16("i16", -32768)
    out.add_uint32("u32", 2 ** 32 - 1)
    out.add_int32("i32", -2 ** 31)
    out.add_uint64("u64", 2 ** 64 - 1)
    out.add_uint64("u64.fits", 2 ** 63 - 1)
    out.add_int64("i64", -2 ** 63)
    out.add_float32("f32", 0.1)
    out.add_float64("f64", 0.1)
    out.add_bool("yes", True)
    out.add_bool("no", False)
    out.add_string("text", "h\u00e9llo \U0001f642")
    out.add_array("strings", ["a", "", "\u0120b"])
    out.add_array("integers", [3, -4, 5])
    out.add_array("floats", [0.5, -1.25])
    out.add_array("bools", [True, False])
    finish(out)


def permuted(tensor, heads):
    """The rows of each head with the two of every rotary pair side by side, as llama.cpp wants architecture llama."""
    rest = tensor.shape[1:]
    return tensor.reshape(heads, 2, tensor.shape[0] // heads // 2, *rest).swapaxes(1, 2).reshape(tensor.shape)


def checkpoint(folder, name, architecture, kind):
    source = os.path.join(folder, name)
    config = AutoConfig.from_pretrained(source)
    dimension = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    out = writer(os.path.join(folder, "gguf", f"{name}-{kind.name.lower()}.gguf"), architecture)
    out.add_context_length(config.max_position_embeddings)
    out.add_embedding_length(config.hidden_size)
    out.add_block_count(config.num_hidden_layers)
    out.add_feed_forward_length(config.intermediate_size)
    out.add_head_count(config.num_attention_heads)
    # One number per layer, as some converters write it.
    out.add_head_count_kv([config.num_key_value_heads] * config.num_hidden_layers
                          if architecture == "qwen2" else config.num_key_value_heads)
    out.add_layer_norm_rms_eps(config.rms_norm_eps)
    out.add_rope_freq_base(config.rope_parameters["rope_theta"])
    out.add_rope_dimension_count(dimension)
    if architecture != "qwen2":
        out.add_key_length(dimension)
        out.add_value_length(dimension)
    out.add_eos_token_id(config.eos_token_id)
    out.add_bos_token_id(config.bos_token_id)
    rope = config.rope_parameters["rope_type"]
    if rope == "linear":
        out.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
        out.add_rope_scaling_factor(config.rope_parameters["factor"])
    elif rope == "llama3":
        scaled, _ = ROPE_INIT_FUNCTIONS["llama3"](config, "cpu")
        plain = config.rope_parameters["rope_theta"] ** (-torch.arange(0, dimension, 2).float() / dimension)
        out.add_tensor("rope_freqs.weight", (plain / scaled).numpy())
    for key, tensor in sorted(load_file(os.path.join(source, "model.safetensors")).items()):
        stem, suffix = key.rsplit(".", 1)
        layer = ""
        if stem.startswith("model.layers."):
            number, stem = stem.removeprefix("model.layers.").split(".", 1)
            layer = f"blk.{number}."
        numbers = tensor.float().numpy()
        if architecture == "llama" and stem in ("self_attn.q_proj", "self_attn.k_proj"):
            heads = config.num_attention_heads if "q_proj" in stem else config.num_key_value_heads
            numbers = numpy.ascontiguousarray(permuted(numbers, heads))
        chosen = kind if numbers.ndim == 2 else Type.F32
        out.add_tensor(f"{layer}{NAMES[stem]}.{suffix}", gguf.quants.quantize(numbers, chosen), raw_dtype=chosen)
    finish(out)


def main(folder):
    os.makedirs(os.path.join(folder, "gguf"), exist_ok=True)
    blocks(os.path.join(folder, "gguf"))
    metadata(os.path.join(folder, "gguf"))
    for name, architecture, kind in CHECKPOINTS:
        checkpoint(folder, name, architecture, kind)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__)))
