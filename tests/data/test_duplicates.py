"""Exact and near copies: planted ones are found, look-alikes are not, and the work stays bounded."""

from __future__ import annotations

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from mintage.data import duplicates as found

SIDE = 32


def scenes(count: int, seed: int = 0) -> NDArray[np.uint8]:
    """Smooth random pictures, as unlike each other as photographs are."""
    small = np.random.default_rng(seed).integers(0, 256, (count, 6, 6, 3), dtype=np.uint8)
    return np.stack([np.asarray(Image.fromarray(scene).resize((SIDE, SIDE))) for scene in small])


def near(x: NDArray[np.uint8]) -> list[tuple[int, int]]:
    pairs = found.near_copies(x, np.arange(len(x)), found.thumbnails(x)).pairs
    return [(first, second) for first, second in pairs.tolist()]


def test_exact_copies_are_grouped_in_order() -> None:
    x = scenes(8)
    x[5] = x[2]
    x[7] = x[2]
    x[6] = x[0]
    groups = found.exact_copies(found.digests(x))
    assert [group.tolist() for group in groups] == [[0, 6], [2, 5, 7]]


def test_planted_near_copies_are_found_and_nothing_else() -> None:
    x = scenes(300)
    x[17] = np.clip(x[3] + np.random.default_rng(1).normal(0, 3, x[3].shape), 0, 255)
    x[40] = np.clip(x[90].astype(int) + 3, 0, 255)
    assert near(x) == [(3, 17), (40, 90)]


def test_a_picture_recompressed_as_jpeg_is_a_near_copy() -> None:
    x = scenes(50)
    file = io.BytesIO()
    Image.fromarray(x[4]).save(file, "JPEG", quality=90, subsampling=0)
    x[33] = np.asarray(Image.open(file))
    assert near(x) == [(4, 33)]


def test_plain_pictures_with_equal_hashes_are_told_apart_by_their_pixels() -> None:
    x = np.stack([np.full((SIDE, SIDE, 1), level, np.uint8) for level in range(0, 250, 10)])
    assert len(set(found.difference_hashes(found.thumbnails(x)).tolist())) == 1
    assert near(x) == []


def test_dark_pictures_are_not_the_same_for_being_dark() -> None:
    x = np.zeros((2, SIDE, SIDE, 1), np.uint8)
    x[0, 4:6, 4:20] = 90
    x[1, 6:8, 4:20] = 90
    assert np.abs(x[0].astype(int) - x[1]).mean() < 6
    assert near(x) == []


def test_thumbnails_are_means_of_equal_areas() -> None:
    x = np.random.default_rng(0).integers(0, 256, (3, 16, 18, 2), dtype=np.uint8)
    wanted = np.rint(x.reshape(3, 8, 2, 9, 2, 2).mean(axis=(2, 4, 5)))
    assert np.abs(found.thumbnails(x) - wanted).max() <= 1
    assert (found.thumbnails(np.full((1, 7, 5, 1), 255, np.uint8)) == 255).all()


def test_ones_are_counted() -> None:
    words = np.array([0, 1, 2**64 - 1, 0xF0F0, 2**63], np.uint64)
    assert found._count_bits(words).tolist() == [0, 1, 64, 8, 1]


@pytest.mark.parametrize("flips", [1, 2, 3])
def test_every_pair_within_three_bits_is_a_candidate(flips: int) -> None:
    rng = np.random.default_rng(flips)
    hashes = rng.integers(0, 2**64, 400, dtype=np.uint64)
    for row in range(0, 200, 2):
        word = int(hashes[row])
        for bit in rng.choice(64, flips, replace=False).tolist():
            word ^= 1 << bit
        hashes[row + 200] = word
    pairs, is_complete = found._candidates(hashes)
    assert is_complete
    assert {(row, row + 200) for row in range(0, 200, 2)} <= {(a, b) for a, b in pairs.tolist()}


def test_the_worst_case_stays_bounded_and_says_that_it_is_incomplete() -> None:
    pairs, is_complete = found._candidates(np.zeros(20_000, np.uint64))
    assert not is_complete
    assert len(pairs) < 1_000_000, "and not 200 million"


def test_nothing_and_one_have_no_copies() -> None:
    for count in (0, 1):
        x = np.zeros((count, 8, 8, 1), np.uint8)
        assert near(x) == []
        assert found.exact_copies(np.zeros(count, np.uint64)) == []
