"""Every file keeps the rules of the house, and every rule notices when it is broken."""

from __future__ import annotations

from textwrap import dedent

import house
import pytest

MODULES = house.modules()


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.path)
def test_a_file_keeps_the_rules_of_the_house(module: house.Module) -> None:
    assert not [str(breach) for breach in house.breaches(module)]


def test_what_may_be_larger_still_exists() -> None:
    paths = {module.path for module in MODULES}
    assert {name.partition(":")[0] for name in house.LARGER} <= paths


def broken(name: str, text: str) -> list[str]:
    opening = '"""A file that is planted to break a rule."""\n'
    path = f"src/mintage/{name.replace('.', '/')}.py"
    return [breach.rule for breach in house.breaches(house.Module(path, opening + dedent(text), name))]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("games.gan", "from mintage.models.dcgan import DCGAN"),
        ("games.gan", "def late():\n    from mintage.api import train"),
        ("contracts", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from mintage import run"),
        ("training.loop", "import mintage.games.gan"),
        ("layers.norm", "from ..cli import main"),
        ("data.packing", "from mintage.nowhere import thing"),
        ("attic.chest", "x = 1"),
    ],
)
def test_an_import_that_runs_up_is_noticed(name: str, text: str) -> None:
    (rule,) = broken(name, text)
    assert "floor" in rule or "down" in rule


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("models.dcgan", "__all__ = ['DCGAN']\nfrom mintage.games.gan import GAN\nfrom mintage import registry"),
        ("layers.norm", "from mintage.layers.across import alone\nfrom .turns import learning"),
        ("data.packing", "from mintage.contracts import Codec\nfrom mintage.sources import folder"),
        ("run", "from mintage import __version__"),
    ],
)
def test_an_import_that_runs_down_is_let_be(name: str, text: str) -> None:
    assert not broken(name, text)


def test_neighbours_in_a_starred_room_do_not_meet() -> None:
    (rule,) = broken("models.r3gan", "__all__ = ['R3GAN']\nfrom mintage.models.dcgan import Generator")
    assert "do not know each other" in rule


@pytest.mark.parametrize("text", ["x = 1", "__all__ = []", "__all__ = ['One', 'Two']"])
def test_a_file_of_a_registry_has_one_public_name(text: str) -> None:
    (rule,) = broken("metrics.recall", text)
    assert "public" in rule


@pytest.mark.parametrize(
    "text",
    [
        "import pickle",
        "from joblib import dump",
        "import torch\ntorch.save(1, 'x.pt')",
        "from torch import load",
        "import numpy\nnumpy.load('x.npy', allow_pickle=True)",
    ],
)
def test_a_pickle_is_noticed(text: str) -> None:
    (rule,) = broken("storage", text)
    assert "pickle" in rule


def test_a_print_below_the_command_line_is_noticed() -> None:
    (rule,) = broken("watching.live", "def show():\n    print('step 1')")
    assert "below the command line" in rule
    assert not broken("cli.train", "def show():\n    print('step 1')")


def test_what_has_grown_too_large_is_noticed() -> None:
    parameters = ", ".join(f"x{n}" for n in range(8))
    (rule,) = broken("run", f"def act(self, {parameters}):\n    return 1")
    assert "8 parameters" in rule
    (rule,) = broken("run", "def act():\n" + "    x = 1\n" * 60)
    assert "61 lines" in rule
    (rule,) = broken("run", "x = 1\n" * 400)
    assert "401 lines" in rule


@pytest.mark.parametrize("name", ["utils", "training.base_loop", "data.helpers"])
def test_a_drawer_is_noticed(name: str) -> None:
    assert any("drawer" in rule for rule in broken(name, "x = 1"))


def test_a_class_that_manages_is_noticed() -> None:
    (rule,) = broken("run", "class RunManager:\n    pass")
    assert "drawer" in rule


@pytest.mark.parametrize("opening", ["", '"""dcgan"""', '"""Things"""'])
def test_a_file_that_opens_without_a_sentence_is_noticed(opening: str) -> None:
    (breach,) = house.breaches(house.Module("src/mintage/run.py", opening + "\nx = 1\n", "run"))
    assert "sentence" in breach.rule
