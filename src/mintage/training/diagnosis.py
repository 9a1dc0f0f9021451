"""The troubles of a training by name: what each means, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["MESSAGES", "OF_RECORDS", "OF_SERIES", "OF_TRANSLATION", "OF_WRITING", "Diagnosis", "DiagnosisName"]

DiagnosisName = Literal[
    "not_finite", "generator_frozen", "mode_collapse", "discriminator_wins", "generator_wins", "oscillation",
    "overfitting", "getting_worse", "colours_inverted",
]  # fmt: skip

MESSAGES: Mapping[str, tuple[str, str]] = {
    "not_finite": (
        "{detail} is no longer a finite number, so nothing after this step is worth anything.",
        "Go on from the last checkpoint with a lower training.lr, with training.max_gradient = 1, "
        "or with training.precision = float32.",
    ),
    "generator_frozen": (
        "The generator makes exactly the same samples as before: it pays its loss but does not move.",
        "Check that training.lr_of.generator is not zero and that your generator's parameters require gradients.",
    ),
    "mode_collapse": (
        "The samples are nearly all alike ({detail}): the generator makes a few things instead of all.",
        "Set model.stakes.objective = relativistic with model.stakes.r1 = 1, give it augmentation by "
        "model.stakes.augment, or lower training.lr_of.generator.",
    ),
    "discriminator_wins": (
        "The discriminator is sure of everything ({detail}), so the generator is told almost nothing.",
        "Lower training.lr_of.discriminator, set model.stakes.r1 = 1, or turn on model.stakes.augment.",
    ),
    "generator_wins": (
        "The discriminator takes generated examples for real ones ({detail}): it leads the generator nowhere.",
        "Raise training.lr_of.discriminator, set model.stakes.critic_steps = 2, or make model.width larger.",
    ),
    "oscillation": (
        "The loss of the {detail} swings wider and wider: the players chase each other and do not settle.",
        "Lower training.lr, set model.stakes.r1 = 1, or lower the first of training.betas to 0.",
    ),
    "overfitting": (
        "The discriminator knows its training examples by heart ({detail}): what it says no longer helps.",
        "Turn on model.stakes.augment (with model.stakes.augment_target = 0.6 it steers itself), add data, "
        "or stop here and keep the best checkpoint.",
    ),
    "getting_worse": (
        "The samples are getting worse ({detail}).",
        "Stop here: mintage generate takes the best checkpoint. If other alarms came first, do what they say and train "
        "again; if the discriminator knows its examples by heart, turn on model.stakes.augment.",
    ),
    "colours_inverted": (
        "Light became dark and dark light ({detail}), which the pictures that are learned from do not explain: a way "
        "back undoes it, so a cycle does not notice.",
        "Raise model.stakes.identity_weight, set model.stakes.identity_contrast = true where the model has that, or "
        "start again with another --seed.",
    ),
}

# Other things to do where pictures are translated: those games have neither augmentation nor critic steps.
OF_TRANSLATION: Mapping[str, str] = {
    "mode_collapse": "Raise the weight that ties outputs to inputs (model.stakes.cycle_weight, contrast_weight or "
    "pixel_weight, whichever the model has), or lower training.lr.",
    "discriminator_wins": "Lower training.lr_of.discriminator, or raise the weight that ties outputs to inputs "
    "(model.stakes.cycle_weight, contrast_weight or pixel_weight, whichever the model has).",
    "generator_wins": "Raise training.lr_of.discriminator, or make model.judge_width larger (model.width where the "
    "model has no judge_width).",
    "oscillation": "Lower training.lr, or lower the first of training.betas to 0.",
    "overfitting": "Turn on data.augment, add data, or stop here and keep the best checkpoint.",
    "getting_worse": "Stop here: mintage generate takes the best checkpoint. If other alarms came first, do what they "
    "say and train again; if the discriminator knows its examples by heart, turn on data.augment.",
}

# Other things to do where two players make series: nothing is augmented there, and forecasts have a price of their own.
OF_SERIES: Mapping[str, str] = {
    "mode_collapse": "Raise model.stakes.score_weight, which asks for forecasts that spread, or lower training.lr.",
    "discriminator_wins": "Lower training.lr_of.discriminator, or raise model.stakes.r1 and model.stakes.r2.",
    "overfitting": "Raise model.stakes.r1, make model.width smaller, add data, or stop here and keep the best "
    "checkpoint.",
    "getting_worse": "Stop here: mintage generate takes the best checkpoint. If other alarms came first, do what they "
    "say and train again.",
}

# What a game of one player calls by the same names: the writer itself learns by heart, for there is no discriminator.
OF_WRITING: Mapping[str, tuple[str, str]] = {
    "overfitting": (
        "It learns its text by heart ({detail}): what it has not read, it foretells worse and worse.",
        "Stop here: mintage generate takes the best checkpoint. Give it more text, raise model.dropout, or make it "
        "smaller; training.patience = 3 stops by itself.",
    ),
}

OF_RECORDS: Mapping[str, tuple[str, str]] = {
    "overfitting": (
        "It learns its examples by heart ({detail}): others it foretells worse and worse.",
        "Stop here: mintage generate takes the best checkpoint. Give it more data, raise model.dropout, or make "
        "model.width smaller; training.patience = 3 stops by itself.",
    ),
}


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A named trouble, what it means, and what to do."""

    name: DiagnosisName
    message: str
    advice: str
    step: int

    def row(self) -> dict[str, Any]:
        """The event for the log."""
        return {
            "event": "diagnosis", "step": self.step, "name": self.name, "message": self.message, "advice": self.advice,
        }  # fmt: skip
