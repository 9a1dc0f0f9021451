"""A trained run leaves: the form is found by its name, or by what the run can be written as."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mintage import registry
from mintage.contracts import Exporter
from mintage.errors import ConfigError
from mintage.trained import Trained

__all__ = ["export"]


def export(trained: Trained, path: Path, format: str = "", **settings: Any) -> Path:
    """Write a checkpoint in a format of `exporters/`, the first that fits if none is named; returns where it is.

    Raises:
        ConfigError: there is no such format, the run cannot be written so, or something is at `path`.
    """
    names = [format.replace("-", "_")] if format else registry.names("exporters")
    reasons = {}
    for name in names:
        exporter: Exporter = registry.find("exporters", name).read(settings, f"exporter.{name}")
        if not (reason := exporter.lacks(trained.sampler, trained.codec)):
            return exporter.export(trained.sampler, trained.codec, path.expanduser())
        reasons[name.replace("_", "-")] = reason
    told = " ".join(f"As {name}: {reason}" for name, reason in reasons.items())
    raise ConfigError(f"{trained.run.path} cannot be exported. {told}")
