"""Whether a generator has learned or copied: made images beside the training images that they are nearest to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from mintage.config import Settings
from mintage.contracts import Evidence, Examples, Findings, Makes, Pair, Score
from mintage.seeding import generator
from mintage.statistics.clusters import Cells
from mintage.statistics.gaussians import Estimate
from mintage.statistics.intervals import binomial, normal
from mintage.statistics.neighbours import nearest
from mintage.statistics.ranks import rank_sum

__all__ = ["Memorisation"]

_SHARE = 0.01  # of unseen real images, that would be called copies
_FEWEST = 20
_PAIRS = 25
_CANDIDATES = 12
_REST = slice(1, 4)  # the second to fourth neighbour: how near others lie
_SIDE = 32  # of the images in which copies are sought, at most
_WAVES = 7  # to a side, at most: finer ones are noise to a copy
_MOST_SHIFT = 2  # pixels of those images


class Memorisation(Settings):
    """Copies among the made images, sought in pixels and in features, and two tests of a general closeness.

    `copies` compares how near a made image lies to its nearest training image with how near it lies to the next
    three: a copy is near to one and far from the rest. In pixels it does so for the image and its mirror image, at
    all shifts by up to two pixels (of at most 32 x 32); in features, `copies_in_features` sees copies that have
    changed their looks. What counts as near is set on unseen real images, of which one in a hundred would be called
    a copy; others of them tell how many really are. `authenticity` is that of Alaa et al. (2022), `copying_test` C_T
    of Meehan et al. (2020), which both mix copying with quality and so say little without their floor.
    """

    reads: ClassVar[tuple[Makes, ...]] = ("pictures",)

    most: int = 5000
    """Made and unseen images that are looked at, of each."""
    most_train: int = 50_000
    """Training images that are searched."""
    cells: int = 3
    """Cells in which the copying test compares like with like."""

    def lacks(self, evidence: Evidence) -> str:
        """A score of copies needs training images and unseen ones."""
        for name, there in (("training", evidence.train), ("unseen real", evidence.real), ("made", evidence.fake)):
            if len(there) < _FEWEST:
                return f"it needs {_FEWEST} {name} images or more, and there are {len(there)}"
        return ""

    def measure(self, evidence: Evidence) -> Findings:
        """Scores copies, copies_in_features, authenticity and copying_test; the pairs that are nearest in pixels."""
        train = evidence.train.rows(slice(self.most_train))
        points = evidence.points("train") if len(train) == len(evidence.train) else evidence.embedder(train.x)
        spectra = _Spectra.of(train)
        parts = ("fake", "real", "control") if len(evidence.control) >= _FEWEST else ("fake", "real")
        searches = {part: self._search(evidence, part, train, points, spectra) for part in parts}
        remarks = []
        if len(train) < len(evidence.train):
            remarks.append(f"Of {len(evidence.train):,} training images the first {len(train):,} were searched.")
        if not evidence.train_is_known:
            remarks.append("What the generator learned from is not known; all given real images stand for it.")
        pixels = _copies("copies", {part: search.pixels for part, search in searches.items()}, remarks)
        features = _copies("copies_in_features", {part: search.features for part, search in searches.items()}, remarks)
        scores = [
            pixels.score,
            features.score,
            _authenticity(searches, points, remarks),
            self._copying_test(evidence, searches, points, remarks),
        ]
        return Findings(scores, _pairs(searches["fake"], pixels, features))

    def _search(self, evidence: Evidence, part: str, train: Examples, points: Tensor, spectra: _Spectra) -> _Search:
        examples = getattr(evidence, part).rows(slice(self.most))
        places, distances, mirrored = spectra.nearest(examples)
        own = torch.full((len(examples),), -1)
        if part == "control" or (part == "real" and not evidence.train_is_known):  # they are training images too
            same = (examples.x == train.x[places[:, 0]]).flatten(1).all(1)
            own = torch.where(same, places[:, 0], own)
        looks = evidence.points(part)[: self.most]
        found = nearest(looks, points, min(5, len(points)))
        return _Search(
            looks,
            _without(own, distances, places),
            _without(own, found.distances, found.indices),
            mirrored,
        )

    def _copying_test(
        self, evidence: Evidence, searches: dict[str, _Search], points: Tensor, remarks: list[str]
    ) -> Score:
        cells = Cells(points, min(self.cells, len(points)), generator(evidence.seed, "copying_test"))
        of = {part: (cells(search.points), search.features.distances[:, 0]) for part, search in searches.items()}
        z, variance = _weighted(of["fake"], of["real"], self.cells)
        low, high = normal(z, variance)
        nearer = "nearer to" if high < 0 else "farther from" if low > 0 else "about as near to"
        return Score(
            name="copying_test",
            value=z,
            low=low,
            high=high,
            floor=_weighted(of["control"], of["real"], self.cells).value if "control" in of else None,
            ideal=0.0,
            counts=_counts(searches, points),
            words=f"Made images lie {nearer} the training images {'than' if high < 0 or low > 0 else 'as'} unseen "
            f"real ones (z = {z:.1f}); far below 0 is copying, far above 0 is lack of likeness.",
            remarks=remarks,
        )


class _Near(NamedTuple):
    """The nearest training images of some images, nearest first."""

    distances: Tensor  # (N, k)
    indices: Tensor  # (N, k)

    @property
    def closeness(self) -> Tensor:
        """How near the nearest is, measured by the next three: near 0 for a copy, near 1 for none. Shape: (N,)."""
        rest = self.distances[:, _REST].double().mean(1)
        return self.distances[:, 0] / rest.clamp_min(1e-12)


class _Search(NamedTuple):
    """What was found for the images of one part."""

    points: Tensor  # (N, F)
    pixels: _Near
    features: _Near
    mirrored: Tensor  # (N,) bool: the nearest in pixels is so in the mirror


class _Copies(NamedTuple):
    score: Score
    threshold: float
    closeness: Tensor  # of the made images, 1 at the threshold


def _copies(name: str, near: dict[str, _Near], remarks: list[str]) -> _Copies:
    """The share of images that are nearer to one training image than all but a hundredth of unseen real images."""
    unseen = near["real"].closeness
    kept = unseen[::2].sort().values
    rank = max(1, round(_SHARE * (len(kept) + 1)))  # the rank-th smallest of n has this chance above the next draw
    threshold, expected = float(kept[rank - 1]), rank / (len(kept) + 1)
    others = torch.cat([unseen[1::2], *(near[part].closeness for part in near if part == "control")])
    made = near["fake"].closeness
    hits, false = int((made < threshold).sum()), int((others < threshold).sum())
    share, floor = hits / len(made), false / len(others)
    low, high = binomial(hits, len(made))
    least, most = binomial(false, len(others))
    sign = "some are copies" if low > max(most, expected) else "no sign of copying"
    measured = (
        f"Set so that {expected:.1%} of unseen real images would be called copies, on {len(kept):,} of them; of "
        f"{len(others):,} others {floor:.1%} are ({least:.1%} to {most:.1%})."
    )
    where = "" if name == "copies" else " in features"
    score = Score(
        name=name,
        value=share,
        low=low,
        high=high,
        floor=floor,
        ideal=expected,
        counts={"fake": len(made), "real": len(unseen)},
        words=f"{share:.1%} of the made images ({low:.1%} to {high:.1%}) lie suspiciously near to one training image"
        f"{where}; of real images that were not copied {floor:.1%} do: {sign}.",
        remarks=[*remarks, measured],
    )
    return _Copies(score, threshold, made / max(threshold, 1e-12))


def _authenticity(searches: dict[str, _Search], points: Tensor, remarks: list[str]) -> Score:
    """The share of images that are farther from their training image than that one is from other training images."""
    seats = torch.unique(torch.cat([search.features.indices[:, 0] for search in searches.values()]))
    found = nearest(points[seats], points, 2)
    rivals = torch.full((len(points),), torch.inf)
    rivals[seats] = _without(seats, found.distances, found.indices).distances[:, 0]
    free = {
        part: search.features.distances[:, 0] > rivals[search.features.indices[:, 0]]
        for part, search in searches.items()
    }
    hits, count = int(free["fake"].sum()), len(free["fake"])
    low, high = binomial(hits, count)
    floor = float(free["real"].double().mean())
    return Score(
        name="authenticity",
        value=hits / count,
        low=low,
        high=high,
        floor=floor,
        counts=_counts(searches, points),
        words=f"{hits / count:.1%} of the made images ({low:.1%} to {high:.1%}) keep a natural distance from the "
        f"training images; of unseen real ones {floor:.1%} do, and much less than that is copying.",
        remarks=remarks,
    )


def _weighted(sample: tuple[Tensor, Tensor], other: tuple[Tensor, Tensor], count: int) -> Estimate:
    """The rank-sum z of each cell, weighted by the cell's share of `other`; cells with few of either are left out."""
    (of_sample, values), (of_other, others) = sample, other
    weights, zs = [], []
    for cell in range(count):
        inside, among = values[of_sample == cell], others[of_other == cell]
        if min(len(inside), len(among)) >= min(_FEWEST, len(values) // 2):
            weights.append(float(len(among)))
            zs.append(rank_sum(inside, among))
    if not zs:
        weights, zs = [1.0], [rank_sum(values, others)]
    shares = [weight / sum(weights) for weight in weights]
    value = sum(share * z.value for share, z in zip(shares, zs, strict=True))
    return Estimate(value, sum(share**2 * z.variance for share, z in zip(shares, zs, strict=True)))


def _pairs(made: _Search, pixels: _Copies, features: _Copies) -> list[Pair]:
    """The made images that are nearest to a training image, nearest first."""
    pairs = []
    for fake in pixels.closeness.argsort()[:_PAIRS].tolist():
        closeness, train = float(pixels.closeness[fake]), int(made.pixels.indices[fake, 0])
        notes = ["in the mirror"] if made.mirrored[fake] else []
        if features.closeness[fake] < 1 and int(made.features.indices[fake, 0]) == train:
            notes.append("near in features too")
        pairs.append(Pair(fake, train, closeness, ", ".join(notes)))
    return pairs


def _without(own: Tensor, distances: Tensor, indices: Tensor) -> _Near:
    """The same neighbours, with each row's own place moved to the end. Shape: (N,), (N, k), (N, k)."""
    distances = distances.masked_fill(indices == own[:, None], torch.inf)
    order = distances.argsort(dim=1, stable=True)[:, : max(1, distances.shape[1] - 1)]
    return _Near(distances.gather(1, order), indices.gather(1, order))


def _counts(searches: dict[str, _Search], points: Tensor) -> dict[str, int]:
    return {**{part: len(search.points) for part, search in searches.items()}, "train": len(points)}


@dataclass(frozen=True, eq=False)
class _Spectra:
    """Images by their long waves: a shift only turns them, so that it is cheap to try and does not touch their size."""

    waves: Tensor  # (N, C, R) complex, so weighted that distances are those of pixels
    sizes: Tensor  # (N, D) real: what neither a shift nor a mirror changes
    turns: Tensor  # (R, S) complex: the shifts

    @classmethod
    def of(cls, examples: Examples) -> _Spectra:
        """The spectra of all images, a block at a time."""
        height, width = (min(side, _SIDE) for side in examples.x.shape[1:3])
        down, across = _frequencies(height), _frequencies(width)
        across = across[across >= 0]
        steps = torch.arange(-_MOST_SHIFT, _MOST_SHIFT + 1.0)
        shifts = torch.cartesian_prod(steps / height, steps / width)  # (S, 2)
        angles = 2 * torch.pi * torch.cartesian_prod(down.float(), across.float()) @ shifts.T
        waves, sizes = [], []
        for block in _blocks(examples):
            long = _transform(block, down, across)
            waves.append(long.flatten(2))
            sizes.append(_sizes(long))
        return cls(torch.cat(waves), torch.cat(sizes), torch.polar(torch.ones_like(angles), angles))

    def nearest(self, examples: Examples) -> tuple[Tensor, Tensor, Tensor]:
        """Nearest of these for each example, over its mirror image and all shifts: places, distances, mirrored.

        Those that are likely to be near are found by the sizes of the waves, and then compared with their phases.
        Shape: (N, k), (N, k), (N,).
        """
        plain, mirror = _Spectra.of(examples), _Spectra.of(Examples(examples.x.flip(2)))
        count = min(_CANDIDATES, len(self.waves))
        places = nearest(plain.sizes, self.sizes, count).indices
        distances, mirrored = torch.empty(len(examples), count), torch.empty(len(examples), dtype=torch.bool)
        for rows in torch.split(torch.arange(len(examples)), 256):
            others = self.waves[places[rows]]
            straight, turned = (self._compare(each.waves[rows], others) for each in (plain, mirror))
            best, order = torch.minimum(straight, turned).sort(dim=1, stable=True)
            places[rows], distances[rows] = places[rows].gather(1, order), best
            mirrored[rows] = (turned < straight).gather(1, order[:, :1])[:, 0]
        return places, distances, mirrored

    def _compare(self, waves: Tensor, others: Tensor) -> Tensor:
        """The distance at the best shift. Shape: (B, C, R), (B, k, C, R) -> (B, k)."""
        agreement = ((waves.conj()[:, None] * others).sum(2) @ self.turns).real.amax(2)
        norms = waves.abs().square().sum((1, 2))[:, None] + others.abs().square().sum((2, 3))
        return (norms - 2 * agreement).clamp_min(0).sqrt()


def _blocks(examples: Examples) -> Iterator[Tensor]:
    """Small images with channels first, some at a time: (B, C, H, W) float32."""
    for block in torch.split(examples.x, 1024):
        x = block.permute(0, 3, 1, 2).float()
        yield F.adaptive_avg_pool2d(x, (min(x.shape[2], _SIDE), min(x.shape[3], _SIDE)))


def _frequencies(side: int) -> Tensor:
    """The low ones, without the one that a side of even length cannot turn. Shape: (K,) int64."""
    most = min(_WAVES, (side - 1) // 2)
    return torch.arange(-most, most + 1)


def _transform(x: Tensor, down: Tensor, across: Tensor) -> Tensor:
    """Long waves; those across that are not kept, being conjugates, count double. Shape: (B, C, K, L) complex."""
    waves: Tensor = torch.fft.rfft2(x, norm="ortho")[:, :, down][:, :, :, across]
    return waves * torch.where(across == 0, 1.0, 2.0).sqrt()


def _sizes(waves: Tensor) -> Tensor:
    size = waves.abs()
    mirrored = size.flip(2)  # as -down stands for down
    half = slice(size.shape[2] // 2, None)
    both = (size.square() + mirrored.square()).sqrt(), (size - mirrored).abs()
    return torch.cat([each[:, :, half].flatten(1) for each in both], 1)
