"""Pixel fidelity: how near a translation comes, pixel by pixel, to the one right answer."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor

from mintage.config import Settings
from mintage.contracts import Evidence, Findings, Makes
from mintage.statistics.paired import paired_score
from mintage.statistics.similarity import MOST_SCALES, SMALLEST_SIDE, ms_ssim, num_scales, psnr, ssim

__all__ = ["PixelFidelity"]

_FEWEST = 2
_MOST_DECIBELS = 100.0  # nearer than one level in one pixel of most pictures: what equal pictures count as


class PixelFidelity(Settings):
    """PSNR, SSIM (Wang et al., 2004) and MS-SSIM (Wang et al., 2003) of each made picture against its true one.

    They reward what is safe: a blurred mean of all that is possible beats a sharp guess. Read them for restorations,
    whose answer is nearly settled by the input, and beside the perceptual distance.
    """

    reads: ClassVar[tuple[Makes, ...]] = ("pictures",)

    def lacks(self, evidence: Evidence) -> str:
        """Pairs must be known."""
        if evidence.truth is None:
            return "it needs pairs: what each made picture should be is not known"
        return f"it needs {_FEWEST} pairs or more" if len(evidence.truth) < _FEWEST else ""

    def measure(self, evidence: Evidence) -> Findings:
        """Scores psnr, and ssim and ms_ssim of pictures that hold a window of 11x11."""
        assert evidence.truth is not None
        truth = _planes(evidence.truth.x)
        made = _planes(evidence.fake.x)
        simple = {name: _planes(examples.x) for name, examples in evidence.baselines.items()}
        decibels = {name: _decibels(x, truth) for name, x in simple.items()}
        words = "The made pictures agree with the true ones to {value} decibels on average"
        ours, remarks = _decibels(made, truth), []
        if equal := int((ours == _MOST_DECIBELS).sum()):
            remarks.append(
                f"equal to the true ones, and counted as {_MOST_DECIBELS:.0f} dB: {equal:,} of {len(truth):,}"
            )
        scores = [paired_score("psnr", ours, decibels, words=words, higher_is_better=True, remarks=remarks)]
        if min(truth.shape[2:]) < SMALLEST_SIDE:
            return Findings(scores)
        scales, few = num_scales(*truth.shape[2:]), []
        if scales < MOST_SCALES:
            few = [f"of {scales} scales instead of {MOST_SCALES}, so that it compares only with pictures of this size"]
        for name, what, of, notes in (
            ("ssim", "The structure", ssim, []),
            ("ms_ssim", "The structure, coarse to fine,", ms_ssim, few),
        ):
            words = f"{what} of the made pictures agrees with that of the true ones to {{value}} of 1 on average"
            others = {other: of(x, truth) for other, x in simple.items()}
            ours = of(made, truth)
            scores.append(
                paired_score(name, ours, others, words=words, higher_is_better=True, ideal=1.0, remarks=notes)
            )
        return Findings(scores)


def _decibels(x: Tensor, truth: Tensor) -> Tensor:
    return psnr(x, truth).clamp_max(_MOST_DECIBELS)


def _planes(x: Tensor) -> Tensor:
    return torch.movedim(x, 3, 1)
