"""Writes Sources/BraidInference/Tokenizer/UnicodeTables.swift from what Hugging Face `tokenizers` does to each character.

    pip install tokenizers==0.23.3
    python generate_unicode_tables.py

Character classes are those of its regular expressions, compositions and combining classes those of its NFC and NFD, which
are older. Nothing is taken from another Unicode library, so a text is cut and composed as `tokenizers` does it.
"""

from pathlib import Path

from tokenizers import Regex, normalizers, pre_tokenizers

CATEGORIES = "Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp Cc Cf Co Cn".split()
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefgh"
CODES = [code for code in range(0x110000) if not 0xD800 <= code <= 0xDFFF]
ALL = "".join(map(chr, CODES))
HANGUL = range(0xAC00, 0xD7A4)


def members(pattern: str) -> list[int]:
    splitter = pre_tokenizers.Split(Regex(f"[^{pattern}]+"), "removed")
    return [CODES[index] for _, (start, end) in splitter.pre_tokenize_str(ALL) for index in range(start, end)]


def category_runs() -> str:
    kinds = [LETTERS[CATEGORIES.index("Cn")]] * 0x110000
    for letter, category in zip(LETTERS, CATEGORIES):
        for code in members(rf"\p{{{category}}}"):
            kinds[code] = letter
    runs, start = [], 0
    for code in range(1, 0x110001):
        if code == 0x110000 or kinds[code] != kinds[start]:
            runs.append(kinds[start] + (str(code - start) if code - start > 1 else ""))
            start = code
    return "".join(runs)


def combining_classes() -> list[tuple[int, int, int]]:
    """Ranges (start, count, class), found by the order into which NFD puts two marks; classes are numbered anew from 1."""
    nfd = normalizers.NFD()

    def swaps(pairs: list[str]) -> list[bool]:
        return [text != pair for pair, text in zip(pairs, nfd.normalize_str("a".join(pairs)).split("a"))]

    codes = [code for code in CODES if nfd.normalize_str(chr(code)) == chr(code) and code != ord("a")]
    low = swaps([chr(code) + "\u0334" for code in codes])  # U+0334 has the lowest class there is
    high = swaps(["\u0345" + chr(code) for code in codes])  # U+0345 has the highest
    marks = [code for code, is_above, is_below in zip(codes, low, high) if is_above or is_below or code == 0x345]
    groups: list[list[int]] = []  # ascending; the members of one do not change places
    for mark in marks:
        left, right = 0, len(groups)
        while left < right:
            middle = (left + right) // 2
            other = chr(groups[middle][0])
            is_below, is_above = swaps([other + chr(mark), chr(mark) + other])
            if not is_below and not is_above:
                groups[middle].append(mark)
                break
            left, right = (left, middle) if is_below else (middle + 1, right)
        else:
            groups.insert(left, [mark])
    classes = {mark: number + 1 for number, group in enumerate(groups) for mark in group}
    ranges: list[tuple[int, int, int]] = []
    for mark in sorted(classes):
        if ranges and ranges[-1][0] + ranges[-1][1] == mark and ranges[-1][2] == classes[mark]:
            ranges[-1] = (ranges[-1][0], ranges[-1][1] + 1, classes[mark])
        else:
            ranges.append((mark, 1, classes[mark]))
    return ranges


def decompositions() -> tuple[list[tuple[int, int, int]], list[tuple[int, str]]]:
    """What two characters compose into (composed, first, second), and what only comes apart (code, characters)."""
    nfd, nfc = normalizers.NFD(), normalizers.NFC()
    composed, apart = [], []
    for code in CODES:
        if code in HANGUL:
            continue
        text = nfd.normalize_str(chr(code))
        if text == chr(code):
            continue
        if nfc.normalize_str(text) == chr(code):
            first = nfc.normalize_str(text[:-1])
            assert len(first) == 1 and nfc.normalize_str(first + text[-1]) == chr(code)
            composed.append((code, ord(first), ord(text[-1])))
        else:
            apart.append((code, text))
    return composed, apart


def lines(text: str, width: int = 100) -> str:
    rows = []
    while text:
        cut = len(text) if len(text) <= width else width
        rows.append("        " + text[:cut])
        text = text[cut:]
    return "\\\n".join(rows)


def spaced(words: list[str], width: int = 100) -> str:
    rows, row = [], ""
    for word in words:
        if len(row) + len(word) + 1 > width:
            rows.append(row)
            row = ""
        row += ("" if not row else " ") + word
    return "\n".join("        " + row for row in rows + [row])


def deltas(entries: list[list[int]]) -> list[str]:
    last, words = 0, []
    for entry in entries:
        words.append(",".join([f"{entry[0] - last:x}"] + [f"{value:x}" for value in entry[1:]]))
        last = entry[0]
    return words


def main() -> None:
    assert members(r"\s") == [code for code in CODES if chr(code).isspace() and not 0x1C <= code <= 0x1F]
    composed, apart = decompositions()
    names = ", ".join(f".{name}" for name in CATEGORIES)
    text = f'''/// Character tables, written by `Tests/BraidInferenceTests/Fixtures/generate_unicode_tables.py`; edit that.
enum UnicodeTables {{
    /// The general category of every scalar from 0 on: a letter, and how many scalars in a row if more than one.
    /// `A` is Lu; then {", ".join(CATEGORIES[1:14])},
    /// {", ".join(CATEGORIES[14:])}.
    static let categories = """
{lines(category_runs())}
        """

    /// Combining classes in their order, from 1: distance from the start before, count, class; hexadecimal.
    static let combiningClasses = """
{spaced(deltas([list(entry) for entry in combining_classes()]))}
        """

    /// What two scalars compose into: distance from the composed one before, first, second; hexadecimal.
    static let compositions = """
{spaced(deltas([list(entry) for entry in composed]))}
        """

    /// What comes apart and does not compose again: distance from the one before, its parts; hexadecimal.
    static let decompositions = """
{spaced(deltas([[code, *map(ord, text)] for code, text in apart]))}
        """
}}
'''
    root = Path(__file__).resolve().parents[3]
    (root / "Sources/BraidInference/Tokenizer/UnicodeTables.swift").write_text(text)
    print(len(text), "characters;", len(composed), "compositions;", len(apart), "decompositions;", names)


if __name__ == "__main__":
    main()
