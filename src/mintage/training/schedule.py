"""Things that follow the step: the learning rate's course, and which steps are frames of the film."""

from __future__ import annotations

import math

__all__ = ["frame_steps", "learning_rate"]


def learning_rate(step: int, steps: int, *, warmup: int, decay_from: float, decay_to: float) -> float:
    """The factor of the learning rate at a step: a linear rise, a plateau, a cosine fall.

    >>> [round(learning_rate(s, 100, warmup=10, decay_from=0.5, decay_to=0.1), 2) for s in (0, 4, 30, 75, 100)]
    [0.1, 0.5, 1.0, 0.55, 0.1]
    """
    rise = min(1.0, (step + 1) / warmup) if warmup else 1.0
    done = (step / steps - decay_from) / max(1 - decay_from, 1e-9)
    fall = decay_to + (1 - decay_to) * 0.5 * (1 + math.cos(math.pi * min(max(done, 0.0), 1.0)))
    return rise * fall


def frame_steps(steps: int, frames: int) -> list[int]:
    """After how many steps to draw a frame: the first and the last, and denser at the beginning, where much happens.

    >>> frame_steps(100, 5)
    [0, 12, 35, 65, 100]
    """
    return sorted({round(steps * (frame / (frames - 1)) ** 1.5) for frame in range(frames)})
