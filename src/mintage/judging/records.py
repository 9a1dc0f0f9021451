"""The evidence in a judgement of records: made and real ones as tables, typed by one codec."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
import torch

from mintage.contracts import Examples
from mintage.data.order import Part, split
from mintage.data.table_packing import RecordCodec
from mintage.errors import ConfigError, DataError
from mintage.judging.made import Made
from mintage.judging.reals import FEWEST, Reals, check_unchanged
from mintage.opening import Data, open_data
from mintage.recipe import DataSettings
from mintage.records import Records
from mintage.storage import cache_folder
from mintage.synthesis import record_codes
from mintage.tabular.files import SUFFIXES, TableFile
from mintage.trained import Trained

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["is_table", "made_by_model", "made_in_file", "records_as_tables", "records_in_file", "records_of_run"]

_FEW_LEVELS = 20  # of a column that others are asked to foretell
_ASKED = ("target", "label", "class", "outcome", "y")  # names of such columns


def is_table(path: Path) -> bool:
    """Whether a path is a file of records."""
    return path.is_file() and path.suffix.lower() in SUFFIXES


def records_of_run(trained: Trained, samples: int) -> Reals:
    """The table of a run: its held-out part is the reference, the rest what it learned from.

    Raises:
        DataError: the table is gone, has changed, or holds too little out.
    """
    recipe = trained.recipe
    data, _, _ = open_data(recipe.data, recipe.codec, recipe.seed, cache_folder())
    assert isinstance(data, Data)
    check_unchanged(trained, data.fingerprint)
    if len(data.heldout) < FEWEST:
        raise DataError(
            f"{trained.run.path} holds out {len(data.heldout)} records, {FEWEST} are needed to judge it. "
            "Judge against other real ones: --against FILE; or train with data.heldout = 0.1."
        )
    train = data.examples(data.train)
    return Reals(
        name=f"held-out part of {recipe.data.path.name if recipe.data.path else recipe.data.source}",
        codec=data.codec,
        classes=(),
        reference=data.examples(data.heldout, samples),
        control=train.rows(slice(0, samples)),
        train=train,
        train_is_known=True,
        split="held-out",
        remarks=_remarks(data, train),
    )


def records_in_file(path: Path, samples: int, seed: int) -> Reals:
    """A file of real records, cut at random into the reference and the control.

    Raises:
        DataError: there are too few, or they can't be read.
    """
    data, _, _ = open_data(DataSettings(path=path, source="table", heldout=0.0), {}, seed, cache_folder())
    assert isinstance(data, Data)
    if data.count < 2 * FEWEST:
        raise DataError(f"{path} holds {data.count} real records, {2 * FEWEST} are needed: half to judge by.")
    control, reference = split(data.count, data.count // 2, seed)
    train = data.examples(data.of(Part(data.count, 0, data.count, control.key)))
    return Reals(
        name=path.name,
        codec=data.codec,
        classes=(),
        reference=data.examples(data.of(reference), samples),
        control=data.examples(data.of(control), samples),
        train=train,
        train_is_known=False,
        split="random half of the file",
        remarks=_remarks(data, train),
    )


def made_by_model(trained: Trained, reals: Reals, count: int, seed: int) -> Made:
    """Records 0 .. count - 1 of a seed.

    Raises:
        ConfigError: the run makes something else.
    """
    if trained.makes != "records":
        raise ConfigError(f"{trained.run.path} makes {trained.makes}, and {reals.name} holds records.")
    own = cast(RecordCodec, trained.codec)
    frame = own.decode_frame(np.concatenate(list(record_codes(trained, count, seed))))
    return _made(trained.run.path.name, frame, reals, trained.checkpoint.step)


def made_in_file(path: Path, reals: Reals, count: int) -> Made:
    """The first records of a file that any tool wrote.

    Raises:
        DataError: it cannot be read, or lacks columns of the real ones.
    """
    import pandas as pd

    if not is_table(path):
        raise DataError(f"{path} is no table, and {reals.name} is one. Give a file that ends in {' '.join(SUFFIXES)}.")
    parts: list[DataFrame] = []
    for part in TableFile(path).frames():
        parts.append(part)
        if sum(map(len, parts)) >= count:
            break
    return _made(path.name, pd.concat(parts, ignore_index=True).iloc[:count], reals, None)


def records_as_tables(reals: Reals, examples: Examples) -> tuple[DataFrame, DataFrame]:
    """The real reference, and other examples of the same codec, as tables."""
    codec = cast(RecordCodec, reals.codec)
    return _frame(codec, reals.reference), _frame(codec, examples)


def _made(name: str, frame: DataFrame, reals: Reals, step: int | None) -> Made:
    codec = cast(RecordCodec, reals.codec)
    codes = codec.encode_frame(frame)
    control = reals.control.rows(slice(0, len(frame)))
    records = Records(
        made=codec.decode_frame(codes),
        real=_frame(codec, reals.reference),
        control=_frame(codec, control),
        train=_frame(codec, reals.train),
        kinds=codec.kinds_of,
        target=_target(codec),
    )
    return Made(name, Examples(torch.from_numpy(codec.pack(codes).copy())), step, records=records)


def _frame(codec: RecordCodec, examples: Examples) -> DataFrame:
    return codec.decode_frame(codec.expand(examples.x).numpy())


def _target(codec: RecordCodec) -> str:
    """The column that the others are asked to foretell: the one that was set, or the last that suits, or none."""
    if codec.target:
        return codec.target
    suiting = [
        column.name
        for column in codec.spec.columns
        if len(column.levels) == 1
        and column.name in codec.columns
        and 2 <= column.levels[0] - len(column.never) - (column.missing is not None) <= _FEW_LEVELS
        and (column.kind in ("category", "boolean") or column.levels[0] == 2)
    ]
    named = [name for name in suiting if name.lower() in _ASKED]
    last = [name for name in suiting if name == codec.columns[-1]]
    return next(iter([*named, *last, *suiting[-1:]]), "")


def _remarks(data: Data, train: Examples) -> list[str]:
    if len(train) == len(data.train) or not len(data.train):
        return []
    return [f"Copies were looked for among {len(train):,} of {len(data.train):,} real records."]
