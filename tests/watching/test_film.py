"""A film shows the sheets in order, says where it is, and rests on the last one."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from PIL import Image

from mintage.errors import ConfigError
from mintage.watching.film import captions_of, make_film, make_mp4


def sheets(folder: Path, count: int, side: int = 40) -> list[Path]:
    paths = [folder / f"{100 * index:07}.png" for index in range(count)]
    for index, path in enumerate(paths):
        Image.new("L", (side, side), 255 * index // count).save(path)
    return paths


def test_a_film_has_every_frame_and_rests_on_the_last(tmp_path: Path) -> None:
    path = make_film(sheets(tmp_path, 5), tmp_path / "film.webp", captions=[f"step {n}" for n in range(5)])
    with Image.open(path) as film:
        assert (film.format, film.n_frames) == ("WEBP", 5)
        stays = []
        for index in range(5):
            film.seek(index)
            film.load()
            stays.append(film.info["duration"])
    assert len(set(stays[:4])) == 1
    assert stays[4] > 3 * stays[0]
    assert sorted(p.name for p in tmp_path.iterdir() if "tmp" in p.name) == []


def test_a_long_film_is_thinned_and_keeps_its_ends(tmp_path: Path) -> None:
    paths = sheets(tmp_path, 300, side=16)
    for index, frame in enumerate(paths[1:-1], 1):  # unlike its neighbours: WebP makes one frame of two equal ones
        Image.new("L", (16, 16), 97 * index % 256).save(frame)
    path = make_film(paths, tmp_path / "film.webp")
    with Image.open(path) as film:
        assert film.n_frames == 120
        assert film.convert("L").getpixel((8, 8)) < 8
        film.seek(119)
        assert film.convert("L").getpixel((8, 8)) > 240


def test_the_progress_line_follows_the_steps(tmp_path: Path) -> None:
    paths = [tmp_path / f"{step:07}.png" for step in (0, 250, 1000)]
    for path in paths:
        Image.new("L", (100, 20)).save(path)
    with Image.open(make_film(paths, tmp_path / "film.webp")) as film:
        film.seek(1)
        line = film.convert("RGB").crop((0, 21, 100, 23)).resize((100, 1))
    blue = [line.getpixel((x, 0))[2] > 150 for x in range(100)]
    assert 20 <= sum(blue) <= 30


def test_large_sheets_are_made_smaller_and_odd_ones_keep_their_shape(tmp_path: Path) -> None:
    Image.new("RGB", (2000, 1001)).save(tmp_path / "0.png")
    with Image.open(make_film([tmp_path / "0.png"], tmp_path / "film.webp")) as film:
        assert film.width == 720
        assert film.height == 360 + 34


def test_captions_tell_the_step_the_images_and_the_time(tmp_path: Path) -> None:
    rows = [{"step": 100, "images": 6400, "seconds": 50.0}, {"step": 200, "images": 12800, "seconds": 100.0}]
    frames = [Path(f"{step:07}.png") for step in (0, 150, 200)] + [Path("reals.png")]
    told = captions_of(frames, [{"event": "checkpoint", "step": 7}, *rows])
    assert [" ".join(caption.split()) for caption in told] == [
        "step 0 · 0 images · 0:00", "step 150 · 9,600 images · 1:15", "step 200 · 12,800 images · 1:40", "reals",
    ]  # fmt: skip
    assert captions_of(frames[:1], []) == ["step 0"]
    assert "9,600 records" in captions_of(frames, rows, "records")[1]


def test_captions_tell_the_score_and_the_frame_nearest_to_the_best_has_a_star() -> None:
    values = {100: (30.0, True), 250: (12.4, True), 400: (14.0, False)}
    rows = [
        {"event": "score", "step": step, "name": "frechet_distance", "value": value, "best": best}
        for step, (value, best) in values.items()
    ]
    told = captions_of([Path(f"{step:07}.png") for step in (0, 200, 300, 400)], rows)
    assert [" ".join(caption.split()) for caption in told] == [
        "step 0", "step 200 · Frechet distance 12.4 ★ best", "step 300 · Frechet distance 12.4",
        "step 400 · Frechet distance 14",
    ]  # fmt: skip


def test_the_star_is_drawn_and_stays_on_the_progress_line(tmp_path: Path) -> None:
    paths = [tmp_path / f"{step:07}.png" for step in (0, 250, 500, 1000)]
    for path in paths:
        Image.new("L", (200, 20)).save(path)
    captions = ["step 0", "step 250", "step 500 ★ best", "step 1000"]
    gold = []
    with Image.open(make_film(paths, tmp_path / "film.webp", captions=captions)) as film:
        for index in range(4):
            film.seek(index)
            red, _, blue = film.convert("RGB").crop((95, 20, 106, 24)).resize((1, 1)).getpixel((0, 0))
            gold.append(red > blue + 20)
    assert gold == [False, False, True, True]


def test_no_frames_or_other_captions_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least one frame"):
        make_film([], tmp_path / "film.webp")
    with pytest.raises(ValueError, match="3 frames but 1 captions"):
        make_film(sheets(tmp_path, 3), tmp_path / "film.webp", captions=["one"])


def test_an_mp4_without_its_extra_says_what_to_install(tmp_path: Path) -> None:
    if importlib.util.find_spec("av"):
        path = make_mp4(sheets(tmp_path, 4, side=65), tmp_path / "film.mp4", captions=list("abcd"))
        assert path.read_bytes()[4:8] == b"ftyp"
    else:
        with pytest.raises(ConfigError, match=r"mintage\[film\]"):
            make_mp4(sheets(tmp_path, 4), tmp_path / "film.mp4")
