"""Perceptual distance: how different a translation looks from the right answer, to a network that learned to see."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import torch

from mintage.config import Settings
from mintage.contracts import Evidence, Findings, Makes
from mintage.seeding import generator
from mintage.statistics.paired import paired_score
from mintage.statistics.perception import perception

__all__ = ["PerceptualDistance"]

_FEWEST = 2


class PerceptualDistance(Settings):
    """Distance of a made picture to its true one in the features of a network (after Zhang et al., 2018).

    It forgives a pixel's shift and sees blur, where PSNR does the opposite. Without the paper's learned weights it is
    not LPIPS, and its values compare only under the network that the remarks name. The baseline "another example" is
    the distance of a true picture to another's: what a translation scores that ignores its input.
    """

    reads: ClassVar[tuple[Makes, ...]] = ("pictures",)

    most: int = 1000
    """Pairs that are looked at."""

    def lacks(self, evidence: Evidence) -> str:
        """Pairs must be known."""
        if evidence.truth is None:
            return "it needs pairs: what each made picture should be is not known"
        return f"it needs {_FEWEST} pairs or more" if len(evidence.truth) < _FEWEST else ""

    def measure(self, evidence: Evidence) -> Findings:
        """Scores perceptual_distance."""
        assert evidence.truth is not None
        network, rows = perception(evidence), slice(self.most)
        truth = evidence.truth.x[rows]
        score = paired_score(
            "perceptual_distance",
            network.of_pictures(evidence.fake.x[rows], truth),
            {name: network.of_pictures(examples.x[rows], truth) for name, examples in evidence.baselines.items()},
            words="The made pictures look {value} away from the true ones on average",
            higher_is_better=False,
            ideal=0.0,
            remarks=[f"features of {network.identity}"],
        )
        order = torch.randperm(len(truth), generator=generator(evidence.seed, "another example"))
        another = float(network.of_pictures(truth[order], truth[order.roll(1)]).mean())
        return Findings([replace(score, baselines={**score.baselines, "another example": another})])
