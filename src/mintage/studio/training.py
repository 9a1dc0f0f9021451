"""What can be trained, how: models with their settings as a form, and the checks of an order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mintage import registry
from mintage.config import merge
from mintage.errors import ConfigError

__all__ = ["check_model", "models", "named", "schema"]

_HIDDEN = ("tensorboard", "max_seconds", "workers", "channels_last")  # of no use to who trains in a page


def named(data: str) -> str:
    """What the run directory of a training on some data is called.

    >>> named("My photos (2)"), named("花鸟")
    ('my-photos-2', '花鸟')
    """
    words = "".join(one if one.isalnum() else " " for one in data.lower()).split()
    return "-".join(words)[:60] or "data"


def check_model(name: str, overrides: Mapping[str, Any]) -> None:
    """Refuse a model that does not exist, and settings that no recipe has.

    Raises:
        ConfigError: it is not one of ours, or something else than a recipe is to be changed.
    """
    for one in (name, str(overrides.get("model", {}).get("name", "") if _is_group(overrides, "model") else "")):
        if one and one not in registry.names("models"):
            raise ConfigError(f"There is no model {one!r}. {registry.suggest(one, registry.names('models'))}")
    for key in overrides:
        if key not in ("training", "model", "codec", "data") or not _is_group(overrides, key):
            raise ConfigError(f"{key!r} is no group of settings. Those are training, model, codec and data.")


def _is_group(overrides: Mapping[str, Any], key: str) -> bool:
    return isinstance(overrides.get(key), Mapping)


def models(fits: list[str] | None) -> list[dict[str, Any]]:
    """Every model that needs nothing from this machine, and whether it fits; None: not known yet."""
    from mintage.fitting import free_models

    found = []
    for name in free_models():
        cls = registry.find("models", name)
        words = (cls.__doc__ or "").strip().splitlines()[0]
        found.append({"name": name, "words": words, "makes": _makes(name), "fits": fits is None or name in fits})
    return sorted(found, key=lambda one: (not one["fits"], one["name"]))


def _makes(name: str) -> str:
    kinds = {"gpt": "text", "llama": "text", "relgan": "text", "gpt_finetune": "text", "series_ar": "series"}
    kinds |= {"tabular_ar": "records", "tabular_gan": "records", "ctgan": "records"}
    return kinds.get(name, "pictures")


def schema(name: str) -> dict[str, Any]:
    """The settings of a training by this model, as a JSON schema with their defaults.

    Raises:
        ConfigError: there is no such model.
    """
    from mintage.training.settings import TrainingSettings

    check_model(name, {})
    cls = registry.find("models", name)
    training = TrainingSettings.model_json_schema()
    for hidden in _HIDDEN:
        training["properties"].pop(hidden, None)
    model = cls.model_json_schema()
    definitions = {**training.pop("$defs", {}), **model.pop("$defs", {})}
    habits = {key: value for key, value in getattr(cls, "habits", {}).items() if not isinstance(value, tuple)}
    for key, value in habits.items():
        if key in training["properties"]:
            training["properties"][key]["default"] = value
    defaults = {
        "model": cls().model_dump(mode="json"),
        "training": merge(TrainingSettings().model_dump(mode="json", exclude=set(_HIDDEN)), habits),
    }
    whole = {"type": "object", "properties": {"model": model, "training": training}, "$defs": definitions}
    return {"schema": whole, "defaults": defaults}
