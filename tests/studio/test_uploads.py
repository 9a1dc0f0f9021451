"""What is dropped: safe names, honest zips, nothing half kept, and two hundred hostile uploads that all hear 4xx."""

from __future__ import annotations

import io
import itertools
import stat
import struct
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

pytest.importorskip("fastapi")
from fastapi.testclient import TestClient

from mintage.studio.app import make_app
from mintage.studio.place import Place
from mintage.studio.zips import Limits

Files = list[tuple[str, bytes]]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    root = tmp_path_factory.mktemp("uploads")
    return Place(root / "studio", root / "runs")


@pytest.fixture(scope="module")
def studio(place: Place) -> TestClient:
    return TestClient(make_app(place, token=""), "http://localhost")  # without its lifespan: nothing is run


def png(side: int = 8, colour: int = 0) -> bytes:
    data = io.BytesIO()
    Image.new("L", (side, side), colour).save(data, "PNG")
    return data.getvalue()


def form(files: Files, name: str | None = "drop", field: str = "files", boundary: bytes = b"xyz") -> bytes:
    """A multipart body written by hand, since no client would send these names."""
    parts = []
    if name is not None:
        parts.append(b'Content-Disposition: form-data; name="name"\r\n\r\n' + name.encode(errors="surrogateescape"))
    for told, content in files:
        raw = told.encode(errors="surrogateescape")
        head = b'Content-Disposition: form-data; name="' + field.encode() + b'"; filename="' + raw + b'"\r\n\r\n'
        parts.append(head + content)
    return b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts) + b"--" + boundary + b"--\r\n"


def packed(files: Files, **more: int) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in files:
            info = zipfile.ZipInfo("x" * len(name.encode()))
            info.filename = name  # as it is, whatever ZipInfo thinks of it
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = more.get("mode", 0) << 16
            info.flag_bits |= more.get("flags", 0)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of names that are there twice
                opened.writestr(info, content)
    return data.getvalue()


def send(studio: TestClient, body: bytes, kind: str = "multipart/form-data; boundary=xyz") -> int:
    return studio.post("/api/data", content=body, headers={"content-type": kind}).status_code


CLIMBING = [
    "../x.png", "../../x.png", "a/../../x.png", "a/../x.png", "..", "../", "./../x.png", "a/b/../../../x.png",
    "..\\x.png", "..\\..\\x.png", "a\\..\\..\\x.png", "a/..\\..\\x.png", "..//x.png", ".//..//x.png",
    "a/./../../x.png", "..././../x.png", "a/../../../../../../tmp/x.png", "x/../../../../etc/cron.d/x.png",
    ".../x.png", "a/.../x.png", "a/.. /x.png", "a/ ../x.png", "a/. ./x.png", "....//x.png",
]  # fmt: skip
ABSOLUTE = [
    "/x.png", "//x.png", "/etc/x.png", "/tmp/x.png", "\\x.png", "\\\\server\\share\\x.png", "//server/share/x.png",
    "C:\\x.png", "C:/x.png", "c:x.png", "Z:\\windows\\x.png", "\\\\?\\C:\\x.png", "/proc/self/x.png", "/dev/x.png",
]  # fmt: skip
UNSEEN = [
    *(f"a{chr(code)}b.png" for code in (*range(1, 10), 11, 12, *range(14, 32), 127, 0x85, 0x9F)),
    *(f"a{one}b.png" for one in "\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"),
    "gnp.\u202egpj.png",
]
DEVICES = [
    *(f"{name}.png" for name in ("con", "CON", "prn", "aux", "nul", "NUL", "com1", "COM9", "lpt1", "LPT9", "Con .x")),
    "a/nul/x.png", "aux/x.png", "com1.tar.png", "nul..png", "CONIN$.png", "a/prn.txt",
]  # fmt: skip
LONG = [
    "a" * 300 + ".png", "字" * 100 + ".png", "/".join("d" * 30) + "/x.png", "a/" * 500 + "x.png",
    "/".join(["b" * 150] * 7) + ".png", "x" * 201,
]  # fmt: skip
NOTHING = ["", ".", "/", "a/", "a//", ". ", " .png/"]
USELESS = [
    "x.exe", "x.py", "x.pkl", "x.pt", "x.html", "x.svg", "x.js", "x.sh", "x", "x.zip.exe", "x.7z", "x.rar", "x.tar",
    "x.tar.gz", "x.pth", "x.npy", ".x.png", ".git/x.png", "__MACOSX/x.png", "Thumbs.db", "desktop.ini", ".DS_Store",
]  # fmt: skip
NAMES = [
    "../x", "a/b", "a\\b", "..", ".", "...", "", "\x00", "a\x00b", "a\nb", "\u202ex", "/", "C:\\x", "nul", "con",
    "a" * 200, "字" * 60, "***", "-", "a\x7fb",
]  # fmt: skip


