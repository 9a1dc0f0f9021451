"""What an engine is asked for and what it gives back, by what it makes; it knows nothing of HTTP."""

from __future__ import annotations

import asyncio
import io
import time
import zipfile
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from PIL import Image
from torch import Tensor

from mintage import synthesis, translation, writing
from mintage.drawing import origins_of
from mintage.errors import ConfigError, DataError
from mintage.generated import Generated, png
from mintage.prediction import Prospect
from mintage.sampling import noise_of
from mintage.serving.engine import Engine, Overloaded
from mintage.trained import Trained
from mintage.translation import How

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["Pictures", "draw_pictures", "draw_table", "stream_text", "translate", "write_texts"]

MOST_PIXELS = 16_000_000  # of a picture that is sent


@dataclass(frozen=True)
class Pictures:
    """Pictures of a seed with their origins, in order."""

    made: Generated

    @property
    def pixels(self) -> int:
        """Of all of them."""
        return sum(picture.width * picture.height for picture in self.made)

    def png(self) -> bytes:
        """One picture as it is, several on a sheet."""
        return self.pngs()[0] if len(self.made) == 1 else png(self.made.sheet())

    def pngs(self) -> list[bytes]:
        """A file of each, with its origin inside."""
        return [png(picture, origin) for picture, origin in zip(self.made, self.made.origins, strict=True)]

    def zip(self) -> bytes:
        """All of them, called by their index as `mintage generate` does."""
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            for origin, data in zip(self.made.origins, self.pngs(), strict=True):
                archive.writestr(f"{origin.index:05}.png", data)
        return stream.getvalue()


async def draw_pictures(engine: Engine, n: int, seed: int, of: str | int | None, timeout: float) -> Pictures:
    """The first pictures of a seed, drawn together with those that others ask for.

    Raises:
        ConfigError: it makes no pictures out of nothing, or knows no such class.
        Overloaded, TooLate: as of `Engine.draw`.
    """
    trained = engine.trained
    if engine.makes != "pictures":
        raise ConfigError(f"{engine.name} makes {engine.makes}, no pictures.")
    if trained.translates:
        raise ConfigError(f"{engine.name} makes pictures out of others: send it one, POST /v1/translate.")
    if engine.throttle.is_full:
        raise Overloaded(engine.name, engine.seconds_ahead())
    told = trained.told(n, of)
    begun, served = engine.throttle.begin(), False
    try:
        drawn = await engine.draw(noise_of(trained.sampler, 0, n, seed), told, time.monotonic() + timeout)
        served = n == 1  # what many take says nothing of one
        return _pictures(trained, drawn, told, seed)
    finally:
        engine.throttle.end(begun, was_served=served)


def _pictures(trained: Trained, drawn: Tensor, told: Tensor | None, seed: int) -> Pictures:
    origins = origins_of(trained, seed, len(drawn), told)
    return Pictures(Generated([trained.codec.decode(one) for one in drawn], origins, trained.codec))


async def translate(engine: Engine, picture: bytes, strength: float, timeout: float) -> bytes:
    """What a translator makes of a picture file, as PNG.

    Raises:
        ConfigError: it is no translator.
        DataError: the picture cannot be read.
        Overloaded, TooLate: as of `Engine.draw`.
    """
    if not engine.trained.translates:
        raise ConfigError(f"{engine.name} makes {engine.makes} out of nothing: ask it with POST /v1/generate.")

    deadline = time.monotonic() + timeout
    image = await asyncio.to_thread(_read, picture)
    made = await engine.call(lambda trained: _translated(trained, image, strength), deadline)
    return await asyncio.to_thread(png, made)


def _translated(trained: Trained, image: Image.Image, strength: float) -> Image.Image:
    return translation.translate_picture(trained, image, None, How(strength, 512))


def _read(picture: bytes) -> Image.Image:
    """A picture out of a foreign file, decoded only if it is of a sensible size."""
    try:
        with Image.open(io.BytesIO(picture)) as image:
            if image.width * image.height > MOST_PIXELS:
                raise DataError(
                    f"The picture has {image.width} x {image.height} pixels; {MOST_PIXELS:,} are taken at most. Cut it."
                )
            image.load()
            return image
    except DataError:
        raise
    except Exception as error:  # decoders meet damage with almost any exception
        raise DataError(
            f"The body is no picture that can be read ({type(error).__name__}). Send a PNG or JPEG."
        ) from error


async def draw_table(engine: Engine, n: int, seed: int, settings: Mapping[str, Any], timeout: float) -> DataFrame:
    """Records or scenarios as a table.

    Raises:
        ConfigError: it makes something else, or a setting does not fit.
        Overloaded, TooLate: as of `Engine.draw`.
    """

    def work(trained: Trained) -> DataFrame:
        import pandas as pd

        if engine.makes == "series":
            return pd.concat(Prospect(trained, int(settings.get("horizon", 20)), seed).scenarios(n), ignore_index=True)
        return synthesis.draw_records(trained, n, seed, synthesis.Wanted(**settings))

    return await engine.call(work, time.monotonic() + timeout)


async def write_texts(engine: Engine, asked: writing.Asked, n: int, seed: int, timeout: float) -> writing.Texts:
    """The first texts of a seed, in turn with everything else that the engine does.

    Raises:
        ConfigError: it writes no text, or cannot read the prompt.
        Overloaded, TooLate: as of `Engine.draw`.
    """
    held: list[writing.Unfolding] = []
    async for _ in stream_text(engine, asked, n, seed, timeout, held):
        pass
    return cast(writing.Texts, held[0].made)


def stream_text(
    engine: Engine,
    asked: writing.Asked,
    n: int,
    seed: int,
    timeout: float,
    held: list[writing.Unfolding] | None = None,
) -> AsyncIterator[str]:
    """The same as it comes, the prompt first; `held` is given what is written, which has `made` at the end.

    Raises:
        ConfigError, Overloaded, TooLate: as of `write_texts`.
    """

    def work(trained: Trained) -> Iterator[str]:
        pieces = writing.stream_texts(trained, asked, n, seed)
        if held is not None:
            held.append(pieces)
        return pieces

    return engine.stream(work, time.monotonic() + timeout)
