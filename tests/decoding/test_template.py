"""Templates: whatever the model says and however the codec cuts characters, the form is kept."""

from __future__ import annotations

import re
import unicodedata

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.decoding.toy import Chain

from mintage.decoding.choice import Decoding
from mintage.decoding.template import Template
from mintage.decoding.vocabulary import Vocabulary
from mintage.decoding.writer import write
from mintage.errors import ConfigError
from mintage.statistics.verses import parse

CHARACTERS = Vocabulary.of([*"春眠不觉晓处闻啼鸟abcé1 '’-，。！,.;?\n\r\t《》（)😀$", ""], separator=44)
BYTES = Vocabulary(tuple(bytes([n]) for n in range(256)))
PIECES = BYTES.pieces + tuple(
    text.encode()
    for text in ("春眠", "不觉晓，", "，处", "。\n", " the", "he", "ing.", "a b c", "\n\n", "，。", "é1", "𠀀", "ก็", "")
)
PAIRS = Vocabulary((*PIECES, "春".encode()[:2], "春".encode()[2:] + b"a", "。".encode()[1:] + "眠".encode()[:1]))


def lengths_of(text: str) -> list[int]:
    """The word characters of each line of a filled form, found without the machine."""
    lines = re.split(r"[，。？！；：,.!?;:][\n ]?|\n", text)
    assert lines.pop() == "", f"{text!r} does not end with a line end"
    words = [re.sub("[ '’-]", "", line) for line in lines]
    assert all(unicodedata.category(character)[0] in "LNM" for line in words for character in line)
    return [len(line) for line in words]


@pytest.mark.parametrize("vocabulary", [CHARACTERS, BYTES, PAIRS], ids=["characters", "bytes", "pairs"])
@given(seed=st.integers(0, 10**6), form=st.sampled_from(["5x4", "5,7,5", "7x3", "1", "3x2,4"]), bold=st.floats(0, 3))
@settings(max_examples=8, deadline=None)
def test_the_form_is_kept_whatever_the_model_says(vocabulary, seed, form, bold) -> None:
    rng = torch.Generator().manual_seed(seed)
    size = len(vocabulary.pieces)
    model = Chain(torch.randn(size, size, generator=rng) * 8)
    room = Template(form, vocabulary).most_tokens()
    decoding = Decoding(temperature=bold, template=form, length=room)
    prompt = torch.tensor([vocabulary.pieces.index(b"\n")])
    written = write(model, prompt, torch.rand(3, room, generator=rng), decoding, vocabulary)
    assert written.endings == ["template"] * 3
    assert not written.remarks
    for text, tokens in zip(written.texts, written.tokens, strict=True):
        assert lengths_of(text) == list(parse(form))
        assert vocabulary.bytes_of(tokens.tolist()).decode() == text  # no character is left unfinished


@pytest.mark.parametrize(
    ("form", "text", "fits"),
    [
        ("5x2", "春眠不觉晓，处处闻啼鸟。", True),
        ("5x2", "春眠不觉晓，\n处处闻啼鸟。", True),
        ("5x2", "春眠不觉晓\n处处闻啼鸟\n", True),
        ("5x2", "春眠不觉晓。处处闻啼鸟，", False),  # the last line ends no sentence
        ("5x2", "春眠不觉，处处闻啼鸟。", False),
        ("5x2", "春眠 不觉晓，处处闻啼鸟。", False),  # no blanks between Han
        ("5x2", "春眠不觉晓，，处处闻啼鸟。", False),
        ("5x2", "春眠不觉晓， 处处闻啼鸟。", False),
        ("5x2", "春眠不觉晓，处处闻啼鸟。\n", False),  # it has ended before
        ("9x2", "don't be so, I am - you.", False),
        ("9x2", "don't be sad, he is there.", True),
        ("5x1", "a b cde.", True),
        ("5x1", "a  bcde.", False),
        ("5x1", " abcde.", False),
        ("5x1", "abcde .", False),
        ("5x1", "ab$de.", False),
    ],
)
def test_what_fits_a_form(form, text, fits) -> None:
    template = Template(form, BYTES)
    state, may = template.begin(), True
    for byte in text.encode():
        if not (may := bool(template.mask([state])[0, byte]) and not template.is_done(state)):
            break
        state = template.step(state, byte)
    assert (may and template.is_done(state)) is fits


def test_the_last_line_of_a_prompt_counts_and_titles_do_not() -> None:
    template = Template("5x4", BYTES)
    assert template.begin("《春晓》\n孟浩然\n".encode()) == template.begin()
    assert template.begin("《春晓》\n春风".encode()).letters == 2
    assert template.begin("春眠不觉晓，处处".encode()).line == 1
    with pytest.raises(ConfigError, match="《春晓》"):
        template.begin("《春晓》".encode())
    model = Chain(torch.zeros(len(CHARACTERS.pieces), len(CHARACTERS.pieces)))
    prompt = torch.tensor([0, 1])
    noise = torch.rand(4, 60, generator=torch.Generator().manual_seed(0))
    written = write(model, prompt, noise, Decoding(template="5x4", length=60), CHARACTERS)
    assert [lengths_of("春眠" + text) for text in written.texts] == [[5] * 4] * 4
    whole = torch.tensor([CHARACTERS.pieces.index(c.encode()) for c in "春眠。"])
    filled = write(model, whole, noise, Decoding(template="2"), CHARACTERS)
    assert (filled.texts, filled.endings) == ([""] * 4, ["template"] * 4)


def test_a_form_without_its_room_is_said() -> None:
    model = Chain(torch.zeros(len(CHARACTERS.pieces), len(CHARACTERS.pieces)))
    written = write(model, torch.tensor([0]), torch.rand(2, 9), Decoding(template="5x4"), CHARACTERS)
    assert written.endings == ["length"] * 2
    assert "length = " in written.remarks[0]


def test_a_codec_that_lacks_what_a_form_takes_is_refused() -> None:
    for pieces in ("春眠，", "，。\n", ["春眠", "。"]):
        with pytest.raises(ConfigError, match="template 5x4"):
            Template("5x4", Vocabulary.of(pieces))
    for form in ("", "x", "0x4", "5x", "5;7", "-1"):
        with pytest.raises(ConfigError, match="not a template"):
            parse(form)
