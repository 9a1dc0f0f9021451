"""The image codec: every format and mode in, exact pixels out, and an error that says why for everything broken."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from mintage.codecs.image import ImageCodec
from mintage.errors import ConfigError, DataError

RGB = ImageCodec(size=8, channels=3)
GREY = ImageCodec(size=8, channels=1)


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def pixels(codec: ImageCodec, raw: Any) -> NDArray[np.uint8]:
    return codec.encode(raw).numpy()


def noise(*shape: int, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 9), st.sampled_from([1, 3]), st.integers(0, 2**32 - 1))
def test_pixels_survive_the_way_to_the_model_and_back(size: int, channels: Any, seed: int) -> None:
    codec = ImageCodec(size=size, channels=channels)
    array = noise(size, size, channels, seed=seed)
    stored = codec.encode(array)
    again = codec.encode(codec.decode(codec.expand(stored[None])[0]))
    assert torch.equal(stored, torch.from_numpy(array))
    assert torch.equal(again, stored)


def test_all_256_levels_come_back_exactly_and_fill_the_range() -> None:
    codec = ImageCodec(size=16, channels=1)
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    x = codec.expand(codec.encode(levels)[None])
    assert (x.min(), x.max()) == (-1, 1)
    assert np.array_equal(np.asarray(codec.decode(x[0])), levels)


def test_expanded_images_lie_in_channels_last_memory() -> None:
    x = RGB.expand(torch.zeros(2, 8, 8, 3, dtype=torch.uint8))
    assert x.shape == (2, *RGB.spec.shape)
    assert x.is_contiguous(memory_format=torch.channels_last)


def test_values_out_of_range_are_clipped_and_nan_is_grey() -> None:
    x = torch.tensor([[[-9.0, 9.0, float("nan")]]])
    assert np.asarray(GREY.decode(x))[0].tolist() == [0, 255, 0]


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "BMP", "TIFF", "GIF", "JPEG"])
def test_every_format_is_read(kind: str) -> None:
    options = {"lossless": True} if kind == "WEBP" else {"quality": 100} if kind == "JPEG" else {}
    data = saved(Image.new("RGB", (8, 8), (255, 0, 0)), kind, **options)
    assert np.abs(pixels(RGB, data).astype(int) - [255, 0, 0]).max() <= 2


def test_a_path_bytes_an_image_and_an_array_are_one(tmp_path: Path) -> None:
    array = noise(20, 12, 3)
    image = Image.fromarray(array)
    image.save(tmp_path / "a.png")
    first = pixels(RGB, array)
    for raw in (tmp_path / "a.png", str(tmp_path / "a.png"), (tmp_path / "a.png").read_bytes(), image):
        assert np.array_equal(pixels(RGB, raw), first)


@pytest.mark.parametrize(
    ("mode", "colour", "wanted"),
    [
        ("1", 1, (255, 255, 255)),
        ("L", 90, (90, 90, 90)),
        ("LA", (90, 255), (90, 90, 90)),
        ("LA", (90, 0), (255, 255, 255)),
        ("RGBA", (200, 0, 0, 0), (255, 255, 255)),
        ("RGBA", (200, 0, 0, 255), (200, 0, 0)),
        ("CMYK", (0, 255, 255, 0), (255, 0, 0)),
        ("YCbCr", (128, 128, 128), (128, 128, 128)),
    ],
)
def test_every_mode_becomes_rgb(mode: str, colour: Any, wanted: tuple[int, int, int]) -> None:
    image = Image.new(mode, (8, 8), colour)
    kind = "TIFF" if mode in ("CMYK", "YCbCr", "1") else "PNG"
    assert np.abs(pixels(RGB, saved(image, kind)).astype(int) - wanted).max() <= 1


def test_half_transparent_pixels_are_laid_on_the_background() -> None:
    data = saved(Image.new("RGBA", (8, 8), (255, 0, 0, 128)), "PNG")
    codec = RGB.model_copy(update={"background": "#0000ff"})
    stored, facts = codec.inspect(data)
    assert np.abs(stored.numpy().astype(int) - [128, 0, 127]).max() <= 1
    assert facts["done"] == ("composited",)
    assert facts["kind"] == "RGBA"


def test_a_palette_is_looked_up_and_its_transparency_seen() -> None:
    image = Image.new("P", (8, 8), 0)
    image.putpalette([10, 20, 30, 200, 100, 0])
    assert (pixels(RGB, saved(image, "PNG")) == [10, 20, 30]).all()
    stored, facts = RGB.inspect(saved(image, "PNG", transparency=0))
    assert (stored.numpy() == 255).all()
    assert facts["kind"] == "palette with transparency"


def test_a_colour_key_is_transparent() -> None:
    image = Image.new("RGB", (8, 8), (1, 2, 3))
    assert (pixels(RGB, saved(image, "PNG", transparency=(1, 2, 3))) == 255).all()


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bit_grey_keeps_its_range(kind: str) -> None:
    levels = (np.arange(64, dtype=np.uint16) * 4 * 257).reshape(8, 8)
    codec = ImageCodec(channels=1, size=8).fit([np.full((8, 8), 65535, np.uint16)])
    stored, facts = codec.inspect(saved(Image.fromarray(levels), kind))
    assert np.array_equal(stored.numpy()[:, :, 0], levels // 257)
    assert facts["kind"] == "16-bit grey"
    assert np.array_equal(pixels(codec, levels), stored.numpy())


def test_twelve_bits_in_sixteen_are_seen_in_the_sample_and_not_black() -> None:
    scan = np.full((8, 8), 4095, np.uint16)
    scan[0] = 2048
    codec = ImageCodec(channels=1, size=8).fit([scan, scan // 2])
    assert codec.white == 4095
    assert pixels(codec, saved(Image.fromarray(scan), "PNG")).max() == 255
    assert pixels(codec, scan // 2).max() == 127, "one scale for all images, so dark ones stay dark"


def test_a_32_bit_and_a_float_tiff_are_scaled() -> None:
    deep = Image.fromarray(np.linspace(-100_000, 100_000, 64).astype(np.int32).reshape(8, 8))
    found = pixels(GREY, saved(deep, "TIFF"))
    assert (found.min(), found.max()) == (0, 255)
    ramp = np.linspace(0, 1, 64, dtype=np.float32).reshape(8, 8)
    found = pixels(GREY, saved(Image.fromarray(ramp), "TIFF"))[:, :, 0]
    assert np.array_equal(found, np.rint(ramp * 255))
    assert np.array_equal(pixels(GREY, ramp * 255)[:, :, 0], np.rint(ramp * 255))


def test_a_float_image_that_is_not_finite_is_an_error() -> None:
    with pytest.raises(DataError, match="not finite"):
        GREY.encode(np.full((8, 8), np.nan))


def test_exif_turns_the_picture() -> None:
    array = np.zeros((8, 16, 3), np.uint8)
    array[:, 8:] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    data = saved(Image.fromarray(array), "PNG", exif=exif)
    codec = RGB.model_copy(update={"shape": "letterbox", "background": "red", "filter": "nearest"})
    stored, facts = codec.inspect(data)
    assert facts["size"] == (8, 16)
    assert (stored[0, 4] == 0).all()
    assert (stored[7, 4] == 255).all()
    assert stored[4, 0].tolist() == [255, 0, 0]


def test_a_gif_gives_its_first_frame() -> None:
    frames = [Image.new("L", (8, 8), level) for level in (0, 255)]
    data = saved(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert (pixels(GREY, data) == 0).all()


def test_crop_takes_the_middle_and_letterbox_keeps_all() -> None:
    array = np.zeros((8, 24), np.uint8)
    array[:, 8:16] = 255
    stored, facts = GREY.inspect(array)
    assert (stored == 255).all()
    assert facts["done"] == ("cropped",)
    boxed = GREY.model_copy(update={"shape": "letterbox", "background": "black", "filter": "box"})
    stored, facts = boxed.inspect(array)
    assert stored[0].max() == 0
    assert stored[4, 4, 0] == 255
    assert facts["done"] == ("letterboxed",)


def test_small_and_extreme_pictures_are_enlarged() -> None:
    stored, facts = GREY.inspect(np.full((2, 2), 7, np.uint8))
    assert (stored == 7).all()
    assert facts["done"] == ("upscaled",)
    boxed = GREY.model_copy(update={"shape": "letterbox"})
    assert boxed.encode(np.zeros((1, 1000), np.uint8)).shape == (8, 8, 1)


@pytest.mark.parametrize("name", ["lanczos", "bicubic", "bilinear", "box", "nearest"])
def test_every_filter_shrinks(name: Any) -> None:
    assert pixels(ImageCodec(size=8, channels=1, filter=name), noise(50, 40)).shape == (8, 8, 1)


def test_a_large_jpeg_looks_the_same_through_the_fast_path() -> None:
    ramp = np.linspace(0, 255, 1024).astype(np.uint8)
    image = Image.fromarray(np.stack([np.tile(ramp, (1024, 1))] * 3, axis=2))
    fast, slow = pixels(RGB, saved(image, "JPEG", quality=95)), pixels(RGB, image)
    assert np.abs(fast.astype(int) - slow).max() <= 6


BROKEN = {
    "nothing": b"",
    "text": b"<html>404 not found</html>",
    "half": saved(Image.fromarray(noise(64, 64, 3)), "PNG")[:4000],
    "half a jpeg": saved(Image.fromarray(noise(64, 64, 3)), "JPEG")[:1500],
    "half a webp": saved(Image.fromarray(noise(64, 64, 3)), "WEBP")[:600],
    "half a tiff": saved(Image.fromarray(noise(64, 64, 3)), "TIFF")[:900],
    "half a gif": saved(Image.fromarray(noise(64, 64)), "GIF")[:700],
    "half a bmp": saved(Image.fromarray(noise(64, 64, 3)), "BMP")[:700],
    "only a head": b"\x89PNG\r\n\x1a\n",
}


@pytest.mark.parametrize("name", list(BROKEN))
def test_a_broken_file_is_a_data_error_that_says_why(name: str, tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(BROKEN[name])
    wanted = {"nothing": "empty", "text": "not a picture"}.get(name, ".")
    for raw in (BROKEN[name], tmp_path / "x.png"):
        with pytest.raises(DataError, match=wanted):
            RGB.encode(raw)


def test_a_decompression_bomb_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    with pytest.raises(DataError, match="too large"):
        RGB.encode(saved(Image.new("L", (100, 100)), "PNG"))


def test_a_missing_file_and_odd_arrays_are_data_errors(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="No such file"):
        RGB.encode(tmp_path / "gone.png")
    for array in (np.zeros((0, 4), np.uint8), np.zeros((3, 8, 8), np.uint8), np.zeros((4, 4, 3), np.float32)):
        with pytest.raises(DataError, match="no picture"):
            RGB.encode(array)


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["PNG", "JPEG", "GIF", "BMP", "TIFF"]), st.lists(st.tuples(st.integers(0), st.integers(0, 255))))
def test_whatever_is_done_to_a_file_it_is_read_or_a_data_error(kind: str, harm: list[tuple[int, int]]) -> None:
    data = bytearray(saved(Image.fromarray(noise(9, 7, 3)), kind))
    for place, value in harm:
        data[place % len(data)] = value
    with contextlib.suppress(DataError):
        assert RGB.encode(bytes(data)).shape == (8, 8, 3)


@pytest.mark.parametrize(
    ("sides", "size"),
    [([20, 24], 28), ([28, 30], 28), ([50, 63], 32), ([64, 64], 64), ([300, 90, 127], 64), ([999], 128)],
)
def test_the_size_is_chosen_from_the_short_sides(sides: list[int], size: int) -> None:
    codec = ImageCodec().fit([np.zeros((side, side + 40), np.uint8) for side in sides])
    assert codec.size == size
    assert codec.channels == 1


def test_grey_means_that_all_are_grey_whatever_their_mode() -> None:
    grey = saved(Image.fromarray(np.stack([noise(40, 40)] * 3, axis=2)), "JPEG")
    assert ImageCodec().fit([grey, noise(40, 40)]).channels == 1
    assert ImageCodec().fit([grey, noise(40, 40, 3)]).channels == 3
    assert ImageCodec(channels=1).fit([noise(40, 40, 3)]).channels == 1
    hidden = saved(Image.new("RGBA", (40, 40), (200, 0, 0, 0)), "PNG")
    assert ImageCodec().fit([hidden]).channels == 1, "nobody sees the red"


def test_fit_keeps_what_is_set_and_passes_over_what_is_broken() -> None:
    codec = ImageCodec(size=20).fit([b"broken", noise(99, 99, 3)])
    assert (codec.size, codec.channels) == (20, 3)
    with pytest.raises(DataError, match="not a picture"):
        ImageCodec().fit([b"broken"])


def test_an_unfitted_codec_says_what_it_lacks() -> None:
    with pytest.raises(ConfigError, match="no size or channels"):
        ImageCodec().spec
    with pytest.raises(ConfigError, match="no size or channels"):
        ImageCodec().encode(noise(4, 4))


def test_the_state_is_json_and_gives_the_codec_back() -> None:
    codec = ImageCodec(size=32, shape="letterbox", background="#102030").fit([noise(40, 40)])
    assert ImageCodec.from_state(json.loads(json.dumps(codec.state()))) == codec


def test_a_wrong_setting_is_a_config_error() -> None:
    for wrong in ({"background": "nocolour"}, {"shape": "stretch"}, {"size": 0}, {"sise": 64}):
        with pytest.raises(ConfigError):
            ImageCodec.read(wrong)


def test_samples_are_written_as_png_with_their_texts(tmp_path: Path) -> None:
    x = RGB.expand(torch.from_numpy(noise(2, 8, 8, 3)))
    folder = RGB.write([x[0], RGB.decode(x[1])], tmp_path / "out", texts=[{"seed": "7"}, {"class": "靴"}])
    first, second = (Image.open(folder / f"00000{n}.png") for n in range(2))
    assert np.array_equal(np.asarray(second), noise(2, 8, 8, 3)[1])
    assert first.text == {"seed": "7"}  # type: ignore[attr-defined]
    assert second.text == {"class": "靴"}  # type: ignore[attr-defined]
    RGB.write(x, tmp_path / "named", names=["a", "b"])
    assert sorted(file.name for file in (tmp_path / "named").iterdir()) == ["a.png", "b.png"]
    assert RGB.write([x[0]], tmp_path / "deep/one.png").is_file()


def test_a_callers_image_is_left_as_it_was() -> None:
    image = Image.open(io.BytesIO(saved(Image.fromarray(noise(200, 200, 3)), "JPEG")))
    RGB.encode(image)
    ImageCodec().fit([image])
    assert image.size == (200, 200)
    assert np.asarray(image).shape == (200, 200, 3)
