"""Phrases: like passages lie near, whatever was not learned from too; the same text gives the same space."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from mintage.contracts import Examples
from mintage.embeddings.phrases import Phrases
from mintage.errors import DataError


def passages(first: int, seed: int, count: int = 60) -> torch.Tensor:
    """Walks over a few neighbouring tokens."""
    rng = torch.Generator().manual_seed(seed)
    return first + torch.randint(0, 3, (count, 40), generator=rng).cumsum(1) % 8


def test_two_manners_of_writing_lie_apart(tmp_path: Path) -> None:
    embed = Phrases(dim=8, buckets=1024).prepare(Examples(torch.cat([passages(0, 1), passages(8, 2)])), tmp_path)
    a, again, b = embed(passages(0, 3)), embed(passages(0, 4)), embed(passages(8, 5))
    assert a.shape == (60, embed.dim) == (60, 8)
    apart, near = (a.mean(0) - b.mean(0)).norm(), (a.mean(0) - again.mean(0)).norm()
    assert apart > 5 * near


def test_the_same_text_gives_the_same_space(tmp_path: Path) -> None:
    one, two, other = (Phrases(dim=4).prepare(Examples(passages(0, seed)), tmp_path) for seed in (1, 1, 2))
    assert one.identity == two.identity != other.identity
    assert one.identity.startswith("phrases-")
    assert "only 60 passages" in one.remark


def test_pictures_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="int64 tokens"):
        Phrases().prepare(Examples(torch.zeros(20, 8, 8, 1, dtype=torch.uint8)), tmp_path)
