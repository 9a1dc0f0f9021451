"""Parts of the data as they are seen: partners stay together, strangers mix, windows and damage are reproducible."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mintage.codecs.image import ImageCodec
from mintage.data.grouping import Listed
from mintage.data.packed import Packed
from mintage.data.view import Origin, Rows, View
from mintage.degradation import read_chain

CODEC = ImageCodec(size=8, channels=3)


def packed(count: int, first: int = 0, side: int = 8) -> Packed:
    """Flat pictures, each of the level of its row."""
    levels = np.arange(first, first + count, dtype=np.uint8)
    return Packed(np.tile(levels[:, None, None, None], (1, side, side, 3)), None, (), CODEC, "")


def listed(*rows: int) -> Listed:
    return Listed(np.array(rows, np.int64))


def aligned(**more: object) -> View:
    """Targets 0..9, of which 4 is in another part; the input of target k is row 9 - k, of level 100 + 9 - k."""
    part = listed(3, 1, 0, 2, 5, 9, 8, 7, 6)
    return View(packed(10), part, Origin(packed(10, 100), part, 9 - np.arange(10)), **more)  # type: ignore[arg-type]


def unaligned() -> View:
    return View(packed(10), listed(*range(8)), Origin(packed(20, 100), listed(*range(5, 20))))


def levels(x: torch.Tensor | None) -> list[int]:
    assert x is not None
    return x[:, 0, 0, 0].tolist()


def test_aligned_partners_stay_together_in_training_and_judging() -> None:
    view = aligned()
    for rows in (view.order(0, 40, 1), view.head(0, 9), view.head(4, 3)):
        x, beside = view.gather(rows)
        assert levels(beside) == [100 + 9 - level for level in levels(x)]
    assert view.is_aligned
    assert view.num_inputs == len(view) == 9


def test_an_epoch_shows_each_pair_once_and_the_next_in_another_order() -> None:
    view = aligned()
    first, second = view.order(0, 9, 1).x, view.order(9, 9, 1).x
    assert sorted(first) == sorted(second) == [0, 1, 2, 3, 5, 6, 7, 8, 9]
    assert first.tolist() != second.tolist()
    assert view.order(4, 9, 1).x.tolist() == [*first[4:], *second[:4]]


def test_unaligned_sides_each_have_their_own_order_and_epoch() -> None:
    view = unaligned()
    rows = view.order(0, 120, 0)
    assert rows.beside is not None
    assert sorted(rows.x[:8]) == list(range(8))
    assert sorted(rows.beside[:15]) == list(range(5, 20))
    assert len({(a, b) for a, b in zip(rows.x, rows.beside, strict=True)}) > 60  # of 120 that there are
    assert not view.is_aligned
    assert (len(view), view.num_inputs) == (8, 15)


def test_sides_of_one_length_do_not_march_in_step() -> None:
    part = listed(*range(50))
    view = View(packed(50), part, Origin(packed(50, 100), part))
    rows = view.order(0, 50, 0)
    assert rows.beside is not None
    assert (rows.x == rows.beside).mean() < 0.2


def test_an_order_is_the_same_however_it_is_cut() -> None:
    view = unaligned()
    whole = view.order(10, 30, 3)
    assert whole.beside is not None
    for first in (0, 7, 29):
        part, cut = view.order(10 + first, 1, 3), whole.cut(first, 1)
        assert part.beside is not None
        assert cut.beside is not None
        assert (part.x[0], part.beside[0]) == (cut.x[0], cut.beside[0])


def test_judging_goes_in_the_order_of_the_part_and_sides_end_where_they_end() -> None:
    view = unaligned()
    batch = view.batch(4, 8)
    assert batch.condition is not None
    assert (len(batch.x), len(batch.condition)) == (4, 8)
    assert torch.equal(batch.condition[0], CODEC.expand(torch.full((1, 8, 8, 3), 109, dtype=torch.uint8))[0])


def picture(side: int) -> Packed:
    """One picture whose levels are its places."""
    levels = np.arange(side * side, dtype=np.uint8).reshape(1, side, side, 1)
    return Packed(levels, None, (), ImageCodec(size=side, channels=1), "")


def test_a_window_reaches_every_corner_and_judging_sees_the_middle() -> None:
    view = View(picture(8), listed(0), window=4)
    rows = Rows(np.zeros(3, np.int64))
    x, _ = view.gather(rows, torch.tensor([[0.0, 0.0], [0.999999, 0.999999], [0.0, 0.5]]))
    assert levels(x) == [0, 4 * 8 + 4, 2]
    assert x.shape == (3, 4, 4, 1)
    assert levels(view.gather(rows)[0]) == [2 * 8 + 2] * 3
    assert view.examples(1).x.shape == (1, 4, 4, 1)


def test_every_place_of_a_window_is_as_likely_as_another() -> None:
    view = View(picture(8), listed(0), window=6)
    shares = torch.rand(9000, 2, generator=torch.Generator().manual_seed(0))
    x, _ = view.gather(Rows(np.zeros(9000, np.int64)), shares)
    counts = np.unique(levels(x), return_counts=True)[1]
    assert len(counts) == 9
    assert counts.min() > 900


def test_partners_are_seen_through_the_same_window() -> None:
    part, gradient = listed(0), picture(8)
    view = View(gradient, part, Origin(gradient, part, np.zeros(1, np.int64)), window=4)
    x, beside = view.gather(Rows(np.zeros(5, np.int64), np.zeros(5, np.int64)), torch.rand(5, 2))
    assert beside is not None
    assert torch.equal(x, beside)


@pytest.mark.parametrize("steps", [{"noise": {}}, {"blur": {}, "jpeg": {}}, {"mask": {}}])
def test_damage_is_the_same_at_every_call_and_however_a_part_is_cut(steps: dict[str, dict[str, object]]) -> None:
    view = View(packed(12, 50, side=16), listed(*range(12)), degrade=read_chain(steps))
    whole, again, part = view.batch(0, 12), view.batch(0, 12), view.batch(5, 3)
    assert whole.condition is not None
    assert again.condition is not None
    assert part.condition is not None
    assert torch.equal(whole.condition, again.condition)
    assert torch.allclose(whole.condition[5:8], part.condition, atol=1e-6)
    assert not torch.equal(whole.condition[5], whole.condition[6])
    assert view.is_aligned
