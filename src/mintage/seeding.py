"""Chance as a pure function: which random numbers are drawn depends on (seed, purpose, step) and on nothing else.

So a resumed run draws what the unbroken one would have drawn, and no generator's state is ever saved.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Generator


def derive(seed: int, *path: int | str) -> int:
    """A 63-bit seed for one purpose, such as `derive(7, "order", epoch)`.

    >>> derive(7, "noise", 3) == derive(7, "noise", 3) != derive(7, "noise", 4)
    True
    """
    text = "/".join(str(part) for part in (seed, *path))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") >> 1


def generator(seed: int, *path: int | str) -> Generator:
    """A fresh torch generator on the CPU for one purpose; its draws are the same on every machine."""
    import torch

    return torch.Generator().manual_seed(derive(seed, *path))
