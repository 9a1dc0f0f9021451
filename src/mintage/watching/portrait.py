"""A portrait of a table, real beside made: kept as counts, which name no record, and told as HTML for the report."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mintage.errors import DataError
from mintage.records import Kind
from mintage.statistics.record_arrays import Floats, RecordArrays
from mintage.storage import write_json
from mintage.watching.page import table
from mintage.watching.portrait_charts import KEY, STYLE, association_map, bars, quantile_plot
from mintage.watching.words import compact, percent

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["column_shares", "portrait_html", "write_portrait"]

MOST_COLUMNS, MOST_BARS, CELLS = 40, 14, 8
FEWEST = 5  # records that a level has to be named: rarer ones could name a person
TAIL = 0.01  # of the real records beyond each end of the bars: the end bars hold them, and no extreme is told
QUANTILES = np.linspace(0.02, 0.98, 25)
OTHERS, MISSING = "others", "missing"


def write_portrait(path: Path, real: DataFrame, made: DataFrame, kinds: Mapping[str, Kind]) -> Path:
    """Count what the portrait shows and keep it as JSON, in a folder as portrait.json; returns where.

    Shares, rounded edges and associations are kept, no records; levels that few real records have are not named.

    Raises:
        DataError: an empty table.
    """
    if not len(real) or not len(made):
        raise DataError(f"A portrait needs records on both sides, but there are {len(real)} real and {len(made)} made.")
    arrays = RecordArrays.of({"real": real, "made": made}, kinds)
    columns = column_shares(arrays)
    shown = [arrays.names.index(column["name"]) for column in columns]
    cells = [_cells(arrays, column) for column in shown]
    value = {
        "records": {part: len(values) for part, values in arrays.parts.items()},
        "columns": columns,
        "columns_in_all": len(arrays.names),
        "associations": {part: _associations([cell[part] for cell in cells]) for part in ("real", "made")},
        "quantiles": {arrays.names[c]: _quantiles(arrays, c) for c in shown if arrays.is_numeric(c)},
    }
    path = path / "portrait.json" if path.is_dir() else path
    write_json(path, value)
    return path


def portrait_html(path: Path) -> str:
    """The portrait as parts of a page: bars, a map of associations, quantiles, and tables of them; "" if damaged."""
    try:
        value = json.loads(path.read_text("utf-8"))
        return _told(value)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return ""


def column_shares(arrays: RecordArrays) -> list[dict[str, Any]]:
    """How often each value, or each range of values, occurs; the columns that differ most come first."""
    found = []
    for column, name in enumerate(arrays.names):
        labels, coded = (_ranges if arrays.is_numeric(column) else _names)(arrays, column)
        shares = {
            part: (np.bincount(codes, minlength=len(labels)) / max(1, len(codes))).round(4).tolist()
            for part, codes in coded.items()
        }
        apart = round(float(np.abs(np.subtract(shares["real"], shares["made"])).sum()) / 2, 4)
        found.append({"name": name, "kind": arrays.kinds[column], "labels": labels, "apart": apart, **shares})
    return sorted(found, key=lambda each: -each["apart"])[:MOST_COLUMNS]


def _told(value: Mapping[str, Any]) -> str:
    columns, records = value["columns"], value["records"]
    left_out = value["columns_in_all"] - len(columns)
    words = f"{records['made']:,} made records beside {records['real']:,} real ones. The columns that differ most come "
    words += "first; how far a column is apart is the share of records that would have to change their bar."
    words += f" {left_out} columns that differ less are left out." * bool(left_out)
    names = [column["name"] for column in columns]
    maps = value["associations"]
    gaps = [[abs(a - b) for a, b in zip(*rows, strict=True)] for rows in zip(maps["real"], maps["made"], strict=True)]
    shown = {"Real": maps["real"], "Made": maps["made"], "Difference": gaps}
    pairs = sorted(((gaps[i][j], i, j) for i in range(len(names)) for j in range(i)), reverse=True)[:10]
    rows = [[f"{names[i]}, {names[j]}", *(f"{maps[p][i][j]:.2f}" for p in ("real", "made"))] for _, i, j in pairs]
    quantiles = value["quantiles"]
    heads = ["Column", "Kind", "Apart", "Commonest when real", "Commonest when made"]
    parts = [
        f"<style>{STYLE}</style><p>{words}</p>{KEY}",
        f'<div class="bars-of">{"".join(bars(column) for column in columns)}</div>',
        _folded(
            "The columns as a table", table(heads, [_row(column) for column in columns], "How each column differs")
        ),
        "<h3>What goes with what</h3><p>Cramér's V of every two columns, numbers cut into eight ranges: 0 is no "
        "association, 1 is that one column tells the other.</p>",
        f'<div class="maps">{"".join(association_map(title, names, map_) for title, map_ in shown.items())}</div>',
        _folded("The pairs that differ most", table(["Columns", "Real", "Made"], rows, "Associations")) if rows else "",
    ]
    if quantiles:
        parts += [
            "<h3>Quantiles of the numbers</h3><p>On the line, a made number is as common as a real one.</p>",
            f'<div class="bars-of">{"".join(quantile_plot(name, each) for name, each in quantiles.items())}</div>',
        ]
    return "".join(parts)


def _row(column: Mapping[str, Any]) -> list[str]:
    most = [f"{column['labels'][i]}, {percent(column[p][i])}" for p in ("real", "made") for i in [_peak(column[p])]]
    return [column["name"], column["kind"], percent(column["apart"]), *most]


def _peak(shares: Sequence[float]) -> int:
    return max(range(len(shares)), key=shares.__getitem__)


def _folded(summary: str, inside: str) -> str:
    return f"<details><summary>{summary}</summary>{inside}</details>"


def _names(arrays: RecordArrays, column: int) -> tuple[list[str], dict[str, NDArray[np.int64]]]:
    """The most frequent levels, what the rest has in common, and what is missing."""
    levels = arrays.levels[column]
    real = arrays.parts["real"][:, column]
    counts = np.bincount(real[~np.isnan(real)].astype(np.int64), minlength=len(levels))
    kept = [int(level) for level in np.argsort(-counts, kind="stable")[:MOST_BARS] if counts[level] >= FEWEST]
    places = np.full(len(levels) + 1, len(kept))
    places[kept] = np.arange(len(kept))
    places[-1] = len(kept) + 1
    codes = {part: np.nan_to_num(values[:, column], nan=len(levels)) for part, values in arrays.parts.items()}
    return _trimmed([levels[level] for level in kept], {part: places[each.astype(int)] for part, each in codes.items()})


def _ranges(arrays: RecordArrays, column: int) -> tuple[list[str], dict[str, NDArray[np.int64]]]:
    """Equal ranges between the ends of what is typical of real records; a few whole numbers stand for themselves."""
    real = arrays.parts["real"][:, column]
    known = real[~np.isnan(real)]
    low, high = np.quantile(known, [TAIL, 1 - TAIL]) if len(known) else (0.0, 1.0)
    if arrays.kinds[column] == "integer" and high - low < MOST_BARS:
        edges = np.arange(low, high + 1)
    else:
        edges = np.linspace(low, high if high > low else low + 1, MOST_BARS + 1)[:-1]
    coded = {}
    for part, values in arrays.parts.items():
        each = values[:, column]
        codes = np.clip(np.searchsorted(edges, np.nan_to_num(each), "right") - 1, 0, len(edges) - 1)
        coded[part] = np.where(np.isnan(each), len(edges) + 1, codes)
    return _trimmed([_edge(edge, arrays.kinds[column]) for edge in edges], coded)


def _trimmed(labels: list[str], coded: dict[str, NDArray[np.int64]]) -> tuple[list[str], dict[str, NDArray[np.int64]]]:
    """Without bars for others and for missing values where there are none of them."""
    named = [*labels, OTHERS, MISSING]
    used = [code for code in range(len(named)) if code < len(labels) or any((c == code).any() for c in coded.values())]
    return [named[code] for code in used], {part: np.searchsorted(used, codes) for part, codes in coded.items()}


def _edge(value: float, kind: Kind) -> str:
    if kind == "date":
        return str(np.datetime64(0, "D") + np.timedelta64(round(value), "D"))
    return compact(float(f"{value:.3g}"))


def _cells(arrays: RecordArrays, column: int) -> dict[str, NDArray[np.int64]]:
    """A column in a few cells, as equally full as its values allow; what is missing has its own."""
    if not arrays.is_numeric(column):
        return _names(arrays, column)[1]
    real = arrays.parts["real"][:, column]
    known = real[~np.isnan(real)]
    edges = np.unique(np.quantile(known, np.linspace(0, 1, CELLS + 1)[1:-1])) if len(known) else np.zeros(0)
    return {
        part: np.where(np.isnan(values[:, column]), len(edges) + 1, np.searchsorted(edges, values[:, column]))
        for part, values in arrays.parts.items()
    }


def _associations(cells: Sequence[NDArray[np.int64]]) -> list[list[float]]:
    """Cramér's V of every two columns, freed of its bias (Bergsma, 2013); one matrix product counts them all."""
    if not cells:
        return []
    hot = [np.eye(int(codes.max()) + 1)[codes] for codes in cells]
    hot = [each[:, each.any(0)] for each in hot]
    ends = np.cumsum([0, *(each.shape[1] for each in hot)])
    counts, n = np.concatenate(hot, 1).T @ np.concatenate(hot, 1), len(cells[0])
    found = np.eye(len(cells))
    for i in range(len(cells)):
        for j in range(i):
            found[i, j] = found[j, i] = _cramers_v(counts[ends[i] : ends[i + 1], ends[j] : ends[j + 1]], n)
    return found.round(3).tolist()


def _cramers_v(counts: Floats, n: int) -> float:
    rows, columns = counts.shape
    expected = np.outer(counts.sum(1), counts.sum(0)) / n
    if min(rows, columns) < 2 or n < 3:
        return 0.0
    phi = float(((counts - expected) ** 2 / expected).sum()) / n - (rows - 1) * (columns - 1) / (n - 1)
    smaller = min(side - (side - 1) ** 2 / (n - 1) for side in (rows, columns))
    return math.sqrt(min(1.0, max(0.0, phi / max(smaller - 1, 1e-9))))


def _quantiles(arrays: RecordArrays, column: int) -> dict[str, list[float]]:
    """The same quantiles of both parts, rounded: none lies so far out that it would be one person's."""
    found = {}
    for part, values in arrays.parts.items():
        known = values[:, column][~np.isnan(values[:, column])]
        found[part] = [float(f"{each:.4g}") for each in np.quantile(known, QUANTILES)] if len(known) else []
    return found
