"""The tokens of a base: its own, kept whole, parted by its own signs, and refused in words where they are missing."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from tests.hugging_face.test_tokenizer import sentencepiece
from tests.hugging_face.tiny_base import SEPARATOR, network, write_base

from mintage.codecs.pretrained import PretrainedCodec
from mintage.data.tokens import pack_tokens
from mintage.errors import ConfigError
from mintage.hugging_face.folder import write_folder
from mintage.sources.texts import Texts

pytest.importorskip("tokenizers")


@pytest.fixture
def spaced(tmp_path: Path) -> PretrainedCodec:
    """Of a base like Llama 2: two signs around a text, and a space before it."""
    ids = {"bos_token_id": 0, "eos_token_id": 1}
    base = write_folder(network("llama", 400, 32), sentencepiece().to_str(), tmp_path / "base", config=ids)
    return PretrainedCodec.read({"base": str(base)})


def test_it_is_what_its_state_says_without_the_base(tmp_path: Path) -> None:
    codec = PretrainedCodec.read({"base": str(write_base(tmp_path / "base"))})
    again = PretrainedCodec.from_state({**codec.state(), "base": None})
    assert torch.equal(again.encode("春 to be"), codec.encode("春 to be"))
    assert again.decode(again.encode("春 to be")) == "春 to be"
    assert (again.num_tokens, again.longest, again.beginning, again.separator) == (257, 32, SEPARATOR, None)
    parted = again.with_separator()
    assert (parted.separator, parted.between) == (SEPARATOR, (SEPARATOR,))


def test_documents_are_packed_as_the_base_has_read_them(spaced: PretrainedCodec, tmp_path: Path) -> None:
    (tmp_path / "texts").mkdir()
    texts = {"a": "the tea\n" * 3, "b": "a hat"}
    for name, text in texts.items():
        (tmp_path / "texts" / f"{name}.txt").write_text(text, "utf-8")
    tokens, report = pack_tokens(Texts(tmp_path / "texts"), spaced, tmp_path / "cache")
    first, second = tokens.starts.tolist()
    assert tokens.x[first : first + 2].tolist() == tokens.x[second : second + 2].tolist() == [1, 0]
    whole = [torch.from_numpy(part.astype(int)) for part in (tokens.x[first:second], tokens.x[second:])]
    assert [tokens.codec.decode(part) for part in whole] == list(texts.values())
    assert torch.equal(whole[0][2:], spaced.encode(texts["a"]))
    assert report.kind == "pretrained"
    assert any("out of 400 (pretrained)" in line for line in report.lines())


def test_what_goes_on_has_no_space_before_it(spaced: PretrainedCodec) -> None:
    joined = torch.cat([spaced.encode("the t"), spaced.encode("ea", begins=False)])
    assert spaced.decode(joined) == "the tea"


def test_a_base_must_be_named_and_be_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="base=FOLDER"):
        PretrainedCodec.read({})
    with pytest.raises(ConfigError, match="Mintage fetches nothing"):
        PretrainedCodec.read({"base": str(tmp_path / "gpt2")})


def test_samples_are_written_as_they_are(tmp_path: Path) -> None:
    codec = PretrainedCodec.read({"base": str(write_base(tmp_path / "base"))})
    out = codec.write([codec.encode("to be\r\n"), "or not"], tmp_path / "out")
    assert (out / "000000.txt").read_bytes() == b"to be\r\n"
    assert (out / "000001.txt").read_text("utf-8") == "or not"
