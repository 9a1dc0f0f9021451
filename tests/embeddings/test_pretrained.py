"""What every pretrained embedding promises, on random weights."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from tests.embeddings import random_weights
from torch import Tensor, nn

from mintage.contracts import Embedder, Examples
from mintage.errors import ConfigError
from mintage.layers.image_features import ImageFeatures
from mintage.registry import find

NAMES = {
    "inception": (random_weights.inception, {"other_weights": True}, ".pth"),
    "efficientnet_lite0": (random_weights.lite0, {}, ".pth"),
    "dinov2": (random_weights.dinov2, {}, ".safetensors"),
    "clip": (random_weights.clip, {}, ".safetensors"),
}


@pytest.fixture(scope="module", params=NAMES)
def named(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Embedder]:
    write, settings, suffix = NAMES[request.param]
    folder = tmp_path_factory.mktemp(request.param)
    weights = write(folder / f"random{suffix}")
    embedding = find("embeddings", request.param)(weights=weights, **settings)
    return request.param, embedding.prepare(Examples(images(1)), folder)


def images(count: int, channels: int = 1, side: int = 28) -> Tensor:
    rng = torch.Generator().manual_seed(count)
    return torch.randint(0, 256, (count, side, side, channels), dtype=torch.uint8, generator=rng)


def test_features_are_finite_float32_of_the_stated_size_and_differ(named: tuple[str, Embedder]) -> None:
    name, embedder = named
    features = embedder(images(3))
    assert features.shape == (3, embedder.dim)
    assert features.dtype == torch.float32
    assert features.device.type == "cpu"
    assert features.isfinite().all()
    assert (features[0] - features[1]).abs().max() > 1e-3
    assert name in embedder.identity
    assert not getattr(embedder, "is_fid", False)


def test_a_sample_does_not_depend_on_its_neighbours_or_its_block(named: tuple[str, Embedder]) -> None:
    embedder = named[1]
    x = images(5)
    whole = embedder(x)
    alone = embedder(x[3:4])
    in_blocks = replace(embedder, block=3)(x)
    scale = whole.abs().max()
    assert (alone[0] - whole[3]).abs().max() < 1e-5 * scale
    assert (in_blocks - whole).abs().max() < 1e-5 * scale


def test_the_same_images_give_the_same_bits(named: tuple[str, Embedder]) -> None:
    assert torch.equal(named[1](images(2)), named[1](images(2)))


def test_grey_is_the_same_as_three_equal_channels(named: tuple[str, Embedder]) -> None:
    x = images(2)
    grey, colour = named[1](x), named[1](x.expand(-1, -1, -1, 3))
    assert (grey - colour).abs().max() < 1e-5 * grey.abs().max()


def test_colour_and_any_size_and_no_images_at_all_are_taken(named: tuple[str, Embedder]) -> None:
    assert named[1](images(1, 3, 40)).isfinite().all()
    assert named[1](images(1)[:0]).shape == (0, named[1].dim)


def test_what_are_no_images_is_refused(named: tuple[str, Embedder]) -> None:
    for x in (images(1).float(), images(1)[0], images(1, 2)):
        with pytest.raises(ValueError, match="uint8"):
            named[1](x)


def test_a_network_never_sees_more_than_a_block() -> None:
    class Watched(nn.Module):
        largest = 0

        def forward(self, x: Tensor) -> Tensor:
            self.largest = max(self.largest, len(x))
            return x.mean((2, 3))

    network = Watched()
    embedder = ImageFeatures(network=network, identity="mean", dim=3, side=8, mean=(0.0,), std=(1.0,), block=16)
    x = images(100, 3, 8)
    assert torch.allclose(embedder(x), x.float().mean((1, 2)))
    assert network.largest == min(64, 16 * torch.get_num_threads())


def test_the_file_of_another_network_is_refused(tmp_path: Path) -> None:
    wrong = random_weights.clip(tmp_path / "clip.safetensors")
    for name, (_, settings, _) in NAMES.items():
        if name != "clip":
            with pytest.raises(ConfigError, match="another network"):
                find("embeddings", name)(weights=wrong, **settings).prepare(Examples(images(1)), tmp_path)
