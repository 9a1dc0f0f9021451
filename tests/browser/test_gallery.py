"""What was made is found again: judged with keys, taken back, downloaded as a sheet."""

from __future__ import annotations

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
