"""Sheets of pictures are nearly square, sharp, and large enough to look at."""

from __future__ import annotations

import pytest
from PIL import Image, ImageFont

from mintage.watching.grid import contact_sheet, font_for


def greys(count: int, side: int = 28) -> list[Image.Image]:
    return [Image.new("L", (side, side), 255 * index // count) for index in range(count)]


@pytest.mark.parametrize(("count", "columns"), [(1, 1), (2, 2), (8, 4), (10, 5), (12, 4), (36, 6), (64, 8), (17, 5)])
def test_a_sheet_is_nearly_square(count: int, columns: int) -> None:
    sheet = contact_sheet(greys(count), scale=1, gap=0)
    assert sheet.width == 28 * columns


def test_small_pictures_are_enlarged_by_whole_factors_and_stay_sharp() -> None:
    picture = Image.new("L", (8, 8), 0)
    picture.putpixel((0, 0), 255)
    sheet = contact_sheet([picture] * 4, gap=2)
    assert 850 <= sheet.width <= 950
    assert {colour[1] for colour in sheet.getcolors() or []} == {(0, 0, 0), (255, 255, 255), (38, 40, 46)}


def test_large_pictures_are_not_made_smaller() -> None:
    assert contact_sheet([Image.new("RGB", (640, 480))] * 4, gap=0).size == (1280, 960)


def test_every_mode_of_picture_finds_a_place_and_glass_shows_white() -> None:
    modes = [Image.new("1", (9, 9)), Image.new("P", (9, 9)), Image.new("RGBA", (9, 9), (255, 0, 0, 0)), *greys(1, 9)]
    sheet = contact_sheet(modes, columns=4, scale=1, gap=0)
    assert sheet.getpixel((2 * 9 + 4, 4)) == (255, 255, 255)


def test_pictures_of_other_sizes_are_centred() -> None:
    sheet = contact_sheet([Image.new("L", (9, 9)), Image.new("L", (3, 3), 255)], columns=2, scale=1, gap=0)
    assert [sheet.getpixel((9 + x, 4))[0] for x in (2, 3, 5, 6)] == [38, 255, 255, 38]


def test_labels_and_a_caption_take_their_own_room() -> None:
    bare = contact_sheet(greys(6), columns=2, scale=2)
    told = contact_sheet(greys(6), columns=2, scale=2, caption="step 100", row_labels=["bag", "Stiefel", "裤子"])
    assert told.width > bare.width
    assert told.height > bare.height


def test_no_pictures_and_no_columns_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one image"):
        contact_sheet([])
    with pytest.raises(ValueError, match="at least one column"):
        contact_sheet(greys(2), columns=0)


def test_letters_with_accents_get_a_font_that_has_them() -> None:
    built_in = font_for("step 100 · 6,400 images", 12).getname()
    try:
        ImageFont.truetype("DejaVuSans.ttf", 12)
    except OSError:
        pytest.skip("this machine has no other font")
    assert font_for("Schlüssel", 12).getname() != built_in
