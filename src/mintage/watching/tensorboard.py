"""Shows a run in TensorBoard too, for those who already look there; it needs the extra of that name."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from PIL import Image

from mintage.errors import ConfigError

__all__ = ["TensorBoard"]


class TensorBoard:
    """Takes the rows of a log as they come: figures become scalars, sample sheets images, alarms texts.

    `run` is the run directory, which sample events name their files from; events go into `run/tensorboard`.

    Raises:
        ConfigError: TensorBoard is not installed.
    """

    def __init__(self, run: Path) -> None:
        try:
            tensorboard: Any = importlib.import_module("torch.utils.tensorboard")
        except ImportError as error:
            raise ConfigError('TensorBoard is not installed: pip install "mintage[tensorboard]".') from error
        self.run = run
        self._writer = tensorboard.SummaryWriter(str(run / "tensorboard"))

    def row(self, row: Mapping[str, Any]) -> None:
        """Pass on a measured row or an event."""
        step = int(row.get("step", 0))
        match row.get("event"):
            case None:
                for key, value in row.items():
                    if key != "step" and isinstance(value, int | float):
                        self._writer.add_scalar(key, value, step)
            case "sample":
                path = self.run / str(row["file"])
                if path.is_file():
                    with Image.open(path) as image:
                        self._writer.add_image("samples", np.asarray(image.convert("RGB")), step, dataformats="HWC")
            case "diagnosis":
                self._writer.add_text("diagnosis", f"**{row['name']}** {row['message']} {row['advice']}", step)
            case "score":
                self._writer.add_scalar(f"score/{row['name']}", row["value"], step)

    def close(self) -> None:
        """Write what is buffered."""
        self._writer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
