"""The phrases embedding: passages as points by the runs of tokens that stand in them, learned from the user's text."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor

from mintage.config import Settings
from mintage.contracts import Examples
from mintage.errors import DataError
from mintage.seeding import generator

__all__ = ["Phrases"]

_MOST = 4_000  # passages that are learned from
_FEWEST, _FEW = 10, 200
_BLOCK = 512
_PASSES, _SPARE = 2, 10  # of the randomised decomposition
_MIX = (0x9E3779B97F4A7C15 - (1 << 64), 0x5851F42D4C957F2D)  # odd multipliers of the hash, as signed 64-bit numbers


class Phrases(Settings):
    """Latent semantic analysis (Deerwester et al., 1990) of passages of equal length, in tokens of any kind.

    Runs of one to four tokens are hashed with a sign (Weinberger et al., 2009) and counted, counts enter by their
    logarithm and less where all passages have them, and the directions in which the training passages differ most are
    kept: spelling, words, names and the manner of a passage where tokens are characters, phrases and topics where they
    are pieces of words. It needs no foreign weights and no language; it sees no grammar beyond four tokens. Distances
    in it compare only where its hash is the same.
    """

    dim: int = Field(64, ge=4, le=512)
    """Number of features, at most."""
    longest: int = Field(4, ge=1, le=8)
    """Tokens of the longest runs."""
    buckets: int = Field(8_192, ge=256, le=1 << 16)
    """Places that runs are hashed to."""
    seed: int = 0
    """Of the decomposition's random start."""

    def prepare(self, reals: Examples, cache: Path) -> PhraseEmbedder:
        """The directions, learned now: it takes seconds and so is not kept.

        Raises:
            DataError: these are not ten or more passages of tokens.
        """
        if reals.x.ndim != 2 or reals.x.dtype != torch.int64 or len(reals) < _FEWEST:
            raise DataError(
                f"The phrases embedding learns from {_FEWEST} or more passages, (N, T) int64 tokens, but was given "
                f"{tuple(reals.x.shape)} {reals.x.dtype}. Give more text, or choose an embedding that fits this data."
            )
        rows = torch.randperm(len(reals), generator=generator(self.seed, "phrases", "passages"))[:_MOST]
        counts = torch.cat([self._counts(block) for block in torch.split(reals.x[rows.sort().values], _BLOCK)])
        seen = (counts != 0).sum(0)
        weights = (len(counts) / seen.clamp_min(1)).log() * (seen > 0)
        points = F.normalize(counts * weights, dim=1)
        directions = _directions(points, min(self.dim, len(points) - 1), generator(self.seed, "phrases", "start"))
        few = f"The phrases embedding learned from only {len(counts)} passages (below {_FEW} its distances are rough)."
        return PhraseEmbedder(self, weights, directions, "" if len(counts) >= _FEW else few)

    def _counts(self, x: Tensor) -> Tensor:
        """Signed counts of hashed runs, by their logarithm. Shape: (N, T) int64 -> (N, buckets)."""
        counts = torch.zeros(len(x), self.buckets)
        run = torch.zeros_like(x)
        for length in range(1, min(self.longest, x.shape[1]) + 1):
            last = x[:, length - 1 :]
            run = (run[:, : last.shape[1]] * _MIX[1] + last + length) * _MIX[0]
            mixed = run ^ (run >> 29)
            sign = ((mixed >> 40) & 1).float() * 2 - 1
            counts.scatter_add_(1, (mixed >> 7) % self.buckets, sign)
        return counts.sign() * counts.abs().log1p()


@dataclass(frozen=True, eq=False)
class PhraseEmbedder:
    """Learned directions as an embedder. Shape: (N, T) int64 -> (N, dim) float32."""

    settings: Phrases
    weights: Tensor  # (buckets,): rare runs say more
    directions: Tensor  # (buckets, dim)
    remark: str  # what limits it; "" if nothing does

    @property
    def dim(self) -> int:
        """Number of features."""
        return self.directions.shape[1]

    @property
    def identity(self) -> str:
        """Name, and hash of what was learned."""
        rounded = (self.directions * 1e3).round().short().numpy().tobytes()  # the last bits differ between machines
        return f"phrases-{hashlib.sha256(rounded).hexdigest()[:8]}"

    def __call__(self, x: Tensor) -> Tensor:
        """The features of each passage, in order."""
        blocks = [F.normalize(self.settings._counts(part) * self.weights, dim=1) for part in torch.split(x, _BLOCK)]
        return torch.cat([block @ self.directions for block in blocks]) if blocks else torch.zeros(0, self.dim)


def _directions(points: Tensor, dim: int, rng: torch.Generator) -> Tensor:
    """Right singular vectors of the largest values (Halko, Martinsson and Tropp, 2011). Shape: (N, D) -> (D, dim)."""
    width = min(dim + _SPARE, *points.shape)
    found = points @ torch.randn(points.shape[1], width, generator=rng)
    for _ in range(_PASSES):
        found = points @ (points.T @ torch.linalg.qr(found).Q)
    basis = torch.linalg.qr(found).Q
    vectors = torch.linalg.svd(basis.T @ points, full_matrices=False).Vh[:dim].T
    signs = vectors.gather(0, vectors.abs().argmax(0, keepdim=True)).sign()  # which way a direction points is chance
    directions: Tensor = (vectors * signs).contiguous()
    return directions
