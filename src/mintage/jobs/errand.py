"""A short errand in a process of its own, so that no page waits: `python -m mintage.jobs.errand` reads what is asked as
JSON and answers in JSON: a look at data, or what a budget would buy on this machine.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mintage.errors import MintageError

__all__ = ["main"]

STARTED = time.perf_counter()
POLITE = 3
PREVIEWS, SIDE = 48, 128
_HEAD = 4_000  # characters of a text that are shown


def look(asked: Mapping[str, Any]) -> dict[str, Any]:
    """What is in some data, which models can learn it, and a few examples as they will be learned."""
    from mintage.fitting import models_that_fit
    from mintage.opening import open_data
    from mintage.recipe import DataSettings, read_raw
    from mintage.storage import cache_folder

    raw = read_raw(asked["source"], None, ())
    settings = DataSettings.read(raw["data"], "data")
    data, found, _ = open_data(settings, {}, 0, cache_folder())
    report = data.report
    kind = found.source if found.source in ("pairs", "unpaired") else data.makes
    copies = int(getattr(report, "num_copies", 0)) + int(getattr(report, "num_near", 0))
    unreadable = [{"file": name, "why": why} for name, why in getattr(report, "unreadable", ())]
    previews = _preview(data, Path(asked["previews"]), raw["data"].get("path"))
    return {
        "kind": kind, "report": report.as_dict(), "lines": report.lines(), "duplicates": copies,
        "unreadable": unreadable, "previews": previews, "fits": sorted(models_that_fit(data.spec)),
        "classes": list(getattr(data, "classes", ())), "count": data.count,
    }  # fmt: skip


def _preview(data: Any, folder: Path, path: str | None) -> int:
    """Write small pictures, or the beginnings of texts and tables; how many."""
    folder.mkdir(parents=True, exist_ok=True)
    if data.makes == "pictures":
        stored = data.examples(data.train, PREVIEWS).x
        for index, one in enumerate(data.codec.expand(stored)):
            picture = data.codec.decode(one)
            factor = max(1, SIDE // max(picture.size))
            picture = picture.resize((picture.width * factor, picture.height * factor), 0)
            picture.thumbnail((256, 256))
            picture.save(folder / f"{index:02}.webp", quality=85)
        return len(stored)
    if path is None:
        return 0
    top = Path(path)
    files = [top] if top.is_file() else sorted(file for file in top.rglob("*") if file.is_file())
    shown = [file for file in files if file.suffix.lower() != ".parquet"][:6]
    for index, file in enumerate(shown):
        with file.open("rb") as opened:
            start = opened.read(4 * _HEAD)
        text = start.decode(_encoding(start), errors="replace")[:_HEAD]
        (folder / f"{index:02}.txt").write_text(text, "utf-8")
    return len(shown)


def _encoding(start: bytes) -> str:
    """Good enough for a first look: a mark, UTF-8 unless it does not fit, or what China writes."""
    if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    try:
        start[: len(start) - 4].decode("utf-8-sig")
        return "utf-8-sig"
    except UnicodeDecodeError:
        return "gb18030"


def estimate(asked: Mapping[str, Any]) -> dict[str, Any]:
    """What a budget buys on this machine, by measurement; nothing is written."""
    from mintage.experiment import find_device
    from mintage.jobs.work import raw_of
    from mintage.preparation import prepare
    from mintage.training.distributed import processes
    from mintage.watching.kinds import KINDS

    with processes(find_device("auto")) as group:
        ready = prepare(raw_of(asked), group=group, budget=asked["budget"], seed=0, since=STARTED)
    plan, recipe, data = ready.plan, ready.recipe, ready.data
    assert plan is not None
    context = int(getattr(data.train, "length", 0)) if data.makes == "text" else 0
    unit = KINDS[data.makes].unit
    chosen = {key: value for key, value in recipe.model.items() if isinstance(value, int | float | str)}
    sizes = {key: value for key, value in chosen.items() if key in ("width", "layers", "latent_dim", "heads")}
    samples = recipe.training.steps * recipe.training.batch
    return {
        "steps": recipe.training.steps, "model": recipe.model["name"], "unit": unit, "count": data.count,
        "sizes": {**sizes, "batch": recipe.training.batch, **({"context": context} if context else {})},
        "samples": samples * (context or 1), "passes": samples / max(len(data.train), 1),
        "rate": plan.rate * (context or 1), "more": plan.more.replace("images", unit), "plan": asdict(plan.rung),
        "device": ready.experiment.device.type,
        "words": [
            f"{recipe.model['name']}: " + ", ".join(f"{key} {value}" for key, value in sizes.items()),
            f"{recipe.training.steps:,} steps of {recipe.training.batch}",
            f"{plan.rate * (context or 1):,.0f} {unit} a second",
        ],
    }  # fmt: skip


ERRANDS: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {"look": look, "estimate": estimate}


def main() -> int:
    """Answer what stands in the standard input."""
    answer_to = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what libraries print is no answer
    if hasattr(os, "nice"):
        with suppress(OSError):
            os.nice(POLITE)
    asked = json.loads(sys.stdin.read())
    try:
        answer = ERRANDS[asked["errand"]](asked)
    except MintageError as error:
        answer = {"error": str(error), "kind": type(error).__name__}
    with answer_to:
        json.dump(answer, answer_to, ensure_ascii=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
