"""Makes the built-in 10,000 images from the four official Fashion-MNIST files: `make_builtin_data.py FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image

from mintage.sources.idx import Idx

TARGET = Path(__file__).parent.parent / "src/mintage/sources/fashion_mnist"
EACH = 1000


def main(folder: Path) -> None:
    """Keep the first 1,000 of each class, in the training order, as one tall lossless PNG and a line of digits."""
    source = Idx(folder)
    examples = [source[index] for index in range(len(source))]
    labels = np.array([example.condition for example in examples])
    kept = np.sort(np.concatenate([np.flatnonzero(labels == label)[:EACH] for label in range(10)]))
    column = np.concatenate([examples[index].x for index in kept])
    Image.fromarray(column).save(TARGET / "images.png", optimize=True)
    (TARGET / "labels.txt").write_text("".join(str(label) for label in labels[kept]) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
