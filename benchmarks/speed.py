"""Speed of the article's network: Mintage beside hand-written loops, in one run, in turn; also sampling.

    python benchmarks/speed.py [--rounds 12] [--batch 128]

Three loops take turns of a few steps each, so that a machine whose speed drifts is fair to all:
  eager     the loop that tutorials write: float32, the default memory order, real and fake in two passes
  same      a loop written by hand with all that Mintage does: the chosen numbers, one set of samples for both players,
            one joint pass of real and fake, frozen players, fused Adam, averaging
  mintage   the engine: turns, averaging, figures
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from machine import describe, matrix_rate, save
from rounds import interleaved
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from mintage.contracts import Batch, DataSpec, TensorSpec
from mintage.models.dcgan_article import DCGANArticle
from mintage.numbers import Numbers, for_sampling
from mintage.sampling import draw
from mintage.training.ema import Averager
from mintage.training.loop import Loop
from mintage.training.precision import calibrate
from mintage.training.settings import TrainingSettings
from mintage.training.update import PlainUpdate

SPEC = DataSpec(x=TensorSpec(shape=(1, 28, 28)))
CPU = torch.device("cpu")


def players() -> tuple[nn.Module, nn.Module, int]:
    torch.manual_seed(0)
    model = DCGANArticle()
    game = model.build(SPEC)
    return game.sampler.generator, game.discriminator, model.latent_dim


def eager(real: Tensor) -> Callable[[], object]:
    """The tutorial's loop: float32, contiguous, one generator pass for both players."""
    generator, discriminator, latent = players()
    of_g = torch.optim.Adam(generator.parameters(), 2e-4, (0.5, 0.999))
    of_d = torch.optim.Adam(discriminator.parameters(), 2e-4, (0.5, 0.999))
    ones, zeros = torch.ones(len(real)), torch.zeros(len(real))

    def step() -> None:
        fake = generator(torch.randn(len(real), latent))
        of_d.zero_grad()
        F.binary_cross_entropy_with_logits(discriminator(real), ones).backward()
        F.binary_cross_entropy_with_logits(discriminator(fake.detach()), zeros).backward()
        of_d.step()
        of_g.zero_grad()
        F.binary_cross_entropy_with_logits(discriminator(fake), ones).backward()
        of_g.step()

    return step


def same(real: Tensor, numbers: Numbers) -> Callable[[], object]:
    """Everything that Mintage's engine does for the article's game, written out by hand."""
    generator, discriminator, latent = players()
    numbers.arrange(generator), numbers.arrange(discriminator)
    average = [p.detach().clone() for p in generator.parameters()]
    of_g = torch.optim.Adam(generator.parameters(), 2e-4, (0.5, 0.999), fused=True)
    of_d = torch.optim.Adam(discriminator.parameters(), 2e-4, (0.5, 0.999), fused=True)

    def step() -> None:
        discriminator.requires_grad_(True)
        of_d.zero_grad()
        with numbers.autocast(CPU):
            fake = generator(torch.randn(len(real), latent))
            logits = discriminator(torch.cat([real, fake.detach().to(real.dtype)])).float()
            loss = F.softplus(-logits[: len(real)]).mean() + F.softplus(logits[len(real) :]).mean()
        loss.backward()
        of_d.step()
        discriminator.requires_grad_(False)
        of_g.zero_grad()
        with numbers.autocast(CPU):
            loss = F.softplus(-discriminator(fake).float()).mean()
        loss.backward()
        of_g.step()
        torch._foreach_lerp_(average, [p.detach() for p in generator.parameters()], 0.01)

    return step


def mintage(real: Tensor, numbers: Numbers) -> tuple[Callable[[], object], Loop]:
    torch.manual_seed(0)
    game = DCGANArticle().build(SPEC)
    numbers.arrange(game)
    settings = TrainingSettings(steps=10**6, batch=len(real), lr=2e-4, betas=(0.5, 0.999))
    update, average = PlainUpdate(game, settings, numbers), Averager(game.sampler, 10_000, 0.05)
    batches = [Batch(real)]
    loop = Loop(game, lambda step: batches, update, average, settings, 0)
    return loop.advance, loop


def ratio(times: dict[str, list[float]], slow: str, fast: str) -> dict[str, float]:
    pairs = [a / b for a, b in zip(times[slow], times[fast], strict=True)]
    low, middle, high = np.percentile(pairs, [25, 50, 75])
    return {"median": round(middle, 3), "quartile_1": round(low, 3), "quartile_3": round(high, 3), "pairs": len(pairs)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--count", type=int, default=3)
    parser.add_argument("--batch", type=int, default=128)
    arguments = parser.parse_args()
    before = describe()
    real = torch.rand(arguments.batch, 1, 28, 28) * 2 - 1
    numbers, _ = calibrate(TrainingSettings(batch=arguments.batch), CPU, lambda n: mintage(real, n)[0])

    engine, loop = mintage(real, numbers)
    steps = {"eager": eager(real), "same": same(real, numbers), "mintage": engine}
    times = interleaved(steps, arguments.rounds, arguments.count)
    with FlopCounterMode(display=False) as counted:
        engine()
    rates = {name: matrix_rate(dtype) for name, dtype in (("float32", torch.float32), ("bfloat16", torch.bfloat16))}
    best = min(times["mintage"])
    achieved = counted.get_total_flops() / statistics.median(times["mintage"]) / 1e9

    generator, _, latent = players()
    generator.eval()
    noise = torch.randn(512, latent)

    @torch.no_grad()
    def plain() -> Tensor:
        return torch.cat([generator(z) for z in noise.split(arguments.batch)])

    sampler, numbers_of_sampling = loop.averager.sampler, for_sampling(numbers.bfloat16)
    numbers_of_sampling.arrange(sampler)
    samplers = {"eager": plain, "mintage": lambda: draw(sampler, noise, numbers=numbers_of_sampling, device=CPU)}
    sampling = interleaved(samplers, arguments.rounds, 1)

    save(
        "speed",
        {
            "machine": before,
            "network": "dcgan_article, 28x28x1, batch " + str(arguments.batch),
            "numbers": str(numbers),
            "images_per_second": {n: round(arguments.batch / statistics.median(t), 1) for n, t in times.items()},
            "eager_over_mintage": ratio(times, "eager", "mintage"),
            "same_over_mintage": ratio(times, "same", "mintage"),
            "gflop_per_step": round(counted.get_total_flops() / 1e9, 2),
            "achieved_gflops": round(achieved, 1),
            "best_gflops": round(counted.get_total_flops() / best / 1e9, 1),
            "matrix_gflops": rates,
            "share_of_the_chosen_matrix_rate": round(
                achieved / rates["bfloat16" if numbers.bfloat16 else "float32"], 3
            ),
            "sampling_images_per_second": {n: round(512 / statistics.median(t), 1) for n, t in sampling.items()},
            "sampling_eager_over_mintage": ratio(sampling, "eager", "mintage"),
        },
    )


if __name__ == "__main__":
    main()
