"""What was made is found again: judged with keys, taken back, downloaded as a sheet, restored from a file."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from tests.browser.visiting import LANGUAGES, Visit

Visiting = Callable[..., Visit]
SIZE = "Number(document.querySelector('.made')?.ariaSetSize ?? 0)"  # of the whole wall; what is out of sight is no node


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_made_is_judged_undone_and_leaves_as_a_sheet(visit: Visiting, language: str, tmp_path: Path) -> None:
    one = visit(language)
    page, words = one.go("create", one.studio.run), one.words
    page.get_by_role("button", name=words("create.make"), exact=True).click()
    page.locator(".wall [role=option]").nth(7).wait_for()
    one.look(f"made-{language}")

    page = one.go("gallery")
    tiles = page.locator(".wall [role=option]")
    tiles.nth(7).wait_for()
    before = page.evaluate(SIZE)
    wall = page.get_by_role("listbox", name=words("gallery.wall"))
    wall.focus()
    page.keyboard.press(" ")  # liked
    one.until("document.querySelector('.wall .marks')")
    page.keyboard.press("Delete")
    one.until(f"{SIZE} === {before - 1}")
    one.button("shell.undo").click()
    one.until(f"{SIZE} === {before}")

    wall.focus()
    page.keyboard.press("Control+a")
    one.look(f"gallery-chosen-{language}", full=False)
    with page.expect_download() as coming:
        one.button("gallery.sheet").click()
    coming.value.save_as(tmp_path / "sheet.png")
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert min(sheet.size) > 56


def test_a_file_that_is_brought_back_restores_its_settings(visit: Visiting, tmp_path: Path) -> None:
    one = visit()
    page = one.go("create", one.studio.run)
    page.get_by_label(one.words("create.seed"), exact=True).fill("4711")
    page.get_by_role("button", name=one.words("create.make"), exact=True).click()
    page.locator(".wall [role=option]").first.wait_for()
    page.wait_for_timeout(300)
    made = page.evaluate("fetch('/api/gallery?limit=1').then((a) => a.json()).then((a) => a.items[0].file)")
    data = page.context.request.get(f"http://127.0.0.1:{one.studio.port}{made}").body()
    Image.open(io.BytesIO(data)).verify()
    (tmp_path / "kept.png").write_bytes(data)

    page = one.go("gallery")
    with page.expect_file_chooser() as choosing:
        one.button("gallery.restore").click()
    choosing.value.set_files(tmp_path / "kept.png")
    page.wait_for_selector(".view-create h1")
    page.get_by_text(one.words("create.restored"), exact=True).wait_for()
    assert page.get_by_label(one.words("create.seed"), exact=True).input_value() == "4711"
