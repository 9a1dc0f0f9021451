"""Two processes train the same network as one, to rounding."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from tests.conftest import TINY

import mintage
from mintage.training.checkpoint import Checkpoints


def weights(path: Path) -> dict[str, torch.Tensor]:
    checkpoint, _ = Checkpoints(mintage.load(path).directory.checkpoints).latest()
    assert checkpoint is not None
    return {k: v for k, v in checkpoint.training().items() if k.startswith("game.")}


@pytest.mark.parametrize("stakes", [[], ["model.stakes.r1=1.0", "model.stakes.augment=['translate']"]])
def test_two_processes_equal_one(photos: Path, tmp_path: Path, stakes: list[str]) -> None:
    # two steps: later a unit on its kink may fall to either side, and rounding is no longer all that differs; and not
    # the relativistic loss: it leaves the last bias without a gradient but rounding's, which Adam then enlarges
    stakes = ["model.stakes.objective=non_saturating", *stakes]
    words = [
        str(photos), *TINY, "training.steps=2", "training.precision=float32", "training.channels_last=false", *stakes,
    ]  # fmt: skip
    for name, launcher in {
        "one": [],
        "two": ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"],
    }.items():
        command = [sys.executable, *launcher, "-m", "mintage", "train", *words, "--out", str(tmp_path / name), "-q"]
        subprocess.run(command, check=True, env={**os.environ, "OMP_NUM_THREADS": "1"}, timeout=120)
    one, two = (weights(next((tmp_path / name).iterdir())) for name in ("one", "two"))
    for name, tensor in one.items():
        torch.testing.assert_close(two[name], tensor, rtol=1e-4, atol=1e-5, msg=lambda m, name=name: f"{name}: {m}")
