"""Picture files of every kind come in upright and go out with what they had beside their pixels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps

from mintage.errors import ConfigError, DataError
from mintage.pictures import Picture, files_below, read_mask, read_picture, write_picture

ORIENTATION, MAKER, CAMERA, TAKEN, WIDE = 0x0112, 0x010F, 0x8769, 0x9003, 0xA002
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def noise(*shape: int, dtype: type = np.uint8) -> NDArray[np.integer]:
    return np.random.default_rng(0).integers(0, np.iinfo(dtype).max + 1, shape, dtype=dtype)


def through(source: Path, out: Path, channels: int = 3, scale: int = 1) -> Image.Image:
    """Read a file, repeat its pixels, write them, open what was written."""
    picture = read_picture(source, channels)
    pixels = picture.pixels.repeat(scale, axis=0).repeat(scale, axis=1)
    with Image.open(write_picture(picture.image(pixels), source, out)) as image:
        image.load()
    return image


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tif"])
@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_a_turned_picture_becomes_upright_and_keeps_its_other_notes(tmp_path, suffix, orientation) -> None:
    source, exif = tmp_path / f"turned.{suffix}", Image.Exif()
    exif[ORIENTATION], exif[MAKER] = orientation, "A maker"
    exif.get_ifd(CAMERA).update({TAKEN: "2020:01:01 00:00:00", WIDE: 30})
    Image.fromarray(noise(20, 30, 3)).save(source, exif=exif.tobytes(), icc_profile=SRGB)
    with Image.open(source) as image:
        upright = ImageOps.exif_transpose(image)
    made = through(source, tmp_path / "out", scale=2)
    assert made.size == (2 * upright.width, 2 * upright.height)
    if suffix in ("png", "tif"):
        assert np.array_equal(np.asarray(made)[::2, ::2], np.asarray(upright.convert("RGB")))
    notes = made.getexif()
    assert notes.get(ORIENTATION, 1) == 1
    assert notes[MAKER] == "A maker"
    assert notes.get_ifd(CAMERA)[TAKEN] == "2020:01:01 00:00:00"
    assert WIDE not in notes.get_ifd(CAMERA)  # it would be wrong now
    assert made.info["icc_profile"] == SRGB


def test_the_caller_keeps_his_picture_as_it_was() -> None:
    image, exif = Image.fromarray(noise(4, 6, 3)), Image.Exif()
    exif[ORIENTATION] = 6
    image.info["exif"] = exif.tobytes()
    assert read_picture(image, 3).pixels.shape == (6, 4, 3)
    assert image.size == (6, 4)
    assert image.getexif()[ORIENTATION] == 6


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_broken_notes_do_not_cost_the_picture(tmp_path) -> None:
    for number, notes in enumerate((b"Exif\0\0MM\0*\0\0\0\x08\xff\xff", b"Exif\0\0nonsense", b"II*\0\xff\xff\xff\xff")):
        source = tmp_path / f"{number}.jpg"
        Image.fromarray(noise(8, 8, 3)).save(source, exif=notes)
        assert through(source, tmp_path / "out").size == (8, 8)


@pytest.mark.parametrize(("made", "suffix"), [("LA", "png"), ("RGBA", "png"), ("RGBA", "webp"), ("LA", "tif")])
def test_transparency_grows_with_the_picture(tmp_path, made, suffix) -> None:
    source, channels = tmp_path / f"a.{suffix}", 1 if made == "LA" else 3
    Image.fromarray(noise(12, 16, channels + 1) // 2 + 100).convert(made).save(source, **_lossless(suffix))
    out = through(source, tmp_path / "out", channels, scale=2)
    with Image.open(source) as image:
        alpha = image.getchannel("A").resize((32, 24), Image.Resampling.BICUBIC)
    assert np.array_equal(np.asarray(out.getchannel("A")), np.asarray(alpha))


def _lossless(suffix: str) -> dict[str, bool]:
    return {"lossless": True} if suffix == "webp" else {}


def test_what_is_transparent_shows_the_background() -> None:
    clear = np.zeros((2, 2, 4), np.uint8)
    assert (read_picture(clear, 3).pixels == 255).all()
    assert (read_picture(clear, 3, "#102030").pixels == (0x10, 0x20, 0x30)).all()


def test_sixteen_bits_stay_sixteen_in_grey_and_become_eight_in_colour(tmp_path) -> None:
    values = noise(10, 14, dtype=np.uint16)
    for suffix in ("png", "tif"):
        source = tmp_path / f"deep.{suffix}"
        Image.fromarray(values).save(source)
        grey = through(source, tmp_path / "grey", 1)
        assert grey.mode == "I;16"
        assert np.array_equal(np.asarray(grey), values)
        colour = through(source, tmp_path / "colour", 3)
        assert colour.mode == "RGB"
        assert np.abs(np.asarray(colour).astype(float) - values[:, :, None] / 257).max() <= 0.5


def test_floats_are_read_by_their_range_and_others_are_refused(tmp_path) -> None:
    for top in (1, 255):
        Image.fromarray(np.array([[0, top]], np.float32)).save(tmp_path / "float.tif")
        assert read_picture(tmp_path / "float.tif", 1).pixels.ravel().tolist() == [0, 65535]
    for values in ([-1, 0], [0, 300], [0, np.nan]):
        with pytest.raises(DataError, match="holds values"):
            read_picture(np.array([values], np.float32), 1)
    with pytest.raises(DataError, match="Wanted are integers from 0 to 65535"):
        read_picture(Image.fromarray(np.array([[0, 70_000]], np.int32)), 1)


def test_colour_becomes_grey_and_grey_becomes_colour(tmp_path) -> None:
    Image.fromarray(noise(6, 5, 3)).save(tmp_path / "colour.png")
    Image.fromarray(noise(6, 5)).save(tmp_path / "grey.png")
    colour, grey = read_picture(tmp_path / "colour.png", 1), read_picture(tmp_path / "grey.png", 3)
    assert colour.pixels.shape == (6, 5, 1)
    assert not colour.is_grey
    assert np.array_equal(grey.pixels, noise(6, 5)[:, :, None].repeat(3, 2))
    assert grey.is_grey


def test_a_profile_goes_only_with_pixels_of_its_kind(tmp_path) -> None:
    source = tmp_path / "profiled.png"
    Image.fromarray(noise(6, 5, 3)).save(source, icc_profile=SRGB)
    assert "icc_profile" in through(source, tmp_path / "out", 3).info
    assert "icc_profile" not in through(source, tmp_path / "out", 1).info
    grey = SRGB[:16] + b"GRAY" + SRGB[20:]
    Image.fromarray(noise(6, 5)).save(source, icc_profile=grey)
    assert "icc_profile" not in through(source, tmp_path / "out", 3).info
    assert through(source, tmp_path / "out", 1).info["icc_profile"] == grey
    cmyk = tmp_path / "print.jpg"
    Image.new("CMYK", (8, 8), (200, 0, 0, 0)).save(cmyk, icc_profile=SRGB[:16] + b"CMYK" + SRGB[20:])
    printed = through(cmyk, tmp_path / "out", 3)
    assert printed.mode == "RGB"
    assert "icc_profile" not in printed.info


def test_palettes_bits_and_animations_become_pictures(tmp_path) -> None:
    frames = [Image.fromarray(noise(9, 7, 3) // (k + 1)).convert("P") for k in range(3)]
    frames[0].save(tmp_path / "film.gif", save_all=True, append_images=frames[1:])
    frames[0].save(tmp_path / "palette.png")
    Image.fromarray(noise(9, 7) > 127).save(tmp_path / "bits.png")
    clear = Image.fromarray(noise(9, 7) % 4).convert("P")
    clear.save(tmp_path / "clear.gif", transparency=2)
    film = through(tmp_path / "film.gif", tmp_path / "out")
    assert Path(film.filename).name == "film.gif.png"  # GIF has too few colours
    assert np.array_equal(np.asarray(film.convert("RGB")), np.asarray(frames[0].convert("RGB")))
    assert through(tmp_path / "palette.png", tmp_path / "out").mode == "RGB"
    assert set(np.unique(through(tmp_path / "bits.png", tmp_path / "out", 1))) == {0, 255}
    assert through(tmp_path / "clear.gif", tmp_path / "out").mode == "RGBA"


def test_a_file_keeps_its_kind_where_that_can_hold_it(tmp_path) -> None:
    for name, image, written in [
        ("a.jpg", Image.new("RGB", (4, 4)), "a.jpg"),
        ("a.JPEG", Image.new("RGBA", (4, 4)), "a.JPEG.png"),
        ("a.bmp", Image.new("LA", (4, 4)), "a.bmp.png"),
        ("a.webp", Image.new("I;16", (4, 4)), "a.webp.png"),
        ("a.webp", Image.new("L", (16_384, 1)), "a.webp.png"),
        ("a.jpg", Image.new("L", (1, 65_536)), "a.jpg.png"),
        ("a.tif", Image.new("I;16", (4, 4)), "a.tif"),
        ("a.gif", Image.new("RGB", (4, 4)), "a.gif.png"),
    ]:
        assert write_picture(image, Path(name), tmp_path / "out").name == written
    with Image.open(tmp_path / "out" / "a.JPEG.png") as image:
        assert image.format == "PNG"


def test_spared_files_are_not_written_over_even_through_a_link(tmp_path) -> None:
    source = tmp_path / "a.png"
    Image.new("L", (4, 4)).save(source)
    before = source.read_bytes()
    (tmp_path / "link").symlink_to(tmp_path, target_is_directory=True)
    with pytest.raises(ConfigError, match="would be written over"):
        write_picture(Image.new("L", (9, 9)), source, tmp_path / "link", {source.resolve()})
    assert source.read_bytes() == before


def test_a_folder_that_cannot_be_written_to_is_an_error_and_leaves_nothing(tmp_path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(ConfigError, match="choose another folder with --out"):
        write_picture(Image.new("L", (4, 4)), Path("a.png"), tmp_path / "taken")
    (tmp_path / "out" / "a.png" / "inside").mkdir(parents=True)  # the rename fails, as on a full disk the write
    with pytest.raises(ConfigError, match="cannot be written"):
        write_picture(Image.new("L", (4, 4)), Path("a.png"), tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.png"]


def test_what_is_no_picture_is_told_by_name(tmp_path) -> None:
    whole = tmp_path / "whole.png"
    Image.fromarray(noise(40, 40, 3)).save(whole)
    for name, data, message in [
        ("text.png", b"hello", "not a picture"),
        ("empty.jpg", b"", "not a picture"),
        ("short.png", whole.read_bytes()[:2000], "cannot be read|damaged"),
    ]:
        (tmp_path / name).write_bytes(data)
        with pytest.raises(DataError, match=message) as raised:
            read_picture(tmp_path / name, 3)
        assert name in str(raised.value)
    with pytest.raises(DataError, match="no picture at"):
        read_picture(tmp_path / "missing.png", 3)
    for wrong in (np.zeros((0, 4), np.uint8), np.zeros((4, 4, 5), np.uint8), np.zeros((4, 4, 3), np.float32)):
        with pytest.raises(DataError, match="is no picture: give"):
            read_picture(wrong, 3)


def test_arrays_are_pictures_too() -> None:
    assert read_picture(noise(4, 5, 1), 1).pixels.shape == (4, 5, 1)
    assert read_picture(noise(4, 5), 3).pixels.shape == (4, 5, 3)
    assert read_picture(noise(4, 5, 4), 3).alpha is not None
    assert read_picture(noise(4, 5, dtype=np.uint16), 1).pixels.dtype == np.uint16
    assert read_picture(noise(4, 5) > 100, 1).pixels.max() == 255


def test_a_mask_is_white_or_transparent_where_pixels_are_missing(tmp_path) -> None:
    missing = noise(6, 8) > 127
    clear = np.dstack([noise(6, 8, 3), np.where(missing, 0, 255)]).astype(np.uint8)
    deep = missing.astype(np.uint16) * 65535
    for raw in (missing, missing.astype(np.uint8) * 255, clear, deep, Image.fromarray(missing)):
        assert np.array_equal(read_mask(raw, (6, 8)), missing)
    with pytest.raises(DataError, match="mask given is 8x6, but the picture is 6x8"):
        read_mask(missing, (8, 6))


def test_what_was_filled_in_is_opaque() -> None:
    alpha = np.full((4, 4), 255, np.uint8)
    alpha[:2] = 0
    picture = read_picture(np.dstack([noise(4, 4, 3), alpha]), 3)
    assert picture.image(picture.pixels).mode == "RGBA"
    assert picture.image(picture.pixels, alpha < 255).mode == "RGB"
    some = np.asarray(picture.image(picture.pixels, np.eye(4, dtype=bool)))[:, :, 3]
    assert np.array_equal(some, np.where(np.eye(4, dtype=bool), 255, alpha))


def test_files_below_a_folder_come_sorted_and_without_hidden_ones(tmp_path) -> None:
    for name in ("b/2.png", "a.jpg", ".hidden/3.png", "b/.4.png", "b/c/1.PNG", "notes.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = [path.relative_to(tmp_path).as_posix() for path in files_below(tmp_path, (".png", ".jpg"))]
    assert found == ["a.jpg", "b/2.png", "b/c/1.PNG"]


def test_a_single_pixel_is_a_picture() -> None:
    picture = read_picture(np.array([[7]], np.uint8), 1)
    assert isinstance(picture, Picture)
    assert picture.image(picture.pixels).size == (1, 1)
