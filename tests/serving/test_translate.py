"""Pictures that are sent: translated as the run does it, or refused in words, whatever they are."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

import mintage


def file_of(width: int, height: int, kind: str = "PNG") -> bytes:
    stream = io.BytesIO()
    pixels = np.arange(width * height * 3, dtype=np.uint32).reshape(height, width, 3) % 251
    Image.fromarray(pixels.astype(np.uint8)).save(stream, kind)
    return stream.getvalue()


def bomb(width: int, height: int) -> bytes:
    """A small file that says it is a very large picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )


HOSTILE = {
    "nothing": b"", "words": b"no picture at all", "a bomb": bomb(60_000, 60_000), "a large one": bomb(9_000, 9_000),
    "half a file": file_of(64, 64)[:500], "a head alone": file_of(64, 64)[:20], "zeros": bytes(10_000),
    "no pixels": bomb(0, 5), "damaged": file_of(64, 64)[:200] + bytes(3_000), "a zip": b"PK\x03\x04" + bytes(100),
    "a page": b"<svg onload=alert(1)></svg>", "half a jpeg": file_of(64, 64, "JPEG")[:300],
}  # fmt: skip


def test_a_picture_is_translated_as_the_run_does_it(client: TestClient, restyler: mintage.Run) -> None:
    sent = file_of(40, 33)
    answer = client.post(f"/v1/translate?model={restyler.path.name}", content=sent)
    assert answer.status_code == 200, answer.text
    wanted = restyler.translate(Image.open(io.BytesIO(sent)))
    with Image.open(io.BytesIO(answer.content)) as made:
        assert np.array_equal(np.asarray(made), np.asarray(wanted))


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_sensible_picture_is_refused(client: TestClient, restyler: mintage.Run, name: str) -> None:
    answer = client.post(f"/v1/translate?model={restyler.path.name}", content=HOSTILE[name])
    assert answer.status_code == 422, answer.text
    assert "Traceback" not in answer.text


def test_a_translator_draws_nothing_out_of_nothing(client: TestClient, restyler: mintage.Run) -> None:
    answer = client.post("/v1/generate", json={"model": restyler.path.name})
    assert answer.status_code == 422
    assert "POST /v1/translate" in answer.text
