"""Builds Braid's tokenizer: byte-level BPE in which every number up to 999 is one token.

    python -m braid_training.tokenizer --corpus data.jsonl --out DIR
"""

import argparse
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, pre_tokenizers
from tokenizers.models import BPE
from tokenizers.trainers import BpeTrainer

PAD = "<pad>"
END = "</Answer>"
_PAIRED = ("Question", "Answer", "Parallel", "Outlines", "Outline", "Thread", "Return", "Think", "Conclusion")
CONTROLS = (PAD, *(f"<{slash}{name}>" for name in _PAIRED for slash in ("", "/")))

# An outline's number with its colon is one piece; a number of up to three digits is one piece; a longer one falls apart
# into single digits.
PATTERN = r"(?<![0-9 ])[0-9]{1,2}:| ?(?<![0-9])[0-9]{1,3}(?![0-9])| ?[0-9]| ?\p{L}+| ?[^\s\p{L}0-9]|\s+"

SPACE = "Ġ"  # how byte-level BPE writes the byte 0x20
WORD_MERGES = 450
MINIMUM_FREQUENCY = 20
ALWAYS_WHOLE = "+-*/=(_|"  # one token each after a space, however rare

Merge = tuple[str, str]


def pre_tokenizer() -> pre_tokenizers.PreTokenizer:
    return pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(PATTERN), behavior="isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False, trim_offsets=False),
    ])


def number_merges() -> list[Merge]:
    """Merges that make every digit string of length 1 to 3 one token, with or without a leading space."""
    digits = "0123456789"
    pairs = [a + b for a in digits for b in digits]
    triples = [pair + c for pair in pairs for c in digits]
    merges = [(pair[0], pair[1]) for pair in pairs]
    # Either half may have been merged first, so both ways up to a triple must exist.
    merges += [(triple[:2], triple[2]) for triple in triples]
    merges += [(triple[0], triple[1:]) for triple in triples]
    merges += [(SPACE, number) for number in (*digits, *pairs, *triples)]
    merges += [(number, ":") for number in (*digits, *pairs)]
    return merges


def word_merges(texts: Iterable[str]) -> list[Merge]:
    """Merges learnt from the words and signs of `texts`, digits left out."""
    learner = Tokenizer(BPE())
    learner.pre_tokenizer = pre_tokenizer()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = BpeTrainer(
        vocab_size=len(alphabet) + WORD_MERGES,
        min_frequency=MINIMUM_FREQUENCY,
        initial_alphabet=alphabet,
        show_progress=False,
    )
    learner.train_from_iterator((re.sub("[0-9]", "", text) for text in texts), trainer)
    merges = [(left, right) for left, right in json.loads(learner.to_str())["model"]["merges"]]
    return merges + [(SPACE, sign) for sign in ALWAYS_WHOLE if (SPACE, sign) not in merges]


def build(texts: Iterable[str]) -> Tokenizer:
    merges = number_merges() + word_merges(texts)
    tokens = dict.fromkeys(sorted(pre_tokenizers.ByteLevel.alphabet()))
    tokens |= dict.fromkeys(left + right for left, right in merges)
    tokenizer = Tokenizer(BPE(vocab={token: index for index, token in enumerate(tokens)}, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizer()
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(token, normalized=False, special=True) for token in CONTROLS])
    return tokenizer


def save(tokenizer: Tokenizer, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "eos_token": END,
        "pad_token": PAD,
        "clean_up_tokenization_spaces": False,
        "model_max_length": 2048,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n")


def load(folder: Path) -> Tokenizer:
    """The tokenizer of `folder`, set to read control-token spellings inside text as plain text."""
    return for_text(Tokenizer.from_file(str(folder / "tokenizer.json")))


def for_text(tokenizer: Tokenizer) -> Tokenizer:
    tokenizer.encode_special_tokens = True
    return tokenizer


def corpus_texts(paths: Iterable[Path]) -> Iterator[str]:
    for path in paths:
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                for segment in json.loads(line)["segments"]:
                    for piece in segment["pieces"]:
                        if "text" in piece:
                            yield piece["text"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", type=Path, nargs="+", required=True, help="trajectory files (JSON Lines)")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    tokenizer = build(corpus_texts(arguments.corpus))
    save(tokenizer, arguments.out)
    print(f"{tokenizer.get_vocab_size()} tokens -> {arguments.out}")


if __name__ == "__main__":
    main()
