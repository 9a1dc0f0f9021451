"""LoRA: it starts as nothing, learns beside frozen weights, and merges into them without a difference."""

from __future__ import annotations

import copy

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from mintage.errors import ConfigError
from mintage.layers.gpt2 import GPT2, GPT2Sizes
from mintage.layers.llama import Llama, LlamaSizes
from mintage.layers.lora import add_lora, load_lora, lora_layers, lora_state, merge_lora


def network(kind: str) -> nn.Module:
    torch.manual_seed(0)
    if kind == "gpt2":
        return GPT2(GPT2Sizes(num_tokens=50, context=16, width=24, hidden=96, layers=2, heads=4))
    sizes = LlamaSizes(
        num_tokens=50,
        context=16,
        width=24,
        hidden=40,
        layers=2,
        heads=4,
        groups=2,
        head_dim=8,
        qkv_bias=True,
        tied=False,
    )
    return Llama(sizes)


def learned(model: nn.Module) -> nn.Module:
    """As if it had learned: B is no longer zero."""
    for _, layer in lora_layers(model):
        nn.init.normal_(layer.lora_b, std=0.3)
    return model


TOKENS = torch.randint(50, (2, 16), generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("kind", ["gpt2", "llama"])
def test_an_adapter_starts_as_nothing_in_every_layer_of_the_blocks(kind: str) -> None:
    model = network(kind)
    before, names = model(TOKENS), set(model.state_dict())
    adapted = add_lora(model, rank=4, alpha=8)
    assert len(adapted) == 2 * (4 if kind == "gpt2" else 7)
    assert all(name.startswith("blocks.") for name in adapted)
    assert torch.equal(model(TOKENS), before)
    assert names < set(model.state_dict())  # what was there keeps its names
    learns = {name for name, weight in model.named_parameters() if weight.requires_grad}
    assert learns == set(lora_state(model))


@pytest.mark.parametrize("kind", ["gpt2", "llama"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_merged_it_says_what_it_said_adapted(kind: str, dtype: torch.dtype) -> None:
    model = network(kind).to(dtype)
    plain = copy.deepcopy(model).float()(TOKENS)
    add_lora(model, rank=4, alpha=8)
    assert all(tensor.dtype == torch.float32 for tensor in lora_state(model).values())
    model = learned(model).eval()
    assert torch.isfinite(model(TOKENS)).all()
    expected = copy.deepcopy(model).float()(TOKENS)  # the same numbers, reckoned in float32
    merged = merge_lora(model)
    assert torch.allclose(merged(TOKENS), expected, atol=1e-4)
    assert (expected - plain).abs().max() > 0.1
    assert set(merged.state_dict()) == set(network(kind).state_dict())
    assert {type(module) for module in merged.modules()} == {type(module) for module in network(kind).modules()}


def test_it_learns_and_its_base_does_not() -> None:
    model = network("llama")
    for weight in model.parameters():  # a head that says something
        nn.init.normal_(weight, std=0.3)
    add_lora(model, rank=4, alpha=8, dropout=0.1)
    base = {name: weight.clone() for name, weight in model.state_dict().items() if "lora" not in name}
    optimiser = torch.optim.AdamW([weight for weight in model.parameters() if weight.requires_grad], lr=1e-2)
    losses = []
    for _ in range(30):
        loss = F.cross_entropy(model(TOKENS[:, :-1]).flatten(0, 1), TOKENS[:, 1:].flatten())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] - 0.5
    assert all(torch.equal(model.state_dict()[name], weight) for name, weight in base.items())


def test_what_one_has_learned_another_can_be_given() -> None:
    first, second = network("gpt2"), network("gpt2")
    where = ["attention.qkv"]
    assert add_lora(first, 2, 4, where=where) == ["blocks.0.attention.qkv", "blocks.1.attention.qkv"]
    add_lora(second, 2, 4, where=where)
    load_lora(second, lora_state(learned(first)))
    assert torch.equal(first(TOKENS), second(TOKENS))


def test_what_does_not_fit_is_refused() -> None:
    model = network("gpt2")
    with pytest.raises(ConfigError, match="rank 0"):
        add_lora(model, 0, 1)
    with pytest.raises(ConfigError, match=r"No linear layer .*There are: blocks\.0\.attention\.qkv"):
        add_lora(model, 2, 4, where=["elsewhere"])
    add_lora(model, 2, 4)
    with pytest.raises(ConfigError, match="adapter already"):
        add_lora(model, 2, 4)
    wider, elsewhere = network("gpt2"), network("gpt2")
    add_lora(wider, 3, 4)
    add_lora(elsewhere, 2, 4, where=["mlp.up"])
    with pytest.raises(ConfigError, match=r"\(2, 24\) here and \(3, 24\) there"):
        load_lora(model, lora_state(wider))
    with pytest.raises(ConfigError, match="the adapter has nothing at blocks"):
        load_lora(model, lora_state(elsewhere))
    with pytest.raises(ConfigError, match="the network is not adapted at blocks"):
        load_lora(elsewhere, lora_state(model))
