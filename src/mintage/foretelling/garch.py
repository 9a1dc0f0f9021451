"""GARCH(1, 1) by maximum likelihood: the volatility of each variable follows its own last moves."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from mintage.errors import DataError

__all__ = ["Garch", "GarchFit", "fit_garch"]

Values = NDArray[np.float64]
Law = Literal["normal", "student"]

_FEWEST = 100  # steps
_HEAVIEST, _LIGHTEST = 2.1, 200.0  # degrees of freedom


@dataclass(frozen=True)
class GarchFit:
    """One variable's: variance = constant + arch * (last surprise)^2 + garch * (last variance)."""

    mean: float
    constant: float
    arch: float
    garch: float
    degrees: float  # of Student's t with variance 1; infinite: normal
    log_likelihood: float

    def variances(self, steps: Values) -> Values:
        """Of each step and of the one after the last. Shape: (T,) -> (T + 1,)."""
        return _filtered((steps - self.mean) ** 2, self.constant, self.arch, self.garch)


def fit_garch(steps: Values, law: Law = "student") -> GarchFit:
    """Estimate it (Bollerslev, 1986 and 1987). Shape: (T,).

    Raises:
        DataError: fewer than 100 steps, or all the same.
    """
    from scipy.optimize import minimize

    spread = float(steps.std())
    if len(steps) < _FEWEST or spread == 0:
        raise DataError(f"GARCH needs {_FEWEST} steps that differ, but there are {len(steps)}. Give a longer history.")
    x = steps / spread  # so that all numbers are near one

    def told(raw: Values) -> tuple[float, float, float, float, float]:
        lasting, share = _squeezed(raw[1]), _squeezed(raw[2])  # arch + garch < 1, and the share of arch in it
        degrees = math.inf if law == "normal" else _HEAVIEST + (_LIGHTEST - _HEAVIEST) * _squeezed(raw[4])
        variance = math.exp(min(max(raw[3], -10.0), 10.0))
        return float(raw[0]), variance * (1 - lasting), lasting * share, lasting * (1 - share), degrees

    def cost(raw: Values) -> float:
        mean, constant, arch, garch, degrees = told(raw)
        squares = (x - mean) ** 2
        return -_log_likelihood(squares, _filtered(squares, constant, arch, garch)[:-1], degrees) / len(x)

    start = np.array([float(x.mean()), 3.5, -2.5, 0.0, -3.0][: 4 if law == "normal" else 5])
    found = minimize(cost, start, method="L-BFGS-B", options={"maxiter": 200})
    mean, constant, arch, garch, degrees = told(found.x)
    likelihood = -float(found.fun) * len(x) - len(x) * math.log(spread)
    return GarchFit(mean * spread, constant * spread**2, arch, garch, degrees, likelihood)


class Garch:
    """GARCH(1, 1) of each variable, with surprises of one time drawn together, so that variables keep their company.

    Surprises are those of history over their volatility: filtered historical simulation (Barone-Adesi et al., 1999); or
    "normal" or "student" ones that are joined by the rank correlations of history. Walking forward, parameters are
    estimated anew at every `refit`-th history alone; volatilities always follow it.
    """

    def __init__(self, surprises: Literal["filtered", "normal", "student"] = "filtered", *, refit: int = 1) -> None:
        self.surprises, self.refit, self.seen = surprises, refit, 0

    def fit(self, history: Values) -> Self:
        """Estimate each variable by itself, then what they have in common."""
        self.last, steps = history[-1], np.diff(history, axis=0)
        law: Law = "normal" if self.surprises == "normal" else "student"
        if self.seen % self.refit == 0:
            self.fits = [fit_garch(column, law) for column in steps.T]
        self.seen += 1
        variances = np.stack([fit.variances(column) for fit, column in zip(self.fits, steps.T, strict=True)], 1)
        self.means = np.array([fit.mean for fit in self.fits])
        self.next = variances[-1]
        self.drawn = (steps - self.means) / np.sqrt(variances[:-1])
        self.drawn /= self.drawn.std(0)
        return self

    def paths(self, n: int, horizon: int, rng: np.random.Generator) -> Values:
        """Shape: (n, horizon, V)."""
        constant, arch, garch = (np.array([getattr(fit, name) for fit in self.fits]) for name in _PARTS)
        variance = np.broadcast_to(self.next, (n, len(self.fits)))
        moves = np.empty((n, horizon, len(self.fits)))
        surprises = self._draw(n, horizon, rng)
        for step in range(horizon):
            surprise = np.sqrt(variance) * surprises[:, step]
            moves[:, step] = self.means + surprise
            variance = constant + arch * surprise**2 + garch * variance
        drawn: Values = self.last + moves.cumsum(1)
        return drawn

    def _draw(self, n: int, horizon: int, rng: np.random.Generator) -> Values:
        if self.surprises == "filtered":
            kept: Values = self.drawn[rng.integers(0, len(self.drawn), (n, horizon))]
            return kept
        ranks = self.drawn.argsort(0).argsort(0)
        together = 2 * np.sin(np.pi / 6 * np.atleast_2d(np.corrcoef(ranks, rowvar=False)))  # Pearson's of a normal law
        values, axes = np.linalg.eigh(together)
        root = axes * np.sqrt(np.maximum(values, 0))
        normal: Values = rng.standard_normal((n, horizon, len(self.fits))) @ root.T
        if self.surprises == "normal":
            return normal
        degrees = np.array([fit.degrees for fit in self.fits])
        heavy: Values = normal / np.sqrt(rng.chisquare(degrees, normal.shape) / (degrees - 2))
        return heavy


_PARTS = ("constant", "arch", "garch")


def _filtered(squares: Values, constant: float, arch: float, garch: float) -> Values:
    from scipy.signal import lfilter

    first = float(squares.mean())
    rest, _ = lfilter([1.0], [1.0, -garch], constant + arch * squares, zi=[garch * first])
    variances: Values = np.r_[first, rest]
    return variances


def _log_likelihood(squares: Values, variances: Values, degrees: float) -> float:
    """Of surprises with variance 1 times these. Shape: (T,), (T,)."""
    whole = -0.5 * float(np.log(variances).sum())
    if math.isinf(degrees):
        return whole - 0.5 * float((squares / variances).sum()) - 0.5 * len(squares) * math.log(2 * math.pi)
    constant = math.lgamma((degrees + 1) / 2) - math.lgamma(degrees / 2) - 0.5 * math.log(math.pi * (degrees - 2))
    tails = float(np.log1p(squares / (variances * (degrees - 2))).sum())
    return whole + len(squares) * constant - (degrees + 1) / 2 * tails


def _squeezed(x: float) -> float:
    return 1 / (1 + math.exp(-min(max(float(x), -30.0), 30.0)))
