"""Where in the latent space a wish lies: its seed's z, a variation of another's, moved along directions, truncated."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from mintage.directions import Directions
from mintage.errors import ConfigError
from mintage.gallery.wish import Wish
from mintage.sampling import noise_of
from mintage.seeding import generator
from mintage.trained import Trained

__all__ = ["classes_of", "latents_of", "walk_of"]

Find = Callable[[], Directions]


def latents_of(trained: Trained, wish: Wish, find: Find) -> Tensor:
    """The z of every sample of a wish. Shape: (count, *noise_shape).

    `find` gives the directions of this checkpoint, and is asked only if the wish names any.

    Raises:
        ConfigError: there is no such direction.
    """
    return wish.truncation * _untruncated(trained, wish, find)


def classes_of(trained: Trained, wish: Wish) -> Tensor | None:
    """The class of every sample of a wish, as `mintage generate` tells them. Shape: (count,), or None.

    Raises:
        ConfigError: there is no such class.
    """
    of = wish.of if wish.of is not None or wish.like is None else wish.like.of
    if of is None and wish.like is not None and trained.classes:
        of = wish.like.first % len(trained.classes)
    told = trained.told(wish.first + wish.count, of)
    return None if told is None else told[wish.first :]


def walk_of(trained: Trained, wish: Wish, find: Find) -> tuple[Tensor, Tensor | None]:
    """z and classes of all frames of a round trip between the stops, on arcs. Shape: (n, *noise_shape), (n,) or None.

    Raises:
        ConfigError: there are fewer than two stops.
    """
    if len(wish.stops) < 2:
        raise ConfigError("A walk goes between two pictures or more. Choose another one, too.")
    places = torch.cat([latents_of(trained, stop.one(stop.first), find) for stop in wish.stops])
    told = [classes_of(trained, stop.one(stop.first)) for stop in wish.stops]
    at = torch.arange(len(places) * wish.frames) / wish.frames
    start, share = at.long(), at - at.long()
    following = (start + 1) % len(places)
    z = _along(places[start], places[following], share)
    known = [one for one in told if one is not None]
    nearest = torch.where(share < 0.5, start, following)
    return z, torch.cat(known)[nearest] if known else None


def _untruncated(trained: Trained, wish: Wish, find: Find) -> Tensor:
    if wish.like is None:
        z = noise_of(trained.sampler, wish.first, wish.count, wish.seed)
    else:
        z = _around(trained, wish, _untruncated(trained, wish.like.one(wish.like.first), find))
    if not wish.at:
        return z
    return find().moved(z.flatten(1), wish.at).view_as(z)


def _around(trained: Trained, wish: Wish, centre: Tensor) -> Tensor:
    """Variations of one, as `mintage generate --like` draws them: on an arc towards other draws; number 0 is itself."""
    assert wish.like is not None
    numbers: Sequence[int] = range(wish.first, wish.first + wish.count)
    rows = []
    angle = torch.full((1, *[1] * (centre.ndim - 1)), wish.spread) * (torch.pi / 2)
    for number in numbers:
        other = trained.sampler.noise(1, generator(wish.seed, "neighbour", wish.like.first, number))
        rows.append(centre * angle.cos() + other * angle.sin() if number else centre)
    return torch.cat(rows)


def _along(a: Tensor, b: Tensor, share: Tensor) -> Tensor:
    """On the arc from a to b, however near they are; lengths go from one to the other. Shape: (n, *z), ..., (n,)."""
    flat_a, flat_b = a.flatten(1).double(), b.flatten(1).double()
    long_a, long_b = flat_a.norm(dim=1, keepdim=True), flat_b.norm(dim=1, keepdim=True)
    unit_a, unit_b = flat_a / long_a.clamp_min(1e-12), flat_b / long_b.clamp_min(1e-12)
    angle = (unit_a * unit_b).sum(1, keepdim=True).clamp(-1, 1).arccos()
    t = share.double()[:, None]
    sine = angle.sin()
    bent = ((1 - t) * angle).sin() / sine * unit_a + (t * angle).sin() / sine * unit_b
    straight = torch.lerp(unit_a, unit_b, t)  # where both point the same way, an arc has no plane
    unit = torch.where(sine > 1e-6, bent, straight)
    there: Tensor = (long_a + (long_b - long_a) * t) * unit
    return there.to(a.dtype).view_as(a)
