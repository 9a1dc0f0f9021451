"""What an engine is asked for: orders for its worker, and what comes back; it knows nothing of HTTP, nor of torch."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Any

from mintage.errors import ConfigError
from mintage.serving.engine import Engine, Overloaded
from mintage.serving.frames import Frame

__all__ = ["Text", "ask_pictures", "ask_table", "ask_texts", "ask_translation", "stream_text"]


@dataclass(frozen=True)
class Text:
    """What is asked of a writer; `most` is how many tokens one request may have."""

    prompt: str
    heading: str | None
    decoding: Mapping[str, Any]
    most: int

    def order(self, n: int, seed: int) -> Frame:
        """For a worker."""
        asked = {"prompt": self.prompt, "heading": self.heading, "decoding": dict(self.decoding), "most": self.most}
        return Frame({"verb": "stream", "n": n, "seed": seed, **asked})


async def ask_pictures(engine: Engine, n: int, seed: int, of: str | int | None, form: str, timeout: float) -> Frame:
    """The first pictures of a seed, drawn together with those that others ask for: files, and where each comes from.

    Raises:
        ConfigError: it makes no pictures out of nothing, or knows no such class.
        Overloaded, TooLate, Lost: as of `Engine.draw`.
    """
    if engine.about["makes"] != "pictures":
        raise ConfigError(f"{engine.name} makes {engine.about['makes']}, no pictures.")
    if engine.about["translates"]:
        raise ConfigError(f"{engine.name} makes pictures out of others: send it one, POST /v1/translate.")
    if engine.throttle.is_full:
        raise Overloaded(engine.name, engine.seconds_ahead())
    begun, served = engine.throttle.begin(), False
    try:
        order = Frame({"verb": "pictures", "n": n, "seed": seed, "of": of, "form": form})
        made: Frame = await engine.draw(order, n, time.monotonic() + timeout)
        served = n == 1  # what many take says nothing of one
        return made
    finally:
        engine.throttle.end(begun, was_served=served)


async def ask_translation(engine: Engine, picture: bytes, strength: float, timeout: float) -> bytes:
    """What a translator makes of a picture file, as PNG.

    Raises:
        ConfigError: it is no translator.
        DataError: the picture cannot be read.
        Overloaded, TooLate, Lost: as of `Engine.draw`.
    """
    if not engine.about["translates"]:
        raise ConfigError(f"{engine.name} makes {engine.about['makes']} out of nothing: ask it with POST /v1/generate.")
    order = Frame({"verb": "translate", "strength": strength}, [picture])
    made: Frame = await engine.call(order, time.monotonic() + timeout)
    return made.blobs[0]


async def ask_table(engine: Engine, n: int, seed: int, settings: Mapping[str, Any], form: str, timeout: float) -> bytes:
    """Records or scenarios as CSV or JSON.

    Raises:
        ConfigError: it makes something else, or a setting does not fit.
        Overloaded, TooLate, Lost: as of `Engine.draw`.
    """
    order = Frame({"verb": "table", "n": n, "seed": seed, "settings": dict(settings), "form": form})
    made: Frame = await engine.call(order, time.monotonic() + timeout)
    return made.blobs[0]


async def ask_texts(engine: Engine, text: Text, n: int, seed: int, timeout: float) -> dict[str, Any]:
    """The first texts of a seed, written in turn with everything else that the engine does.

    texts, plain (all of them as one), endings, remarks, and tokens of the opening and of what came after.

    Raises:
        ConfigError: it writes no text, or cannot read the prompt.
        Overloaded, TooLate, Lost: as of `Engine.draw`.
    """
    made: dict[str, Any] = {}
    async for piece in stream_text(engine, text, n, seed, timeout):
        if not isinstance(piece, str):
            made = piece
    return made


def stream_text(engine: Engine, text: Text, n: int, seed: int, timeout: float) -> AsyncGenerator[str | dict[str, Any]]:
    """The same as they come, the prompt first; what `ask_texts` answers comes last.

    Raises:
        ConfigError, Overloaded, TooLate, Lost: as of `ask_texts`.
    """
    return engine.stream(text.order(n, seed), time.monotonic() + timeout)
