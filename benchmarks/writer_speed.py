"""Tokens a second of a writer's training step, beside nanoGPT's documented CPU command written out by hand.

    python benchmarks/writer_speed.py TEXT_FILE [--rounds 12] [--count 3]

The loops take turns of a few steps each, so that a machine whose speed drifts is fair to all:
  nanogpt   a GPT-2 in float32 as that command sets it: 4 layers, 128 wide, 4 heads, context 64, 12 texts a step, AdamW,
            GELU, layer norms, learned positions, no dropout; an iteration reads one batch
  same      Mintage's engine and network at that command's context and batch
  mintage   Mintage's engine and network at the habits of models/gpt.py, context 128
The parts of a step of the last are timed one by one. What a token costs is one thing, what is learned from it another:
benchmarks/writer.py asks for that.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from machine import describe, matrix_rate, save
from rounds import interleaved
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from mintage.contracts import Batch, DataSpec, TensorSpec
from mintage.models.gpt import GPT
from mintage.numbers import Numbers
from mintage.training.ema import Averager
from mintage.training.loop import Loop
from mintage.training.settings import TrainingSettings
from mintage.training.update import PlainUpdate

WIDTH, LAYERS, HEADS = 128, 4, 4
DEPTH = 200  # batches that are drawn before anything is timed


class Block(nn.Module):
    """A block of GPT-2 as tutorials write it."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.LayerNorm(WIDTH, bias=False), nn.LayerNorm(WIDTH, bias=False)
        self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH, bias=False), nn.Linear(WIDTH, WIDTH, bias=False)
        self.up, self.down = nn.Linear(WIDTH, 4 * WIDTH, bias=False), nn.Linear(4 * WIDTH, WIDTH, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (part.unflatten(2, (HEADS, -1)).transpose(1, 2) for part in self.qkv(self.first(x)).chunk(3, 2))
        x = x + self.out(F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).flatten(2))
        added: Tensor = self.down(F.gelu(self.up(self.second(x))))
        return x + added


class ByHand(nn.Module):
    """GPT-2 with a tied head."""

    def __init__(self, num_tokens: int, context: int) -> None:
        super().__init__()
        self.embedding, self.positions = nn.Embedding(num_tokens, WIDTH), nn.Embedding(context, WIDTH)
        self.blocks, self.norm = nn.Sequential(*[Block() for _ in range(LAYERS)]), nn.LayerNorm(WIDTH, bias=False)
        for weight in self.parameters():
            if weight.ndim == 2:
                nn.init.normal_(weight, std=0.02)

    def forward(self, tokens: Tensor) -> Tensor:
        x = self.embedding(tokens) + self.positions.weight[: tokens.shape[1]]
        return F.linear(self.norm(self.blocks(x)), self.embedding.weight)


def windows(text: Tensor, context: int, batch: int) -> list[list[Batch]]:
    rng = torch.Generator().manual_seed(0)
    places = torch.randint(len(text) - context, (DEPTH, batch, 1), generator=rng)
    return [[Batch(text[those + torch.arange(context + 1)])] for those in places]


def nanogpt(text: Tensor, num_tokens: int) -> Callable[[], object]:
    torch.manual_seed(0)
    model, batches, step = ByHand(num_tokens, 64), windows(text, 64, 12), 0
    optimizer = torch.optim.AdamW(model.parameters(), 1e-3, (0.9, 0.99), weight_decay=0.1, fused=True)

    def advance() -> None:
        nonlocal step
        x = batches[step % DEPTH][0].x
        step += 1
        loss = F.cross_entropy(model(x[:, :-1]).flatten(0, 1), x[:, 1:].flatten())
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()

    return advance


def mintage(text: Tensor, num_tokens: int, context: int, batch: int) -> Loop:
    torch.manual_seed(0)
    game = GPT(width=WIDTH, layers=LAYERS, heads=HEADS).build(
        DataSpec(x=TensorSpec(shape=(context + 1,), classes=num_tokens + 1, start=num_tokens))
    )
    settings = TrainingSettings.read({**GPT.habits, "steps": 10**6, "batch": batch})
    update = PlainUpdate(game, settings, Numbers())
    batches = windows(text, context, batch)
    averager = Averager(game.sampler, settings.ema_half_life, settings.ema_ramp)
    return Loop(game, lambda step: batches[step % DEPTH], update, averager, settings, 0)


def quartiles(values: list[float]) -> dict[str, float]:
    low, middle, high = np.percentile(values, [25, 50, 75])
    return {"median": round(middle, 3), "quartile_1": round(low, 3), "quartile_3": round(high, 3)}


def parts(loop: Loop, rounds: int) -> dict[str, dict[str, float]]:
    """Milliseconds of what a step is made of."""
    (batch,), writer = loop.stream(0), loop.game.players["writer"]
    (turn,) = loop.game.turns(0, 0)

    def there() -> Tensor:
        return turn.stake(batch).pays["nats"]

    def there_and_back() -> None:
        writer.zero_grad(set_to_none=True)
        there().backward()

    found: dict[str, Callable[[], object]] = {"forward": there, "forward and backward": there_and_back}
    for optimizer in loop.update.optimizers["writer"]:
        count = sum(p.numel() for p in optimizer.param_groups[0]["params"])
        found[f"{type(optimizer).__name__} of {count} numbers"] = optimizer.step
    found["averaging"] = lambda: loop.averager.update(loop.settings.batch, loop.images)
    found["whole step"] = loop.advance
    return {name: quartiles([1e3 * t for t in ts]) for name, ts in interleaved(found, rounds, 1).items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--count", type=int, default=3)
    parser.add_argument("--context", type=int, default=128)
    arguments = parser.parse_args()
    before = describe()
    characters, text = np.unique(np.array(list(arguments.file.read_text("utf-8"))), return_inverse=True)
    tokens, known = torch.from_numpy(text.astype(np.int64)), len(characters)
    batch = int(GPT.habits["batch"])
    ours, same = mintage(tokens, known, arguments.context, batch), mintage(tokens, known, 64, 12)
    steps = {"nanogpt": nanogpt(tokens, known), "same": same.advance, "mintage": ours.advance}
    size = {"nanogpt": 64 * 12, "same": 64 * 12, "mintage": arguments.context * batch}
    times = interleaved(steps, arguments.rounds, arguments.count)
    with FlopCounterMode(display=False) as counted:
        ours.advance()
    rate, work = matrix_rate(torch.float32), counted.get_total_flops() / 1e9
    step = statistics.median(times["mintage"])
    per_token = {name: [t / size[name] for t in ts] for name, ts in times.items()}
    save(
        "writer_speed",
        {
            "machine": before,
            "network": f"{LAYERS} layers x {WIDTH}, {known} characters; mintage: context {arguments.context}, "
            f"batch {batch}; nanogpt and same: context 64, batch 12; float32",
            "tokens_per_second": {name: round(1 / statistics.median(ts)) for name, ts in per_token.items()},
            "milliseconds_per_step": {name: quartiles([1e3 * t for t in ts]) for name, ts in times.items()},
            "time_per_token_over_nanogpt": {
                name: quartiles([a / b for a, b in zip(ts, per_token["nanogpt"], strict=True)])
                for name, ts in per_token.items()
                if name != "nanogpt"
            },
            "parts_of_mintage_ms": parts(ours, arguments.rounds),
            "gflop_per_step": round(work, 2),
            "matrix_gflops": rate,
            "share_of_the_matrix_rate": round(work / step / rate, 3),
        },
    )


if __name__ == "__main__":
    main()
