"""Finds the class behind a name: the folder is the registry, `models/dcgan.py` IS the name `dcgan`.

Third parties join by an entry point in the group `mintage.<room>`, or are named as `package.module:Class`.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from mintage.errors import ConfigError


def names(room: str) -> list[str]:
    """The names known in a room ("models", "codecs", ...), without importing any of them."""
    folder = Path(__file__).parent / room
    ours = {module.name for module in pkgutil.iter_modules([str(folder)])}
    return sorted(ours | {point.name for point in entry_points(group=f"mintage.{room}")})


def find(room: str, name: str) -> Any:
    """The one public thing of `mintage/<room>/<name>.py`, of an entry point, or of `module:Name`.

    Raises:
        ConfigError: nothing has this name; the message suggests the nearest one.
    """
    if ":" in name:
        return load_object(name)
    if name in {module.name for module in pkgutil.iter_modules([str(Path(__file__).parent / room)])}:
        module = importlib.import_module(f"mintage.{room}.{name}")
        (public,) = module.__all__
        return getattr(module, public)
    for point in entry_points(group=f"mintage.{room}", name=name):
        return point.load()
    raise ConfigError(f"{room} has no {name!r}. {suggest(name, names(room))}")


def load_object(reference: str) -> Any:
    """What `package.module:name` refers to; the working directory is searched too.

    Raises:
        ConfigError: the module or the name in it does not exist.
    """
    module_name, _, attribute = reference.partition(":")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.append(here)
    try:
        return getattr(importlib.import_module(module_name), attribute)
    except (ImportError, AttributeError) as error:
        raise ConfigError(f"{reference!r} cannot be loaded: {error}. Write it as package.module:name.") from error


def suggest(word: str, known: list[str]) -> str:
    """A sentence that helps after a misspelt name: the nearest one, or all there are."""
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(known)}."
