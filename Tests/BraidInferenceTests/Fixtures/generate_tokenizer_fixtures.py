"""Writes the tokenizer fixtures: three small byte-level BPE tokenizers and what Hugging Face `tokenizers` makes of text.

    pip install tokenizers==0.23.3
    python generate_tokenizer_fixtures.py

For each tokenizer, `<name>/tokenizer.json` and `<name>/expected.json`:
    plain     [[text, ids], ...]   control tokens disabled (encode_special_tokens = True)
    control   [[text, ids], ...]   control tokens recognised
    decoded   [[ids, text], ...]   any ids, control tokens kept
"""

import json
import random
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, normalizers, pre_tokenizers, trainers
from tokenizers.models import BPE

NUMBERS = r" ?(?<![0-9])[0-9]{1,3}(?![0-9])| ?[0-9]| ?\p{L}+| ?[^\s\p{L}0-9]|\s+"
LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
TAGS = ["<|end|>", "<Parallel>", "</Parallel>", "<Outlines>", "<Thread>", "</Thread>", "<Return>", "<Ret"]

CORPUS = """
The quick brown fox jumps over the lazy dog. Pack my box with five dozen liquor jugs! How vexingly quick daft zebras
jump; the five boxing wizards jump quickly. We'll see whether they've done what I'm asking, and it's not that you'd
know: DON'T SHOUT, WE'RE HERE. Thinking in parallel, a model splits its reasoning into threads, thinks each thread
through, and joins what they return. Try 25 times 3 first, then add 7; otherwise try 50 minus 7 and divide by 25.
def solve(numbers, target):\n    for a in numbers:\n        for b in numbers:\n            if a * b == target:
                return [a, b]\n\treturn None\n
Der süße Bär überquerte die Straße, während größere Vögel über Köln flögen. Où êtes-vous allé cet été, garçon?
El niño pequeño comió piñas en España. Příliš žluťoučký kůň úpěl ďábelské ódy. Быстрая лиса прыгает через собаку.
Η γρήγορη αλεπού πηδάει. 日本語の文章もここにあります。中文的句子也在這裡。한국어 문장도 있습니다. สวัสดีชาวโลก नमस्ते दुनिया
שלום עולם مرحبا بالعالم 🙂🙂👍🏽👩‍👩‍👧🇩🇪 → ≤ ≥ ≠ × ÷ √ ∑ “quoted” ‘text’ — dashes … ½ ² ³ Ⅳ ①
"""

ALPHABETS = [
    "abcdefghijklmnopqrstuvwxyz",
    "ABC XYZ the and ing ",
    "0123456789",
    " 0123456789,.+-*/=()",
    " \t\n\r\v\f\u0085\u00a0\u2003\u2028\u3000\u200b\u180e\ufeff",
    "'sStTrRvVmMlLdD’ſeE ",
    "äöüßéèñçžřøåÀÉ",
    "e\u0301a\u0308o\u0302n\u0303\u0323\u0307\u1100\u1161\u11a8가\u212b\u2126ﬁ",
    "日本語中文한국สวัสนमस्ते",
    "🙂👍🏽👩\u200d👧🇩🇪🏴\U0001f9d1",
    "½²³Ⅳ①٣४০๕",
    "<>/|_\\\"#%&@!?;:[]{}~^`$",
    "\x00\x01\x1b\x7f\x80\xad",
    "\U00010000\U0010ffff\ue000\ufffd\uffff\ud7ff",
]

FIXED = [
    "", " ", "  ", "\n", "\r\n", "\r\n\r\n", "\t", "a", "é", "e\u0301", "\x00", "\x00\x00a", "🙂", "\U0010ffff",
    "0", "7", "12", "123", "1234", "12345678901234567890123456789012345678901234567890", " 1 12 123 1234 12 1",
    "3.14159", "1,234,567.89", "-12+345=6789", "x12y345z6789", "a1b22c333d4444", "٣٤٥٦ १२३४",
    "Use 3, 7, 25 and 50 to make 765", "Solve 48291 * 7365 = ?", "12 345 6789\n12 345",
    "<Parallel>", "</Parallel>", "<Parallel", "Parallel>", " <Parallel> ", "<Parallel><Thread>1: x</Thread></Parallel>",
    "<|end|>", "<<|end|>>", "<|end|><|end|>", "text<Ret", "<Return>", "<Retur", "a<Thread>b", "<thread>", "< Thread >",
    "It's we'll I'VE 'tis don't 'S 'ſ ’s", "x'y''z", "    indented\n        more\n\ttab", "trailing   ", "   leading",
    "a   b", "a\n\n\nb", "a \n b", "line\r\nline\r\n  line", "café cafe\u0301 CAFÉ", "ﬁne Å \u212b Ω \u2126",
    "한국어 \u1112\u1161\u11ab", "👩‍👩‍👧 🇩🇪🇩🇪 👍🏽", "a\u0300\u0301\u0302\u0303b", "\ufeffbom", "zero\u200bwidth\u00a0space",
    "the" * 40, "a" * 300, " " * 100, "=" * 70, "ab" * 90, "9" * 120, "🙂" * 30, "é" * 60, "abcdefghijklmnopqrstuvwxyz" * 4,
]


