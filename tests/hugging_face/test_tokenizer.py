"""Tokenizers of both kinds: text comes back, and the bytes of the tokens are the bytes of the text."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest
import torch

from mintage.errors import ConfigError
from mintage.hugging_face.tokenizer import HuggingFaceTokenizer

TEXTS = [
    "It is a truth universally acknowledged,",
    "春风又绿江南岸，明月何时照我还？",
    " two  spaces\n\tand 🙂 é\r\n",
    "</s> in a text is text",
    "a",
    " ",
    "",
]
CONFIG = {"vocab_size": 400, "bos_token_id": 0, "eos_token_id": [1]}


def byte_level() -> Any:
    tokenizers = pytest.importorskip("tokenizers")
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE())
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = tokenizers.decoders.ByteLevel()
    alphabet = tokenizers.pre_tokenizers.ByteLevel.alphabet()
    trainer = tokenizers.trainers.BpeTrainer(vocab_size=300, special_tokens=["<s>", "</s>"], initial_alphabet=alphabet)
    tokenizer.train_from_iterator(TEXTS * 3, trainer)
    tokenizer.add_tokens(["acknowledged"])
    return tokenizer


def sentencepiece() -> Any:
    """As Llama 2's: a space before the text, bytes where there is no token."""
    tokenizers = pytest.importorskip("tokenizers")
    tokens = ["<s>", "</s>", "<unk>", *(f"<0x{number:02X}>" for number in range(256)), *"▁thear春", "▁t", "▁th"]
    vocab = {token: number for number, token in enumerate(tokens)}
    merges = [("▁", "t"), ("▁t", "h")]
    model = tokenizers.models.BPE(vocab, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True)
    tokenizer = tokenizers.Tokenizer(model)
    tokenizer.add_special_tokens(["<s>", "</s>", "<unk>"])
    put, swap = tokenizers.normalizers.Prepend("▁"), tokenizers.normalizers.Replace(" ", "▁")
    tokenizer.normalizer = tokenizers.normalizers.Sequence([put, swap])
    parts = tokenizers.decoders
    tokenizer.decoder = parts.Sequence(
        [parts.Replace("▁", " "), parts.ByteFallback(), parts.Fuse(), parts.Strip(" ", 1, 0)]
    )
    return tokenizer


KINDS = {"byte-level": byte_level, "sentencepiece": sentencepiece}


@pytest.fixture(params=KINDS)
def pair(request: pytest.FixtureRequest) -> tuple[Any, HuggingFaceTokenizer]:
    theirs = KINDS[request.param]()
    return theirs, HuggingFaceTokenizer(theirs.to_str(), CONFIG)


def test_a_text_comes_back(pair: tuple[Any, HuggingFaceTokenizer]) -> None:
    theirs, ours = pair
    for text in TEXTS:
        tokens = ours.encode(text)
        assert tokens.dtype == torch.int64
        assert ours.decode(tokens) == text
        if "</s>" not in text:
            assert tokens.tolist() == theirs.encode(text, add_special_tokens=False).ids
            assert theirs.decode(tokens.tolist()) == text


def test_the_bytes_of_tokens_are_those_of_the_text(pair: tuple[Any, HuggingFaceTokenizer]) -> None:
    _, ours = pair
    pieces, lengths = ours.pieces_of(), ours.bytes_of()
    assert len(pieces) == len(lengths) == ours.num_tokens == 400
    for text in filter(None, TEXTS):
        tokens = ours.encode(text)
        joined = b"".join(pieces[token] for token in tokens)
        assert joined.removeprefix(b" " if pieces[ours.encode("a")[0]] == b" " else b"") == text.encode()
        assert lengths[tokens].sum() == len(joined)
    assert pieces[0] == pieces[1] == pieces[399] == b""  # special ones, and numbers beyond the tokenizer's


def test_a_text_in_pieces_is_the_text(pair: tuple[Any, HuggingFaceTokenizer]) -> None:
    _, ours = pair
    tokens = torch.cat([ours.encode("the art\n"), *(ours.encode(part, begins=False) for part in ("the 春", " hare"))])
    assert ours.decode(tokens) == "the art\nthe 春 hare"


def test_a_partial_character_does_not_break_decoding() -> None:
    ours = HuggingFaceTokenizer(sentencepiece().to_str())
    assert ours.decode(ours.encode("🙂")[:-1]).endswith("\ufffd")


def test_marks_come_from_the_config() -> None:
    text = byte_level().to_str()
    ours = HuggingFaceTokenizer(text, CONFIG)
    assert (ours.separator, ours.beginning) == (1, 0)
    assert HuggingFaceTokenizer(text, {"eos_token_id": 1}).beginning == 1
    assert HuggingFaceTokenizer(text, {"bos_token_id": 0}).separator == 0
    assert HuggingFaceTokenizer(text, {"bos_token_id": 0, "eos_token_id": [1, 7]}).ends == (1, 7)
    bare = HuggingFaceTokenizer(text)
    assert bare.separator is None
    assert bare.pieces_of()[bare.beginning] == b"\n"
    assert bare.spec.classes == bare.num_tokens
    assert bare.num_tokens == max(json.loads(text)["added_tokens"][-1]["id"], 300 - 1) + 1


def test_the_state_is_json_and_gives_the_same_tokenizer(pair: tuple[Any, HuggingFaceTokenizer]) -> None:
    _, ours = pair
    again = HuggingFaceTokenizer.from_state(json.loads(json.dumps(ours.state())))
    assert again.state() == ours.state()
    assert (again.pieces_of(), again.separator, again.ends) == (ours.pieces_of(), ours.separator, ours.ends)
    assert torch.equal(again.encode(TEXTS[0]), ours.encode(TEXTS[0]))


def test_limits_of_the_file_do_not_cut_texts() -> None:
    theirs = byte_level()
    theirs.enable_truncation(3)
    theirs.enable_padding(length=50)
    assert len(HuggingFaceTokenizer(theirs.to_str()).encode(TEXTS[1])) > 3


def test_what_cannot_be_read_is_refused() -> None:
    tokenizers = pytest.importorskip("tokenizers")
    with pytest.raises(ConfigError, match="cannot be read"):
        HuggingFaceTokenizer("{}")
    other = byte_level()
    other.decoder = tokenizers.decoders.WordPiece()
    with pytest.raises(ConfigError, match="decodes by WordPiece"):
        HuggingFaceTokenizer(other.to_str())


def test_without_the_package_the_message_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(ConfigError, match=r'pip install "mintage\[text\]"'):
        HuggingFaceTokenizer("{}")
