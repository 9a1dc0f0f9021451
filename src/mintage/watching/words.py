"""Says figures the way a person would: durations, large counts, small numbers."""

from __future__ import annotations

import math

__all__ = ["clock", "compact", "duration", "energy", "interval", "label", "number", "percent", "probability"]

WATTS = (8, 15)  # of one busy core, the least and the most assumed: servers and laptops lie between


def duration(seconds: float) -> str:
    """A length of time in its two largest units.

    >>> duration(8.4), duration(241), duration(7_500), duration(190_000)
    ('8 s', '4 min 1 s', '2 h 5 min', '2 d 4 h')
    """
    whole = max(0, round(seconds))
    for large, small, large_name, small_name in ((86400, 3600, "d", "h"), (3600, 60, "h", "min"), (60, 1, "min", "s")):
        if whole >= large:
            rest = whole % large // small
            return f"{whole // large} {large_name}" + (f" {rest} {small_name}" if rest else "")
    return f"{whole} s"


def clock(seconds: float) -> str:
    """A length of time that keeps its width while it runs.

    >>> clock(61), clock(3_725)
    ('1:01', '1:02:05')
    """
    whole = max(0, round(seconds))
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def number(value: float) -> str:
    """A figure with three or four telling digits.

    >>> number(0.02314), number(1.5), number(2064.2), number(1_204_545), number(0.0)
    ('0.0231', '1.5', '2,064', '1,204,545', '0')
    """
    if not math.isfinite(value):
        return "not finite"
    if value == int(value) or abs(value) >= 1000:
        return f"{round(value):,}"
    if abs(value) < 1e-4:
        return f"{value:.1e}"
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.4g}"


def percent(share: float) -> str:
    """A share in percent, with a decimal where it is small.

    >>> percent(0.784), percent(0.0123), percent(1.0)
    ('78 %', '1.2 %', '100 %')
    """
    return f"{100 * share:.{1 if 0 < abs(share) < 0.095 else 0}f} %"


def interval(low: float | None, high: float | None) -> str:
    """A 95 % interval, or that there is none.

    >>> interval(0.8121, 0.85), interval(None, None)
    ('0.812 to 0.85', 'no interval')
    """
    return "no interval" if low is None or high is None else f"{number(low)} to {number(high)}"


def label(name: str) -> str:
    """The name of a score as a person writes it.

    >>> label("frechet_distance"), label("gan_train"), label("class_distance/ankle boot")
    ('Fréchet distance', 'GAN-train', 'class distance, ankle boot')
    """
    score, _, part = name.partition("/")
    plain = score.replace("_", " ").replace("frechet", "Fréchet").replace("gan t", "GAN-t")
    plain = plain.replace("self bleu", "self-BLEU").replace("bleu", "BLEU").replace("distinct ", "distinct-")
    return f"{plain}, {part}" if part else plain


def energy(seconds: float, cores: int) -> str:
    """A rough estimate of what a computation drew, which says that it is one and what it assumes.

    >>> energy(240, 2)
    'roughly 1.1 to 2 Wh, not measured: 4 min × 2 cores × an assumed 8 to 15 W a core'
    """
    low, high = (seconds * cores * watts / 3600 for watts in WATTS)
    unit, scale = ("kWh", 1000) if high >= 1000 else ("Wh", 1)
    assumed = f"{duration(seconds)} × {cores} cores × an assumed {WATTS[0]} to {WATTS[1]} W a core"
    return f"roughly {low / scale:.2g} to {high / scale:.2g} {unit}, not measured: {assumed}"


def compact(value: float) -> str:
    """A count in few letters, for the ticks of an axis.

    >>> compact(1500), compact(384_000), compact(2_500_000), compact(250)
    ('1.5k', '384k', '2.5M', '250')
    """
    for unit, name in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= unit:
            return f"{value / unit:.4g}{name}"
    return f"{value:.4g}"


def probability(logit: float) -> float:
    """The probability that a logit stands for.

    >>> probability(0.0), round(probability(2.0), 2), probability(-1000.0)
    (0.5, 0.88, 0.0)
    """
    return 0.5 * (1 + math.tanh(logit / 2))
