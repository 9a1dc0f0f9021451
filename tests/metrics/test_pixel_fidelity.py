"""Pixel fidelity: closed forms, the baselines beside it, and what it says where it cannot be measured."""

from __future__ import annotations

import math

import pytest
from tests.metrics.translated import COUNT, inputs, noisy, translation, truth_of

from mintage.contracts import Examples
from mintage.metrics.pixel_fidelity import PixelFidelity

TRUTH = truth_of(inputs())


def test_a_constant_offset_has_its_closed_form_and_the_interval_no_width() -> None:
    grey = Examples(TRUTH.x // 2)
    psnr, ssim, ms_ssim = PixelFidelity().measure(translation(Examples(grey.x + 5), truth=grey)).scores
    assert psnr.value == pytest.approx(20 * math.log10(255 / 5), abs=1e-3)
    assert psnr.low == pytest.approx(psnr.high, abs=1e-3)
    assert 0.9 < ssim.value < 1
    assert ssim.ideal == ms_ssim.ideal == 1
    assert psnr.counts == {"pairs": COUNT}
    assert "2 scales instead of 5" in ms_ssim.remarks[0]


def test_baselines_are_measured_the_same_way_and_counted_in_words() -> None:
    simple = {"much noise": noisy(TRUTH, 40), "wrong one": Examples(TRUTH.x.roll(1, 0))}
    scores = PixelFidelity().measure(translation(noisy(TRUTH, 10), baselines=simple)).scores
    alone = PixelFidelity().measure(translation(simple["much noise"])).scores
    for score, other in zip(scores, alone, strict=True):
        assert score.baselines["much noise"] == pytest.approx(other.value)
        assert score.value > score.baselines["much noise"] > score.baselines["wrong one"]
        assert f"{COUNT} of {COUNT} are better than by much noise" in score.words


def test_the_truth_itself_is_perfect_and_said_to_be_capped() -> None:
    psnr, ssim, ms_ssim = PixelFidelity().measure(translation(TRUTH)).scores
    assert psnr.value == 100
    assert psnr.remarks == [f"equal to the true ones, and counted as 100 dB: {COUNT} of {COUNT}"]
    assert ssim.value == pytest.approx(1)
    assert ms_ssim.value == pytest.approx(1)


def test_pictures_smaller_than_the_window_have_no_structure_to_compare() -> None:
    small = Examples(TRUTH.x[:, :8, :8])
    assert [score.name for score in PixelFidelity().measure(translation(noisy(small, 5), truth=small)).scores] == [
        "psnr"
    ]


def test_without_pairs_it_says_why() -> None:
    assert "needs pairs" in PixelFidelity().lacks(translation(TRUTH, truth=None))
    assert "2 pairs or more" in PixelFidelity().lacks(translation(TRUTH.rows(slice(1)), truth=TRUTH.rows(slice(1))))
    assert PixelFidelity().lacks(translation(TRUTH)) == ""
