"""Settings as frozen classes, and the three ways a person changes them: TOML, dotted overrides, Python.

It knows no setting by name; each class lives beside the thing it configures.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from mintage.errors import ConfigError
from mintage.registry import suggest


class Settings(BaseModel):
    """A frozen group of settings: unknown keys are errors, and a nested group is overridden key by key.

    >>> class Stakes(Settings):
    ...     objective: str = "hinge"
    ...     r1: float = 0.0
    >>> class Model(Settings):
    ...     stakes: Stakes = Stakes(objective="relativistic")
    >>> Model.model_validate({"stakes": {"r1": 1.0}}).stakes
    Stakes(objective='relativistic', r1=1.0)
    """

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True, validate_default=True)

    @model_validator(mode="before")
    @classmethod
    def _keep_the_defaults_of_nested_groups(cls, values: Any) -> Any:
        if not isinstance(values, Mapping):
            return values
        filled = dict(values)
        for name, field in cls.model_fields.items():
            if isinstance(field.default, Settings) and isinstance(filled.get(name), Mapping):
                filled[name] = merge(field.default.model_dump(), filled[name])
        return filled

    @classmethod
    def read(cls, values: Mapping[str, Any], where: str = "") -> Self:
        """Validate plain values, say from TOML; `where` is the dotted path that an error names.

        Raises:
            ConfigError: an unknown key (with the nearest known one) or a value that does not fit.
        """
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise ConfigError(_in_a_line(cls, error, where)) from error


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with the values of `over`, nested mappings merged key by key."""
    merged = dict(base)
    for key, value in over.items():
        old = merged.get(key)
        both = isinstance(old, Mapping) and isinstance(value, Mapping)
        merged[key] = merge(old, value) if both else value  # type: ignore[arg-type]
    return merged


def parse_overrides(words: Sequence[str]) -> dict[str, Any]:
    """Dotted overrides as they come from a command line, with TOML values; bare words are strings.

    >>> parse_overrides(["training.steps=2_000", "model.stakes.objective=hinge"])
    {'training': {'steps': 2000}, 'model': {'stakes': {'objective': 'hinge'}}}

    Raises:
        ConfigError: a word without "=".
    """
    values: dict[str, Any] = {}
    for word in words:
        path, equals, text = word.partition("=")
        if not equals or not path:
            raise ConfigError(f"{word!r} is not an override. Write it as key=value, for example training.steps=2000.")
        nested: Any = _toml_value(text)
        for key in reversed(path.split(".")):
            nested = {key: nested}
        values = merge(values, nested)
    return values


def explain(cls: type[Settings], prefix: str = "") -> Iterator[tuple[str, str, str, str]]:
    """Rows of (dotted name, type, default, description), nested groups unfolded."""
    for name, field in cls.model_fields.items():
        if isinstance(field.default, Settings):
            defaults = type(field.default)
            for row in explain(defaults, f"{prefix}{name}."):
                own = getattr(field.default, row[0].rsplit(".", 1)[-1], None)
                yield (row[0], row[1], repr(own), row[3])
        else:
            default = "required" if field.is_required() else repr(field.get_default(call_default_factory=True))
            kind = getattr(field.annotation, "__name__", "") if not hasattr(field.annotation, "__args__") else ""
            yield (
                prefix + name,
                kind or str(field.annotation).replace("typing.", ""),
                default,
                field.description or "",
            )


def _toml_value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _in_a_line(cls: type[Settings], error: ValidationError, where: str) -> str:
    lines = []
    for problem in error.errors():
        path = ".".join(str(part) for part in ((where,) if where else ()) + problem["loc"])
        if problem["type"] == "extra_forbidden":
            known = sorted(_fields_at(cls, problem["loc"][:-1]))
            lines.append(f"{path} is not a setting. {suggest(str(problem['loc'][-1]), known)}")
        else:
            message = problem["msg"].removeprefix("Value error, ")
            lines.append(f"{path} = {problem['input']!r} does not fit: {message}.")
    return " ".join(lines)


def _fields_at(cls: type[Settings], path: tuple[int | str, ...]) -> set[str]:
    for part in path:
        default = cls.model_fields[str(part)].default if str(part) in cls.model_fields else None
        if not isinstance(default, Settings):
            break
        cls = type(default)
    return set(cls.model_fields)
