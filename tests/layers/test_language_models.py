"""Llama and GPT-2: each token sees what was before it, reading on is reading at once, and they learn."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from mintage.errors import SpecError
from mintage.layers.causal_attention import causal_attention
from mintage.layers.gpt2 import GPT2, GPT2Sizes
from mintage.layers.llama import Llama, LlamaSizes

LLAMA = {
    "num_tokens": 50,
    "context": 24,
    "width": 24,
    "hidden": 40,
    "layers": 2,
    "heads": 4,
    "groups": 2,
    "head_dim": 8,
}
KINDS = ["gpt2", "gpt2-untied", "llama", "qwen2", "qwen3"]


def network(kind: str, dropout: float = 0.0) -> GPT2 | Llama:
    torch.manual_seed(0)
    made: GPT2 | Llama
    if kind.startswith("gpt2"):
        sizes = GPT2Sizes(num_tokens=50, context=24, width=24, hidden=96, layers=2, heads=4, tied=kind == "gpt2")
        made = GPT2(sizes, dropout)
    else:
        made = Llama(
            LlamaSizes(**LLAMA, qkv_bias=kind == "qwen2", qk_norm=kind == "qwen3", tied=kind != "llama"), dropout
        )
    for weight in made.parameters():  # far from their start, where every token is as likely as another
        torch.nn.init.normal_(weight, std=0.3)
    return made.eval()


@pytest.mark.parametrize("kind", KINDS)
def test_reading_on_says_what_reading_at_once_says(kind: str) -> None:
    model, tokens = network(kind), torch.randint(50, (3, 24), generator=torch.Generator().manual_seed(1))
    whole = model(tokens)
    memory = model.memory(3)
    done = 0
    for stop in (7, 8, 9, 20, 24):  # a start, single tokens, several tokens after others
        said = model.read(tokens[:, done:stop], memory)
        assert torch.allclose(said, whole[:, stop - 1], atol=1e-4)
        done = stop
    assert torch.equal(memory.tokens, tokens)
    memory.clear()
    assert torch.allclose(model.read(tokens, memory), whole[:, -1], atol=1e-4)
    assert whole.std() > 0.1


@pytest.mark.parametrize("kind", KINDS)
def test_no_token_sees_what_comes_after_it(kind: str) -> None:
    model, tokens = network(kind), torch.randint(50, (2, 24), generator=torch.Generator().manual_seed(1))
    changed = tokens.clone()
    changed[:, 10] = (changed[:, 10] + 1) % 50
    before, after = model(tokens), model(changed)
    assert torch.allclose(before[:, :10], after[:, :10], atol=1e-6)
    assert (before[:, 10:] - after[:, 10:]).abs().amax(dim=(0, 2)).min() > 1e-3  # and each sees what was before it


@pytest.mark.parametrize("kind", KINDS)
def test_half_precision_reads_and_answers_in_float32(kind: str) -> None:
    model = network(kind)
    tokens = torch.randint(50, (2, 12), generator=torch.Generator().manual_seed(1))
    exact = model(tokens)
    half = model.to(torch.bfloat16)
    assert half(tokens).dtype == torch.float32
    assert (half(tokens) - exact).abs().max() < 0.2
    memory = half.memory(2)
    assert memory.keys.dtype == torch.bfloat16
    half.read(tokens[:, :5], memory)
    assert (half.read(tokens[:, 5:], memory) - exact[:, -1]).abs().max() < 0.2


@pytest.mark.parametrize("kind", ["gpt2", "qwen3"])
def test_it_learns_a_periodic_text(kind: str) -> None:
    torch.manual_seed(0)
    model = network(kind, dropout=0.05)
    for module in model.modules():
        if hasattr(module, "reset_parameters"):
            module.reset_parameters()
    text = torch.arange(8).repeat(40)
    optimiser = torch.optim.AdamW(model.train().parameters(), lr=1e-2)
    for _ in range(40):
        starts = torch.randint(len(text) - 13, (6,))
        window = torch.stack([text[start : start + 13] for start in starts.tolist()])
        loss = F.cross_entropy(model(window[:, :-1]).flatten(0, 1), window[:, 1:].flatten())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert loss.item() < 0.3  # chance is log 8 = 2.08 once it knows which tokens there are


@pytest.mark.parametrize("kind", ["gpt2", "llama"])
def test_a_fresh_network_calls_all_tokens_about_as_likely(kind: str) -> None:
    torch.manual_seed(0)
    fresh = GPT2(network("gpt2").sizes) if kind == "gpt2" else Llama(network("llama").sizes)
    costs = F.cross_entropy(fresh(torch.arange(20)[None]).flatten(0, 1), torch.arange(1, 21))
    assert abs(costs.item() - torch.tensor(50.0).log().item()) < 0.1
    assert all(torch.isfinite(weight).all() for weight in fresh.parameters())


def test_shared_keys_are_what_repeated_keys_are() -> None:
    keys, values = torch.randn(2, 2, 3, 9, 8)
    many = [kept.repeat_interleave(2, 1) for kept in (keys, values)]
    for new in (1, 4, 9):
        queries = torch.randn(2, 6, new, 8)
        few = causal_attention(queries, keys, values)
        assert torch.allclose(few, causal_attention(queries, *many), atol=1e-6)
        scores = (queries @ many[0].transpose(2, 3)) / 8**0.5
        later = torch.arange(9) > torch.arange(9 - new, 9)[:, None]
        plain = scores.masked_fill(later, -torch.inf).softmax(-1) @ many[1]
        assert torch.allclose(few, plain.transpose(1, 2).flatten(2), atol=1e-5)


@pytest.mark.parametrize("kind", ["gpt2", "llama"])
def test_more_than_the_context_is_refused(kind: str) -> None:
    model = network(kind)
    model.context = 10
    tokens = torch.zeros(1, 11, dtype=torch.int64)
    with pytest.raises(SpecError, match="looks back at 10 tokens, but was given 11"):
        model(tokens)
    memory = model.memory(1)
    model.read(tokens[:, :9], memory)
    with pytest.raises(SpecError, match="10 tokens"):
        model.read(tokens[:, :2], memory)


def test_heads_that_cannot_share_are_refused() -> None:
    with pytest.raises(SpecError, match="4 heads cannot share 3 keys"):
        Llama(LlamaSizes(**{**LLAMA, "groups": 3}))
    with pytest.raises(SpecError, match="5 heads"):
        GPT2(GPT2Sizes(num_tokens=5, context=4, width=24, hidden=8, layers=1, heads=5))
