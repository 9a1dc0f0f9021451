"""From data settings to series: lines are cut by time into what is learned and what is held out, and become windows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import torch

from mintage.codecs.series import Series
from mintage.contracts import Batch, DataSpec, Makes, TensorSpec
from mintage.data.series_report import SeriesReport
from mintage.data.windows import Track, WindowView
from mintage.errors import DataError
from mintage.timeline.lines import Line, Panel

__all__ = ["SeriesData", "cut_by_time", "open_series", "series_spec"]

_SHARE_SELECTION = 0.25  # of what is held out: the earlier part
_SHORTEST = 8  # steps of a window
_KEPT = 0.5  # share of rows that must lie in lines as long as a window


@dataclass(frozen=True)
class SeriesData:
    """Time lines as windows, how they are read, and from when on they are held out."""

    packed: Panel
    report: SeriesReport
    codec: Series
    spec: DataSpec
    train: WindowView
    selection: WindowView  # held out too, and earlier: what picks the best checkpoint, and so may not judge the run
    heldout: WindowView  # the end of the time line: what judges the run
    fingerprint: str  # of all that is learned from

    makes: ClassVar[Makes] = "series"
    translates = False
    origin_codec = None
    classes = ()

    @property
    def count(self) -> int:
        """How many lines there are."""
        return len(self.packed.lines)

    def seen_by(self, context: int) -> SeriesData:
        """The same in windows of another length."""
        train, selection, heldout = (
            replace(view, context=context) for view in (self.train, self.selection, self.heldout)
        )
        spec = series_spec(context, self.codec)
        return replace(self, spec=spec, train=train, selection=selection, heldout=heldout)

    def batches(self, view: WindowView, count: int, size: int = 64) -> Iterator[Batch]:
        """The first windows of a part, at most so many, on the CPU."""
        count = min(count, len(view))
        for first in range(0, count, size):
            yield view.batch(first, min(size, count - first))


def open_series(source: Any, heldout: float, context: int, codec: Series) -> SeriesData:
    """Read the lines, cut them by time, fit the codec to the earliest part alone, and lay out windows.

    Where few lines are as long as a window of `context` steps, windows are shorter, and the report says so.

    Raises:
        DataError: there is nothing to learn from.
    """
    panel: Panel = source.panel
    parts = cut_by_time(panel.lines, (1 - heldout, 1 - heldout * (1 - _SHARE_SELECTION)))
    codec = codec.laid_out_as(panel).fit(parts[0])
    fitting = _fitting([len(line) for line in parts[0]], context)
    remarks = [*panel.remarks]
    if fitting < context:
        remarks.append(f"Windows have {fitting:,} steps instead of {context:,}, since gaps leave few longer ones.")
    if heldout and not any(len(line) > fitting for line in parts[2]):
        remarks.append("What is held out is too short for a window: no score will tell learning from copying.")
    train, selection, held = (WindowView([_track(line, codec, context) for line in part], fitting) for part in parts)
    stamps = np.concatenate([line.stamps for line in panel.lines])
    report = SeriesReport(
        count=len(panel.lines), entities=len({line.entity for line in panel.lines}), rows=len(stamps),
        variables=codec.variables, changes=codec.kinds, first=str(stamps.min()), last=str(stamps.max()),
        step=panel.step, is_grid=panel.is_grid,
        heldout_from=str(max(line.stamps[-1] for line in parts[0])) if heldout else "",
        judged_from=str(max(line.stamps[-1] for part in parts[:2] for line in part)) if heldout else "",
        calendar=codec.calendar or (), attributes=panel.attributes, remarks=tuple(remarks),
    )  # fmt: skip
    return SeriesData(panel, report, codec, series_spec(fitting, codec), train, selection, held, source.fingerprint())


def series_spec(context: int, codec: Series) -> DataSpec:
    """What a model makes: windows of so many steps behind the row that says where they start.

    Beside them it sees what is known beforehand of these rows and of as many steps after them, where anything is.
    """
    x = replace(codec.spec, shape=(context + 1, len(codec.variables)))
    known = TensorSpec(shape=(2 * context + 1, codec.num_known)) if codec.num_known else None
    return DataSpec(x=x, condition=known)


def cut_by_time(lines: Sequence[Line], shares: Sequence[float]) -> list[list[Line]]:
    """Parts of all lines before, between and after the times by which these shares of the rows have passed.

    One time cuts every entity, so that no part knows of another's future.
    """
    stamps = np.sort(np.concatenate([line.stamps for line in lines]))
    cuts = [stamps[min(int(share * len(stamps)), len(stamps) - 1)] if share < 1 else None for share in shares]
    parts: list[list[Line]] = [[] for _ in range(len(shares) + 1)]
    for line in lines:
        ends = [len(line) if cut is None else int(np.searchsorted(line.stamps, cut)) for cut in cuts]
        for part, start, stop in zip(parts, [0, *ends], [*ends, len(line)], strict=True):
            if stop - start > 1:
                part.append(line.rows(start, stop))
    return parts


def _track(line: Line, codec: Series, context: int) -> Track:
    moves = torch.cat([torch.zeros(1, line.values.shape[1]), codec.encode(line)[1:]])
    return Track(codec.starts(line.values), moves, codec.known(line, context))


def _fitting(lengths: Sequence[int], context: int) -> int:
    """The context, or a shorter one that half of the rows lie in lines for."""
    if not lengths or max(lengths) <= _SHORTEST:
        raise DataError(
            f"No line without a gap has more than {_SHORTEST} rows before what is held out. Give a longer time line."
        )
    ordered = np.sort(np.array(lengths))[::-1]
    enough = ordered[int(np.searchsorted(ordered.cumsum(), _KEPT * ordered.sum()))]
    return max(_SHORTEST, min(context, int(enough) - 1))
