"""How far what pairs of features have in common is apart in two sets of records."""

from __future__ import annotations

from torch import Tensor

__all__ = ["pair_distance"]


def pair_distance(real: Tensor, fake: Tensor) -> Tensor:
    """The squared distance of the second moments of two sets, a mean over pairs of features.

    It is a maximum mean discrepancy (Gretton et al., 2012) under the square of the dot product: of one-hot groups,
    zero where every two columns occur together as often in both. Each set is cut in halves whose errors are
    independent, so it is unbiased: a set is not made to look poorer than it is by its own chance.

    Shape: (N, F), (N, F) -> ().
    """
    half = min(len(real), len(fake)) // 2 or 1
    one, two = (_moments(fake[part]) - _moments(real[part]) for part in (slice(half), slice(-half, None)))
    return (one * two).mean()


def _moments(x: Tensor) -> Tensor:
    x = x.float()
    return x.T @ x / len(x)
