"""What is known of a step before it comes, such as its hour or its patient's age, beside a history and its features."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from mintage.contracts import Batch

__all__ = ["Told", "joined", "known_of", "parted", "until", "with_known"]


class Told(NamedTuple):
    """A history, what is known of its rows, and what is known of the steps ahead."""

    history: Tensor  # (n, C + 1, V)
    known: Tensor  # (n, C + 1, K)
    ahead: Tensor  # (n, H, K)


def joined(history: Tensor, known: Tensor | None) -> Tensor:
    """Both as one condition of a sampler: rows ahead have no values yet. Nothing known: the history alone.

    Shape: (n, C + 1, V), (n, C + 1 + H, K) -> (n, C + 1 + H, V + K).
    """
    if known is None or not known.shape[2]:
        return history
    later = history.new_zeros(len(history), known.shape[1] - history.shape[1], history.shape[2])
    return torch.cat([torch.cat([history, later], 1), known.expand(len(history), -1, -1)], 2)


def until(windows: Tensor, known: Tensor | None, steps: int) -> Tensor:
    """Windows without their last `steps` as the condition from which these are foretold.

    Shape: (n, T + 1, V), (n, at least T + 1, K) -> as `joined`.
    """
    return joined(windows[:, :-steps], None if known is None else known[:, : windows.shape[1]])


def parted(condition: Tensor, variables: int, steps: int) -> Told:
    """What `joined` took, where `steps` are ahead."""
    values, known = condition.float().split([variables, condition.shape[2] - variables], 2)  # type: ignore[no-untyped-call]
    if not known.shape[2]:
        return Told(values, known, known.new_zeros(len(known), steps, 0))
    rows = condition.shape[1] - steps
    return Told(values[:, :rows], known[:, :rows], known[:, rows:])


def known_of(batch: Batch) -> Tensor:
    """What is known of windows' rows and of as many steps after them; nothing where there is nothing.

    Shape: (B, 2 T + 1, K).
    """
    if batch.condition is None:
        return batch.x.new_zeros(len(batch), 2 * batch.x.shape[1] - 1, 0, dtype=torch.float32)
    return batch.condition.float()


def with_known(features: Tensor, known: Tensor) -> Tensor:
    """Features of each variable, and known numbers beside each. Shape: (..., V, F), (..., K) -> (..., V, F + K)."""
    beside = known.unsqueeze(-2).expand(*features.shape[:-1], known.shape[-1])
    return torch.cat([features, beside], -1)
