"""Tables as people have them: what is odd is read rightly or refused with what to do, and nothing is lost unsaid."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pd = pytest.importorskip("pandas")

from mintage.codecs.table import Table as Codec  # noqa: E402
from mintage.data.packed import Packed  # noqa: E402
from mintage.data.table_packing import pack_table  # noqa: E402
from mintage.data.table_report import TableReport  # noqa: E402
from mintage.errors import DataError  # noqa: E402
from mintage.sources.table import Table  # noqa: E402


def lines(head: str, row: Callable[[int], str], count: int = 60) -> str:
    return head + "\n" + "".join(row(i) + "\n" for i in range(count))


class Opened:
    """A file packed, and made of its codes again."""

    def __init__(self, path: Path, **settings: Any) -> None:
        self.source = Table(path)
        packed: Packed
        packed, self.report = pack_table(self.source, Codec(**settings), path.parent / "cache")
        self.codec: Any = packed.codec
        self.frame = next(self.source.frames())
        self.again = self.codec.decode_frame(self.codec.encode_frame(self.frame))

    @property
    def kinds(self) -> list[str]:
        return list(self.codec.kinds_of.values())


@pytest.fixture
def opened(tmp_path: Path) -> Callable[..., Opened]:
    def of(content: str | bytes, suffix: str = ".csv", **settings: Any) -> Opened:
        path = tmp_path / f"t{suffix}"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return Opened(path, **settings)

    return of


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "is empty: give it a line of column names"),
        ("\n \n", "is empty"),
        ("a,b\n", "a line of column names at most"),
        ("a,b", "a line of column names at most"),
        ("a,b\n1,2\n", "At least 2 are needed"),
        ("a,b\n" + "1,x\n" * 50, "all are constant"),
        ("id\n" + "".join(f"{i}\n" for i in range(50)), "name their rows"),
        ('a,b\n1,2\n"oops,3\n4,5\n', "a quote is opened there and never closed"),
        (bytes(range(256)) * 8, "is no text"),
    ],
)
def test_what_says_nothing_is_refused_with_what_is_needed(
    opened: Callable[..., Opened], content: str | bytes, why: str
) -> None:
    with pytest.raises(DataError, match=why):
        opened(content)


def test_what_is_no_file_or_no_parquet_is_refused(opened: Callable[..., Opened], tmp_path: Path) -> None:
    with pytest.raises(DataError, match="There is no table at"):
        Table(tmp_path / "none.csv")
    with pytest.raises(DataError, match="cannot be read as a table"):
        opened(b"PAR1 nonsense", ".parquet")


@pytest.mark.parametrize(
    ("encoding", "words"),
    [("cp1252", ["Jörg", "Anaïs", "5 €"]), ("gb18030", ["张伟", "北京", "王芳"]), ("utf-16", ["张伟", "Jörg"]),
     ("utf-16-le", ["a", "ü"]), ("utf-16-be", ["a", "b"]), ("utf-8-sig", ["a", "ü"])],
)  # fmt: skip
def test_letters_of_other_encodings_are_read(opened: Callable[..., Opened], encoding: str, words: list[str]) -> None:
    if encoding == "gb18030":
        pytest.importorskip("charset_normalizer")
    made = opened(lines("név,n", lambda i: f"{words[i % len(words)]},{i % 4}").replace("név", "name").encode(encoding))
    assert list(made.frame.columns) == ["name", "n"]
    assert made.again["name"].tolist() == [words[i % len(words)] for i in range(60)]
    said = any("not UTF-8" in remark for remark in made.report.remarks)
    assert said == (encoding in ("cp1252", "gb18030"))


@pytest.mark.parametrize("text", [",\n", "\t\n", ";\n", "|\n", ",\r\n", ",\r"])
def test_columns_are_parted_by_any_usual_sign_and_lines_by_any_end(opened: Callable[..., Opened], text: str) -> None:
    sign, end = text[0], text[1:]
    made = opened(end + lines("a,b", lambda i: f"x{i % 3},{i % 4}").replace(",", sign).replace("\n", end))
    assert made.frame.shape == (60, 2)
    assert made.again["b"].tolist() == [i % 4 for i in range(60)]


def test_quotes_hold_separators_and_ends_of_lines_in_names_too(opened: Callable[..., Opened]) -> None:
    made = opened(lines('"a\nx","b,c"', lambda i: f'"line {i % 3}\nnext, ""so""",{i % 4}'))
    assert list(made.frame.columns) == ["a\nx", "b,c"]
    assert made.again["a\nx"][1] == 'line 1\nnext, "so"'
    assert len(made.frame) == 60


