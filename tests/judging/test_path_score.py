"""Paths that spread as the truth does score best, whatever model drew them."""

from __future__ import annotations

from types import SimpleNamespace

import torch
from torch import Generator, Tensor, nn

from mintage.data.windows import Track, WindowView
from mintage.judging.selection import PathScore


class _Walk(nn.Module):
    """Independent normal steps of one width."""

    def __init__(self, width: float) -> None:
        super().__init__()
        self.width = width

    def path_noise(self, n: int, steps: int, rng: Generator) -> Tensor:
        return torch.randn(n, steps, 2, generator=rng)

    def forward(self, noise: Tensor, condition: Tensor | None = None) -> Tensor:
        return self.width * noise


def score(width: float) -> float:
    moves = torch.randn(600, 2, generator=torch.Generator().manual_seed(0))
    view = WindowView([Track(torch.zeros(600, 2), moves, torch.zeros(640, 0))], 40)
    experiment = SimpleNamespace(
        loop=SimpleNamespace(averager=SimpleNamespace(sampler=_Walk(width))),
        recipe=SimpleNamespace(seed=0), device=torch.device("cpu"),
    )  # fmt: skip
    return PathScore(experiment, SimpleNamespace(selection=view))()


def test_paths_that_spread_as_the_truth_does_score_best() -> None:
    found = {width: score(width) for width in (0.0, 0.4, 1.0, 2.5)}
    assert min(found, key=found.__getitem__) == 1.0
    assert found[1.0] == score(1.0)
