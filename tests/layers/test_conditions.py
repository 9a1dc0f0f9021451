"""How classes reach a generator and a discriminator."""

from __future__ import annotations

import pytest
import torch

from mintage.layers.class_latent import ClassLatent
from mintage.layers.projection import Projection


def test_without_classes_z_is_handed_on() -> None:
    latent, z = ClassLatent(4, None), torch.randn(2, 4)
    assert latent(z, None) is z
    assert latent.out_dim == 4


def test_with_classes_an_embedding_is_joined_to_z() -> None:
    latent, z = ClassLatent(4, 3), torch.randn(2, 4)
    joined = latent(z, torch.tensor([2, 0]))
    assert latent.out_dim == 8
    assert torch.equal(joined[:, :4], z)
    assert torch.equal(joined[:, 4:], latent.embed.weight[[2, 0]])


def test_at_first_z_is_louder_than_the_class() -> None:
    # as loud as z, the class is all that a generator listens to: samples of one class then never differ
    torch.manual_seed(0)
    assert 0.05 < ClassLatent(64, 10).embed.weight.std().item() < 0.2


@pytest.mark.parametrize("layer", [ClassLatent(4, 3), Projection(4, 3)], ids=lambda m: type(m).__name__)
def test_a_missing_class_is_an_error(layer) -> None:
    with pytest.raises(ValueError, match="3 classes needs a condition"):
        layer(torch.randn(2, 4), None)


def test_projection_adds_the_inner_product_with_the_class() -> None:
    head, features = Projection(4, 3), torch.randn(2, 4)
    told = torch.tensor([1, 2])
    expected = head.linear(features).squeeze(1) + (head.embed.weight[told] * features).sum(1)
    torch.testing.assert_close(head(features, told), expected)


def test_a_bounded_projection_is_spectrally_normalised() -> None:
    head = Projection(4, 3, bounded=True)
    for layer in (head.linear, head.embed):
        assert torch.linalg.matrix_norm(layer.weight.detach(), 2).item() == pytest.approx(1, abs=0.05)
