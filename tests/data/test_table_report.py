"""What a person is told of a table before it is learned."""

from __future__ import annotations

import json

from mintage.data.table_report import ColumnFacts, TableReport

AGE = ColumnFacts(name="age", kind="integer", missing=0.0, distinct=60)
TOWN = ColumnFacts(name="town", kind="category", missing=0.25, distinct=4, common=("Rome", "Bari", "Pisa"))


def test_the_facts_are_sentences() -> None:
    report = TableReport(count=2_000, columns=(AGE, TOWN, AGE), sampled=2_000)
    assert report.facts_lines()[:3] == [
        "2,000 records of 3 columns: 2 integer, 1 category.",
        "  age: integer, 60 different",
        "  town: category, 4 different (Rome, Bari, Pisa, ...), 25.0% missing",
    ]
    assert report.suggestions() == []


def test_few_records_copies_and_gaps_are_advised_upon() -> None:
    empty = ColumnFacts(name="note", kind="category", missing=0.8, distinct=3)
    report = TableReport(count=100, columns=(empty,), num_copies=30, sampled=100)
    few, copies, gaps = report.suggestions()
    assert "100 records are few" in few
    assert "remove them" in copies
    assert "note: more than half is missing" in gaps


def test_lines_left_out_and_many_columns_are_counted() -> None:
    lines = [("line 3", "it has 4 values, 3 are wanted")]
    report = TableReport(count=900, columns=(AGE,) * 50, sampled=900, num_unreadable=1, unreadable=tuple(lines))
    told = "\n".join(report.lines())
    assert "and 10 more columns" in told
    assert "1 could not be read: line 3 (it has 4 values, 3 are wanted)" in told


def test_it_comes_back_from_json() -> None:
    report = TableReport(count=9, columns=(AGE, TOWN), unreadable=(("line 3", "x"),), remarks=("a: b.",))
    assert TableReport.from_dict(json.loads(json.dumps(report.as_dict()))) == report
