"""Writes the tokenizers of the model families, small, and what Hugging Face `tokenizers` makes of 10,000 random texts.

    pip install tokenizers==0.23.3 sentencepiece==0.2.3 gguf==0.19.0
    python generate_family_fixtures.py

Each family has its real configuration (pre-tokenizer, normalizer, decoder, added tokens, post-processor) and a small
vocabulary, trained on the corpus of generate_tokenizer_fixtures.py. For each, in `families/<name>/` (and `families/alphabets.json`, which the texts are drawn from):
    tokenizer.json
    expected.json   hashes   for the i-th random text (see `Texts`): a hash of the ids of plain text and, mixed in, of those
                             with control tokens recognised; 8 hexadecimal digits each, in one string
                    decoded  the same of the text of i-th random ids, in UTF-8
                    awkward  [[text, the same hash], ...]
                    begin    the ids that a context begins with
    vocabulary.gguf the same vocabulary, written by `gguf`, where GGUF knows the family
"""

import io
import json
from pathlib import Path

import generate_tokenizer_fixtures as corpus
import gguf
import sentencepiece
from tokenizers import AddedToken, Regex, Tokenizer, decoders, normalizers, pre_tokenizers, processors, trainers
from tokenizers.models import BPE

LLAMA3 = corpus.LLAMA3
QWEN2 = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")
TEKKEN = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
BYTE_LEVEL = {
    "gpt2": (None, None, ["<|endoftext|>"], False),
    "llama3": (LLAMA3, "llama-bpe", ["<|begin_of_text|>", "<|end_of_text|>", "<|eot_id|>"], True),
    "qwen2": (QWEN2, "qwen2", ["<|endoftext|>", "<|im_start|>", "<|im_end|>"], False),
    "tekken": (TEKKEN, "tekken", ["<unk>", "<s>", "</s>", "[INST]", "[/INST]"], True),
}
SENTENCE_PIECE = ["llama2", "mistral", "unknowns"]
COUNT = 10_000
MASK = (1 << 64) - 1


class Texts:
    """Random texts by SplitMix64; FamilyFixture.swift makes the same ones."""

    def __init__(self, seed: int, tags: list[str]):
        self.state = seed
        self.tags = tags

    def next(self) -> int:
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return z ^ (z >> 31)

    def below(self, limit: int) -> int:
        return self.next() % limit

    def text(self) -> str:
        text = ""
        for _ in range(1 + self.below(6)):
            kind = self.below(10)
            if kind < 3:
                text += " ".join(WORDS[self.below(len(WORDS))] for _ in range(1 + self.below(4)))
            elif kind < 8:
                alphabet = ALPHABETS[self.below(len(ALPHABETS))]
                text += "".join(alphabet[self.below(len(alphabet))] for _ in range(1 + self.below(9)))
            elif kind == 8:
                text += self.tags[self.below(len(self.tags))]
            else:
                for _ in range(1 + self.below(3)):
                    code = self.below([0x3000, 0x10000, 0x20000, 0x110000][self.below(4)])
                    text += chr(code) if not 0xD800 <= code <= 0xDFFF else ""
        return text


WORDS = "the quick Brown fox's they've DON'T I'LL süße Straße été niño Быстрая лиса 日本語の文章 中文的句子 한국어 שלום مرحبا नमस्ते 123 4567 3.14 return None".split(" ")
ALPHABETS = corpus.ALPHABETS + [
    "a\u0300\u0301\u0323\u0327\u0334\u0345\u05b0\u0651\u0e38\u3099\U0001d165\U0001e944\u1dfa\u0308\u09be\u0b3e",
    "\u0958\u0fb5\u0fb7\u2adc\ufb1d\U0001d15e\uf900\U0002f800\u212b\u1e9b\u0344\u0385\u1fee\u0340\u1101\u116a\u11c2\ud7a3\uac01",
    "<0xA>\u2581▁ ▁",
]
AWKWARD = corpus.FIXED + [
    "\u0301", "\u0301\u0323", " \u0301a", "\r\n \r\n\t\r", "  two", " one", "two  ", "▁", "▁▁a", "a▁b", " ▁ ", "<0x41>",
    "<0x0A>", "a<0xFF>b", "\u202eabc", "שָׁלוֹם", "\u1100\u1161\u11a8\u11a8", "x" * 3000, " " * 3000, "ab " * 800, "1" * 2000,
    "e\u0301" * 700, "a" + "\u0301\u0323" * 200, "\U0001e944\U0001e922", "😀😀", "\r", "\n\n  \n", "'S'ſ'Ll", "½ ² Ⅷ",
]


