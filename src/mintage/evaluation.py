"""Judges runs and folders, one or several, and leaves what a person looks at: scores, sheets, report, card, page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from mintage.contracts import Embedder, Examples
from mintage.errors import ConfigError
from mintage.judging.codes import Codes
from mintage.judging.judge import JudgeSettings, embedder_for, judge, write_pairs, write_translations
from mintage.judging.made import Made, made_by_run, made_in_folder
from mintage.judging.protocol import check_same
from mintage.judging.reals import Reals, reals_in, reals_of_run
from mintage.judging.records import made_by_model, made_in_file, records_as_tables
from mintage.judging.related import related_scores
from mintage.judging.series import made_by_forecaster, stretches_of_run
from mintage.judging.texts import passages_of_run, written_by_run
from mintage.judging.verdict import Verdict
from mintage.relating import relation_of
from mintage.run import FANS, LIKENESS, NEAREST, PORTRAIT, RunDirectory
from mintage.session import machine_facts
from mintage.storage import write_image, write_text
from mintage.trained import Trained
from mintage.walking import last_fans
from mintage.watching.card import write_card
from mintage.watching.comparison import write_comparison
from mintage.watching.grid import contact_sheet
from mintage.watching.likeness import write_likeness
from mintage.watching.portrait import write_portrait
from mintage.watching.records_sheet import records_sheet
from mintage.watching.report import write_report
from mintage.watching.writings import RULE

__all__ = ["compare", "evaluate_run", "is_run"]

Tell = Callable[[str], None]

_SHOWN, _PASSAGES = 64, 6  # samples of a sheet, of pictures and of text
_FEWEST_MADE = 1_000  # samples of a run are drawn even where fewer real ones are held out


def is_run(path: Path) -> bool:
    """Whether a folder is a run of Mintage rather than a folder of examples."""
    return (path / "recipe.toml").is_file()


def evaluate_run(run: RunDirectory, settings: JudgeSettings, *, step: int | None = None, tell: Tell) -> Verdict:
    """Judge a checkpoint (the best one) against what the run held out; scores, sheet, report and card go into the run.

    Raises:
        MintageError: there is no checkpoint, nothing held out, or a metric or embedding that does not fit.
    """
    tell("reading the data")
    trained = Trained.open(run, step)
    reals = _reals(trained, settings)
    made = _made(trained, reals, settings, tell)
    embedder = _embedder(reals, settings, tell)
    verdict = _judged(made, reals, embedder, settings, tell)
    if trained.makes == "records" and relation_of(trained) is not None:
        tell("making parents and their children")
        verdict = replace(verdict, scores=[*verdict.scores, *related_scores(trained, settings.samples, settings.seed)])
    verdict.write(run.scores)
    _write_looks(run.scores, made, verdict, reals)
    write_translations(run.translations, made, reals, embedder)
    write_report(run)
    write_card(run)
    return verdict


def compare(
    contenders: Sequence[Path], against: Path | None, settings: JudgeSettings, out: Path, *, tell: Tell
) -> list[Verdict]:
    """Judge runs and folders under one protocol, and write a page on which they stand side by side.

    Without `against` all contenders must be runs that learned from the same data.

    Raises:
        MintageError: a contender cannot be judged, or the protocols differ.
    """
    tell("reading the data")
    reals = _common_reals(contenders, against, settings)
    embedder = _embedder(reals, settings, tell)
    out.mkdir(parents=True, exist_ok=True)
    verdicts, sheets = [], {}
    for path, name in zip(contenders, _names(contenders), strict=True):
        if is_run(path):
            made = _made(Trained.open(RunDirectory.open(path)), reals, settings, tell)
        else:
            tell(f"reading {path.name}")
            if reals.codec.makes == "records":
                made = made_in_file(path, reals, settings.samples)
            else:
                made = made_in_folder(path, reals, settings.samples, settings.seed)
        made = replace(made, name=name)
        verdict = _judged(made, reals, embedder, settings, tell)
        folder = out / name.replace("/", "-")
        verdict.write(folder)
        _write_looks(folder, made, verdict, reals)
        sheets[name] = folder / FANS if made.series else _sheet(folder / "samples.png", made.examples, reals)
        verdicts.append(verdict)
    check_same([verdict.protocol for verdict in verdicts], [verdict.judged for verdict in verdicts])
    shown = None if reals.series else _sheet(out / "reals.png", reals.reference, reals)
    write_comparison(out / "comparison.html", [verdict.as_dict() for verdict in verdicts], sheets, shown)
    return verdicts


def _common_reals(contenders: Sequence[Path], against: Path | None, settings: JudgeSettings) -> Reals:
    if against is not None:
        return reals_in(against, settings.samples, settings.seed)
    if folders := [path for path in contenders if not is_run(path)]:
        raise ConfigError(f"{folders[0]} is a folder, so real examples are needed to judge by: --against REAL.")
    first, *others = [RunDirectory.open(path) for path in contenders]
    for other in others:
        if other.read_facts()["data"]["fingerprint"] != first.read_facts()["data"]["fingerprint"]:
            raise ConfigError(
                f"{first.path.name} and {other.path.name} learned from different data, so real examples are needed to "
                "judge both by: --against REAL."
            )
    return _reals(Trained.open(first), settings)


def _reals(trained: Trained, settings: JudgeSettings) -> Reals:
    """What a run held out, and what it learned from."""
    kinds = {"text": passages_of_run, "series": stretches_of_run}
    return kinds.get(trained.makes, reals_of_run)(trained, settings.samples)


def _made(trained: Trained, reals: Reals, settings: JudgeSettings, tell: Tell) -> Made:
    if reals.corpus is not None or trained.writes:
        tell("writing passages, and foretelling held-out text")
        return written_by_run(trained, reals, settings.samples, settings.seed)
    if "series" in (reals.codec.makes, trained.makes):
        tell("walking forward, and drawing stretches")
        return made_by_forecaster(trained, reals, settings.samples, settings.seed)
    if reals.codec.makes == "records":
        tell("making records")
        count = min(settings.samples, max(len(reals.control), len(reals.reference), _FEWEST_MADE))
        return made_by_model(trained, reals, count, settings.seed)
    count = min(
        settings.samples, max(len(reals.reference), _FEWEST_MADE), max(len(reals.control), len(reals.reference))
    )
    tell(f"drawing {count:,} samples")
    return made_by_run(trained, reals, count, settings.seed)


def _embedder(reals: Reals, settings: JudgeSettings, tell: Tell) -> Embedder:
    if reals.codec.makes in ("records", "series"):
        return Codes(reals.reference.x.shape[1])
    tell("getting the embedding ready")
    return embedder_for(reals, settings)


def _judged(made: Made, reals: Reals, embedder: Embedder, settings: JudgeSettings, tell: Tell) -> Verdict:
    return replace(judge(made, reals, embedder, settings, tell), machine=machine_facts())


def _sheet(path: Path, examples: Examples, reals: Reals) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    if reals.codec.makes == "records":
        real, made = records_as_tables(reals, examples)
        write_image(path, records_sheet(real, made, reals.codec.kinds_of))  # type: ignore[attr-defined]
        return path
    if reals.corpus is not None:
        path = path.with_suffix(".txt")
        write_text(path, RULE.join(reals.codec.decode(one) for one in examples.x[:_PASSAGES]) + "\n")
        return path
    write_image(path, contact_sheet(reals.pictures(examples.x[:_SHOWN])))
    return path


def _write_looks(folder: Path, made: Made, verdict: Verdict, reals: Reals) -> None:
    """What should be looked at beside the scores: the closest pairs of pictures, or how columns are spread."""
    if made.series is not None and reals.series is not None:
        write_likeness(folder / LIKENESS, made.series.variables, made.series.real, made.series.made)
        write_image(folder / FANS, last_fans(reals.series, made.series.far))
    elif made.records is not None:
        write_portrait(folder / PORTRAIT, made.records.real, made.records.made, made.records.kinds)
    else:
        write_pairs(folder / NEAREST, verdict.pairs, made.examples, reals)


def _names(contenders: Sequence[Path]) -> list[str]:
    """What to call them: the folder's name, with its parent's where two are alike."""
    names = [path.resolve().name for path in contenders]
    return [
        name if names.count(name) == 1 else f"{path.resolve().parent.name}/{name}"
        for name, path in zip(names, contenders, strict=True)
    ]
