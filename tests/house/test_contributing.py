"""The code that our pages show is whole: the model of CONTRIBUTING.md plays, the networks of docs/start.md too."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import house
import pytest
import torch

from mintage import registry
from mintage.contracts import Batch, DataSpec, TensorSpec
from mintage.errors import SpecError

(CODE,) = re.findall(r"```python\n(.*?)```", (house.ROOT / "CONTRIBUTING.md").read_text("utf-8"), re.DOTALL)


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    file: Path = tmp_path_factory.mktemp("models") / "mlp_of_the_page.py"
    file.write_text(CODE, "utf-8")
    spec = importlib.util.spec_from_file_location("mlp_of_the_page", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["mlp_of_the_page"] = module
    spec.loader.exec_module(module)
    return module


def test_the_shown_file_keeps_the_rules_of_the_house() -> None:
    module = house.Module("src/mintage/models/mlp.py", CODE, "models.mlp")
    assert not [str(breach) for breach in house.breaches(module)]


@pytest.mark.parametrize("classes", [None, 3])
def test_the_shown_model_plays(shown: ModuleType, classes: int | None) -> None:
    condition = TensorSpec(shape=(), classes=classes) if classes else None
    game = shown.MLPGAN(width=8).build(DataSpec(x=TensorSpec(shape=(1, 6, 6)), condition=condition))
    told = torch.tensor([0, 1, 2, 0]) if classes else None
    batch = Batch(torch.rand(4, 1, 6, 6) * 2 - 1, told)
    for turn in game.turns(0, seed=7):
        stake = turn.stake(batch)
        torch.stack([*stake.pays.values()]).sum().backward(inputs=[*game.players[turn.player].parameters()])
        assert all(parameter.grad is not None for parameter in game.players[turn.player].parameters())
    noise = game.sampler.noise(4, torch.Generator().manual_seed(1))
    assert game.sampler(noise, told).shape == batch.x.shape
    assert all(set(rung.settings) <= set(shown.MLPGAN.model_fields) for rung in shown.MLPGAN.ladder)


def test_the_shown_model_says_what_it_needs(shown: ModuleType) -> None:
    with pytest.raises(SpecError, match="one shape"):
        shown.MLPGAN().build(DataSpec(x=TensorSpec(shape=(None,), classes=256)))


def test_the_networks_of_the_first_steps_can_be_brought(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (house.ROOT / "docs/start.md").read_text("utf-8")
    (code,) = [code for code in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "make_generator" in code]
    (tmp_path / "nets_of_the_page.py").write_text(code, "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    custom = registry.find("models", "custom")
    model = custom(generator="nets_of_the_page:make_generator", discriminator="nets_of_the_page:make_discriminator")
    game = model.build(DataSpec(x=TensorSpec(shape=(1, 28, 28)), condition=TensorSpec(shape=(), classes=10)))
    noise = game.sampler.noise(2, torch.Generator().manual_seed(1))
    assert game.sampler(noise, torch.tensor([3, 4])).shape == (2, 1, 28, 28)
