"""The live view of a training run in a terminal; without a terminal, a line now and then."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from mintage.watching.words import clock, duration, number, probability

__all__ = ["Counted", "LiveView"]

SPARKS = "▁▂▃▄▅▆▇█"
SPARK_WIDTH = 28
FIGURES = {"real", "fake", "score_real", "score_fake", "heldout", "recognition", "augment_p"}  # shown, not paid
SHOWN_CHARACTERS, SHOWN_LINES = 400, 6  # of the newest sample text
PLAIN_EVERY = 10.0  # seconds between lines where there is no terminal


@dataclass(frozen=True, slots=True)
class Counted:
    """What the speed counts, and how many of them a sample has."""

    unit: str = "images"
    each: int = 1

    def rate(self, samples: float) -> str:
        """A speed as it is shown.

        >>> Counted("tokens", 128).rate(10.0)
        '1,280 tokens/s'
        """
        return f"{samples * self.each:,.0f} {self.unit}/s"


class LiveView:
    """Shows how a run goes while it goes: progress, what the players pay, what the discriminator thinks, health.

    Feed it every row and event of the log by `row`. `quiet` shows nothing at all. `run` is the run directory, told to
    the person as the place of the pictures. A resumed run starts at `done` steps.
    """

    def __init__(
        self,
        steps: int,
        *,
        run: Path | None = None,
        done: int = 0,
        quiet: bool = False,
        counted: Counted | None = None,
        console: Console | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.steps, self.run, self.quiet, self._now = steps, run, quiet, now
        self._counted = counted or Counted()
        self.console = console or Console(highlight=False)
        self._step, self._first_step, self._started = done, done, now()
        self._row_at, self._pace = self._started, 0.0  # time of the last row; smoothed seconds a step
        self._row: dict[str, Any] = {}
        self._paid: dict[str, deque[float]] = {}
        self._picture = ""
        self._alarms: dict[str, Mapping[str, Any]] = {}
        self._score = ""
        self._printed_at = -PLAIN_EVERY
        self._live: Live | None = None

    def __enter__(self) -> Self:
        if not self.quiet and self.console.is_terminal:
            self._live = Live(
                get_renderable=self._screen, console=self.console, refresh_per_second=4, redirect_stdout=False
            )
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None
        elif not self.quiet and self._row:
            self._say_line()

    def row(self, row: Mapping[str, Any]) -> None:
        """Take in a measured row or an event, as they go into the log."""
        match row.get("event"):
            case None:
                self._measured(row)
            case "sample":
                self._picture = str(row.get("file", ""))
            case "diagnosis":
                self._alarms[str(row["name"])] = row
                where = f"{_title(row['name'])} at step {int(row['step']):,}"
                self._say(f"{where}: {row['message']} {row['advice']}", "yellow")
            case "recovered":
                if self._alarms.pop(str(row["name"]), None):
                    self._say(f"{_title(row['name'])} is over at step {int(row['step']):,}.", "green")
            case "checkpoint":
                pass
            case "score":
                self._score = f"{str(row['name']).replace('_', ' ')} {number(float(row['value']))}"

            case _:
                if row.get("message"):
                    self._say(str(row["message"]), "yellow")

    def message(self, text: str) -> None:
        """Say something that stays on the screen above the view."""
        self._say(text, "")

    def _say(self, text: str, style: str) -> None:
        if not self.quiet:
            self.console.print(Text(text, style=style), soft_wrap=self._live is None)

    def _measured(self, row: Mapping[str, Any]) -> None:
        now, step = self._now(), int(row.get("step", self._step))
        if step > self._step:
            pace = (now - self._row_at) / (step - self._step)
            self._pace = pace if not self._pace else 0.7 * self._pace + 0.3 * pace
        self._step, self._row_at = step, now
        self._row.update(row)
        for key, value in row.items():
            if "/" in key and key.split("/")[-1] not in FIGURES and isinstance(value, int | float):
                self._paid.setdefault(key, deque(maxlen=SPARK_WIDTH)).append(float(value))
        if self._live is None and not self.quiet and now - self._printed_at >= PLAIN_EVERY:
            self._say_line()
            self._printed_at = now

    def _say_line(self) -> None:
        parts = [f"step {self._step:,}/{self.steps:,}", f"{duration(self._left())} left"]
        if "rate" in self._row:
            parts.append(self._counted.rate(self._row["rate"]))
        losses = [key for key in self._paid if key.endswith("/adversarial")] or list(self._paid)
        parts += [f"{_short(key)} {number(self._paid[key][-1])}" for key in losses]
        if (heldout := self._number("writer/heldout")) is not None:
            parts.append(f"held out {number(heldout)}")
        if (recognition := self._number("discriminator/recognition")) is not None:
            parts.append(f"recognition {recognition:.2f}")
        if self._alarms:
            parts.append("alarm: " + ", ".join(_title(name) for name in self._alarms))
        self.console.print(Text(" | ".join(parts)), soft_wrap=True)

    def _left(self) -> float:
        since_row = self._now() - self._row_at
        return max(0.0, (self.steps - self._step) * self._pace - since_row)

    def _number(self, key: str) -> float | None:
        value = self._row.get(key)
        return float(value) if isinstance(value, int | float) else None

    def _screen(self) -> RenderableType:
        parts: list[RenderableType] = [self._progress()]
        if self._paid:
            parts += [Text(), self._losses()]
        if self._number("discriminator/real") is not None:
            parts += [Text(), self._opinions()]
        parts += [Text(), self._health()]
        if self.run is not None and self._picture.endswith(".txt"):
            parts += [Text(), Text(_beginning(self.run / self._picture), style="italic")]
            parts.append(Text.assemble(("texts     ", "dim"), str(self.run / self._picture), overflow="fold"))
        elif self.run is not None:
            line = Text.assemble(("pictures  ", "dim"), str(self.run / (self._picture or "samples")), overflow="fold")
            parts.append(line)
        title = self.run.name if self.run else "training"
        return Panel(Group(*parts), title=title, title_align="left", border_style="dim")

    def _progress(self) -> RenderableType:
        table = Table.grid(padding=(0, 2), expand=True)
        table.add_column(no_wrap=True)
        table.add_column(ratio=1)
        table.add_column(justify="right", no_wrap=True)
        rate = self._counted.rate(self._row["rate"]) if "rate" in self._row else "starting"
        known = self._pace and self._step < self.steps
        left = f"{clock(self._left())} left" if known else clock(self._now() - self._started)
        bar = ProgressBar(total=self.steps, completed=min(self._step, self.steps), complete_style="cyan")
        table.add_row(f"step {self._step:,}/{self.steps:,}", bar, f"{rate}   {left}")
        return table

    def _losses(self) -> RenderableType:
        table = Table.grid(padding=(0, 2))
        table.add_column(style="dim", no_wrap=True)
        table.add_column(justify="right", min_width=7, no_wrap=True)
        table.add_column(no_wrap=True)
        for key, values in list(self._paid.items())[:6]:
            table.add_row(_short(key), number(values[-1]), Text(sparkline(list(values)), style="cyan"))
        if (heldout := self._number("writer/heldout")) is not None:
            table.add_row("held out nats", number(heldout), "")
        return table

    def _opinions(self) -> RenderableType:
        table = Table.grid(padding=(0, 2))
        table.add_column(style="dim", no_wrap=True)
        table.add_column(justify="right", min_width=7)
        table.add_column(width=SPARK_WIDTH)
        for name, key in (("D(real)", "discriminator/real"), ("D(fake)", "discriminator/fake")):
            logit = self._number(key)
            if logit is not None:
                share = probability(logit)
                table.add_row(name, f"{share:.0%}", ProgressBar(total=1, completed=share, complete_style="blue"))
        recognition = self._number("discriminator/recognition")
        if recognition is not None:
            style = "green" if recognition < 0.95 else "yellow"
            bar = ProgressBar(total=1, completed=recognition, complete_style=style, finished_style=style)
            table.add_row("recognition", f"{recognition:.0%}", bar)
        return table

    def _health(self) -> RenderableType:
        line = Text.assemble(("health    ", "dim"))
        if self._alarms:
            alarms = [f"{_title(name)} since step {int(row['step']):,}" for name, row in self._alarms.items()]
            line.append("; ".join(alarms), "yellow")
        else:
            line.append("no alarm" if self._row else "not yet known", "green" if self._row else "dim")
        if self._score:
            line.append(f"   {self._score}", "dim")
        return line


def _beginning(file: Path) -> str:
    """The first lines of what it wrote last."""
    try:
        text = file.read_text("utf-8", errors="replace").strip()
    except OSError:
        return ""
    return "\n".join([line for line in text[:SHOWN_CHARACTERS].splitlines() if line.strip()][:SHOWN_LINES])


def sparkline(values: list[float]) -> str:
    """The last values as bars of text, from the lowest to the highest.

    >>> sparkline([1.0, 2.0, 3.0, 8.0])
    '▁▂▃█'
    """
    finite = [value for value in values if abs(value) < float("inf")]
    if not finite:
        return "?" * len(values)
    low, high = min(finite), max(finite)
    scale = (len(SPARKS) - 1) / (high - low) if high > low else 0.0
    return "".join(SPARKS[round((value - low) * scale)] if abs(value) < float("inf") else "?" for value in values)


def _title(name: object) -> str:
    return str(name).replace("_", " ")


def _short(key: str) -> str:
    player, _, term = key.partition("/")
    return f"{player} loss" if term == "adversarial" else f"{player} {term}".replace("_", " ")
