"""The made examples of a judgement: drawn from a run, or read from a folder that any other tool wrote."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from mintage.contracts import Examples, Texts
from mintage.data.inspection import DataReport
from mintage.errors import DataError
from mintage.forecasts import Foresight
from mintage.judging.reals import Reals, data_of, labels_by_name
from mintage.judging.translated import Translated, simple_means, translated
from mintage.opening import open_pictures
from mintage.recipe import DataSettings
from mintage.records import Records
from mintage.storage import cache_folder
from mintage.trained import CPU, Trained

__all__ = ["Made", "made_by_run", "made_in_folder"]

_FEWEST = 10
_SHEET = "sheet.png"  # `mintage generate` lays it beside the samples; it is none of them


@dataclass(frozen=True, eq=False)
class Made:
    """Made examples in the form of the real ones they are judged against."""

    name: str
    examples: Examples
    step: int | None = None
    logits: Callable[[Examples], Tensor] | None = None
    remarks: Sequence[str] = ()
    translated: Translated | None = None  # of a translator: what its examples were made from, and all beside them
    texts: Texts | None = None  # of a writer: its passages in letters, and what it says of unseen ones
    records: Records | None = None  # of a table: its records, and the real ones beside them
    series: Foresight | None = None  # of time lines: what was foretold, and stretches beside real ones


def made_by_run(trained: Trained, reals: Reals, count: int, seed: int) -> Made:
    """Samples 0 .. count - 1 of a seed; classes follow the shares of the real ones, where there are classes.

    A translator's are made from the pictures that its run held out.
    """
    if trained.translates:
        return _translations(trained, reals, count)
    same_classes = list(reals.classes) == list(trained.classes)
    told = trained.told(count)
    if told is not None and same_classes and reals.train.labels is not None:
        told = _spread(reals.train.labels, count)
    x = trained.examples(count, seed, told).x
    remarks = _of_sizes(trained.run.path.name, x, reals)
    x = _as_reals(x, trained, reals)
    # a discriminator that was told classes can judge only examples of these very classes, at its own size
    knows = not remarks and (same_classes or not trained.classes)
    examples = Examples(x, labels_by_name(told, trained.classes, reals.classes))
    return Made(trained.run.path.name, examples, trained.checkpoint.step, trained.logits() if knows else None, remarks)


def made_in_folder(path: Path, reals: Reals, count: int, seed: int) -> Made:
    """A random part of a folder, prepared exactly as the real ones were.

    Raises:
        DataError: there are too few, or they can't be read.
    """
    codec = {"name": "image", **reals.codec.state()}
    data, _, _ = open_pictures(DataSettings(path=path, heldout=0.0), codec, seed, cache_folder())
    rows = data.train.part.head(len(data.packed))
    names = data.packed.names(range(len(data.packed)))
    sheets = [row for row, name in enumerate(names) if Path(name).name == _SHEET]
    rows = rows[~np.isin(rows, sheets)][:count]
    if len(rows) < _FEWEST:
        raise DataError(f"{path} holds {len(rows)} made examples, {_FEWEST} are needed to say anything.")
    x, labels = data.packed.gather(rows)
    examples = Examples(x, labels_by_name(labels, data.packed.classes, reals.classes))
    report = data.report
    assert isinstance(report, DataReport)
    remarks = []
    if report.num_unreadable:
        remarks.append(f"{report.num_unreadable:,} made files could not be read and were left out.")
    resized = report.done.get("upscaled", 0) + report.done.get("cropped", 0)
    if report.widths and (report.widths[1] != reals.reference.x.shape[2] or resized):
        remarks.append(
            f"The made images, {report.widths[1]} pixels wide, were made {reals.reference.x.shape[2]} wide as the real "
            "ones are; a change of size on one side alone can be seen by scores."
        )
    if {Path(name).suffix.lower() for name in names} & {".jpg", ".jpeg"}:
        remarks.append("Some made images are JPEG files: compression can be seen by scores if the real ones have none.")
    return Made(path.name, examples, remarks=remarks)


def _translations(trained: Trained, reals: Reals, count: int) -> Made:
    data = data_of(trained)
    rows = translated(
        trained.sampler, data.heldout, count, numbers=trained.numbers, device=CPU,
        pairs_known=trained.recipe.data.pairs_known, back=trained.way_back(),
    )  # fmt: skip
    name, step, x = trained.run.path.name, trained.checkpoint.step, rows.fake.x
    remarks = _of_sizes(name, x, reals)
    if reals.codec.state() != trained.codec.state():  # a foreign folder's
        return Made(name, Examples(_as_reals(x, trained, reals)), step, remarks=remarks)
    rows = replace(rows, baselines=simple_means(rows.inputs, data))
    return Made(name, rows.fake, step, remarks=remarks, translated=rows)


def _as_reals(x: Tensor, trained: Trained, reals: Reals) -> Tensor:
    """Samples in the form of the real ones, where these are a foreign folder's."""
    if reals.codec.state() == trained.codec.state():
        return x
    pictures = trained.shown(trained.codec.expand(x))
    return torch.stack([reals.codec.encode(picture) for picture in pictures])


def _spread(labels: Tensor, count: int) -> Tensor:
    """Classes in the shares of the real ones, in an order that interleaves them. Shape: (count,)."""
    sorted_labels = labels.sort().values
    places = (torch.arange(count, dtype=torch.float64) * 0.6180339887498949 % 1 * len(labels)).long()
    return sorted_labels[places]


def _of_sizes(name: str, x: Tensor, reals: Reals) -> list[str]:
    if x.shape[1:] == reals.reference.x.shape[1:]:
        return []
    sides = ["x".join(str(side) for side in shape) for shape in (x.shape[1:], reals.reference.x.shape[1:])]
    return [f"{name} makes {sides[0]}, the real ones are {sides[1]}: its samples were resized, which scores can see."]
