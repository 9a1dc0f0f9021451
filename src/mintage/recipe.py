"""A recipe: what is learned, by which model, trained how. Read from TOML, changed by overrides, kept with the run."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import tomli_w
from pydantic import Field

from mintage import registry
from mintage.config import Settings, merge, parse_overrides
from mintage.contracts import Model
from mintage.errors import ConfigError
from mintage.storage import cache_folder
from mintage.training.settings import TrainingSettings

__all__ = ["DataSettings", "Recipe", "read_raw", "recipe_names", "resolve"]

_PATHS = ("data.path", "data.origin", "data.child", "model.base", "codec.base")
_SHIPPED = Path(__file__).parent / "recipes"

Words = Mapping[str, str | Sequence[str]]  # a short word of a recipe -> the settings that it sets


class DataSettings(Settings):
    """Which examples to learn from."""

    source: str = ""
    """How they are arranged: a name from `mintage models --sources`; unset: recognised from the path."""
    path: Path | None = None
    """Folder or file; unset for built-in data. For a translation: the pictures to be made, or the folder of both."""
    origin: Path | None = None
    """For a translation: the pictures that are translated."""
    child: Path | None = None
    """Of two related tables (source related): the file of the children, `path` being that of their parents."""
    key: str = ""
    """Of two related tables: the column of both that says whose child a record is."""
    reverse: bool = False
    """Translate pairs the other way round."""
    pairs_known: bool = False
    """Equal file names on both sides of an unpaired translation show the same thing: training does not look, but the
    judge compares with the true partner."""
    tile: int = Field(192, ge=16)
    """Side of the squares that large photographs are cut into (source photos)."""
    window: int | None = Field(None, ge=8)
    """Side of the random part of each example that training sees at a time; unset: all of it."""
    degrade: dict[str, dict[str, Any]] = {}
    """Spoil each example and learn to restore it: names from `mintage models --degrade`, in order, with settings."""
    degrade_twice: bool = False
    """Spoil in two rounds, as pictures that were saved, shared and saved again (Wang et al., 2021)."""
    column: str | None = None
    """Of a table of texts (.jsonl, .json, .csv, .tsv): the column that holds them; unset: "text", or the longest."""
    entity: str = ""
    """Of a table with a time line: the column that says whose row it is; unset: recognised, where there is one."""
    target: str = ""
    """Of a table: the column that others are asked to foretell when it is judged. With a time line: the variables to be
    learned, with commas between; unset: all."""
    documents: Literal["file", "blank-line", "line"] | None = None
    """Where a text ends and the next begins; unset: with its file, but for files of records that all begin alike."""
    heading: str | None = None
    """A first line for every text, by which a writer can be asked for its kind: "folder" (its sub-folder), "name" (its
    file's) or a column of a table; unset: none."""
    encoding: str | None = None
    """Of all text files; unset: recognised for each of them."""
    every_file: bool = False
    """Take a folder's files of any suffix for text, but for pictures, recordings and the like."""
    context: int = Field(128, ge=8)
    """Tokens that a writer looks back at."""
    classes: bool = True
    """Tell the model the classes that the source names, if it names any."""
    heldout: float = Field(0.1, ge=0, lt=1)
    """Share (at most 10,000 examples) that training never sees: a quarter picks the best checkpoint and watches for
    overfitting, the rest judges the run."""
    augment: tuple[str, ...] = ()
    """Changes of real samples that leave them real, from `mintage models --augment`; none unless declared harmless."""
    augment_probability: float = Field(0.5, ge=0, le=1)
    """How often each is done."""


class Recipe(Settings):
    """Everything that decides what a run will be, apart from the machine."""

    about: str = ""
    """A sentence for people."""
    name: str = ""
    """What the run directory is called."""
    seed: int = 0
    """Of the weights, the order of the data, and all noise."""
    data: DataSettings = DataSettings()
    """Which examples to learn from."""
    codec: dict[str, Any] = {}
    """What an example is: `name` and its settings; unset: recognised from the data."""
    model: dict[str, Any] = {}
    """`name` and its hyper-parameters; unset: chosen for the data."""
    training: TrainingSettings = TrainingSettings()
    """How it trains."""

    def toml(self) -> str:
        """The recipe as a file that `mintage train` runs again."""
        return tomli_w.dumps(_plain(self.model_dump(mode="json")))


def recipe_names() -> list[str]:
    """The recipes that come with Mintage."""
    return sorted(path.stem for path in _SHIPPED.glob("*.toml"))


def read_raw(what: str, data: Path | None, overrides: Sequence[str]) -> dict[str, Any]:
    """The values a person asked for: `what` is a recipe's name or file, a source's name, or a path to data.

    Raises:
        ConfigError: it is none of these, or an override does not parse.
    """
    path = Path(what).expanduser()
    words: Words = {}
    if what in recipe_names():
        raw = _load(_SHIPPED / f"{what}.toml") | {"name": what}
        words = raw.pop("words", {})
    elif path.suffix == ".toml":
        if not path.is_file():
            raise ConfigError(f"There is no recipe at {path}. Known recipes: {', '.join(recipe_names())}.")
        raw = {"name": path.stem} | _load(path)
        words = raw.pop("words", {})
    elif path.exists():
        raw = {"name": _slug(path), "data": {"path": str(path.resolve())}}
    elif what in (known := [name.replace("_", "-") for name in registry.names("sources")]):
        raw = {"name": what, "data": {"source": what}}
        fetch = getattr(registry.find("sources", what.replace("-", "_")), "fetch", None)
        if data is None and fetch is not None and not any(word.startswith("data.path=") for word in overrides):
            data = fetch(cache_folder() / what)  # asked for by name: the only download there is
    else:
        hint = registry.suggest(what, [*recipe_names(), *known])
        raise ConfigError(f"{what!r} is neither a recipe nor a path to data. {hint}")
    if data is not None:
        raw = merge(raw, {"data": {"path": str(data.expanduser().resolve())}})
    return merge(raw, parse_overrides([full for word in overrides for full in _in_full(word, words)]))


def _in_full(override: str, words: Words) -> list[str]:
    """An override with the recipe's own short word, such as target=./b, spelled out; paths from here made absolute."""
    key, equals, value = override.partition("=")
    meant = words.get(key, key)
    full = [meant] if isinstance(meant, str) else meant
    if equals and full[0] in _PATHS:
        value = json.dumps(str(Path(value).expanduser().resolve()))  # a string, though it may look like a number
    return [f"{one}{equals}{value}" for one in full]


def resolve(raw: Mapping[str, Any], chosen: Mapping[str, Any]) -> tuple[Recipe, Model]:
    """The full recipe and its model: `raw` wins over the model's habits and over what was `chosen` for the data.

    Raises:
        ConfigError: a key or value that does not fit.
    """
    name = str(merge(chosen, raw)["model"]["name"])
    cls = registry.find("models", name)
    fitting = {key: value for key, value in chosen["model"].items() if key in cls.model_fields}
    asked = {key: value for key, value in raw.get("model", {}).items() if key != "name"}
    made = cls.read(merge(fitting, asked), "model")  # both a Settings and a Model
    model = {"name": name, **made.model_dump(mode="json")}
    habits = merge(cls.habits, chosen.get("training", {}) if name == chosen["model"].get("name") else {})
    values = {**raw, "model": model, "training": merge(habits, raw.get("training", {}))}
    return Recipe.read(values), made


def _load(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}.") from error


def _slug(path: Path) -> str:
    words = path.resolve().name.split(".")[0]
    return "".join(c if c.isalnum() else "-" for c in words.lower()).strip("-") or "data"


def _plain(value: Any) -> Any:
    """TOML has no null: unset keys are left out."""
    if isinstance(value, Mapping):
        return {key: _plain(v) for key, v in value.items() if v is not None}
    return [_plain(v) for v in value] if isinstance(value, list | tuple) else value
