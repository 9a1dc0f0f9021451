"""Walks a run of series forward through what it held out: forecasts, risk and decisions beside plain means."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from math import isnan
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from mintage.backtesting import Terms, backtest, by_mean
from mintage.errors import ConfigError
from mintage.forecasting import Origin, check_no_leak, origin_rows, origins_of, rivals_of, told_of, walk
from mintage.forecasts import Walk
from mintage.prediction import forecaster_of, series_of
from mintage.seeding import derive
from mintage.series_data import SeriesData
from mintage.statistics.walks import losses_beyond, tail_tests
from mintage.storage import write_image, write_json, write_text
from mintage.trained import Trained
from mintage.watching.backtest_page import backtest_page
from mintage.watching.fans import draw_fans

__all__ = ["Asked", "Backtest", "backtest_run", "far_walk", "judged_after", "last_fans", "near_walk"]

Tell = Callable[[str], None]

_MOST_ORIGINS, _MOST_STEPS = 100, 500  # of many steps ahead; one step ahead
_FAR_PATHS, _NEAR_PATHS = 200, 1_000
_FAR_REFIT, _NEAR_REFIT = 20, 100  # origins that one estimate of GARCH serves
_SHARES = (0.05, 0.01)  # of values at risk
_PANELS, _KNOWN = 8, 3
_MOST_LINES = 5  # of those that are walked row by row
_AS_PRICES = "variables that were not looked at as such are by training with codec.changes.NAME=log"
_FEWEST_STEPS = 100  # one after another, below which tests of tails say nothing


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a backtest is asked for."""

    start: str = ""  # a date; unset: as early as it may begin
    horizon: int = 20
    every: int = 5  # rows between origins, and between decisions
    cost: float = 0.0005
    tried: int = 1  # variants that were tried before this one was chosen
    seed: int = 0

    def __post_init__(self) -> None:
        if min(self.horizon, self.every, self.tried) < 1 or self.cost < 0:
            raise ConfigError(f"{self} cannot be walked: horizon, every and tried are 1 or more, cost is not negative.")


