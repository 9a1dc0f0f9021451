"""Series, both ways: levels become increments in units of their own spread, and such windows become levels again."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mintage.config import Settings
from mintage.contracts import Makes, TensorSpec
from mintage.errors import DataError
from mintage.storage import new_file
from mintage.timeline.ahead import stamps_guessed
from mintage.timeline.attributes import Attribute, attribute_rows, read_attributes
from mintage.timeline.calendar import HARMONICS, Circle, calendar, telling_circles
from mintage.timeline.changes import Change, additive, choose_change, increments, levels, plain
from mintage.timeline.lines import Line, Panel

__all__ = ["Series"]

_NORMAL_SPREAD = 1.349  # between the quartiles of a normal law
_LEAST_SPREAD = 0.2  # of the standard deviation: where most steps are zero, quartiles say nothing


class Series(Settings):
    """Windows of several variables that are learned as increments: shares of growth, differences, or values.

    A window's first row says where it starts, in the same units from the middle of what was learned: variables that
    grow have no middle, so they start at zero. The rows behind it are increments over their robust spread; the spread
    and the kind of change are found in the lines that are learned from.

    Beside a window stands what is known of a step before it comes: its place in the day, the week and the year, where
    these tell something, and the entity's attributes.

    Shape: a line of T + 1 rows -> (T + 1, V) float32, known (T + 1, K).
    """

    changes: dict[str, Change] = {}
    """How a variable is looked at: log (growth), difference, or level; those that are not named are looked into."""
    calendar: tuple[Circle, ...] | None = None
    """Circles of time that models are told of: day, week, year; unset, those by which earlier steps tell later ones."""
    variables: tuple[str, ...] = ()
    """Their names, in order."""
    attributes: dict[str, Attribute] = {}
    """What stays the same for an entity: words, or the middle and the spread of numbers."""
    step: int = 0
    """Seconds from one row to the next, the median."""
    is_grid: bool = False
    """Whether rows stand a step apart; else a row is a step."""
    centres: tuple[float, ...] = ()
    """Of increments, of each variable: zero but for values that merely vary."""
    spreads: tuple[float, ...] = ()
    """Of increments, of each variable, as the quartiles tell it."""
    middles: tuple[float, ...] = ()
    """Of levels, on the scale on which steps add up."""
    precisions: tuple[int, ...] = ()
    """Decimals that the values have."""

    makes: ClassVar[Makes] = "series"
    suffixes: ClassVar[tuple[str, ...]] = (".csv",)
    fitted: ClassVar[tuple[str, ...]] = (
        "variables", "attributes", "step", "is_grid", "centres", "spreads", "middles", "precisions",
    )  # fmt: skip

    @property
    def spec(self) -> TensorSpec:
        """What a model sees: windows of any length."""
        return TensorSpec(shape=(None, len(self.variables)))

    @property
    def kinds(self) -> tuple[Change, ...]:
        """How each variable is looked at."""
        return tuple(self.changes[name] for name in self.variables)

    @property
    def num_known(self) -> int:
        """Numbers that are known of a step before it comes."""
        words = [len(told) if isinstance(told[0], str) else 1 for told in self.attributes.values()]
        return 2 * HARMONICS * len(self.calendar or ()) + sum(words)

    def named(self, variables: Sequence[str]) -> Self:
        """The same for variables of these names."""
        return self.model_copy(update={"variables": tuple(variables)})

    def laid_out_as(self, panel: Panel) -> Self:
        """The same for the variables, the attributes and the rhythm of a table."""
        attributes: dict[str, Attribute] = dict.fromkeys(panel.attributes, ())
        told = {"attributes": attributes, "step": panel.step, "is_grid": panel.is_grid}
        return self.named(panel.variables).model_copy(update=told)

    def fit(self, raws: Iterable[Any]) -> Self:
        """Find changes, spreads and middles in lines, which must be those that are learned from.

        Raises:
            DataError: a variable never changes, or none is given.
        """
        raws = list(raws)
        parts = [_values(raw) for raw in raws]
        if not parts or not any(len(part) > 1 for part in parts):
            raise DataError("There is no line of two rows to learn from. Give a longer time line.")
        names = self.variables or tuple(f"x{place}" for place in range(parts[0].shape[1]))
        if unknown := set(self.changes) - set(names):
            raise DataError(f"codec.changes names {min(unknown)!r}, but the variables are: {', '.join(names)}.")
        changes = {
            name: self.changes.get(name) or choose_change([part[:, place] for part in parts])
            for place, name in enumerate(names)
        }
        kinds = tuple(changes.values())
        scaled = [additive(part, kinds) for part in parts]
        moves = np.concatenate([increments(part, kinds) for part in scaled if len(part) > 1])
        low, high = np.quantile(moves, (0.25, 0.75), axis=0)
        spreads = np.maximum((high - low) / _NORMAL_SPREAD, _LEAST_SPREAD * moves.std(0))
        if (spreads == 0).any():
            still = names[int(np.argmin(spreads))]
            raise DataError(f"{still!r} never changes, so there is nothing to learn of it. Leave it out.")
        own = np.array([kind == "level" for kind in kinds])
        found = {
            "variables": names,
            "changes": changes,
            "calendar": _circles_of(raws, scaled, kinds) if self.calendar is None else self.calendar,
            "attributes": read_attributes(tuple(self.attributes), [raw.about for raw in raws if isinstance(raw, Line)]),
            "centres": _told(np.where(own, np.median(moves, 0), 0.0)),
            "spreads": _told(spreads),
            "middles": _told(np.median(np.concatenate(scaled), 0)),
            "precisions": tuple(_decimals(np.concatenate([part[:, v] for part in parts])) for v in range(len(names))),
        }
        return self.model_copy(update=found)

    def encode(self, raw: Any) -> Tensor:
        """One line, or levels (T + 1, V), as it is learned. Shape: (T + 1, V) float32."""
        values = _values(raw)
        moves = increments(additive(values, self.kinds), self.kinds)
        scaled = torch.from_numpy((moves - np.array(self.centres)) / np.array(self.spreads))
        return torch.cat([self.starts(values[:1]), scaled.float()])

    def known(self, line: Line, ahead: int = 0) -> Tensor:
        """What is known of a line's rows, and of so many after its end, before they come. Shape: (T + ahead, K)."""
        later = stamps_guessed(line.stamps, self.step, is_grid=self.is_grid, count=ahead)
        when = calendar(np.concatenate([line.stamps, later]), self.calendar or ())
        about = attribute_rows(self.attributes, line.about)
        return torch.from_numpy(np.concatenate([when, np.broadcast_to(about, (len(when), len(about)))], 1))

    def starts(self, values: NDArray[np.float64]) -> Tensor:
        """The first row of windows that begin with these levels. Shape: (N, V) both."""
        scaled = (additive(values, self.kinds) - np.array(self.middles)) / np.array(self.spreads)
        kept = np.array([kind == "difference" for kind in self.kinds])
        return torch.from_numpy(np.where(kept, scaled, 0.0).astype(np.float32))

    def expand(self, stored: Tensor) -> Tensor:
        """What a model learns from. Shape: (B, T + 1, V) both."""
        return stored.float()

    def decode(self, x: Tensor) -> NDArray[np.float64]:
        """Levels of a window, rounded as the data is. Shape: (T + 1, V) both."""
        scaled = np.array(self.middles) + self.start_of(x) * np.array(self.spreads)
        after = self.levels(plain(scaled, self.kinds), x[None, 1:])[0]
        whole = np.concatenate([plain(scaled, self.kinds)[None], after])
        for place, digits in enumerate(self.precisions):
            whole[:, place] = whole[:, place].round(digits)
        return whole

    def levels(self, start: NDArray[np.float64], moves: Tensor) -> NDArray[np.float64]:
        """What comes after levels, by increments as a model makes them. Shape: (V,), (N, T, V) -> (N, T, V)."""
        plainly = moves.double().cpu().numpy() * np.array(self.spreads) + np.array(self.centres)
        return plain(levels(additive(start, self.kinds), plainly, self.kinds), self.kinds)

    def start_of(self, x: Tensor) -> NDArray[np.float64]:
        """Where a window starts. Shape: (T + 1, V) -> (V,)."""
        return np.asarray(x[0].double().cpu().numpy(), np.float64)

    def write(self, samples: Sequence[Any], path: Path) -> Path:
        """A csv in which each sample has a number, and its rows follow in time."""
        with new_file(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(["sample", "step", *self.variables])
            for number, sample in enumerate(samples):
                rows.writerows([number, step, *row] for step, row in enumerate(np.asarray(sample).tolist()))
        return path

    def state(self) -> dict[str, Any]:
        """JSON-ready."""
        return self.model_dump(mode="json")

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """The codec that `state` told of."""
        return cls.read(state, "codec")


def _values(raw: Any) -> NDArray[np.float64]:
    return raw.values if isinstance(raw, Line) else np.asarray(raw, np.float64)


def _circles_of(
    raws: Sequence[Any], scaled: Sequence[NDArray[np.float64]], kinds: Sequence[Change]
) -> tuple[Circle, ...]:
    """The circles that tell of moves, of their sizes, or of what wanders; only lines have times to tell them by."""
    wanders = np.array([kind == "difference" for kind in kinds])
    both = zip(raws, scaled, strict=True)
    long = [(raw.stamps[1:], part) for raw, part in both if isinstance(raw, Line) and len(raw) > 1]
    moves = [increments(part, kinds) for _, part in long]
    return telling_circles([stamps for stamps, _ in long], moves, [part[1:][:, wanders] for _, part in long])


def _told(values: NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(values.tolist())


def _decimals(values: NDArray[np.float64], most: int = 6) -> int:
    """The fewest decimals that say all values."""
    sample = values[:: max(len(values) // 1_000, 1)]
    return next(
        (digits for digits in range(most) if np.allclose(sample, sample.round(digits), rtol=0, atol=1e-9)), most
    )
