"""Perceptual distance: 0 for the same, slopes for both sides and none for the network, at any size."""

from __future__ import annotations

import pytest
import torch
from tests.embeddings import random_weights
from torch import Tensor, nn

from mintage.contracts import Examples
from mintage.embeddings.efficientnet_lite0 import EfficientNetLite0
from mintage.layers.perceptual import PerceptualDistance


@pytest.fixture(scope="module")
def distance(tmp_path_factory: pytest.TempPathFactory) -> PerceptualDistance:
    path = random_weights.lite0(tmp_path_factory.mktemp("weights") / "lite0.pth")
    return EfficientNetLite0(weights=path).perceptual(Examples(torch.zeros(0)), path.parent)


def pictures(count: int, channels: int = 3, height: int = 64, width: int = 64) -> Tensor:
    return torch.rand(count, channels, height, width, generator=torch.Generator().manual_seed(count)) * 2 - 1


def test_the_same_is_no_distance_and_order_does_not_matter(distance: PerceptualDistance) -> None:
    a, b = pictures(3), pictures(3).flip(0)
    assert torch.equal(distance(a, a), torch.zeros(3))
    assert torch.allclose(distance(a, b), distance(b, a))
    assert distance(a, b)[0] > 0
    assert (distance(a, a * 0.99) < distance(a, a * 0.5)).all()


def test_slopes_reach_both_pictures_and_are_those_of_small_steps(distance: PerceptualDistance) -> None:
    a, b = pictures(1, height=32, width=32).requires_grad_(), pictures(2, height=32, width=32)[:1].requires_grad_()
    distance(a, b).sum().backward()
    for x, moved in ((a, lambda step: distance(a + step, b)), (b, lambda step: distance(a, b + step))):
        assert x.grad is not None
        assert x.grad.isfinite().all()
        step = 0.01 * x.grad / x.grad.norm()
        with torch.no_grad():
            rise = float(moved(step) - moved(-step)) / 2
        assert rise == pytest.approx(float((x.grad * step).sum()), rel=0.05)
    assert all(weight.grad is None and not weight.requires_grad for weight in distance.parameters())


def test_slopes_are_finite_where_the_network_sees_nothing() -> None:
    blind = nn.Sequential(nn.Conv2d(3, 4, 3, bias=False), nn.ReLU())
    nn.init.zeros_(blind[0].weight)
    a = pictures(1).requires_grad_()
    PerceptualDistance([blind], identity="blind", mean=127.5, std=127.5)(a, pictures(1)).sum().backward()
    assert a.grad is not None
    assert a.grad.isfinite().all()


def test_it_stays_at_rest_in_a_model_that_trains() -> None:
    inside = PerceptualDistance([nn.BatchNorm2d(3)], identity="norm", mean=127.5, std=127.5)
    nn.ModuleDict({"loss": inside}).train()
    assert not any(module.training for module in inside.modules())


def test_grey_is_three_equal_channels_and_other_numbers_are_refused(distance: PerceptualDistance) -> None:
    a, b = pictures(2, 1), pictures(3, 1)[:2]
    colour = distance(a.expand(-1, 3, -1, -1), b.expand(-1, 3, -1, -1))
    assert torch.allclose(distance(a, b), colour, atol=1e-6)
    with pytest.raises(ValueError, match="3 channels or of 1, not 4"):
        distance(pictures(1, 4), pictures(1, 4))


@pytest.mark.parametrize(("height", "width", "times"), [(28, 28, 2), (32, 32, 1), (65, 100, 1)])
def test_pictures_are_seen_at_their_own_size_unless_too_small(
    distance: PerceptualDistance, height: int, width: int, times: int
) -> None:
    depths = distance.features(pictures(1, 3, height, width))
    assert [each.shape[1] for each in depths] == [16, 24, 40, 112, 320]
    for number, each in enumerate(depths, 1):
        assert tuple(each.shape[2:]) == (times * height >> number, times * width >> number)
        assert torch.allclose(each.square().sum(1), torch.ones(1), atol=1e-3)


def test_stored_pictures_are_compared_block_by_block(
    distance: PerceptualDistance, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = (torch.randint(0, 256, (5, 32, 32, 3), dtype=torch.uint8) for _ in range(2))
    levels = [x.permute(0, 3, 1, 2) / 127.5 - 1 for x in (a, b)]
    monkeypatch.setattr("mintage.layers.perceptual._BLOCK", 2 * 32 * 32)
    assert torch.allclose(distance.of_pictures(a, b), distance(*levels), atol=1e-5)
    assert [each.shape for each in distance.layout(a, 3, 4)] == [(5, 40 * 16), (5, 112 * 4), (5, 320)]
