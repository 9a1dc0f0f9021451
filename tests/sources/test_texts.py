"""Text of every arrangement and encoding comes out as it is, and what is no text is named."""

from __future__ import annotations

import json
import sys
import tracemalloc
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image

from mintage.errors import ConfigError, DataError
from mintage.sources.texts import Texts

CHINESE = "《静夜思》\n作者：李白\n床前明月光，疑是地上霜。\n举头望明月，低头思故乡。\n"
JAPANESE = "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。\n" * 9
MIXED_LINES = "One\r\nTwo\n\tthree \r\n\r\nfour\rfive"


def texts(source: Texts) -> dict[str, str]:
    return {document.name: "".join(document.pieces()) for document in source.documents()}


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode(encoding))
    return path


def test_one_file_is_one_document_with_its_own_line_ends(tmp_path: Path) -> None:
    source = Texts(write(tmp_path / "a.txt", MIXED_LINES))
    assert texts(source) == {"a.txt": MIXED_LINES} == texts(source)
    assert source.encodings == {"a.txt": "utf-8"}
    assert (source.remarks, source.num_unreadable, source.size) == ((), 0, len(MIXED_LINES))


def test_a_folder_is_read_at_any_depth_in_order(tmp_path: Path) -> None:
    for name in ("b.md", "a/2.TXT", "a/1.text", ".hidden.txt", "a/.git/x.txt", "notes.org"):
        write(tmp_path / name, name)
    Image.new("L", (2, 2)).save(tmp_path / "cover.png")
    source = Texts(tmp_path)
    assert texts(source) == {"a/1.text": "a/1.text", "a/2.TXT": "a/2.TXT", "b.md": "b.md"}
    assert "notes.org left out" in source.remarks[0]
    assert list(texts(Texts(tmp_path, every_file=True))) == ["a/1.text", "a/2.TXT", "b.md", "notes.org"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_unicode_is_recognised_in_every_form(tmp_path: Path, encoding: str) -> None:
    source = Texts(write(tmp_path / "a.txt", CHINESE, encoding))
    assert texts(source) == {"a.txt": CHINESE}
    assert source.encodings["a.txt"].startswith(encoding[:5])


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("gb18030", CHINESE * 9),
        ("big5", "床前明月光，疑是地上霜。舉頭望明月，低頭思故鄉。\n" * 9),
        ("shift_jis", JAPANESE),
        ("cp1252", "“Der Bär läuft über die Straße” — naïve café, Ça va?\n" * 9),
        ("euc_kr", "안녕하세요 한국어 텍스트입니다. 나는 오늘 학교에 갔다.\n" * 9),
        ("cp1252", "L'été, un élève français était déçu à Noël.\n" * 9),
        ("cp1251", "Привет, мир. Это русский текст о погоде и природе.\n" * 9),
    ],
)
def test_other_encodings_are_recognised_and_named(tmp_path: Path, encoding: str, text: str) -> None:
    pytest.importorskip("charset_normalizer")
    source = Texts(write(tmp_path / "a.txt", text, encoding))
    assert texts(source) == {"a.txt": text}
    assert source.encodings == {"a.txt": encoding}
    assert f"a.txt read as {encoding}, which is a guess" in source.remarks[0]


def test_chinese_needs_no_other_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "charset_normalizer", None)
    assert texts(Texts(write(tmp_path / "a.txt", CHINESE, "gbk"))) == {"a.txt": CHINESE}


def test_an_encoding_can_be_named_instead_and_is_then_checked(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", CHINESE, "gb18030")
    assert texts(Texts(path, encoding="gb18030")) == {"a.txt": CHINESE}
    with pytest.raises(DataError, match="not utf-8 all through"):
        texts(Texts(path, encoding="utf-8"))
    with pytest.raises(ConfigError, match="no encoding"):
        Texts(path, encoding="klingon")


def test_without_the_package_that_recognises_encodings_the_error_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "charset_normalizer", None)
    with pytest.raises(ConfigError, match=r"data\.encoding=gb18030.*charset-normalizer"):
        texts(Texts(write(tmp_path / "a.txt", JAPANESE, "shift_jis")))


def test_files_of_different_encodings_are_each_read_in_their_own_and_said(tmp_path: Path) -> None:
    write(tmp_path / "a.txt", CHINESE)
    write(tmp_path / "b.txt", CHINESE, "utf-16")
    source = Texts(tmp_path)
    assert set(texts(source).values()) == {CHINESE}
    assert "utf-8 (1 file, such as a.txt), utf-16 (1 file, such as b.txt)" in source.remarks[-1]


