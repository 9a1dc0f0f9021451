"""A table from the command line: learned, drawn, filled in, judged; and what a table has no use for is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.conftest import failed
from typer.testing import CliRunner

from mintage.cli import app

pd = pytest.importorskip("pandas")

from tests.tables import TINY, people  # noqa: E402


def told(*words: str) -> str:
    result = CliRunner().invoke(app, list(words))
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("table") / "people.csv"
    people(600).to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def run(table: Path) -> str:
    said = told(
        "train", str(table), *TINY, "training.steps=20", "training.batch=64", "--out", str(table.parent / "runs")
    )
    assert "600 records of 6 columns" in said
    assert "mintage generate" in said
    (path,) = (table.parent / "runs").iterdir()
    return str(path)


def test_records_are_drawn_into_a_file_of_the_kind_that_is_named(run: str, tmp_path: Path) -> None:
    out = tmp_path / "x.parquet"
    assert "50 records" in told(
        "generate", run, "-n", "50", "--where", "town = Rome", "--no-missing", "--out", str(out)
    )
    made = pd.read_parquet(out)
    assert len(made) == 50
    assert (made["town"] == "Rome").all()
    assert not made.isna().any().any()
    told("generate", run, "-n", "40", "--balance", "rich", "--out", str(tmp_path / "folder"))
    assert pd.read_csv(tmp_path / "folder" / "records.csv")["rich"].value_counts().tolist() == [20, 20]
    assert told("generate", run, "-n", "5", "--quiet", "--out", str(tmp_path / "y.tsv")) == ""
    assert len(pd.read_csv(tmp_path / "y.tsv", sep="\t")) == 5


def test_gaps_are_filled_in(run: str, table: Path, tmp_path: Path) -> None:
    assert "is filled in" in told("generate", run, "--fill", str(table), "--out", str(tmp_path / "whole.csv"))
    assert not pd.read_csv(tmp_path / "whole.csv").isna().any().any()


def test_a_run_is_judged(run: str) -> None:
    pytest.importorskip("sklearn")
    assert "quality" in told("evaluate", run)


def test_what_a_table_has_no_use_for_is_refused(
    run: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    out = ("--out", str(tmp_path / "x.csv"))
    assert "leave --class out" in failed(capsys, monkeypatch, "generate", run, "--class", "1", *out)
    assert "leave --prompt out" in failed(capsys, monkeypatch, "generate", run, "--prompt", "a", *out)
    assert "Did you mean 'town'" in failed(capsys, monkeypatch, "generate", run, "--where", "twon = Rome", *out)
    assert "only columns of a few levels" in failed(capsys, monkeypatch, "generate", run, "--balance", "age", *out)
    assert "no table that Mintage writes" in failed(
        capsys, monkeypatch, "generate", run, "--out", str(tmp_path / "x.xls")
    )
    assert not list(tmp_path.iterdir())


def test_an_empty_table_is_refused_in_a_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "empty.csv").touch()
    assert "is empty" in failed(capsys, monkeypatch, "train", str(tmp_path / "empty.csv"))
