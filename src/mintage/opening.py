"""From data settings to data: the source is found, read once into the cache, and cut into parts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mintage import registry
from mintage.contracts import Batch, Codec, DataSpec, Examples, Source, TensorSpec
from mintage.data.grouping import Listed, split_by_group
from mintage.data.inspection import DataReport
from mintage.data.order import split
from mintage.data.packing import Packed, pack, raw_sample
from mintage.data.view import Origin, RowsOf, View
from mintage.degradation import Chain, read_chain
from mintage.errors import ConfigError, DataError
from mintage.recipe import DataSettings

__all__ = ["Data", "data_spec", "open_data", "read_codec"]

MOST_HELDOUT, MOST_SELECTION = 10_000, 1_000
MOST_EXAMPLES, MOST_BYTES = 50_000, 512 << 20  # that a judge holds in memory
_SHARE_SELECTION = 0.25  # of what is held out

Progress = Callable[[int, int], None] | None
Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Data:
    """The packed examples, how they are read, and which of them are held out."""

    packed: Packed
    report: DataReport
    codec: Codec
    spec: DataSpec
    train: View
    selection: View  # held out too: what picks the best checkpoint, and so may not judge the run
    heldout: View  # what judges the run in the end
    origin_codec: Codec | None = None  # of the pictures that targets are made from, where they are packed too

    @property
    def translates(self) -> bool:
        """Whether what is told beside an example is a picture."""
        return self.spec.condition is not None and self.spec.condition.classes is None

    def examples(self, view: View, most: int = MOST_EXAMPLES) -> Examples:
        """The first examples of a part as they are packed: at most so many, and no more than 512 MiB of them."""
        size = int(np.prod([side or 1 for side in self.spec.x.shape]))
        return view.examples(min(most, max(MOST_BYTES // size, 1_000)))

    def batches(self, view: View, count: int, size: int = 500) -> Iterator[Batch]:
        """The first examples of a part, at most so many, on the CPU."""
        count = min(count, len(view))
        for first in range(0, count, size):
            yield view.batch(first, min(size, count - first))

    def of(self, rows: RowsOf) -> View:
        """Any other part of the same data."""
        return replace(self.train, part=rows)


def open_data(
    settings: DataSettings, codec: Mapping[str, Any], seed: int, cache: Path, progress: Progress = None
) -> tuple[Data, DataSettings, dict[str, Any]]:
    """Find the source, fit the codec, pack; returns the data and both settings with nothing left open.

    Raises:
        DataError: there is nothing to learn from.
        ConfigError: an unknown source or codec, or settings that do not fit.
    """
    source, name = _find_source(settings)
    settings = settings.model_copy(update={"source": name})
    if settings.degrade and hasattr(source, "origin"):
        raise ConfigError(
            f"data.degrade makes its own inputs, but the source {name!r} brings some. Give a folder of clean pictures "
            "alone, or leave data.degrade out."
        )
    wanted = {"size": settings.tile} | dict(codec) if name == "photos" else dict(codec)
    kind = str(wanted.pop("name", "image"))
    read = registry.find("codecs", kind).read(wanted, "codec")
    if hasattr(source, "origin"):
        data = _open_both(source, read, settings, seed, (cache, progress))
    else:
        data = _open_one(source, read, settings, seed, (cache, progress))
    return data, settings, {"name": kind, **data.codec.state()}


def data_spec(settings: DataSettings, codec: Codec, classes: Sequence[str], origin: Codec | None) -> DataSpec:
    """What a model makes, and what it is told: a class, a picture, its target spoiled, or nothing."""
    x = _through(settings.window, codec.spec)
    if origin is not None:
        return DataSpec(x=x, condition=_through(settings.window, origin.spec))
    if settings.degrade:
        return DataSpec(x=x, condition=chain_of(settings).spec(x))
    return DataSpec(x=x, condition=TensorSpec(shape=(), classes=len(classes)) if classes else None)


def chain_of(settings: DataSettings) -> Chain:
    """The degradations that a recipe names."""
    return read_chain(settings.degrade, settings.degrade_twice)


def read_codec(path: Path) -> Codec:
    """The codec that a run kept in a file."""
    state = json.loads(path.read_text("utf-8"))
    name = state.pop("name")
    return registry.find("codecs", name).from_state(state)  # type: ignore[no-any-return]


def _open_one(source: Source, codec: Codec, settings: DataSettings, seed: int, reading: tuple[Path, Progress]) -> Data:
    packed, report = pack(source, codec, reading[0], progress=reading[1])
    if not settings.classes or len(packed.classes) < 2 or settings.degrade:
        packed = replace(packed, condition=None, classes=())
    if settings.source == "photos":
        (triple,) = split_by_group(
            [packed.names(range(len(packed)))], settings.heldout, seed,
            most=MOST_HELDOUT, selection=_SHARE_SELECTION,
        )  # fmt: skip
        parts: list[RowsOf] = [*triple]
    else:
        learned, held = split(len(packed), min(round(len(packed) * settings.heldout), MOST_HELDOUT), seed)
        parts = [learned, *held.cut(min(len(held) // 4, MOST_SELECTION))]
    spec = data_spec(settings, packed.codec, packed.classes, None)
    degrade = chain_of(settings) if settings.degrade else None
    train, selection, heldout = (
        View(packed, part, window=_window(settings, packed), degrade=degrade) for part in parts
    )
    return Data(packed, report, packed.codec, spec, train, selection, heldout)


def _open_both(source: Any, codec: Codec, settings: DataSettings, seed: int, reading: tuple[Path, Progress]) -> Data:
    """Two sides, each packed by itself: their codecs agree in size, and unaligned ones in channels too."""
    sides = (source.target, source.origin)
    size = codec.fit(raw_sample(source.target)).state()["size"]
    fitted = [codec.model_copy(update={"size": size}).fit(raw_sample(side)) for side in sides]  # type: ignore[attr-defined]
    if not source.aligned:
        channels = max(one.state()["channels"] for one in fitted)
        fitted = [one.model_copy(update={"channels": channels}) for one in fitted]
    (packed, report), (other, told) = (
        pack(side, one, reading[0], progress=reading[1]) for side, one in zip(sides, fitted, strict=True)
    )
    packed, other = (replace(one, condition=None, classes=()) for one in (packed, other))
    names = [one.names(range(len(one))) for one in (packed, other)]
    whole, partners = _partners(*names) if source.aligned else (None, None)
    if whole is not None:
        names = [[names[0][row] for row in whole]]
    splits = split_by_group(names, settings.heldout, seed, most=MOST_HELDOUT, selection=_SHARE_SELECTION)
    views = []
    for place, part in enumerate(splits[0]):
        rows, others = (part, splits[1][place]) if whole is None else (Listed(whole[part.rows]),) * 2
        views.append(View(packed, rows, Origin(other, others, partners), _window(settings, packed)))
    remarks = (*report.remarks, *source.remarks, *(f"Inputs: {line}" for line in told.facts_lines()))
    report = replace(report, remarks=remarks, is_translated=True)
    spec = data_spec(settings, packed.codec, (), other.codec)
    train, selection, heldout = views
    return Data(packed, report, packed.codec, spec, train, selection, heldout, other.codec)


def _partners(targets: Sequence[str], inputs: Sequence[str]) -> tuple[Indices, Indices]:
    """The rows of targets whose input could be read, and of every target the row of its input (-1: none)."""
    row_of = {_key(name): row for row, name in enumerate(inputs)}
    partners = np.array([row_of.get(_key(name), -1) for name in targets], np.int64)
    return np.flatnonzero(partners >= 0), partners


def _key(name: str) -> str:
    """What partners have in common: their names without the suffix."""
    return str(PurePosixPath(name).with_suffix(""))


def _window(settings: DataSettings, packed: Packed) -> int | None:
    side = min(packed.x.shape[1:3])
    if settings.window is not None and settings.window > side:
        raise ConfigError(
            f"data.window = {settings.window} is larger than the examples, which are packed {side} pixels wide. "
            f"Choose at most {side}, or a larger {'data.tile' if settings.source == 'photos' else 'codec.size'}."
        )
    return settings.window


def _through(window: int | None, spec: TensorSpec) -> TensorSpec:
    return spec if window is None else replace(spec, shape=(spec.shape[0], window, window))


def _find_source(settings: DataSettings) -> tuple[Any, str]:
    """The source by its name, or by what lies at the path."""
    name = settings.source
    if not name:
        if settings.path is None:
            raise ConfigError("The recipe names no data. Give a folder: mintage train ./photos.")
        known = registry.names("sources")
        name = next((one for one in known if registry.find("sources", one).accepts(settings.path)), "")
    if not name:
        raise DataError(
            f"{settings.path} is not data that Mintage knows. It reads folders of images, zip and tar files, idx files."
        )
    cls = registry.find("sources", name.replace("-", "_"))
    if settings.path is None and (words := getattr(cls, "needs", "")):
        raise ConfigError(words)
    return cls(settings.path, **{key: getattr(settings, key) for key in getattr(cls, "takes", ())}), name