def huge_png() -> bytes:
    """A picture of 60,000 by 60,000 pixels in a few bytes."""
    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    )


def bodies_of_files() -> Iterator[tuple[str, bytes]]:
    """One hostile file beside a good one, so that only the hostile one can be the reason."""
    good = ("good.png", png())
    for name in (*CLIMBING, *ABSOLUTE, *UNSEEN, *DEVICES, *LONG, *NOTHING):
        yield f"name {name[:40]!r}", form([good, (name, png())])
    for name in USELESS:
        yield f"useless {name}", form([(name, b"anything")])
    for name in NAMES[:6] + NAMES[7:]:
        yield f"set {name[:40]!r}", form([good], name)
    yield "not utf-8", form([good, ("a\udcff.png", png())])
    yield "twice", form([("a.png", png()), ("a.png", png())])
    yield "twice but for case", form([("a.png", png()), ("A.PNG", png())])
    yield "a file and a folder", form([("a.png", png()), ("a.png/b.png", png())])
    yield "a folder and a file", form([("a.png/b.png", png()), ("a.png", png())])
    yield "another field", form([good], field="file")
    yield "a bomb", form([good, ("bomb.png", huge_png())])
    for label, content in {
        "no picture": b"this is no picture", "empty": b"", "half": png(64)[:40], "html": b"<html>" * 10,
        "its head alone": b"\x89PNG\r\n\x1a\n", "zeros": b"\0" * 100,
    }.items():  # fmt: skip
        yield f"picture: {label}", form([("x.png", content)])
    for name in ("x.jpg", "x.webp", "x.gif", "x.tif", "x.bmp", "x.parquet", "x.txt", "x.csv", "x.json"):
        yield f"zeros as {name}", form([(name, b"\0" * 64)])


