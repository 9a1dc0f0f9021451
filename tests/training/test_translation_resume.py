"""Translators that are stopped and resumed end as if they had not been, with their pools and every optimiser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from tests.training.test_resume import assert_same
from torch import nn

import mintage
from mintage.experiment import Experiment
from mintage.layers.instance_norm import InstanceNorm
from mintage.opening import open_data
from mintage.recipe import DataSettings
from mintage.training.checkpoint import Checkpoint, Checkpoints

SMALL = {"width": 4, "judge_width": 4, "blocks": 1}
PLAIN = {"steps": 3, "batch": 4, "precision": "float32", "channels_last": False, "workers": 0}
RUNS: dict[str, tuple[str, dict[str, Any]]] = {
    "cyclegan": ("unpaired", {"name": "cyclegan", **SMALL, "stakes": {"pool": 3}}),
    "cyclegan without pool": ("unpaired", {"name": "cyclegan", **SMALL, "stakes": {"pool": 0}}),
    "cut": ("unpaired", {"name": "cut", **SMALL, "points_dim": 8, "stakes": {"patches": 8}}),
    "pix2pix": ("pairs", {"name": "pix2pix", "width": 4}),
    "srgan, adversarial from step 1": ("scale", {
        "name": "srgan", "width": 4, "blocks": 1,
        "stakes": {"adversarial_weight": 0.1, "adversarial_from": 1, "r1": 1.0, "penalty_every": 2},
    }),
    "inpaint": ("holes", {"name": "inpaint", "width": 4, "blocks": 2}),
}  # fmt: skip


@pytest.fixture(scope="session")
def sides(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two folders of 24 pictures of the same names: boxes on grey, and the same boxes in another colour."""
    root, rng = tmp_path_factory.mktemp("sides"), np.random.default_rng(0)
    for index in range(24):
        top, left = rng.integers(2, 14, 2)
        for side, colour in {"a": (220, 60, 60), "b": (60, 60, 220)}.items():
            picture = (128 + rng.integers(-20, 20, (32, 32, 3))).astype(np.uint8)
            picture[top : top + 12, left : left + 14] = colour
            (root / side).mkdir(exist_ok=True)
            Image.fromarray(picture).save(root / side / f"{index:02}.png")
    return root


def data_of(kind: str, sides: Path) -> dict[str, Any]:
    both = {"path": sides / "b", "origin": sides / "a"}
    return {
        "unpaired": {"source": "unpaired", **both},
        "pairs": {"source": "pairs", **both},
        "scale": {"path": sides / "b", "source": "folder", "degrade": {"downscale": {"scale": 2}}},
        "holes": {"path": sides / "b", "source": "folder", "degrade": {"mask": {}}},
    }[kind]


def experiment(name: str, sides: Path, cache: Path, **training: Any) -> Experiment:
    kind, model = RUNS[name]
    settings = data_of(kind, sides)
    data, _, codec = open_data(DataSettings.read(settings), {}, 0, cache)
    raw = {"data": settings, "model": model, "codec": codec, "training": {**PLAIN, **training}}
    return Experiment.prepare(raw, data, torch.device("cpu"))


def state(one: Experiment) -> dict[str, torch.Tensor]:
    averaged = {f"average.{name}": tensor for name, tensor in one.loop.averager.state_dict().items()}
    return {name: tensor.clone() for name, tensor in (one.loop.state_dict() | averaged).items()}


def assert_equal(one: Experiment, other: Experiment) -> None:
    a, b = state(one), state(other)
    assert a.keys() == b.keys()
    assert [name for name in a if not torch.equal(a[name], b[name])] == []


def saved(one: Experiment, folder: Path) -> Checkpoint:
    loop = one.loop
    return Checkpoints(folder).save(loop.averager.state_dict(), loop.state_dict(), {"step": loop.step})


