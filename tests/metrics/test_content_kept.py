"""Content kept: copies and recoloured inputs are found, mixed up ones by chance, collapsed ones never more often."""

from __future__ import annotations

import pytest
import torch
from tests.metrics.translated import COUNT, inputs, network, noisy, translation, truth_of

from mintage.contracts import Examples, Score
from mintage.metrics.content_kept import ContentKept

INPUTS = inputs()
TRUTH = truth_of(INPUTS)


def retrieval(fake: Examples, **other: object) -> Score:
    return ContentKept().measure(translation(fake, **other)).scores[0]


@pytest.mark.parametrize(
    "kept", [INPUTS, noisy(INPUTS, 10), TRUTH, noisy(TRUTH, 10)], ids=["copy", "noise", "pale", "pale noise"]
)
def test_content_in_another_style_is_found(kept: Examples) -> None:
    found = retrieval(kept)
    assert found.value > 0.9
    assert found.ideal == 1
    assert found.counts == {"pairs": COUNT, "among": COUNT}
    assert found.baselines == {"chance": 1 / COUNT}


@pytest.mark.parametrize(
    "lost", [Examples(INPUTS.x.roll(1, 0)), Examples(INPUTS.x[:1].expand(COUNT, -1, -1, -1)), inputs(seed=7)]
)
def test_mixed_up_collapsed_and_unrelated_outputs_are_found_by_chance(lost: Examples) -> None:
    found = retrieval(lost)
    assert found.low is not None
    assert found.low <= 1 / COUNT
    assert found.value < 0.1


@pytest.mark.parametrize("recoloured", [Examples(255 - INPUTS.x), Examples(INPUTS.x[..., [2, 0, 1]])])
def test_beside_a_network_that_knows_only_the_examples_outlines_find_any_colours(recoloured: Examples) -> None:
    evidence = translation(recoloured)
    evidence._once["perceptual"] = network(is_general=False)
    found = ContentKept().measure(evidence).scores[0]
    assert found.value > 0.9
    assert "outlines" in found.remarks[0]


def test_the_floor_is_what_the_true_pictures_reach_where_they_are_known() -> None:
    assert retrieval(INPUTS).floor == retrieval(TRUTH).value
    assert retrieval(INPUTS, truth=None).floor is None
    simple = {"all the same": Examples(INPUTS.x[:1].expand(COUNT, -1, -1, -1))}
    assert retrieval(INPUTS, baselines=simple).baselines["all the same"] == pytest.approx(1 / COUNT)


def test_large_sets_are_cut_into_hundreds() -> None:
    many = inputs(250, side=8)
    found = retrieval(many, inputs=many, truth=None)
    assert found.counts == {"pairs": 200, "among": 100}
    assert found.baselines["chance"] == 0.01
    assert found.value > 0.9


def test_inputs_of_another_size_or_number_of_channels_are_brought_to_that_of_outputs() -> None:
    shrunk = Examples(INPUTS.x[:, ::2, ::2])
    masked = Examples(torch.cat([INPUTS.x, torch.full_like(INPUTS.x[..., :1], 255)], 3))
    grey = Examples(INPUTS.x.float().mean(3, keepdim=True).byte())
    for given in (shrunk, masked, grey):
        assert retrieval(INPUTS, inputs=given).value > 0.9
    evidence = translation(grey, truth=None)
    evidence._once["perceptual"] = network(1)
    assert ContentKept().measure(evidence).scores[0].value > 0.9


def test_the_way_back_is_measured_in_levels_beside_the_mean_picture() -> None:
    middle = Examples(INPUTS.x // 2)
    found = ContentKept().measure(translation(TRUTH, inputs=middle, returned=Examples(middle.x + 3))).scores
    assert [score.name for score in found] == ["content_retrieval", "cycle_error"]
    assert found[1].value == pytest.approx(3)
    gap = (middle.x.double() - middle.x.double().mean(0)).abs().mean()
    assert found[1].baselines["mean picture"] == pytest.approx(float(gap), rel=0.01)


def test_without_inputs_it_says_why() -> None:
    assert "needs inputs" in ContentKept().lacks(translation(TRUTH, inputs=None))
    assert ContentKept().lacks(translation(TRUTH)) == ""
