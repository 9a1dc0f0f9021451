"""A newcomer's way: a folder is dropped, learned from, drawn from, and a sheet of what was made is taken home."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from tests.browser.visiting import LANGUAGES, Studio, Visit

Visiting = Callable[..., Visit]
TRAINING = 90_000  # milliseconds that a training of 40 steps may take on a machine that does other things too
SHORT = {"training.steps": 40, "training.batch": 16, "training.frames": 3, "model.width": 8}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_folder_becomes_a_sheet_of_new_pictures(
    visit: Visiting, empty_studio: Studio, pictures: Path, language: str, tmp_path: Path
) -> None:
    one = visit(language, studio=empty_studio)
    page, words = one.page, one.words
    one.look(f"way-1-start-{language}")
    with page.expect_file_chooser() as choosing:
        page.get_by_role("button", name=words("shell.drop.folder")).click()
    choosing.value.set_files(pictures)
    page.get_by_role("heading", name=words("data.report")).wait_for()
    one.rest()
    one.look(f"way-2-data-{language}")
    assert page.get_by_text(words.like("data.skipped.one")).is_visible()  # broken.png

    one.button("data.train").click()
    page.wait_for_selector(".view-train h1:focus")
    train(one)
    one.look(f"way-4-trained-{language}")

    page.keyboard.press("g")
    page.keyboard.press("c")
    page.get_by_role("button", name=words("create.make"), exact=True).click()
    page.locator(".wall [role=option]").nth(7).wait_for()
    one.look(f"way-5-made-{language}")

    page.keyboard.press("g")
    page.keyboard.press("g")
    page.locator(".view-gallery .wall [role=option]").nth(7).wait_for()
    one.button("gallery.choose").click()
    for index in range(6):
        page.locator(".wall [role=option]").nth(index).click()
    with page.expect_download() as coming:
        one.button("gallery.sheet").click()
    check_sheet(coming.value, tmp_path)


def check_sheet(download: Any, folder: Path) -> None:
    download.save_as(folder / "sheet.png")
    with Image.open(folder / "sheet.png") as sheet:
        assert sheet.format == "PNG"
        assert min(sheet.size) >= 56


def train(one: Visit) -> None:
    """The one button, after some settings that make it a matter of seconds."""
    page, words = one.page, one.words
    page.locator("summary", has_text=words("train.settings")).click()
    page.locator("[name='training.steps']").wait_for(state="attached")
    with page.expect_response(lambda answer: "/api/schema?" in answer.url and "model=dcgan" in answer.url):
        page.locator("select[name=model]").select_option("dcgan")
    page.wait_for_timeout(300)  # until the form is drawn anew
    page.evaluate("document.querySelectorAll('.form details').forEach((one) => (one.open = true))")
    for name, value in SHORT.items():
        page.locator(f"[name='{name}']").fill(str(value))
        page.locator(f"[name='{name}']").blur()
    one.look(f"way-3-train-{words.language}")
    page.get_by_role("button", name=words("train.start"), exact=True).click()
    page.wait_for_url("**/#/train/0*", timeout=TRAINING)
    page.locator(".pill.ok", has_text=words("train.state.done")).first.wait_for(timeout=TRAINING)
    one.rest()


def stop_at(one: Visit, name: str, *, back: bool = False) -> None:
    """Go on with the tabulator until the focus is on what has this name."""
    said = "((e) => (e.getAttribute('aria-label') || e.labels?.[0]?.textContent || e.textContent).trim())"
    for _ in range(90):
        if one.page.evaluate(f"{said}(document.activeElement)") == name:
            return
        one.page.keyboard.press("Shift+Tab" if back else "Tab")
    pytest.fail(f"the keyboard never comes to {name!r}")


def test_the_whole_way_is_open_to_the_keyboard_alone(
    visit: Visiting, empty_studio: Studio, pictures: Path, tmp_path: Path
) -> None:
    one = visit(studio=empty_studio)
    page, words, press = one.page, one.words, one.page.keyboard.press
    stop_at(one, words("shell.drop.folder"))
    with page.expect_file_chooser() as choosing:
        press("Enter")
    choosing.value.set_files(pictures)
    page.wait_for_selector(".view-data h1:focus")
    page.get_by_role("heading", name=words("data.report")).wait_for()
    stop_at(one, words("data.train"))
    press("Enter")
    page.wait_for_selector(".view-train h1:focus")
    stop_at(one, words("train.budget"))
    press("Home")  # the shortest time
    stop_at(one, words("train.settings"))
    press("Enter")
    page.locator("[name='training.steps']").wait_for(state="attached")
    for label, value in (("Steps", 40), ("Batch", 16)):
        stop_at(one, label)
        press("Control+a")
        page.keyboard.type(str(value))
    stop_at(one, words("train.start"))
    press("Enter")
    page.wait_for_url("**/#/train/0*", timeout=TRAINING)
    page.locator(".pill.ok", has_text=words("train.state.done")).first.wait_for(timeout=TRAINING)
    stop_at(one, words("train.create"), back=True)
    press("Enter")
    page.wait_for_selector(".view-create h1:focus")
    stop_at(one, words("create.make"))
    press("Enter")
    page.locator(".wall [role=option]").nth(7).wait_for()
    stop_at(one, words("create.made"))
    press("Control+a")
    stop_at(one, words("gallery.sheet"), back=True)
    with page.expect_download() as coming:
        press("Enter")
    check_sheet(coming.value, tmp_path)