def random_texts(rng: random.Random, count: int) -> list[str]:
    words = CORPUS.split() + TAGS
    texts = []
    while len(texts) < count:
        parts = []
        for _ in range(rng.randint(1, 6)):
            kind = rng.random()
            if kind < 0.3:
                parts.append(" ".join(rng.choices(words, k=rng.randint(1, 4))))
            elif kind < 0.9:
                parts.append("".join(rng.choices(rng.choice(ALPHABETS), k=rng.randint(1, 9))))
            else:
                code = rng.choice([rng.randint(0, 0x2FFF), rng.randint(0, 0xFFFF), rng.randint(0, 0x10FFFF)])
                if not 0xD800 <= code <= 0xDFFF and is_old(chr(code)):
                    parts.append(chr(code))
        texts.append("".join(parts))
    return texts


def is_old(character: str) -> bool:
    """Whether Unicode 9 knew the character: newer ones are letters in one Unicode library and nothing in another."""
    import unicodedata

    return unicodedata.ucd_3_2_0.category(character) != "Cn"


def build(name: str) -> Tokenizer:
    tokenizer = Tokenizer(BPE(ignore_merges=name == "llama3"))
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    if name == "numbers":
        split = pre_tokenizers.Split(Regex(NUMBERS), "isolated")
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split, byte_level])
    elif name == "gpt2":
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
        tokenizer.normalizer = normalizers.NFC()
    else:
        split = pre_tokenizers.Split(Regex(LLAMA3), "isolated")
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split, byte_level])
    tokenizer.decoder = decoders.ByteLevel()
    corpus = CORPUS.splitlines() * 3
    if name == "numbers":  # every number of one to three digits, with and without a space before it, becomes one token
        corpus += [f"{n} {n}" for n in range(1000)] * 3
    in_vocabulary = name == "numbers"
    trainer = trainers.BpeTrainer(
        vocab_size={"numbers": 2800, "gpt2": 700, "llama3": 900}[name],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=TAGS if in_vocabulary else [],
        show_progress=False,
    )
    tokenizer.train_from_iterator(corpus, trainer)
    if not in_vocabulary:
        tokenizer.add_special_tokens([AddedToken(tag, special=True, normalized=False) for tag in TAGS])
    if name == "gpt2":
        tokenizer.add_special_tokens([AddedToken("<mask>", special=True, lstrip=True, rstrip=True, normalized=False)])
    return tokenizer


def ensure_old_style(document: dict) -> None:
    """Writes merges as "a b", as tokenizers did before 0.20."""
    document["model"]["merges"] = [" ".join(pair) for pair in document["model"]["merges"]]


def main() -> None:
    for name in ["numbers", "gpt2", "llama3"]:
        rng = random.Random(name)
        folder = Path(__file__).parent / name
        folder.mkdir(exist_ok=True)
        document = json.loads(build(name).to_str())
        if name == "llama3":
            # With ignore_merges, a piece that is a token needs no merges: take away those of some long words.
            merges = document["model"]["merges"]
            document["model"]["merges"] = [pair for pair in merges if len("".join(pair)) < 6]
        if name == "gpt2":
            ensure_old_style(document)
        (folder / "tokenizer.json").write_text(json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n")

        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        texts = FIXED + random_texts(rng, 400 - len(FIXED))
        if name == "gpt2":
            texts += ["a <mask> b", "<mask>", " \n<mask>\t<mask>  c", "x<mask><|end|> <mask>y"]
        control = [[text, tokenizer.encode(text, add_special_tokens=False).ids] for text in texts if "<" in text]
        tokenizer.encode_special_tokens = True
        plain = [[text, tokenizer.encode(text, add_special_tokens=False).ids] for text in texts]
        decoded = []
        for _ in range(60):
            ids = [rng.randrange(tokenizer.get_vocab_size()) for _ in range(rng.randint(1, 12))]
            if rng.random() < 0.5:  # mostly single bytes: broken UTF-8
                ids = [rng.randrange(270) for _ in ids]
            decoded.append([ids, tokenizer.decode(ids, skip_special_tokens=False)])
        expected = {"plain": plain, "control": control, "decoded": decoded}
        (folder / "expected.json").write_text(json.dumps(expected, ensure_ascii=True, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
