"""Records as vectors that adversarial networks see, and back: one-hot groups and mode-specific scalars."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import torch
from torch import Tensor, nn

from mintage.layers.record_positions import RecordPositions, gumbel, shares_of
from mintage.records import Column

__all__ = ["RecordBlocks", "mixture"]

_STANDS_ALONE = 0.05  # share of the records from which a code of an ordered column is a choice of its own
_RECORDS = 200.0  # as many count against the price of a mode
_ROUNDS = 200  # of expectation and maximisation


def mixture(values: Tensor, shares: Tensor, most: int = 10) -> tuple[Tensor, Tensor, Tensor]:
    """A mixture of Gaussians over weighted values, without modes that do not pay (Figueiredo and Jain, 2002).

    Expectation and maximisation from evenly spread quantiles on; each mode loses one record's worth of weight a
    round, for its mean and deviation, so the weak die out. No chance is in it.

    Shape: (N,), (N,) -> means, deviations, weights (K,) each.
    """
    values, order = values.double().sort()
    shares = shares.double()[order] / shares.sum()
    spread = ((values - values @ shares).square() @ shares).sqrt().clamp_min(1e-12)
    places = (torch.arange(most, dtype=torch.float64) + 0.5) / most
    spread_out = values[torch.searchsorted(shares.cumsum(0), places).clamp_max(len(values) - 1)]
    means = torch.unique(spread_out)
    deviations, weights = spread.expand(len(means)) / len(means), torch.full_like(means, 1 / len(means))
    for _ in range(_ROUNDS):
        belongs = _log_density(values, means, deviations, weights).softmax(1) * shares[:, None]  # (N, K)
        weights = (belongs.sum(0) - 1 / _RECORDS).clamp_min(0)
        belongs, weights = belongs[:, weights > 0], weights[weights > 0]
        weights, counts = weights / weights.sum(), belongs.sum(0)
        means = values @ belongs / counts
        deviations = ((values[:, None] - means).square() * belongs).sum(0).div(counts).sqrt().clamp_min(1e-3 * spread)
    return means, deviations, weights


def _log_density(values: Tensor, means: Tensor, deviations: Tensor, weights: Tensor) -> Tensor:
    return weights.log() - deviations.log() - 0.5 * ((values[:, None] - means) / deviations).square()


class RecordBlocks(nn.Module):
    """Mode-specific normalisation and one-hot groups (Xu et al., 2019, section 4.2), read from the columns alone.

    A column without order, or with at most `few` codes, is one group: which code. Any other ordered column is a scalar
    and a group: which mode of a mixture its value is likeliest of, or which code that stands alone (the missing one,
    and those that many records have); the scalar spans four deviations of the mode either way, or
    all of its values where these lie farther. What has several learned positions shows its first: the finer ones are
    drawn evenly, as all free positions are.

    Shape: codes (B, P) int64 <-> vectors (B, width).
    """

    def __init__(self, columns: Sequence[Column], *, few: int = 30, modes: int = 10) -> None:
        super().__init__()
        self.positions = RecordPositions(columns)
        self.blocks = nn.ModuleList(
            _ModeBlock(column, modes) if column.values and column.levels[0] > few else _CodeBlock(column)
            for column in self.positions.learned
        )
        widths = [int(block.table.shape[1]) for block in self._tables()]
        self.width = sum(widths)
        self.starts = [0, *accumulate(widths)][:-1]
        self.is_scalar = [isinstance(block, _ModeBlock) for block in self.blocks]

    @property
    def discrete(self) -> list[int]:
        """Which of the learned columns are one group of codes: those that can be asked for."""
        return [place for place, scalar in enumerate(self.is_scalar) if not scalar]

    @property
    def groups(self) -> list[tuple[int, int]]:
        """Start and stop of each group; what no group holds is a scalar."""
        stops = [*self.starts[1:], self.width]
        return [(a + scalar, b) for a, b, scalar in zip(self.starts, stops, self.is_scalar, strict=True)]

    def forward(self, codes: Tensor) -> Tensor:
        """Shape: (B, P) -> (B, width)."""
        first = codes[:, self.positions.firsts]
        return torch.cat([block.table[first[:, place]] for place, block in enumerate(self._tables())], 1)

    def relaxed(self, raw: Tensor, uniform: Tensor, temperature: float) -> Tensor:
        """What a network says, as vectors with slopes: tanh of scalars, Gumbel-softmax of groups (Jang et al., 2017).

        Shape: (B, width), uniform numbers (B, width) -> (B, width).
        """
        chosen = (self.barred(raw) + gumbel(uniform)) / temperature
        parts = []
        for (start, stop), scalar in zip(self.groups, self.is_scalar, strict=True):
            parts += [raw[:, start - 1 : start].tanh()] if scalar else []
            parts.append(chosen[:, start:stop].softmax(1))
        return torch.cat(parts, 1)

    def barred(self, raw: Tensor) -> Tensor:
        """Logits without hope for the codes that must never be made. Shape: (B, width) -> (B, width)."""
        return raw.float() + torch.cat([block.bar for block in self._tables()])

    def codes(self, vectors: Tensor, uniform: Tensor) -> Tensor:
        """The nearest records; what vectors don't say is drawn. Shape: (B, width), (B, drawn) -> (B, P) int64."""
        stops = [*self.starts[1:], self.width]
        firsts = [block.codes(vectors[:, a:b]) for block, a, b in zip(self._tables(), self.starts, stops, strict=True)]
        return self.positions.filled(firsts, uniform)

    def _tables(self) -> list[_CodeBlock | _ModeBlock]:
        return list(self.blocks)  # type: ignore[arg-type]


