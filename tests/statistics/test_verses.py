"""The form of verse: real poems of known form, templates, and what is no poem."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mintage.errors import ConfigError, DataError
from mintage.statistics.verses import form, keeps, lines, parse, regularity, verse, whole_lines

QUATRAIN = "白日依山尽，黄河入海流。\n欲穷千里目，更上一层楼。"
EIGHT = "红豆生南国，春来发几枝？愿君多采撷，此物最相思。" * 2
SEVENS = "黄河远上白云间，一片孤城万仞山。羌笛何须怨杨柳，春风不度玉门关。"


def test_lines_end_at_marks_and_at_ends_of_lines_and_quotes_have_no_length() -> None:
    assert lines(QUATRAIN) == ["白日依山尽", "黄河入海流", "欲穷千里目", "更上一层楼"]
    assert form("“采莲”南塘秋；莲花《过》人头！\r\n\r\n  低头：") == [5, 5, 2]
    assert form("，。\n …… \n") == []


def test_half_width_marks_end_lines_of_chinese_only() -> None:
    assert form("白日依山尽,黄河入海流.") == [5, 5]
    assert form("I wandered lonely as a cloud,\nThat floats, on high; o'er vales") == [23, 24]
    assert form("古池や\n蛙飛びこむ\n水の音") == [3, 5, 3]


def test_in_a_template_every_mark_ends_a_line_and_accents_have_no_length() -> None:
    assert keeps("Hello, my café.", "5,6")
    assert keeps("cafe\u0301\nab", "4,2")


def test_titles_and_authors_are_no_verse() -> None:
    for head in ("《登鹳雀楼》\n作者：王之涣\n", "题目:《登鹳雀楼》\n作者:王之涣（６８８－７４２）\n\n", ""):
        assert verse(head + QUATRAIN) == QUATRAIN
    assert verse("no mark\nends a line") == "no mark\nends a line"
    assert verse("") == ""


@pytest.mark.parametrize(
    ("template", "lengths"),
    [("5x4", [5] * 4), ("7×8", [7] * 8), ("5,7,5", [5, 7, 5]), (" 3 , 10x2", [3, 10, 10])],
)
def test_templates_say_lengths_of_lines(template: str, lengths: list[int]) -> None:
    assert parse(template) == lengths


@pytest.mark.parametrize("template", ["", "5x", "x4", "0x4", "5x0", "5,,5", "5 7", "5;5", "a", "-5", "५x4"])
def test_what_is_no_template_is_refused_with_examples(template: str) -> None:
    with pytest.raises(ConfigError, match="5x4, 7x8"):
        parse(template)


def test_a_poem_keeps_its_own_template_and_no_other() -> None:
    assert keeps(QUATRAIN, "5x4")
    assert keeps(EIGHT, "5x8")
    assert keeps(SEVENS, "7x4")
    assert not keeps(QUATRAIN, "5x8")
    assert not keeps(QUATRAIN + "余", "5x4")


def test_forms_are_counted_apart() -> None:
    found = regularity([QUATRAIN, EIGHT, SEVENS, QUATRAIN + "三字句，", "一二三四，五六七八。", "只有一行字，", ""])
    assert (found.poems, found.five, found.seven, found.regular) == (7, 2, 1, 3)
    assert (found.equal, found.quatrains, found.eights) == (4, 2, 1)
    value, interval = found.share(found.regular)
    assert value == pytest.approx(3 / 7)
    assert interval.low < value < interval.high


def test_no_poems_are_refused() -> None:
    with pytest.raises(DataError, match="no poems"):
        regularity([])


@pytest.mark.parametrize("cut", range(len(QUATRAIN)))
def test_lines_read_in_two_pieces_are_the_lines(cut: int) -> None:
    whole, rest = whole_lines(QUATRAIN[:cut])
    assert whole + lines(rest + QUATRAIN[cut:]) == lines(QUATRAIN)


@pytest.mark.data
@pytest.mark.skipif("MINTAGE_TEST_DATA" not in os.environ, reason="needs MINTAGE_TEST_DATA/tang300")
def test_nine_in_ten_of_the_three_hundred_tang_poems_are_regular() -> None:
    text = (Path(os.environ["MINTAGE_TEST_DATA"]) / "tang300/tang300.txt").read_text("utf-8")
    found = regularity([verse(poem) for poem in text.split("\n\n") if poem.strip()])
    assert found.poems == 317
    assert found.regular / found.poems == pytest.approx(0.921, abs=0.001)
    assert (found.quatrains, found.eights) == (97, 145)
