"""Mintage learns from your own data and makes more of it: `train`, `load`, `evaluate`, `compare`, `Run`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mintage.api import Run, compare, evaluate, load, train

__all__ = ["Run", "__version__", "compare", "evaluate", "load", "train"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name in __all__:  # torch takes seconds to import, so it waits for the first use
        from mintage import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
