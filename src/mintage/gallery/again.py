"""Makes a thing again by the settings that its file carries, without a studio."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from mintage.directions import find_directions
from mintage.errors import ConfigError
from mintage.gallery.imprint import read_imprint
from mintage.gallery.making import Made, make
from mintage.gallery.wish import read_settings
from mintage.run import RunDirectory
from mintage.trained import Trained

__all__ = ["make_again"]


def make_again(run: str | Path, settings: Mapping[str, Any] | str | Path) -> list[Made]:
    """What these settings, or the settings in a file, make of a run; `[0].data` are the bytes of the first file.

    Raises:
        MintageError: the file says nothing, the run has no such checkpoint, or it cannot do that.
    """
    told = dict(settings) if isinstance(settings, Mapping) else read_imprint(Path(settings).read_bytes())
    path = Path(run)
    _, wish = read_settings({**told, "run": path.name})
    trained = Trained.open(RunDirectory.open(path), wish.step)
    return make(trained, wish, lambda: find_directions(trained), _no_source)


def _no_source(name: str) -> Image.Image:
    raise ConfigError("A translation starts from a picture: use mintage.load(run).translate(picture).")
