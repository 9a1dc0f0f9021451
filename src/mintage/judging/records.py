"""The evidence in a judgement of records: made and real ones as tables, typed by one codec."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
import torch

from mintage.contracts import Examples
from mintage.data.table_packing import RecordCodec
from mintage.errors import ConfigError, DataError
from mintage.judging.made import Made
from mintage.judging.reals import Reals, is_table
from mintage.records import Records
from mintage.synthesis import record_codes
from mintage.tabular.files import SUFFIXES, TableFile
from mintage.trained import Trained

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["made_by_model", "made_in_file", "records_as_tables"]

_FEW_LEVELS = 20  # of a column that others are asked to foretell
_ASKED = ("target", "label", "class", "outcome", "y")  # names of such columns


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
