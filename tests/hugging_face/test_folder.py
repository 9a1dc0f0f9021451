"""Folders of language models: written, read back, and refused in words where they don't fit."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from mintage.errors import ConfigError
from mintage.hugging_face.folder import read_folder, weights_hash, write_folder
from mintage.layers.gpt2 import GPT2, GPT2Sizes
from mintage.layers.llama import Llama, LlamaSizes
from mintage.layers.lora import add_lora, merge_lora

VOCAB = {"<s>": 0, "</s>": 1, "a": 2, "b": 3}
ADDED = [{"id": 0, "content": "<s>", "special": True}, {"id": 1, "content": "</s>", "special": True}]
TOKENIZER = json.dumps({"model": {"type": "BPE", "vocab": VOCAB, "merges": []}, "added_tokens": ADDED})
IDS = {"bos_token_id": 0, "eos_token_id": [1, 3]}
TOKENS = torch.randint(20, (2, 12), generator=torch.Generator().manual_seed(1))


def network(kind: str = "llama") -> GPT2 | Llama:
    torch.manual_seed(0)
    if kind == "gpt2":
        return GPT2(GPT2Sizes(num_tokens=20, context=12, width=16, hidden=24, layers=2, heads=2)).eval()
    sizes = LlamaSizes(
        num_tokens=20, context=12, width=16, hidden=24, layers=2, heads=2, groups=1, head_dim=4, base=99.0,
        qkv_bias=kind == "qwen2", qk_norm=kind == "qwen3", tied=kind != "llama",
    )  # fmt: skip
    return Llama(sizes).eval()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_folder(network(), TOKENIZER, tmp_path / "folder", config=IDS)


def change(path: Path, **values: Any) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **values}), "utf-8")


@pytest.mark.parametrize("kind", ["gpt2", "llama", "qwen2", "qwen3"])
def test_what_is_written_is_read_back_bit_by_bit(kind: str, tmp_path: Path) -> None:
    model = network(kind)
    path = write_folder(model, TOKENIZER, tmp_path / "deep" / "folder", config=IDS)
    again, tokenizer_json, config = read_folder(path)
    assert again.sizes == model.sizes
    assert torch.equal(again.eval()(TOKENS), model(TOKENS))
    assert tokenizer_json == TOKENIZER
    assert (config["model_type"], config["eos_token_id"]) == (kind, [1, 3])
    told = json.loads((path / "tokenizer_config.json").read_text("utf-8"))
    assert (told["bos_token"], told["eos_token"], told["model_max_length"]) == ("<s>", "</s>", 12)
    assert json.loads((path / "generation_config.json").read_text("utf-8")) == IDS
    assert all(weight.requires_grad for weight in again.parameters())


def test_half_precision_takes_half_the_room_and_is_read_in_the_numbers_asked_for(tmp_path: Path) -> None:
    path = write_folder(network(), TOKENIZER, tmp_path / "folder", dtype=torch.bfloat16)
    assert {tensor.dtype for tensor in load_file(path / "model.safetensors").values()} == {torch.bfloat16}
    assert {weight.dtype for weight in read_folder(path).network.parameters()} == {torch.float32}
    half = read_folder(path, dtype=torch.bfloat16).network
    assert {weight.dtype for weight in half.parameters()} == {torch.bfloat16}
    assert (half.eval()(TOKENS) - network()(TOKENS)).abs().max() < 0.01


@pytest.mark.parametrize("kind", ["gpt2", "llama"])
def test_a_network_can_be_read_to_look_back_less_far(kind: str, tmp_path: Path) -> None:
    path = write_folder(network(kind), TOKENIZER, tmp_path / "folder")
    short, _, config = read_folder(path, context=8)
    assert short.context == short.memory(1).capacity == 8
    assert torch.equal(short.eval()(TOKENS[:, :8]), read_folder(path).network.eval()(TOKENS[:, :8]))
    again = write_folder(short, TOKENIZER, tmp_path / "again", config=config)
    assert read_folder(again).network.context == 12  # what it could, it still can


@pytest.mark.parametrize("kind", ["gpt2", "llama"])
def test_names_without_a_start_and_buffers_of_older_releases_are_read(kind: str, tmp_path: Path) -> None:
    path = write_folder(network(kind), TOKENIZER, tmp_path / "folder")
    state = load_file(path / "model.safetensors")
    bare = {name.removeprefix("transformer.").removeprefix("model."): tensor for name, tensor in state.items()}
    more = {"h.0.attn.bias": torch.ones(1, 1, 12, 12)} if kind == "gpt2" else {}
    save_file({**bare, **more}, path / "model.safetensors")
    assert torch.equal(read_folder(path).network.eval()(TOKENS), network(kind)(TOKENS))


def test_a_head_that_is_the_embedding_may_be_in_the_file_twice(tmp_path: Path) -> None:
    path = write_folder(network("gpt2"), TOKENIZER, tmp_path / "folder")
    state = load_file(path / "model.safetensors")
    save_file({**state, "lm_head.weight": state["transformer.wte.weight"].clone()}, path / "model.safetensors")
    assert torch.equal(read_folder(path).network.eval()(TOKENS), network("gpt2")(TOKENS))


def in_shards(path: Path) -> None:
    """The same weights in two files and an index."""
    state = load_file(path / "model.safetensors")
    names = sorted(state)
    shards = {"model-1.safetensors": names[::2], "model-2.safetensors": names[1::2]}
    for shard, part in shards.items():
        save_file({name: state[name] for name in part}, path / shard)
    index = {"weight_map": {name: shard for shard, part in shards.items() for name in part}}
    (path / "model.safetensors.index.json").write_text(json.dumps(index), "utf-8")
    (path / "model.safetensors").unlink()


def test_shards_are_read_and_hashed(folder: Path) -> None:
    whole = weights_hash(folder)
    assert whole == weights_hash(folder)
    in_shards(folder)
    assert torch.equal(read_folder(folder).network.eval()(TOKENS), network()(TOKENS))
    assert weights_hash(folder) != whole
    (folder / "model-2.safetensors").unlink()
    with pytest.raises(ConfigError, match=r"lacks model-2\.safetensors"):
        read_folder(folder)


def test_a_merged_adapter_is_written_and_an_unmerged_one_refused(tmp_path: Path) -> None:
    model = network()
    add_lora(model, 2, 4)
    nn.init.normal_(model.blocks[0].attention.q.lora_b)
    with pytest.raises(ConfigError, match="Merge it first"):
        write_folder(model, TOKENIZER, tmp_path / "folder")
    expected = model(TOKENS)
    path = write_folder(merge_lora(model), TOKENIZER, tmp_path / "folder")
    assert torch.allclose(read_folder(path).network.eval()(TOKENS), expected, atol=1e-4)


def test_nothing_is_written_over(folder: Path) -> None:
    with pytest.raises(ConfigError, match="is there already"):
        write_folder(network(), TOKENIZER, folder)
    with pytest.raises(ConfigError, match="Linear is not a network that transformers knows"):
        write_folder(nn.Linear(2, 2), TOKENIZER, folder / "new")
    assert not (folder / "new").exists()


Damage = tuple[Callable[[Path], Any], str]
DAMAGES: dict[str, Damage] = {
    "no config": (lambda f: (f / "config.json").unlink(), "has no config.json"),
    "an adapter": (lambda f: (f / "config.json").rename(f / "adapter_config.json"), "the folder of its base"),
    "broken json": (lambda f: (f / "config.json").write_text("{"), "is not JSON"),
    "other kind": (lambda f: change(f / "config.json", model_type="mamba"), "model_type = 'mamba'"),
    "no sizes": (lambda f: change(f / "config.json", hidden_size=None), "hidden_size = None; a positive number"),
    "other units": (lambda f: change(f / "config.json", hidden_act="gelu"), "hidden_act = 'gelu'; .* silu"),
    "quantised": (lambda f: change(f / "config.json", quantization_config={"bits": 4}), "Mintage reads none"),
    "yarn": (lambda f: change(f / "config.json", rope_scaling={"type": "yarn"}), "'yarn'; Mintage has 'default'"),
    "window": (lambda f: change(f / "config.json", model_type="mistral", sliding_window=8), "Set context = 8"),
    "other width": (lambda f: change(f / "config.json", hidden_size=32), r"has the shape .*16.*asks for .*32"),
    "more layers": (lambda f: change(f / "config.json", num_hidden_layers=3), r"have no model\.layers\.2"),
    "fewer layers": (
        lambda f: change(f / "config.json", num_hidden_layers=1),
        r"9 tensors .* such as model\.layers\.1",
    ),
    "no weights": (lambda f: (f / "model.safetensors").unlink(), "has no weights: model.safetensors is needed"),
    "cut weights": (lambda f: (f / "model.safetensors").write_bytes(b"1234567"), "may be cut short"),
    "pointer": (lambda f: (f / "model.safetensors").write_bytes(b"version git-lfs" * 9), "run git lfs pull"),
    "pickle": (lambda f: (f / "model.safetensors").rename(f / "pytorch_model.bin"), "is a pickle.*save_pretrained"),
    "no tokenizer": (lambda f: (f / "tokenizer.json").unlink(), "has no tokenizer.json.*AutoTokenizer"),
    "odd tokenizer": (lambda f: (f / "tokenizer.json").write_text("{}"), "it has no vocabulary"),
    "long tokenizer": (
        lambda f: (f / "tokenizer.json").write_text(json.dumps({"model": {"vocab": {"a": 20}}})),
        "tokens up to 20, but config.json speaks of 20",
    ),
}


@pytest.mark.parametrize("what", DAMAGES)
def test_what_does_not_fit_is_refused_in_words(what: str, folder: Path) -> None:
    damage, words = DAMAGES[what]
    damage(folder)
    with pytest.raises(ConfigError, match=words):
        read_folder(folder)


def test_a_name_that_is_no_folder_is_not_fetched(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Mintage fetches nothing by itself"):
        read_folder(tmp_path / "gpt2")


def test_a_window_is_no_matter_within_it(folder: Path) -> None:
    change(folder / "config.json", model_type="mistral", sliding_window=8)
    assert torch.equal(read_folder(folder, context=8).network.eval()(TOKENS[:, :8]), network()(TOKENS[:, :8]))
