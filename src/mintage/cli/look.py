"""`mintage models` and `mintage explain`: what there is, and what each setting means."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

__all__ = ["explain", "models"]

_ROOMS = {
    "model": "models", "codec": "codecs", "source": "sources", "augment": "augment", "metric": "metrics",
    "embedding": "embeddings", "degrade": "degrade",
}  # fmt: skip


def models(
    fit: Annotated[Path | None, typer.Option(help="Only models that can learn this data.")] = None,
    augment: Annotated[bool, typer.Option("--augment", help="Augmentations, and when each is harmless.")] = False,
    degrade: Annotated[bool, typer.Option("--degrade", help="What spoils pictures that are to be restored.")] = False,
    sources: Annotated[bool, typer.Option("--sources", help="Arrangements of data.")] = False,
    metrics: Annotated[bool, typer.Option("--metrics", help="What a judgement measures.")] = False,
    embeddings: Annotated[bool, typer.Option("--embeddings", help="Spaces that it measures in.")] = False,
) -> None:
    """List models and recipes (or augmentations, degradations, sources, metrics, embeddings)."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column("name", style="bold", no_wrap=True)
    table.add_column("about")
    asked = {"augment": augment, "degrade": degrade, "sources": sources, "metrics": metrics, "embeddings": embeddings}
    room = next((room for room, wanted in asked.items() if wanted), "models")
    for row in _rows(room, fit):
        table.add_row(*row)
    Console().print(table)
    if room == "models":
        typer.echo("\nmintage explain model.NAME lists a model's settings.")


def explain(
    what: Annotated[
        str, typer.Argument(help="model.dcgan, training, data, codec.image, judge, decoding, or a recipe.")
    ],
) -> None:
    """List settings with their defaults and meanings; for a recipe, show it."""
    from rich.console import Console
    from rich.table import Table

    from mintage.config import explain as rows_of
    from mintage.recipe import read_raw, recipe_names

    if what in recipe_names():
        import tomli_w

        typer.echo(tomli_w.dumps(read_raw(what, None, [])))
        return
    cls = _settings(what)
    typer.echo((cls.__doc__ or "").strip() + "\n")
    prefix = what.split(".")[0] + "."
    table = Table(box=None, pad_edge=False)
    for heading in ("setting", "default", "meaning"):
        table.add_column(heading, overflow="fold", style="bold" if heading == "setting" else "")
    habits = getattr(cls, "habits", {})
    for name, _, default, meaning in rows_of(cls, prefix):
        table.add_row(name, default, meaning)
    for name, value in habits.items():
        table.add_row(f"training.{name}", repr(value), "what this model learns best with")
    Console().print(table)


def _settings(what: str) -> Any:
    from mintage import registry
    from mintage.decoding.choice import Decoding
    from mintage.errors import ConfigError
    from mintage.judging.judge import JudgeSettings
    from mintage.recipe import DataSettings, recipe_names
    from mintage.training.settings import TrainingSettings

    plain: dict[str, Any] = {
        "training": TrainingSettings, "data": DataSettings, "judge": JudgeSettings, "decoding": Decoding,
    }  # fmt: skip
    if what in plain:
        return plain[what]
    room, _, name = what.partition(".")
    if room in _ROOMS and name:
        return registry.find(_ROOMS[room], name)
    known = [
        *plain,
        *(f"model.{name}" for name in registry.names("models")),
        "codec.image",
        "codec.text",
        *recipe_names(),
    ]
    raise ConfigError(f"There is nothing to explain about {what!r}. {registry.suggest(what, known)}")


def _rows(room: str, fit: Path | None) -> list[tuple[str, str]]:
    from mintage import registry
    from mintage.recipe import read_raw, recipe_names

    fits, others = _fitting(fit) if fit is not None else (None, set[str]())
    rows = []
    for name in registry.names(room):
        cls = registry.find(room, name)
        about = (cls.__doc__ or "").strip().splitlines()[0]
        if room == "augment":
            about += f" Harmless when {cls.harmless_when}"
        if fits is None or name in fits:
            rows.append((name, about))
    if room == "models":
        recipes = {name: read_raw(name, None, []) for name in recipe_names()}
        rows += [
            (name, "recipe: " + raw.get("about", ""))
            for name, raw in recipes.items() if raw.get("model", {}).get("name") not in others
        ]  # fmt: skip
    return rows


def _fitting(path: Path) -> tuple[set[str], set[str]]:
    """The models that can learn this data; and those that learn only what it is not: pictures, or text."""
    from mintage.contracts import DataSpec, TensorSpec
    from mintage.fitting import free_models, models_that_fit
    from mintage.opening import open_data
    from mintage.recipe import DataSettings
    from mintage.storage import cache_folder

    data, _, _ = open_data(DataSettings(path=path.resolve()), {}, 0, cache_folder())
    fitting = models_that_fit(data.spec)
    if data.spec.x.classes is not None:
        return fitting, set(free_models()) - fitting
    return fitting, models_that_fit(DataSpec(x=TensorSpec(shape=(17,), classes=32)))
