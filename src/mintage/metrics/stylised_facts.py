"""How many of the facts that real moves show are as large in made ones."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from mintage.config import Settings
from mintage.contracts import Evidence, Findings, Makes, Score
from mintage.seeding import derive
from mintage.statistics.intervals import Interval
from mintage.statistics.stylised_facts import FACTS, bands, facts

__all__ = ["StylisedFacts"]

_FEWEST = 8  # real stretches
_LAGS = 20


class StylisedFacts(Settings):
    """The share of Cont's (2001) facts of returns that made stretches have within the 95 % bands of held-out ones.

    Heavy tails, no memory of returns but of their size, falls that shake more than rises, variables that crash
    together. The floor is the share that stretches of what was learned from have: where times have changed, it is less
    than 1.
    """

    reads: ClassVar[tuple[Makes, ...]] = ("series",)

    def lacks(self, evidence: Evidence) -> str:
        """Eight real stretches of more than 20 steps."""
        series = evidence.series
        if series is None:
            return "it reads series"
        if len(series.real) < _FEWEST or series.real.shape[1] <= _LAGS:
            return f"it needs {_FEWEST} stretches of {_LAGS + 1} steps, and there are {len(series.real)} held out"
        return ""

    def measure(self, evidence: Evidence) -> Findings:
        """The score stylised_facts, and each fact as its part."""
        assert evidence.series is not None
        series = evidence.series
        ends = bands(series.real, np.random.default_rng(derive(evidence.seed, "stylised facts")))
        real, made, control = (facts(part) for part in (series.real, series.made, series.control))
        out = [name for name, value in made.items() if not _within(ends[name], value)]
        counts = {"made": len(series.made), "real": len(series.real), "facts": len(made)}
        missed = f": not {', '.join(name.replace('_', ' ') for name in out)}" if out else ""
        whole = Score(
            name="stylised_facts", value=1 - len(out) / len(made), ideal=1.0, counts=counts,
            floor=sum(_within(ends[name], value) for name, value in control.items()) / len(control),
            words=f"{len(made) - len(out)} of {len(made)} facts of real moves are as large in made ones{missed}.",
            remarks=["facts hang together, so their count has no interval; few real stretches make wide bands"],
        )  # fmt: skip
        return Findings([whole, *(_part(name, made[name], control[name], real[name], ends[name]) for name in made)])


def _part(name: str, made: float, control: float, real: float, ends: Interval) -> Score:
    words = f"{FACTS[name].capitalize()}. Real: {real:.3g} ({ends.low:.3g} to {ends.high:.3g})."
    return Score(name=f"stylised_facts/{name.replace('_', ' ')}", value=made, floor=control, ideal=real, words=words)


def _within(ends: Interval, value: float) -> bool:
    return ends.low <= value <= ends.high
