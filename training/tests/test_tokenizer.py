import random
from pathlib import Path

import pytest
from tokenizers import Tokenizer
from transformers import AutoTokenizer

from braid_training import tokenizer as tokenizers


def tokens(tokenizer: Tokenizer, text: str) -> list[str]:
    return tokenizer.encode(text, add_special_tokens=False).tokens


@pytest.mark.parametrize("digits", [1, 2, 3])
def test_every_number_up_to_999_is_one_token(tokenizer: Tokenizer, digits: int) -> None:
    for number in range(10**digits):
        text = f"{number:0{digits}d}"
        assert tokens(tokenizer, text) == [text]
        assert tokens(tokenizer, f" {text}") == [f"Ġ{text}"]
        assert tokens(tokenizer, f"({text})") == ["(", text, ")"]


def test_longer_numbers_go_digit_by_digit(tokenizer: Tokenizer) -> None:
    rng = random.Random(0)
    for _ in range(500):
        number = str(rng.randrange(1000, 10 ** rng.randrange(4, 12)))
        assert tokens(tokenizer, number) == list(number)
        assert tokens(tokenizer, f" {number}") == [f"Ġ{number[0]}", *number[1:]]


def test_signs_after_a_space_are_one_token(tokenizer: Tokenizer) -> None:
    for sign in tokenizers.ALWAYS_WHOLE:
        assert tokens(tokenizer, f"1 {sign} 2") == ["1", f"Ġ{sign}", "Ġ2"]


def test_controls_come_last_and_are_plain_text_inside_text(tokenizer: Tokenizer) -> None:
    size = tokenizer.get_vocab_size()
    ids = [tokenizer.token_to_id(control) for control in tokenizers.CONTROLS]
    assert tokenizers.CONTROLS[:5] == ("<pad>", "<Question>", "</Question>", "<Answer>", "</Answer>")
    assert ids == list(range(size - len(ids), size))
    for control in tokenizers.CONTROLS:
        encoded = tokenizer.encode(control, add_special_tokens=False).ids
        assert not set(encoded) & set(ids)
        assert tokenizer.decode(encoded) == control


@pytest.mark.parametrize("text", ["Use 3, 7 and 25 to make 765?", "  two\n\nlines\t", "naïve 数 🙂 1234", "007 0"])
def test_text_survives(tokenizer: Tokenizer, text: str) -> None:
    assert tokenizer.decode(tokenizer.encode(text, add_special_tokens=False).ids) == text


def test_building_again_gives_the_same_tokenizer(corpus: Path, tokenizer_folder: Path) -> None:
    again = tokenizers.build(tokenizers.corpus_texts([corpus]))
    assert again.to_str() == Tokenizer.from_file(str(tokenizer_folder / "tokenizer.json")).to_str()


def test_transformers_reads_the_folder(tokenizer: Tokenizer, tokenizer_folder: Path) -> None:
    theirs = AutoTokenizer.from_pretrained(tokenizer_folder)
    assert (theirs.eos_token, theirs.pad_token) == ("</Answer>", "<pad>")
    text = "Use 3, 7 and 2500 to make 765"
    assert theirs.encode(text) == tokenizer.encode(text).ids
    controls = [tokenizer.token_to_id("<Question>"), tokenizer.token_to_id("</Question>")]
    assert theirs.encode("<Question></Question>") == controls
