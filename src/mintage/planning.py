"""What a budget buys: the sizes of a model's ladder timed on this machine with this data, and a length of training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mintage.config import merge
from mintage.contracts import Rung
from mintage.corpus import Corpus
from mintage.experiment import Experiment
from mintage.training.budget import Plan, choose

__all__ = ["plan"]

# Times that examples are seen: by then a model of likelihood knows them by heart, and others no better.
READ_AT_MOST = {"text": 12, "records": 25}


def plan(first: Experiment, seconds: float, asked: Mapping[str, Any]) -> tuple[Plan, dict[str, Any]]:
    """The plan, and the settings that it stands for; what was `asked` for by a person stays as it is."""
    recipe, data = first.recipe, first.data

    def chosen(rung: Rung) -> dict[str, Any]:
        model = {key: value for key, value in rung.settings.items() if key not in asked.get("model", {})}
        if rung.context is None or "context" in asked.get("data", {}) or not isinstance(data, Corpus):
            return {"model": model}
        return {"model": model, "data": {"context": data.fitting(rung.context)}}

    def step_seconds(rung: Rung) -> float:
        return first.changed(chosen(rung)).measure()[1]

    passes = READ_AT_MOST.get(data.makes)
    most = None if passes is None else passes * len(data.train)
    made = choose(seconds, first.model.ladder, recipe.training.batch, step_seconds, most=most)
    frames = asked.get("training", {}).get("frames", made.frames)
    return made, merge(
        chosen(made.rung), {"training": {"steps": made.steps, "batch": recipe.training.batch, "frames": frames}}
    )
