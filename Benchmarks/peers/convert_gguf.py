#!/usr/bin/env python3
"""Runs the vendored convert_hf_to_gguf.py on a folder of make_models.py, with the same arguments.

That script knows tokenizers by a hash of what they produce, and cannot know ours. Ours split text with the GPT-2 pattern,
so its question is answered with "gpt-2".
"""

from __future__ import annotations

import os
import runpy
import sys
from pathlib import Path

home = Path(os.environ.get("PEERS_HOME", Path.home() / ".cache/braid-peers"))
tree = next((home / "src").glob("llama_cpp_python-*/vendor/llama.cpp"), None)
if tree is None:
    sys.exit(f"convert_gguf.py: no llama.cpp under {home / 'src'}; run Benchmarks/peers/build-llamacpp first")
sys.path[:0] = [str(tree), str(tree / "gguf-py")]

import conversion.base  # noqa: E402

conversion.base.TextModel.get_vocab_base_pre = lambda self, tokenizer: "gpt-2"
sys.argv[0] = str(tree / "convert_hf_to_gguf.py")
runpy.run_path(sys.argv[0], run_name="__main__")
