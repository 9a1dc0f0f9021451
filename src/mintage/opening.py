"""From data settings to data: the source is found, read once into the cache, and cut into parts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from mintage import registry
from mintage.codecs.series import Series
from mintage.contracts import Batch, Codec, DataSpec, Examples, Makes, Source, TensorSpec, TokenCodec
from mintage.corpus import Corpus, open_corpus, text_spec
from mintage.data.grouping import Listed, group_of, split_by_group, split_by_number
from mintage.data.inspection import DataReport
from mintage.data.order import split
from mintage.data.packing import Packed, pack, raw_sample
from mintage.data.table_packing import pack_table
from mintage.data.table_report import TableReport
from mintage.data.view import Origin, RowsOf, View
from mintage.degradation import Chain, read_chain
from mintage.errors import ConfigError, DataError
from mintage.recipe import DataSettings
from mintage.series_data import SeriesData, open_series, series_spec

__all__ = ["AnyData", "Data", "data_spec", "open_data", "open_pictures", "read_codec"]

MOST_HELDOUT, MOST_SELECTION = 10_000, 1_000
MOST_EXAMPLES, MOST_BYTES = 50_000, 512 << 20  # that a judge holds in memory
_SHARE_SELECTION = 0.25  # of what is held out
_LONG_ENOUGH = 256  # tokens of context: a pretrained network looks back at more, and a CPU pays for it
_NONE_HELD = "Nothing is held out, for there is too little to share: no score will tell learning from copying."
_COLOURS = {1: "grey", 3: "RGB"}

Progress = Callable[[int, int], None] | None
Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Data:
    """The packed examples, how they are read, and which of them are held out."""

    packed: Packed
    report: DataReport | TableReport
    codec: Codec
    spec: DataSpec
    train: View
    selection: View  # held out too: what picks the best checkpoint, and so may not judge the run
    heldout: View  # what judges the run in the end
    origin_codec: Codec | None = None  # of the pictures that targets are made from, where they are packed too

    @property
    def fingerprint(self) -> str:
        """Of all that is learned from, the inputs too where they lie elsewhere."""
        origin = self.train.origin
        return self.packed.fingerprint + ("" if origin is None else f"-{origin.packed.fingerprint}")

    @property
    def classes(self) -> Sequence[str]:
        """Names behind an integer condition; empty without."""
        return self.packed.classes

    @property
    def count(self) -> int:
        """How many examples there are."""
        return len(self.packed)

    @property
    def makes(self) -> Makes:
        """What a run that learns from it makes."""
        return self.codec.makes

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


AnyData = Data | Corpus | SeriesData


def open_data(
    settings: DataSettings, codec: Mapping[str, Any], seed: int, cache: Path, progress: Progress = None
) -> tuple[AnyData, DataSettings, dict[str, Any]]:
    """Find the source, fit the codec, pack; returns the data and both settings with nothing left open.

    Raises:
        DataError: there is nothing to learn from.
        ConfigError: an unknown source or codec, or settings that do not fit.
    """
    source, name = _find_source(settings)
    settings = settings.model_copy(update={"source": name})
    if hasattr(source, "documents"):
        kind, wanted = _asked_codec("text", codec)
        if wanted.longest is not None and "context" not in settings.model_fields_set:
            settings = settings.model_copy(update={"context": min(wanted.longest, _LONG_ENOUGH)})
        corpus = open_corpus(source, settings, wanted, seed, (cache, progress))
        return corpus, settings, {"name": kind, **_settings_of(corpus.codec)}
    if hasattr(source, "frames"):
        return _open_table(source, settings, codec, seed, (cache, progress))
    if hasattr(source, "panel"):
        kind, wanted = _asked_codec("series", codec)
        series = open_series(source, settings.heldout, settings.context, wanted)
        settings = settings.model_copy(update={"context": series.train.context})
        return series, settings, {"name": kind, **_settings_of(series.codec)}
    return _open_pictures(source, settings, codec, seed, (cache, progress))


def open_pictures(
    settings: DataSettings, codec: Mapping[str, Any], seed: int, cache: Path, progress: Progress = None
) -> tuple[Data, DataSettings, dict[str, Any]]:
    """The same for data that must be pictures.

    Raises:
        DataError: as `open_data`; or it is text.
    """
    data, settings, state = open_data(settings, codec, seed, cache, progress)
    if not isinstance(data, Data) or data.makes != "pictures":
        raise DataError(f"{settings.path} holds {data.makes}, and pictures are needed here.")
    return data, settings, state


def _open_table(
    source: Any, settings: DataSettings, codec: Mapping[str, Any], seed: int, reading: tuple[Path, Progress]
) -> tuple[Data, DataSettings, dict[str, Any]]:
    told = {name: value for name in ("target", "key") if (value := getattr(settings, name))}
    kind, wanted = _asked_codec("table", {**told, **codec})
    packed, report = pack_table(source, wanted, *reading)
    parts = _split_at_random(len(packed), settings, seed)
    if hasattr(source, "groups"):
        if len(source.groups) != len(packed):
            raise DataError("Some records of the related tables break a constraint: mend them, or leave it out.")
        parts = [*split_by_number(source.groups, settings.heldout, seed, most=MOST_HELDOUT, selection=_SHARE_SELECTION)]
    if settings.heldout and not len(parts[2]):
        report = replace(report, remarks=(*report.remarks, _NONE_HELD))
    train, selection, heldout = (View(packed, part) for part in parts)
    spec = DataSpec(x=packed.codec.spec)
    data = Data(packed, report, packed.codec, spec, train, selection, heldout)
    return data, settings, {"name": kind, **_settings_of(packed.codec)}


def _asked_codec(usual: str, asked: Mapping[str, Any]) -> tuple[str, Any]:
    """The codec's name and the codec, not fitted yet, that a recipe asks for, or the usual one of such data."""
    kind = str(asked.get("name", usual))
    settings = {key: value for key, value in asked.items() if key != "name"}
    return kind, registry.find("codecs", kind).read(settings, "codec")