@pytest.mark.parametrize(("name", "channels_last"), [*((name, False) for name in RUNS), ("cyclegan", True)])
def test_it_resumes_after_every_step_bit_identically(name, channels_last, sides, tmp_path) -> None:
    numbers = {"channels_last": channels_last}
    unbroken = experiment(name, sides, tmp_path / "cache", **numbers)
    unbroken.loop.run()
    broken = experiment(name, sides, tmp_path / "cache", **numbers)
    while broken.loop.step < 3:
        broken.loop.advance()
        kept = saved(broken, tmp_path / "kept")
        torch.manual_seed(1000 + kept.step)  # what torch draws elsewhere does not matter
        broken = experiment(name, sides, tmp_path / "cache", **numbers)
        broken.loop.load_state_dict(kept.step, kept.training(), kept.sampler())
    assert_equal(unbroken, broken)


@pytest.mark.parametrize("name", RUNS)
def test_a_checkpoint_holds_the_moments_of_every_parameter_of_every_player(name, sides, tmp_path) -> None:
    one = experiment(name, sides, tmp_path / "cache")
    one.loop.run()
    held = saved(one, tmp_path / "kept").training()
    for player, parameters in one.loop.update.parameters.items():
        for index, parameter in enumerate(parameters):
            for moment in ("exp_avg", "exp_avg_sq"):
                assert held[f"optimizer.{player}/{index}/{moment}"].shape == parameter.shape
    pools = [name for name in held if ".count" in name]
    assert len(pools) == (2 if "cyclegan" in name else 0)
    assert all(held[count] == (0 if "without" in name else 3) for count in pools)


def test_without_its_pool_a_resumed_run_would_end_otherwise(sides, tmp_path) -> None:
    ends = []
    for forgets in (False, True):
        one = experiment("cyclegan", sides, tmp_path / "cache")
        one.loop.advance()
        if forgets:
            for pool in one.game.pools.values():
                pool.samples.zero_()
        one.loop.run()
        ends.append(state(one))
    assert any(not torch.equal(a, b) for a, b in zip(*(end.values() for end in ends), strict=True))


def normed_away(module: nn.Module) -> set[str]:
    """Biases before a normalisation: their gradients are nothing but rounding, of which Adam makes whole steps."""
    return {
        f"{name}.{place}.bias"
        for name, chain in module.named_modules()
        if isinstance(chain, nn.Sequential)
        for place, layer in enumerate(chain[1:])
        if isinstance(layer, InstanceNorm)
    }


@pytest.mark.parametrize("name", RUNS)
def test_micro_batches_equal_the_whole_batch_to_rounding(name, sides, tmp_path) -> None:
    whole, cut = (experiment(name, sides, tmp_path / "cache", accumulate=parts) for parts in (1, 2))
    whole.loop.run()
    cut.loop.run()
    ends = cut.game.state_dict()
    for key, tensor in whole.game.state_dict().items():
        if key not in normed_away(whole.game):
            torch.testing.assert_close(ends[key], tensor, rtol=1e-4, atol=1e-5, msg=lambda m, key=key: f"{key}: {m}")


def test_a_run_with_a_pool_that_is_stopped_and_resumed_ends_like_an_unbroken_one(sides, tmp_path) -> None:
    words = [
        "model.name=cyclegan", "model.width=4", "model.judge_width=4", "model.blocks=1", "model.stakes.pool=3",
        "training.batch=4", "training.steps=3", "training.frames=2", "training.precision=float32",
        "training.channels_last=false", "data.source=unpaired", f"data.origin={sides / 'a'}",
    ]  # fmt: skip
    unbroken = mintage.train(sides / "b", overrides=words, out=tmp_path / "a")
    broken = mintage.train(sides / "b", overrides=[*words, "training.max_seconds=0.000001"], out=tmp_path / "b")
    assert broken.facts["steps"] == 1
    while not broken.facts["finished"]:
        broken = broken.resume()
    assert_same(unbroken, broken)
