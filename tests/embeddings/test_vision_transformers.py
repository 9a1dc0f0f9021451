"""DINOv2 and CLIP: features equal those of the transformers package, from files that it saved."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from tests.embeddings import random_weights
from torch import Tensor

from mintage.contracts import Examples
from mintage.embeddings.clip import CLIP
from mintage.embeddings.dinov2 import DINOv2
from mintage.errors import ConfigError
from mintage.layers.image_features import ImageFeatures

NOTHING = Examples(torch.zeros(0))


def images() -> Tensor:
    rng = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (3, 224, 224, 3), dtype=torch.uint8, generator=rng)


def levels(embedder: ImageFeatures, x: Tensor) -> Tensor:
    mean, std = (torch.tensor(values).view(1, -1, 1, 1) for values in (embedder.mean, embedder.std))
    return (x.permute(0, 3, 1, 2) - mean) / std


def test_sizes_are_read_from_the_file(tmp_path: Path) -> None:
    clip = CLIP(weights=random_weights.clip(tmp_path / "clip.safetensors")).prepare(NOTHING, tmp_path)
    assert (clip.dim, clip.side) == (48, 224)
    dinov2 = DINOv2(weights=random_weights.dinov2(tmp_path / "dinov2.safetensors")).prepare(NOTHING, tmp_path)
    assert (dinov2.dim, dinov2.side) == (random_weights.WIDTH, 224)


def test_a_size_without_a_known_hash_is_not_downloaded_but_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MINTAGE_WEIGHTS", raising=False)
    with pytest.raises(ConfigError, match="facebook/dinov2-large") as caught:
        DINOv2(size="large").prepare(NOTHING, tmp_path)
    assert str(tmp_path / "weights" / "dinov2-large.safetensors") in str(caught.value)


def test_a_network_with_more_parts_is_refused_and_not_half_read(tmp_path: Path) -> None:
    path = random_weights.dinov2(tmp_path / "dinov2.safetensors")
    save_file(load_file(path) | {"embeddings.register_tokens": torch.zeros(1, 4, random_weights.WIDTH)}, path)
    with pytest.raises(ConfigError, match="register_tokens"):
        DINOv2(weights=path).prepare(NOTHING, tmp_path)


@pytest.mark.reference
@pytest.mark.parametrize("side", [224, 518])
def test_dinov2_is_that_of_transformers(tmp_path: Path, side: int) -> None:
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    config = transformers.Dinov2Config(
        hidden_size=128, num_hidden_layers=3, num_attention_heads=2, image_size=side, layerscale_value=0.3
    )
    network = transformers.Dinov2Model(config).eval()
    for parameter in network.parameters():
        parameter.data += 0.05 * torch.randn_like(parameter)
    network.save_pretrained(tmp_path)
    embedder = DINOv2(weights=tmp_path / "model.safetensors").prepare(NOTHING, tmp_path)
    with torch.inference_mode():
        theirs = network(levels(embedder, images())).pooler_output
    assert (embedder(images()) - theirs).abs().max() < 1e-4


@pytest.mark.reference
@pytest.mark.parametrize("whole", [True, False], ids=["with the text tower", "the vision tower alone"])
def test_clip_is_that_of_transformers(tmp_path: Path, whole: bool) -> None:
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    sizes = {"hidden_size": 128, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 256}
    vision = transformers.CLIPVisionConfig(**sizes, projection_dim=48)
    if whole:
        text = transformers.CLIPTextConfig(**sizes, vocab_size=99)
        both = transformers.CLIPConfig(text_config=text.to_dict(), vision_config=vision.to_dict(), projection_dim=48)
        network = transformers.CLIPModel(both).eval()
    else:
        network = transformers.CLIPVisionModelWithProjection(vision).eval()
    for parameter in network.parameters():
        parameter.data += 0.05 * torch.randn_like(parameter)
    network.save_pretrained(tmp_path)
    embedder = CLIP(weights=tmp_path / "model.safetensors").prepare(NOTHING, tmp_path)
    with torch.inference_mode():
        pixels = levels(embedder, images())
        tower = network.vision_model(pixel_values=pixels).pooler_output
        theirs = network.visual_projection(tower)
    assert (embedder(images()) - theirs).abs().max() < 1e-4
