"""Folders, tokenizers and adapters beside transformers and PEFT themselves, in both directions."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from mintage.hugging_face.adapter import read_adapter, write_adapter
from mintage.hugging_face.folder import read_folder, weights_hash, write_folder
from mintage.hugging_face.tokenizer import HuggingFaceTokenizer
from mintage.layers.gpt2 import GPT2, GPT2Sizes
from mintage.layers.llama import Llama, LlamaSizes
from mintage.layers.lora import add_lora, lora_layers, merge_lora
from mintage.layers.rotary import Stretch

pytestmark = pytest.mark.reference
transformers = pytest.importorskip("transformers")
tokenizers = pytest.importorskip("tokenizers")

TEXTS = ["It is a truth universally acknowledged,", "春风又绿江南岸，明月何时照我还？", " two  spaces\n\tand 🙂 "]
COMMON: dict[str, Any] = {
    "vocab_size": 400,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 64,
    "bos_token_id": 0,
    "eos_token_id": 1,
    "initializer_range": 0.3,
}
LLAMA3 = {"rope_type": "llama3", "factor": 4.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0}
CONFIGS: dict[str, Any] = {
    "gpt2": lambda: transformers.GPT2Config(
        vocab_size=400, n_positions=64, n_embd=32, n_layer=2, n_head=4, bos_token_id=0, eos_token_id=1,
        initializer_range=0.3,
    ),
    "llama": lambda: transformers.LlamaConfig(**COMMON, head_dim=16, rms_norm_eps=1e-5),
    "llama-tied": lambda: transformers.LlamaConfig(**COMMON, tie_word_embeddings=True, attention_bias=True),
    "llama3": lambda: transformers.LlamaConfig(
        **COMMON, rope_theta=500.0, rope_scaling={**LLAMA3, "original_max_position_embeddings": 16}
    ),
    "qwen2": lambda: transformers.Qwen2Config(**COMMON, rope_theta=1000.0),
    "qwen3": lambda: transformers.Qwen3Config(**COMMON, head_dim=16, tie_word_embeddings=True),
    "mistral": lambda: transformers.MistralConfig(**COMMON, sliding_window=None),
}  # fmt: skip


def byte_level() -> Any:
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE())
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = tokenizers.decoders.ByteLevel()
    alphabet = tokenizers.pre_tokenizers.ByteLevel.alphabet()
    trainer = tokenizers.trainers.BpeTrainer(vocab_size=350, special_tokens=["<s>", "</s>"], initial_alphabet=alphabet)
    tokenizer.train_from_iterator(TEXTS * 3, trainer)
    return tokenizer


def their_folder(kind: str, path: Path, **how: Any) -> Any:
    torch.manual_seed(0)
    model = transformers.AutoModelForCausalLM.from_config(CONFIGS[kind]()).eval()
    for weight in model.parameters():
        nn.init.normal_(weight, std=0.3)  # biases and norms too: a missed one must be seen
    model.save_pretrained(path, **how)
    byte_level().save(str(path / "tokenizer.json"))
    return model


@pytest.fixture(scope="module")
def tokens() -> torch.Tensor:
    return torch.randint(400, (2, 60), generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("kind", CONFIGS)
def test_what_transformers_wrote_says_the_same_here(kind: str, tmp_path: Path, tokens: torch.Tensor) -> None:
    model = their_folder(kind, tmp_path)
    network, _, config = read_folder(tmp_path)
    with torch.no_grad():
        expected, said = model(tokens).logits, network.eval()(tokens)
    assert torch.allclose(said, expected, atol=1e-4)
    assert expected.std() > 0.1
    assert config["bos_token_id"] == 0
    memory = network.memory(2)
    network.read(tokens[:, :31], memory)
    assert torch.allclose(network.read(tokens[:, 31:], memory), expected[:, -1], atol=1e-4)


@pytest.mark.parametrize("kind", CONFIGS)
def test_what_went_through_us_says_the_same_there(kind: str, tmp_path: Path, tokens: torch.Tensor) -> None:
    model = their_folder(kind, tmp_path / "theirs")
    network, tokenizer_json, config = read_folder(tmp_path / "theirs", context=40)
    ours = write_folder(network, tokenizer_json, tmp_path / "ours", config=config)
    again, info = transformers.AutoModelForCausalLM.from_pretrained(ours, output_loading_info=True)
    assert not any(info.values())
    with torch.no_grad():
        assert torch.allclose(again.eval()(tokens).logits, model(tokens).logits, atol=1e-4)
    assert again.config.eos_token_id == 1
    assert (getattr(again.config, "max_position_embeddings", None) or again.config.n_positions) == 64
    tokenizer = transformers.AutoTokenizer.from_pretrained(ours)
    assert (tokenizer.bos_token, tokenizer.eos_token) == ("<s>", "</s>")
    for text in TEXTS:
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        assert HuggingFaceTokenizer(tokenizer_json, config).encode(text).tolist() == ids


@pytest.mark.parametrize("kind", ["gpt2", "llama", "qwen2", "qwen3"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_what_we_built_is_read_there(kind: str, dtype: torch.dtype, tmp_path: Path, tokens: torch.Tensor) -> None:
    torch.manual_seed(0)
    shape: dict[str, Any] = {"num_tokens": 400, "context": 64, "width": 32, "hidden": 48, "layers": 2, "heads": 4}
    network: GPT2 | Llama
    if kind == "gpt2":
        network = GPT2(GPT2Sizes(**shape, tied=False))
    else:
        stretch = Stretch(factor=4.0, low=1.0, high=4.0, trained=16) if kind == "llama" else None
        more = {"qkv_bias": kind == "qwen2", "qk_norm": kind == "qwen3", "tied": kind != "llama", "base": 500.0}
        network = Llama(LlamaSizes(**shape, groups=2, head_dim=16, stretch=stretch, **more))
    for weight in network.parameters():
        nn.init.normal_(weight, std=0.3)
    network = network.eval().to(dtype).float()  # numbers that both files can hold
    ids = {"bos_token_id": 0, "eos_token_id": 1}
    path = write_folder(network, byte_level().to_str(), tmp_path / "ours", config=ids, dtype=dtype)
    model, info = transformers.AutoModelForCausalLM.from_pretrained(path, dtype="auto", output_loading_info=True)
    assert not any(info.values())
    assert next(model.parameters()).dtype == dtype
    with torch.no_grad():
        assert torch.allclose(model.eval().float()(tokens).logits, network(tokens), atol=1e-4)


@pytest.mark.parametrize("kind", ["gpt2", "qwen3"])
def test_shards_are_read(kind: str, tmp_path: Path, tokens: torch.Tensor) -> None:
    model = their_folder(kind, tmp_path, max_shard_size="60KB")
    assert len(list(tmp_path.glob("model-*.safetensors"))) > 1
    with torch.no_grad():
        assert torch.allclose(read_folder(tmp_path).network(tokens), model(tokens).logits, atol=1e-4)


@pytest.mark.parametrize("kind", ["gpt2", "llama", "qwen2", "qwen3"])
@pytest.mark.parametrize("where", [None, ["attention.out"], ["blocks.1.attention.out"]])
def test_our_adapter_says_the_same_in_peft(
    kind: str, where: list[str] | None, tmp_path: Path, tokens: torch.Tensor
) -> None:
    peft = pytest.importorskip("peft")
    model = their_folder(kind, tmp_path / "base")
    network = read_folder(tmp_path / "base").network
    plain = network(tokens)
    add_lora(network, 4, 8, 0.1, where)
    for _, layer in lora_layers(network):
        nn.init.normal_(layer.lora_b, std=0.05)
    known = weights_hash(tmp_path / "base")
    path = write_adapter(network.eval(), tmp_path / "adapter", known, str(tmp_path / "base"))
    adapted = peft.PeftModel.from_pretrained(model, path).eval()
    with torch.no_grad():
        said = adapted(tokens).logits
        assert torch.allclose(network(tokens), said, atol=1e-4)
        assert (said - plain).abs().max() > 0.01
        again = read_adapter(read_folder(tmp_path / "base").network, path, known).eval()
        assert torch.equal(again(tokens), network(tokens))
        assert torch.allclose(merge_lora(copy.deepcopy(again))(tokens), said, atol=1e-4)


def test_an_adapter_of_peft_says_the_same_here(tmp_path: Path, tokens: torch.Tensor) -> None:
    peft = pytest.importorskip("peft")
    for kind, targets in (("gpt2", ["c_attn", "c_proj", "c_fc"]), ("llama", ["q_proj", "v_proj"])):
        base = tmp_path / kind
        model = their_folder(kind, base)
        how = peft.LoraConfig(r=3, lora_alpha=5, target_modules=targets, task_type="CAUSAL_LM", init_lora_weights=False)
        adapted = peft.get_peft_model(model, how).eval()
        adapted.save_pretrained(base / "adapter")
        network = read_adapter(read_folder(base).network, base / "adapter", weights_hash(base)).eval()
        with torch.no_grad():
            assert torch.allclose(network(tokens), adapted(tokens).logits, atol=1e-4)


def test_what_stands_beside_the_base_is_carried_over(tmp_path: Path) -> None:
    their_folder("qwen2", tmp_path / "base")
    (tmp_path / "base" / "chat_template.jinja").write_text("{{ messages }}", "utf-8")
    told = {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "</s>", "additional": 1}
    (tmp_path / "base" / "tokenizer_config.json").write_text(json.dumps(told), "utf-8")
    network, tokenizer_json, _ = read_folder(tmp_path / "base")
    ours = write_folder(network, tokenizer_json, tmp_path / "ours", base=tmp_path / "base")
    assert transformers.AutoTokenizer.from_pretrained(ours).chat_template == "{{ messages }}"
    assert transformers.AutoModelForCausalLM.from_pretrained(ours).config.eos_token_id == 1
