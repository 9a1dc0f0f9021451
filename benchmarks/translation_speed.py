"""Speed of a CycleGAN step at 128 pixels: Mintage beside the same step written by hand in eager float32, in turn.

    python benchmarks/translation_speed.py [--rounds 8] [--batch 4] [--width 32]

Both have the same networks, the same terms, the same batch. By hand means as the field's implementations write it:
every translation a pass of its own, nearest upsampling followed by a convolution, torch.nn.InstanceNorm2d, a list as
image pool, Adam as it comes. Mintage's step pays for averaging and figures too.
"""

from __future__ import annotations

import argparse
import random
import statistics
from collections.abc import Callable

import torch
import torch.nn.functional as F
from machine import describe, save
from speed import interleaved, ratio
from torch import Tensor, nn

from mintage.contracts import Batch, DataSpec, TensorSpec
from mintage.games.cycle import CycleStakes
from mintage.models.cyclegan import CycleGAN
from mintage.numbers import Numbers
from mintage.training.ema import Averager
from mintage.training.loop import Loop
from mintage.training.precision import calibrate
from mintage.training.settings import TrainingSettings
from mintage.training.update import PlainUpdate

CPU, SIDE = torch.device("cpu"), 128
SPEC = DataSpec(x=TensorSpec(shape=(3, SIDE, SIDE)), condition=TensorSpec(shape=(3, SIDE, SIDE)))


class Block(nn.Module):
    """A residual block."""

    def __init__(self, width: int) -> None:
        super().__init__()
        pad, conv = nn.ReflectionPad2d, nn.Conv2d
        self.body = nn.Sequential(
            pad(1), conv(width, width, 3), nn.InstanceNorm2d(width), nn.ReLU(True),
            pad(1), conv(width, width, 3), nn.InstanceNorm2d(width),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


def translator(width: int, blocks: int) -> nn.Module:
    layers: list[nn.Module] = [nn.ReflectionPad2d(3), nn.Conv2d(3, width, 7), nn.InstanceNorm2d(width), nn.ReLU(True)]
    for i in (width, 2 * width):
        layers += [nn.Conv2d(i, 2 * i, 3, 2, 1), nn.InstanceNorm2d(2 * i), nn.ReLU(True)]
    layers += [Block(4 * width) for _ in range(blocks)]
    for i in (4 * width, 2 * width):
        layers += [nn.Upsample(scale_factor=2), nn.Conv2d(i, i // 2, 3, 1, 1), nn.InstanceNorm2d(i // 2), nn.ReLU(True)]
    return nn.Sequential(*layers, nn.ReflectionPad2d(3), nn.Conv2d(width, 3, 7), nn.Tanh())


def judge(width: int) -> nn.Module:
    layers: list[nn.Module] = [nn.Conv2d(3, width, 4, 2, 1), nn.LeakyReLU(0.2, True)]
    for i, stride in ((width, 2), (2 * width, 1)):
        layers += [nn.Conv2d(i, 2 * i, 4, stride, 1), nn.InstanceNorm2d(2 * i), nn.LeakyReLU(0.2, True)]
    return nn.Sequential(*layers, nn.Conv2d(4 * width, 1, 4, 1, 1))


class Pool:
    """The image pool, as a list."""

    def __init__(self, size: int = 50) -> None:
        self.size, self.pictures = size, list[Tensor]()

    def __call__(self, fake: Tensor) -> Tensor:
        shown = []
        for picture in fake.detach():
            if len(self.pictures) < self.size:
                self.pictures.append(picture.clone())
                shown.append(picture)
            elif random.random() > 0.5:
                place = random.randrange(self.size)
                shown.append(self.pictures[place].clone())
                self.pictures[place] = picture.clone()
            else:
                shown.append(picture)
        return torch.stack(shown)


def eager(a: Tensor, b: Tensor, model: CycleGAN) -> Callable[[], object]:
    torch.manual_seed(0)
    to_b, to_a = translator(model.width, model.blocks), translator(model.width, model.blocks)
    of_a, of_b = judge(model.judge_width), judge(model.judge_width)
    players = torch.optim.Adam([*to_b.parameters(), *to_a.parameters()], 2e-4, (0.5, 0.999))
    judges = torch.optim.Adam([*of_a.parameters(), *of_b.parameters()], 2e-4, (0.5, 0.999))
    pool_a, pool_b, mse, l1 = Pool(), Pool(), nn.MSELoss(), nn.L1Loss()

    def right(logits: Tensor, value: float) -> Tensor:
        return mse(logits, torch.full_like(logits, value))

    def step() -> None:
        for network in (of_a, of_b):
            network.requires_grad_(False)
        players.zero_grad()
        fake_b, fake_a = to_b(a), to_a(b)
        loss = right(of_b(fake_b), 1.0) + right(of_a(fake_a), 1.0)
        loss = loss + 10 * (l1(to_a(fake_b), a) + l1(to_b(fake_a), b))
        loss = loss + 5 * (l1(to_a(a), a) + l1(to_b(b), b))
        loss.backward()
        players.step()
        for network in (of_a, of_b):
            network.requires_grad_(True)
        judges.zero_grad()
        for network, real, fake, pool in ((of_a, a, fake_a, pool_a), (of_b, b, fake_b, pool_b)):
            (0.5 * (right(network(real), 1.0) + right(network(pool(fake)), 0.0))).backward()
        judges.step()

    return step


def mintage(a: Tensor, b: Tensor, model: CycleGAN, numbers: Numbers) -> Callable[[], object]:
    torch.manual_seed(0)
    game = model.build(SPEC)
    numbers.arrange(game)
    settings = TrainingSettings(steps=10**6, batch=len(a), lr=2e-4, betas=(0.5, 0.999))
    batches = [Batch(b, a)]
    update, average = PlainUpdate(game, settings, numbers), Averager(game.sampler, 2_000, 0.05)
    return Loop(game, lambda step: batches, update, average, settings, 0).advance


def weights(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--width", type=int, default=32)
    arguments = parser.parse_args()
    machine = describe()
    stakes = CycleStakes(r1=0.0)  # as by hand, where no penalty is paid
    model = CycleGAN(width=arguments.width, judge_width=arguments.width, stakes=stakes)
    rng = torch.Generator().manual_seed(1)
    a, b = (F.avg_pool2d(torch.rand(arguments.batch, 3, 4 * SIDE, 4 * SIDE, generator=rng), 4) * 2 - 1 for _ in "ab")
    numbers, _ = calibrate(TrainingSettings(batch=arguments.batch), CPU, lambda n: mintage(a, b, model, n))
    steps = {"eager": eager(a, b, model), "mintage": mintage(a, b, model, numbers)}
    times = interleaved(steps, arguments.rounds, 1)
    save(
        f"translation_speed-{arguments.width}-{arguments.batch}",
        {
            "machine": machine,
            "step": f"cyclegan, {SIDE}x{SIDE}x3, batch {arguments.batch}, width {arguments.width}, 6 blocks",
            "numbers": str(numbers),
            "weights": {
                "eager": weights(translator(model.width, model.blocks)),
                "mintage": weights(model.build(SPEC).sampler),
            },
            "images_per_second": {n: round(arguments.batch / statistics.median(t), 2) for n, t in times.items()},
            "eager_over_mintage": ratio(times, "eager", "mintage"),
        },
    )


if __name__ == "__main__":
    main()
