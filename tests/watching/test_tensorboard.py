"""TensorBoard gets the rows where it is installed, and is asked for by name where it is not."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from tests.watching.fake_run import fake_run

from mintage.errors import ConfigError
from mintage.watching.log import read
from mintage.watching.tensorboard import TensorBoard

INSTALLED = importlib.util.find_spec("tensorboard") is not None


@pytest.mark.skipif(INSTALLED, reason="TensorBoard is installed")
def test_without_the_extra_it_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"mintage\[tensorboard\]"):
        TensorBoard(tmp_path)


@pytest.mark.skipif(not INSTALLED, reason="needs TensorBoard")
def test_every_row_of_a_run_is_taken(tmp_path: Path) -> None:
    run = fake_run(tmp_path, steps=200, frames=2)
    with TensorBoard(run.path) as board:
        for row in read(run.log):
            board.row(row)
    assert any((run.path / "tensorboard").iterdir())