@dataclass(frozen=True, eq=False)
class Backtest:
    """What was found; `report` is JSON-ready, its `words` are what a person reads first."""

    report: dict[str, Any]
    fans: Image.Image

    def save(self, folder: str | Path) -> Path:
        """Write backtest.json, fans.png and report.html, which holds all of it; returns the page."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / "backtest.json", self.report)
        write_image(folder / "fans.png", self.fans)
        write_text(folder / "report.html", backtest_page(self.report, folder / "fans.png"))
        return folder / "report.html"


def backtest_run(trained: Trained, asked: Asked, tell: Tell = lambda doing: None) -> Backtest:
    """Forecasts, values at risk and decisions of a run, each made by what was known then, after all that it learned.

    Raises:
        ConfigError: the run makes no series, or learned from what is to be foretold.
        DataError: a variable knows the future, or too little is left.
    """
    tell("reading the data")
    data = series_of(trained)
    check_no_leak(data.packed.lines, data.packed.variables)
    after, ours = _start(trained, data, asked), str(trained.recipe.model["name"])
    tell("foretelling what was held out")
    far = far_walk(trained, data, after, asked)
    tell("value at risk, step by step")
    near = near_walk(trained, data, after, asked.seed)
    report: dict[str, Any] = {
        "run": trained.run.path.name, "file": trained.recipe.data.path.name if trained.recipe.data.path else "",
        "step": trained.checkpoint.step, "asked": {**asdict(asked), "start": str(after)},
        "variables": list(data.packed.variables), "forecasts": told_of(far), "risk": {}, "skipped": {},
    }  # fmt: skip
    if near is not None:
        report["risk"], report["passes"] = _risk(near), _passes(near)
    else:
        report["skipped"]["risk"] = f"it is told of prices, over more than {_FEWEST_STEPS} steps; {_AS_PRICES}"
    if set(data.codec.kinds) == {"log"} and len(data.packed.lines) == 1:
        tell("deciding by forecasts, after costs")
        report["decisions"] = _decisions(trained, data, after, asked)
    else:
        report["skipped"]["decisions"] = f"they need prices, on one time line without gaps; {_AS_PRICES}"
    told = [part["words"] for part in (report["forecasts"], report.get("decisions", {"words": []}))]
    report["words"] = [*told[0], *(test["words"] for test in report["risk"].get(ours, [])), *told[1]]
    return Backtest(report, last_fans(data, far))


def _decisions(trained: Trained, data: SeriesData, after: np.datetime64, asked: Asked) -> dict[str, Any]:
    """What the sign of its mean forecasts would have brought. JSON-ready."""
    ours, line, periods = str(trained.recipe.model["name"]), data.packed.lines[0], data.packed.periods
    rule = by_mean(forecaster_of(trained), periods, horizon=asked.horizon, seed=asked.seed)
    terms = Terms(asked.cost, asked.every, asked.tried)
    first = int(np.searchsorted(line.stamps, after, "right"))
    return backtest({ours: rule}, line, first, periods, ours=ours, terms=terms)


def judged_after(trained: Trained) -> np.datetime64:
    """The time after which nothing was learned from, nor picked the checkpoint.

    Raises:
        ConfigError: nothing was held out.
    """
    told = json.loads(trained.run.data_report.read_text("utf-8")).get("judged_from", "")
    if not told:
        raise ConfigError(
            f"{trained.run.path} held nothing out, so all that is known was learned from. Train with data.heldout=0.2."
        )
    return np.datetime64(told, "s")


def far_walk(trained: Trained, data: SeriesData, after: np.datetime64, asked: Asked) -> Walk:
    """Forecasts `horizon` steps ahead from at most a hundred origins, evenly thinned, by the run and simple means."""
    count = sum(len(origin_rows(line, after, asked.horizon, asked.every)) for line in data.packed.lines)
    origins = origins_of(data.packed.lines, after, asked.horizon, asked.every)
    thinned = islice(origins, 0, None, max(-(-count // _MOST_ORIGINS), 1))
    return _walked(trained, data, thinned, after, (_FAR_PATHS, asked.seed, _FAR_REFIT))


def near_walk(trained: Trained, data: SeriesData, after: np.datetime64, seed: int) -> Walk | None:
    """Forecasts one step ahead at every one of the last 500 rows, of what grows by shares; None where nothing does.

    Of several lines at most five are walked, and fewer rows of each.
    """
    lines = [line for line in data.packed.lines if len(origin_rows(line, after, 1, 1))][:_MOST_LINES]
    if set(data.codec.kinds) != {"log"} or not lines:
        return None
    times = np.unique(np.concatenate([line.stamps[line.stamps > after] for line in lines]))
    times = times[-_MOST_STEPS // len(lines) - 1 :]
    if len(times) <= _FEWEST_STEPS:
        return None
    since = times[0] - np.timedelta64(1, "s")
    return _walked(
        trained, data, origins_of(lines, since, 1, 1), since, (_NEAR_PATHS, derive(seed, "near"), _NEAR_REFIT)
    )


def _walked(
    trained: Trained, data: SeriesData, origins: Iterator[Origin], after: np.datetime64, how: tuple[int, int, int]
) -> Walk:
    firsts = [rows.start for line in data.packed.lines if len(rows := origin_rows(line, after, 1, 1))]
    ours = str(trained.recipe.model["name"])
    (paths, seed, refit), shortest = how, min(firsts, default=0)
    rivals = rivals_of(data.codec.kinds, data.packed, shortest, refit)
    return walk({ours: forecaster_of(trained), **rivals}, origins, ours=ours, n=paths, seed=seed)


def _start(trained: Trained, data: SeriesData, asked: Asked) -> np.datetime64:
    """The time after which the walk begins.

    Raises:
        ConfigError: it lies in what was learned, or is no date.
    """
    known = judged_after(trained)
    if not asked.start:
        return known
    try:
        wanted = np.datetime64(asked.start, "s") - np.timedelta64(1, "s")  # the row of this very time counts
    except ValueError as error:
        raise ConfigError(f"{asked.start!r} is no date. Write it as 2015-01-31.") from error
    if wanted < known:
        later = [line.stamps[line.stamps > known] for line in data.packed.lines]
        first = min((stamps[0] for stamps in later if len(stamps)), default=known)
        raise ConfigError(
            f"{trained.run.path.name} learned from what was before, or chose its checkpoint by it, so a backtest from "
            f"{asked.start} would be one of hindsight. It may begin at {str(first).removesuffix('T00:00:00')}; to "
            "begin earlier, train with a larger data.heldout."
        )
    return wanted


def _risk(near: Walk) -> dict[str, list[dict[str, Any]]]:
    """Tests of each forecaster's value at risk. JSON-ready."""
    found: dict[str, list[dict[str, Any]]] = {}
    for share in _SHARES:
        for name, test in tail_tests(near, share).items():
            told = {**test._asdict(), "lost": None if isnan(test.lost) else test.lost}
            found.setdefault(name, []).append({"share": share, **told, "words": test.words(share)})
    return found


def _passes(near: Walk) -> dict[str, Any]:
    returns, threshold = losses_beyond(near, near.ours, _SHARES[0])
    return {"share": _SHARES[0], "returns": returns.round(5).tolist(), "threshold": threshold.round(5).tolist()}


def last_fans(data: SeriesData, far: Walk) -> Image.Image:
    """The last forecast beside what came, of a few variables."""
    at = max(range(len(far.stamps)), key=far.stamps.__getitem__)
    steps, stamp = far.truths.shape[1], np.datetime64(far.stamps[at], "s")
    line = next(
        line
        for line in data.packed.lines
        if stamp in line.stamps and (far.last[at] == line.values[line.stamps == stamp]).all()
    )
    row = int(np.searchsorted(line.stamps, stamp))
    known = line.values[max(row - _KNOWN * steps, 0) : row + 1, :_PANELS]
    paths = far.paths[far.ours][at, ..., :_PANELS].astype(np.float64)
    return draw_fans(data.packed.variables[:_PANELS], known, paths, far.truths[at, :, :_PANELS])