def test_names_that_stand_twice_or_nowhere_are_numbered(opened: Callable[..., Opened]) -> None:
    made = opened(lines("a,a,a_2,", lambda i: f"{i % 3},{i % 4},{i % 5},{i % 2}"))
    assert list(made.frame.columns) == ["a", "a_3", "a_2", "column_4"]
    assert sum("called 'a'" in remark for remark in made.report.remarks) == 1
    assert made.again["a_2"].tolist() == [i % 5 for i in range(60)]


@pytest.mark.parametrize("first", [0, 1])
def test_lines_with_too_many_values_are_left_out_and_listed_wherever_they_stand(
    opened: Callable[..., Opened], first: int
) -> None:
    made = opened(lines("a,b,c", lambda i: f"1,2,{i % 2}" + ",4" * (i % 10 == first)))
    assert len(made.frame) == 54
    assert made.report.num_unreadable == 6
    assert made.report.unreadable[0][1] == "it has 4 values, 3 are wanted"
    assert "6 could not be read" in " ".join(made.report.lines())


def test_lines_with_too_few_values_are_kept(opened: Callable[..., Opened]) -> None:
    made = opened(lines("a,b,c", lambda i: f"{i % 4},{i % 3}" + f",{i % 2}" * (i % 10 > 0)))
    assert len(made.frame) == 60
    assert made.again["c"].isna().sum() == 6


def test_rows_that_are_wider_than_the_names_lose_nothing(opened: Callable[..., Opened]) -> None:
    by_r = opened(lines("a,b", lambda i: f"r{i},{i % 3},{i % 4}"))
    assert list(by_r.frame.columns) == ["row", "a", "b"]
    assert by_r.again["b"].tolist() == [i % 4 for i in range(60)]
    wider = opened(lines("a,b", lambda i: f"{i % 2},{i % 3},{i % 4},{i % 5}"))
    assert list(wider.frame.columns) == ["a", "b", "column_3", "column_4"]
    assert any("the last values are numbered" in remark for remark in wider.report.remarks)
    ended = opened(lines("a,b", lambda i: f"{i % 2},{i % 3},"))
    assert ended.again["b"].tolist() == [i % 3 for i in range(60)]


def test_a_column_without_values_stays_empty(opened: Callable[..., Opened]) -> None:
    made = opened(lines("a,b", lambda i: f",{i % 5}"))
    assert made.again["a"].isna().all()
    assert "a: every value is missing, so it stays empty." in made.report.remarks


def test_words_among_numbers_are_words_or_said_to_be_missing(opened: Callable[..., Opened]) -> None:
    half = opened(lines("a,b", lambda i: f"{'x' if i % 3 else i % 6},{i % 5}"))
    assert half.again["a"].tolist() == ["x" if i % 3 else str(i % 6) for i in range(60)]
    few = opened(lines("a,b", lambda i: f"{'x' if i % 20 == 0 else i % 7},{i % 5}"))
    assert few.kinds == ["integer", "integer"]
    assert any("3 values are no number ('x')" in remark for remark in few.report.remarks)