def bodies_of_zips() -> Iterator[tuple[str, bytes]]:
    good = ("good.png", png())

    def one(label: str, content: bytes) -> tuple[str, bytes]:
        return f"zip: {label}", form([("x.zip", content)])

    for name in (*CLIMBING[:14], *ABSOLUTE[:11], *DEVICES[:6], "a\x01b.png", "\u202ex.png", "a" * 300 + ".png"):
        yield one(f"{name[:40]!r}", packed([good, (name, png())]))
    for label, mode in {
        "link": stat.S_IFLNK, "fifo": stat.S_IFIFO, "device": stat.S_IFBLK, "socket": stat.S_IFSOCK,
        "terminal": stat.S_IFCHR,
    }.items():  # fmt: skip
        yield one(label, packed([("x.png", b"/etc/passwd")], mode=mode | 0o777))
    whole = packed([good, ("b.png", png(colour=9))])
    encrypted = bytearray(whole)
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = -1
        while (place := whole.find(mark, place + 1)) >= 0:
            encrypted[place + at] |= 1
    yield one("encrypted", bytes(encrypted))
    yield one("empty", packed([]))
    yield one("no bytes", b"")
    yield one("not a zip", b"PK\x03\x04 not really")
    yield one("text", b"hello")
    for share in (0.3, 0.6, 0.9):
        yield one(f"cut at {share}", whole[: int(len(whole) * share)])
    yield one("damaged", whole.replace(b"IHDR", b"XXXX").replace(whole[60:70], b"\xff" * 10))
    yield one("twice", packed([good, good]))
    yield one("below a file", packed([good, ("good.png/x.png", png())]))
    yield one("nested", packed([("inner.zip", whole)]))
    yield one("nested tar", packed([("inner.tar.gz", b"\x1f\x8b")]))
    yield one("ratio", packed([("zeros.txt", b"\0" * 30_000_000)]))
    yield one("ratio in many", packed([(f"{n}.txt", b"a" * 4_000_000) for n in range(8)]))
    yield one("only hidden", packed([("__MACOSX/._x.png", png()), (".DS_Store", b"x")]))
    yield one("only code", packed([("run.py", b"import os"), ("x.pkl", b"\x80\x04")]))
    yield one("a bomb of pixels", packed([good, ("bomb.png", huge_png())]))
    claims = bytearray(packed([("x.png", png())]))
    at = claims.find(b"PK\x01\x02")
    claims[at + 24 : at + 28] = struct.pack("<I", 4_000_000_000)
    yield one("claims four gigabytes", bytes(claims))
    claims[at + 24 : at + 28] = struct.pack("<I", 5)
    yield one("claims too little", bytes(claims))
    method = bytearray(packed([("x.png", png())]))
    for mark, at in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        method[method.find(mark) + at] = 99
    yield one("an unknown method", bytes(method))
    yield "zip: beside files", form([("x.zip", whole), good])
    yield "zip: two", form([("x.zip", whole), ("y.zip", whole)])


def bodies_that_are_no_forms() -> Iterator[tuple[str, bytes]]:
    whole = form([("a.png", png())])
    yield "no body", b""
    yield "no parts", b"--xyz--\r\n"
    yield "only a name", form([])
    yield "cut off", whole[:-20]
    yield "cut in the head", whole[:30]
    yield "another boundary", form([("a.png", png())], boundary=b"abc")
    yield "a part without a name", b'--xyz\r\nContent-Disposition: form-data; filename="a.png"\r\n\r\nx\r\n--xyz--\r\n'
    yield "a part without a head", b"--xyz\r\n\r\nx\r\n--xyz--\r\n"
    yield "a head without end", b"--xyz\r\n" + b"X-Long: " + b"a" * 9000 + b"\r\n\r\nx\r\n--xyz--\r\n"
    yield "many heads", b"--xyz\r\n" + b"X: y\r\n" * 100 + b"\r\nx\r\n--xyz--\r\n"
    yield "a long field", form([("a.png", png())], "a" * 20_000)
    yield "json", b'{"name": "x"}'


HOSTILE = [*bodies_of_files(), *bodies_of_zips(), *bodies_that_are_no_forms()]


def everything(place: Place) -> set[Path]:
    return {path for path in place.home.parent.rglob("*") if "/.fashion-mnist" not in str(path)}


def test_there_are_at_least_two_hundred_hostile_uploads() -> None:
    assert len(HOSTILE) >= 200
    assert len({label for label, _ in HOSTILE}) == len(HOSTILE)


def test_every_hostile_upload_hears_4xx_and_leaves_nothing(studio: TestClient, place: Place) -> None:
    before = everything(place)
    answers = {label: send(studio, body) for label, body in HOSTILE}
    assert {label: code for label, code in answers.items() if not 400 <= code < 500} == {}
    assert everything(place) == before


@pytest.mark.parametrize(
    "kind",
    [
        "", "text/plain", "application/json", "multipart/form-data", "multipart/form-data; boundary=",
        "multipart/mixed; boundary=xyz", "multipart/form-data; boundary=" + "x" * 300,
    ],
)  # fmt: skip
def test_what_is_no_form_hears_4xx(studio: TestClient, kind: str) -> None:
    assert 400 <= send(studio, form([("a.png", png())]), kind) < 500


