"""The real examples of a judgement, in parts that no two scores share by accident: a run's own, or a folder's."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch

from mintage.contracts import Codec, Examples
from mintage.corpus import Corpus
from mintage.data.order import Part, split
from mintage.errors import DataError
from mintage.opening import Data, open_data, open_pictures
from mintage.recipe import DataSettings
from mintage.series_data import SeriesData
from mintage.storage import cache_folder
from mintage.tabular.files import SUFFIXES
from mintage.trained import Trained

__all__ = ["FEWEST", "Reals", "check_unchanged", "data_of", "is_table", "labels_by_name", "reals_in", "reals_of_run"]

FEWEST = 20  # real examples, below which no score says anything


@dataclass(frozen=True, eq=False)
class Reals:
    """Real examples: the reference, the control that gives the floor, and what was or may have been learned from."""

    name: str
    codec: Codec
    classes: Sequence[str]
    reference: Examples
    control: Examples
    train: Examples
    train_is_known: bool
    split: str  # which of them the reference is, for the protocol
    remarks: Sequence[str] = ()
    corpus: Corpus | None = None  # of a text, whose examples are passages
    first: int = 0  # the token that written passages go on from
    series: SeriesData | None = None  # of time lines, whose examples are stretches

    @property
    def fingerprint(self) -> str:
        """Hash of the reference examples as they are scored."""
        return hashlib.sha256(self.reference.x.numpy().tobytes()).hexdigest()[:16]

    def pictures(self, x: torch.Tensor) -> list[Any]:
        """Examples in the packed form as a person sees them."""
        return [self.codec.decode(one) for one in self.codec.expand(x)]

    @property
    def prepared(self) -> str:
        """How every example was made alike."""
        if self.corpus is not None:
            return f"passages of {self.reference.x.shape[1]} tokens ({self.corpus.report.kind})"
        if self.series is not None:
            return f"stretches of {self.reference.x.shape[1]} steps of {self.reference.x.shape[2]} variables"
        if self.codec.makes == "records":
            return f"records of {self.reference.x.shape[1]} codes"
        state = self.codec.state()
        how = [str(state[key]) for key in ("shape", "filter", "background") if key in state]
        return " ".join(["x".join(str(side) for side in self.reference.x.shape[1:]), *how])


def is_table(path: Path) -> bool:
    """Whether a path is a file of records."""
    return path.is_file() and path.suffix.lower() in SUFFIXES


def data_of(trained: Trained) -> Data:
    """The pictures or records that a run learned from, cut as they were then.

    Raises:
        DataError: they are gone, or have changed.
    """
    recipe = trained.recipe
    data, _, _ = open_data(recipe.data, recipe.codec, recipe.seed, cache_folder())
    assert isinstance(data, Data)
    check_unchanged(trained, data.fingerprint)
    return data


def check_unchanged(trained: Trained, fingerprint: str) -> None:
    """Make sure that the data of a run is what it learned from.

    Raises:
        DataError: it has changed.
    """
    known = trained.run.read_facts().get("data", {}).get("fingerprint")
    if known and known != fingerprint:
        raise DataError(
            f"The data of {trained.run.path} has changed since it was trained, so nothing is held out for sure. "
            "Put it back, or judge against a folder: --against FOLDER."
        )


def reals_of_run(trained: Trained, samples: int) -> Reals:
    """The data of a run: its held-out part is the reference, the rest what it learned from.

    Raises:
        DataError: the data is gone, has changed, or holds nothing out.
    """
    recipe, data = trained.recipe, data_of(trained)
    words = _words(data)
    if len(data.heldout) < FEWEST:
        raise DataError(
            f"{trained.run.path} holds out {len(data.heldout)} {words.examples}, {FEWEST} are needed to judge it. "
            f"Judge against other real ones: --against {words.place.upper()}; or train with data.heldout = 0.1."
        )
    train = data.examples(data.train)
    return Reals(
        name=f"held-out part of {recipe.data.path.name if recipe.data.path else recipe.data.source}",
        codec=data.codec,
        classes=data.packed.classes,
        reference=data.examples(data.heldout, samples),
        control=train.rows(slice(0, samples)),
        train=train,
        train_is_known=True,
        split="held-out",
        remarks=_remark_of_many(data, train, len(data.train)),
    )


def reals_in(path: Path, samples: int, seed: int) -> Reals:
    """A folder of real examples, or a file of real records, cut at random into the reference and the control.

    Raises:
        DataError: there are too few, or they can't be read.
    """
    settings = DataSettings(path=path, source="table" if is_table(path) else "", heldout=0.0)
    data, _, _ = (open_data if is_table(path) else open_pictures)(settings, {}, seed, cache_folder())
    assert isinstance(data, Data)
    count, words = len(data.packed), _words(data)
    if count < 2 * FEWEST:
        raise DataError(
            f"{path} holds {count} real {words.examples}, {2 * FEWEST} are needed: half to judge by, half as floor."
        )
    control, reference = split(count, count // 2, seed)
    train = data.examples(data.of(Part(count, 0, count, control.key)))
    return Reals(
        name=path.name,
        codec=data.codec,
        classes=data.packed.classes,
        reference=data.examples(data.of(reference), samples),
        control=data.examples(data.of(control), samples),
        train=train,
        train_is_known=False,
        split=f"random half of the {words.place}",
        remarks=[*_unreadable(data), *_remark_of_many(data, train, count)],
    )


def _remark_of_many(data: Data, train: Examples, of: int) -> list[str]:
    if len(train) == of:
        return []
    return [f"Copies were looked for among {len(train):,} of {of:,} real {_words(data).examples}."]


def _unreadable(data: Data) -> list[str]:
    bad = data.report.num_unreadable
    return [f"{bad:,} real {_words(data).parts} could not be read and were left out."] if bad else []


class _Words(NamedTuple):
    """What the real ones are called, what they lie in, and what of that may be unreadable."""

    examples: str = "examples"
    place: str = "folder"
    parts: str = "files"


def _words(data: Data) -> _Words:
    return _Words("records", "file", "lines") if data.makes == "records" else _Words()


def labels_by_name(labels: torch.Tensor | None, names: Sequence[str], wanted: Sequence[str]) -> torch.Tensor | None:
    """Labels of one list of class names as those of another; None unless every name is known there."""
    if labels is None or not set(names) <= set(wanted):
        return None
    return torch.tensor([list(wanted).index(name) for name in names])[labels]
