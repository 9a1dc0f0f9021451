"""Pictures of any size are translated without seams, as if they had passed in one piece, in bounded memory."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from mintage.errors import ConfigError
from mintage.layers.instance_norm import InstanceNorm
from mintage.layers.translator import Translator
from mintage.tiling import translate


class Residual(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for number in range(2):
            layers += [nn.Conv2d(width, width, 3, padding=1, padding_mode="reflect"), InstanceNorm(width)]
            layers += [nn.ReLU()] * (number == 0)
        self.body = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


def resnet(width: int = 4, channels: tuple[int, int] = (3, 3)) -> Translator:
    """Two halvings, three residual blocks, two doublings."""
    torch.manual_seed(0)
    i, o = channels
    layers: list[nn.Module] = [nn.Conv2d(i, width, 7, padding=3, padding_mode="reflect"), InstanceNorm(width)]
    for wide in (width, 2 * width):
        layers += [nn.ReLU(), nn.Conv2d(wide, 2 * wide, 3, 2, 1), InstanceNorm(2 * wide)]
    layers += [Residual(4 * width) for _ in range(3)]
    for wide in (4 * width, 2 * width):
        layers += [nn.Upsample(scale_factor=2), nn.Conv2d(wide, wide // 2, 3, padding=1), InstanceNorm(wide // 2)]
        layers += [nn.ReLU()]
    layers += [nn.Conv2d(width, o, 7, padding=3, padding_mode="reflect"), nn.Tanh()]
    return Translator(nn.Sequential(*layers), multiple=4, reach=42)


def enlarger(scale: int) -> Translator:
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 3 * scale**2, 3, padding=1), nn.PixelShuffle(scale)
    )
    return Translator(network, multiple=1, reach=2, scale=scale)


class Same(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x


def scene(height: int, width: int, channels: int = 3) -> np.ndarray:
    """A bright half, a dark half, stripes and grain: moments that differ all over the picture."""
    rows, columns = np.mgrid[:height, :width]
    light = 90 + 80 * np.tanh((columns - width / 3) / width * 9) + 50 * np.sin(rows**2 / height / 5)
    grain = np.random.default_rng(0).normal(0, 12, (height, width, channels))
    return (light[:, :, None] + grain + 10 * np.arange(channels)).clip(0, 255).astype(np.uint8)


@torch.inference_mode()
def plain(sampler: Translator, picture: np.ndarray) -> np.ndarray:
    x = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 127.5 - 1
    y = sampler.eval()(torch.empty(1, 0), x)[0].permute(1, 2, 0)
    return ((y + 1) * 127.5).round().clamp(0, 255).numpy().astype(np.uint8)


def distance(a: np.ndarray, b: np.ndarray) -> float:
    """Mean difference in levels."""
    return float(np.abs(a.astype(np.int32) - b).mean())


def test_a_small_picture_is_what_the_sampler_makes_of_it() -> None:
    sampler, picture = resnet(), scene(64, 96)
    assert np.abs(translate(sampler, picture).astype(int) - plain(sampler, picture)).max() <= 1


def test_other_sides_are_reflected_to_a_multiple_and_cut_back() -> None:
    sampler, picture = resnet(), scene(61, 94)
    padded = np.pad(picture, ((0, 3), (0, 2), (0, 0)), mode="reflect")
    assert np.abs(translate(sampler, picture).astype(int) - plain(sampler, padded)[:61, :94]).max() <= 1


@pytest.mark.parametrize("sides", [(1, 1), (1, 40), (3, 2), (5, 300), (7, 7)])
def test_pictures_smaller_than_the_network_needs_are_translated(sides) -> None:
    assert translate(resnet(), scene(*sides), tile=64).shape == (*sides, 3)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("sides", [(40, 50), (200, 130), (130, 311)])
def test_a_network_that_changes_nothing_changes_nothing(sides, dtype) -> None:
    picture = np.random.default_rng(0).integers(0, 65536, (*sides, 3))
    picture = (picture / 32767.5 - 1 if dtype is np.float32 else picture >> (8 if dtype is np.uint8 else 0)).astype(
        dtype
    )
    out = translate(Translator(Same(), multiple=4, reach=9), picture, tile=64)
    assert out.dtype == dtype
    np.testing.assert_allclose(out, picture, rtol=0, atol=1e-6 if dtype is np.float32 else 0)


@pytest.mark.parametrize("scale", [2, 4])
def test_tiles_of_an_enlarger_are_the_whole_to_rounding(scale) -> None:
    sampler, picture = enlarger(scale), scene(150, 211)
    out = translate(sampler, picture, tile=64)
    assert out.shape == (150 * scale, 211 * scale, 3)
    assert np.abs(out.astype(int) - translate(sampler, picture)).max() <= 1


def test_without_normalisation_a_margin_as_wide_as_the_reach_gives_the_whole() -> None:
    sampler, picture = resnet(), scene(400, 512)
    for parent in list(sampler.modules()):
        for name, layer in parent.named_children():
            if isinstance(layer, InstanceNorm):
                setattr(parent, name, nn.Identity())
    assert np.abs(translate(sampler, picture, tile=344).astype(int) - translate(sampler, picture)).max() <= 1


def test_held_moments_take_the_seams_away() -> None:
    picture = scene(512, 512)
    held, loose = resnet(), resnet()
    for parent in list(loose.modules()):
        for name, layer in parent.named_children():
            if isinstance(layer, InstanceNorm):
                setattr(parent, name, nn.InstanceNorm2d(layer.channels))  # torch's cannot be held
    whole = plain(held, picture)
    layers = [layer for layer in held.modules() if isinstance(layer, InstanceNorm)]
    moments: list[object] = []
    tiled = translate(
        held,
        picture,
        tile=256,
        progress=lambda *_: moments.__setitem__(slice(None), [layer.moments for layer in layers]),
    )
    assert distance(tiled, whole) < 6  # all of it has the contrast of the parts that were measured
    for layer, held_there in zip(layers, moments, strict=True):
        layer.moments = held_there
    assert distance(tiled, plain(held, picture)) < 0.1  # and with that, nothing shows where tiles met
    assert distance(translate(loose, picture, tile=256), whole) > 10


def test_the_padding_of_parts_is_not_taken_for_the_picture() -> None:
    norm, variances = InstanceNorm(3), list[float]()
    sampler = Translator(nn.Sequential(nn.Conv2d(3, 3, 3, padding=1), norm), multiple=1, reach=1)
    flat = np.full((300, 300, 3), 200, np.uint8)  # all that varies is at edges, where zeros lie beyond
    translate(sampler, flat, tile=128, progress=lambda *_: variances.append(float(norm.moments[1].max())))
    assert max(variances) < 1e-6


def test_layers_and_mode_are_as_before_even_after_an_error() -> None:
    sampler = resnet().train()

    def stop(done: int, of: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        translate(sampler, scene(100, 100), tile=64, progress=stop)
    assert sampler.training
    assert all(layer.moments is None for layer in sampler.modules() if isinstance(layer, InstanceNorm))


def test_progress_counts_every_tile_once() -> None:
    told: list[tuple[int, int]] = []
    translate(enlarger(2), scene(100, 130), tile=64, progress=lambda done, of: told.append((done, of)))
    assert told == [(k + 1, len(told)) for k in range(len(told))]
    assert len(told) > 3


def test_what_an_enlarger_holds_at_once_does_not_grow_with_its_scale() -> None:
    made: dict[int, int] = {}
    for scale in (2, 4):
        sampler = enlarger(scale)
        sampler.register_forward_hook(lambda _m, _x, y, s=scale: made.__setitem__(s, max(made.get(s, 0), y[0].numel())))
        translate(sampler, scene(150, 150), tile=64)
    assert made[4] <= made[2]


def test_channels_in_and_out_may_differ() -> None:
    assert translate(resnet(channels=(1, 3)), scene(90, 100, 1), tile=64).shape == (90, 100, 3)


def test_a_mask_is_the_last_channel_and_what_is_not_missing_stays() -> None:
    class Grey(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            assert x.shape[1] == 4
            assert (x[:, :3].abs().sum(1)[x[:, 3] > 0] == 0).all()
            return x[:, 3:].expand(-1, 3, -1, -1)

    picture, mask = scene(150, 140), np.zeros((150, 140), bool)
    mask[50:90, 40:80] = True
    out = translate(Translator(Grey(), multiple=1, reach=1), picture, mask, tile=64)
    assert (out[mask] == 255).all()
    assert np.array_equal(out[~mask], picture[~mask])


def test_strength_runs_from_the_input_to_the_result() -> None:
    sampler, picture = resnet(), scene(90, 100)
    full, half, none = (translate(sampler, picture, tile=64, strength=s) for s in (1.0, 0.5, 0.0))
    assert np.array_equal(none, picture)
    assert np.abs(half.astype(int) - (full.astype(int) + picture) / 2).max() <= 1
    assert translate(enlarger(2), picture, strength=0.0).shape == (180, 200, 3)


def test_strength_mixes_pictures_not_what_lies_beyond_white() -> None:
    class Brighter(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x + 10

    picture = scene(40, 50)
    half = translate(Translator(Brighter(), multiple=1, reach=1), picture, strength=0.5)
    assert np.abs(half - (picture.astype(float) + 255) / 2).max() <= 0.5


def test_strength_needs_channels_that_can_be_mixed() -> None:
    with pytest.raises(ConfigError, match="use strength 1"):
        translate(resnet(channels=(1, 3)), scene(40, 40, 1), strength=0.5)


def test_an_autocast_context_may_be_given() -> None:
    sampler, picture = enlarger(2), scene(60, 60)
    out = translate(sampler, picture, autocast=lambda: torch.autocast("cpu", torch.bfloat16))
    assert 0 < distance(out, translate(sampler, picture)) < 3
