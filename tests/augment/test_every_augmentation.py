"""What every augmentation must do, found because its file exists."""

from __future__ import annotations

import pytest
import torch

from mintage import registry

NAMES = registry.names("augment")
NEUTRAL = {  # the draws at which a sample stays as it is; cutout has none
    "flip": [0.75],
    "quarter_turn": [0.1],
    "rotate": [0.5],
    "scale": [0.5],
    "translate": [0.5, 0.5],
    "crop": [0.0, 0.3, 0.9],
    "colour": [0.5, 0.5, 0.5],
}
SHAPES = [(1, 28, 28), (3, 16, 16)]


def augmentation(name):
    return registry.find("augment", name)()


def images(shape=(3, 16, 16), n=6):
    return torch.rand(n, *shape, generator=torch.Generator().manual_seed(0)) * 2 - 1


def draws(step, n=6, seed=1):
    return torch.rand(n, step.num_draws, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", NAMES)
def test_shape_and_type_stay_and_the_same_draws_make_the_same_change(name, shape) -> None:
    step, x = augmentation(name), images(shape)
    kept = x.clone()
    for dtype in (torch.float32, torch.bfloat16):
        one, two = step(x.to(dtype), draws(step)), step(x.to(dtype), draws(step))
        assert one.shape == x.shape
        assert one.dtype == dtype
        assert one.isfinite().all()
        assert torch.equal(one, two)
    assert torch.equal(x, kept)
    assert not torch.equal(step(x, draws(step)), step(x, draws(step, seed=2)))


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_is_changed_by_its_own_row_alone(name) -> None:
    step, x = augmentation(name), images()
    chance = draws(step)
    torch.testing.assert_close(step(x, chance)[2:3], step(x[2:3], chance[2:3]))


@pytest.mark.parametrize("name", sorted(NEUTRAL))
def test_the_neutral_draw_leaves_a_sample_as_it_is(name) -> None:
    x = images()
    torch.testing.assert_close(
        augmentation(name)(x, torch.tensor(NEUTRAL[name]).expand(6, -1)), x, rtol=1e-4, atol=1e-5
    )


def test_every_augmentation_but_cutout_has_a_neutral_draw_here() -> None:
    assert set(NEUTRAL) == set(NAMES) - {"cutout"}


@pytest.mark.parametrize("name", NAMES)
def test_the_ends_of_chance_are_allowed(name) -> None:
    step, x = augmentation(name), images(n=2)
    almost_one = 1 - 2**-24
    assert step(x, torch.tensor([[0.0] * step.num_draws, [almost_one] * step.num_draws])).isfinite().all()


@pytest.mark.parametrize("name", NAMES)
def test_first_and_second_derivatives_pass_through(name) -> None:
    step = augmentation(name)
    x = images((3, 8, 8), 3).double().requires_grad_()
    chance = draws(step, 3)
    precise = step(x, chance).dtype == torch.float64 and name not in ("rotate", "scale", "crop")
    if precise:
        assert torch.autograd.gradcheck(lambda x: step(x, chance), x)
        assert torch.autograd.gradgradcheck(lambda x: step(x, chance).square(), x)
    weight = torch.ones((), dtype=torch.float64, requires_grad=True)  # stands for the discriminator's
    (slope,) = torch.autograd.grad((weight * step(x, chance)).pow(3).sum(), x, create_graph=True)
    slope.square().sum().backward()
    assert weight.grad.isfinite()
    assert weight.grad > 0
    assert x.grad.abs().sum() > 0


@pytest.mark.parametrize("name", ["rotate", "scale", "crop"])
def test_a_warp_is_linear_and_its_gradient_is_its_transpose(name) -> None:
    step = augmentation(name)
    x, y = images((1, 8, 8), 2).requires_grad_(), images((1, 8, 8), 2).flip(0)
    chance = draws(step, 2)
    (back,) = torch.autograd.grad(step(x, chance), x, y, create_graph=True)
    torch.testing.assert_close((step(x, chance) * y).sum(), (x * back).sum())
    # the second derivative of <w, A x>^2 / 2 along v is <w, A x> gone round once more
    w = images((1, 8, 8), 2)
    (slope,) = torch.autograd.grad(0.5 * (step(x, chance) * w).sum().square(), x, create_graph=True)
    (second,) = torch.autograd.grad((slope * y).sum(), x)
    (transposed,) = torch.autograd.grad((step(x, chance) * w).sum(), x)
    torch.testing.assert_close(second, (step(y, chance) * w).sum().detach() * transposed, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_each_says_in_a_sentence_when_it_is_harmless(name) -> None:
    assert len(registry.find("augment", name).harmless_when.split()) > 5


def test_flip_mirrors_left_to_right() -> None:
    x = images()
    assert torch.equal(augmentation("flip")(x, torch.zeros(6, 1)), x.flip(-1))


def test_quarter_turns_are_the_four_turns() -> None:
    x = images(n=4)
    turned = augmentation("quarter_turn")(x, torch.tensor([[0.1], [0.3], [0.6], [0.9]]))
    assert all(torch.equal(turned[k], x[k].rot90(k, (-2, -1))) for k in range(4))


def test_translate_moves_whole_pixels_and_fills_with_zeros() -> None:
    x = images((1, 16, 16), 1)
    moved = augmentation("translate")(x, torch.tensor([[0.0, 0.99]]))  # 2 of 16 up, 2 to the right
    assert torch.equal(moved[..., :-2, 2:], x[..., 2:, :-2])
    assert (moved[..., -2:, :] == 0).all()
    assert (moved[..., :, :2] == 0).all()


def test_rotate_turns_about_the_centre_and_keeps_lengths() -> None:
    rotate = registry.find("augment", "rotate")(degrees=90.0)
    x = images()
    quarter = rotate(x, torch.ones(6, 1))
    agrees = [torch.allclose(quarter, x.rot90(k, (-2, -1)), atol=1e-4) for k in (1, 3)]
    assert sum(agrees) == 1


def test_scale_makes_things_larger_for_large_draws() -> None:
    x = torch.zeros(1, 1, 16, 16)
    x[..., 6:10, 6:10] = 1
    scale = augmentation("scale")
    small, large = (scale(x, torch.tensor([[u]])).sum() for u in (0.0, 1.0))
    assert small < x.sum() < large


def test_colour_leaves_saturation_of_grey_images() -> None:
    x = images((1, 16, 16), 1)
    torch.testing.assert_close(augmentation("colour")(x, torch.tensor([[0.5, 0.9, 0.5]])), x)


def test_cutout_blanks_a_box_and_nothing_else() -> None:
    x = images() + 2  # nowhere zero
    changed = augmentation("cutout")(x, torch.full((6, 2), 0.5))
    blank = changed == 0
    assert torch.equal(changed[~blank], x[~blank])
    assert blank[0].sum() == 3 * 8 * 8
    corner = augmentation("cutout")(x, torch.zeros(6, 2))
    assert (corner == 0)[0].sum() == 3 * 4 * 4  # a centre at the edge leaves a quarter of the box inside
