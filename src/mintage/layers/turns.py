"""Whose turn it is, as a layer can tell: buffers move only while their own player learns."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

__all__ = ["learning", "set_learning"]


def learning(parameter: Tensor | None) -> bool:
    """Whether the player that owns this parameter is the one that moves now.

    The engine freezes idle players (`requires_grad_(False)`) and runs a generator without gradients in the
    discriminator's turn; so running means and power iterations that ask here never move in another's turn.
    """
    return parameter is not None and parameter.requires_grad and torch.is_grad_enabled()


def set_learning(parameters: Iterable[Tensor], on: bool) -> None:
    """Let a player's parameters learn, or freeze them."""
    for parameter in parameters:
        parameter.requires_grad_(on)
