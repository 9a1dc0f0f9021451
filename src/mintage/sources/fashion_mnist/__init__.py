"""Fashion-MNIST (Xiao et al., 2017): 10,000 images that come with Mintage, or the full set in a folder."""

from __future__ import annotations

import gzip
import hashlib
import io
import urllib.request
import zlib
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mintage import registry, storage
from mintage.contracts import Example
from mintage.errors import DataError

__all__ = ["FashionMNIST"]

_HERE = Path(__file__).parent
_SIDE = 28
_TIMEOUT = 30  # seconds without an answer


class FashionMNIST:
    """Grey 28x28 images of ten kinds of clothing, white on black.

    Without a path: 1,000 training images of each class that come in the package (MIT licence, Zalando SE). With one:
    the idx files there, 60,000 training or 10,000 test images; `fetch` downloads them.

    >>> FashionMNIST().classes[:3]
    ('t-shirt', 'trousers', 'pullover')

    Raises:
        DataError: the path holds no idx files, or damaged ones.
    """

    CLASSES: ClassVar[tuple[str, ...]] = (
        "t-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle-boot",
    )  # fmt: skip
    PIXELS: ClassVar[frozenset[str]] = frozenset(  # sha256 of the pixels of the training and the test images
        {
            "2e487a6c89124f78f2d7521542223cafe96f7123c3ca13d447772ac6ecbb3012",
            "c867c93ff95360594e8ec3287995350b824dd110b11595c0e13d5423f621867a",
        }
    )
    FILES: ClassVar[dict[str, tuple[str, int]]] = {  # sha256 and size unpacked: how a file was packed may differ
        "train-images-idx3-ubyte.gz": ("c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888", 47_040_016),
        "train-labels-idx1-ubyte.gz": ("bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9", 60_008),
        "t10k-images-idx3-ubyte.gz": ("5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b", 7_840_016),
        "t10k-labels-idx1-ubyte.gz": ("0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34", 10_008),
    }
    ADDRESS: ClassVar[str] = "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/"

    def __init__(self, path: Path | None = None, split: Literal["train", "test"] = "train") -> None:
        self.classes = self.CLASSES
        self._idx = None if path is None else registry.find("sources", "idx")(Path(path), split)
        if self._idx is None:
            self._images, self._labels = _built_in()

    @classmethod
    def accepts(cls, path: Path) -> bool:
        """Never: a path with its idx files belongs to the idx source, which knows their names."""
        return False

    def __len__(self) -> int:
        return len(self._images) if self._idx is None else len(self._idx)

    def __getitem__(self, index: int) -> Example:
        if self._idx is not None:
            return self._idx[index]  # type: ignore[no-any-return]
        return Example(str(index), self._images[index], int(self._labels[index]))

    def fingerprint(self) -> str:
        """A hash of pixels and labels."""
        if self._idx is not None:
            return self._idx.fingerprint()  # type: ignore[no-any-return]
        return hashlib.blake2b(self._images.tobytes() + self._labels.tobytes(), digest_size=16).hexdigest()

    @classmethod
    def fetch(cls, destination: Path, progress: Callable[[int, int], None] | None = None) -> Path:
        """Download the four official files (31 MB) to a folder; those that are there and whole are kept.

        Each is checked against a known hash before it gets its name. `progress` is told (files done, files).

        Raises:
            DataError: no network, or a file that isn't the expected one.
        """
        destination.mkdir(parents=True, exist_ok=True)
        for done, (name, (wanted, size)) in enumerate(cls.FILES.items()):
            file = destination / name
            if not (file.is_file() and _unpacked_hash(file.read_bytes(), size) == wanted):
                data = _download(cls.ADDRESS + name, size)
                if _unpacked_hash(data, size) != wanted:
                    raise DataError(f"{cls.ADDRESS}{name} is not the file that was expected: its hash differs.")
                storage.write_bytes(file, data)
            if progress:
                progress(done + 1, len(cls.FILES))
        return destination


def _built_in() -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    with Image.open(_HERE / "images.png") as column:  # all images below each other
        images = np.asarray(column).reshape(-1, _SIDE, _SIDE)
    digits = (_HERE / "labels.txt").read_bytes().strip()
    return images, np.frombuffer(digits, np.uint8).astype(np.int64) - ord("0")


def _download(address: str, size: int) -> bytes:
    try:
        with urllib.request.urlopen(address, timeout=_TIMEOUT) as answer:
            return answer.read(size + 1)  # type: ignore[no-any-return]  # packed is never larger
    except (OSError, HTTPException) as error:  # URLError and timeouts are OSErrors
        raise DataError(
            f"{address} cannot be downloaded: {error}. If the four files are on this machine: mintage train "
            "fashion-mnist --data FOLDER. The built-in 10,000 images need no network: mintage train dcgan-fashion."
        ) from error


def _unpacked_hash(data: bytes, size: int) -> str | None:
    try:
        with gzip.open(io.BytesIO(data)) as stream:
            return hashlib.sha256(stream.read(size + 1)).hexdigest()
    except (OSError, EOFError, zlib.error):
        return None
