"""The domain embedding learns from the examples themselves, keeps what it learned, and says when it had too little."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from tests.metrics.quadrants import quadrants

from mintage.contracts import Examples
from mintage.embeddings.domain import Domain
from mintage.errors import DataError

QUICK = Domain(steps=20, dim=16)
REAL = quadrants(400, seed=0)


def test_features_have_the_shape_and_name_that_they_claim(tmp_path: Path) -> None:
    embedder = QUICK.prepare(REAL, tmp_path)
    points = embedder(REAL.x)
    assert points.shape == (400, embedder.dim) == (400, 16)
    assert points.dtype == torch.float32
    assert points.isfinite().all()
    assert embedder.identity.startswith("domain-")
    assert len(embedder.identity) == len("domain-") + 8
    assert embedder.remark == ""


@pytest.mark.parametrize("real", [REAL, Examples(REAL.x)], ids=["by classes", "by views"])
def test_the_same_examples_give_the_same_network_with_and_without_the_cache(real: Examples, tmp_path: Path) -> None:
    first = QUICK.prepare(real, tmp_path / "one")
    (file,) = (tmp_path / "one").rglob("*.safetensors")
    written = file.stat().st_mtime_ns
    cached, anew = QUICK.prepare(real, tmp_path / "one"), QUICK.prepare(real, tmp_path / "other")
    assert file.stat().st_mtime_ns == written
    assert first.identity == cached.identity == anew.identity
    assert torch.equal(first(real.x), cached(real.x))
    assert torch.equal(first(real.x), anew(real.x))


def test_other_examples_labels_or_settings_give_another_network(tmp_path: Path) -> None:
    identities = {
        embedding.prepare(real, tmp_path).identity
        for embedding, real in (
            (QUICK, REAL),
            (QUICK, Examples(REAL.x)),
            (QUICK, quadrants(400, seed=1)),
            (Domain(steps=20, dim=16, seed=1), REAL),
        )
    }
    assert len(identities) == 4


@pytest.mark.parametrize("damage", [b"", b"rubbish", None])
def test_a_damaged_cache_is_trained_again(damage: bytes | None, tmp_path: Path) -> None:
    before = QUICK.prepare(REAL, tmp_path)
    (file,) = tmp_path.rglob("*.safetensors")
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2] if damage is None else damage)
    assert QUICK.prepare(REAL, tmp_path).identity == before.identity
    assert file.read_bytes() == whole


@pytest.mark.parametrize("real", [REAL, Examples(REAL.x)], ids=["by classes", "by views"])
def test_alike_examples_come_to_lie_near(real: Examples, tmp_path: Path) -> None:
    points = Domain(steps=60).prepare(real, tmp_path)(quadrants(400, seed=5).x)
    centres = torch.stack([points[::2][kind::4].mean(0) for kind in range(2)])  # of classes 0 and 2
    unseen, truth = points[::2], torch.arange(200) % 2  # ::2 leaves the classes 0, 2, 0, 2 ...
    assert (torch.cdist(unseen, centres).argmin(1) == truth).float().mean() > 0.9


def test_few_examples_and_few_of_a_class_are_said(tmp_path: Path) -> None:
    assert "only 60 real examples" in QUICK.prepare(quadrants(60, seed=0), tmp_path).remark
    every = Examples(REAL.x, torch.arange(400) // 4)
    assert "without the 100 classes" in QUICK.prepare(every, tmp_path).remark


def test_what_are_no_images_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="two or more images"):
        QUICK.prepare(Examples(torch.zeros(50, 7)), tmp_path)
    with pytest.raises(DataError, match="two or more images"):
        QUICK.prepare(REAL.rows(slice(0, 1)), tmp_path)


def test_colour_images_of_odd_sizes_pass(tmp_path: Path) -> None:
    x = torch.randint(256, (24, 50, 70, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    assert Domain(steps=1).prepare(Examples(x), tmp_path)(x).shape == (24, 128)


def test_its_perceptual_distance_is_of_the_same_network(tmp_path: Path) -> None:
    distance, embedder = QUICK.perceptual(REAL, tmp_path), QUICK.prepare(REAL, tmp_path)
    assert distance.identity == embedder.identity
    assert not distance.is_general
    assert len(distance.stages) == 1  # one halving from 8 pixels on
    assert torch.equal(distance.of_pictures(REAL.x[:8], REAL.x[:8]), torch.zeros(8))
    assert (distance.of_pictures(REAL.x[:8], REAL.x[1:9]) > 0).all()
    assert distance(torch.zeros(2, 1, 40, 24), torch.ones(2, 1, 40, 24)).shape == (2,)
