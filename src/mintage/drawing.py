"""A trained generator of pictures at work: samples of a seed, the neighbours of one, a walk among them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mintage.errors import ConfigError
from mintage.generated import Generated, Origin
from mintage.sampling import noise_of
from mintage.seeding import generator
from mintage.trained import Trained

__all__ = ["SPREAD", "draw_neighbours", "draw_samples", "draw_walk", "origins_of"]

SPREAD = 0.35  # how far neighbours are, unless it is said


def draw_samples(trained: Trained, n: int, seed: int, of: str | int | None) -> Generated:
    """The first samples of a seed, of a class or of each in turn.

    Raises:
        ConfigError: there is no such class, or the run draws nothing from noise alone.
    """
    _check(trained)
    told = trained.told(n, of)
    return _drawn(trained, noise_of(trained.sampler, 0, n, seed), told, origins_of(trained, seed, n, told))


def origins_of(trained: Trained, seed: int, n: int, told: Tensor | None, first: int = 0) -> list[Origin]:
    """Where the samples first .. first + n - 1 of a seed come from; `told` are their classes. Shape: (n,) or None."""
    name, step = trained.run.path.name, trained.checkpoint.step
    classes = [None] * n if told is None else told.tolist()
    return [Origin(name, step, seed, first + index, of) for index, of in enumerate(classes)]


def draw_neighbours(trained: Trained, origin: Origin, n: int, spread: float) -> Generated:
    """The sample of an origin, then others that are `spread` (0 to 1) away from it.

    Raises:
        ConfigError: the run draws nothing from noise alone.
    """
    _check(trained)
    sampler = trained.sampler
    centre = noise_of(sampler, origin.index, 1, origin.seed)
    others = [sampler.noise(1, generator(origin.seed, "neighbour", origin.index, k)) for k in range(1, n)]
    around = torch.cat([centre[:0], *others])
    noise = torch.cat([centre, _between(centre.expand_as(around), around, torch.full((n - 1,), spread))])
    told = None if origin.condition is None else torch.full((n,), origin.condition)
    name, step = trained.run.path.name, trained.checkpoint.step
    origins = [
        Origin(name, step, origin.seed, origin.index, origin.condition, spread if k else 0.0, k) for k in range(n)
    ]
    return _drawn(trained, noise, told, origins)


def draw_walk(trained: Trained, target: Path, seed: int, way: tuple[int, int], of: str | int | None) -> Path:
    """Write an animated WebP of a round trip; `way` is how many samples it visits, in how many frames.

    Raises:
        ConfigError: the path does not end in .webp, there is no such class, or nothing is drawn from noise alone.
    """
    if target.suffix.lower() != ".webp":
        raise ConfigError(f"A walk is an animated WebP, so {target} should end in .webp.")
    _check(trained)
    stops, frames = way
    places = noise_of(trained.sampler, 0, stops, seed)
    at = torch.arange(frames) / frames * stops
    start, share = at.long(), at - at.long()
    noise = _between(places[start], places[(start + 1) % stops], share)
    told = None if not trained.classes else trained.told(1, 0 if of is None else of)
    told = None if told is None else told.expand(frames)
    origins = [Origin(trained.run.path.name, trained.checkpoint.step, seed, index) for index in range(frames)]
    pictures = [_enlarged(picture) for picture in _drawn(trained, noise, told, origins)]
    target.parent.mkdir(parents=True, exist_ok=True)
    pictures[0].save(target, save_all=True, append_images=pictures[1:], duration=60, loop=0, quality=85)
    return target


def _check(trained: Trained) -> None:
    if trained.writes:
        raise ConfigError(f"{trained.run.path} writes text: it draws no pictures, and there is no walk among them.")
    if trained.translates:
        raise ConfigError(f"{trained.run.path} makes pictures out of others: give it one, with translate or --input.")


def _drawn(trained: Trained, noise: Tensor, told: Tensor | None, origins: Sequence[Origin]) -> Generated:
    return Generated(trained.shown(trained.draw(noise, told)), origins, trained.codec)


def _between(a: Tensor, b: Tensor, share: Tensor) -> Tensor:
    """On the arc from a to b, which keeps the length that a normal z has. Shape: (n, *z), (n, *z), (n,) -> (n, *z)."""
    angle = share.view(-1, *[1] * (a.ndim - 1)) * (torch.pi / 2)
    return a * angle.cos() + b * angle.sin()  # independent normal draws are all but orthogonal


def _enlarged(picture: Any) -> Any:
    factor = max(1, 256 // max(picture.size))
    return picture.resize((picture.width * factor, picture.height * factor), 0)
