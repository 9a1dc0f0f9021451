"""A portrait shows where a table is off, tells it in words too, and keeps nobody's record."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.metrics.populations import KINDS, people
from tests.watching.seen import Page

from mintage.errors import DataError
from mintage.watching.portrait import portrait_html, write_portrait
from mintage.watching.records_sheet import records_sheet

REAL = people(2000, 1)


def kept(tmp_path: Path, made: pd.DataFrame) -> dict:
    return json.loads(write_portrait(tmp_path, REAL, made, KINDS).read_text())


def test_the_column_that_is_off_comes_first(tmp_path: Path) -> None:
    value = kept(tmp_path, people(1500, 2).assign(town="Ulm"))
    names = [column["name"] for column in value["columns"]]
    assert names[0] == "town"
    assert "id" not in names
    assert value["columns"][0]["apart"] == pytest.approx((REAL["town"] != "Ulm").mean(), abs=0.001)
    assert all(column["apart"] < 0.06 for column in value["columns"][1:])
    assert all(sum(column[p]) == pytest.approx(1, abs=0.002) for column in value["columns"] for p in ("real", "made"))


def test_lost_associations_are_seen(tmp_path: Path) -> None:
    shuffled = pd.DataFrame({name: REAL[name].sample(frac=1, random_state=i).to_numpy() for i, name in enumerate(REAL)})
    value = kept(tmp_path, shuffled)
    names = [column["name"] for column in value["columns"]]
    i, j = names.index("age"), names.index("work")
    assert value["associations"]["real"][i][j] > 0.5
    assert value["associations"]["made"][i][j] < 0.1


def test_nothing_of_one_person_is_kept(tmp_path: Path) -> None:
    lone = REAL.copy()
    lone.loc[0, ["town", "income"]] = ["Hidden Hollow", 9_876_543.0]
    text = write_portrait(tmp_path, lone, people(1500, 2), KINDS).read_text()
    assert "Hidden Hollow" not in text
    assert "9.87" not in text
    assert "9876" not in text


def test_the_page_is_whole_and_told_in_words(tmp_path: Path) -> None:
    seen = Page(portrait_html(write_portrait(tmp_path, REAL, people(1500, 2), KINDS)))
    assert seen.fetches_nothing()
    assert "1,500 made records beside 2,000 real ones" in seen.words
    drawings = [svg for svg in seen.all("svg") if svg.get("aria-hidden") != "true"]
    assert len(drawings) == 6 + 3 + 3
    assert all(svg["role"] == "img" and svg["aria-label"] for svg in drawings)
    assert len(seen.all("caption")) == len(seen.all("table")) == 2


def test_hostile_names_stay_text(tmp_path: Path) -> None:
    real = pd.DataFrame({"<script>": ["<b>a</b>"] * 30, "n": range(30)})
    path = write_portrait(tmp_path, real, real, {"<script>": "category", "n": "integer"})
    html = portrait_html(path)
    assert "<script" not in html
    assert "<b>" not in html


def test_what_is_damaged_or_empty_is_passed_over_or_refused(tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text('{"columns": 3}')
    assert portrait_html(tmp_path / "bad.json") == ""
    assert portrait_html(tmp_path / "none.json") == ""
    with pytest.raises(DataError, match="0 made"):
        write_portrait(tmp_path, REAL, REAL[:0], KINDS)


def test_columns_without_any_value_are_drawn(tmp_path: Path) -> None:
    real = pd.DataFrame({"n": [np.nan] * 30, "c": [None] * 30})
    path = write_portrait(tmp_path, real, real, {"n": "number", "c": "category"})
    assert "missing" in portrait_html(path)
    assert records_sheet(real, real, {"n": "number", "c": "category"}).width == 924


def test_a_frame_of_the_film_has_one_size_and_changes_with_what_is_made() -> None:
    near, far = (records_sheet(REAL, made, KINDS) for made in (people(1500, 2), people(1500, 2).assign(town="Ulm")))
    assert near.size == far.size
    assert near.tobytes() != far.tobytes()
