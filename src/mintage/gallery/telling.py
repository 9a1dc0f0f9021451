"""How to make a thing again outside the studio: on the command line, in Python, over HTTP."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mintage.gallery.wish import Wish, read_settings

__all__ = ["recipes"]


def recipes(settings: Mapping[str, Any], runs: Path, address: str) -> dict[str, str]:
    """Three ways: "cli", "python" and "curl". `address` is where the studio answers.

    What the command line has no words for, directions for one, is done there by a line of Python.
    """
    run, wish = read_settings(settings)
    place = (runs / run).as_posix()
    asked = {key: value for key, value in settings.items() if key != "run"}
    python = (
        "import json\n"
        "from pathlib import Path\n"
        "from mintage.gallery.again import make_again\n\n"
        f"made = make_again({place!r}, json.loads({json.dumps(asked)!r}))\n"
        f"Path({'again' + _suffix(wish)!r}).write_bytes(made[0].data)"
    )
    if wish.how == "translate":
        python = (
            "import mintage\n\n"
            f'mintage.load({place!r}).translate("picture.png", strength={wish.strength}).save("again.png")'
        )
    curl = (
        f"curl {address}/api/create/{run} -H 'Authorization: Bearer TOKEN' -H 'Content-Type: application/json' "
        f"-d {shlex.quote(json.dumps(asked))}"
    )
    return {"cli": _command(place, wish, python), "python": python, "curl": curl}


def _command(place: str, wish: Wish, python: str) -> str:
    words = ["mintage", "generate", place]
    if wish.step is not None:
        words += ["--step", str(wish.step)]
    if wish.how == "translate":
        return shlex.join([*words, "--input", "picture.png", "--strength", str(wish.strength)])
    beyond = wish.at or wish.truncation != 1 or wish.like is not None or wish.how == "walk" or wish.decoding
    if beyond:
        return f"python -c {shlex.quote(python)}"
    count = wish.first + wish.count
    words += ["--seed", str(wish.seed), "--number", str(count)]
    if wish.how == "draw":
        words += [] if wish.of is None else ["--class", str(wish.of)]
    elif wish.how == "write":
        words += _of_text(wish)
    elif wish.how == "records":
        words += ["--where", wish.where] if wish.where else []
        words += ["--balance", wish.balance] if wish.balance else []
        words += ["--no-missing"] if wish.no_missing else []
        words += ["--temperature", str(wish.temperature)] if wish.temperature != 1 else []
        words += ["--out", "again.csv"]
    else:
        words += ["--horizon", str(wish.horizon), "--out", "again.csv"]
    return shlex.join(words)


def _of_text(wish: Wish) -> list[str]:
    said = {
        "--prompt": wish.prompt, "--heading": wish.heading, "--template": wish.template, "--length": wish.length,
        "--temperature": None if wish.temperature == 1 else wish.temperature,
    }  # fmt: skip
    return [word for flag, value in said.items() if value not in (None, "") for word in (flag, str(value))]


def _suffix(wish: Wish) -> str:
    return {"walk": ".webp", "write": ".txt", "records": ".csv", "scenarios": ".csv"}.get(wish.how, ".png")
