"""Sheets that lay translations beside their inputs show every picture whole, under its title, in its row."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from mintage.watching.grid import PAPER
from mintage.watching.translations import BETWEEN, GAP, ROWS, SIDE, TITLE, translation_sheet

PITCH = SIDE + GAP


def at(sheet: Image.Image, column: int, row: int, cell: int = SIDE) -> tuple[int, ...]:
    """Colour in the middle of a cell."""
    pitch = cell + GAP
    return sheet.convert("RGB").getpixel((GAP + column * pitch + cell // 2, TITLE + row * pitch + cell // 2))


def flat(*colours: str, size: tuple[int, int] = (8, 8), mode: str = "RGB") -> list[Image.Image]:
    return [Image.new(mode, size, colour) for colour in colours]


def test_a_row_is_one_translation_and_a_column_is_one_kind() -> None:
    sheet = translation_sheet({"input": flat("red", "lime"), "output": flat("blue", "yellow")})
    assert sheet.size == (2 * PITCH + GAP, TITLE + 2 * PITCH + GAP)
    assert [at(sheet, c, r) for r in range(2) for c in range(2)] == [
        (255, 0, 0), (0, 0, 255), (0, 255, 0), (255, 255, 0)
    ]  # fmt: skip
    title = np.asarray(sheet)[:TITLE]
    assert (title != np.asarray(Image.new("RGB", (1, 1), PAPER))).any(axis=(0, 2)).any()


def test_after_eight_rows_the_columns_begin_again() -> None:
    sheet = translation_sheet({"input": flat(*["red"] * ROWS, "lime"), "output": flat(*["blue"] * ROWS, "yellow")})
    assert sheet.size == (4 * PITCH + BETWEEN + GAP, TITLE + ROWS * PITCH + GAP)
    left = 2 * PITCH + BETWEEN + GAP + SIDE // 2
    assert sheet.getpixel((left, TITLE + SIDE // 2)) == (0, 255, 0)
    assert sheet.getpixel((left + PITCH, TITLE + SIDE // 2)) == (255, 255, 0)


def test_pixels_stay_pixels_and_other_sides_stay_whole() -> None:
    checks = Image.fromarray(np.array([[0, 255], [255, 0]], np.uint8))
    sheet = translation_sheet({"small": [checks], "wide": flat("red", size=(60, 20))})
    cell = np.asarray(sheet)[TITLE : TITLE + SIDE, GAP : GAP + SIDE, 0]
    assert np.array_equal(cell, np.asarray(checks).repeat(SIDE // 2, 0).repeat(SIDE // 2, 1))
    wide = np.asarray(sheet)[TITLE : TITLE + SIDE, GAP + PITCH : GAP + PITCH + SIDE]
    assert ((wide == (255, 0, 0)).all(axis=2)).sum() == 120 * 40


def test_cells_grow_to_the_largest_picture() -> None:
    sheet = translation_sheet({"input": flat("red"), "output": flat("blue", size=(200, 150))})
    assert sheet.size == (2 * 204 + GAP, TITLE + 204 + GAP)
    assert at(sheet, 1, 0, 200) == (0, 0, 255)


def test_grey_and_transparent_pictures_are_shown_on_white() -> None:
    sheet = translation_sheet({"grey": flat("white", mode="L"), "clear": flat("#00000000", mode="RGBA")})
    assert at(sheet, 0, 0) == (255, 255, 255)
    assert at(sheet, 1, 0) == (255, 255, 255)


def test_columns_of_different_lengths_are_refused() -> None:
    for columns in ({}, {"input": []}, {"input": flat("red"), "output": []}):
        with pytest.raises(ValueError, match="columns of one length"):
            translation_sheet(columns)
