#!/usr/bin/env python3
"""Writes two small checkpoints and what the `gguf` package makes of them, byte for byte.

usage: generate_conversion_fixtures.py [folder]         (default: the folder of this script)

    pip install gguf==0.19.0 numpy safetensors torch transformers==5.23.0

conversion/<name>/     a checkpoint without its tokenizer, which is that of families/<tokenizer>; and
    <type>.gguf        the file that the package writes for one type
    expected.json      which tokenizer, and for every type the FNV-1a hash (64 bits, hexadecimal) of the package's file
Deterministic. Keys and tensors are in the order in which Braid's conversion has them, which GGUF leaves open.
"""
import json
import os
import shutil
import sys
import tempfile

import gguf
import numpy
import torch
from gguf import GGMLQuantizationType as Type
from safetensors.torch import save_file
from transformers import AutoConfig
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

from generate_gguf_fixtures import NAMES, finish, permuted

TYPES = {"f32": (Type.F32, 0), "f16": (Type.F16, 1), "q4_0": (Type.Q4_0, 2), "q8_0": (Type.Q8_0, 7), "bf16": (Type.BF16, 32)}
VOCABULARY = 1040
COMMON = {
    "hidden_size": 32, "intermediate_size": 40, "num_hidden_layers": 1, "num_attention_heads": 4, "num_key_value_heads": 2,
    "head_dim": 16, "vocab_size": VOCABULARY, "rms_norm_eps": 1e-5, "tie_word_embeddings": True, "hidden_act": "silu",
}
CASES = {
    "byte-level": {
        "tokenizer": "llama3", "dtype": torch.bfloat16, "keeps": "q8_0",
        "config": {
            "architectures": ["LlamaForCausalLM"], "model_type": "llama", "max_position_embeddings": 256,
            "attention_bias": True, "rope_theta": 500000.0, "eos_token_id": [931, 930], "bos_token_id": 929,
            "rope_scaling": {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                             "original_max_position_embeddings": 64},
        },
        "special": {"bos_token": "<|begin_of_text|>", "eos_token": {"content": "<|end_of_text|>"}, "pad_token": "<|eot_id|>"},
        "template": "{{ bos_token }}{% for message in messages %}{{ message.content }}{% endfor %}\u00e9",
    },
    "sentence-piece": {
        "tokenizer": "llama2", "dtype": torch.float16, "keeps": "q4_0",
        "config": {
            "architectures": ["MistralForCausalLM"], "model_type": "mistral", "max_position_embeddings": 128,
            "sliding_window": 64, "rope_theta": 10000.0, "eos_token_id": 2, "bos_token_id": 1,
        },
        "special": {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"},
        "template": None,
    },
}


def tensors(case):
    random = numpy.random.default_rng(11)
    heads, pairs, width = COMMON["num_attention_heads"], COMMON["num_key_value_heads"], COMMON["head_dim"]
    hidden, inner = COMMON["hidden_size"], COMMON["intermediate_size"]
    has_bias = case["config"].get("attention_bias", False)
    shapes = {"model.embed_tokens.weight": (VOCABULARY, hidden), "model.layers.0.input_layernorm.weight": (hidden,)}
    for name, rows, columns in [("q", heads * width, hidden), ("k", pairs * width, hidden), ("v", pairs * width, hidden),
                                ("o", hidden, heads * width)]:
        shapes[f"model.layers.0.self_attn.{name}_proj.weight"] = (rows, columns)
        if has_bias:
            shapes[f"model.layers.0.self_attn.{name}_proj.bias"] = (rows,)
    shapes |= {
        "model.layers.0.post_attention_layernorm.weight": (hidden,),
        "model.layers.0.mlp.gate_proj.weight": (inner, hidden), "model.layers.0.mlp.up_proj.weight": (inner, hidden),
        "model.layers.0.mlp.down_proj.weight": (hidden, inner), "model.norm.weight": (hidden,),
    }
    return {name: torch.tensor(random.normal(0, 0.2, shape).astype(numpy.float32)).to(case["dtype"])
            for name, shape in shapes.items()}


def add_tokenizer(out, case, document, config):
    vocabulary, model = document["model"]["vocab"], document["model"]
    texts, kinds = [f"[PAD{index}]" for index in range(VOCABULARY)], [gguf.TokenType.UNUSED] * VOCABULARY
    for text, index in vocabulary.items():
        texts[index], kinds[index] = text, gguf.TokenType.NORMAL
    for token in document["added_tokens"]:
        texts[token["id"]] = token["content"]
        kinds[token["id"]] = gguf.TokenType.CONTROL if token["special"] else gguf.TokenType.USER_DEFINED
    if case["tokenizer"] == "llama3":
        out.add_tokenizer_model("gpt2")
        out.add_tokenizer_pre("llama-bpe")
        out.add_token_list(texts)
        out.add_token_types(kinds)
        out.add_token_merges([" ".join(pair) for pair in model["merges"]])
    else:
        for text, index in vocabulary.items():
            if text == "<unk>":
                kinds[index] = gguf.TokenType.UNKNOWN
            elif len(text) == 6 and text.startswith("<0x"):
                kinds[index] = gguf.TokenType.BYTE
        order = {}
        for merge in model["merges"]:
            pair = merge.split(" ") if isinstance(merge, str) else merge
            order.setdefault(vocabulary["".join(pair)], -len(order) - 1)
        for index in range(VOCABULARY):
            if kinds[index] == gguf.TokenType.NORMAL:
                order.setdefault(index, -len(order) - 1)
        out.add_tokenizer_model("llama")
        out.add_tokenizer_pre("default")
        out.add_token_list(texts)
        out.add_token_scores([float(order.get(index, 0)) for index in range(VOCABULARY)])
        out.add_token_types(kinds)
        out.add_add_space_prefix(True)
    ids = {text: index for index, text in enumerate(texts)}
    special = {key: token["content"] if isinstance(token, dict) else token for key, token in case["special"].items()}
    ends = config.eos_token_id if isinstance(config.eos_token_id, list) else [config.eos_token_id]
    ends.sort(key=lambda end: end != ids[special["eos_token"]])
    out.add_bos_token_id(ids[special["bos_token"]])
    for add, end in zip([out.add_eos_token_id, out.add_eot_token_id], ends):
        add(end)
    if "unk_token" in special:
        out.add_unk_token_id(ids[special["unk_token"]])
    if "pad_token" in special:
        out.add_pad_token_id(ids[special["pad_token"]])
    out.add_add_bos_token(True)


def write(path, folder, case, document, kind, number, name):
    config = AutoConfig.from_pretrained(folder)
    out = gguf.GGUFWriter(path, "llama")
    out.add_type("model")
    out.add_name(name)
    out.add_file_type(number)
    out.add_quantization_version(2)
    out.add_vocab_size(VOCABULARY)
    window = getattr(config, "sliding_window", None)
    out.add_context_length(window or config.max_position_embeddings)
    out.add_embedding_length(config.hidden_size)
    out.add_block_count(config.num_hidden_layers)
    out.add_feed_forward_length(config.intermediate_size)
    out.add_head_count(config.num_attention_heads)
    out.add_head_count_kv(config.num_key_value_heads)
    out.add_key_length(config.head_dim)
    out.add_value_length(config.head_dim)
    out.add_layer_norm_rms_eps(config.rms_norm_eps)
    out.add_rope_dimension_count(config.head_dim)
    out.add_rope_freq_base(config.rope_parameters["rope_theta"])
    if window:
        out.add_sliding_window(window)
    add_tokenizer(out, case, document, config)
    if case["tokenizer"] == "llama2":
        out.add_string("tokenizer.huggingface.json", open(tokenizer_path(folder)).read())
    if case["template"]:
        out.add_chat_template(case["template"])
    if config.rope_parameters["rope_type"] == "llama3":
        out.add_tensor("rope_freqs.weight", divisors(config))
    for key, tensor in tensors(case).items():
        stem, suffix = key.rsplit(".", 1)
        layer, stem = ("blk.0.", stem.removeprefix("model.layers.0.")) if "layers" in stem else ("", stem)
        numbers = tensor.float().numpy()
        if stem in ("self_attn.q_proj", "self_attn.k_proj"):
            heads = config.num_attention_heads if "q_proj" in stem else config.num_key_value_heads
            numbers = numpy.ascontiguousarray(permuted(numbers, heads))
        chosen = kind if numbers.ndim == 2 else Type.F32
        if numbers.shape[-1] % gguf.GGML_QUANT_SIZES[chosen][0]:
            chosen = Type.BF16 if tensor.dtype == torch.bfloat16 else Type.F16
        out.add_tensor(f"{layer}{NAMES[stem]}.{suffix}", gguf.quants.quantize(numbers, chosen), raw_dtype=chosen)
    finish(out)


def divisors(config):
    """What Transformers divides the frequencies by, in f64 and then rounded."""
    rope, width = config.rope_parameters, config.head_dim
    plain = rope["rope_theta"] ** (-numpy.arange(0, width, 2, dtype=numpy.float64) / width)
    turns = rope["original_max_position_embeddings"] * plain / (2 * numpy.pi)
    low, high = rope["low_freq_factor"], rope["high_freq_factor"]
    kept = numpy.clip((turns - low) / (high - low), 0, 1)
    result = (1 / ((1 - kept) / rope["factor"] + kept)).astype(numpy.float32)
    scaled, _ = ROPE_INIT_FUNCTIONS["llama3"](config, "cpu")
    assert numpy.allclose(plain / result, scaled.numpy(), rtol=1e-6, atol=0)
    return result


def tokenizer_path(folder):
    return os.path.join(folder, "tokenizer.json")


def hashed(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 & (1 << 64) - 1
    return f"{value:016x}"


def main(fixtures):
    for name, case in CASES.items():
        folder = os.path.join(fixtures, "conversion", name)
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "config.json"), "w") as file:
            json.dump(COMMON | case["config"], file, indent=1)
        with open(os.path.join(folder, "tokenizer_config.json"), "w") as file:
            json.dump(case["special"], file, indent=1)
        if case["template"]:
            with open(os.path.join(folder, "chat_template.jinja"), "w", encoding="utf-8") as file:
                file.write(case["template"])
        save_file(tensors(case), os.path.join(folder, "model.safetensors"))
        tokenizer = tokenizer_path(os.path.join(fixtures, "families", case["tokenizer"]))
        hashes = {}
        with tempfile.TemporaryDirectory() as parent:
            # The model's name is its folder's.
            work = os.path.join(parent, name)
            shutil.copytree(folder, work)
            shutil.copy(tokenizer, tokenizer_path(work))
            document = json.load(open(tokenizer))
            for kind, (number_type, number) in TYPES.items():
                path = os.path.join(parent, f"{kind}.gguf")
                write(path, work, case, document, number_type, number, name)
                hashes[kind] = hashed(open(path, "rb").read())
                if kind == case["keeps"]:
                    shutil.copy(path, os.path.join(folder, f"{kind}.gguf"))
        with open(os.path.join(folder, "expected.json"), "w") as file:
            json.dump({"tokenizer": case["tokenizer"], "kept": case["keeps"], "hashes": hashes}, file, indent=1)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__)))
