"""What belongs together is held out together, on every side, and no part of a side is needlessly empty."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mintage.data.grouping import Listed, group_of, split_by_group

Parts = tuple[Listed, Listed, Listed]


def names_of(side: list[str], part: Listed) -> list[str]:
    return [side[row] for row in part.rows]


def groups_of(side: list[str], part: Listed) -> set[str]:
    return {group_of(name) for name in names_of(side, part)}


def tiles(photos: int, each: int = 12) -> list[str]:
    return [f"{photo}.jpg#{x},0" for photo in range(photos) for x in range(each)]


def test_tiles_of_a_photograph_never_fall_on_both_sides() -> None:
    side = tiles(40)
    (parts,) = split_by_group([side], 0.2, 3, most=10_000)
    train, selection, heldout = (groups_of(side, part) for part in parts)
    assert not train & selection
    assert not train & heldout
    assert not selection & heldout
    assert [len(groups) for groups in (train, selection, heldout)] == [32, 2, 6]
    assert sorted(row for part in parts for row in part.rows) == list(range(len(side)))


def test_the_two_sides_of_a_name_never_fall_on_both_sides() -> None:
    a, b = [f"{k}.png" for k in range(60)], [f"{k}.jpg" for k in range(90, 20, -1)]
    ours, theirs = split_by_group([a, b], 0.2, 0, most=10_000)
    for mine in range(3):
        for other in range(3):
            if mine != other:
                assert not groups_of(a, ours[mine]) & groups_of(b, theirs[other])
    assert all(len(part) for part in (*ours, *theirs))


def test_sides_of_the_same_names_list_them_in_the_same_order() -> None:
    a, b = [f"{k}.png" for k in range(50)], [f"{k}.webp" for k in reversed(range(50))]
    ours, theirs = split_by_group([a, b], 0.2, 5, most=10_000)
    for mine, other in zip(ours, theirs, strict=True):
        assert [group_of(n) for n in names_of(a, mine)] == [group_of(n) for n in names_of(b, other)]


def test_the_split_is_of_names_and_seed_and_not_of_the_order_of_files() -> None:
    side = tiles(30, 4)
    mixed = [side[k] for k in np.random.default_rng(0).permutation(len(side))]
    (one,), (other,) = split_by_group([side], 0.2, 7, most=999), split_by_group([mixed], 0.2, 7, most=999)
    assert [names_of(side, part) for part in one] == [names_of(mixed, part) for part in other]
    (another,) = split_by_group([side], 0.2, 8, most=999)
    assert groups_of(side, one[2]) != groups_of(side, another[2])


def test_no_more_are_held_out_than_asked_for() -> None:
    side = tiles(100, 10)
    ((train, selection, heldout),) = split_by_group([side], 0.5, 0, most=95)
    assert len(selection) + len(heldout) == 90
    assert len(train) == 910
    ((train, selection, heldout),) = split_by_group([tiles(3, 100)], 0.5, 0, most=60)
    assert (len(train), len(selection), len(heldout)) == (200, 0, 60)  # a part of the one photograph, and none learned


@settings(max_examples=60, deadline=None)
@given(
    a=st.sets(st.integers(0, 30), min_size=1, max_size=12),
    b=st.sets(st.integers(0, 30), min_size=1, max_size=12),
    share=st.sampled_from([0.05, 0.1, 0.5, 0.9]),
    seed=st.integers(0, 99),
)
def test_small_sides_keep_something_to_learn_from_and_something_to_judge_by(
    a: set[int], b: set[int], share: float, seed: int
) -> None:
    sides = [[f"{k}.png" for k in side] for side in (a, b)]
    parts = split_by_group(sides, share, seed, most=1_000)
    for side, (train, selection, heldout) in zip(sides, parts, strict=True):
        assert len(train)
        assert len(side) == len(train) + len(selection) + len(heldout)
        assert len(heldout) or len(side) == 1
        assert bool(len(selection)) == bool(len(parts[0][1]))
        assert len(selection) == 0 or len(heldout)


def test_one_photograph_is_learned_and_not_held_out() -> None:
    for share in (0.1, 0.9):
        ((train, selection, heldout),) = split_by_group([tiles(1)], share, 0, most=99)
        assert (len(train), len(selection), len(heldout)) == (12, 0, 0)


def test_nothing_is_held_out_where_nothing_shall_be() -> None:
    ((train, selection, heldout),) = split_by_group([tiles(5)], 0.0, 0, most=99)
    assert (len(train), len(selection), len(heldout)) == (60, 0, 0)


@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("a.png", "a"), ("x/a.b.jpg", "x/a.b"), ("a.jpg#64,0", "a"), ("x.y/a", "x.y/a"), ("U+263A #1.png", "U+263A #1"),
    ],
)  # fmt: skip
def test_a_group_is_the_path_without_suffix_and_tile(name: str, group: str) -> None:
    assert group_of(name) == group
