"""DCGAN: the plainest convolutional GAN that works, and the fastest on a CPU."""

from __future__ import annotations

from pydantic import Field
from torch import Tensor, nn

from mintage.config import Settings
from mintage.contracts import DataSpec
from mintage.errors import SpecError
from mintage.games.gan import GAN, LatentSampler, Stakes
from mintage.layers.norm import BatchNorm
from mintage.layers.spectral import spectral_norm

__all__ = ["DCGAN"]
