"""Makes what a wish asks for, as bytes of files that carry their settings; the same wish makes the same bytes."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from PIL import Image
from torch import Tensor

from mintage.errors import ConfigError, DataError
from mintage.gallery.imprint import film_bytes, front_line, picture_bytes
from mintage.gallery.latents import Find, classes_of, latents_of, walk_of
from mintage.gallery.wish import How, Wish
from mintage.trained import Trained
from mintage.translation import How as TranslationHow
from mintage.translation import translate_picture
from mintage.writing import Asked, ask, stream_texts, write_texts

__all__ = [
    "MOST",
    "Kind",
    "Made",
    "asked_of",
    "how_of",
    "look",
    "look_bytes",
    "make",
    "open_source",
    "stream",
    "text_of",
]

Kind = Literal["picture", "text", "table", "film"]
Source = Callable[[str], Image.Image]

MOST: Mapping[How, int] = {
    "draw": 256, "walk": 1, "translate": 1, "write": 16, "records": 100_000, "scenarios": 1_000,
}  # fmt: skip
_EXCERPT = 200


@dataclass(frozen=True, eq=False)
class Made:
    """One made thing: the bytes of its file, and what a gallery shows of it."""

    kind: Kind
    suffix: str
    data: bytes
    settings: Mapping[str, Any]
    size: tuple[int, int]  # width and height; of tables rows and columns, of texts 0
    excerpt: str = ""  # the beginning of a text or a table, the class of a picture


def how_of(trained: Trained) -> How:
    """What is done where nothing is said."""
    if trained.translates:
        return "translate"
    names: Mapping[str, How] = {"text": "write", "records": "records", "series": "scenarios"}
    return names.get(trained.makes, "draw")


def make(trained: Trained, wish: Wish, find: Find, source: Source) -> list[Made]:
    """All samples of a wish. `find` gives the checkpoint's directions, `source` a picture by its hash.

    Raises:
        MintageError: the run cannot do it, or too much is asked for.
    """
    _check(trained, wish)
    wish = wish.model_copy(update={"step": trained.checkpoint.step})
    if wish.how == "draw":
        return _pictures(trained, wish, find)
    if wish.how == "walk":
        return [_film(trained, wish, find)]
    if wish.how == "translate":
        picture = translate_picture(trained, source(wish.source), how=TranslationHow(wish.strength))
        return [_picture(picture, wish.settings(trained.run.path.name))]
    if wish.how == "write":
        texts = write_texts(trained, asked_of(wish), wish.first + wish.count, wish.seed).texts
        return [text_of(trained, wish, wish.first + k, text) for k, text in enumerate(texts[wish.first :])]
    return [_table(trained, wish)]


def look(trained: Trained, wish: Wish, find: Find) -> tuple[Tensor, Tensor | None]:
    """The noise and the class of a wish's first picture, for a look at it. Shape: (1, *noise_shape), (1,) or None.

    Raises:
        ConfigError: the run draws no pictures from noise.
    """
    _check(trained, wish)
    if wish.how != "draw":
        raise ConfigError("Only pictures that are drawn from noise can be looked at beforehand.")
    return latents_of(trained, wish.one(wish.first), find), classes_of(trained, wish.one(wish.first))


def look_bytes(image: Image.Image) -> bytes:
    """A picture as a WebP that is written fast."""
    data = io.BytesIO()
    is_small = max(image.size) <= 128
    _eight_bits(image).save(data, "WEBP", lossless=is_small, quality=85, method=0 if is_small else 2)
    return data.getvalue()


def stream(trained: Trained, wish: Wish) -> Iterator[str]:
    """The seed's first text as it is written, piece by piece; put together they are what `text_of` keeps.

    Raises:
        ConfigError: the run writes no text, or another one is asked for.
    """
    _check(trained, wish)
    if wish.first or wish.count > 1:
        raise ConfigError("A text can be watched from its seed's first one on, one at a time.")
    return stream_texts(trained, asked_of(wish), 1, wish.seed)


def asked_of(wish: Wish) -> Asked:
    """What a writer is asked for.

    Raises:
        ConfigError: a setting that does not fit.
    """
    said: dict[str, Any] = {"temperature": wish.temperature}
    if wish.template:
        said["template"] = wish.template
    if wish.length is not None:
        said["length"] = wish.length
    return ask(wish.prompt, wish.heading or None, wish.decoding, said)


def text_of(trained: Trained, wish: Wish, index: int, text: str) -> Made:
    """A text as a file."""
    settings = wish.one(index).model_copy(update={"step": trained.checkpoint.step}).settings(trained.run.path.name)
    return Made("text", ".txt", (front_line(settings) + text).encode(), settings, (0, 0), text[:_EXCERPT])


def _check(trained: Trained, wish: Wish) -> None:
    usual = how_of(trained)
    if wish.how != usual and (wish.how, usual) != ("walk", "draw"):
        words = "pictures out of others" if trained.translates else trained.makes
        raise ConfigError(f"{trained.run.path.name} makes {words}, so it cannot {wish.how}. Choose another run.")
    if wish.count > MOST[wish.how]:
        raise ConfigError(f"{wish.count:,} at once are too many: ask for {MOST[wish.how]:,} at most.")


def _pictures(trained: Trained, wish: Wish, find: Find) -> list[Made]:
    told = classes_of(trained, wish)
    drawn = trained.draw(latents_of(trained, wish, find), told)
    made = []
    for place, one in enumerate(drawn):
        own = wish.one(wish.first + place)
        name = ""
        if told is not None:
            own = own.model_copy(update={"of": int(told[place])})
            name = trained.classes[int(told[place])]
        made.append(_picture(trained.codec.decode(one), own.settings(trained.run.path.name), name))
    return made


def _picture(image: Image.Image, settings: Mapping[str, Any], name: str = "") -> Made:
    return Made("picture", ".png", picture_bytes(image, settings), settings, image.size, name)


def _film(trained: Trained, wish: Wish, find: Find) -> Made:
    if len(wish.stops) * wish.frames > 480:
        raise ConfigError(f"{len(wish.stops) * wish.frames} frames are too many: ask for 480 at most in all.")
    frames = trained.shown(trained.draw(*walk_of(trained, wish, find)))
    settings = wish.settings(trained.run.path.name)
    factor = max(1, 256 // max(frames[0].size))
    size = (frames[0].width * factor, frames[0].height * factor)
    return Made("film", ".webp", film_bytes(frames, settings), settings, size)


def _table(trained: Trained, wish: Wish) -> Made:
    import pandas as pd

    from mintage.prediction import Prospect
    from mintage.synthesis import Wanted, draw_records

    if wish.first:
        raise ConfigError("A table begins with its seed's first row: leave `first` out.")
    if wish.how == "records":
        wanted = Wanted(wish.where, wish.balance, wish.no_missing, wish.temperature)
        frame = draw_records(trained, wish.count, wish.seed, wanted)
    else:
        if wish.count * wish.horizon > 1_000_000:
            raise ConfigError(f"{wish.count} scenarios of {wish.horizon} steps are too long: a million rows at most.")
        frame = pd.concat(Prospect(trained, wish.horizon, wish.seed).scenarios(wish.count), ignore_index=True)
    settings = wish.settings(trained.run.path.name)
    body = frame.to_csv(index=False, lineterminator="\n")
    excerpt = "\n".join(body.splitlines()[:6])[: 2 * _EXCERPT]
    return Made("table", ".csv", (front_line(settings) + body).encode(), settings, frame.shape, excerpt)


def _eight_bits(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):
        return image.point(lambda value: value / 256).convert("RGB")
    return image.convert("RGBA" if image.mode in ("LA", "RGBA") else "RGB")


def open_source(data: bytes, most: int = 16_000_000) -> Image.Image:
    """A picture that came from outside, for a translator; nothing that grows without bound is unpacked.

    Raises:
        DataError: it is no picture, damaged, or has too many pixels.
    """
    try:
        image = Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "WEBP", "BMP", "TIFF"))
        if image.width * image.height > most:
            raise DataError(f"The picture has {image.width} x {image.height} pixels; {most:,} in all are the most.")
        image.load()
    except DataError:
        raise
    except Exception as error:  # decoders meet damage with almost any exception
        raise DataError(f"This is no picture that can be read: {error or type(error).__name__}.") from error
    return image
