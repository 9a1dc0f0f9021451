"""Every command that our pages show exists, with its verb, its flags, its recipe and its training settings."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from functools import cache

import house
import pytest

from mintage import registry
from mintage.training.settings import TrainingSettings

PAGES = ["README.md", "README.zh-CN.md", "CONTRIBUTING.md"]
PAGES += [str(path.relative_to(house.ROOT)) for path in sorted((house.ROOT / "docs").rglob("*.md"))]


def commands(first_word: str) -> list[list[str]]:
    """The words of each command in the sh blocks of our pages that starts with this word."""
    found: list[list[str]] = []
    for page in PAGES:
        path = house.ROOT / page
        text = path.read_text("utf-8") if path.is_file() else ""
        for block in re.findall(r"```(?:sh|bash|console)\n(.*?)```", text, re.DOTALL):
            for line in block.replace("\\\n", " ").splitlines():
                for piece in re.split(r"\||&&|;", line.removeprefix("$ ").partition(" #")[0]):
                    words = shlex.split(piece)
                    if words and words[0] == first_word and words not in found:
                        found.append(words)
    return found


@cache
def help_of(*verb: str) -> str:
    program = "import sys; sys.argv[0] = 'mintage'; from mintage.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program, *verb, "--help"],
        check=False, capture_output=True, text=True, env={"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"},
    )  # fmt: skip
    assert done.returncode == 0, f"mintage {' '.join(verb)} --help: {done.stdout}{done.stderr}"
    return done.stdout


@pytest.mark.parametrize("words", commands("make"), ids=" ".join)
def test_a_shown_make_target_exists(words: list[str]) -> None:
    makefile = (house.ROOT / "Makefile").read_text("utf-8")
    assert re.search(rf"^{words[1]}:", makefile, re.MULTILINE)


@pytest.mark.parametrize("words", commands("mintage"), ids=" ".join)
def test_a_shown_command_has_its_verb_its_flags_and_its_settings(words: list[str]) -> None:
    _, *rest = words
    verb = [rest[0]] if rest and not rest[0].startswith("-") else []
    if verb == ["keys"]:
        verb = rest[:2]  # a verb of its own verbs
    known = help_of(*verb)
    for word in rest[len(verb) :]:
        if word.startswith("-"):
            flag = word.partition("=")[0]
            assert re.search(rf"(?<![\w-]){re.escape(flag)}(?![\w-])", known), f"{flag} is not a flag of {verb}"
        elif setting := re.match(r"training\.(\w+)=", word):
            assert setting[1] in TrainingSettings.model_fields
    target = rest[1] if rest[:1] == ["train"] and len(rest) > 1 else ""
    if re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", target):
        recipes = {recipe.stem for recipe in (house.ROOT / "src/mintage/recipes").glob("*.toml")}
        assert target in recipes | {name.replace("_", "-") for name in registry.names("sources")}


@pytest.mark.parametrize("words", commands("mintage"), ids=" ".join)
def test_a_shown_model_exists(words: list[str]) -> None:
    shown = [word.partition("=")[2] for word in words if word.startswith("model.name=")]
    shown += [word.removeprefix("model.") for word in words[2:] if words[1] == "explain" and word.startswith("model.")]
    assert {name for name in shown if ":" not in name} <= set(registry.names("models"))
