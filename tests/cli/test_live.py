"""The live view shows a run in a terminal, in a pipe, and not at all."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from mintage.cli.live import Counted, LiveView, sparkline

ALARM = {
    "event": "diagnosis", "step": 900, "name": "mode_collapse", "message": "All alike.",
    "advice": "Set model.stakes.r1 = 1.",
}  # fmt: skip


def row(step: int, **more: float) -> dict[str, float]:
    return {
        "step": step, "images": 64 * step, "seconds": 0.03 * step, "rate": 2000.0, "discriminator/adversarial": 0.91,
        "generator/adversarial": 1.5, "discriminator/real": 0.9, "discriminator/fake": -0.9,
        "discriminator/recognition": 0.8, **more,
    }  # fmt: skip


class Clock:
    def __init__(self) -> None:
        self.time = 100.0

    def __call__(self) -> float:
        return self.time


def shown(is_terminal: bool, play: Callable[[LiveView, Clock], None], *, quiet: bool = False, done: int = 0) -> str:
    out, clock = io.StringIO(), Clock()
    console = Console(
        file=out, force_terminal=is_terminal, width=100, height=40, color_system=None, legacy_windows=False
    )
    run = Path("runs/0003-fashion")
    with LiveView(1000, run=run, done=done, quiet=quiet, console=console, now=clock) as view:
        play(view, clock)
    return out.getvalue()


def some_rows(view: LiveView, clock: Clock) -> None:
    for step in range(50, 501, 50):
        clock.time += 3.0
        view.row(row(step))
    view.row({"event": "sample", "step": 500, "file": "samples/0000500.png"})


def test_a_terminal_shows_progress_losses_opinions_health_and_where_the_pictures_are() -> None:
    text = shown(True, some_rows)
    for part in ("0003-fashion", "step 500/1,000", "2,000 images/s", "0:30 left", "discriminator loss",
                 "generator loss", "D(real)", "71%", "D(fake)", "29%", "recognition", "80%", "no alarm",
                 "runs/0003-fashion/samples/0000500.png"):  # fmt: skip
        assert part in text, part


def test_an_alarm_is_said_once_and_stays_in_the_health_line_until_it_is_over() -> None:
    def alarmed(view: LiveView, clock: Clock) -> None:
        some_rows(view, clock)
        view.row(ALARM)

    text = shown(True, alarmed)
    assert "mode collapse at step 900: All alike. Set model.stakes.r1 = 1." in " ".join(text.split())
    assert "mode collapse since step 900" in text

    def recovered(view: LiveView, clock: Clock) -> None:
        alarmed(view, clock)
        view.row({"event": "recovered", "step": 950, "name": "mode_collapse"})

    assert "no alarm" in shown(True, recovered).split("is over")[-1]


def test_a_pipe_gets_a_line_every_ten_seconds_and_one_at_the_end() -> None:
    lines = shown(False, some_rows).splitlines()
    assert [line.split(" | ")[0] for line in lines] == [f"step {n}/1,000" for n in (50, 250, 450, 500)]
    assert "recognition 0.80" in lines[-1]
    assert "\x1b" not in "".join(lines)


def test_quiet_shows_nothing() -> None:
    def play(view: LiveView, clock: Clock) -> None:
        some_rows(view, clock)
        view.row(ALARM)
        view.message("hello")

    assert shown(True, play, quiet=True) == shown(False, play, quiet=True) == ""


def test_messages_and_complaints_are_said_and_unknown_events_are_let_be() -> None:
    def play(view: LiveView, clock: Clock) -> None:
        view.message("[bold]10,000[/bold] images")
        view.row({"event": "fallback", "step": 5, "message": "The newest checkpoint is damaged."})
        view.row({"event": "checkpoint", "step": 5})
        view.row({"event": "something new"})

    assert shown(False, play).splitlines() == ["[bold]10,000[/bold] images", "The newest checkpoint is damaged."]


def test_a_resumed_run_is_timed_from_where_it_went_on() -> None:
    def play(view: LiveView, clock: Clock) -> None:
        clock.time += 10.0
        view.row(row(910))

    assert "1 min 30 s left" in shown(False, play, done=900)


def test_numbers_that_are_not_finite_do_not_break_the_view() -> None:
    def play(view: LiveView, clock: Clock) -> None:
        some_rows(view, clock)
        view.row(row(550, **{"generator/adversarial": math.nan, "discriminator/real": math.inf}))
        view.row({"step": 600, "generator/adversarial": None})

    assert "not finite" in shown(True, play)
    assert "not finite" in shown(False, play)
    assert sparkline([1.0, math.nan, 2.0]) == "▁?█"


def test_a_writer_shows_tokens_nats_and_the_newest_text(tmp_path: Path) -> None:
    (tmp_path / "samples").mkdir()
    (tmp_path / "samples" / "0000500.txt").write_text("春风又绿江南岸。\n\nAnd more\n", "utf-8")
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=100, height=40, color_system=None, legacy_windows=False)
    with LiveView(1000, run=tmp_path, counted=Counted("tokens", 128), console=console) as view:
        view.row({"event": "sample", "step": 500, "file": "samples/0000500.txt"})
        view.row({"step": 500, "rate": 10.0, "writer/nats": 1.91, "writer/heldout": 2.05})
    for part in ("1,280 tokens/s", "writer nats", "1.91", "held out nats", "2.05", "春风又绿江南岸。", "And more"):
        assert part in out.getvalue(), part
    assert "pictures" not in out.getvalue()