def hashed(values) -> int:
    value = 0xCBF29CE484222325
    for number in values:
        for shift in range(0, 32, 8):
            value = ((value ^ (number >> shift & 0xFF)) * 0x100000001B3) & MASK
    return value


def corpus_lines() -> list[str]:
    return corpus.CORPUS.splitlines() * 3


def byte_level(name: str) -> Tokenizer:
    pattern, _, tags, ignores = BYTE_LEVEL[name]
    tokenizer = Tokenizer(BPE(ignore_merges=ignores))
    if pattern is None:
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    else:
        split = pre_tokenizers.Split(Regex(pattern), "isolated")
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [split, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
        )
    if name == "qwen2":
        tokenizer.normalizer = normalizers.NFC()
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=1000, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    tokenizer.train_from_iterator(corpus_lines(), trainer)
    tokenizer.add_special_tokens([AddedToken(tag, special=True, normalized=False) for tag in tags])
    if name == "qwen2":
        # Neither special nor normalised: control tokens for Braid, and user-defined ones in GGUF.
        tokenizer.add_tokens([AddedToken("<think>", normalized=False), AddedToken("</think>", normalized=False)])
    if name == "gpt2":
        tokenizer.add_special_tokens([AddedToken("<mask>", lstrip=True, rstrip=True, normalized=False)])
        tokenizer.add_special_tokens([AddedToken("<é \u212b>", normalized=True)])
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    if name == "llama3":
        begin = tags[0]
        template = processors.TemplateProcessing(
            single=f"{begin} $A", pair=f"{begin} $A {begin}:1 $B:1", special_tokens=[(begin, tokenizer.token_to_id(begin))]
        )
        tokenizer.post_processor = processors.Sequence([tokenizer.post_processor, template])
    return tokenizer


def sentence_piece(name: str) -> tuple[Tokenizer, list[str], list[float], list[int]]:
    """A tokenizer as Transformers converts one from SentencePiece, with SentencePiece's tokens, scores and types."""
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(corpus_lines()), model_writer=model, model_type="bpe", vocab_size=1000,
        byte_fallback=name != "unknowns", character_coverage=0.98, normalization_rule_name="identity",
        remove_extra_whitespaces=False, split_digits=True, allow_whitespace_only_pieces=True, minloglevel=2,
    )
    pieces = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    tokens = [pieces.id_to_piece(index) for index in range(pieces.get_piece_size())]
    scores = [pieces.get_score(index) for index in range(len(tokens))]
    types = [
        2 if pieces.is_unknown(index) else 3 if pieces.is_control(index) else 6 if pieces.is_byte(index) else 1
        for index in range(len(tokens))
    ]
    ids = {token: index for index, token in enumerate(tokens)}
    merges = []
    for token, index in ids.items():
        if types[index] == 1:
            splits = [(token[:cut], token[cut:]) for cut in range(1, len(token))]
            splits = [pair for pair in splits if all(part in ids and types[ids[part]] == 1 for part in pair)]
            merges += [(pair, scores[index]) for pair in sorted(splits, key=lambda pair: [ids[part] for part in pair])]
    merges = [pair for pair, _ in sorted(merges, key=lambda entry: -entry[1])]
    tokenizer = Tokenizer(
        BPE(ids, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=name != "unknowns", dropout=None)
    )
    steps = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    if name == "mistral":
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    elif name == "llama2":
        tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    else:
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always", split=True)
    tokenizer.decoder = decoders.Sequence(steps + [decoders.Strip(content=" ", left=1)])
    if name == "unknowns":
        tokenizer.decoder = decoders.Metaspace(prepend_scheme="always")
    tokenizer.add_special_tokens([AddedToken(tag, special=True, normalized=False) for tag in ["<unk>", "<s>", "</s>"]])
    if name == "mistral":
        tokenizer.add_special_tokens([AddedToken(tag, normalized=False) for tag in ["[INST]", "[/INST]"]])
        tokens, scores, types = tokens + ["[INST]", "[/INST]"], scores + [0.0, 0.0], types + [3, 3]
    if name == "llama2":
        tokenizer.add_tokens([AddedToken("<tool>", normalized=True)])
        tokenizer.add_special_tokens([AddedToken("<pad>", rstrip=True, normalized=False)])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s>:1 $B:1", special_tokens=[("<s>", 1)]
    )
    return tokenizer, tokens, scores, types


