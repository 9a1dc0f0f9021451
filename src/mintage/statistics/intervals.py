"""Confidence intervals that are what they say: exact for shares, by influence or by deleted groups for the rest."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import NormalDist, fmean
from typing import NamedTuple

import torch

__all__ = ["LEVEL", "Interval", "binomial", "chi_square_tail", "jackknife", "normal", "student_quantile"]

LEVEL = 0.95


class Interval(NamedTuple):
    """Where a value lies with the confidence of `LEVEL`."""

    low: float
    high: float


def normal(value: float, variance: float, level: float = LEVEL) -> Interval:
    """Of an estimate that is nearly normal around its mean.

    >>> [round(end, 2) for end in normal(10.0, 4.0)]
    [6.08, 13.92]
    """
    half = NormalDist().inv_cdf(0.5 + level / 2) * math.sqrt(max(variance, 0.0))
    return Interval(value - half, value + half)


def binomial(successes: int, trials: int, level: float = LEVEL) -> Interval:
    """Of a share, exact (Clopper and Pearson, 1934): it covers at least as often as it says, never less.

    >>> [round(end, 4) for end in binomial(8, 10)]
    [0.4439, 0.9748]

    Raises:
        ValueError: no trials, or more successes than trials.
    """
    if not 0 <= successes <= trials or trials == 0:
        raise ValueError(f"{successes} of {trials} is no share: 0 <= successes <= trials is needed, and a trial.")
    tail = (1 - level) / 2
    low = 0.0 if successes == 0 else _solve(lambda p: 1 - _binomial_cdf(successes - 1, trials, p), tail)
    high = 1.0 if successes == trials else _solve(lambda p: -_binomial_cdf(successes, trials, p), -tail)
    return Interval(low, high)


def jackknife(value: float, deleted: Sequence[float], level: float = LEVEL) -> Interval:
    """Of any smooth statistic, from its values with one of g disjoint groups left out at a time.

    The delete-a-group jackknife (Shao and Tu, 1995) with Student's t of g - 1 degrees: unlike the bootstrap it never
    doubles an example, so nearest neighbours keep their meaning.
    """
    groups = len(deleted)
    mean = fmean(deleted)
    variance = (groups - 1) / groups * sum((each - mean) ** 2 for each in deleted)
    half = student_quantile(0.5 + level / 2, groups - 1) * math.sqrt(variance)
    return Interval(value - half, value + half)


def student_quantile(share: float, degrees: int) -> float:
    """Student's t below which this share of the distribution lies, for shares above a half.

    >>> round(student_quantile(0.975, 4), 3), round(student_quantile(0.975, 19), 3)
    (2.776, 2.093)
    """

    def tail(t: float) -> float:  # by the incomplete beta function's integral, substituted to be smooth at both ends
        top = math.atan2(math.sqrt(degrees), t)
        angles = torch.linspace(0.0, top, 2001, dtype=torch.float64)
        area = torch.trapezoid(angles.sin() ** (degrees - 1), angles)
        log_whole = math.lgamma(degrees / 2) + math.lgamma(0.5) - math.lgamma((degrees + 1) / 2)
        return float(area) / math.exp(log_whole)

    low, high = 0.0, 1e4
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if tail(middle) > 1 - share else (low, middle)
    return (low + high) / 2


def chi_square_tail(statistic: float, degrees: int) -> float:
    """How often chance alone gives a chi-square statistic at least so large.

    >>> round(chi_square_tail(16.92, 9), 3)
    0.05
    """
    half = torch.tensor([degrees / 2, statistic / 2], dtype=torch.float64)
    return float(torch.special.gammaincc(half[0], half[1]))


def _binomial_cdf(successes: int, trials: int, p: float) -> float:
    k = torch.arange(successes + 1, dtype=torch.float64)
    whole = torch.lgamma(torch.tensor(trials + 1.0, dtype=torch.float64))
    log_ways = whole - torch.lgamma(k + 1) - torch.lgamma(trials - k + 1)
    return float(torch.exp(log_ways + k * math.log(p) + (trials - k) * math.log1p(-p)).sum())


def _solve(rises: Callable[[float], float], target: float) -> float:
    """The p in (0, 1) at which a rising function meets its target."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if rises(middle) < target else (low, middle)
    return (low + high) / 2
