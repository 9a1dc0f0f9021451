"""A run's diary survives crashes, odd numbers and resumed runs."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mintage.watching.log import Log, cut, read


def test_rows_come_back_as_they_went_in(tmp_path: Path) -> None:
    path = tmp_path / "run" / "log.jsonl"
    rows = [{"step": 100, "a/b": 0.5}, {"event": "diagnosis", "message": "für immer 裤子"}]
    with Log(path) as log:
        for row in rows:
            log.append(row)
        assert read(path) == rows  # before it is closed
    assert read(path) == rows
    assert read(tmp_path / "nothing.jsonl") == []


def test_numbers_that_json_cannot_say_become_null_and_those_of_numpy_plain(tmp_path: Path) -> None:
    with Log(tmp_path / "log.jsonl") as log:
        log.append({"nan": math.nan, "inf": -math.inf, "f": np.float32(0.5), "i": np.int64(3), "deep": [math.nan]})
    assert read(tmp_path / "log.jsonl") == [{"nan": None, "inf": None, "f": 0.5, "i": 3, "deep": [None]}]


@pytest.mark.parametrize("torn", ['{"step": 20, "los', "\0\0\0\0", '{"step": 20'])
def test_a_torn_end_is_left_out_and_does_not_swallow_the_next_row(tmp_path: Path, torn: str) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text('{"step": 10}\n' + torn)
    assert read(path) == [{"step": 10}]
    with Log(path) as log:
        log.append({"step": 30})
    assert read(path) == [{"step": 10}, {"step": 30}]


def test_a_torn_end_longer_than_a_block_is_found(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text('{"step": 10}\n{"text": "' + 10_000 * "x")
    Log(path).close()
    assert path.read_text() == '{"step": 10}\n'


def test_a_killed_process_leaves_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    script = f"""
import os, signal
from pathlib import Path
from mintage.watching.log import Log
log = Log(Path({str(path)!r}))
for step in range(50):
    log.append({{"step": step}})
os._exit(9)
"""
    subprocess.run([sys.executable, "-c", script], check=False)
    assert [row["step"] for row in read(path)] == list(range(50))


def test_a_resumed_run_forgets_what_came_after_its_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    rows = [{"note": "first"}, {"step": 100}, {"event": "checkpoint", "step": 200}, {"step": 200}, {"step": 300}]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows) + '{"step": 4')
    cut(path, 200)
    assert read(path) == rows[:-1]