def test_dates_in_three_forms_are_one_column_of_dates(opened: Callable[..., Opened]) -> None:
    days = pd.date_range("2020-01-01", periods=90)
    forms = ["%Y-%m-%d", "%d.%m.%Y", "%b %d, %Y"]
    made = opened(lines("d,b", lambda i: f'"{days[i].strftime(forms[i % 3])}",{i % 4}', 90))
    assert made.again["d"].tolist() == list(days)
    assert any("written in 3 ways" in remark for remark in made.report.remarks)


@pytest.mark.parametrize("year", [1500, 2250])
def test_years_far_from_ours_are_kept(opened: Callable[..., Opened], year: int) -> None:
    made = opened(lines("d,b", lambda i: f"{year + i}-03-04,{i % 4}"))
    assert made.again["d"].dt.year.tolist() == [year + i for i in range(60)]


@pytest.mark.parametrize(
    ("write", "meant"),
    [
        (lambda i: f"{i % 20},{i % 10}5", lambda i: i % 20 + (i % 10) / 10 + 0.05),
        (lambda i: f"{i % 20},{100 + i}", lambda i: i % 20 + (100 + i) / 1000),
        (lambda i: f"{1 + i % 20}.{100 + i},50", lambda i: (1 + i % 20) * 1000 + 100 + i + 0.5),
    ],
)
def test_decimal_commas_are_decimals(
    opened: Callable[..., Opened], write: Callable[[int], str], meant: Callable[[int], float]
) -> None:
    made = opened(lines("p;x", lambda i: f"{write(i)};{i % 3}"))
    assert made.again["p"].tolist() == pytest.approx([meant(i) for i in range(60)])


def test_leading_zeros_are_kept(opened: Callable[..., Opened]) -> None:
    made = opened(lines("agent,x", lambda i: f"{['123', '007', '006', '010'][i % 4]},{i % 3}"))
    assert made.again["agent"].tolist() == made.frame["agent"].tolist()
    one = opened(lines("n,x", lambda i: f"{'07' if i == 5 else i % 9},{i % 3}", 300))
    assert one.kinds == ["integer", "integer"]
    assert any("1 values begin with 0" in remark for remark in one.report.remarks)
    asked = opened(lines("agent,x", lambda i: f"00{i % 9},{i % 3}"), kinds={"agent": "integer"})
    assert asked.again["agent"].tolist() == [i % 9 for i in range(60)]


def test_digits_beyond_doubles_are_not_rounded(opened: Callable[..., Opened], tmp_path: Path) -> None:
    few = opened(lines("n,x", lambda i: f"{2**53 + 1 + 2 * (i % 5)},{i % 3}"))
    assert few.again["n"].tolist() == few.frame["n"].tolist()
    assert opened(lines("n,x", lambda i: f"{10**25 + i * 7},{i % 3}")).kinds[0] == "identifier"
    wide = pd.DataFrame({"n": [2**60 + 1 + i % 3 for i in range(60)], "u": [2**64 - 1 - i % 3 for i in range(60)]})
    wide["gap"] = wide["n"].astype("Int64").mask(wide.index % 2 == 0)
    wide.to_parquet(tmp_path / "wide.parquet")
    again = Opened(tmp_path / "wide.parquet").again
    assert again["n"].tolist() == wide["n"].tolist()
    assert [int(word) for word in again["u"]] == wide["u"].tolist()
    assert again["gap"].dropna().tolist() == wide["gap"].dropna().tolist()


def test_infinite_and_endless_numbers_count_as_missing_and_are_told(opened: Callable[..., Opened]) -> None:
    made = opened(lines("n,x", lambda i: f"{['inf', '-inf', '1e308'][i] if i < 3 else i / 7},{i % 3}", 200))
    assert made.again["n"].isna().sum() == 3
    assert np.isfinite(made.again["n"].dropna()).all()
    assert any("3 values are no number ('inf', '-inf', '1e308')" in remark for remark in made.report.remarks)


