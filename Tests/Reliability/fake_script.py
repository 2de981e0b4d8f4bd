"""What the fake engine says: a function of the context alone, so that a run that goes on elsewhere, or again, must come
to the same text, and everything that was lost on the way is seen.

A question carries its script, as `{"fake": 1, "width": 4}`; anything may stand around it. Fields, all optional:

    seed      decides every word
    forks     blocks of the main line, one after the other
    width     threads of a block, at most
    depth     how deep threads fork
    words     words of each stretch of text, at most
    answer    words of the answer
    pace      seconds for a token
    prefill   seconds before the first token
    gate      what must be opened at the engine before the first token
    blob      bytes of a tool call that comes first, in a chat
    runaway   a model that does not know when to stop, see `RUNAWAYS`
    joins     of a runaway: whether the main line answers once it has seen a join
"""

import json
import random
import re

TAGS = ["<Question>", "</Question>", "<Parallel>", "</Parallel>", "<Outlines>", "</Outlines>", "<Outline>",
        "</Outline>", "<Thread>", "</Thread>", "<Return>", "</Return>", "<Answer>", "</Answer>"]
WORDS = [f" {first}{second}" for first in ("ba", "de", "fi", "go", "ku", "la", "me", "no")
         for second in ("ri", "sa", "to", "vu", "we", "xi", "yo", "zan")]
PIECES = TAGS + WORDS
FIRST_ID = 100
FIRST_WORD = FIRST_ID + len(TAGS)
FIRST_CHARACTER = 10_000
IDS = {piece: FIRST_ID + index for index, piece in enumerate(PIECES)}
SPLIT = re.compile("|".join(map(re.escape, sorted(PIECES, key=len, reverse=True))) + "|.", re.DOTALL)
QUESTION = re.compile(r'\{"fake":[^{}]*\}')
RETURNS = re.compile(r"(?:<Return>\d+:[^<]*</Return>)*")
THREAD = re.compile(r"<Thread>(\d+):[^\n]*\n")
# Tags at which Braid looks up; an engine without stops by id takes its time behind them.
ENDS = {"</Outlines>", "</Thread>", "</Answer>"}
END_OF_TEXT = "<end>"
# What runs away: forks without end, text without end, outlines without end, nothing at all.
RUNAWAYS = ["forks", "text", "outlines", "outline", "hollow", "silent", "repeats", "noise"]


def encode(text):
    """Token ids of a text; tags are read in it, as by engines that do not guard against them."""
    return [IDS.get(piece, FIRST_CHARACTER + ord(piece[0])) for piece in SPLIT.findall(text)]


def decode(ids):
    return "".join(
        chr(id - FIRST_CHARACTER) if id >= FIRST_CHARACTER else PIECES[id - FIRST_ID] for id in ids)


def question(**script):
    """A question with a script."""
    return json.dumps({"fake": 1, **script})


def script(text):
    """The script that stands in a context, or the standard one."""
    found = QUESTION.findall(text)
    return json.loads(found[-1]) if found else {"fake": 0, "words": 3, "forks": 0}


class Fork:
    """Where a line forks: its threads by number, each a line."""

    def __init__(self, lines):
        self.lines = lines


class Plan:
    """Everything that the model would say to one question."""

    def __init__(self, script):
        self.random = random.Random(script.get("seed", 0))
        self.words = max(1, script.get("words", 8))
        self.width = max(1, script.get("width", 3))
        self.depth = script.get("depth", 1)
        self.answer = "".join(self.text(script.get("answer", 2)))
        self.main = []
        for _ in range(script.get("forks", 1)):
            self.main += self.text() + self.block(self.depth)
        self.main += self.text() + ["<Answer>"] + [piece for piece in SPLIT.findall(self.answer)] + ["</Answer>"]

    def text(self, count=None):
        return [self.random.choice(WORDS) for _ in range(count or self.random.randint(1, self.words))]

    def block(self, depth):
        if depth < 1:
            return []
        pieces = ["<Parallel>", "<Outlines>"]
        lines = {}
        for number in range(1, self.random.randint(1, self.width) + 1):
            pieces += ["<Outline>", *f"{number}:", *self.text(), "</Outline>"]
            lines[number] = self.thread(depth - 1)
        return pieces + ["</Outlines>", Fork(lines)]

    def thread(self, depth):
        line = self.text()
        if depth > 0 and self.random.random() < 0.6:
            line = line + self.block(depth) + self.text()
        return line + ["<Return>"] + self.text() + ["</Return>", "</Thread>"]

    def lines(self):
        """The text that each line writes, by its path."""
        found = {}

        def visit(path, line):
            found[path] = "".join(piece for piece in line if isinstance(piece, str))
            count = 0
            for fork in (piece for piece in line if isinstance(piece, Fork)):
                for number in sorted(fork.lines):
                    visit(f"{path}.{count + number}", fork.lines[number])
                count += len(fork.lines)

        visit("0", self.main)
        return found