def test_what_is_no_text_is_left_out_with_its_reason(tmp_path: Path) -> None:
    write(tmp_path / "good.txt", CHINESE)
    (tmp_path / "empty.txt").touch()
    (tmp_path / "binary.txt").write_bytes(b"PK\3\4\0\0\0\xff\xfe" * 50)
    (tmp_path / "mixed.txt").write_bytes(CHINESE.encode() + CHINESE.encode("gb18030"))
    source = Texts(tmp_path)
    assert list(texts(source)) == ["good.txt"]
    reasons = dict(source.unreadable)
    assert reasons["empty.txt"] == "it is empty"
    assert "NUL bytes" in reasons["binary.txt"]
    assert "mixed" in reasons["mixed.txt"]
    assert f"byte {len(CHINESE.encode()):,}" in reasons["mixed.txt"]


def test_nothing_left_is_an_error_that_says_why(tmp_path: Path) -> None:
    (tmp_path / "empty.txt").touch()
    with pytest.raises(DataError, match=r"empty\.txt: it is empty"):
        texts(Texts(tmp_path))
    with pytest.raises(DataError, match="nothing at"):
        Texts(tmp_path / "none")
    (tmp_path / "empty.txt").unlink()
    with pytest.raises(DataError, match="holds no text"):
        Texts(tmp_path)


def test_rows_of_json_lines_are_documents_and_bad_ones_are_named(tmp_path: Path) -> None:
    rows = ['{"text": "one\\n", "title": "I"}', "", "{broken", '{"text": ""}', '"bare"', '{"text": "\\ud800"}', "7"]
    source = Texts(write(tmp_path / "a.jsonl", "\n".join(rows)))
    assert texts(source) == {"a.jsonl#1": "one\n", "a.jsonl#4": "bare"}
    assert [name for name, _ in source.unreadable] == ["a.jsonl#2", "a.jsonl#3", "a.jsonl#5", "a.jsonl#6"]
    assert source.num_unreadable == 4
    assert "'title': data.heading=title" in source.remarks[0]
    texts(source)
    assert source.num_unreadable == 4, "a second pass doesn't count them again"


@pytest.mark.parametrize("indent", [None, 2])
def test_an_array_of_objects_takes_the_longest_column_and_says_so(tmp_path: Path, indent: int | None) -> None:
    poems = [{"who": "李白", "paragraphs": ["床前明月光，", f"{k}疑是地上霜。"]} for k in range(3)]
    path = write(tmp_path / "poems.json", json.dumps(poems, indent=indent, ensure_ascii=indent is None))
    source = Texts(path)
    assert texts(source)["poems.json#3"] == "床前明月光，\n2疑是地上霜。"
    assert "'paragraphs'" in source.remarks[0]
    assert texts(Texts(path, column="who"))["poems.json#1"] == "李白"
    with pytest.raises(ConfigError, match=r"has no column 'word'.*paragraphs"):
        texts(Texts(path, column="word"))


def test_a_large_array_is_read_in_parts_and_a_cut_one_up_to_there(tmp_path: Path) -> None:
    whole = json.dumps([{"text": "x" * 300_000 + str(k)} for k in range(20)])
    found = texts(Texts(write(tmp_path / "a.json", whole)))
    assert [text[300_000:] for text in found.values()] == [str(k) for k in range(20)]
    source = Texts(write(tmp_path / "b.json", whole[:-400_000]))
    assert len(texts(source)) == 18
    assert "only its beginning was read" in source.unreadable[0][1]


@pytest.mark.parametrize(("suffix", "delimiter"), [("csv", ","), ("csv", ";"), ("tsv", "\t")])
def test_tables_keep_line_ends_inside_of_quotes(tmp_path: Path, suffix: str, delimiter: str) -> None:
    body = f'id{delimiter}text\r\n1{delimiter}"Dear ""you"",\r\nbye"\r\n2{delimiter}{"y" * 200_000}\r\n3{delimiter}\r\n'
    source = Texts(write(tmp_path / f"a.{suffix}", body, "utf-8-sig"))
    found = texts(source)
    assert found == {f"a.{suffix}#1": 'Dear "you",\r\nbye', f"a.{suffix}#2": "y" * 200_000}
    assert source.unreadable == ((f"a.{suffix}#3", "it is empty"),)


def test_files_are_cut_where_documents_end(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "\n\none\r\ntwo\n \n\nthree\n\n")
    assert list(texts(Texts(path, documents="blank-line")).values()) == ["one\r\ntwo", "three"]
    assert texts(Texts(path, documents="line")) == {"a.txt#1": "one", "a.txt#2": "two", "a.txt#3": "three"}
    assert list(texts(Texts(path)).values()) == ["\n\none\r\ntwo\n \n\nthree\n\n"]