def test_truths_negative_and_skewed_numbers_come_back(opened: Callable[..., Opened]) -> None:
    rng = np.random.default_rng(0)
    skewed = -rng.lognormal(0, 3, 500)
    made = opened(lines("p,q,n", lambda i: f"{i % 2 == 0},{['yes', 'no'][i % 2]},{float(skewed[i])}", 500))
    assert made.kinds == ["boolean", "category", "number"]
    assert made.again["p"].tolist() == made.frame["p"].tolist()
    assert made.again["n"].tolist() == pytest.approx(skewed.tolist(), rel=0.02)
    assert (made.again["n"] < 0).all()


def test_parquet_of_any_type_is_a_table(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "list": [[1, 2], [3], None, [1, 2]] * 20,
            "struct": [{"x": i % 3} for i in range(80)],
            "word": pd.Categorical(["x", "y", None, "z"] * 20),
            "truth": [True, None, False, True] * 20,
            "span": pd.to_timedelta([1, 2, 3, 5] * 20, unit="s"),
            "zoned": pd.date_range("2020-01-01", periods=80, tz="Europe/Rome"),
        },
        index=[f"row {i}" for i in range(80)],
    )
    frame.to_parquet(tmp_path / "t.parquet")
    made = Opened(tmp_path / "t.parquet")
    assert made.again["list"][:4].fillna("-").tolist() == ["[1, 2]", "[3]", "-", "[1, 2]"]
    assert made.again["struct"][1] == '{"x": 1}'
    assert made.again["word"].fillna("-").tolist()[:4] == ["x", "y", "-", "z"]
    assert (
        made.again["truth"].astype(object).where(made.again["truth"].notna(), None).tolist() == frame["truth"].tolist()
    )
    assert made.again["span"].tolist() == [1, 2, 3, 5] * 20
    assert made.again["zoned"].tolist() == frame["zoned"].dt.tz_convert(None).tolist()
    assert sum("taken as words" in remark for remark in made.report.remarks) == 2


def test_many_levels_and_many_columns_are_a_table(opened: Callable[..., Opened], tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    levels = rng.integers(50_000, size=120_000)
    made = opened(lines("w,x", lambda i: f"w{levels[i]},{i % 4}", 120_000))
    (column, _) = made.codec.spec.columns
    assert len(column.levels) == 2
    assert "are not made, for they would give those records away" in " ".join(made.report.remarks)
    kept = made.again["w"] != "(rare)"
    assert (made.again["w"][kept] == made.frame["w"][kept]).all()
    wide = opened(",".join(f"c{i}" for i in range(400)) + "\n" + (",".join(str(i % 7) for i in range(400)) + "\n") * 9
                  + ",".join(str(i % 5) for i in range(400)) + "\n")  # fmt: skip
    assert len(wide.codec.columns) == 400


def test_a_line_of_values_instead_of_names_is_told(opened: Callable[..., Opened]) -> None:
    made = opened(lines("1,2", lambda i: f"{i % 3},{i % 4}"))
    assert any("add a line of names" in remark for remark in made.report.remarks)


def test_a_table_has_its_records_by_number_and_its_content_as_a_word(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(lines("a,b", lambda i: f"{i},{i % 4}"))
    table = Table(path)
    assert len(table) == 60
    assert table[7].x == {"a": "7", "b": "3"}
    with pytest.raises(IndexError):
        table[60]
    before = table.fingerprint(), table.stamp()
    assert (Table(path).fingerprint(), Table(path).stamp()) == before
    path.write_text(lines("a,b", lambda i: f"{i},{i % 5}"))
    assert Table(path).fingerprint() != before[0]
    assert Table(path).stamp() != before[1]


def test_the_report_comes_back_from_json(opened: Callable[..., Opened]) -> None:
    report = opened(lines("a,b", lambda i: f"{i % 4},{i % 3}")).report
    assert TableReport.from_dict(report.as_dict()) == report
