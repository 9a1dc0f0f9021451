"""A secret that stays the same from start to start, so that a page left open goes on by itself."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

__all__ = ["keep_secret"]


def keep_secret(path: Path) -> str:
    """The secret in this file, which only its owner may read; made at the first asking.

    >>> import tempfile
    >>> place = Path(tempfile.mkdtemp()) / ".token"
    >>> keep_secret(place) == keep_secret(place), len(keep_secret(place)) > 20
    (True, True)
    """
    try:
        if len(known := path.read_text("utf-8").strip()) >= 20:
            return known
        path.unlink()
    except FileNotFoundError:
        pass
    made = secrets.token_urlsafe(24)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(made)
    return made
