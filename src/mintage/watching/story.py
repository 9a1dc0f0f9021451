"""All that the files of a run directory tell, read once for its report and its card; any of them may be missing."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mintage.data.inspection import DataReport
from mintage.data.series_report import SeriesReport
from mintage.data.table_report import TableReport
from mintage.data.text_report import TextReport
from mintage.run import RunDirectory, makes_of
from mintage.storage import read_object
from mintage.watching import log
from mintage.watching.kinds import KINDS, Wording
from mintage.watching.progress import early_stop
from mintage.watching.verdicts import read_verdicts
from mintage.watching.words import duration, energy

__all__ = ["Story", "read_story"]

Row = Mapping[str, Any]

_REPORTS: Mapping[str, type[DataReport | TextReport | TableReport | SeriesReport]] = {
    "text": TextReport,
    "records": TableReport,
    "series": SeriesReport,
}


@dataclass(frozen=True, slots=True)
class Story:
    """What is missing is empty."""

    run: RunDirectory
    facts: Row
    recipe_text: str
    recipe: Row
    data: Row
    rows: Sequence[Row]  # measured
    events: Sequence[Row]
    verdicts: Sequence[Row]  # newest first

    @property
    def name(self) -> str:
        return str(self.facts.get("name") or self.run.path.name)

    @property
    def step(self) -> int:
        return max([int(row["step"]) for row in self.rows if "step" in row], default=int(self.facts.get("steps") or 0))

    @property
    def planned(self) -> int:
        return int(self.recipe.get("training", {}).get("steps") or self.facts.get("steps") or self.step)

    @property
    def is_finished(self) -> bool:
        return bool(self.facts.get("finished"))

    @property
    def translates(self) -> bool:
        """Whether it makes pictures out of pictures."""
        return bool(self.facts.get("translates"))

    @property
    def makes(self) -> str:
        """What it makes: pictures, text, records or series."""
        return makes_of(self.facts)

    @property
    def wording(self) -> Wording:
        """What pages call what it makes."""
        return KINDS["translations" if self.translates else self.makes]

    @property
    def writes(self) -> bool:
        """Whether it makes text."""
        return self.makes == "text"

    @property
    def unit(self) -> str:
        """What training is counted in."""
        return self.wording.unit

    @property
    def each(self) -> int:
        """How many of them a sample has."""
        return max(1, int(self.facts["shape"][0]) - 1) if self.writes else 1

    @property
    def source(self) -> str:
        data = self.facts.get("data", {})
        return Path(str(data.get("path", "") or self.recipe.get("data", {}).get("path", "") or "its data")).name

    @property
    def lead(self) -> str:
        """In one sentence: what learned from what, for how long, where."""
        facts, model = self.facts, str(self.recipe.get("model", {}).get("name", ""))
        count = facts.get("data", {}).get("count")
        kind, examples = self.wording.maker, self.wording.examples
        lead = f"A {model + ' ' if model else ''}{kind} that learned from "
        lead += f"{count:,} {examples} of {self.source}" if count and count != 1 else self.source
        if facts.get("seconds"):
            lead += f" in {duration(facts['seconds'])}"
        if where := facts.get("cpu") if self.on_cpu else facts.get("device"):
            cores = f" ({facts['cores']} cores)" if facts.get("cores") and where == facts.get("cpu") else ""
            lead += f" on {where}{cores}"
        return lead + "."

    @property
    def state(self) -> str:
        """Whether the training went to its end, in a sentence; empty if it did."""
        stopped = early_stop(self.events)
        if stopped is not None:
            return f"It stopped at step {stopped:,} of {self.planned:,}, since its score no longer improved."
        return "" if self.is_finished else f"It is not finished: step {self.step:,} of {self.planned:,}."

    @property
    def on_cpu(self) -> bool:
        return bool(self.facts.get("device", "cpu") == "cpu")

    @property
    def energy(self) -> str:
        """A rough estimate of what the training drew; empty where nothing is known to estimate it from."""
        seconds, cores = self.facts.get("seconds"), self.facts.get("cores")
        if not seconds or not cores:
            return ""
        return energy(seconds, cores) if self.on_cpu else "not estimated: the power of the accelerator isn't known"

    def settled(self, key: str) -> float | None:
        """The mean of a figure over the last tenth of the run."""
        values = [row[key] for row in self.rows if isinstance(row.get(key), int | float)]
        last = values[-max(1, len(values) // 10) :]
        return sum(last) / len(last) if last else None

    def data_lines(self) -> list[str]:
        """The data report, in sentences."""
        if not self.data:
            return []
        try:
            return _REPORTS.get(self.makes, DataReport).from_dict(self.data).lines()
        except (TypeError, ValueError, KeyError, AttributeError, IndexError):  # written by another version
            return [f"{key.replace('_', ' ')}: {_listed(value)}" for key, value in self.data.items() if value]


def read_story(run: RunDirectory) -> Story:
    """Read a run; what is damaged counts as missing."""
    everything = log.read(run.log)
    recipe_text = run.recipe.read_text("utf-8") if run.recipe.is_file() else ""
    try:
        recipe = tomllib.loads(recipe_text)
    except tomllib.TOMLDecodeError:
        recipe = {}
    return Story(
        run=run,
        facts=read_object(run.facts),
        recipe_text=recipe_text,
        recipe=recipe,
        data=read_object(run.data_report),
        rows=[row for row in everything if "event" not in row],
        events=[row for row in everything if "event" in row],
        verdicts=read_verdicts(run.scores),
    )


def _listed(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_listed(part)}" for key, part in value.items())
    if isinstance(value, list | tuple):
        shown = ", ".join(_listed(part) for part in value[:20])
        return shown + (f" and {len(value) - 20} more" if len(value) > 20 else "")
    return str(value)
