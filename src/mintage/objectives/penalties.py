"""Regularisers of a discriminator: what it pays for steep slopes, sample by sample."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["PENALTIES", "Penalty", "of_patches"]

Judge = Callable[[Tensor], Tensor]  # (B, *x) -> logits (B,)
Price = Callable[[Judge, Tensor, Tensor, Tensor], Tensor]  # (judge, real, fake, uniforms (B,)) -> (B,)


@dataclass(frozen=True, slots=True)
class Penalty:
    """A regulariser of the discriminator; `every` > 1 makes it lazy (Karras et al., 2020)."""

    name: str
    weight: float
    every: int = 1

    def price(self, judge: Judge, real: Tensor, fake: Tensor, mix: Tensor) -> Tensor:
        """The weighted mean price; a lazy one counts `every` times, since it is paid that seldom. Shape: ().

        All of it is computed in float32, slopes too: second derivatives need that.
        """
        with torch.autocast(real.device.type, enabled=False):
            price = PENALTIES[self.name](judge, real.float(), fake.float(), mix).mean()
        return self.every * self.weight * price


def of_patches(judge: Callable[[Tensor], Tensor]) -> Judge:
    """One answer a picture from a judge of its patches, with a squared slope that does not grow with the picture."""

    def answer(x: Tensor) -> Tensor:
        logits = judge(x).float().flatten(1)
        return logits.sum(1) / math.sqrt(logits.shape[1])

    return answer


def r1(judge: Judge, real: Tensor, fake: Tensor, mix: Tensor) -> Tensor:
    """Half the squared slope of the logits at real samples (Mescheder et al., 2018, eq. 9)."""
    return 0.5 * _slope(judge, real).square().sum(1)


def r2(judge: Judge, real: Tensor, fake: Tensor, mix: Tensor) -> Tensor:
    """Half the squared slope of the logits at generated samples (Mescheder et al., 2018, eq. 10)."""
    return 0.5 * _slope(judge, fake).square().sum(1)


def gradient_penalty(judge: Judge, real: Tensor, fake: Tensor, mix: Tensor) -> Tensor:
    """How far the slope is from one between real and generated samples (Gulrajani et al., 2017)."""
    between = torch.lerp(fake, real, mix.view(-1, *[1] * (real.ndim - 1)))
    return (_length(_slope(judge, between)) - 1).square()


def dragan(judge: Judge, real: Tensor, fake: Tensor, mix: Tensor) -> Tensor:
    """How far the slope is from one around real samples (Kodali et al., 2017)."""
    # the direction of each shift is the sample's generated partner: noise without another draw
    shift = 0.5 * real.std() * mix.view(-1, *[1] * (real.ndim - 1)) * fake
    return (_length(_slope(judge, real + shift)) - 1).square()


PENALTIES: Mapping[str, Price] = {"r1": r1, "r2": r2, "gradient_penalty": gradient_penalty, "dragan": dragan}


def _slope(judge: Judge, x: Tensor) -> Tensor:
    x = x.detach().requires_grad_()
    (slope,) = torch.autograd.grad(judge(x).sum(), x, create_graph=True)
    return slope.flatten(1)  # (B, F)


def _length(slope: Tensor) -> Tensor:
    return slope.square().sum(1).add(1e-12).sqrt()  # the root's own slope at zero is infinite
