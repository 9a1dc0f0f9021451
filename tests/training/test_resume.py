"""A run that is stopped, killed or damaged goes on as if nothing had happened."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from tests.conftest import TINY

import mintage
from mintage.api import Run
from mintage.errors import RunError
from mintage.training.checkpoint import Checkpoints

MODELS = {
    "dcgan": [],
    "augmented": ["model.stakes.augment=['translate']", "model.stakes.augment_target=0.6", "data.augment=['flip']"],
    "penalised": ["model.stakes.r1=1.0", "model.stakes.penalty_every=3", "model.stakes.critic_steps=2"],
    "accumulated": ["training.accumulate=2"],
}


def trained(photos: Path, out: Path, *overrides: str, steps: int = 12) -> Run:
    words = [*TINY, f"training.steps={steps}", "training.precision=float32", "training.channels_last=false", *overrides]
    return mintage.train(photos, overrides=words, out=out)


def state(run: Run) -> dict[str, torch.Tensor]:
    checkpoint, _ = Checkpoints(run.directory.checkpoints).latest()
    assert checkpoint is not None
    return checkpoint.training() | {f"sampler.{k}": v for k, v in checkpoint.sampler().items()}


def assert_same(one: Run, other: Run) -> None:
    a, b = state(one), state(other)
    assert a.keys() == b.keys()
    assert [key for key in a if not torch.equal(a[key], b[key])] == []


@pytest.mark.parametrize("overrides", MODELS.values(), ids=MODELS.keys())
def test_a_resumed_run_ends_bit_identical_to_an_unbroken_one(
    photos: Path, tmp_path: Path, overrides: list[str]
) -> None:
    unbroken = trained(photos, tmp_path / "a", *overrides)
    broken = trained(photos, tmp_path / "b", *overrides, "training.max_seconds=0.000001", "training.workers=0")
    assert 0 < broken.facts["steps"] < 12
    while not broken.facts["finished"]:
        broken = broken.resume(["training.workers=2"])
    assert_same(unbroken, broken)


@pytest.mark.parametrize("model", ["dcgan_article", "resgan", "r3gan", "fastgan"])
def test_every_model_resumes_exactly(photos: Path, tmp_path: Path, model: str) -> None:
    sizes = [] if model == "dcgan_article" else ["model.width=8"]
    words = [
        f"model.name={model}", *sizes, "training.batch=4", "training.steps=3", "training.frames=2",
        "training.precision=float32", "training.channels_last=false", "model.latent_dim=8",
    ]  # fmt: skip
    unbroken = mintage.train(photos, overrides=words, out=tmp_path / "a")
    broken = mintage.train(photos, overrides=[*words, "training.max_seconds=0.000001"], out=tmp_path / "b")
    while not broken.facts["finished"]:
        broken = broken.resume()
    assert_same(unbroken, broken)


def test_a_damaged_newest_checkpoint_falls_back_to_the_one_before(photos: Path, tmp_path: Path) -> None:
    unbroken = trained(photos, tmp_path / "a")
    run = trained(photos, tmp_path / "b", "training.checkpoint_every=6")
    newest = run.directory.checkpoints / "0000012" / "training.safetensors"
    data = bytearray(newest.read_bytes())
    data[-5] ^= 1
    newest.write_bytes(data)
    told: list[str] = []
    run = run.resume(watchers=[lambda row: told.append(str(row.get("message", "")))])
    assert any("damaged" in message and "0000012" in message for message in told)
    assert_same(unbroken, run)


def test_when_every_checkpoint_is_damaged_the_error_says_so(photos: Path, tmp_path: Path) -> None:
    run = trained(photos, tmp_path, steps=2)
    for file in run.directory.checkpoints.rglob("*.safetensors"):
        file.write_bytes(b"torn")
    with pytest.raises(RunError, match="damaged"):
        run.resume(["training.steps=4"])


def test_changed_data_is_refused(photos: Path, tmp_path: Path) -> None:
    import shutil

    folder = tmp_path / "photos"
    shutil.copytree(photos, folder)
    run = trained(folder, tmp_path, steps=2)
    next(folder.rglob("*.png")).unlink()
    with pytest.raises(RunError, match="has changed"):
        run.resume(["training.steps=4"])


def start(photos: Path, out: Path, *words: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "mintage", "train", *words, "--out", str(out), "--quiet"]
    return subprocess.Popen(command, env={**os.environ, "OMP_NUM_THREADS": "1"}, start_new_session=True)


def words_for(photos: Path, steps: int) -> list[str]:
    fixed = ["training.precision=float32", "training.channels_last=false", "training.checkpoint_every=3"]
    return [str(photos), *TINY, f"training.steps={steps}", *fixed]


def wait_for_checkpoint(out: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while not list(out.glob("*/checkpoints/0*")) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)


def test_ctrl_c_finishes_the_step_saves_and_exits_with_zero(photos: Path, tmp_path: Path) -> None:
    process = start(photos, tmp_path, *words_for(photos, 100_000))
    wait_for_checkpoint(tmp_path, process)
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0
    (path,) = tmp_path.iterdir()
    run = mintage.load(path)
    checkpoint, complaints = Checkpoints(run.directory.checkpoints).latest()
    assert checkpoint is not None
    assert checkpoint.step == run.facts["steps"] > 0
    assert not complaints
    assert run.directory.report.exists()


def test_a_run_killed_at_a_random_moment_goes_on_bit_identically(photos: Path, tmp_path: Path) -> None:
    unbroken = mintage.train(photos, overrides=words_for(photos, 40)[1:], out=tmp_path / "a")
    process = start(photos, tmp_path / "b", *words_for(photos, 40))
    wait_for_checkpoint(tmp_path / "b", process)
    time.sleep(random.Random(1).uniform(0, 0.3))
    process.kill()
    process.wait()
    (path,) = (tmp_path / "b").iterdir()
    assert_same(unbroken, mintage.load(path).resume())


def test_a_full_disk_loses_a_checkpoint_and_nothing_else(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mintage.training import checkpoint

    whole, calls = checkpoint.save_file, iter(range(1000))

    def sometimes_full(*arguments: object) -> None:
        if 2 <= next(calls) < 4:
            raise OSError(28, "No space left on device")
        whole(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(checkpoint, "save_file", sometimes_full)
    told: list[dict[str, object]] = []
    words = [*words_for(photos, 12)[1:]]
    run = mintage.train(photos, overrides=words, out=tmp_path, watchers=[lambda row: told.append(dict(row))])
    assert [row["step"] for row in told if row.get("event") == "not_saved"] != []
    assert run.facts["finished"]
    assert not list(run.directory.checkpoints.glob(".*"))
    latest, complaints = Checkpoints(run.directory.checkpoints).latest()
    assert latest is not None
    assert (latest.step, complaints) == (12, [])


def test_two_processes_cannot_train_one_run(photos: Path, tmp_path: Path) -> None:
    run = trained(photos, tmp_path, steps=2)
    with run.directory.locked(), pytest.raises(RunError, match="another process"):
        run.resume(["training.steps=4"])
