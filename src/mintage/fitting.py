"""Which models can learn data of a shape: each is asked to build itself for it."""

from __future__ import annotations

from contextlib import suppress

from mintage import registry
from mintage.contracts import DataSpec
from mintage.errors import SpecError

__all__ = ["free_models", "models_that_fit"]


def free_models() -> list[str]:
    """Those that need nothing that a person brings."""
    found = {name: registry.find("models", name) for name in registry.names("models")}
    return [name for name, cls in found.items() if not any(f.is_required() for f in cls.model_fields.values())]


def models_that_fit(spec: DataSpec) -> set[str]:
    """Those that can learn data of this shape."""
    found = set()
    for name in free_models():
        with suppress(SpecError):
            registry.find("models", name)().build(spec)
            found.add(name)
    return found
