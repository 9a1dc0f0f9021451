"""The report is one page that fetches nothing, tells the run, and is written even where parts are missing."""

from __future__ import annotations

import base64
import io
import itertools
import json
import re
import shutil
from pathlib import Path

import pytest
from PIL import Image
from tests.watching.fake_run import fake_run, verdict
from tests.watching.seen import Page

from mintage.run import RunDirectory
from mintage.watching import page
from mintage.watching.log import Log
from mintage.watching.report import write_report


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunDirectory:
    return fake_run(tmp_path_factory.mktemp("runs"), frames=4)


@pytest.fixture(scope="module")
def text(run: RunDirectory) -> str:
    return write_report(run).read_text("utf-8")


def test_the_page_fetches_runs_and_sends_nothing(text: str) -> None:
    (policy,) = [meta["content"] for meta in Page(text).all("meta") if meta.get("http-equiv")]
    assert "default-src 'none'" in policy
    assert Page(text).fetches_nothing()


def test_the_page_tells_what_was_learned_from_what_how_long_and_where(text: str) -> None:
    words = Page(text).words
    assert "A dcgan generator that learned from 10,000 examples of fashion-mnist in 4 min 1 s" in words
    assert "Intel(R) Xeon(R) CPU @ 2.20GHz (2 cores)" in words
    assert "the discriminator picked the real one in 78 % of cases" in words
    assert "Set model.stakes.r1 = 1, or lower training.lr." in words
    assert "roughly 1.1 to 2 Wh, not measured: 4 min 1 s × 2 cores × an assumed 8 to 15 W a core" in words
    assert "Its best Fréchet distance during training was 10.2, at step 5,000." in words
    assert 'objective = "non_saturating"' in words
    assert "mintage generate" in words
    assert "training.steps=12000" in words


def test_a_person_who_does_not_see_it_can_read_it(text: str) -> None:
    seen = Page(text)
    assert seen.all("html")[0]["lang"] == "en"
    assert len(seen.all("h1")) == 1
    assert all(image["alt"] and image["width"] and image["height"] for image in seen.all("img"))
    assert len(seen.all("img")) == 4
    assert all(head["scope"] in ("col", "row") for head in seen.all("th"))
    ids = {attributes["id"] for _, attributes in seen.tags if "id" in attributes}
    assert {section["aria-labelledby"] for section in seen.all("section")} <= ids
    assert all(svg["aria-label"] for svg in seen.all("svg"))
    levels = [int(tag[1]) for tag, _ in seen.tags if re.fullmatch(r"h[1-6]", tag)]
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    assert [source["media"] for source in seen.all("source")] == ["(prefers-reduced-motion:reduce)"]


def luminance(colour: str) -> float:
    colour = colour if len(colour) == 7 else "#" + "".join(2 * digit for digit in colour[1:])
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_text_stands_out_from_its_ground_in_light_and_dark() -> None:
    for colours in re.findall(r":root\{(.*?)\}", page.STYLE, flags=re.DOTALL):
        named = dict(re.findall(r"--([\w-]+):(#\w+)", colours))
        pairs = [("ink", "bg"), ("ink", "card"), ("soft", "bg"), ("soft", "card"), ("accent", "card"), ("ink", "code")]
        for ink, ground in [*pairs, ("good", "good-bg"), ("warn", "warn-bg"), ("ink", "warn-bg")]:
            light, dark = sorted((luminance(named[ink]), luminance(named[ground])), reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= 4.5, (ink, ground)


def test_every_part_may_be_missing(run: RunDirectory, tmp_path: Path) -> None:
    empty = RunDirectory(tmp_path / "0001-empty")
    empty.path.mkdir()
    seen = Page(write_report(empty).read_text("utf-8"))
    assert "Nothing was measured yet." in seen.words
    for name in ("recipe.toml", "run.json", "data.json", "log.jsonl", "samples", "scores"):
        whole = RunDirectory(tmp_path / f"without-{name}")
        shutil.copytree(run.path, whole.path, ignore=shutil.ignore_patterns(name))
        Page(write_report(whole).read_text("utf-8"))


def test_damaged_parts_and_hostile_names_do_not_break_the_page(tmp_path: Path) -> None:
    run = fake_run(tmp_path, frames=2)
    facts = json.loads(run.facts.read_text())
    facts["name"] = "<script>alert(1)</script>"
    facts["finished"] = False
    run.facts.write_text(json.dumps(facts))
    run.recipe.write_text("not = [toml")
    (run.scores / "broken.json").write_text("{")
    verdict("<script>run</script>", day=26).write(run.scores)
    run.data_report.write_text('{"count": 3, "unknown": ["<b>"]}')
    text = write_report(run).read_text("utf-8")
    assert "<script" not in text
    assert '<b>"' not in text
    assert "mintage train --resume" in Page(text).words


def test_an_early_stop_and_the_best_score_are_marked(tmp_path: Path) -> None:
    run = fake_run(tmp_path, frames=2)
    words = "The score had not improved for 2,000 steps."
    with Log(run.log) as log:
        log.append({"event": "early_stop", "step": 5800, "message": words})
    seen = Page(write_report(run).read_text("utf-8"))
    assert "It stopped at step 5,800 of 6,000, since its score no longer improved." in seen.words
    assert f"At step 5,800: {words}" in seen.words
    assert "stopped early" in seen.words
    assert any("best 10.2 at 5k steps" in svg["aria-label"] for svg in seen.all("svg"))


def test_the_data_report_is_told_in_its_own_sentences(tmp_path: Path) -> None:
    from mintage.data.inspection import DataReport

    run = fake_run(tmp_path, frames=2)
    report = DataReport(count=10_000, stored=(28, 28, 1), classes={"bag": 5000, "coat": 5000})
    run.data_report.write_text(json.dumps(report.as_dict()))
    words = Page(write_report(run).read_text("utf-8")).words
    assert all(line in words for line in report.lines())


def test_large_pictures_are_compressed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "LARGEST_PICTURE", 300_000)
    still, film = tmp_path / "large.png", tmp_path / "film.webp"
    Image.effect_noise((900, 900), 90).convert("RGB").save(still)
    frames = [Image.effect_noise((500, 500), 120 + n).convert("RGB") for n in range(4)]
    frames[0].save(film, save_all=True, append_images=frames[1:], duration=100, quality=100)
    for path in (still, film):
        assert path.stat().st_size > page.LARGEST_PICTURE
        kind, _, data = page.picture_uri(path).partition(";base64,")
        assert kind == "data:image/webp"
        with Image.open(io.BytesIO(base64.b64decode(data))) as small:
            assert len(data) < path.stat().st_size
            assert small.n_frames == (4 if path is film else 1)
