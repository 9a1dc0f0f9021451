"""A small convolutional classifier that learns labelled images in seconds: what judges learn with.

It knows no score and no embedding: those say what to tell apart, and read its answers or its features.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mintage.contracts import Evidence
from mintage.seeding import derive, generator

__all__ = ["Classifier", "batches", "bounded", "class_names", "expert", "shrink"]

_LARGEST = 64  # pixels a side; what is larger is averaged down first
_MAP_BITS = 3  # the last map has at most 2^3 pixels a side
_WIDTH = 64  # channels of the last map; every map before it has half of the next
_BATCH = 128
_BLOCK = 512  # images at a time where nothing is learned
_RATE = 5e-3
_MOST_PASSES, _FEWEST_STEPS = 20, 50
_EXPERT_STEPS = 500
_EXPERT_EXAMPLES = 20_000


class Classifier(nn.Module):
    """Strided convolutions to a map of at most 8x8, a layer of `dim` features, a linear head.

    The map is not averaged away: where something stands in an image tells classes apart as much as that it is there,
    and at this depth it is what most of the accuracy comes from.

    Args:
        shape: height, width and channels of the images.
        num_classes: outputs of the head.
        dim: number of features.
        seed: of the weights it starts from.
    """

    def __init__(self, shape: tuple[int, ...], num_classes: int, *, dim: int = 128, seed: int = 0) -> None:
        super().__init__()
        height, width = _small_size(shape[0], shape[1])
        halvings = max(1, (max(height, width) - 1).bit_length() - _MAP_BITS)
        widths = [shape[2], *(max(8, _WIDTH >> later) for later in reversed(range(halvings)))]
        places = -(-height >> halvings) * -(-width >> halvings)
        with torch.random.fork_rng(devices=()):  # the caller's chance stays where it was
            torch.default_generator.manual_seed(derive(seed, "classifier", "weights"))
            layers: list[nn.Module] = []
            for given, made in pairwise(widths):
                layers += [nn.Conv2d(given, made, 3, 2, 1, bias=False), nn.BatchNorm2d(made), nn.ReLU()]
            layers += [nn.Flatten(), nn.Linear(_WIDTH * places, dim, bias=False), nn.BatchNorm1d(dim), nn.ReLU()]
            self.body = nn.Sequential(*layers)
            self.head = nn.Linear(dim, num_classes)
        self.num_classes = num_classes
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    @classmethod
    def fit(
        cls,
        x: Tensor,
        y: Tensor,
        num_classes: int,
        *,
        steps: int = 500,
        seed: int = 0,
        dim: int = 128,
        flips: bool = False,
    ) -> Self:
        """Learn to tell labelled images apart; the same arguments give the same weights.

        Args:
            x: uint8 images, two or more of them.
            y: their classes, counted from 0.
            num_classes: of which `y` need not hold all.
            steps: of 128 images each, at most; see `bounded`.
            seed: of weights, order and shifts.
            dim: number of features.
            flips: whether a mirrored image is still of its class: true of animals, not of letters.

        Shape: (N, H, W, C) uint8, (N,) int64.
        """
        network = cls(tuple(x.shape[1:]), num_classes, dim=dim, seed=seed)
        pixels, chance = shrink(x), generator(seed, "classifier", "shifts")
        rows = batches(len(x), _BATCH, seed)

        def loss() -> Tensor:
            chosen = next(rows)
            images = _jitter(pixels[chosen], chance, flips=flips)
            return F.cross_entropy(network(images), y[chosen])

        return network.learn(loss, bounded(steps, len(x), _BATCH))

    def forward(self, pixels: Tensor) -> Tensor:
        """Logits of images as `shrink` gives them. Shape: (N, C, h, w) uint8 or float32 in 0..255 -> (N, classes)."""
        return self.head(self._body(pixels))  # type: ignore[no-any-return]

    def learn(self, loss: Callable[[], Tensor], steps: int) -> Self:
        """Lower a loss for a number of steps under a one-cycle rate (Smith and Topin, 2018), then freeze."""
        with torch.enable_grad():  # also for a caller that only judges
            adam = torch.optim.AdamW(self.parameters(), _RATE, weight_decay=0.01)
            rate = torch.optim.lr_scheduler.OneCycleLR(adam, _RATE, total_steps=steps)
            self.train()
            for _ in range(steps):
                adam.zero_grad()
                loss().backward()  # type: ignore[no-untyped-call]
                adam.step()
                rate.step()
        return self.eval().requires_grad_(False)

    def logits(self, x: Tensor) -> Tensor:
        """Shape: (N, H, W, C) uint8 -> (N, classes) float32, block by block."""
        return self._blocks(x, self)

    def features(self, x: Tensor) -> Tensor:
        """What the head sees. Shape: (N, H, W, C) uint8 -> (N, dim) float32, block by block."""
        return self._blocks(x, self._body)

    def stages(self) -> list[nn.Module]:
        """Its convolutions with what follows each, for any size. Shape: (N, C, H, W) in [-1, 1] -> half that size."""
        convolutions = [place for place, layer in enumerate(self.body) if isinstance(layer, nn.Conv2d)]
        return [self.body[place : place + 3] for place in convolutions]

    def _body(self, pixels: Tensor) -> Tensor:
        scaled = pixels.float().contiguous(memory_format=torch.channels_last) / 127.5 - 1
        return self.body(scaled)  # type: ignore[no-any-return]

    @torch.no_grad()  # not inference_mode: a probe may learn from the features
    def _blocks(self, x: Tensor, through: Callable[[Tensor], Tensor]) -> Tensor:
        parts = [through(shrink(block)) for block in x.split(_BLOCK)]  # type: ignore[no-untyped-call]
        return torch.cat(parts)


def shrink(x: Tensor) -> Tensor:
    """Average images down to at most 64 pixels a side; smaller ones stay.

    Shape: (N, H, W, C) uint8 -> (N, C, h, w) uint8.
    """
    size = _small_size(x.shape[1], x.shape[2])
    pixels = x.movedim(3, 1)
    if size == tuple(pixels.shape[2:]):
        return pixels
    blocks = pixels.split(_BLOCK)  # type: ignore[no-untyped-call]
    return torch.cat([F.interpolate(block.float(), size, mode="area").round_().byte() for block in blocks])


def batches(count: int, size: int, seed: int) -> Iterator[Tensor]:
    """Rows for step after step, without end: every epoch in a new order, less what does not fill a batch."""
    rng, size = generator(seed, "classifier", "order"), min(size, count)
    while True:
        order = torch.randperm(count, generator=rng)[: count // size * size]
        yield from order.view(-1, size)


def bounded(steps: int, count: int, size: int) -> int:
    """Steps, less those beyond twenty passes over the examples: they would be learned by heart, not better.

    >>> bounded(500, count=1000, size=128), bounded(500, count=20_000, size=128)
    (156, 500)
    """
    return min(steps, max(_FEWEST_STEPS, _MOST_PASSES * count // size))


def class_names(evidence: Evidence) -> list[str]:
    """The names of all classes that occur among the real examples; without names, their numbers."""
    parts = (evidence.train, evidence.real, evidence.control, evidence.fake)
    most = max((int(part.labels.max()) + 1 for part in parts if part.labels is not None and len(part)), default=0)
    names = list(evidence.classes)
    return names + [str(label) for label in range(len(names), most)]


def expert(evidence: Evidence) -> Classifier:
    """The classifier of what the generator learned from, trained once for all metrics that ask for it.

    An embedding that has learned the very same classes (`domain`) lends its own.
    """
    lent = getattr(evidence.embedder, "classifier", None)
    if lent is not None and lent.num_classes >= len(class_names(evidence)):
        return lent  # type: ignore[no-any-return]

    def make() -> Classifier:
        train, labels = evidence.train, evidence.train.labels
        assert labels is not None
        rows = torch.randperm(len(train), generator=generator(evidence.seed, "expert"))[:_EXPERT_EXAMPLES]
        return Classifier.fit(
            train.x[rows], labels[rows], len(class_names(evidence)), steps=_EXPERT_STEPS, seed=evidence.seed
        )

    return evidence.once("expert", make)


def _small_size(height: int, width: int) -> tuple[int, int]:
    scale = min(1.0, _LARGEST / max(height, width))
    return max(1, round(height * scale)), max(1, round(width * scale))


def _jitter(pixels: Tensor, chance: torch.Generator, *, flips: bool) -> Tensor:
    """The batch shifted as one by up to a sixteenth of its side, and each image mirrored or not."""
    height, width = pixels.shape[2:]
    reach = max(1, max(height, width) // 16)
    down, right = torch.randint(2 * reach + 1, (2,), generator=chance).tolist()
    padded = F.pad(pixels.float(), (reach,) * 4, mode="replicate")
    moved = padded[:, :, down : down + height, right : right + width]
    if flips:
        mirrored = torch.rand(len(moved), 1, 1, 1, generator=chance) < 0.5
        moved = torch.where(mirrored, moved.flip(3), moved)
    return moved
