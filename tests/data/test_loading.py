"""Batches are a pure function of the step."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from mintage.augment.flip import Flip
from mintage.augmentation import Pipeline
from mintage.data.loading import Cut, Stream
from mintage.opening import Data, open_data
from mintage.recipe import DataSettings


@pytest.fixture
def data(photos: Path, tmp_path: Path) -> Data:
    return open_data(DataSettings(path=photos), {}, 0, tmp_path)[0]


def stream(data: Data, cut: Cut, workers: int = 0) -> Stream:
    return Stream(data.train, cut, 5, augment=Pipeline([Flip()], probability=0.5), workers=workers)


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_workers_change_nothing(data: Data, workers: int) -> None:
    alone, threaded = stream(data, Cut(8)), stream(data, Cut(8), workers)
    for step in [0, 1, 2, 40, 41, 3]:  # a resumed run starts anywhere
        (expected,), (got,) = alone(step), threaded(step)
        assert torch.equal(got.x, expected.x)
        assert got.condition is not None
        assert expected.condition is not None
        assert torch.equal(got.condition, expected.condition)
    threaded.close()


def test_micro_batches_and_processes_see_parts_of_the_same_batch(data: Data) -> None:
    (whole,) = stream(data, Cut(8))(7)
    parts = [part for rank in (0, 1) for part in stream(data, Cut(8, parts=2, rank=rank, world=2))(7)]
    assert torch.equal(torch.cat([part.x for part in parts]), whole.x)
    draw = torch.Generator
    cut = [p.cut(lambda n: torch.rand(n, 3, generator=draw().manual_seed(1))) for p in parts]
    assert torch.equal(torch.cat(cut), whole.cut(lambda n: torch.rand(n, 3, generator=draw().manual_seed(1))))