def write_gguf(path: Path, model: str, pre: str, tokens: list[str], types: list[int], **more) -> None:
    writer = gguf.GGUFWriter(str(path), "llama" if model == "llama" else "qwen2")
    writer.add_tokenizer_model(model)
    writer.add_tokenizer_pre(pre)
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    if "scores" in more:
        writer.add_token_scores(more["scores"])
        writer.add_add_space_prefix(True)
    if "merges" in more:
        writer.add_token_merges(more["merges"])
    if more.get("begin") is not None:
        writer.add_bos_token_id(more["begin"])
        writer.add_add_bos_token(True)
    writer.add_eos_token_id(more["end"])
    writer.add_chat_template("{{ bos_token }}{% for message in messages %}{{ message.content }}{% endfor %}")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()


def expected(tokenizer: Tokenizer, seed: int) -> dict:
    """What `tokenizers` makes of texts. Plain text is what Braid takes it for: nothing in it is a control token."""
    control = [token.content for token in tokenizer.get_added_tokens_decoder().values()]
    document = json.loads(tokenizer.to_str())
    document["added_tokens"] = []
    if document.get("post_processor"):
        document["post_processor"] = None
    plain = Tokenizer.from_str(json.dumps(document))
    texts = Texts(seed, control)
    size = tokenizer.get_vocab_size()

    def both(text: str) -> tuple[list[int], list[int]]:
        return plain.encode(text, add_special_tokens=False).ids, tokenizer.encode(text, add_special_tokens=False).ids

    def hash_of(text: str) -> str:
        ids, controlled = both(text)
        return f"{hashed(ids + [0xFFFFFFFF] + controlled) & 0xFFFFFFFF:08x}"

    hashes, decoded = "".join(hash_of(texts.text()) for _ in range(COUNT)), ""
    for _ in range(COUNT // 10):
        ids = [texts.below(size if texts.below(3) else min(size, 300)) for _ in range(1 + texts.below(12))]
        decoded += f"{hashed(tokenizer.decode(ids, skip_special_tokens=False).encode()) & 0xFFFFFFFF:08x}"
    awkward = [[text, hash_of(text)] for text in AWKWARD + [tag + ' x' + tag for tag in control]]
    begin = tokenizer.encode("a").ids[: -len(tokenizer.encode("a", add_special_tokens=False).ids)]
    return {"hashes": hashes, "decoded": decoded, "awkward": awkward, "begin": begin, "tags": control}


def main() -> None:
    families = Path(__file__).parent / "families"
    families.mkdir(exist_ok=True)
    alphabets = {"words": WORDS, "alphabets": ALPHABETS}
    (families / "alphabets.json").write_text(json.dumps(alphabets, separators=(",", ":")) + "\n")
    for seed, name in enumerate([*BYTE_LEVEL, *SENTENCE_PIECE]):
        folder = families / name
        folder.mkdir(exist_ok=True)
        if name in BYTE_LEVEL:
            tokenizer = byte_level(name)
        else:
            tokenizer, tokens, scores, types = sentence_piece(name)
        document = json.loads(tokenizer.to_str())
        if name in ("gpt2", "llama2"):
            corpus.ensure_old_style(document)
        (folder / "tokenizer.json").write_text(json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n")
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        answers = expected(tokenizer, seed)
        (folder / "expected.json").write_text(json.dumps(answers, ensure_ascii=True, separators=(",", ":")) + "\n")
        path = folder / "vocabulary.gguf"
        if name in ("llama3", "qwen2", "tekken"):
            added = tokenizer.get_added_tokens_decoder()
            texts = [tokenizer.id_to_token(index) for index in range(tokenizer.get_vocab_size())]
            kinds = [1 if index not in added else 3 if added[index].special else 4 for index in range(len(texts))]
            merges = [" ".join(pair) for pair in document["model"]["merges"]]
            begin = tokenizer.token_to_id(BYTE_LEVEL[name][2][0]) if name == "llama3" else None
            end = tokenizer.token_to_id(BYTE_LEVEL[name][2][-1])
            write_gguf(path, "gpt2", BYTE_LEVEL[name][1], texts, kinds, merges=merges, begin=begin, end=end)
        if name == "mistral":
            write_gguf(path, "llama", "default", tokens, types, scores=scores, begin=1, end=2)


if __name__ == "__main__":
    main()
