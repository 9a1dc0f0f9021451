"""Strings the sample sheets of a run into a film: the same noise at every step, so the pictures grow up."""

from __future__ import annotations

import bisect
import importlib
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from mintage.errors import ConfigError
from mintage.run import RunDirectory, makes_of
from mintage.storage import write_bytes
from mintage.watching import log
from mintage.watching.grid import font_for
from mintage.watching.kinds import KINDS
from mintage.watching.progress import progress
from mintage.watching.words import clock, label, number

__all__ = ["captions_of", "film_of", "make_film", "make_mp4"]

MAX_FRAMES, MAX_SIDE = 120, 720
LAST_FRAME_HOLDS = 2.0  # seconds
BAR, LINE = 30, 4  # heights of the caption bar and of the progress line in pixels
PAPER, INK, TRACK, PROGRESS, GOLD = (23, 24, 28), (236, 237, 240), (58, 61, 70), (86, 180, 233), (255, 201, 77)
STAR = "\u2605"  # in the caption of the frame that is nearest to the best score


def film_of(run: RunDirectory) -> None:
    """String the sheets of a run, with what its log says of each, as WebP and, where PyAV is there, as MP4."""
    if frames := run.sample_sheets():
        captions = captions_of(frames, log.read(run.log), KINDS[makes_of(run.read_facts())].unit)
        make_film(frames, run.film, captions=captions)
        if find_spec("av") is not None:
            make_mp4(frames, run.film_mp4, captions=captions)


def make_film(frames: Sequence[Path], path: Path, *, seconds: float = 8, captions: Sequence[str] | None = None) -> Path:
    """An animated WebP of the frames, each with its caption and a progress line; the last one stays longer.

    More than 120 frames are thinned evenly, the first and the last always kept. The progress line follows the
    steps where the files are named by step, as samples/000100.png is, and keeps a star from the frame on whose
    caption has one.

    Raises:
        ValueError: no frames, or as many captions as do not fit.
    """
    pictures = list(_composed(frames, captions))
    hold = _hold(seconds, len(pictures))
    stay = [hold] * (len(pictures) - 1) + [round(1000 * LAST_FRAME_HOLDS)]
    film = io.BytesIO()
    pictures[0].save(
        film, "WEBP", save_all=True, append_images=pictures[1:], duration=stay, loop=0, quality=78, method=3
    )
    write_bytes(path, film.getvalue())
    return path


