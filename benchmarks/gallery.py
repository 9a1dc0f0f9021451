"""How a gallery of many items starts, lists and shows: python benchmarks/gallery.py [--items 20000] [--out FILE]."""

from __future__ import annotations

import argparse
import json
import platform
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image

from mintage.gallery.gallery import Gallery
from mintage.gallery.imprint import picture_bytes
from mintage.gallery.making import Made


def filled(folder: Path, items: int) -> None:
    """A gallery as if so many pictures had been made in it, without waiting for the disk each time."""
    gallery = Gallery(folder)
    settings: dict[str, Any] = {"run": "0001-bench", "step": 1000, "seed": 0, "of": 3, "at": {"0": 1.5}}
    (first,) = gallery.add(
        [Made("picture", ".png", picture_bytes(Image.new("L", (28, 28)), settings), settings, (28, 28))]
    )
    data = gallery.data(first)
    rows = []
    for index in range(1, items):
        id = f"{int(first.id, 16) + index:014x}"
        (gallery.files / f"{id}.png").write_bytes(data)
        rows.append(
            {"did": "made", "id": id, "run": "0001-bench", "kind": "picture", "made": first.made, "width": 28,
             "height": 28, "suffix": ".png", "settings": {**settings, "seed": index}}
        )  # fmt: skip
    gallery.log.add(rows)


def seconds(work: Callable[[], Any], times: int = 5, clock: Callable[[], float] = time.perf_counter) -> float:
    """The best of several times; time.process_time leaves out what others do on the machine."""
    taken = []
    for _ in range(times):
        started = clock()
        work()
        taken.append(clock() - started)
    return min(taken)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=20_000)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        filled(Path(folder), asked.items)
        found: dict[str, Any] = {"items": asked.items, "machine": platform.processor() or platform.machine()}
        found["start_seconds"] = seconds(lambda: Gallery(Path(folder)))
        found["start_cpu_seconds"] = seconds(lambda: Gallery(Path(folder)), clock=time.process_time)
        gallery = Gallery(Path(folder))
        ids = gallery.ids()
        found["index_seconds"] = seconds(gallery.ids)
        found["page_in_the_middle_seconds"] = seconds(lambda: gallery.page(ids[len(ids) // 2], 100))
        found["filter_seconds"] = seconds(lambda: gallery.ids(thumb=1))
        found["small_seconds"] = min(seconds(lambda id=id: gallery.small(id), 1) for id in ids[:20])
        found["remove_seconds"] = seconds(lambda: gallery.remove(gallery.ids()[0]))
    found = {key: round(value, 5) if isinstance(value, float) else value for key, value in found.items()}
    if asked.out:
        asked.out.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
