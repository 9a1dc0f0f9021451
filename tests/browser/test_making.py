"""Making, gallery and laboratory as a person uses them: sliders are seen, files restore themselves, keys do it all."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from tests.browser.visiting import LANGUAGES, Studio, Visit

from mintage.api import Run
from mintage.gallery.gallery import Gallery
from mintage.gallery.imprint import picture_bytes
from mintage.gallery.making import Made

Visiting = Callable[..., Visit]
MANY = 3_000
SIZE = "Number(document.querySelector('.made')?.ariaSetSize ?? 0)"


@pytest.fixture(scope="module")
def making(drawing_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """A studio with a run that draws, and nothing made yet."""
    one = Studio(tmp_path_factory.mktemp("making"))
    (one.home / "runs").mkdir(exist_ok=True)
    (one.home / "runs" / drawing_run.path.name).symlink_to(drawing_run.path, target_is_directory=True)
    yield one
    one.end()


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """A studio in whose gallery thousands of pictures lie."""
    home = tmp_path_factory.mktemp("crowded")
    gallery = Gallery(home / "studio" / "gallery")
    settings: dict[str, Any] = {"run": "0001-many", "step": 1, "seed": 0}
    data = picture_bytes(Image.new("L", (28, 28), 90), settings)
    (first,) = gallery.add([Made("picture", ".png", data, settings, (28, 28))])
    rows = []
    for index in range(1, MANY):
        id = f"{int(first.id, 16) - index:014x}"
        (gallery.files / f"{id}.png").write_bytes(data)
        rows.append(
            {"did": "made", "id": id, "run": "0001-many", "kind": "picture", "made": first.made, "width": 28,
             "height": 28, "suffix": ".png", "settings": {**settings, "seed": index}}
        )  # fmt: skip
    gallery.log.add(rows)
    one = Studio(home)
    yield one
    one.end()


def make_eight(one: Visit) -> None:
    before = one.page.evaluate(SIZE)
    one.page.get_by_role("button", name=one.words("create.make"), exact=True).click()
    one.until(f"{SIZE} === {before + 8}")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_slider_is_seen_at_once_and_pictures_are_made(
    visit: Visiting, making: Studio, drawing_run: Run, language: str
) -> None:
    one = visit(language, "dark" if language == "en" else "light", studio=making)
    page = one.go("create", drawing_run.path.name)
    slider = page.locator("[data-direction]").first
    slider.wait_for()
    one.until("document.querySelector('.preview img').src && !document.querySelector('.preview.wait')")
    before = page.locator(".preview img").get_attribute("src")
    slider.focus()
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    one.until(f"document.querySelector('.preview img').src !== '{before}'")
    make_eight(one)
    one.rest()
    one.look(f"create-{language}")


def test_a_file_dropped_back_is_made_again_and_keys_judge_and_remove(
    visit: Visiting, making: Studio, drawing_run: Run, tmp_path: Path
) -> None:
    one = visit(studio=making)
    page = one.go("create", drawing_run.path.name)
    make_eight(one)
    page = one.go("gallery")
    page.locator(".made").first.wait_for()
    wall = page.locator(".wall")
    wall.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    page.locator(".made.now .marks").wait_for()
    count = page.locator("p[role=status]")
    total = count.text_content()
    page.keyboard.press("Delete")
    page.locator(".toast").wait_for()
    one.until(f"document.querySelector('p[role=status]').textContent !== {json.dumps(total)}")
    page.locator(".toast").get_by_role("button", name=one.words("shell.undo")).click()
    one.until(f"document.querySelector('p[role=status]').textContent === {json.dumps(total)}")
    wall.focus()
    page.keyboard.press("Enter")
    page.locator("dialog .facts").wait_for()
    one.look("gallery-item", full=False)
    with page.expect_download() as coming:
        page.get_by_role("button", name=one.words("gallery.download")).click()
    coming.value.save_as(tmp_path / "kept.png")
    page.locator("[data-choose=made]").set_input_files(tmp_path / "kept.png")
    again = page.get_by_role("button", name=one.words("create.again"))
    again.wait_for()
    before = page.locator(".made").first.get_attribute("aria-setsize")
    again.click()
    one.until(f"document.querySelector('.made').getAttribute('aria-setsize') !== '{before}'")
    newest = Gallery(making.home / "studio" / "gallery")
    assert newest.data(newest[newest.ids()[0]]) == (tmp_path / "kept.png").read_bytes()


def test_thousands_of_pictures_are_scrolled_through_with_few_in_the_page(visit: Visiting, crowded: Studio) -> None:
    one = visit("en", "dark", studio=crowded)
    page = one.go("gallery")
    page.locator(".made").first.wait_for()
    most = 0
    for share in (0.2, 0.5, 0.9):
        page.evaluate(f"scrollTo(0, document.documentElement.scrollHeight * {share})")
        one.until("[...document.querySelectorAll('.made')].some((one) => /seed/.test(one.ariaLabel))")
        most = max(most, page.locator(".made").count())
    assert most < 120
    page.locator(".wall").focus()
    page.keyboard.press("End")
    last = page.locator(".made.now")
    one.until("/seed/.test(document.querySelector('.made.now').ariaLabel)")
    assert last.get_attribute("aria-posinset") == str(MANY)
    one.rest()
    assert page.evaluate("[...document.querySelectorAll('.made img')].every((one) => one.naturalWidth === 28)")
    one.look("gallery-end", full=False)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_distribution_is_drawn_and_learned_by_keys_alone(visit: Visiting, making: Studio, language: str) -> None:
    one = visit(language, "light" if language == "en" else "dark", studio=making)
    page = one.go("laboratory")
    page.locator(".figure").first.wait_for()
    page.get_by_label(one.words("laboratory.shape"), exact=True).select_option("points")
    for key in ("ArrowLeft", "ArrowLeft", "Space", "ArrowUp", "ArrowUp", "Space", "Enter"):
        page.keyboard.press(key)
    one.until("document.querySelectorAll('.figure')[1]?.textContent.includes('/')")
    page.get_by_role("button", name=one.words("laboratory.step.generator")).click()
    one.until("document.querySelector('.figure').textContent === '1'")
    said = page.locator("canvas[role=img]").get_attribute("aria-label")
    assert said.startswith(one.words("laboratory.plane"))
    assert len(said) > len(one.words("laboratory.plane")) + 20
    page.keyboard.press("p")
    one.until("Number(document.querySelector('.figure').textContent) > 30")
    page.keyboard.press("p")
    one.rest()
    one.look(f"laboratory-{language}")
