import numpy as np
import pytest
import torch
from unpacked import pairs, prefix_trie

from braid_training.model import MASKED, visibility_mask
from braid_training.packing import Batch, RowPacker, Tree, flatten, target_capacity
from braid_training.trajectories import Segment, Trajectory


def tree_of(*segments: Segment) -> Tree:
    return flatten(Trajectory("t", "adaptive", list(segments)))


# root 10 11, below it b (12, trained) and c (13 14, trained); below b, listed last, d (15, forced) and e (16, trained).
SMALL = tree_of(
    Segment(-1, "prompt", False, False, [10, 11]),
    Segment(0, "main", True, False, [12]),
    Segment(0, "main", True, False, [13, 14]),
    Segment(1, "seed", False, False, [15]),
    Segment(3, "thread", True, False, [16]),
)


def test_a_small_tree_by_hand() -> None:
    assert SMALL.ids.tolist() == [10, 11, 12, 15, 16, 13, 14]
    assert SMALL.positions.tolist() == [0, 1, 2, 3, 4, 2, 3]
    # The first tokens of both children come from token 1; forced token 15 is no target.
    assert list(zip(SMALL.sources.tolist(), SMALL.targets.tolist())) == [(1, 12), (1, 13), (5, 14), (3, 16)]
    seen = visibility_mask(torch.from_numpy(SMALL.spans)[None])[0, 0] == 0
    assert seen.int().tolist() == [
        [1, 0, 0, 0, 0, 0, 0],
        [1, 1, 0, 0, 0, 0, 0],
        [1, 1, 1, 0, 0, 0, 0],
        [1, 1, 1, 1, 0, 0, 0],
        [1, 1, 1, 1, 1, 0, 0],
        [1, 1, 0, 0, 0, 1, 0],
        [1, 1, 0, 0, 0, 1, 1],
    ]


# root 10, threads 11 12 (12 trained) and 13 14 15 (14, 15 trained), the join 16 and the trained 17 after it.
STITCHED = tree_of(
    Segment(-1, "prompt", False, False, [10]),
    Segment(0, "seed", False, False, [11]),
    Segment(1, "thread", True, False, [12]),
    Segment(0, "seed", False, False, [13]),
    Segment(3, "thread", True, False, [14, 15]),
    Segment(0, "join", False, False, [16], stitched=True),
    Segment(5, "main", True, False, [17]),
)


def test_a_stitched_join_by_hand() -> None:
    assert STITCHED.ids.tolist() == [10, 11, 12, 13, 14, 15, 16, 17]
    assert STITCHED.positions.tolist() == [0, 1, 2, 1, 2, 3, 4, 5]
    assert list(zip(STITCHED.sources.tolist(), STITCHED.targets.tolist())) == [(1, 12), (3, 14), (4, 15), (6, 17)]
    seen = visibility_mask(torch.from_numpy(STITCHED.spans)[None])[0, 0] == 0
    assert seen.int().tolist() == [
        [1, 0, 0, 0, 0, 0, 0, 0],
        [1, 1, 0, 0, 0, 0, 0, 0],
        [1, 1, 1, 0, 0, 0, 0, 0],
        [1, 0, 0, 1, 0, 0, 0, 0],
        [1, 0, 0, 1, 1, 0, 0, 0],
        [1, 0, 0, 1, 1, 1, 0, 0],
        [1, 1, 1, 1, 1, 1, 1, 0],
        [1, 1, 1, 1, 1, 1, 1, 1],
    ]


def test_what_a_stitched_join_cannot_be() -> None:
    root = Segment(-1, "prompt", False, False, [10])
    join = Segment(0, "join", False, False, [16], stitched=True)
    with pytest.raises(ValueError, match="needs threads"):
        tree_of(root, join)
    forking = [Segment(0, "seed", False, False, [11]), *[Segment(1, "seed", False, False, [12])] * 2]
    with pytest.raises(ValueError, match="must not fork"):
        tree_of(root, *forking, join)
    silent = Segment(0, "join", False, False, [], stitched=True)
    with pytest.raises(ValueError, match="context"):
        tree_of(root, forking[0], silent, Segment(2, "main", True, False, [17]))


def test_an_empty_segment_hands_its_parent_on() -> None:
    tree = tree_of(
        Segment(-1, "prompt", False, False, [10, 11]),
        Segment(0, "join", False, False, []),
        Segment(1, "main", True, False, [12]),
        Segment(1, "main", True, False, []),
    )
    assert (tree.sources.tolist(), tree.targets.tolist()) == ([1], [12])
    assert tree.positions.tolist() == [0, 1, 2]


