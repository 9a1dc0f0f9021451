"""A run that learned text writes: the same by the same seed, as it comes or at once, and says where it comes from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import mintage
from mintage.api import Run
from mintage.errors import ConfigError
from mintage.writing import RULE, ask
from tests.conftest import TINY, failed

WRITER = ["model.width=16", "model.layers=1", "model.heads=2", "model.slots=256", "data.context=16",
          "training.batch=4", "training.steps=4", "training.frames=2"]  # fmt: skip


@pytest.fixture(scope="module")
def poems(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two kinds of short texts, in a folder each."""
    root = tmp_path_factory.mktemp("poems")
    for kind, line in (("spring", "春风又绿江南岸。"), ("autumn", "秋月照我还家去。")):
        (root / kind).mkdir()
        for number in range(12):
            (root / kind / f"{number}.txt").write_text((line + "\n") * (3 + number % 4), "utf-8")
    return root


@pytest.fixture(scope="module")
def run(poems: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return mintage.train(poems, overrides=[*WRITER, "data.heading=folder"], out=tmp_path_factory.mktemp("runs"))


def test_a_seed_names_the_same_texts_however_many_are_written(run: Run) -> None:
    few, many = run.generate(2, seed=7, prompt="春", length=12), run.generate(11, seed=7, prompt="春", length=12)
    assert list(few) == list(many)[:2]
    assert all(text.startswith("春") for text in many)
    assert few[0] != run.generate(1, seed=8, prompt="春", length=12)[0]


def test_a_longer_text_begins_as_the_shorter_one(run: Run) -> None:
    short, long = run.generate(2, prompt="春", length=5), run.generate(2, prompt="春", length=40)
    assert all(b.startswith(a) for a, b in zip(short, long, strict=True))


@pytest.mark.parametrize("n", [1, 3, 10])
def test_a_stream_is_the_same_texts_piece_by_piece(run: Run, n: int) -> None:
    coming = run.stream("秋", n, seed=3, length=20, temperature=1.5)
    pieces = list(coming)
    made = run.write(n, prompt="秋", seed=3, length=20, decoding={"temperature": 1.5})
    assert "".join(pieces) == str(made) == RULE.join(made)
    assert len(pieces) > 5
    assert coming.made is not None
    assert coming.made.texts == made.texts
    assert coming.made.origins == made.origins
    assert coming.made.endings == made.endings


def test_without_a_prompt_a_text_begins_as_documents_do(run: Run) -> None:
    (text,) = run.generate(length=8)
    assert len(text) <= 8 or run.generate(length=8).endings == ["separator"]


def test_a_heading_stands_above_the_prompt_and_was_learned(run: Run, poems: Path) -> None:
    assert "\n\nspri" in run.directory.real_texts.read_text("utf-8")  # a blank line where a document ends
    made = run.generate(1, heading="spring", prompt="春", length=4)
    assert made[0].startswith("spring\n春")
    assert made.remarks == []
    with pytest.raises(ConfigError, match="not one line"):
        run.generate(1, heading="a\nb")


def test_a_template_is_kept_and_gets_the_room_that_it_needs(run: Run) -> None:
    made = run.generate(3, prompt="春风", template="5x2")
    lines = [[part for part in text.replace("\n", "。").split("。") if part] for text in made]
    assert [[len(part) for part in text] for text in lines] == [[5, 5]] * 3
    assert made.endings == ["template"] * 3
    assert made.told() == ["3 texts; ended: 3 with the template."]
    assert ask("", None, None, {"template": "99x9"}).decoding.length > 512
    assert ask("", None, {"length": 9}, {"template": "99x9"}).decoding.length == 9


def test_files_say_where_each_text_comes_from(run: Run, tmp_path: Path) -> None:
    made = run.generate(2, seed=5, prompt="秋", length=6, stop=("还",))
    folder = made.save(tmp_path / "out")
    rows = [json.loads(line) for line in (folder / "texts.jsonl").read_text("utf-8").splitlines()]
    assert [(folder / row["file"]).read_bytes().decode() for row in rows] == list(made)
    assert sorted(path.name for path in folder.iterdir()) == ["00000.txt", "00001.txt", "texts.jsonl"]
    again = rows[1]
    assert (again["run"], again["step"], again["seed"], again["index"]) == (run.path.name, 4, 5, 1)
    assert run.generate(2, seed=again["seed"], prompt=again["prompt"], decoding=again["decoding"])[1] == again["text"]


def test_strange_characters_and_settings_are_named(run: Run) -> None:
    with pytest.raises(ConfigError, match=r"prompt.*'Q'"):
        run.generate(1, prompt="Q")
    with pytest.raises(ConfigError, match="Did you mean 'temperature'"):
        run.generate(1, temprature=0.5)
    with pytest.raises(ConfigError, match="one or more"):
        run.stream(n=0)


def test_what_is_asked_of_pictures_is_refused_by_texts(run: Run, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="writes text"):
        run.generate(1, of="spring")
    with pytest.raises(ConfigError, match="writes text"):
        run.walk(tmp_path / "walk.webp")
    with pytest.raises(ConfigError, match="writes text"):
        run.translate(tmp_path / "picture.png")


def test_the_command_line_prints_streams_keeps_and_refuses(
    run: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from mintage.cli import app

    def said(*words: str) -> tuple[str, str]:
        with pytest.raises(SystemExit) as exit_:
            app(["generate", str(run.path), "--out", str(tmp_path / "out"), *words])
        assert not exit_.value.code
        heard = capsys.readouterr()
        return heard.out, heard.err

    asked = ("--prompt", "春", "-n", "3", "--length", "9", "--top-k", "5", "decoding.no_repeat_ngram=3")
    out, err = said(*asked)
    kept = [(tmp_path / "out" / f"{k:05}.txt").read_bytes().decode() for k in range(3)]
    assert out.rstrip("\n") == RULE.join(kept).rstrip("\n")
    assert "3 texts; ended" in err
    assert said(*asked, "--stream")[0] == out
    assert said(*asked, "--quiet") == ("", "")
    (tmp_path / "prompt.txt").write_text("秋月", "utf-8")
    assert said("--prompt-file", str(tmp_path / "prompt.txt"), "--length", "1")[0].startswith("秋月")
    for words, part in (
        (("--class", "spring"), "--class"), (("--walk", "a.webp"), "--walk"), (("--spread", "0.35"), "--spread"),
        (("--input", "a.png"), "--input"), (("--prompt", "Q"), "'Q'"), (("decoding=3",), "group"),
    ):  # fmt: skip
        assert part in failed(capsys, monkeypatch, "generate", str(run.path), *words)


def test_what_is_asked_of_texts_is_refused_by_pictures(
    photos: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pictures = mintage.train(photos, overrides=[*TINY, "training.steps=2"], out=tmp_path)
    for words in (("--prompt", "a"), ("--stream",), ("--stop", "a"), ("decoding.top_k=3",)):
        assert "makes pictures" in failed(capsys, monkeypatch, "generate", str(pictures.path), *words)
    with pytest.raises(ConfigError, match="makes pictures"):
        pictures.generate(1, prompt="a")
    with pytest.raises(ConfigError, match="temperature"):
        pictures.generate(1, temperature=0.5)
    with pytest.raises(ConfigError, match="makes pictures"):
        pictures.stream("a")


def test_the_report_shows_what_it_wrote_and_speaks_of_tokens(run: Run) -> None:
    page = run.directory.report.read_text("utf-8")
    for part in ("What it writes", "after step 4", "tokens seen", "--prompt", "writer that learned", "春风又绿"):
        assert part in page, part
    assert "images" not in page.split("<main>")[0].split("</style>")[1]


def test_what_a_person_is_told_of_text_is_in_its_own_units(
    run: Run, poems: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    from mintage.cli import app

    def said(*words: str) -> str:
        with pytest.raises(SystemExit) as exit_:
            app(list(words))
        assert not exit_.value.code
        return capsys.readouterr().out

    dry = said("train", str(poems), *WRITER, "--dry-run", "--out", str(tmp_path))
    assert "24 documents" in dry
    assert "4 steps of 4 windows of 16 tokens (256 tokens" in dry
    assert "images" not in dry
    done = said("train", str(poems), *WRITER, "--out", str(tmp_path))
    assert "tokens/s" in done
    assert "--stream" in done
    fitting = said("models", "--fit", str(poems))
    assert "gpt" in fitting
    assert "dcgan" not in fitting
    assert "decoding.min_p" in said("explain", "decoding")
