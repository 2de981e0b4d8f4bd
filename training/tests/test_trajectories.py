import json
import random
from pathlib import Path

import pytest
from generator import Generator
from tokenizers import Tokenizer

from braid_training.trajectories import Position, Reader, Segment, Stream, Trajectory, thin


def segment(parent: int, kind: str, useful: bool = False) -> Segment:
    return Segment(parent, kind, kind in ("main", "thread"), useful, [1, 2])


def fork(useful: tuple[bool, ...]) -> Trajectory:
    """prompt, main with one thread per entry of `useful`, join, main."""
    segments = [segment(-1, "prompt"), segment(0, "main")]
    for is_useful in useful:
        segments += [segment(1, "seed"), segment(len(segments), "thread", is_useful)]
    segments += [segment(1, "join"), segment(len(segments), "main")]
    return Trajectory("t", "adaptive", segments)


def test_pieces_are_tokenised_one_by_one(tokenizer: Tokenizer) -> None:
    record = Generator(0).trajectory(2)
    trajectory = Reader(tokenizer).read(json.dumps(record))
    assert tokenizer.decode(trajectory.segments[0].ids, skip_special_tokens=False) == (
        f"<Question>{record['question']}</Question>"
    )
    split = {"parent": -1, "kind": "prompt", "model": False, "pieces": [{"text": "1"}, {"text": "2<pad>"}]}
    record["segments"] = [split]
    ids = Reader(tokenizer).read(json.dumps(record)).segments[0].ids
    assert [tokenizer.id_to_token(id) for id in ids[:3]] == ["1", "2", "<"]


def test_small_forks_stay() -> None:
    trajectory = fork((False, True, False))
    assert thin(trajectory, 3, random.Random(0)) is trajectory


@pytest.mark.parametrize("seed", range(20))
def test_a_useful_thread_and_the_join_stay(seed: int) -> None:
    thinned = thin(fork((False, False, False, True, False, True, False)), 3, random.Random(seed)).segments
    assert [segment.kind for segment in thinned] == ["prompt", "main", *["seed", "thread"] * 3, "join", "main"]
    assert any(segment.useful for segment in thinned)
    assert [segment.parent for segment in thinned] == [-1, 0, 1, 2, 1, 4, 1, 6, 1, 8]


def test_losers_are_drawn_at_random() -> None:
    segments = fork((False,) * 5).segments
    for i, thread in enumerate(segments):
        thread.ids.append(i)
    kept = set()
    for seed in range(60):
        thinned = thin(Trajectory("t", "adaptive", segments), 3, random.Random(seed))
        kept.add(tuple(segment.ids[-1] for segment in thinned.segments if segment.kind == "thread"))
    assert len(kept) == 10


@pytest.mark.parametrize("seed", range(20))
def test_a_thread_goes_with_the_threads_inside_it(seed: int) -> None:
    segments = [segment(-1, "prompt"), segment(0, "main")]
    for _ in range(4):
        outer = len(segments)
        segments += [segment(1, "seed"), segment(outer, "thread")]
        for _ in range(3):
            segments += [segment(outer + 1, "seed"), segment(len(segments), "thread")]
        segments += [segment(outer + 1, "join"), segment(len(segments), "thread", useful=outer == 2)]
    segments += [segment(1, "join"), segment(len(segments), "main")]
    thinned = thin(Trajectory("t", "adaptive", segments), 2, random.Random(seed)).segments
    line = ["seed", "thread", *["seed", "thread"] * 2, "join", "thread"]
    assert [segment.kind for segment in thinned] == ["prompt", "main", *line * 2, "join", "main"]
    assert any(segment.useful for segment in thinned)


def test_a_thread_that_carries_the_main_line_stays() -> None:
    segments = [segment(-1, "prompt"), segment(0, "main"), segment(1, "seed"), segment(2, "main")]
    for _ in range(4):
        segments += [segment(1, "seed"), segment(len(segments), "thread")]
    for seed in range(20):
        thinned = thin(Trajectory("t", "adaptive", segments), 1, random.Random(seed)).segments
        assert [segment.kind for segment in thinned[:4]] == ["prompt", "main", "seed", "main"]
        assert len(thinned) == 6


def test_the_stream_goes_on_where_it_stood(tokenizer: Tokenizer, tmp_path: Path) -> None:
    shards = [Generator(seed).write(tmp_path / f"{seed}.jsonl", 5) for seed in (1, 2)]
    (tmp_path / "empty.jsonl").touch()
    shards.insert(1, tmp_path / "empty.jsonl")
    reader = Reader(tokenizer)
    whole = Stream(shards, reader, 2, seed=3)
    items = [item for item, _ in zip(whole, range(25))]
    for stop in (0, 3, 5, 10, 17):
        first = Stream(shards, reader, 2, seed=3)
        for _, _ in zip(range(stop), first):
            pass
        rest = Stream(shards, reader, 2, seed=3, position=first.position)
        assert [item for item, _ in zip(rest, range(25 - stop))] == items[stop:]
    assert whole.position.epoch == 2
    assert [item.segments[0] for item in items[:10]] == [item.segments[0] for item in items[10:20]]
    assert items[:10] != items[10:20]


def test_no_data_is_an_error(tokenizer: Tokenizer, tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").touch()
    with pytest.raises(ValueError, match="no data"):
        Stream([tmp_path / "empty.jsonl"], Reader(tokenizer), 3, 0, Position())