def test_nothing_is_predicted_from_nothing() -> None:
    with pytest.raises(ValueError, match="context"):
        tree_of(Segment(-1, "main", True, False, [10]))


def test_trees_hold_the_tries_of_their_sequences(trajectories: list[Trajectory]) -> None:
    for trajectory in trajectories:
        if any(segment.stitched for segment in trajectory.segments):
            continue  # no trie
        tree = flatten(trajectory)
        paths = []
        for i in range(len(tree)):
            ancestors = [j for j in range(i + 1) if i < tree.spans[j, 0]]
            paths.append(tuple(tree.ids[ancestors].tolist()))
            assert tree.positions[i] == len(ancestors) - 1
        sequences = [context + completion for context, completion in pairs(trajectory).values()]
        assert set(paths) == prefix_trie(sequences)

        targets = [(paths[source], target) for source, target in zip(tree.sources, tree.targets)]
        expected = [
            (tuple(context + completion[:i]), token)
            for context, completion in pairs(trajectory).values()
            for i, token in enumerate(completion)
        ]
        assert targets == expected


def test_rows_hold_every_tree_once_and_keep_them_apart() -> None:
    rng = np.random.default_rng(0)
    weights = np.ones(4000, np.float32)
    weights[7] = 3
    packer = RowPacker(row_length=64, rows=4, target_capacity=150, pad_id=0, token_weights=weights)
    added, found = [], []
    for number in range(1, 400):
        while packer.is_ready:
            found += check(packer.batch())
        length = int(rng.integers(2, 60))
        prompt = Segment(-1, "prompt", False, False, [1000 + number])
        tree = tree_of(prompt, Segment(0, "main", True, False, [7] * (length - 1)))
        added.append((1000 + number, length))
        packer.add(tree)
    waiting = [(int(tree.ids[0]), len(tree)) for tree in packer.left_over + packer.waiting]
    assert sorted(found + waiting) == sorted(added)


def check(batch: Batch) -> list[tuple[int, int]]:
    """The trees of a batch by number and length, which must be untouched by their neighbours."""
    mask = visibility_mask(torch.from_numpy(batch.spans))[:, 0] == 0
    flat = batch.ids.reshape(-1)
    used = batch.weights > 0
    assert (batch.weights[used] == 3).all()
    assert (flat[batch.sources[used] + 1] == 7).all()
    assert used.sum() == sum(count for _, count in batch.tasks)
    assert batch.token_count == (batch.ids != 0).sum()
    trees = []
    for row in range(batch.ids.shape[0]):
        starts = np.flatnonzero(batch.ids[row] >= 1000)
        for i in range(batch.ids.shape[1]):
            owner = starts[starts <= i].max() if batch.ids[row, i] else i
            assert np.flatnonzero(mask[row, i].numpy()).tolist() == list(range(owner, i + 1))
            assert batch.positions[row, i] == i - owner
        lengths = np.diff(starts, append=np.count_nonzero(batch.ids[row]))
        trees += zip(batch.ids[row, starts].tolist(), lengths.tolist(), strict=True)
    return trees


def test_what_was_left_over_goes_first() -> None:
    packer = RowPacker(row_length=10, rows=1, target_capacity=10, pad_id=0, token_weights=np.ones(100, np.float32))
    for number, length in enumerate((10, 9, 10), start=1):
        packer.add(tree_of(Segment(-1, "prompt", False, False, [number] * length)))
    order = []
    for _ in range(3):
        order.append(int(packer.batch().ids[0, 0]))
        packer.add(tree_of(Segment(-1, "prompt", False, False, [50] * 10)))
    assert order == [1, 3, 2]


def test_the_mask_bars_everything_else() -> None:
    mask = visibility_mask(torch.from_numpy(SMALL.spans)[None])
    assert mask.dtype == torch.bfloat16
    assert mask.shape == (1, 1, 7, 7)
    assert set(mask.unique().tolist()) == {0.0, float(torch.tensor(MASKED, dtype=torch.bfloat16))}


def test_target_capacity_follows_the_sample() -> None:
    assert target_capacity([SMALL], 4096) == 2432  # 4/7 and a margin, rounded up to 64
    assert target_capacity([], 4096) == 4096
