"""Counting inside a network: n-grams of the text that is learned from, as buffers that a checkpoint keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

__all__ = ["CountedLength", "CountedText"]

_Array = NDArray[Any]


class CountedLength(Protocol):
    """What n-grams of one length add: p(token | context) = share + rest[context] * p(token | shorter context)."""

    @property
    def keys(self) -> _Array: ...  # (U,) sorted: number of the context * V + the token that follows
    @property
    def shares(self) -> _Array: ...  # (U,)
    @property
    def rest(self) -> _Array: ...  # (C,) by the context's number: the place of its n-gram in the keys one length down


_KINDS = ("keys", "shares", "rest")


class CountedText(nn.Module):
    """What follows the last few tokens, by counting (modified Kneser-Ney; Chen and Goodman, 1999).

    Empty until it is `fill`ed or a checkpoint is loaded; then a text of English characters takes some 12 bytes a token.
    """

    def __init__(self, order: int, num_tokens: int) -> None:
        super().__init__()
        self.order, self.num_tokens = order, num_tokens
        for length in range(order):
            self.register_buffer(f"keys{length}", torch.empty(0, dtype=torch.int64))
            self.register_buffer(f"shares{length}", torch.empty(0))
            self.register_buffer(f"rest{length}", torch.ones(1 if not length else 0))

    def fill(self, levels: Sequence[CountedLength]) -> None:
        """Take over what was counted, from single tokens up."""
        for length, level in enumerate(levels[: self.order]):
            for kind in _KINDS:
                buffer = getattr(self, f"{kind}{length}")
                setattr(self, f"{kind}{length}", torch.from_numpy(getattr(level, kind)).to(buffer))

    def forward(self, tokens: Tensor, count: int) -> Tensor:
        """Probabilities of what follows each of the last `count` tokens, by those before it in its row.

        Shape: (B, P) int64 -> (B, count, V) float32.
        """
        keys, shares, rest = self._length(0)
        alone = (rest[0] / self.num_tokens).repeat(self.num_tokens).index_add_(0, keys, shares)
        chances = alone.repeat(len(tokens) * count, 1)
        for length, number in enumerate(self._contexts(tokens[:, -(count + self.order - 1) :])):
            if length:
                self._refine(chances, number[:, -count:].flatten(), length)
        return chances.view(len(tokens), count, -1)

    def last(self, tokens: Tensor) -> Tensor:
        """The same at the last place alone. Shape: (B, P) int64 -> (B, V) float32.

        By numpy where the text is on the processor: a hundred tensors of one number would take far longer.
        """
        if tokens.device.type != "cpu":
            return self(tokens, 1)[:, 0]  # type: ignore[no-any-return]
        lengths = [[part.numpy() for part in self._length(length)] for length in range(self.order)]
        said = [self._after(row, lengths) for row in tokens[:, max(tokens.shape[1] - self.order + 1, 0) :].tolist()]
        return torch.from_numpy(np.stack(said))

    def _after(self, tokens: list[int], lengths: Sequence[Sequence[_Array]]) -> _Array:
        chances = np.full(self.num_tokens, 1 / self.num_tokens, np.float32)
        for known, (keys, shares, rest) in enumerate(lengths):
            row = self._row(tokens[len(tokens) - known :], lengths) if known <= len(tokens) and len(keys) else -1
            if row < 0:
                break
            chances *= rest[row]
            first, last = np.searchsorted(keys, (row * self.num_tokens, (row + 1) * self.num_tokens))
            chances[keys[first:last] - row * self.num_tokens] += shares[first:last]
        return chances

    def _row(self, tokens: list[int], lengths: Sequence[Sequence[_Array]]) -> int:
        """The number of a context; -1 where it was never seen."""
        row = 0
        for token, (keys, *_) in zip(tokens, lengths, strict=False):
            wanted = row * self.num_tokens + token
            row = int(np.searchsorted(keys, wanted))
            if row == len(keys) or keys[row] != wanted:
                return -1
        return row

    def costs(self, tokens: Tensor, targets: Tensor) -> Tensor:
        """Nats of what follows each token: without asking what else might. Shape: (B, T), (B, T) -> (B, T)."""
        chances = torch.full(tokens.shape, 1 / self.num_tokens, device=tokens.device)
        for length, number in enumerate(self._contexts(tokens)):
            keys, shares, rest = self._length(length)
            if len(keys):
                row = torch.searchsorted(keys, wanted := number * self.num_tokens + targets).clamp_max(len(keys) - 1)
                found = (number >= 0) & (keys[row] == wanted)
                chances = torch.where(number >= 0, chances * rest[number.clamp_min(0)], chances) + shares[row] * found
        return -chances.log()

    def _contexts(self, tokens: Tensor) -> list[Tensor]:
        """Numbers of the 0, 1, ... order - 1 tokens that end at each place, -1 where unseen. Shape: (B, P) each."""
        numbers = [torch.zeros_like(tokens)]
        for length in range(self.order - 1):
            shorter = F.pad(numbers[-1][:, :-1], (1, 0), value=-1 if length else 0)
            keys, wanted = self._length(length)[0], shorter * self.num_tokens + tokens
            row = torch.searchsorted(keys, wanted).clamp_max(max(len(keys) - 1, 0))
            known = (shorter >= 0) & (keys[row] == wanted) if len(keys) else torch.zeros_like(tokens, dtype=torch.bool)
            numbers.append(torch.where(known, row, -1))
        return numbers

    def _refine(self, chances: Tensor, number: Tensor, length: int) -> None:
        """Mix what is known of a longer context into what a shorter one says, in place."""
        keys, shares, rest = self._length(length)
        at = (number >= 0).nonzero()[:, 0]
        if not len(at) or not len(keys):
            return
        number = number[at]
        chances[at] *= rest[number][:, None]
        start = torch.searchsorted(keys, number * self.num_tokens)
        sizes = torch.searchsorted(keys, (number + 1) * self.num_tokens) - start
        which = torch.repeat_interleave(sizes)  # ragged rows laid end to end
        each = torch.arange(len(which), device=keys.device) - (sizes.cumsum(0) - sizes)[which] + start[which]
        token = keys[each] - number[which] * self.num_tokens
        chances.index_put_((at[which], token), shares[each], accumulate=True)

    def _length(self, length: int) -> tuple[Tensor, Tensor, Tensor]:
        """Keys, shares and rest of the n-grams that are one longer than that."""
        keys, shares, rest = (getattr(self, f"{kind}{length}") for kind in _KINDS)
        return keys, shares, rest

    def _load_from_state_dict(self, state_dict: Mapping[str, Any], prefix: str, *rest: Any) -> None:
        """Buffers have the size of the text that was counted."""
        for name, buffer in self._buffers.items():
            kept = state_dict.get(prefix + name)
            if kept is not None and buffer is not None and kept.shape != buffer.shape:
                setattr(self, name, torch.empty_like(kept, dtype=buffer.dtype, device=buffer.device))
        super()._load_from_state_dict(state_dict, prefix, *rest)  # type: ignore[no-untyped-call]
