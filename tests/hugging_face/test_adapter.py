"""Adapters in folders: what was learned comes back, on its own base alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from mintage.errors import ConfigError
from mintage.hugging_face.adapter import read_adapter, write_adapter
from mintage.layers.gpt2 import GPT2, GPT2Sizes
from mintage.layers.llama import Llama, LlamaSizes
from mintage.layers.lora import add_lora, lora_layers

TOKENS = torch.randint(20, (2, 12), generator=torch.Generator().manual_seed(1))


def base(kind: str) -> GPT2 | Llama:
    torch.manual_seed(0)
    if kind == "gpt2":
        return GPT2(GPT2Sizes(num_tokens=20, context=12, width=16, hidden=24, layers=2, heads=2)).eval()
    sizes = LlamaSizes(num_tokens=20, context=12, width=16, hidden=24, layers=2, heads=2, groups=1, head_dim=4)
    return Llama(sizes).eval()


def adapted(kind: str, where: list[str] | None = None) -> GPT2 | Llama:
    network = base(kind)
    add_lora(network, 2, 6, dropout=0.1, where=where)
    for _, layer in lora_layers(network):
        nn.init.normal_(layer.lora_b)
    return network


@pytest.mark.parametrize("kind", ["gpt2", "llama"])
@pytest.mark.parametrize("where", [None, ["attention.out"], ["blocks.1.mlp.up"]])
def test_an_adapter_comes_back_on_its_own_base(kind: str, where: list[str] | None, tmp_path: Path) -> None:
    network = adapted(kind, where)
    path = write_adapter(network, tmp_path / "adapter", "ab12", "the-base")
    again = read_adapter(base(kind), path, "ab12").eval()
    assert torch.equal(again(TOKENS), network(TOKENS))
    assert not torch.equal(again(TOKENS), base(kind)(TOKENS))
    with pytest.raises(ConfigError, match=r"belongs to another base.*ab12.*cd34.*the-base"):
        read_adapter(base(kind), path, "cd34")


def test_the_config_says_what_peft_asks_for(tmp_path: Path) -> None:
    def said(network: GPT2 | Llama) -> dict[str, object]:
        path = write_adapter(network, tmp_path / "adapter", "")
        return dict(json.loads((path / "adapter_config.json").read_text("utf-8")))

    config = said(adapted("gpt2"))
    assert (config["r"], config["lora_alpha"], config["lora_dropout"]) == (2, 6, 0.1)
    assert config["target_modules"] == ["c_attn", "c_fc", "c_proj"]
    assert config["fan_in_fan_out"] is True
    # "c_proj" alone would name the MLP's too
    assert said(adapted("gpt2", ["attention.out"]))["target_modules"] == [
        f"transformer.h.{block}.attn.c_proj" for block in (0, 1)
    ]
    assert said(adapted("llama", ["attention.q", "attention.v"]))["target_modules"] == ["q_proj", "v_proj"]
    names = set(load_file(tmp_path / "adapter" / "adapter_model.safetensors"))
    assert "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight" in names


def test_what_is_not_plain_lora_or_not_whole_is_refused(tmp_path: Path) -> None:
    path = write_adapter(adapted("llama"), tmp_path / "adapter", "")
    with pytest.raises(ConfigError, match="no adapter to write"):
        write_adapter(base("llama"), path, "")
    with pytest.raises(ConfigError, match=r"no layer 'model\.layers\.0"):
        read_adapter(base("gpt2"), path)
    config = json.loads((path / "adapter_config.json").read_text("utf-8"))
    for key, value in (("use_dora", True), ("peft_type", "IA3"), ("bias", "all")):
        (path / "adapter_config.json").write_text(json.dumps({**config, key: value}), "utf-8")
        with pytest.raises(ConfigError, match=f"more than plain LoRA.*{key}"):
            read_adapter(base("llama"), path)
    (path / "adapter_config.json").write_text(json.dumps(config), "utf-8")
    state = load_file(path / "adapter_model.safetensors")
    save_file({**state, "base_model.model.lm_head.weight": torch.ones(2)}, path / "adapter_model.safetensors")
    with pytest.raises(ConfigError, match="not a part of LoRA"):
        read_adapter(base("llama"), path)
    (path / "adapter_model.safetensors").write_bytes(b"12")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_adapter(base("llama"), path)
    (path / "adapter_model.safetensors").unlink()
    with pytest.raises(ConfigError, match=r"no adapter_model\.safetensors"):
        read_adapter(base("llama"), path)