def make_mp4(frames: Sequence[Path], path: Path, *, seconds: float = 8, captions: Sequence[str] | None = None) -> Path:
    """The same film as an MP4 (H.264 where the machine has it, else MPEG-4), for places that take no WebP.

    Raises:
        ConfigError: PyAV is not installed.
        ValueError: no frames, or as many captions as do not fit.
    """
    try:
        av: Any = importlib.import_module("av")
    except ImportError as error:
        raise ConfigError('An MP4 needs PyAV, which is not installed: pip install "mintage[film]".') from error
    film = io.BytesIO()
    rate = 30
    count = min(len(frames), MAX_FRAMES)
    repeats = max(1, round(rate * _hold(seconds, count) / 1000))
    with av.open(film, "w", format="mp4") as container:
        stream: Any = None
        for index, picture in enumerate(_composed(frames, captions)):
            even = picture.crop((0, 0, picture.width // 2 * 2, picture.height // 2 * 2))  # yuv420p halves both sides
            if stream is None:
                stream = _stream(av, container, rate, even.size)
            last = index == count - 1
            for _ in range(round(rate * LAST_FRAME_HOLDS) if last else repeats):
                container.mux(stream.encode(av.VideoFrame.from_image(even)))
        container.mux(stream.encode())
    write_bytes(path, film.getvalue())
    return path


def captions_of(frames: Sequence[Path], rows: Sequence[Mapping[str, Any]], unit: str = "images") -> list[str]:
    """A caption for each frame named by its step: the step, how many were seen, the time, the score as last measured.

    All of it comes from the rows and events of a log. The frame nearest to the best score has a star.
    """
    measured = [row for row in rows if {"step", "images", "seconds"} <= row.keys()]
    timed = sorted((row["step"], row["images"], row["seconds"]) for row in measured)
    scores = progress(rows)
    score = next((score for score in scores if score.best), scores[0] if scores else None)
    best = score.best if score else None
    name = label(score.name).replace("é", "e") if score else ""  # Pillow's own font has no accents
    steps = [int(frame.stem) for frame in frames if frame.stem.isdecimal()]
    starred = min(steps, key=lambda step: abs(step - best[0]), default=None) if best else None
    captions = []
    for frame in frames:
        if not frame.stem.isdecimal():
            captions.append(frame.stem)
            continue
        step = int(frame.stem)
        parts = [f"step {step:,}", *_progressed(step, timed, unit)]
        if score and best and step == starred:
            parts.append(f"{name} {number(best[1])} {STAR} best")
        elif score and (value := score.at(step)) is not None:
            parts.append(f"{name} {number(value)}")
        captions.append("   ·   ".join(parts))
    return captions


def _progressed(step: int, timed: Sequence[tuple[int, int, float]], unit: str) -> list[str]:
    """What was seen, and time, at a step; rows come every so many steps, frames at others."""
    at = bisect.bisect_left([row[0] for row in timed], step)
    near = timed[min(at, len(timed) - 1)] if timed else None
    if near is None or not near[0]:
        return []
    share = step / near[0]
    return [f"{round(near[1] * share):,} {unit}", clock(near[2] * share)]


def _stream(av: Any, container: Any, rate: int, size: tuple[int, int]) -> Any:
    codec = "libx264" if "libx264" in av.codecs_available else "mpeg4"
    stream = container.add_stream(codec, rate=rate)
    stream.width, stream.height = size
    stream.pix_fmt = "yuv420p"  # the one layout that every player takes
    if codec == "libx264":
        stream.options = {"crf": "20"}
    else:
        stream.bit_rate = 4_000_000
    return stream


def _hold(seconds: float, count: int) -> int:
    """Milliseconds of one frame: few frames do not turn into a slide show."""
    return max(40, min(400, round(1000 * seconds / max(1, count))))


def _composed(frames: Sequence[Path], captions: Sequence[str] | None) -> Iterator[Image.Image]:
    if not frames:
        raise ValueError("A film needs at least one frame.")
    if captions is not None and len(captions) != len(frames):
        raise ValueError(f"There are {len(frames)} frames but {len(captions)} captions; give one for each frame.")
    steps = _steps(frames)
    starred = next((step for step, said in zip(steps, captions or (), strict=False) if STAR in said), None)
    size = None
    for index in _thinned(len(frames), MAX_FRAMES):
        picture = _read(frames[index])
        if size is None:
            shrink = min(1.0, MAX_SIDE / max(picture.size))
            size = (max(1, round(picture.width * shrink)), max(1, round(picture.height * shrink)))
        if picture.size != size:
            picture = picture.resize(size, Image.Resampling.LANCZOS)
        last = max(1, steps[-1])
        best = starred / last if starred is not None and starred <= steps[index] else None
        yield _with_bar(picture, captions[index] if captions else frames[index].stem, steps[index] / last, best)


def _read(path: Path) -> Image.Image:
    with Image.open(path) as image:
        return image.convert("RGB")


def _steps(frames: Sequence[Path]) -> list[int]:
    """How far each frame is: by the steps in the names, or by its place."""
    if all(frame.stem.isdecimal() for frame in frames):
        steps = [int(frame.stem) for frame in frames]
        if steps == sorted(steps):
            return steps
    return list(range(len(frames)))


def _thinned(count: int, most: int) -> list[int]:
    if count <= most:
        return list(range(count))
    return sorted({round(index * (count - 1) / (most - 1)) for index in range(most)})


def _with_bar(picture: Image.Image, caption: str, done: float, best: float | None) -> Image.Image:
    framed = Image.new("RGB", (picture.width, picture.height + LINE + BAR), PAPER)
    framed.paste(picture, (0, 0))
    draw = ImageDraw.Draw(framed)
    draw.rectangle((0, picture.height, picture.width, picture.height + LINE - 1), fill=TRACK)
    if done > 0:
        end = round(min(1.0, done) * picture.width) - 1
        draw.rectangle((0, picture.height, max(0, end), picture.height + LINE - 1), fill=PROGRESS)
    if best is not None:
        _draw_star(draw, min(max(6.0, best * picture.width), picture.width - 6.0), picture.height + LINE / 2, 6)
    before, star, after = caption.partition(STAR)
    size = 15
    while size > 7 and font_for(before, size).getlength(caption) > picture.width - 16:
        size -= 1
    x, middle, font = min(12.0, picture.width / 20), picture.height + LINE + BAR // 2, font_for(before, size)
    draw.text((x, middle), before, fill=INK, font=font, anchor="lm")
    if star:  # drawn, since many fonts have none
        x += font.getlength(before) + size / 2
        _draw_star(draw, x, middle, size / 2)
        draw.text((x + size / 2, middle), after, fill=INK, font=font, anchor="lm")
    return framed


def _draw_star(draw: ImageDraw.ImageDraw, x: float, y: float, radius: float) -> None:
    reach = [radius if corner % 2 == 0 else 0.42 * radius for corner in range(10)]
    angles = [math.pi * (corner / 5 - 0.5) for corner in range(10)]
    draw.polygon([(x + r * math.cos(a), y + r * math.sin(a)) for r, a in zip(reach, angles, strict=True)], fill=GOLD)
