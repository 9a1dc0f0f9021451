"""One token at a time: what the short way says, a full pass says too, adapters and all."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from mintage.contracts import DataSpec, TensorSpec
from mintage.layers.gpt2 import GPT2, GPT2Sizes
from mintage.layers.lora import add_lora, lora_layers
from mintage.models.gpt import GPT

TOKENS = torch.randint(11, (3, 12), generator=torch.Generator().manual_seed(1))


def network(kind: str) -> nn.Module:
    torch.manual_seed(0)
    if kind == "gpt2":
        return GPT2(GPT2Sizes(num_tokens=11, context=12, width=16, hidden=64, layers=2, heads=2))
    model = GPT(width=16, layers=3, heads=2, slots=64, cap=0.0 if kind == "uncapped" else 15.0)
    made = model.build(DataSpec(x=TensorSpec(shape=(13,), classes=11, start=3))).sampler.writer
    for weight in made.parameters():  # nothing is zero, as it is at the start
        nn.init.normal_(weight, std=0.3)
    return made


@pytest.mark.parametrize("adapted", [False, True])
@pytest.mark.parametrize("kind", ["gpt2", "gpt", "uncapped"])
def test_it_says_what_a_full_pass_says(kind: str, adapted: bool) -> None:
    model = network(kind)
    if adapted:
        add_lora(model, rank=2, alpha=4, where=["query", "qkv", "narrow", "down"])
        for _, layer in lora_layers(model):
            nn.init.normal_(layer.lora_b, std=0.3)
    model.eval()
    memory = model.memory(3)
    with torch.no_grad():
        said = torch.stack([model.read(TOKENS[:, t : t + 1], memory) for t in range(12)], 1)
        torch.testing.assert_close(said, model(TOKENS), rtol=1e-3, atol=1e-4)
    assert torch.equal(memory.tokens, TOKENS)
