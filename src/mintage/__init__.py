"""Mintage learns from your own data and makes more of it: `train`, `load`, `Run`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mintage.api import Run, load, train

__all__ = ["Run", "__version__", "load", "train"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name in ("Run", "load", "train"):  # torch takes seconds to import, so it waits for the first use
        from mintage import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