def _settings_of(codec: Any) -> dict[str, Any]:
    """What a recipe keeps of a fitted codec: all but what comes from the data."""
    return {key: value for key, value in codec.state().items() if key not in codec.fitted}


def _split_at_random(count: int, settings: DataSettings, seed: int) -> list[RowsOf]:
    """(train, selection, heldout)."""
    learned, held = split(count, min(round(count * settings.heldout), MOST_HELDOUT), seed)
    return [learned, *held.cut(min(len(held) // 4, MOST_SELECTION))]


def _open_pictures(
    source: Any, settings: DataSettings, codec: Mapping[str, Any], seed: int, reading: tuple[Path, Progress]
) -> tuple[Data, DataSettings, dict[str, Any]]:
    name = settings.source
    if settings.degrade and hasattr(source, "origin"):
        raise ConfigError(
            f"data.degrade makes its own inputs, but the source {name!r} brings some. Give a folder of clean pictures "
            "alone, or leave data.degrade out."
        )
    wanted = {"size": settings.tile} | dict(codec) if name == "photos" else dict(codec)
    kind = str(wanted.pop("name", "image"))
    beside = wanted.pop("origin", {})
    cls = registry.find("codecs", kind)
    read = cls.read(wanted, "codec")
    if not hasattr(source, "origin"):
        data = _open_one(source, read, settings, seed, reading)
        return data, settings, {"name": kind, **data.codec.state()}
    with _blaming("target"):
        read = read.fit(raw_sample(source.target))
    with _blaming("source"):
        other = cls.read({**wanted, "size": read.size, **beside}, "codec.origin").fit(raw_sample(source.origin))
    data = _open_both(source, (read, other), settings, seed, reading)
    state, told = data.codec.state(), data.origin_codec.state() if data.origin_codec else {}
    beside = {key: value for key, value in told.items() if value != state[key]}
    return data, settings, {"name": kind, **state, **({"origin": beside} if beside else {})}


def data_spec(settings: DataSettings, codec: Codec, classes: Sequence[str], origin: Codec | None) -> DataSpec:
    """What a model makes, and what it is told: a class, a picture, its target spoiled, or nothing."""
    if codec.makes == "text":
        return text_spec(settings, cast(TokenCodec, codec))
    if codec.makes == "records":
        return DataSpec(x=codec.spec)
    if codec.makes == "series":
        return series_spec(settings.context, cast(Series, codec))
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
    state.pop("origin", None)  # that of the inputs has a file of its own
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
        if settings.heldout and not len(parts[2]):
            report = replace(report, remarks=(*report.remarks, _NONE_HELD))
    else:
        parts = _split_at_random(len(packed), settings, seed)
    spec = data_spec(settings, packed.codec, packed.classes, None)
    degrade = chain_of(settings) if settings.degrade else None
    report = replace(report, is_translated=degrade is not None)
    train, selection, heldout = (
        View(packed, part, window=_window(settings, packed), degrade=degrade) for part in parts
    )
    return Data(packed, report, packed.codec, spec, train, selection, heldout)


def _open_both(
    source: Any, codecs: tuple[Any, Any], settings: DataSettings, seed: int, reading: tuple[Path, Progress]
) -> Data:
    """Two sides, each packed by itself: their fitted codecs agree in size, and unaligned ones in channels too."""
    remarks = [*source.remarks]
    if (made := codecs[0].channels) != (given := codecs[1].channels):
        remark = f"Inputs are {_COLOURS[given]}, targets {_COLOURS[made]}"
        if not source.aligned:
            codecs = codecs[0].model_copy(update={"channels": 3}), codecs[1].model_copy(update={"channels": 3})
            remark += ": both are packed as RGB"
        remarks.append(f"{remark}.")
    with _blaming("target"):
        packed, report = pack(source.target, codecs[0], reading[0], progress=reading[1])
    with _blaming("source"):
        other, told = pack(source.origin, codecs[1], reading[0], progress=reading[1])
    packed, other = (replace(one, condition=None, classes=()) for one in (packed, other))
    if settings.window is not None and packed.x.shape[1:3] != other.x.shape[1:3]:
        raise ConfigError(
            f"data.window shows the same part of both sides, but targets are {packed.x.shape[1]} pixels wide and "
            f"inputs {other.x.shape[1]}. Leave data.window out, or codec.origin.size."
        )
    names = [one.names(range(len(one))) for one in (packed, other)]
    whole, partners = _partners(*names) if source.aligned else (None, None)
    if whole is not None:
        if lost := len(source.target) - len(whole):
            remarks.append(f"{lost:,} pairs are left out, since one of their sides could not be read.")
        if not len(whole):
            raise DataError("There is not one pair of which both sides can be read.")
        names = [[names[0][row] for row in whole]]
    splits = split_by_group(names, settings.heldout, seed, most=MOST_HELDOUT, selection=_SHARE_SELECTION)
    views = []
    for place, part in enumerate(splits[0]):
        rows, others = (part, splits[1][place]) if whole is None else (Listed(whole[part.rows]),) * 2
        views.append(View(packed, rows, Origin(other, others, partners), _window(settings, packed)))
    if settings.heldout and not len(views[2]):
        remarks.append(_NONE_HELD)
    remarks += [f"Inputs: {line}" for line in replace(told, is_translated=True).facts_lines()]
    report = replace(report, remarks=tuple(remarks), is_translated=True)
    spec = data_spec(settings, packed.codec, (), other.codec)
    train, selection, heldout = views
    return Data(packed, report, packed.codec, spec, train, selection, heldout, other.codec)


def _partners(targets: Sequence[str], inputs: Sequence[str]) -> tuple[Indices, Indices]:
    """The rows of targets whose input could be read, and of every target the row of its input (-1: none)."""
    row_of = {group_of(name): row for row, name in enumerate(inputs)}
    partners = np.array([row_of.get(group_of(name), -1) for name in targets], np.int64)
    return np.flatnonzero(partners >= 0), partners


@contextmanager
def _blaming(side: str) -> Iterator[None]:
    try:
        yield
    except DataError as error:
        raise DataError(f"On the {side} side: {error}") from error


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
    name = settings.source or ("related" if settings.child is not None else "")
    if not name:
        if settings.path is None:
            raise ConfigError("The recipe names no data. Give a folder: mintage train ./photos.")
        known = {one: registry.find("sources", one) for one in registry.names("sources")}
        ordered = sorted(known, key=lambda one: (getattr(known[one], "is_general", False), one))
        name = next((one for one in ordered if known[one].accepts(settings.path)), "")
    if not name:
        raise DataError(
            f"{settings.path} is not data that Mintage knows. It reads folders of images, zip and tar files, idx "
            "files, text and tables."
        )
    cls = registry.find("sources", name.replace("-", "_"))
    if settings.path is None and (words := getattr(cls, "needs", "")):
        raise ConfigError(words)
    return cls(settings.path, **{key: getattr(settings, key) for key in getattr(cls, "takes", ())}), name
