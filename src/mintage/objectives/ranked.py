"""What draws lose as forecasts of what came: a stake that is least where they spread as the truth does."""

from __future__ import annotations

from torch import Tensor

__all__ = ["ranked_score"]


def ranked_score(real: Tensor, one: Tensor, other: Tensor) -> Tensor:
    """The continuous ranked probability score of two independent draws, a mean over all numbers.

    E|draw - truth| - E|draw - draw| / 2 is strictly proper (Gneiting and Raftery, 2007), and two draws estimate it
    without bias, with slopes. It is negative where chance laid the draws on both sides of the truth and far apart.

    Shape: three alike -> ().
    """
    off = 0.5 * ((one - real).abs() + (other - real).abs())
    return (off - 0.5 * (one - other).abs()).mean()
