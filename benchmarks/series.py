"""How well a model foretells and resembles real series beside simple means: python benchmarks/series.py FILE."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from machine import describe, save

from mintage import registry
from mintage.backtesting import Terms, backtest, by_mean
from mintage.codecs.series import Series as Codec
from mintage.data.loading import Cut, Stream
from mintage.forecasting import by_sampler, by_simple_means, judge_forecasts, origins_of
from mintage.foretelling.garch import Garch
from mintage.foretelling.paths import BlockBootstrap, LastValue, RandomWalk
from mintage.numbers import Numbers
from mintage.series_data import SeriesData, open_series
from mintage.sources.series import Series as Source
from mintage.statistics.stylised_facts import bands, facts, stretches_of
from mintage.timeline.changes import additive, increments
from mintage.training.ema import Averager
from mintage.training.loop import Loop
from mintage.training.settings import TrainingSettings
from mintage.training.update import PlainUpdate

_DRAWS = 20  # sets of made stretches, each as many as real ones


def trained(data: SeriesData, name: str, training: dict[str, int], seed: int) -> Any:
    """The averaged sampler after so many steps."""
    torch.manual_seed(seed)
    model = registry.find("models", name)
    game = model().build(data.spec)
    settings = TrainingSettings.read({**model.habits, **training})
    stream = Stream(data.train, Cut(settings.batch, 1, 0, 1), seed, device=torch.device("cpu"), workers=0)
    averager = Averager(game.sampler, settings.ema_half_life, settings.ema_ramp)
    loop = Loop(game, stream, PlainUpdate(game, settings, Numbers(), len(data.train)), averager, settings, seed)
    loop.run()
    return averager.sampler.eval()


def likeness(data: SeriesData, name: str, sampler: Any, seed: int, kept: Path | None) -> dict[str, Any]:
    """Stylised facts of real stretches with their bands, and of as many drawn ones, by the model and by two means."""
    kinds, length = data.codec.kinds, data.train.context
    line = max(data.packed.lines, key=len)
    learned = line.stamps <= np.datetime64(data.report.heldout_from, "s")
    scaled = additive(line.values[learned], kinds)
    real = stretches_of(increments(scaled, kinds), length)
    count, rng = len(real), np.random.default_rng(seed)
    with torch.inference_mode():
        made = sampler(sampler.noise(_DRAWS * count, torch.Generator().manual_seed(seed)))[:, 1:].double().numpy()
    drawn = {name: made * np.array(data.codec.spreads)}
    simple_means = {"random walk": RandomWalk(), "block bootstrap": BlockBootstrap(), "GARCH, filtered": Garch()}
    for means, simple in simple_means.items():
        drawn[means] = np.diff(simple.fit(scaled).paths(_DRAWS * count, length + 1, rng), axis=1)
    ends = bands(real, rng)
    found = {name: [facts(part) for part in np.split(each, _DRAWS)] for name, each in drawn.items()}
    inside = {
        name: [sum(ends[f][0] <= v <= ends[f][1] for f, v in one.items()) for one in each]
        for name, each in found.items()
    }
    if kept:
        np.savez(kept, real=real, made=drawn[name])
    mean = {name: {f: float(np.mean([one[f] for one in each])) for f in ends} for name, each in found.items()}
    spread = {name: float(each.std() / real.std()) for name, each in drawn.items()}
    return {
        "real": facts(real), "bands": {k: list(v) for k, v in ends.items()}, "draws": _DRAWS, **mean, "inside": inside,
        "spread_beside_real": spread,
    }  # fmt: skip


def main() -> None:
    """Train, foretell the held-out end, compare, decide; print JSON."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("file", type=Path)
    ask.add_argument("--target", default="", help="variables, with commas between; all if unset")
    ask.add_argument("--model", default="series_ar")
    ask.add_argument("--steps", type=int, default=600)
    ask.add_argument("--batch", type=int, default=0, help="0: the model's own")
    ask.add_argument("--keep", type=Path, default=None, help="a file NAME.npz for real and made stretches, to look at")
    ask.add_argument("--save", default="", help="the name of a file of benchmarks/results")
    ask.add_argument("--heldout", type=float, default=0.2, help="share of time at its end")
    ask.add_argument("--context", type=int, default=128)
    ask.add_argument("--horizon", type=int, default=20)
    ask.add_argument("--every", type=int, default=20)
    ask.add_argument("--most", type=int, default=100, help="origins")
    ask.add_argument("--no-calendar", action="store_true", help="tell the model nothing of hours, weekdays, seasons")
    ask.add_argument("--seed", type=int, default=0)
    told = ask.parse_args()
    codec = Codec(calendar=() if told.no_calendar else None)
    data = open_series(Source(told.file, target=told.target), told.heldout, told.context, codec)
    began = time.perf_counter()
    training = {"steps": told.steps, **({"batch": told.batch} if told.batch else {})}
    machine, used = describe(), time.process_time()
    sampler = trained(data, told.model, training, told.seed)
    seconds, used = time.perf_counter() - began, time.process_time() - used
    kinds, context = data.codec.kinds, data.train.context
    after = np.datetime64(data.report.heldout_from, "s")
    ours = by_sampler(sampler, data.codec, context)
    means = {
        "random walk": by_simple_means(RandomWalk(), kinds),
        "block bootstrap": by_simple_means(BlockBootstrap(), kinds),
        "GARCH, filtered": by_simple_means(Garch(refit=20), kinds, 2_000),
        "last value": by_simple_means(LastValue(), kinds),
    }
    origins = list(origins_of(data.packed.lines, after, told.horizon, told.every))
    origins = origins[:: max(len(origins) // told.most, 1)][: told.most]
    if min(len(origin.history) for origin in origins) < 150:
        means.pop("GARCH, filtered")
    report = {
        "machine": machine, "model": told.model, "file": told.file.name, "rows": data.report.rows,
        "seed": told.seed, **training,
        "calendar": list(data.codec.calendar or ()), "context": context,
        "training_seconds": round(seconds), "training_processor_seconds": round(used),
        "forecasts": judge_forecasts({told.model: ours, **means}, origins, ours=told.model, seed=told.seed),
    }  # fmt: skip
    if len(data.packed.lines) == 1 and set(kinds) == {"log"}:
        report["likeness"] = likeness(data, told.model, sampler, told.seed, told.keep)
        line, periods = data.packed.lines[0], data.packed.periods
        first = int(np.searchsorted(line.stamps, after)) + 1
        rule = by_mean(ours, periods, horizon=5)
        report["decisions"] = backtest({told.model: rule}, line, first, periods, ours=told.model, terms=Terms(every=20))
        report["decisions"].pop("wealth")  # of every step: too long to keep
    print(json.dumps(report, indent=1))
    if told.save:
        save(told.save, report)


if __name__ == "__main__":
    main()