class _CodeBlock(nn.Module):
    """One group: which code."""

    table: Tensor  # (codes, width): what each code looks like
    bar: Tensor  # (width,): -inf where a choice must never be made

    def __init__(self, column: Column) -> None:
        super().__init__()
        self.register_buffer("table", torch.eye(column.levels[0]), persistent=False)
        bar = torch.zeros(column.levels[0])
        bar[list(column.never)] = -torch.inf
        self.register_buffer("bar", bar, persistent=False)

    def codes(self, vectors: Tensor) -> Tensor:
        return vectors.argmax(1)


class _ModeBlock(nn.Module):
    """A scalar and a group: where in which mode, or which code that stands alone."""

    table: Tensor
    bar: Tensor

    def __init__(self, column: Column, modes: int) -> None:
        super().__init__()
        shares, count = shares_of(column), column.levels[0]
        values = torch.tensor(column.values, dtype=torch.float64)
        alone = shares > _STANDS_ALONE
        if column.missing is not None:
            alone[column.missing] = True
        between = (~alone).nonzero()[:, 0]  # codes of the mixture
        if not len(between):
            alone[:] = False
            between = torch.arange(count)
        means, deviations, weights = mixture(values[between], shares[between].clamp_min(1e-9), modes)
        mode = _log_density(values[between], means, deviations, weights).argmax(1)
        away = values[between] - means[mode]
        reach = (4 * deviations).scatter_reduce(0, mode, away.abs(), "amax")
        table = torch.zeros(count, 1 + len(means) + int(alone.sum()))
        table[between, 0] = (away / reach[mode]).float()
        table[between, 1 + mode] = 1
        alone_codes = alone.nonzero()[:, 0]
        table[alone_codes, 1 + len(means) + torch.arange(len(alone_codes))] = 1
        bar = torch.zeros(table.shape[1])
        bar[1 + len(means) :][torch.isin(alone_codes, torch.tensor(column.never, dtype=torch.int64))] = -torch.inf
        allowed = torch.tensor([code for code in between.tolist() if code not in column.never] or between.tolist())
        known, order = values[allowed].sort()
        for name, tensor in {
            "table": table, "bar": bar, "means": means.float(), "reach": reach.float(), "alone": alone_codes,
            "allowed": allowed[order], "edges": ((known[1:] + known[:-1]) / 2).float(),
        }.items():  # fmt: skip
            self.register_buffer(name, tensor, persistent=False)

    means: Tensor  # (K,)
    reach: Tensor  # (K,) four deviations, or the farthest value
    alone: Tensor  # codes that stand alone
    allowed: Tensor  # the others, by value
    edges: Tensor  # between their values

    def codes(self, vectors: Tensor) -> Tensor:
        choice = vectors[:, 1:].argmax(1)
        mode = choice.clamp_max(len(self.means) - 1)
        value = self.means[mode] + vectors[:, 0].float().clamp(-1, 1) * self.reach[mode]
        nearest = self.allowed[torch.searchsorted(self.edges, value)]
        if not len(self.alone):
            return nearest
        return torch.where(choice == mode, nearest, self.alone[(choice - len(self.means)).clamp_min(0)])
