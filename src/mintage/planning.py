"""What a budget buys: the sizes of a model's ladder timed on this machine with this data, and a length of training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mintage.config import merge
from mintage.contracts import Rung
from mintage.corpus import Corpus
from mintage.experiment import Experiment
from mintage.training.budget import Measured, Plan, choose

__all__ = ["plan"]

# Times that examples are seen: by then a model of likelihood knows them by heart, and others no better.
READ_AT_MOST = {"text": 12, "records": 25}


def plan(first: Experiment, seconds: float, asked: Mapping[str, Any]) -> tuple[Plan, dict[str, Any]]:
    """The plan, and the settings that it stands for; what was `asked` for by a person stays as it is."""
    recipe, data = first.recipe, first.data

    def context(rung: Rung) -> int | None:
        """The windows of a size, where it says and nobody else did."""
        if rung.context is None or "context" in asked.get("data", {}) or not isinstance(data, Corpus):
            return None
        return data.fitting(rung.context)

    def chosen(rung: Rung) -> dict[str, Any]:
        model = {key: value for key, value in rung.settings.items() if key not in asked.get("model", {})}
        return {"model": model} | ({"data": {"context": size}} if (size := context(rung)) else {})

    def measure(rung: Rung) -> Measured:
        # Longer windows, fewer of them: a step learns from as many tokens, and a pass is a pass.
        share = recipe.data.context / (context(rung) or recipe.data.context)
        batch = recipe.training.batch
        if "batch" not in asked.get("training", {}):
            batch = max(1, round(batch * share))
        settings = merge(chosen(rung), {"training": {"batch": batch}})
        most = None if passes is None else int(passes * len(data.train) * share)
        return Measured(batch, first.changed(settings).measure()[1], most)

    passes = READ_AT_MOST.get(data.makes)
    made = choose(seconds, first.model.ladder, measure)
    frames = asked.get("training", {}).get("frames", made.frames)
    return made, merge(chosen(made.rung), {"training": {"steps": made.steps, "batch": made.batch, "frames": frames}})
