"""A sheet of pairs shows made beside training, large enough to compare, whatever the pictures are."""

from __future__ import annotations

import pytest
from PIL import Image

from mintage.watching.grid import PAPER
from mintage.watching.neighbours import GAP, LINE, SEAM, TITLE, pair_sheet


def test_left_is_made_and_right_is_the_nearest_training_example() -> None:
    made, training = Image.new("RGB", (27, 27), "red"), Image.new("RGB", (27, 27), "blue")
    sheet = pair_sheet([made] * 25, [training] * 25, ["0.5"] * 25)
    side = 108
    assert sheet.height == TITLE + 5 * (side + LINE + GAP // 2)
    for row in range(5):
        for column in range(5):
            x, y = GAP + column * (2 * side + SEAM + GAP), TITLE + row * (side + LINE + GAP // 2)
            assert sheet.getpixel((x, y)) == sheet.getpixel((x + side - 1, y + side - 1)) == (255, 0, 0)
            assert sheet.getpixel((x + side, y)) == PAPER
            assert sheet.getpixel((x + side + SEAM, y)) == (0, 0, 255)


def test_a_pixel_stays_a_pixel() -> None:
    dotted = Image.new("L", (36, 36))
    dotted.putpixel((10, 10), 255)
    sheet = pair_sheet([dotted], [dotted], [""])
    box = (GAP, TITLE, GAP + 108, TITLE + 108)
    assert {colour for _, colour in sheet.crop(box).getcolors() or []} == {(0, 0, 0), (255, 255, 255)}


@pytest.mark.parametrize("size", [(1, 1), (28, 28), (640, 480), (3, 2000)])
def test_pictures_of_any_size_make_a_sheet_one_can_look_at(size: tuple[int, int]) -> None:
    sheet = pair_sheet([Image.new("RGBA", size)] * 6, [Image.new("L", size)] * 6, ["x"] * 6)
    assert sheet.width < 2000
    assert sheet.height < 1000


def test_pairs_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match=r"made pictures \(1\) as nearest ones \(1\) and captions \(0\)"):
        pair_sheet([Image.new("L", (4, 4))], [Image.new("L", (4, 4))], [])
    with pytest.raises(ValueError, match="at least one"):
        pair_sheet([], [], [])
