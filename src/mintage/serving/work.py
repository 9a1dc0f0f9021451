"""A generator at work for a server: samples of any kind as the bytes that are sent. It knows nothing of HTTP.

An order is a frame whose words name the `verb` and its settings; so is its answer. Pictures that are ordered together
are drawn together.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, cast

import torch
from PIL import Image
from torch import Tensor

from mintage import synthesis, translation, writing
from mintage.contracts import TokenCodec
from mintage.drawing import origins_of
from mintage.errors import ConfigError, DataError, MintageError
from mintage.generated import Generated, png
from mintage.prediction import Prospect
from mintage.run import RunDirectory
from mintage.sampling import noise_of
from mintage.serving.frames import Frame, problem
from mintage.serving.hands import pieces_of
from mintage.serving.measuring import draw_in, measure
from mintage.trained import Trained
from mintage.translation import How

__all__ = ["Work"]

MOST_PIXELS = 16_000_000  # of a picture that is sent
TILE = 512


class Work:
    """What one run's best checkpoint can be asked for.

    Raises:
        RunError: there is no run, or no undamaged checkpoint.
    """

    def __init__(self, path: Path) -> None:
        self.trained = Trained.open(RunDirectory.open(path))
        self.sizes = measure(self.trained, may_narrow=True)
        self._streams: dict[int, tuple[writing.Asked, writing.Unfolding]] = {}
        self._begun = 0

    def about(self) -> dict[str, Any]:
        """What a server has to know of it."""
        trained, facts = self.trained, self.trained.run.read_facts()
        return {
            "makes": trained.makes, "translates": trained.translates, "classes": list(trained.classes),
            "shape": list(facts.get("shape", ())), "created": str(facts.get("created", "")),
            "step": trained.checkpoint.step, "sizes": self.sizes.told(),
        }  # fmt: skip

    def do(self, orders: Sequence[Mapping[str, Any]], blobs: Sequence[bytes]) -> list[Frame]:
        """The answer to each order, in order; `blobs` are the bytes that came with them. Errors are answers too."""
        if all(order["verb"] == "pictures" for order in orders):
            try:
                return self._pictures(orders)
            except Exception as error:  # of the draw itself: it is everybody's
                return [problem(error)] * len(orders)
        return [_answered(partial(self._one, order, blob)) for order, blob in zip(orders, blobs, strict=True)]

    def next(self, stream: int) -> Frame:
        """The pieces of a text that come next, and whether it has ended, with what then is known of it."""

        def pieces() -> Frame:
            asked, unfolding = self._streams[stream]
            found, has_ended = pieces_of(unfolding)
            if has_ended:
                del self._streams[stream]
                assert unfolding.made is not None
                found.append(self._made(asked.opening, unfolding.made))
            return Frame({"pieces": found, "ended": has_ended})

        return _answered(pieces)

    def drop(self, stream: int) -> Frame:
        """Write no more of a text."""
        if stream in self._streams:
            _, unfolding = self._streams.pop(stream)
            unfolding.close()
        return Frame({})

    def _one(self, order: Mapping[str, Any], blob: bytes) -> Frame:
        verbs: Mapping[str, Callable[[Mapping[str, Any], bytes], Frame]] = {
            "translate": self._translate, "table": self._table, "stream": self._stream,
        }  # fmt: skip
        return verbs[order["verb"]](order, blob)

    def _pictures(self, orders: Sequence[Mapping[str, Any]]) -> list[Frame]:
        """Pictures of several seeds, drawn together: `n`, `seed`, `of` and the `form` in which they are wanted."""
        trained, answers = self.trained, dict[int, Frame]()
        noises, tolds = dict[int, Tensor](), dict[int, Tensor | None]()
        for index, order in enumerate(orders):
            try:
                tolds[index] = trained.told(order["n"], order["of"])
                noises[index] = noise_of(trained.sampler, 0, order["n"], order["seed"])
            except MintageError as error:
                answers[index] = problem(error)
        if noises:
            told = [one for index, one in tolds.items() if one is not None and index in noises]
            drawn = draw_in(trained, self.sizes, torch.cat([*noises.values()]), torch.cat(told) if told else None)
            pictures, first = trained.shown(drawn), 0
            for index, noise in noises.items():
                origins = origins_of(trained, orders[index]["seed"], len(noise), tolds[index])
                made = Generated(pictures[first : first + len(noise)], origins, trained.codec)
                answers[index], first = _encoded(made, orders[index]["form"]), first + len(noise)
        return [answers[index] for index in range(len(orders))]

    def _translate(self, order: Mapping[str, Any], blob: bytes) -> Frame:
        """A picture out of a picture file: `strength` is from 0 to 1."""
        how = How(order["strength"], TILE)
        return Frame({}, [png(translation.translate_picture(self.trained, _read(blob), None, how))])

    def _table(self, order: Mapping[str, Any], blob: bytes) -> Frame:
        """Records or scenarios: `n`, `seed`, `settings`, and the `form`."""
        import pandas as pd

        n, seed, settings = order["n"], order["seed"], order["settings"]
        if self.trained.makes == "series":
            scenarios = Prospect(self.trained, int(settings.pop("horizon", 20)), seed).scenarios(n)
            frame = pd.concat(scenarios, ignore_index=True)
        else:
            frame = synthesis.draw_records(self.trained, n, seed, synthesis.Wanted(**settings))
        is_csv = order["form"] == "text/csv"
        made = frame.to_csv(index=False) if is_csv else frame.to_json(orient="records", date_format="iso")
        return Frame({}, [made.encode()])

    def _stream(self, order: Mapping[str, Any], blob: bytes) -> Frame:
        """Texts of a seed: `prompt`, `heading`, `decoding`, and `most`, the tokens that are given.

        The answer's number is what `next` goes on with.
        """
        asked = _asked(order)
        self._begun += 1
        self._streams[self._begun] = asked, writing.stream_texts(self.trained, asked, order["n"], order["seed"])
        return Frame({"stream": self._begun})

    def _made(self, opening: str, made: writing.Texts) -> dict[str, Any]:
        """What is known of texts once they are written; `tokens` are those of the opening, and of what came after."""
        codec = cast(TokenCodec, self.trained.codec)
        written = sum(len(codec.encode(text.removeprefix(opening))) for text in made)
        return {
            "texts": list(made), "plain": str(made), "endings": list(made.endings), "remarks": made.remarks,
            "tokens": [len(codec.encode(opening)), written],
        }  # fmt: skip


def _encoded(made: Generated, form: str) -> Frame:
    """One picture as it is, several on a sheet, an archive, or a file of each; each with its origin inside."""
    blobs = [png(picture, origin) for picture, origin in zip(made, made.origins, strict=True)]
    if form == "application/zip":
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            for origin, data in zip(made.origins, blobs, strict=True):
                archive.writestr(f"{origin.index:05}.png", data)
        blobs = [stream.getvalue()]
    elif form == "image/png" and len(made) > 1:
        blobs = [png(made.sheet())]
    return Frame({"origins": [[origin.index, origin.condition] for origin in made.origins]}, blobs)


def _asked(order: Mapping[str, Any]) -> writing.Asked:
    asked = writing.ask(order["prompt"], order["heading"], order["decoding"], {})
    if asked.decoding.length > order["most"]:
        raise ConfigError(
            f"{asked.decoding.length:,} tokens (decoding.length) are asked for, and one request may ask for "
            f"{order['most']:,}."
        )
    return asked


def _answered(work: Callable[[], Frame]) -> Frame:
    try:
        return work()
    except Exception as error:  # a server lives on: whoever asked is told
        return problem(error)


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
