"""Says by name what goes wrong in an adversarial training, and what to do; it knows only figures and arrays."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from typing import Any

import numpy as np

from mintage.training.diagnosis import MESSAGES, OF_TRANSLATION, Diagnosis, DiagnosisName

__all__ = ["Diagnosis", "DiagnosisName", "HealthMonitor"]

SIDE = 16  # images are compared after averaging to about so many pixels a side: noise is not diversity
MOST_COMPARED = 512

# How many checks in a row a sign must be there before it is said, and absent before it is forgotten. What is seen in
# figures must also have lasted for a share of the warm-up: figures may come every second, and a bad minute is nothing.
PATIENCE: Mapping[str, int] = {
    "not_finite": 1, "generator_frozen": 2, "mode_collapse": 2, "discriminator_wins": 4, "generator_wins": 4,
    "oscillation": 2, "overfitting": 4, "getting_worse": 2,
    "colours_inverted": 2,
}  # fmt: skip
FORGOTTEN_AFTER = 2
LASTS: Mapping[str, float] = {"discriminator_wins": 1.0, "generator_wins": 0.5, "overfitting": 1.0}
SEEN_IN_SAMPLES = ("generator_frozen", "mode_collapse", "colours_inverted")

COLLAPSED_SPREAD = 0.2  # of the real spread
STILL_GROWING = 1.15  # from check to check: a spread that grows so fast is being learned, not lost
CLASSES_FIRST = 8  # warm-ups: a conditional generator learns what the classes look like before it uses z
DUPLICATED = 0.6  # of the real share of distinct samples
STILL, NEVER_MOVED = 0.015, 0.15  # change between checks, and since the first one, by the real spread
SURE_RECOGNITION, SURE_GAP, NOTHING_TO_PAY = 0.96, 8.0, 0.02
BEATEN_RECOGNITION = 0.35
LEARNED_BY_HEART, LEARNED_GAP = 0.6, 1.5  # share of the way from real to fake that held-out examples stand; logits
SWINGS_REMEMBERED, FEWEST_SWINGS, SWING_GROWTH, SWING_SIZE = 60, 6, 2.5, 1.0
SWING_STEADINESS = 0.85  # correlation of the swings' logarithms with their order: noise stays below
WORSE, WORSE_BY = 2.0, 0.05  # times the best score, and by this share of the first one
INVERTED = -0.25  # mean correlation of the brightness of outputs with that of their inputs
LIKE_REALS = 0.6  # cosine of what tends to be light in outputs and in real ones: then inverting is what was asked for
BURST = 20.0  # times the usual loss, and at least so much


class HealthMonitor:
    """Watches an adversarial training by its figures and its samples, and names what goes wrong.

    It is pure: the same observations give the same diagnoses. Each is given once an episode; an episode is over
    when its sign has been absent for two checks. What explains another sign silences it: a frozen generator also
    loses to its discriminator, but that is not the trouble.

    `reals` are real examples as they are packed, uint8 (n, H, W, C) or (n, F); `real_classes` and `sample_classes`
    let a conditional generator be judged within classes. Until `warm_up` steps a generator may make anything.
    `inputs` are what the samples are made from, in the same order, where pictures are translated: samples need not
    differ more than they do, and an output whose light and dark are exchanged is an alarm, unless real ones are so.
    `resumed` says that the first samples are not a beginner's; `advice` replaces what is said of how to help.
    The figures "discriminator/real" and "discriminator/fake" are logits; where a game has none (Wasserstein, least
    squares) the signs that need a logit's scale are left out.

    >>> monitor = HealthMonitor()
    >>> [found.name for found in monitor.observe(100, {"generator/adversarial": math.nan})]
    ['not_finite']
    """

    def __init__(
        self,
        reals: np.ndarray[Any, Any] | None = None,
        *,
        real_classes: np.ndarray[Any, Any] | None = None,
        sample_classes: np.ndarray[Any, Any] | None = None,
        inputs: np.ndarray[Any, Any] | None = None,
        warm_up: int = 300,
        resumed: bool = False,
        advice: Mapping[str, str] | None = None,
    ) -> None:
        self.warm_up, self.resumed, self.inputs = warm_up, resumed, inputs
        self.advice = advice or ({} if inputs is None else OF_TRANSLATION)
        self.sample_classes = sample_classes if real_classes is not None else None
        self.real_spread, self.real_distinct = 0.0, 1.0
        if reals is not None and len(reals) > 1:
            reals = reals[:MOST_COMPARED]
            labels = real_classes[:MOST_COMPARED] if real_classes is not None and sample_classes is not None else None
            self.real_spread, self.real_distinct = _spread(reals, labels), _distinct(reals)
        if inputs is not None:
            self.real_spread = min(self.real_spread, _spread(inputs, None))
            self.real_distinct = min(self.real_distinct, _distinct(inputs))
        self.real_light = None if reals is None or inputs is None else _light(reals)
        self._present: dict[str, int] = dict.fromkeys(PATIENCE, 0)
        self._absent: dict[str, int] = dict.fromkeys(PATIENCE, 0)
        self._active: dict[str, None] = {}
        self._since = dict.fromkeys(PATIENCE, (0, 0))  # step and number of looks at samples when a sign came up
        self._looks = 0
        self._first: np.ndarray[Any, Any] | None = None
        self._samples: np.ndarray[Any, Any] | None = None
        self._sample_signs: dict[str, str] = {}  # as of the last look
        self._last_spread = 0.0
        self._losses: dict[str, deque[float]] = {}
        self._scores: list[tuple[float, int]] = []  # with their steps
        self._sureness: deque[tuple[float, float, float]] = deque(maxlen=PATIENCE["discriminator_wins"])

    @property
    def active(self) -> tuple[str, ...]:
        """The diagnoses whose episodes are going on."""
        return tuple(self._active)

    def observe(
        self, step: int, figures: Mapping[str, float], samples: np.ndarray[Any, Any] | None = None
    ) -> list[Diagnosis]:
        """One check: window means of the log's figures and, where there are pictures, the fixed-noise samples.

        `samples` are of the live generator, not of the averaged one, which would hide much. The figure
        "discriminator/heldout" is the mean logit of real examples that are not trained on. Returns what is newly wrong.

        Shape: samples (n, H, W, C) uint8 or (n, F).
        """
        broken = [key for key, value in figures.items() if not math.isfinite(value)]
        if samples is not None and not np.isfinite(samples).all():
            broken.append("a sample")
        if broken:  # every other sign would be hearsay
            return self._judge(step, {"not_finite": broken[0]}, {"not_finite"})
        if samples is not None:
            self._sample_signs = self._of_samples(step, figures, samples)
        known = set(PATIENCE)
        if samples is None:
            known -= set(SEEN_IN_SAMPLES)
        if "discriminator/heldout" not in figures:
            known -= {"overfitting"}
        return self._judge(step, self._explained(self._of_figures(figures) | self._sample_signs), known)

    def observe_score(self, step: int, score: float) -> list[Diagnosis]:
        """One score of the samples against held-out examples, lower being better. Returns what is newly wrong."""
        self._scores.append((score, step))
        best, at = min(self._scores)
        worse = score > max(WORSE * best, best + WORSE_BY * abs(self._scores[0][0]))
        detail = f"{score:.3g} from the held-out examples, {best:.3g} at step {at:,}"
        return self._judge(step, {"getting_worse": detail} if worse else {}, {"getting_worse"})

    def _judge(self, step: int, signs: Mapping[str, str], known: set[str]) -> list[Diagnosis]:
        new: list[Diagnosis] = []
        for name in PATIENCE:
            if name not in known:
                continue
            if name not in signs:
                self._present[name] = 0
                self._absent[name] += 1
                if self._absent[name] >= FORGOTTEN_AFTER:
                    self._active.pop(name, None)
                continue
            if not self._present[name]:
                self._since[name] = (step, self._looks)
            self._present[name], self._absent[name] = self._present[name] + 1, 0
            if self._has_lasted(name, step) and name not in self._active:
                self._active[name] = None
                message, advice = MESSAGES[name]
                advice = self.advice.get(name, advice)
                new.append(Diagnosis(name, message.format(detail=signs[name]), advice, step))  # type: ignore[arg-type]
        return new

    def _has_lasted(self, name: str, step: int) -> bool:
        since, looks = self._since[name]
        if self._present[name] < PATIENCE[name]:
            return False
        if name not in LASTS:
            return True
        seen_samples = not self._looks or self._looks >= looks + 2  # they may hold the better explanation
        return step - since >= LASTS[name] * self.warm_up and seen_samples

    def _explained(self, signs: dict[str, str]) -> dict[str, str]:
        """Without the signs that follow from another one."""
        follows = {
            "generator_frozen": {"mode_collapse", "discriminator_wins", "overfitting"},
            "mode_collapse": {"discriminator_wins", "generator_wins", "oscillation", "overfitting"},
            "discriminator_wins": {"overfitting", "oscillation"},
            "generator_wins": {"oscillation", "overfitting"},
        }
        going_on = set(signs) | set(self._active)
        silenced = {effect for cause, effects in follows.items() if cause in going_on for effect in effects}
        return {name: detail for name, detail in signs.items() if name not in silenced}

    def _of_samples(self, step: int, figures: Mapping[str, float], samples: np.ndarray[Any, Any]) -> dict[str, str]:
        before, self._samples = self._samples, samples.copy()
        settled = step >= self.warm_up // 2  # before, running moments move the samples of the stillest generator
        if self._first is None or self._first.shape != samples.shape:
            self._first = before = self._samples
        elif not settled:
            self._first = self._samples
        self._looks += 1
        spread, distinct = _spread(samples, self.sample_classes), _distinct(samples)
        last, self._last_spread = self._last_spread, spread
        moved, changed = self._motion(before)
        pays = any(key.startswith("generator/") for key in figures)
        trembles = settled and moved < NEVER_MOVED and changed < STILL and self.inputs is None  # restoring is little
        if pays and self._looks > 1 and (changed == 0 or trembles):
            return {"generator_frozen": ""}
        if settled and distinct < DUPLICATED * self.real_distinct:
            return {"mode_collapse": f"only {distinct:.0%} of them are distinct"}
        if moved < NEVER_MOVED and self.inputs is None:  # it has not begun; a translator begins at its inputs
            return {}
        learns_classes_first = step < CLASSES_FIRST * self.warm_up and self.sample_classes is not None
        if step >= self.warm_up and not learns_classes_first and self.real_spread and spread < STILL_GROWING * last:
            share = spread / self.real_spread
            if share < COLLAPSED_SPREAD:
                return {"mode_collapse": f"they differ {share:.0%} as much as real ones"}
        return self._of_colours(self.inputs, samples) if settled and self.inputs is not None else {}

    def _of_colours(self, inputs: np.ndarray[Any, Any], samples: np.ndarray[Any, Any]) -> dict[str, str]:
        kept = _brightness_kept(inputs, samples)
        if kept >= INVERTED or (self.real_light is not None and _cosine(_light(samples), self.real_light) > LIKE_REALS):
            return {}
        return {"colours_inverted": f"the brightness of outputs and inputs correlates at {kept:.2f}"}

    def _motion(self, before: np.ndarray[Any, Any] | None) -> tuple[float, float]:
        """How far samples went since the first settled check and since the last, as shares of the real spread.

        A frozen generator's samples may tremble with its running means (batch norm), but they go nowhere.
        """
        now, first = self._samples, self._first
        if now is None or before is None or first is None or not self.real_spread:
            same = now is not None and before is not None and np.array_equal(before, now)
            return math.inf, 0.0 if same else math.inf
        moved = math.inf if self.resumed else _distance(first, now) / self.real_spread
        return moved, 0.0 if np.array_equal(before, now) else _distance(before, now) / self.real_spread

    def _of_figures(self, figures: Mapping[str, float]) -> dict[str, str]:
        signs: dict[str, str] = {}
        real, fake = figures.get("discriminator/real"), figures.get("discriminator/fake")
        recognition, heldout = figures.get("discriminator/recognition"), figures.get("discriminator/heldout")
        if recognition is not None and recognition <= BEATEN_RECOGNITION:
            signs["generator_wins"] = f"it picks the real one in {recognition:.0%} of cases, 50% is chance"
        is_logit = real is not None and fake is not None
        if real is not None and fake is not None:
            if recognition is not None:
                self._sureness.append((recognition, real - fake, figures.get("discriminator/adversarial", math.inf)))
                sure, gap, paid = np.mean(self._sureness, axis=0)
                if sure >= SURE_RECOGNITION and (gap > SURE_GAP or paid < NOTHING_TO_PAY):
                    signs["discriminator_wins"] = f"it picks the real one in {sure:.1%} of cases"
            if heldout is not None and real - heldout > max(LEARNED_GAP, LEARNED_BY_HEART * (real - fake)):
                signs["overfitting"] = f"mean logit {real:.1f} for them, {heldout:.1f} for unseen real ones"
        for player in ("generator", "discriminator"):
            if (loss := figures.get(f"{player}/adversarial")) is not None:
                losses = self._losses.setdefault(player, deque(maxlen=SWINGS_REMEMBERED))
                losses.append(loss)
                if _swings_wider(np.array(losses)) or (is_logit and _bursts(np.array(losses))):
                    signs["oscillation"] = player
        return signs


def _swings_wider(losses: np.ndarray[Any, Any]) -> bool:
    """Whether the line turns many times, and each time farther than before."""
    swings = _swings(losses, 0.1 * float(np.ptp(losses)))[-2 * FEWEST_SWINGS :]
    if len(swings) < FEWEST_SWINGS:
        return False
    heights = np.log(swings)
    order = np.arange(len(heights))
    trend, _ = np.polyfit(order, heights, 1)
    is_steady = np.corrcoef(order, heights)[0, 1] > SWING_STEADINESS if trend > 0 else False
    return bool(is_steady and trend * len(heights) > math.log(SWING_GROWTH) and swings[-1] > SWING_SIZE)


def _bursts(losses: np.ndarray[Any, Any]) -> bool:
    """Whether the last loss is out of all proportion to what was usual."""
    usual = float(np.median(np.abs(losses[:-1]))) if len(losses) > FEWEST_SWINGS else math.inf
    return float(losses[-1]) > max(BURST, BURST * usual)


def _swings(values: np.ndarray[Any, Any], least: float) -> list[float]:
    """Heights between the turning points of a line, turns of less than `least` overlooked."""
    swings: list[float] = []
    turn = extreme = float(values[0])
    direction = 0
    for value in map(float, values[1:]):
        if direction == 0 and abs(value - turn) > least:
            direction, extreme = (1 if value > turn else -1), value
        elif direction and (value - extreme) * direction >= 0:
            extreme = value
        elif direction and (extreme - value) * direction > least:
            swings.append(abs(extreme - turn))
            turn, extreme, direction = extreme, value, -direction
    if direction:
        swings.append(abs(extreme - turn))
    return swings


def _spread(samples: np.ndarray[Any, Any], classes: np.ndarray[Any, Any] | None) -> float:
    """Mean distance of two different samples, of the same class where classes are given."""
    points = _features(samples)
    squares = (points**2).sum(1)
    distances = np.sqrt(np.maximum(squares[:, None] + squares[None] - 2 * points @ points.T, 0))
    pairs = ~np.eye(len(points), dtype=bool)
    if classes is not None:
        within = pairs & (classes[:, None] == classes[None])
        pairs = within if within.any() else pairs
    return float(distances[pairs].mean()) if pairs.any() else 0.0


def _distance(one: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> float:
    """Mean distance of the samples of one batch to the same of another."""
    points = _features(np.concatenate([one, other]))
    return float(np.sqrt(((points[: len(one)] - points[len(one) :]) ** 2).sum(1)).mean())


def _features(samples: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Samples as rows of numbers, images averaged over blocks, centred so that no digits are lost.

    A row is as long as it has numbers of full range differ, so rows of different lengths compare.
    """
    points = samples.astype(np.float32) / (255 if samples.dtype == np.uint8 else 1)
    if points.ndim == 4:
        n, height, width, channels = points.shape
        rows, columns = max(1, height // SIDE), max(1, width // SIDE)
        points = points[:, : height // rows * rows, : width // columns * columns]
        points = points.reshape(n, height // rows, rows, width // columns, columns, channels).mean((2, 4))
    flat = points.reshape(len(points), -1)
    centred: np.ndarray[Any, Any] = (flat - flat.mean(0)) / math.sqrt(flat.shape[1])
    return centred


def _brightness_kept(inputs: np.ndarray[Any, Any], samples: np.ndarray[Any, Any]) -> float:
    """Mean over pictures of the correlation between an output's brightness and its input's, place by place."""
    pairs = zip(_brightness(inputs), _brightness(samples), strict=True)
    kept = [_cosine(a - a.mean(), b - b.mean()) for a, b in pairs if a.std() and b.std()]  # flat ones say nothing
    return float(np.mean(kept)) if kept else 0.0


def _light(pictures: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """What tends to be lighter than the middle of a picture: where, and how much of it; of a negative the opposite."""
    grid = _brightness(pictures)
    lighter = grid - np.median(grid, 1, keepdims=True)
    ranked = np.sort(lighter, 1)
    return np.concatenate([lighter.mean(0), (ranked + ranked[:, ::-1]).mean(0)])


def _brightness(pictures: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Brightness on a grid of 16 a side. Shape: (n, H, W, C) -> (n, 256)."""
    n, height, width, _ = pictures.shape
    rows, columns = (np.linspace(0, side - 1, SIDE).round().astype(int) for side in (height, width))
    grid: np.ndarray[Any, Any] = pictures.astype(np.float32).mean(3)[:, rows][:, :, columns].reshape(n, -1)
    return grid


def _cosine(one: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> float:
    """0 where one of them is nothing."""
    return float(one @ other) / (float(np.linalg.norm(one) * np.linalg.norm(other)) or 1.0)


def _distinct(samples: np.ndarray[Any, Any]) -> float:
    flat = np.ascontiguousarray(samples.reshape(len(samples), -1))
    return len({row.tobytes() for row in flat}) / len(flat)
