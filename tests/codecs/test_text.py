"""Every string comes back from its tokens, in every kind of them, and other programs read them alike."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mintage.codecs.text import TextCodec
from mintage.errors import ConfigError, DataError

PROSE = "It is a truth universally acknowledged, that a single man isn't 1234 miles away.\n" * 20
CORPUS = [
    PROSE,
    "床前明月光，疑是地上霜。举头望明月，低头思故乡。\r\n" * 20,
    "\tnaïve cafe\u0301 👩‍👩‍👧 \U0001f600\r\n",
]
STRINGS = st.text() | st.text("ab 12\n\r\t'.,床前明月光e\u0301👩‍👧")
KINDS = ["char", "byte", "bpe"]


@pytest.fixture(scope="module")
def codecs() -> dict[str, TextCodec]:
    made = {kind: TextCodec.read({"tokens": kind}).fit(CORPUS) for kind in ("char", "byte")}
    with contextlib.suppress(ConfigError):  # its tests are skipped
        made["bpe"] = TextCodec(tokens="bpe", vocabulary=400).fit(CORPUS)
    return made


@pytest.fixture(params=KINDS)
def codec(request: pytest.FixtureRequest, codecs: dict[str, TextCodec]) -> TextCodec:
    if request.param not in codecs:
        pytest.skip("the package tokenizers is missing")
    return codecs[request.param]


def test_the_corpus_comes_back_and_its_bytes_are_counted(codec: TextCodec) -> None:
    for text in CORPUS:
        tokens = codec.encode(text)
        assert tokens.dtype == torch.int64
        assert codec.decode(tokens) == text
        assert int(codec.bytes_of()[tokens].sum()) == len(text.encode())
        assert b"".join(codec.pieces_of()[token] for token in tokens) == text.encode()
    assert len(codec.encode("")) == 0
    assert codec.spec.classes == codec.num_tokens == len(codec.bytes_of())


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=STRINGS)
@pytest.mark.parametrize("kind", ["byte", "bpe"])
def test_any_string_comes_back(kind: str, text: str, codecs: dict[str, TextCodec]) -> None:
    if kind not in codecs:
        pytest.skip("the package tokenizers is missing")
    tokens = codecs[kind].encode(text)
    assert codecs[kind].decode(tokens) == text
    assert int(codecs[kind].bytes_of()[tokens].sum()) == len(text.encode())


@settings(max_examples=40, deadline=None)
@given(texts=st.lists(st.text(min_size=1), min_size=1, max_size=4))
def test_a_char_codec_knows_all_of_its_corpus(texts: list[str]) -> None:
    codec = TextCodec(tokens="char").fit(texts)
    assert [codec.decode(codec.encode(text)) for text in texts] == texts
    assert codec.num_tokens == len(set("".join(texts)))


def test_a_state_gives_the_same_tokens_again(codec: TextCodec) -> None:
    for one in (codec, codec.with_separator()):
        again = TextCodec.from_state(json.loads(json.dumps(one.state())))
        assert again == one
        assert again.fit(["of no effect"]) is again
        assert all(torch.equal(again.encode(text), one.encode(text)) for text in CORPUS)


def test_a_separator_is_one_more_token_without_bytes(codec: TextCodec) -> None:
    apart = codec.with_separator()
    assert codec.separator is None
    assert apart.separator == codec.num_tokens == apart.num_tokens - 1
    assert int(apart.bytes_of()[-1]) == 0
    tokens = apart.encode("It is")
    assert torch.equal(tokens, codec.encode("It is"))
    assert apart.decode(torch.cat([torch.tensor([apart.separator]), tokens])) == "It is"
    assert apart.with_separator(False) == codec


def test_characters_that_are_not_known_are_named() -> None:
    codec = TextCodec(tokens="char").fit(["abc"])
    with pytest.raises(ConfigError, match=r"2 characters .*'é' \(U\+00E9\), '床' .*codec\.tokens=byte"):
        codec.encode("aébé床")


def test_half_a_character_is_refused_in_words(codec: TextCodec) -> None:
    with pytest.raises(ConfigError, match="half of a surrogate pair"):
        codec.encode("It is \ud800")


def test_bytes_that_are_no_text_become_a_sign_that_says_so() -> None:
    codec = TextCodec(tokens="byte")
    assert codec.decode(codec.encode("a床b")[[0, 1, 4]]) == "a\ufffdb"


def test_the_kind_follows_the_corpus(monkeypatch: pytest.MonkeyPatch) -> None:
    assert TextCodec().fit(["small"]).tokens == "char"
    monkeypatch.setitem(__import__("sys").modules, "tokenizers", None)
    many = ["".join(map(chr, range(0x4E00, 0x4E00 + 8_001)))]
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert TextCodec().fit(many).tokens == "byte"
    assert TextCodec().fit(["ab" * 500_000] * 2).tokens == "byte"
    with pytest.raises(ConfigError, match=r"pip install tokenizers.*codec\.tokens=byte"):
        TextCodec(tokens="bpe").fit(["small"])


def test_what_cannot_be_fitted_or_used_says_so() -> None:
    with pytest.raises(DataError, match="not one character"):
        TextCodec().fit([])
    with pytest.raises(ConfigError, match="Call fit"):
        TextCodec().encode("a")


def test_a_bpe_is_the_same_each_time_and_keeps_words_and_signs_apart() -> None:
    pytest.importorskip("tokenizers")
    codec = TextCodec(tokens="bpe", vocabulary=400).fit(CORPUS)
    assert codec == TextCodec(tokens="bpe", vocabulary=400).fit(iter(CORPUS))
    pieces = codec.pieces_of()
    words = [pieces[token] for token in codec.encode("a truth universally")]
    assert words[1] == b" truth"
    assert not any(len(piece.decode("utf-8", "ignore")) > 4 for piece in pieces if piece > b"\xe4")
    assert TextCodec(tokens="bpe").fit(["small"]).vocabulary == 2048


def test_a_long_text_has_the_tokens_of_its_parts() -> None:
    hf = pytest.importorskip("tokenizers")
    codec = TextCodec(tokens="bpe", vocabulary=400).fit(CORPUS)
    text = (PROSE + "床前明月光，\n\n  疑是地上霜。\r\n\r\n") * 60
    whole = hf.Tokenizer.from_str(codec.tokenizer_json()).encode(text).ids
    assert codec.encode(text).tolist() == whole


def test_the_tokenizers_library_reads_every_kind(codec: TextCodec) -> None:
    hf = pytest.importorskip("tokenizers")
    for one in (codec, codec.with_separator()):
        theirs = hf.Tokenizer.from_str(one.tokenizer_json())
        assert theirs.get_vocab_size() == one.num_tokens
        for text in CORPUS:
            ids = one.encode(text).tolist()
            assert theirs.encode(text).ids == ids
            assert theirs.decode(ids) == text
        if one.separator is not None:
            assert theirs.decode([one.separator, *ids]) == text


def test_texts_are_written_with_their_own_line_ends(tmp_path: Path) -> None:
    codec = TextCodec(tokens="byte")
    codec.write([codec.encode("a\r\nb\n"), "床"], tmp_path / "many")
    assert (tmp_path / "many/000000.txt").read_bytes() == b"a\r\nb\n"
    assert (tmp_path / "many/000001.txt").read_text("utf-8") == "床"
    assert codec.write(["x"], tmp_path / "one.txt").read_text() == "x"
