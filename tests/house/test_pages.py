"""The studio's pages speak two languages: words live in catalogues with the same keys, all of them used."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import house
import pytest

PAGES = house.ROOT / "src/mintage/studio/pages"
SCRIPTS = sorted(path for path in PAGES.rglob("*.js") if "vendor" not in path.parts)
LANGUAGES = ("en", "zh-CN")
CATALOGUES = sorted(path.name for path in (PAGES / "words/en").glob("*.json"))

LITERAL = re.compile(r'"((?:[^"\\\n]|\\.)*)"|\'((?:[^\'\\\n]|\\.)*)\'|`((?:[^`\\]|\\.)*)`')
SAID = re.compile(  # where a literal would be read by a person
    r"(?:[\"']?(?:aria-label|title|alt|placeholder|label|words|help|lead|textContent|innerText|document\.title)[\"']?\s*[:=]\s*)"
    r"([\"'`])(?P<text>[^\"'`\n]*\p{L}[^\"'`\n]*)\1".replace(r"\p{L}", r"[A-Za-z\u4e00-\u9fff]")
)
SENTENCE = re.compile(r"^[A-Z][a-z]+(?:[ ,.:!?…]|$)")
CJK = re.compile(r"[\u3000-\u30ff\u4e00-\u9fff\uff00-\uffef]")
NAMES = {"Mintage", "English", "中文"}  # names are the same in every language
KEYS = {
    "Enter",
    "Escape",
    "Esc",
    "Home",
    "End",
    "Delete",
    "Backspace",
    "Tab",
    "Space",
    "Shift",
    "Page",
    "Python",
    "Image",
}


def words(language: str, name: str) -> dict[str, str]:
    pairs: list[tuple[str, str]] = json.loads(
        (PAGES / "words" / language / name).read_text("utf-8"), object_pairs_hook=list
    )
    assert len(pairs) == len(dict(pairs)), f"{language}/{name} has a key twice"
    return dict(pairs)


def code(path: Path) -> str:
    """A script without its comments; a // inside a string or an address stays."""
    text = re.sub(r"/\*.*?\*/", "", path.read_text("utf-8"), flags=re.DOTALL)
    return re.sub(r"(^|[\s;{}(,])//[^\n]*", r"\1", text)


def literals(text: str) -> Iterator[str]:
    for found in LITERAL.finditer(text):
        yield next(part for part in found.groups() if part is not None)


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


def base(key: str) -> str:
    return re.sub(r"\.(one|other)$", "", key)


def test_both_languages_have_the_same_catalogues() -> None:
    assert sorted(path.name for path in (PAGES / "words/zh-CN").glob("*.json")) == CATALOGUES


@pytest.mark.parametrize("name", CATALOGUES)
def test_a_catalogue_has_the_same_keys_and_places_in_both_languages(name: str) -> None:
    english, chinese = (words(language, name) for language in LANGUAGES)
    assert set(english) == set(chinese)
    for key, text in english.items():
        assert text.strip(), f"{key} says nothing in English"
        assert chinese[key].strip(), f"{key} says nothing in Chinese"
        assert key.startswith(f"{Path(name).stem}."), f"{key} stands in the wrong catalogue"
        assert placeholders(text) - {"n"} == placeholders(chinese[key]) - {"n"}, f"{key} is filled in differently"
        if base(key) != key:
            assert {f"{base(key)}.one", f"{base(key)}.other"} <= set(english), f"{base(key)} needs .one and .other"


def test_every_text_that_is_asked_for_exists_and_every_text_is_asked_for() -> None:
    known = {base(key) for name in CATALOGUES for key in words("en", name)}
    rooms = "|".join(Path(name).stem for name in CATALOGUES)
    asked: set[str] = set()
    patterns: set[str] = set()
    for script in SCRIPTS:
        text = code(script)
        for literal in literals(text):
            if re.fullmatch(rf"(?:{rooms})(?:\.[\w-]+)+", literal):
                asked.add(literal)
        for shape in re.findall(rf"`((?:{rooms})\.[^`\s]*\$\{{[^`]*)`", text):
            patterns.add("[\\w.-]+".join(re.escape(part) for part in re.split(r"\$\{.*?\}", shape)))
        for called in re.findall(r"\bt\(\s*[\"']([^\"']+)[\"']", text):
            assert base(called) in known, f"{script.name} asks for {called}, which no catalogue has"
    for pattern in patterns:
        assert any(re.fullmatch(pattern, key) for key in known), f"no text is like {pattern}"
    unused = {key for key in known - asked if not any(re.fullmatch(pattern, key) for pattern in patterns)}
    assert not unused, f"texts that nobody asks for: {sorted(unused)}"


def found_words(text: str) -> list[str]:
    """Literals that a person would read."""
    lines = [
        line
        for line in text.splitlines()
        if not re.match(r"\s*(import|export)\b.*from|.*console\.|.*new (?:Error|DOMException|TypeError)\(", line)
    ]
    kept = "\n".join(lines)
    plain = [
        one
        for one in literals(kept)
        if (SENTENCE.match(one) or CJK.search(one)) and one.split()[0].strip(".,:") not in KEYS
    ]
    said = [one["text"] for one in SAID.finditer(kept) if not re.fullmatch(r"[\w-]+(\.[\w-]+)+", one["text"])]
    return sorted({one for one in [*plain, *said] if one not in NAMES and "${" not in one})


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.relative_to(PAGES).as_posix())
def test_a_script_says_nothing_by_itself(script: Path) -> None:
    assert found_words(code(script)) == [], "words that a person reads live in words/en and words/zh-CN"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('h("p", {}, "Start training")', ["Start training"]),
        ('h("button", {"aria-label": "close it"})', ["close it"]),
        ("say('保存')", ["保存"]),
        ('h("div", {class: "row between"}, t("shell.close"))', []),
    ],
)
def test_hard_coded_words_are_noticed(line: str, said: list[str]) -> None:
    assert found_words(line) == said


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.relative_to(PAGES).as_posix())
def test_a_script_opens_with_what_it_is_for_stays_short_and_never_reads_text_as_html(script: Path) -> None:
    text = script.read_text("utf-8")
    first = text.splitlines()[0]
    assert re.match(r"// [A-Z].*", first), "a script opens with a sentence"
    assert len(text.splitlines()) <= 300, "a script has at most 300 lines"
    assert not re.search(r"\b(innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval)\b", code(script))
    assert not re.search(r"https?://(?!www\.w3\.org/)", code(script)), "pages ask nobody but their own server"
