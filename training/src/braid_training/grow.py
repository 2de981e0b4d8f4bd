"""Gives a trained checkpoint new control tokens and whole words, to go on training with.

    python -m braid_training.grow --checkpoint RUN/checkpoint.pt --out NEW \\
        --control '<Goal>=<Outlines>' --word Exploring

NEW gets the checkpoint and a folder `tokenizer`. A new control token starts with the embedding of the
token it is said to be like, a new word with the mean of the pieces it was before. Every other token
keeps its embedding, whatever its new number. Steps, budget and data start anew.
"""

import argparse
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from tokenizers import AddedToken, Tokenizer
from tokenizers.models import BPE
from torch import Tensor

from braid_training.export import read_tokenizer_files
from braid_training.number_features import number_features
from braid_training.sft import padded_vocabulary
from braid_training.tokenizer import save


def grown_tokenizer(tokenizer: Tokenizer, controls: Iterable[str], words: Iterable[str]) -> Tokenizer:
    """The tokenizer with merges that make each word one token, alone and after a space, and with more control tokens.

    The new merges come after all others, so that text is split as before unless it contains what a
    new word begins with.
    """
    state = json.loads(tokenizer.to_str())
    names = [token["content"] for token in state["added_tokens"]]
    vocabulary = [token for token in state["model"]["vocab"] if token not in names]
    vocabulary.sort(key=state["model"]["vocab"].__getitem__)
    merges = [(left, right) for left, right in state["model"]["merges"]]
    for text in (space + word for word in words for space in ("", " ")):
        pieces = _with(tokenizer, vocabulary, merges).encode(text, add_special_tokens=False).tokens
        while len(pieces) > 1:
            merges.append((pieces[0], pieces[1]))
            pieces = [pieces[0] + pieces[1], *pieces[2:]]
            if pieces[0] not in vocabulary:
                vocabulary.append(pieces[0])
    grown = _with(tokenizer, vocabulary, merges)
    names += [control for control in controls if control not in names]
    grown.add_special_tokens([AddedToken(name, normalized=False, special=True) for name in names])
    return grown


def _with(tokenizer: Tokenizer, vocabulary: list[str], merges: list[tuple[str, str]]) -> Tokenizer:
    """`tokenizer` with another vocabulary and no control tokens."""
    other = Tokenizer(BPE(vocab={token: index for index, token in enumerate(vocabulary)}, merges=merges))
    other.pre_tokenizer, other.decoder = tokenizer.pre_tokenizer, tokenizer.decoder
    return other


def grown_state(state: dict[str, Any], tokenizer: Tokenizer, like: dict[str, str], files: dict[str, str]) -> dict[str, Any]:
    """The checkpoint `state` for the grown `tokenizer`; `files` are that one's."""
    before = Tokenizer.from_str(state["tokenizer"]["tokenizer.json"])
    before.encode_special_tokens = False
    size = padded_vocabulary(tokenizer)
    kept = {id: before.token_to_id(token) for token, id in tokenizer.get_vocab().items() if before.token_to_id(token) is not None}

    def moved(rows: Tensor) -> Tensor:
        grown = torch.zeros(size, *rows.shape[1:], dtype=rows.dtype)
        grown[list(kept)] = rows[list(kept.values())]
        return grown

    old = state["model"]
    matrix = old["embedding.free"] + old["embedding.features"] @ old["embedding.projection"]
    free = moved(old["embedding.free"])
    for token, id in tokenizer.get_vocab().items():
        if id not in kept:
            text = like.get(token) or tokenizer.decoder.decode([token])
            pieces = before.encode(text, add_special_tokens=False).ids
            free[id] = matrix[pieces].mean(0)
    rows = len(matrix)
    optimizers = [
        {
            **optimizer,
            "state": {
                index: {
                    name: moved(value) if torch.is_tensor(value) and value.dim() == 2 and len(value) == rows else value
                    for name, value in entry.items()
                }
                for index, entry in optimizer["state"].items()
            },
        }
        for optimizer in state["optimizers"]
    ]
    features = {"embedding.free": free, "embedding.features": number_features(tokenizer, size)}
    return {
        **state,
        "shape": {**state["shape"], "vocabulary": size},
        "model": {**old, **features},
        "optimizers": optimizers,
        "tokenizer": files,
        "feed": None,
        "step": 0,
        "tokens": 0,
        "spent": 0.0,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="folder of the run that goes on")
    parser.add_argument("--control", action="append", default=[], metavar="NEW=LIKE")
    parser.add_argument("--word", action="append", default=[])
    arguments = parser.parse_args()
    like = dict(control.split("=") for control in arguments.control)
    state = torch.load(arguments.checkpoint, map_location="cpu", weights_only=True)
    before = Tokenizer.from_str(state["tokenizer"]["tokenizer.json"])
    tokenizer = grown_tokenizer(before, like, arguments.word)
    folder = arguments.out / "tokenizer"
    save(tokenizer, folder)
    torch.save(grown_state(state, tokenizer, like, read_tokenizer_files(folder)), arguments.out / "checkpoint.pt")
    print(f"{before.get_vocab_size()} -> {tokenizer.get_vocab_size()} tokens")


if __name__ == "__main__":
    main()
