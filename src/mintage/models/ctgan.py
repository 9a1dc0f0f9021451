"""CTGAN: the adversarial model of tables that others are measured by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Generator, Tensor, nn

from mintage.config import Settings
from mintage.contracts import DataSpec, Rung
from mintage.games.adversarial_records import AdversarialRecords, RecordStakes
from mintage.layers.norm import BatchNorm
from mintage.layers.record_blocks import RecordBlocks
from mintage.layers.record_positions import columns_of, shares_of
from mintage.records import Column

__all__ = ["CTGAN"]

_TEMPERATURE = 0.2  # of the Gumbel-softmax


class CTGAN(Settings):
    """Conditional tabular GAN (Xu et al., 2019).

    Choose it to compare with what others have published; tabular_gan learns more in the same time. Modes that are
    normalised one by one, a generator that is asked for one code of one column, records judged ten at a time.
    """

    latent_dim: int = Field(128, ge=1)
    """Length of z."""
    width: int = Field(256, ge=1)
    """Units of each hidden layer of both players."""
    modes: int = Field(10, ge=1)
    """Of the mixture that normalises a column of numbers, at most."""
    pack: int = Field(10, ge=1)
    """Records that the critic judges together."""
    dropout: float = Field(0.5, ge=0, lt=1)
    """Of the critic."""
    stakes: RecordStakes = RecordStakes(objective="wasserstein", gradient_penalty=10, asked_weight=1)
    """What the players pay."""

    habits: ClassVar[Mapping[str, Any]] = {"batch": 500, "lr": 2e-4, "betas": (0.5, 0.9), "decay_to": 1.0}
    ladder: ClassVar[tuple[Rung, ...]] = (Rung({"width": 128}, 0), Rung({"width": 256}, 500_000))

    def build(self, spec: DataSpec) -> AdversarialRecords:
        """The game for these columns.

        Raises:
            SpecError: the data is not records of columns.
        """
        blocks = RecordBlocks(columns_of(spec, "CTGAN"), modes=self.modes)
        asking = _Asking(blocks)
        sampler = _AskedSampler(_Generator(self, asking.width, blocks), blocks, asking, self.latent_dim)
        critic = _Critic(self, blocks.width + asking.width)
        return AdversarialRecords(sampler, critic, self.stakes, pack=self.pack)


class _Generator(nn.Module):
    """Each layer adds its answer beside what it was given. Shape: z and what is asked -> (B, width) before tanh."""

    def __init__(self, model: CTGAN, asked: int, blocks: RecordBlocks) -> None:
        super().__init__()
        widths = [model.latent_dim + asked + layer * model.width for layer in range(3)]
        self.layers = nn.ModuleList(nn.Linear(width, model.width) for width in widths[:2])
        self.norms = nn.ModuleList(BatchNorm(model.width) for _ in self.layers)
        self.head = nn.Linear(widths[2], blocks.width)

    def forward(self, x: Tensor) -> Tensor:
        for layer, norm in zip(self.layers, self.norms, strict=True):
            x = torch.cat([norm(layer(x)).relu(), x], 1)
        return self.head(x).float()  # type: ignore[no-any-return]


class _Critic(nn.Sequential):
    """(B, pack * width) -> (B,)."""

    def __init__(self, model: CTGAN, width: int) -> None:
        layers: list[nn.Module] = []
        for inputs in (model.pack * width, model.width):
            layers += [nn.Linear(inputs, model.width), nn.LeakyReLU(0.2), nn.Dropout(model.dropout)]
        super().__init__(*layers, nn.Linear(model.width, 1), nn.Flatten(0))


class _Asking(nn.Module):
    """What a generator can be asked for: one code of one of the columns that are one group of codes.

    In training, real records are drawn as evenly over a column's codes as the logarithm of how often they occur
    (training by sampling). It is done within the batch, so a code that no record of it has is not asked for.
    """

    starts: Tensor  # of each of these columns' codes among all that can be asked for
    places: Tensor  # the columns' positions in a record
    reach: Tensor  # (columns, most codes): the sums of the shares that make a code of a column follow from a number

    def __init__(self, blocks: RecordBlocks) -> None:
        super().__init__()
        columns = [blocks.positions.learned[place] for place in blocks.discrete]
        self.sizes = [column.levels[0] for column in columns]
        self.groups = [blocks.groups[place] for place in blocks.discrete]
        self.width = sum(self.sizes)
        starts = torch.tensor([sum(self.sizes[:place]) for place in range(len(columns))], dtype=torch.int64)
        places = torch.tensor([blocks.positions.firsts[place] for place in blocks.discrete], dtype=torch.int64)
        for name, tensor in {"starts": starts, "places": places, "reach": _reach(columns)}.items():
            self.register_buffer(name, tensor, persistent=False)

    def of_batch(self, codes: Tensor, chance: Tensor) -> tuple[Tensor, Tensor]:
        """Which rows of a batch stand for what each row is asked: (B, P), (B, 2) -> (B,), (B, width) one-hot."""
        if not self.sizes:
            return torch.arange(len(codes), device=codes.device), chance.new_zeros(len(codes), 0)
        numbers = codes[:, self.places] + self.starts  # (B, columns)
        counts = torch.bincount(numbers.flatten(), minlength=self.width)[numbers].float()
        evenly = (counts.log1p() / counts).T.cumsum(1)  # (columns, B)
        column = self._column(chance)
        rows = torch.searchsorted(evenly[column], chance[:, 1:] * evenly[column, -1:]).clamp_max(len(codes) - 1)[:, 0]
        return rows, self._told(numbers[rows, column])

    def as_in_the_data(self, chance: Tensor) -> Tensor:
        """What records are asked for that shall be as frequent as real ones: (B, 2) -> (B, width) one-hot."""
        if not self.sizes:
            return chance.new_zeros(len(chance), 0)
        column = self._column(chance)
        code = (self.reach[column] <= chance[:, 1:]).sum(1)
        return self._told(self.starts[column] + code.minimum(torch.tensor(self.sizes, device=code.device)[column] - 1))

    def missed(self, raw: Tensor, asked: Tensor) -> Tensor:
        """Nats by which logits miss what was asked. Shape: (B, blocks.width), (B, width) -> (B,)."""
        if not self.sizes:
            return raw.new_zeros(len(raw))
        logs = torch.cat([raw[:, start:stop].log_softmax(1) for start, stop in self.groups], 1)
        return -(asked * logs).sum(1)

    def _column(self, chance: Tensor) -> Tensor:
        return (chance[:, 0] * len(self.sizes)).long().clamp_max(len(self.sizes) - 1)

    def _told(self, number: Tensor) -> Tensor:
        return F.one_hot(number, self.width).float()


def _reach(columns: Sequence[Column]) -> Tensor:
    sums = torch.ones(len(columns), max((column.levels[0] for column in columns), default=0), dtype=torch.float64)
    for row, column in zip(sums, columns, strict=True):
        shares = shares_of(column)
        shares[list(column.never)] = 0
        row[: len(shares)] = (shares / shares.sum()).cumsum(0)
    return sums.float()


class _AskedSampler(nn.Module):
    """z and chance in one tensor, what is asked for as frequent as in the data, the generator, the nearest record.

    Shape: noise (n, latent_dim + width + 2 + drawn) -> (n, P) int64.
    """

    def __init__(self, generator: _Generator, blocks: RecordBlocks, asking: _Asking, latent_dim: int) -> None:
        super().__init__()
        self.generator, self.blocks, self.asking, self.latent_dim = generator, blocks, asking, latent_dim

    def noise(self, n: int, rng: Generator) -> Tensor:
        """Normal numbers for z, uniform ones for all that is chosen. Shape: (n, latent_dim + choices)."""
        choices = self.blocks.width + 2 + len(self.blocks.positions.drawn)
        z = torch.randn(n, self.latent_dim, generator=rng)
        return torch.cat([z, torch.rand(n, choices, generator=rng)], 1)

    def forward(self, noise: Tensor, condition: Tensor | None = None) -> Tensor:
        asked, drawn = noise[:, self.latent_dim + self.blocks.width :].tensor_split([2], 1)
        vectors, _ = self.relaxed(noise, self.asking.as_in_the_data(asked))
        return self.blocks.codes(vectors, drawn)

    def seen(self, codes: Tensor) -> Tensor:
        """Real records as vectors."""
        return self.blocks(codes)  # type: ignore[no-any-return]

    def ask(self, codes: Tensor, chance: Tensor) -> tuple[Tensor, Tensor]:
        """Training by sampling: which real records stand beside made ones, and what both are asked."""
        return self.asking.of_batch(codes, chance)

    def relaxed(self, noise: Tensor, asked: Tensor) -> tuple[Tensor, Tensor]:
        """Vectors with slopes, and nats by which they miss what was asked."""
        z, uniform = noise[:, : self.latent_dim], noise[:, self.latent_dim :][:, : self.blocks.width]
        raw = self.generator(torch.cat([z, asked], 1))
        return self.blocks.relaxed(raw, uniform, _TEMPERATURE), self.asking.missed(raw, asked)
