"""The public face: `train`, `load`, `evaluate`, `compare` and `Run`; the command line has the same verbs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray
from PIL.Image import Image

from mintage import drawing, evaluation, exporting, relating, synthesis, translation, writing
from mintage.config import merge
from mintage.decoding.choice import Decoding
from mintage.errors import ConfigError
from mintage.experiment import find_device
from mintage.generated import Generated, Origin
from mintage.judging.judge import JudgeSettings
from mintage.judging.verdict import Verdict
from mintage.prediction import Forecast, Prospect
from mintage.preparation import Preparation, prepare, resume
from mintage.recipe import Recipe, read_raw
from mintage.run import RunDirectory, makes_of
from mintage.tabular.files import write_frames
from mintage.trained import Trained
from mintage.training.distributed import processes, share_text
from mintage.translation import How, Translated
from mintage.walking import Asked, Backtest, backtest_run
from mintage.writing import Texts, Unfolding

Tell = Callable[[str], None]

if TYPE_CHECKING:
    from pandas import DataFrame

    from mintage.session import Watcher

__all__ = ["Preparation", "Run", "compare", "evaluate", "load", "prepare", "resume", "train"]


def train(
    what: str | Path,
    *,
    budget: str | None = None,
    overrides: Mapping[str, Any] | Sequence[str] = (),
    data: str | Path | None = None,
    out: str | Path = "runs",
    seed: int = 0,
    device: str = "auto",
    watchers: Sequence[Watcher] = (),
) -> Run:
    """Learn from a folder of data, or by a recipe, and return the run.

    `what` is a path to data (a folder, a zip or tar file), a recipe's name or file, or built-in data such as
    "fashion-mnist". `budget` ("10m") chooses size and length for this machine; `overrides` change any setting, as
    {"training": {"steps": 2000}} or ["training.steps=2000"]. Ctrl-C saves and returns; `Run.resume()` goes on.

    Raises:
        MintageError: the data, the recipe or the settings do not fit; the message says what to do.
    """
    words = [] if isinstance(overrides, Mapping) else list(overrides)
    raw = read_raw(str(what), Path(data) if data is not None else None, words)
    if isinstance(overrides, Mapping):
        raw = merge(raw, overrides)
    with processes(find_device(device)) as group:
        ready = prepare(raw, budget=budget, out=Path(out), seed=seed, group=group)
        ready.run(watchers)
        directory = Path(share_text(str(ready.directory.path) if ready.directory else ""))
    return Run(directory)


def load(path: str | Path) -> Run:
    """A run that was trained before.

    Raises:
        RunError: there is no run at this path.
    """
    return Run(Path(path))


def evaluate(made: str | Path, *, against: str | Path, out: str | Path = "judged", **settings: Any) -> Verdict:
    """Judge a folder that any tool wrote against a folder of real examples.

    `settings` are those of `mintage explain judge`. Scores, sheets and a page are written into `out`.

    Raises:
        MintageError: too few examples, or a setting that does not fit.
    """
    return compare([made], against=against, out=out, **settings)[0]


def compare(
    contenders: Sequence[str | Path],
    *,
    against: str | Path | None = None,
    out: str | Path = "judged",
    tell: Tell = lambda doing: None,
    **settings: Any,
) -> list[Verdict]:
    """Judge runs and folders under one protocol, side by side; comparison.html and all scores go into `out`.

    Raises:
        MintageError: a contender cannot be judged, or they do not compare.
    """
    judge = JudgeSettings.read(settings, "judge")
    paths = [Path(path) for path in contenders]
    return evaluation.compare(paths, None if against is None else Path(against), judge, Path(out), tell=tell)


class Run:
    """A trained generator and all that is known of it."""

    def __init__(self, path: Path) -> None:
        self.directory = RunDirectory.open(path)
        self.path = path
        self.facts = self.directory.read_facts()
        self.recipe = Recipe.read(read_raw(str(self.directory.recipe), None, ()))
        self.makes = makes_of(self.facts)
        self.classes: tuple[str, ...] = tuple(self.facts.get("classes", ()))
        self._loaded: dict[int | None, Trained] = {}

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r})"

    def generate(
        self,
        n: int | None = None,
        *,
        seed: int = 0,
        of: str | int | None = None,
        like: str | Path | None = None,
        spread: float = drawing.SPREAD,
        step: int | None = None,
        prompt: str = "",
        heading: str | None = None,
        decoding: Decoding | Mapping[str, Any] | None = None,
        **settings: Any,
    ) -> Generated | Texts | DataFrame:
        """Draw `n` samples (16, or a text, or 1,000 records or scenarios); a seed names the same ones, however many.

        `step` chooses a checkpoint other than the best. Of pictures, `of` is a class, by name or index, and `like` a
        file that was generated before: the first sample is that one again, the others are its neighbours, `spread`
        (0 to 1) away. A text goes on from `prompt`, or begins as documents do, under the line `heading` if there is
        one; `decoding`, or its fields as keywords (temperature=0.8), says how: `mintage explain decoding`.
        Records and scenarios come as a pandas table; keywords as those of `records` and `scenarios` say which.

        Raises:
            ConfigError: there is no such class, checkpoint or setting, or it is not one of what the run makes.
            DataError: the `like` file does not say how it was made.
        """
        _check_count(n)
        trained = self._trained(step)
        if trained.makes in ("records", "series"):
            if of is not None or like is not None or prompt or heading is not None or decoding is not None:
                how = "where=, balance= or no_missing=" if trained.makes == "records" else "horizon="
                raise ConfigError(f"{self.path} makes {trained.makes}: say which by {how}.")
            make = self.records if trained.makes == "records" else self.scenarios
            return make(n or 1_000, seed=seed, step=step, **settings)
        if trained.writes:
            if of is not None or like is not None or spread != drawing.SPREAD:
                raise ConfigError(f"{self.path} writes text, which has no classes and no neighbours: try heading=.")
            return self.write(
                n or 1, seed=seed, step=step, prompt=prompt, heading=heading, decoding=decoding, **settings
            )
        if prompt or heading is not None or decoding is not None or settings:
            asked = ", ".join(settings) or "prompt, heading, decoding"
            raise ConfigError(f"{self.path} makes pictures: leave out what is asked of texts ({asked}).")
        if like is not None:
            return drawing.draw_neighbours(trained, Origin.of(Path(like)), n or 16, spread)
        return drawing.draw_samples(trained, n or 16, seed, of)

    def records(self, n: int = 1_000, *, seed: int = 0, step: int | None = None, **wanted: Any) -> DataFrame:
        """The first `n` records of a seed as a pandas table, of a run that learned one.

        `wanted` is `where` (a condition: "income='>50K' and age<30"), `balance` (a column whose levels are to be
        equally common), `no_missing` (every value is there) and `temperature`.

        Raises:
            ConfigError: what is wanted cannot be read or never comes about, or the run makes something else.
        """
        _check_count(n)
        return synthesis.draw_records(self._trained(step), n, seed, synthesis.Wanted(**wanted))

    def write_related(self, folder: str | Path, n: int, *, seed: int = 0, step: int | None = None) -> tuple[Path, Path]:
        """Write `n` parents and all their children into a folder, as two files whose keys match.

        Raises:
            ConfigError: the run learned from one table.
        """
        _check_count(n)
        return relating.write_related(self._trained(step), n, Path(folder), seed)

    def write_records(
        self,
        path: str | Path,
        n: int = 1_000,
        *,
        seed: int = 0,
        step: int | None = None,
        progress: Callable[[int, int], None] | None = None,
        **wanted: Any,
    ) -> Path:
        """The same into a .csv, .tsv or .parquet file, part by part, so that memory does not grow with `n`.

        Raises:
            ConfigError: as `records`; or another suffix.
        """
        _check_count(n)
        how = synthesis.Wanted(**wanted)
        return synthesis.write_records(self._trained(step), n, Path(path), seed, how, progress)

    def fill_in(self, source: str | Path, out: str | Path, *, seed: int = 0, step: int | None = None) -> Path:
        """Draw what is missing in a file of records, given all that is there, and write the whole.

        Raises:
            MintageError: the file cannot be read or lacks columns, or the model cannot be held to what is known.
        """
        return write_frames(synthesis.fill_in(self._trained(step), Path(source), seed), Path(out))

    def scenarios(self, n: int = 1_000, *, horizon: int = 20, seed: int = 0, step: int | None = None) -> DataFrame:
        """The first `n` scenarios of a seed as a pandas table, of a run that learned series.

        Each goes on from the last row of every entity, as the file is now, for `horizon` steps: scenario, step, date
        where the next stamps are known, entity if there are several, variables.

        Raises:
            ConfigError: the run makes something else, or no step is asked for.
            DataError: the file is gone, or has other columns.
        """
        import pandas as pd

        _check_count(n)
        return pd.concat(Prospect(self._trained(step), horizon, seed).scenarios(n), ignore_index=True)

    def write_scenarios(
        self, path: str | Path, n: int = 1_000, *, horizon: int = 20, seed: int = 0, step: int | None = None
    ) -> Path:
        """The same into a .csv, .tsv or .parquet file, part by part, so that memory does not grow with `n`.

        Raises:
            MintageError: as `scenarios`; or another suffix.
        """
        _check_count(n)
        return write_frames(Prospect(self._trained(step), horizon, seed).scenarios(n), Path(path))

    def forecast(self, horizon: int = 20, *, paths: int = 1_000, seed: int = 0, step: int | None = None) -> Forecast:
        """What a run that learned series says of the next `horizon` steps: quantiles over so many paths.

        Its `frame` is a pandas table; `save(folder)` writes it, and pictures of fans.

        Raises:
            MintageError: as `scenarios`; or fewer paths than quantiles need.
        """
        return Prospect(self._trained(step), horizon, seed).forecast(paths)

    def backtest(
        self, start: str = "", *, step: int | None = None, tell: Tell = lambda doing: None, **asked: Any
    ) -> Backtest:
        """Walk a run of series forward from a date through what it held out, beside simple means.

        `asked` is horizon, every, cost, tried and seed, as in `mintage backtest`. What is returned has `report`, a
        JSON-ready mapping, and `save(folder)`.

        Raises:
            MintageError: the run makes no series, or learned from what follows `start`; a variable knows the future.
        """
        return backtest_run(self._trained(step), Asked(start=start, **asked), tell)

    def write(
        self,
        n: int = 1,
        *,
        prompt: str = "",
        seed: int = 0,
        step: int | None = None,
        heading: str | None = None,
        decoding: Decoding | Mapping[str, Any] | None = None,
        **settings: Any,
    ) -> Texts:
        """What `generate` does for a run that learned text.

        Raises:
            ConfigError: as `generate`; or the run makes pictures.
        """
        _check_count(n)
        return writing.write_texts(self._trained(step), writing.ask(prompt, heading, decoding, settings), n, seed)

    def stream(
        self,
        prompt: str = "",
        n: int = 1,
        *,
        seed: int = 0,
        step: int | None = None,
        heading: str | None = None,
        decoding: Decoding | Mapping[str, Any] | None = None,
        **settings: Any,
    ) -> Unfolding:
        """Pieces of the texts that `generate` writes, as they are decided; put together they are its `str`.

        The first piece is the prompt; several texts come one after another, with a rule between them. At the end all
        of them stand in `made` of what is returned.

        Raises:
            ConfigError: as `generate`; or the run makes pictures.
        """
        _check_count(n)
        return writing.stream_texts(self._trained(step), writing.ask(prompt, heading, decoding, settings), n, seed)

    def walk(
        self, path: str | Path, *, seed: int = 0, stops: int = 6, frames: int = 96, of: str | int | None = None
    ) -> Path:
        """Write an animated WebP that strolls through the latent space and ends where it began.

        Raises:
            ConfigError: the path does not end in .webp, there is no such class, or the run makes no pictures of noise.
        """
        return drawing.draw_walk(self._trained(None), Path(path), seed, (stops, frames), of)

    def translate(
        self,
        picture: str | Path | Image | NDArray[Any],
        *,
        mask: str | Path | Image | NDArray[Any] | None = None,
        strength: float = 1.0,
        tile: int = 512,
        step: int | None = None,
    ) -> Image:
        """What a translator makes of a picture of any size: a file, a PIL image or an array (H, W, C).

        `mask`, for inpainting, is white where pixels are to be filled. `strength` below 1 keeps some of the input.
        `tile` is the side of what the network sees at once: smaller takes less memory.

        Raises:
            ConfigError: the run makes pictures out of nothing, or takes no mask.
            DataError: the picture cannot be read, or a mask is missing or does not fit.
        """
        return translation.translate_picture(
            self._trained(step), _as_raw(picture), None if mask is None else _as_raw(mask), How(strength, tile)
        )

    def translate_files(
        self,
        source: str | Path,
        out: str | Path,
        *,
        mask: str | Path | None = None,
        strength: float = 1.0,
        tile: int = 512,
        step: int | None = None,
        progress: Callable[[int, int, Path], object] | None = None,
    ) -> Translated:
        """Translate a file or a folder into a folder: same names, transparency and orientation kept.

        Files of a folder that cannot be read are passed over and listed in `skipped` of what is returned.

        Raises:
            MintageError: as `translate`; or nothing could be read.
        """
        return translation.translate_files(
            self._trained(step), Path(source), Path(out), None if mask is None else Path(mask), How(strength, tile),
            progress,
        )  # fmt: skip

    def evaluate(self, *, step: int | None = None, tell: Tell = lambda doing: None, **settings: Any) -> Verdict:
        """Judge the best checkpoint, or that of `step`, against what the run held out.

        `settings` are those of `mintage explain judge`: samples, embedding, weights, metrics, seed. Scores, report.html
        and card.md are written into the run.

        Raises:
            MintageError: there is no checkpoint, nothing held out, or a setting that does not fit.
        """
        return evaluation.evaluate_run(self.directory, JudgeSettings.read(settings, "judge"), step=step, tell=tell)

    def export(self, path: str | Path, format: str = "", *, step: int | None = None, **settings: Any) -> Path:
        """Write the best checkpoint, or that of `step`, in a form that other programs open; returns where it is.

        `format` is "hugging-face", a folder that transformers loads, or "peft-adapter", what was fine-tuned alone;
        unset, the first that fits. `settings` are the format's, such as dtype="bfloat16".

        Raises:
            ConfigError: there is no such format, the run cannot be written so, or something is at `path`.
        """
        return exporting.export(self._trained(step), Path(path), format, **settings)

    def resume(self, overrides: Sequence[str] = (), *, device: str = "auto", watchers: Sequence[Watcher] = ()) -> Run:
        """Go on with the training, for instance with ["training.steps=40000"]."""
        with processes(find_device(device)) as group:
            resume(self.path, overrides, group=group).run(watchers)
        return Run(self.path)

    def _trained(self, step: int | None) -> Trained:
        if step not in self._loaded:
            self._loaded = {step: Trained.open(self.directory, step)}
        return self._loaded[step]


def _check_count(n: int | None) -> None:
    if n is not None and n < 1:
        raise ConfigError(f"{n} samples cannot be drawn. Ask for one or more.")


def _as_raw(picture: str | Path | Image | NDArray[Any]) -> Path | Image | NDArray[Any]:
    return Path(picture) if isinstance(picture, str) else picture
