"""Directions of a generator's latent space in which what it draws changes most, found without labels in a second."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from mintage.errors import ConfigError
from mintage.sampling import CHUNK
from mintage.seeding import generator
from mintage.trained import Trained

__all__ = ["MOST", "Directions", "find_directions"]

MOST = 16  # directions that are kept
_LEAST_DRAWS = 2048


@dataclass(frozen=True, eq=False)
class Directions:
    """Unit vectors in z, the strongest first, and which share of all change each of them causes."""

    vectors: Tensor  # (K, latent_dim), orthonormal
    shares: tuple[float, ...]

    def moved(self, z: Tensor, at: Mapping[int, float]) -> Tensor:
        """z so many standard deviations further along some directions, and no further from the origin than before.

        Normal draws of many numbers all lie near one sphere, and a generator has learned nothing beside it. So a step
        is taken straight and its end pulled back to the sphere of its z: what was asked for grows, all else shrinks.

        Shape: (n, latent_dim) -> (n, latent_dim).

        Raises:
            ConfigError: there are fewer directions.
        """
        if unknown := [index for index in at if not 0 <= index < len(self.vectors)]:
            raise ConfigError(f"There are directions 0 to {len(self.vectors) - 1}, but no direction {unknown[0]}.")
        step = torch.zeros(z.shape[1])
        for index, amount in sorted(at.items()):
            step = step + amount * self.vectors[index]
        if not step.any():
            return z
        there: Tensor = z + step
        length: Tensor = z.norm(dim=1, keepdim=True)
        now: Tensor = there.norm(dim=1, keepdim=True)
        return there * (length / now.clamp_min(1e-12))


def find_directions(trained: Trained, most: int = MOST) -> Directions:
    """The strongest directions of a generator of pictures: closed-form factorisation of its first layers.

    SeFa (Shen and Zhou, 2021) takes the eigenvectors of A^T A, where A is the affine map that z meets first. Here A is
    the affine map that fits best, over draws of z, what enters the second layer with weights: GANSpace's regression
    (Haerkoenen et al., 2020), which sees the normalisation and the nonlinearity between the two layers, and equals SeFa
    where there is none. For normal z it is the mean slope of those activations (Stein's lemma). The same checkpoint
    gives the same directions.

    Raises:
        ConfigError: the run does not draw pictures from noise alone.
    """
    if trained.makes != "pictures" or trained.translates:
        raise ConfigError(f"{trained.run.path} does not draw pictures from noise: it has no latent directions.")
    sampler = trained.sampler
    dim = sampler.noise(1, generator(0, "directions")).flatten(1).shape[1]
    z, told = _draws(trained, dim)
    slope = _slope(trained, z, told)  # (latent_dim, F)
    strengths, vectors = torch.linalg.eigh(slope @ slope.T)
    kept = min(most, dim)
    strengths, vectors = strengths.flip(0).clamp_min(0), vectors.T.flip(0)
    largest = vectors.abs().argmax(1, keepdim=True)
    vectors = vectors * vectors.gather(1, largest).sign()  # an eigenvector has no sign of its own: choose one
    shares = strengths / strengths.sum().clamp_min(1e-30)
    return Directions(vectors[:kept].float(), tuple(float(share) for share in shares[:kept]))


def _draws(trained: Trained, dim: int) -> tuple[Tensor, Tensor | None]:
    """Normal draws whose moments are exact, within each class as well, so that the fit has no noise of its own."""
    classes = len(trained.classes)
    count = -(-max(_LEAST_DRAWS, 4 * dim) // CHUNK) * CHUNK
    z = trained.sampler.noise(count, generator(0, "directions")).flatten(1).double()
    told = trained.told(count)
    for label in range(max(1, classes)):
        own = slice(None) if told is None else told == label
        z[own] = z[own] - z[own].mean(0)
    root = torch.linalg.cholesky(z.T @ z / count)
    return torch.linalg.solve_triangular(root, z.T, upper=False).T.float(), told


@torch.inference_mode()
def _slope(trained: Trained, z: Tensor, told: Tensor | None) -> Tensor:
    """The covariance of z and the activations, which is the best affine map. Shape: (latent_dim, F) float64."""
    total: Tensor | None = None
    with _early(trained.sampler) as heard:
        for first in range(0, len(z), CHUNK):
            part = z[first : first + CHUNK]
            noise = part.view(len(part), *trained.sampler.noise(1, generator(0)).shape[1:])
            condition = None if told is None else told[first : first + CHUNK]
            heard.clear()
            with suppress(_Enough):  # in float32 whatever samples are drawn in: bfloat16 turns weak directions
                heard.append(trained.sampler(noise, condition))
            share = part.double().T @ heard[-1].flatten(1).double() / len(z)
            total = share if total is None else total + share
    assert total is not None
    return total


class _Enough(Exception):
    """What was looked for has been heard: the rest of the network need not run."""


@contextmanager
def _early(sampler: Any) -> Iterator[list[Tensor]]:
    """Hear what enters the second layer with weights, whichever that is; of a network without one, its output."""
    heard: list[Tensor] = []
    met: list[nn.Module] = []

    def listen(layer: nn.Module, inputs: tuple[Any, ...]) -> None:
        met[:] = met if heard else []
        heard.append(inputs[0])
        met.append(layer)
        if len(met) > 1:
            raise _Enough

    layers = [
        layer for layer in sampler.modules()
        if not isinstance(layer, nn.Embedding) and any(one.ndim > 1 for one in layer.parameters(recurse=False))
        and not any(True for _ in layer.children())
    ]  # fmt: skip
    handles = [layer.register_forward_pre_hook(listen) for layer in layers]
    try:
        yield heard
    finally:
        for handle in handles:
            handle.remove()