@pytest.mark.parametrize("verb", ["get", "delete", "put", "post"])
@pytest.mark.parametrize("name", ["..", "%2e%2e", "..%2f..%2fetc", ".incoming-x", ".trash", "a%00b", "nothing"])
def test_no_address_reaches_out_of_the_shelf(studio: TestClient, place: Place, verb: str, name: str) -> None:
    before = everything(place)
    path = {"put": f"/api/data/{name}/licence", "post": f"/api/data/{name}/restore"}.get(verb, f"/api/data/{name}")
    more = {"json": {"text": "mine"}} if verb == "put" else {}
    assert 400 <= studio.request(verb.upper(), path, **more).status_code < 500
    assert everything(place) == before


@pytest.mark.parametrize("limit", ["files", "one_file", "unpacked"])
def test_more_than_is_taken_at_once_is_refused(
    studio: TestClient, place: Place, limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Limits, limit, 2)
    many = [(f"{n}.png", png(colour=n)) for n in range(3)]
    before = everything(place)
    assert 400 <= send(studio, form([("x.zip", packed(many))])) < 500
    if limit != "one_file":
        assert 400 <= send(studio, form(many)) < 500
    assert everything(place) == before


def test_a_folder_and_its_zip_become_the_same_files(studio: TestClient, place: Place) -> None:
    files = [
        ("photos/猫/1.png", png(colour=1)),
        ("photos/dog/what?.png", png(colour=2)),
        ("photos/dog/b.txt.exe", b"x"),
    ]
    files += [("photos/.hidden/x.png", png()), ("photos/Thumbs.db", b"x"), ("__MACOSX/photos/._1.png", b"x")]
    files += [("photos/dog/broken.png", b"no picture")]
    found = []
    for body in (form(files, "My set"), form([("all.zip", packed(files))], "My set")):
        answer = studio.post("/api/data", content=body, headers={"content-type": "multipart/form-data; boundary=xyz"})
        assert answer.status_code == 201, answer.text
        folder = place.data / answer.json()["name"] / "files"
        found.append({str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()})
    assert found[0] == found[1] == {"photos/猫/1.png": png(colour=1), "photos/dog/what_.png": png(colour=2)}
    assert {"fashion-mnist", "My set", "My set-2"} <= {one["name"] for one in studio.get("/api/data").json()}
    page = studio.get("/api/data/My set").json()
    assert {one["file"]: one["why"] for one in page["skipped"]} == {
        "photos/dog/b.txt.exe": "unknown", "photos/dog/broken.png": "damaged",
    }  # fmt: skip


def test_names_in_a_chinese_zip_without_a_mark_are_read(studio: TestClient, place: Place) -> None:
    """Windows in China writes GB 18030 and no mark."""
    data = packed([("aaaa.png", png())]).replace(b"aaaa.png", "猫狗.png".encode("gb18030"))
    answer = studio.post(
        "/api/data",
        content=form([("动物.zip", data)], None),
        headers={"content-type": "multipart/form-data; boundary=xyz"},
    )
    assert answer.json() == {"name": "动物"}
    assert (place.data / "动物" / "files" / "猫狗.png").is_file()


def test_what_is_deleted_can_be_brought_back(studio: TestClient, place: Place) -> None:
    assert send(studio, form([("a.png", png())], "gone")) == 201
    studio.put("/api/data/gone/licence", json={"text": "mine"})
    assert studio.delete("/api/data/gone").status_code == 204
    assert studio.get("/api/data/gone").status_code == 404
    assert studio.post("/api/data/gone/restore").json() == {"name": "gone"}
    assert studio.get("/api/data/gone").json()["licence"] == "mine"
    assert studio.post("/api/data/gone/restore").status_code == 404
    assert studio.delete("/api/data/fashion-mnist").status_code == 400
    assert list(itertools.islice(place.data.glob(".incoming-*"), 1)) == []
