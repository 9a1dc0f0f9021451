"""What is chosen for texts and tables where a recipe leaves it open: steps, dropout, the ends of lines."""

from pathlib import Path

import pytest
import torch

from mintage.corpus import Corpus
from mintage.experiment import suited
from mintage.opening import open_data
from mintage.recipe import DataSettings, resolve

CPU = torch.device("cpu")
VERSE = "床前明月光，疑是地上霜。\n举头望明月，低头思故乡。\n"


def opened(tmp_path: Path, text: str) -> Corpus:
    (tmp_path / "text.txt").write_text(text, "utf-8")
    data, _, _ = open_data(DataSettings(path=tmp_path / "text.txt"), {"tokens": "char"}, 0, tmp_path / "cache")
    assert isinstance(data, Corpus)
    return data


@pytest.mark.parametrize(("windows", "batch"), [(20, 4), (230, 4), (500, 8), (1_000, 16), (5_000, 16)])
def test_a_small_text_is_learned_in_small_steps(tmp_path: Path, windows: int, batch: int) -> None:
    data = opened(tmp_path, "abcdefgh" * (windows * 128 * 10 // 9 // 8 + 16))
    assert suited(data, 0, CPU)["training"] == {"batch": batch}


@pytest.mark.parametrize(("passes", "dropout"), [(1, 0.0), (4, 0.1), (8, 0.2), (100, 0.3)])
def test_what_is_read_often_is_learned_with_dropout(tmp_path: Path, passes: int, dropout: float) -> None:
    data = opened(tmp_path, "abcdefgh" * 1_000)
    assert suited(data, passes * len(data.train), CPU)["model"]["dropout"] == dropout


def test_what_a_person_asks_for_wins_and_another_writer_keeps_its_habits(tmp_path: Path) -> None:
    chosen = suited(opened(tmp_path, "abcdefgh" * 1_000), 0, CPU)
    assert resolve({}, chosen)[0].training.batch == 4
    assert resolve({"training": {"batch": 32}}, chosen)[0].training.batch == 32
    assert resolve({"model": {"name": "llama"}}, chosen)[0].training.batch == 16


def test_lines_end_with_their_end_and_with_the_marks_of_verse(tmp_path: Path) -> None:
    data = opened(tmp_path, VERSE * 100)
    assert {data.codec.decode(torch.tensor([token])) for token in data.spec.x.ends} == {"\n", "，", "。"}


@pytest.mark.parametrize(("records", "dropout", "batch"), [(1_000, 0.4, 32), (6_000, 0.2, 64), (30_000, 0.1, 512)])
def test_a_small_table_is_learned_in_small_steps_with_dropout(
    tmp_path: Path, records: int, dropout: float, batch: int
) -> None:
    pytest.importorskip("pandas")
    path = tmp_path / "table.csv"
    path.write_text("a,b\n" + "".join(f"{k % 7},{'xy'[k % 2]}\n" for k in range(records)), "utf-8")
    data, _, _ = open_data(DataSettings(path=path), {}, 0, tmp_path / "cache")
    chosen = suited(data, 0, CPU)
    assert (chosen["model"]["dropout"], chosen["training"]["batch"]) == (dropout, batch)