class Continuation:
    """What comes next, and where the context stands."""

    def __init__(self, pieces, is_warm_up=False, is_known=True):
        self.pieces, self.is_warm_up, self.is_known = pieces, is_warm_up, is_known


def continuation(context):
    """What the model says next: pieces, perhaps without end; each is one token."""
    asked = script(context)
    if asked["fake"] == 0:
        return Continuation(iter([WORDS[0]]))
    # A context that ends before the question does is a prompt in a chat's words.
    parts = context.split("</Question>", 1)
    if len(parts) < 2:
        plan = Plan({**asked, "forks": 0})
        return Continuation(iter([*plan.text(), *SPLIT.findall(f"\nAnswer:{plan.answer}")]))
    if asked.get("runaway"):
        return Continuation(runaway(asked, parts[1]))
    return walk(Plan(asked).main, parts[1])


def walk(line, text):
    for index, piece in enumerate(line):
        if isinstance(piece, Fork):
            returns = RETURNS.match(text).end()
            behind = text[returns:]
            thread = THREAD.match(behind)
            if behind.startswith("</Parallel>"):
                text = behind.removeprefix("</Parallel>")
            elif thread and int(thread[1]) in piece.lines:
                return walk(piece.lines[int(thread[1])], behind[thread.end():])
            elif returns > 0 and not behind:
                return Continuation(iter([WORDS[0]]), is_warm_up=True)
        elif not text:
            return Continuation(piece for piece in line[index:] if isinstance(piece, str))
        elif text.startswith(piece):
            text = text.removeprefix(piece)
        else:
            return Continuation(iter([WORDS[0]]), is_known=False)
    return Continuation(iter([]), is_known=not text)


def runaway(asked, text):
    kind = asked["runaway"]
    in_thread = "<Thread>" in text
    if asked.get("joins") and not in_thread and text.endswith("</Parallel>"):
        yield from ["<Answer>", " bari", "</Answer>"]
        return
    if asked.get("joins") and not in_thread and kind not in ("forks", "hollow"):
        yield from ["<Parallel>", "<Outlines>", "<Outline>", *"1:", " bari", "</Outline>", "</Outlines>"]
    if kind == "silent":
        return
    if kind in ("forks", "hollow"):
        if kind == "hollow" and in_thread:
            yield "</Thread>"
            return
        while True:
            yield from ["<Parallel>", "<Outlines>"]
            for number in range(1, 9):
                yield from ["<Outline>", *f"{number}:", " bari", "</Outline>"]
            yield "</Outlines>"
    if kind in ("outlines", "outline"):
        yield from ["<Parallel>", "<Outlines>"]
        if kind == "outline":
            yield from ["<Outline>", *"1:"]
            while True:
                yield " bari"
        for number in range(1, 100_001):
            yield from ["<Outline>", *f"{number}:", " bari", "</Outline>"]
        yield "</Outlines>"
    stray = ["</Parallel>", "<Return>", "</Outline>", "<Thread>", "</Outlines>", "<Outline>", " bari", "</Return>"]
    draws = random.Random(len(text))
    while True:
        if kind == "noise":
            yield draws.choice(stray)
        elif kind == "repeats":
            yield from WORDS[:4]
        else:
            yield draws.choice(WORDS)
