"""Inception: only the weights of FID are FID's, and resizing is what it says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from tests.embeddings import random_weights

from mintage.contracts import Examples
from mintage.embeddings.inception import Inception, _tensorflow
from mintage.errors import ConfigError
from mintage.layers.image_features import ImageFeatures, bicubic


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return random_weights.inception(tmp_path_factory.mktemp("inception") / "random.pth")


@pytest.fixture(scope="module")
def x() -> torch.Tensor:
    return torch.randint(0, 256, (3, 32, 32, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def prepared(weights: Path, resize: str = "clean") -> ImageFeatures:
    settings = Inception.read({"weights": weights, "resize": resize, "other_weights": True})
    return settings.prepare(Examples(torch.zeros(0)), weights.parent)


def test_other_weights_are_refused_unless_asked_for_and_never_called_fid(weights: Path) -> None:
    with pytest.raises(ConfigError, match="6726825d"):
        Inception(weights=weights).prepare(Examples(torch.zeros(0)), weights.parent)
    embedder = prepared(weights)
    assert embedder.identity.startswith("other-inception-")
    assert not embedder.is_fid


def test_the_way_of_resizing_is_part_of_the_identity_and_of_the_features(weights: Path, x: torch.Tensor) -> None:
    clean, legacy, pytorch = (prepared(weights, resize) for resize in ("clean", "legacy", "pytorch"))
    assert len({each.identity for each in (clean, legacy, pytorch)}) == 3
    features = clean(x)
    assert (features - legacy(x)).abs().max() > 1e-3
    assert (features - pytorch(x)).abs().max() > 1e-3


@pytest.mark.parametrize(("size", "side"), [(28, 299), (400, 299), (500, 224), (299, 299)])
def test_bicubic_is_pillows(size: int, side: int) -> None:
    levels = np.random.default_rng(0).integers(0, 256, (size, size)).astype(np.float32)
    pillow = Image.fromarray(levels).resize((side, side), Image.Resampling.BICUBIC)
    ours = bicubic(torch.from_numpy(levels)[None, None], side)[0, 0]
    assert np.abs(ours.numpy() - np.asarray(pillow).clip(0, 255)).max() < 5e-3


def test_legacy_takes_pixels_from_the_upper_left_as_tensorflow_1_did() -> None:
    ramp = torch.arange(4.0).expand(1, 1, 4, 4)
    row = _tensorflow(ramp, 8)[0, 0, 0]
    assert row.tolist() == [0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.0]


@pytest.mark.reference
def test_features_are_those_of_torch_fidelity(weights: Path, x: torch.Tensor) -> None:
    reference = pytest.importorskip("torch_fidelity.feature_extractor_inceptionv3")
    network = reference.FeatureExtractorInceptionV3("ours", ["2048"], feature_extractor_weights_path=str(weights))
    (theirs,) = network(x.permute(0, 3, 1, 2))
    assert (prepared(weights, "legacy")(x) - theirs).abs().max() < 1e-4


@pytest.mark.reference
def test_features_are_those_of_pytorch_fid(weights: Path, x: torch.Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    reference = pytest.importorskip("pytorch_fid.inception")
    monkeypatch.setattr(reference, "load_state_dict_from_url", lambda *_, **__: torch.load(weights))
    with torch.inference_mode():
        (theirs,) = reference.InceptionV3().eval()(x.permute(0, 3, 1, 2) / 255)
    assert (prepared(weights, "pytorch")(x) - theirs.flatten(1)).abs().max() < 1e-4


@pytest.mark.reference
def test_clean_resizing_is_that_of_clean_fid(x: torch.Tensor) -> None:
    reference = pytest.importorskip("cleanfid.resize")
    theirs = torch.from_numpy(reference.build_resizer("clean")(x[0].numpy())).permute(2, 0, 1)
    assert (bicubic(x[:1].permute(0, 3, 1, 2).float(), 299)[0] - theirs).abs().max() < 1e-3
