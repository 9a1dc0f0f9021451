"""Has every metric measured on the same evidence, and keeps what they found with the protocol they share."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from pydantic import Field

from mintage import __version__, registry
from mintage.config import Settings
from mintage.contracts import Embedder, Evidence, Examples, Makes, Metric, Pair, Score
from mintage.errors import ConfigError
from mintage.judging.made import Made
from mintage.judging.protocol import Protocol
from mintage.judging.reals import Reals
from mintage.judging.verdict import Verdict
from mintage.storage import cache_folder, write_image
from mintage.watching.neighbours import pair_sheet
from mintage.watching.sheets import as_picture
from mintage.watching.translations import translation_sheet

__all__ = ["JudgeSettings", "embedder_for", "judge", "write_pairs", "write_translations"]

_AUTO = "auto"
_PORTABLE = "efficientnet_lite0"
_SHOWN, _CANDIDATES = 24, 2_000  # translations on the sheet; learned targets among which the nearest is looked for
_COLOURS, _LEAST_SIDE = 3, 32  # what a network that learned from photographs has eyes for


class JudgeSettings(Settings):
    """How to judge."""

    samples: int = Field(10_000, ge=20)
    """Made examples, and as many real ones, at most."""
    embedding: str = _AUTO
    """Space that distances are measured in: a name from `mintage models --embeddings`; auto takes efficientnet_lite0
    for colour images where its weights are at hand, else domain, which learns from the real examples themselves, as
    phrases does for text."""
    weights: Path | None = None
    """File of the embedding's weights, for one that has any."""
    metrics: tuple[str, ...] = ()
    """Only these; unset: all that can be measured."""
    seed: int = 0
    """Of the samples, the splits, and all that is drawn."""


def embedder_for(reals: Reals, settings: JudgeSettings) -> Embedder:
    """The embedder that these settings choose for these examples, ready to use.

    Raises:
        ConfigError: there is no such embedding, or its weights are missing.
    """
    given: dict[str, Any] = {} if settings.weights is None else {"weights": settings.weights}
    name = settings.embedding
    if name == _AUTO and reals.corpus is not None:
        name = "phrases"
    if name == _AUTO:
        height, _, channels = reals.reference.x.shape[1:]
        name = _PORTABLE if channels == _COLOURS and height >= _LEAST_SIDE else "domain"
        try:
            return _prepared(name, given, reals)
        except ConfigError:  # its weights are not at hand
            name = "domain"
    return _prepared(name, given, reals)


def judge(
    made: Made,
    reals: Reals,
    embedder: Embedder,
    settings: JudgeSettings,
    tell: Callable[[str], None] = lambda doing: None,
) -> Verdict:
    """Measure all that can be measured; `tell` hears the name of each metric as it begins.

    Raises:
        ConfigError: a metric that was asked for by name cannot be measured.
    """
    rows = made.translated
    evidence = Evidence(
        fake=made.examples,
        real=reals.reference,
        control=reals.control.rows(slice(0, len(made.examples))),
        train=reals.train,
        embedder=embedder,
        classes=reals.classes,
        seed=settings.seed,
        train_is_known=reals.train_is_known,
        logits=made.logits,
        texts=made.texts,
        records=made.records,
        series=made.series,
        **({} if rows is None else rows.beside()),
    )
    scores: list[Score] = []
    pairs: list[Pair] = []
    skipped: dict[str, str] = {}
    seconds: dict[str, float] = {}
    for name in settings.metrics or registry.names("metrics"):
        metric = registry.find("metrics", name)()
        if lack := _lack(metric, evidence):
            if name in settings.metrics:
                raise ConfigError(f"{name} cannot be measured on {made.name}: {lack}.")
            if _makes(evidence) in metric.reads:  # what reads other data than this nobody misses
                skipped[name] = lack
            continue
        tell(name)
        started = time.perf_counter()
        found = metric.measure(evidence)
        seconds[name] = round(time.perf_counter() - started, 2)
        scores += found.scores
        pairs += found.pairs
    return Verdict(
        judged=made.name,
        against=reals.name,
        step=made.step,
        protocol=_protocol(evidence, reals, settings),
        scores=scores,
        skipped=skipped,
        pairs=sorted(pairs, key=lambda pair: pair.closeness),
        remarks=[*made.remarks, *reals.remarks, *_remark_of(embedder)],
        seconds=seconds,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def write_pairs(path: Path, pairs: Sequence[Pair], made: Examples, reals: Reals) -> None:
    """Draw the closest pairs, made beside real, as one sheet; nothing where there are none."""
    if pairs:
        left = reals.pictures(made.x[[pair.fake for pair in pairs]])
        right = reals.pictures(reals.train.x[[pair.train for pair in pairs]])
        write_image(path, pair_sheet(left, right, [f"{pair.closeness:.2f}" for pair in pairs]))


def write_translations(path: Path, made: Made, reals: Reals, embedder: Embedder) -> None:
    """Draw held-out inputs beside what was made of them and their nearest target; nothing where nothing was told."""
    if (rows := made.translated) is None:
        return
    shown = slice(_SHOWN)
    candidates = torch.cat([reals.reference.x, reals.train.x[:_CANDIDATES]])
    near = torch.cdist(embedder(rows.fake.x[shown]), embedder(candidates)).argmin(1)
    columns = {
        "input": rows.inputs.x[shown],
        "output": rows.fake.x[shown],
        "and back": None if rows.returned is None else rows.returned.x[shown],
        "true target": None if rows.truth is None else rows.truth.x[shown],
        "nearest target": candidates[near],
    }
    drawn = {title: [as_picture(one) for one in x] for title, x in columns.items() if x is not None}
    write_image(path, translation_sheet(drawn))


def _makes(evidence: Evidence) -> Makes:
    if evidence.series is not None:
        return "series"
    if evidence.records is not None:
        return "records"
    return "pictures" if evidence.texts is None else "text"


def _lack(metric: Metric, evidence: Evidence) -> str:
    makes = _makes(evidence)
    if makes not in metric.reads:
        return f"it reads {' and '.join(metric.reads)}, and these are {makes}"
    return metric.lacks(evidence)


def _prepared(name: str, given: Mapping[str, Any], reals: Reals) -> Embedder:
    embedding = registry.find("embeddings", name.replace("-", "_")).read(given, f"embedding.{name}")
    return embedding.prepare(reals.train, cache_folder())  # type: ignore[no-any-return]


def _protocol(evidence: Evidence, reals: Reals, settings: JudgeSettings) -> Protocol:
    return Protocol(
        embedding=evidence.embedder.identity,
        reference=reals.fingerprint,
        split=reals.split,
        prepared=reals.prepared,
        seed=settings.seed,
        version=__version__,
        counts={part: len(getattr(evidence, part)) for part in ("fake", "real", "control", "train")},
    )


def _remark_of(embedder: Embedder) -> list[str]:
    remark = getattr(embedder, "remark", "")
    return [remark] if remark else []