def test_lists_of_poems_are_recognised_and_plays_and_novels_are_not(tmp_path: Path) -> None:
    poems = "\n\n".join(f"《{k}》\n作者：李白\n床前明月光，" + ("\n\n疑是地上霜。" * (k % 5 == 0)) for k in range(40))
    source = Texts(write(tmp_path / "poems.txt", poems))
    assert len(texts(source)) == 40
    assert texts(source)["poems.txt#6"] == "《5》\n作者：李白\n床前明月光，\n\n疑是地上霜。"
    assert "begin with '《'" in source.remarks[0]
    assert len(texts(Texts(tmp_path / "poems.txt", documents="file"))) == 1
    play = "\n\n".join(f"{'Romeo' if k % 2 else 'Nurse'}:\nIt is {k}.\nIs it?" for k in range(60))
    novel = "\n\n".join(f"“He said {k},”\nand so it went on,\nand on." for k in range(60))
    for name, text in (("play.txt", play), ("novel.txt", novel)):
        assert len(texts(Texts(write(tmp_path / name, text)))) == 1


def test_pieces_are_bounded_and_end_with_a_line_where_they_can(tmp_path: Path) -> None:
    lines = "".join(f"{k} 床前明月光 and on\n" + "\n  \n" * (k % 3 == 0) for k in range(90_000))
    (document,) = Texts(write(tmp_path / "a.txt", lines)).documents()
    pieces = list(document.pieces())
    assert "".join(pieces) == lines
    assert max(map(len, pieces)) <= 1 << 20
    assert all(piece.endswith("\n") and not after[0].isspace() for piece, after in pairwise(pieces))
    (document,) = Texts(write(tmp_path / "b.txt", "春" * 2_500_000)).documents()
    assert [len(piece) for piece in document.pieces()] == [1 << 20, 1 << 20, 2_500_000 - (2 << 20)]


def test_a_document_larger_than_a_piece_is_cut_out_of_a_file_too(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "x" * 2_200_000 + "\nlast")
    assert texts(Texts(path, documents="line")) == {"a.txt#1": "x" * 2_200_000, "a.txt#2": "last"}
    assert texts(Texts(path, documents="blank-line")) == {"a.txt#1": "x" * 2_200_000 + "\nlast"}


def test_memory_does_not_grow_with_a_file(tmp_path: Path) -> None:
    def peak(rows: int) -> int:
        line = json.dumps({"text": "words " * 2000}) + "\n"
        path = write(tmp_path / f"{rows}.jsonl", line * rows)
        source = Texts(path)
        tracemalloc.start()
        for document in source.documents():
            for _ in document.pieces():
                pass
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(10)  # what is imported on the way
    assert peak(800) < 2 * peak(100)


def test_fingerprints_follow_content_and_settings_but_not_place(tmp_path: Path) -> None:
    source = Texts(write(tmp_path / "x/a.txt", "one\n\ntwo"))
    print_, stamp = source.fingerprint(), source.stamp()
    moved = Texts(write(tmp_path / "y/a.txt", "one\n\ntwo"))
    assert moved.fingerprint() == print_
    assert moved.stamp() != stamp
    assert Texts(tmp_path / "x/a.txt", documents="line").fingerprint() != print_
    write(tmp_path / "x/a.txt", "one\n\nTwo")
    assert Texts(tmp_path / "x/a.txt").fingerprint() != print_


def test_only_text_is_accepted(tmp_path: Path) -> None:
    for name in ("a.txt", "README", "prose.csv", "numbers.csv", "a.png", "blob", "cp.dat"):
        write(tmp_path / name, "Some words of prose.\n")
    write(tmp_path / "prose.csv", "id,body\n1," + "long words " * 20)
    write(tmp_path / "numbers.csv", "a,b\n1,2\n3,4\n")
    (tmp_path / "blob").write_bytes(b"\0\1\2\xff")
    accepted = {name for name in tmp_path.iterdir() if Texts.accepts(name)}
    assert {path.name for path in accepted} == {"a.txt", "README", "prose.csv", "cp.dat"}
    for number in range(3):
        write(tmp_path / f"pictures/{number}.png", "")
    write(tmp_path / "pictures/about.txt", "words")
    write(tmp_path / "books/1.txt", "words")
    (tmp_path / "none").mkdir()
    assert [Texts.accepts(tmp_path / name) for name in ("pictures", "books", "none", "missing")] == [
        *(False, True, False, False)
    ]
