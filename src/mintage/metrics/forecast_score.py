"""How good forecasts were on what came later, beside what simple means foretold of the same."""

from __future__ import annotations

from typing import ClassVar

from mintage.config import Settings
from mintage.contracts import Evidence, Findings, Makes, Score
from mintage.statistics.forecasts import default_lags, hac_variance
from mintage.statistics.intervals import normal
from mintage.statistics.walks import contest, crps_of, mean_pinball

__all__ = ["ForecastScore"]


class ForecastScore(Settings):
    """The continuous ranked probability score of paths, walked forward (Gneiting and Raftery, 2007); smaller is better.

    In units of what a step usually moves each variable. `forecast_edge` is what ours loses less than the best of the
    simple means, with the interval of Diebold and Mariano (1995): wholly below 0, ours is better. `pinball` is what its
    quantiles of 5 to 95 % lose.
    """

    reads: ClassVar[tuple[Makes, ...]] = ("series",)

    def lacks(self, evidence: Evidence) -> str:
        """Forecasts."""
        return "it reads series" if evidence.series is None else ""

    def measure(self, evidence: Evidence) -> Findings:
        """The scores forecast_score, forecast_edge, one forecast_edge/RIVAL each, and pinball."""
        assert evidence.series is not None
        walk = evidence.series.far
        losses = crps_of(walk)
        found = contest(walk, losses)
        own = losses[walk.ours].mean((1, 2))
        low, high = normal(float(own.mean()), hac_variance(own, max(walk.overlap - 1, default_lags(len(own)))))
        counts = {"origins": len(walk.stamps), "paths": walk.paths[walk.ours].shape[1]}
        quantiles = mean_pinball(walk)
        rivals = [name for name in found.losses if name != walk.ours]
        edges = {name: f"/{name}" for name in rivals} | {found.best: ""}
        scores = [
            Score(
                name="forecast_score", value=found.losses[walk.ours], low=max(low, 0.0), high=high, ideal=0.0,
                baselines={name: found.losses[name] for name in rivals}, counts=counts, words=found.words,
            ),
            *(
                Score(
                    name=f"forecast_edge{part}", value=told.difference, low=told.interval.low, high=told.interval.high,
                    counts=counts, words=f"CRPS less that of {name}: below 0, ours loses less.",
                )
                for name, part in sorted(edges.items(), key=lambda each: each[1])
                for told in [found.beside[name]]
            ),
            Score(
                name="pinball", value=quantiles[walk.ours], ideal=0.0, counts=counts,
                baselines={name: quantiles[name] for name in rivals},
                words=f"Its quantiles lose {quantiles[walk.ours]:.3g} of what a step usually moves.",
            ),
        ]  # fmt: skip
        return Findings(scores)
