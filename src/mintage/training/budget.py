"""The one dial: from an amount of time to the size of a model and the length of its training, by measurement."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mintage.contracts import Rung
from mintage.errors import ConfigError

__all__ = ["Measured", "Plan", "choose", "parse_duration", "spell_duration"]

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
# What a run spends on being watched, measured on two cores: figures and checkpoints, a frame of the film (drawn, then
# strung), and the last score and the report.
_SHARE_FOR_WATCHING, _FRAME, _ENDING = 0.03, 0.14, 3.0
_SECONDS_A_FRAME = 4.0
_LEAST = 0.2  # of the time is left for training, however long the rest takes


@dataclass(frozen=True, slots=True)
class Measured:
    """A size of the ladder on this machine, with this data."""

    batch: int  # images of a step
    seconds: float  # a step takes
    most: int | None = None  # images that are worth seeing


@dataclass(frozen=True, slots=True)
class Plan:
    """What a budget buys."""

    rung: Rung
    steps: int
    batch: int
    rate: float  # images a second, measured
    frames: int  # of the film: a short training has few
    more: str  # what a larger budget would buy, in words

    @property
    def images(self) -> int:
        """That training shows."""
        return self.steps * self.batch


def parse_duration(text: str) -> float:
    """Seconds of a duration such as "90", "4m", "1h30m".

    >>> parse_duration("1h30m"), parse_duration("45s"), parse_duration("0.5m")
    (5400.0, 45.0, 30.0)

    Raises:
        ConfigError: it is not written like that, or not above zero.
    """
    parts = re.findall(r"(\d+(?:\.\d+)?)([smhd]?)", text)
    if not parts or "".join(n + u for n, u in parts) != text or (len(parts) > 1 and any(not u for _, u in parts)):
        raise ConfigError(f"{text!r} is not a duration. Write it like 90s, 10m or 1h30m.")
    seconds = sum(float(number) * _UNITS[unit or "s"] for number, unit in parts)
    if seconds <= 0:
        raise ConfigError(f"A budget of {text!r} leaves no time to train. Write it like 90s, 10m or 1h30m.")
    return seconds


def spell_duration(seconds: float) -> str:
    """A duration as a person would say it.

    >>> spell_duration(42), spell_duration(600), spell_duration(5400)
    ('42 s', '10 min', '1 h 30 min')
    """
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    hours, minutes = divmod(minutes, 60)
    return " ".join([f"{hours} h"] * bool(hours) + [f"{minutes} min"] * bool(minutes or not hours))


def choose(seconds: float, ladder: Sequence[Rung], measure: Callable[[Rung], Measured]) -> Plan:
    """The largest size of the ladder that sees enough images in the time; sizes are measured from small to large.

    Measuring, the film and the report are part of the time.
    """
    started = time.perf_counter()
    frames = max(12, min(100, round(seconds / _SECONDS_A_FRAME)))
    watching = seconds * _SHARE_FOR_WATCHING + frames * _FRAME + _ENDING
    usable = max(seconds - watching, seconds * _LEAST)
    best, rate, more, size = ladder[0], 0.0, "", Measured(1, 1.0)
    for rung in ladder:
        found = measure(rung)
        images_a_second = found.batch / found.seconds
        if rung is not ladder[0] and images_a_second * usable < rung.images:
            needed = spell_duration(
                (rung.images / images_a_second + frames * _FRAME + _ENDING) / (1 - _SHARE_FOR_WATCHING)
            )
            more = f"{needed} would pay for {_spell(rung)}"
            break
        best, rate, size = rung, images_a_second, found
    usable = max(usable - (time.perf_counter() - started), seconds * _LEAST)
    images = int(rate * usable)
    if size.most is not None and images > size.most:
        images, more = size.most, "more time is not worth it for so little data"
    steps = max(images // size.batch, 1)
    return Plan(best, steps, size.batch, rate, frames, more or "more time would buy more images at this size")


def _spell(rung: Rung) -> str:
    parts = [f"{name} {value}" for name, value in rung.settings.items()]
    return ", ".join(parts + ([] if rung.context is None else [f"context {rung.context}"]))
