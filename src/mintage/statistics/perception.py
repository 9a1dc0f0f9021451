"""The network by which the scores of one judgement see pictures as people do, found once for all that ask for it."""

from __future__ import annotations

from mintage import registry
from mintage.contracts import Evidence, Examples
from mintage.errors import ConfigError
from mintage.layers.perceptual import PerceptualDistance
from mintage.storage import cache_folder

__all__ = ["eyes_for", "perception"]

_COLOURS, _LEAST_SIDE = 3, 32  # what a network that learned from photographs has eyes for


def perception(evidence: Evidence) -> PerceptualDistance:
    """The eyes for the made pictures of a judgement."""
    return evidence.once("perceptual", lambda: eyes_for(evidence.fake, evidence.train))


def eyes_for(pictures: Examples, train: Examples) -> PerceptualDistance:
    """efficientnet_lite0 where its weights are at hand and it suits the pictures, else what the examples teach."""
    height, width, channels = pictures.x.shape[1:]
    names = ["domain"]
    if channels in (1, _COLOURS) and min(height, width) >= _LEAST_SIDE:
        names.insert(0, "efficientnet_lite0")
    for name in names:
        try:
            found: PerceptualDistance = registry.find("embeddings", name)().perceptual(train, cache_folder())
            return found
        except ConfigError:  # its weights are not at hand
            if name == names[-1]:
                raise
    raise AssertionError("the last name returned or raised")
