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

BOTH_SIDES = [
    "model.name=cyclegan", "model.width=4", "model.judge_width=4", "model.blocks=1", "model.stakes.pool=3",
    "data.source=unpaired", "codec.size=32", "codec.channels=3", "training.batch=4", "training.frames=2",
    "training.precision=float32",
]  # fmt: skip


def weights(path: Path) -> dict[str, torch.Tensor]:
    checkpoint, _ = Checkpoints(mintage.load(path).directory.checkpoints).latest()
    assert checkpoint is not None
    return {k: v for k, v in checkpoint.training().items() if k.startswith("game.")}


@pytest.mark.parametrize(
    "stakes",
    [[], pytest.param(["model.stakes.r1=1.0", "model.stakes.augment=['translate']"], marks=pytest.mark.slow)],
)
def test_two_processes_equal_one(photos: Path, tmp_path: Path, stakes: list[str]) -> None:
    # two steps: later a unit on its kink may fall to either side, and rounding is no longer all that differs; and not
    # the relativistic loss: it leaves the last bias without a gradient but rounding's, which Adam then enlarges
    stakes = ["model.stakes.objective=non_saturating", *stakes]
    words = [
        str(photos), *TINY, "training.steps=2", "training.precision=float32", "training.channels_last=false", *stakes,
    ]  # fmt: skip
    one, two = (weights(path) for path in in_one_and_two_processes(words, tmp_path))
    for name, tensor in one.items():
        torch.testing.assert_close(two[name], tensor, rtol=1e-4, atol=1e-5, msg=lambda m, name=name: f"{name}: {m}")


@pytest.mark.slow
def test_two_processes_share_one_image_pool(photos: Path, tmp_path: Path) -> None:
    words = [
        str(photos / "disc"), f"data.origin={photos / 'bar'}", *BOTH_SIDES, "training.steps=3",
        "training.channels_last=true",
    ]  # fmt: skip
    one, two = (weights(path) for path in in_one_and_two_processes(words, tmp_path))
    assert int(one["game.pools.target.count"]) == 3
    for name, tensor in one.items():
        # three steps of Adam: where a gradient is all but zero, rounding decides on which side the weight goes
        torch.testing.assert_close(two[name], tensor, rtol=1e-4, atol=5e-4, msg=lambda m, name=name: f"{name}: {m}")


def in_one_and_two_processes(words: list[str], out: Path) -> list[Path]:
    """The runs of the same training by one process and by two."""
    for name, launcher in {
        "one": [],
        "two": ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"],
    }.items():
        command = [sys.executable, *launcher, "-m", "mintage", "train", *words, "--out", str(out / name), "-q"]
        subprocess.run(command, check=True, env={**os.environ, "OMP_NUM_THREADS": "1"}, timeout=120)
    return [next((out / name).iterdir()) for name in ("one", "two")]
