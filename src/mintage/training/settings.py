"""How a run trains: the settings of the engine, whatever game it plays."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from mintage.config import Settings

__all__ = ["TrainingSettings"]


class TrainingSettings(Settings):
    """Length, batch, optimiser, averaging, numbers, and how often to look and to save."""

    steps: int = Field(20_000, ge=1)
    """How many times all players have their turns."""
    batch: int = Field(64, ge=1)
    """Samples a step, over all processes and micro-batches."""
    accumulate: int = Field(1, ge=1)
    """Micro-batches that a step is cut into: less memory, the same gradient (except batch norm's)."""
    lr: float = Field(2e-4, gt=0)
    """Learning rate of every player."""
    lr_of: dict[str, float] = {}
    """Learning rates of single players, such as {discriminator = 4e-4}."""
    betas: tuple[float, float] = (0.5, 0.99)
    """Adam's decay rates of the first and second moment (Kingma and Ba, 2015)."""
    warmup: int = Field(0, ge=0)
    """Steps in which the learning rate rises linearly from zero."""
    decay_from: float = Field(0.5, ge=0, le=1)
    """Share of the run after which the learning rate falls, on a cosine."""
    decay_to: float = Field(0.1, ge=0, le=1)
    """What remains of the learning rate at the end; 1 keeps it constant."""
    ema_half_life: float = Field(10_000, ge=0)
    """Images after which a weight counts half in the averaged sampler; 0 takes the live weights."""
    ema_ramp: float = Field(0.05, gt=0)
    """The half-life is at most this share of the images seen so far (Karras et al., 2020)."""
    max_gradient: float = Field(0, ge=0)
    """Norm that a player's gradient is clipped to; 0 leaves it."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """Numbers of the forward pass; auto measures both for half a second. Penalties are always float32."""
    channels_last: bool | None = None
    """Memory order of images; unset measures both."""
    workers: int = Field(1, ge=0)
    """Threads that read batches ahead; 0 reads them in the loop. The result is the same."""
    frames: int = Field(100, ge=2)
    """Frames of the training film."""
    checkpoint_seconds: float = Field(60, ge=0)
    """Seconds between checkpoints; there is always one at the end and at Ctrl-C."""
    checkpoint_every: int | None = Field(None, ge=1)
    """Steps between checkpoints, instead of seconds."""
    keep_last: int = Field(2, ge=1)
    """How many of the newest checkpoints to keep."""
    keep_best: int = Field(1, ge=0)
    """How many of the best checkpoints to keep, by the score on held-out data."""
    patience: int | None = Field(None, ge=1)
    """Stop, saved and resumable, after so many scores in a row that are no better than the best; unset: never."""
    tensorboard: bool = False
    """Write TensorBoard events too (the extra of that name)."""
    max_seconds: float | None = Field(None, gt=0)
    """Stop, saved and resumable, after so many seconds of this process; a safety net, not a plan."""
