"""The evidence in a judgement of series: forecasts walked through what was held out, and stretches beside real ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mintage.contracts import Examples
from mintage.data.windows import Track
from mintage.errors import ConfigError, DataError
from mintage.forecasts import Foresight
from mintage.judging.made import Made
from mintage.judging.reals import Reals, check_unchanged
from mintage.prediction import series_of
from mintage.sampling import sample
from mintage.series_data import SeriesData
from mintage.trained import CPU, Trained
from mintage.walking import Asked, far_walk, judged_after, near_walk

__all__ = ["made_by_forecaster", "stretches_of_run"]

_FEWEST, _WANTED = 2, 30  # stretches of what was held out
_SHORTEST = 24  # steps of a stretch, where windows are as long: some facts look back twenty
_LONGEST = 20  # steps ahead
_MADE = 200  # stretches are made even where fewer real ones are held out


def stretches_of_run(trained: Trained, samples: int) -> Reals:
    """Moves of a run's time lines, end to end: those after all that it learned from are the reference.

    Raises:
        DataError: the file is gone, has changed, or holds too little out.
    """
    data = series_of(trained)
    check_unchanged(trained, data.fingerprint)
    rows = sum(len(track) for track in data.heldout.tracks)
    length = min(data.heldout.context, max(_SHORTEST, rows // _WANTED))
    reference, train = (_stretches(view.tracks, length) for view in (data.heldout, data.train))
    if len(reference) < _FEWEST:
        raise DataError(
            f"{trained.run.path} holds out {rows} rows, too few for two stretches of {length} steps to judge it by. "
            "Train with a larger data.heldout, such as 0.2."
        )
    spread = torch.linspace(0, len(train) - 1, min(len(train), samples)).long()  # over all times, not the first alone
    path = trained.recipe.data.path
    return Reals(
        name=f"held-out part of {path.name if path else trained.recipe.data.source}",
        codec=data.codec,
        classes=(),
        reference=Examples(reference[:samples]),
        control=Examples(train[spread]),
        train=Examples(train),
        train_is_known=True,
        split="held-out",
        series=data,
    )


def made_by_forecaster(trained: Trained, reals: Reals, samples: int, seed: int) -> Made:
    """What a run foretells of the held-out end, and stretches that it draws from anywhere.

    Raises:
        ConfigError: another run, which looks at the data in another way than that which the real ones are from.
    """
    data = reals.series
    length = reals.reference.x.shape[1]
    if data is None or trained.codec.state() != data.codec.state() or (trained.spec.x.shape[0] or 0) <= length:
        raise ConfigError(
            f"{trained.run.path} cannot be judged by {reals.name}: it looks at its variables in another way, or in "
            "shorter windows. Judge runs of series with the same codec and context: mintage evaluate RUN."
        )
    count = min(samples, max(len(reals.reference), _MADE))
    drawn = torch.cat([*sample(trained.sampler, count, seed, None, numbers=trained.numbers, device=CPU)])
    made = drawn[:, 1 : length + 1]
    after = judged_after(trained)
    horizon = _horizon(data, after)
    asked = Asked(horizon=horizon, every=horizon, seed=seed)
    foresight = Foresight(
        variables=data.codec.variables, far=far_walk(trained, data, after, asked),
        near=near_walk(trained, data, after, seed), made=_plain(made), real=_plain(reals.reference.x),
        control=_plain(reals.control.rows(slice(0, count)).x),
    )  # fmt: skip
    return Made(trained.run.path.name, Examples(made), trained.checkpoint.step, series=foresight)


def _horizon(data: SeriesData, after: np.datetime64) -> int:
    """Twenty steps, or fewer where what was held out is short: a quarter of the longest line of it."""
    longest = max(int((line.stamps > after).sum()) for line in data.packed.lines)
    return max(min(_LONGEST, longest // 4), 1)


def _stretches(tracks: Sequence[Track], length: int) -> Tensor:
    """Shape: (N, length, V)."""
    moves = [track.moves[1:] for track in tracks]
    whole = [part[: len(part) // length * length] for part in moves if len(part) >= length]
    parts = [part.reshape(-1, length, part.shape[1]) for part in whole]
    return torch.cat(parts) if parts else torch.empty(0, length, 0)


def _plain(x: Tensor) -> NDArray[np.float64]:
    return x.double().numpy()
