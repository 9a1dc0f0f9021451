"""Tokens a second of writing, beside reading everything again for each token and beside transformers' generate.

    python benchmarks/decoding.py [--width 128] [--layers 4] [--tokens 65] [--length 512] [--rounds 5] [--rows 1 8]

The same network, with the same weights, writes the same number of tokens in every way; the ways take turns, so that a
machine whose speed drifts is fair to all. Without a cache, a step costs what the text so far costs: it is timed at
every 32nd length. transformers, where it is installed, keeps a cache and samples at temperature 1 without cuts.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import torch
from machine import describe, save
from torch import Tensor, nn

from mintage.decoding.choice import Decoding, choose
from mintage.decoding.writer import CHUNK, write
from mintage.layers.gpt2 import GPT2, GPT2Sizes

STRIDE = 32
BLOCK = {
    "attention_norm": "ln_1", "attention.qkv": "attn.c_attn", "attention.out": "attn.c_proj",
    "mlp_norm": "ln_2", "mlp.up": "mlp.c_fc", "mlp.down": "mlp.c_proj",
}  # fmt: skip


def network(sizes: argparse.Namespace) -> GPT2:
    """The language model that writes: any that meets the contract can stand here."""
    torch.manual_seed(0)
    return GPT2(
        GPT2Sizes(
            num_tokens=sizes.tokens,
            context=2 * sizes.length,
            width=sizes.width,
            hidden=4 * sizes.width,
            layers=sizes.layers,
            heads=max(1, sizes.width // 64) if sizes.width > 128 else 4,
        )
    ).eval()


def twin(ours: GPT2) -> nn.Module | None:
    """The same network as transformers builds it, with the same weights; None where transformers is missing."""
    try:
        from transformers import GPT2Config, GPT2LMHeadModel
    except ImportError:
        return None
    sizes = ours.sizes
    theirs = GPT2LMHeadModel(
        GPT2Config(
            vocab_size=sizes.num_tokens, n_positions=sizes.context, n_embd=sizes.width, n_layer=sizes.layers,
            n_head=sizes.heads, bos_token_id=0, eos_token_id=None, pad_token_id=0,
        )
    ).eval()  # fmt: skip
    named = {"wte.weight": ours.embedding.weight, "wpe.weight": ours.positions.weight}
    named |= {f"ln_f.{kind}": weight for kind, weight in ours.norm.named_parameters()}
    for place, block in enumerate(ours.blocks):
        for name, weight in block.named_parameters():
            part, _, kind = name.rpartition(".")
            turned = weight.T if weight.ndim == 2 else weight  # their linear maps are kept the other way round
            named[f"h.{place}.{BLOCK[part]}.{kind}"] = turned
    theirs.transformer.load_state_dict(named, strict=True)
    tokens = torch.randint(0, sizes.num_tokens, (2, 16))
    with torch.inference_mode():
        torch.testing.assert_close(theirs(tokens).logits, ours(tokens), rtol=1e-3, atol=1e-4)
    return theirs


@torch.inference_mode()
def without_cache(model: GPT2, prompt: Tensor, noise: Tensor, every: int) -> float:
    """Seconds that a text takes, from steps at every so many lengths."""
    rows, length = noise.shape
    tokens = torch.randint(0, model.num_tokens, (rows, length), generator=torch.Generator().manual_seed(0))
    tokens[:, : len(prompt)] = prompt
    spent = 0.0
    for size in range(every // 2, length, every):
        started = time.perf_counter()
        choose(model(tokens[:, :size])[:, -1], noise[:, size], Decoding())
        spent += time.perf_counter() - started
    return spent * every


def timed(work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def bandwidth() -> float:
    """Bytes a second that copying 64 MB reads and writes, at best."""
    source = torch.randn(16 * 2**20)
    target = torch.empty_like(source)
    best = min(timed(lambda: target.copy_(source)) for _ in range(20))
    return 2 * source.nbytes / best


def weights_read(model: GPT2) -> int:
    """Bytes of weights that one step reads: all but the positions, since the embedding is the head."""
    return sum(weight.nbytes for weight in model.parameters()) - model.positions.weight.nbytes


def ways(model: GPT2, theirs: nn.Module | None, rows: int, length: int) -> dict[str, Callable[[], float]]:
    prompt, noise = torch.tensor([1]), torch.rand(rows, length, generator=torch.Generator().manual_seed(1))
    decoding = Decoding(length=length)
    found = {
        "mintage": lambda: timed(lambda: write(model, prompt, noise, decoding)),
        "without_cache": lambda: without_cache(model, prompt, noise, STRIDE),
    }
    if rows == 1:
        found["padded_to_a_chunk"] = lambda: timed(lambda: write(model, prompt, noise, decoding, alone=False))
    elif rows == CHUNK:
        found["mintage_in_one_chunk"] = lambda: timed(lambda: write(model, prompt, noise, decoding, alone=False))
    if theirs is not None:
        settings = {"do_sample": True, "top_k": 0, "min_new_tokens": length, "max_new_tokens": length}
        given = prompt.expand(rows, 1)
        mask = torch.ones_like(given)
        found["transformers"] = lambda: timed(lambda: theirs.generate(given, attention_mask=mask, **settings))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name, value in (("width", 128), ("layers", 4), ("tokens", 65), ("length", 512), ("rounds", 5)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--rows", type=int, nargs="+", default=[1, CHUNK])
    arguments = parser.parse_args()
    machine, model = describe(), network(arguments)
    theirs, rate = twin(model), bandwidth()
    floor, result = weights_read(model) / rate, {}
    for rows in arguments.rows:
        found = ways(model, theirs, rows, arguments.length)
        for work in found.values():
            work()
        times: dict[str, list[float]] = {name: [] for name in found}
        for turn in range(arguments.rounds):
            for name in list(found)[turn % len(found) :] + list(found)[: turn % len(found)]:
                times[name].append(found[name]())
        ours = "mintage_in_one_chunk" if rows == CHUNK else "mintage"
        step = statistics.median(times[ours]) / arguments.length
        result[f"{rows} rows"] = {
            "tokens_per_second": {
                name: round(rows * arguments.length / statistics.median(t), 1) for name, t in times.items()
            },
            "times_as_fast": {
                f"{mine} / {name}": round(statistics.median(b / a for a, b in zip(times[mine], t, strict=True)), 2)
                for mine in dict.fromkeys(["mintage", ours])
                for name, t in times.items()
                if name != mine
            },
            "milliseconds_per_step": round(1e3 * step, 3),
            "share_of_the_bandwidth_limit": round(floor / step, 3),
        }
    save(
        f"decoding-{arguments.layers}x{arguments.width}",
        {
            "machine": machine,
            "network": f"GPT-2, {arguments.layers} layers x {arguments.width}, {arguments.tokens} tokens, float32",
            "length": arguments.length,
            "rounds": arguments.rounds,
            "transformers": getattr(__import__("transformers"), "__version__", "") if theirs is not None else None,
            "weights_read_per_step_mb": round(weights_read(model) / 1e6, 2),
            "copy_gb_per_second": round(rate / 1e9, 1),
            "bandwidth_limit_steps_per_second": round(1 / floor),
            **result,
        },
    )


if __name__ == "__main__":
    main()
