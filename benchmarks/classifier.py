"""The benchmarks' judge: a small classifier trained on real images, and distances between sets of its features.

Its Fréchet distance is of this embedding alone and must never be called FID.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

Features = NDArray[np.float64]


class Judge(nn.Module):
    """28x28 grey images -> 64 features -> 10 classes."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(1, 32, 3, 1, 1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(32, 64, 3, 1, 1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(64 * 49, 64), nn.ReLU(),
        )  # fmt: skip
        self.head = nn.Linear(64, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(x))  # type: ignore[no-any-return]

    @torch.inference_mode()
    def features(self, x: NDArray[np.uint8]) -> Features:
        """(N, 28, 28, 1) uint8 -> (N, 64)."""
        return np.concatenate(
            [self.body(to_tensor(part)).double().numpy() for part in np.array_split(x, len(x) // 500)]
        )


def to_tensor(x: NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(x).permute(0, 3, 1, 2).float() / 127.5 - 1


def trained(
    x: NDArray[np.uint8], y: NDArray[np.int64], test: tuple[NDArray[np.uint8], NDArray[np.int64]], cache: Path
) -> tuple[Judge, float]:
    """The judge after five epochs, from `cache` if it is there, and its accuracy on the test set."""
    judge = Judge()
    if cache.is_file():
        judge.load_state_dict(load_file(cache))
    else:
        torch.manual_seed(0)
        judge = Judge()
        steps = 5 * len(x) // 128
        adam = torch.optim.Adam(judge.parameters(), 1e-3)
        rate = torch.optim.lr_scheduler.OneCycleLR(adam, 3e-3, total_steps=steps)
        for step in range(steps):
            rng = np.random.default_rng(step)
            rows = rng.integers(len(x), size=128)
            loss = F.cross_entropy(judge(to_tensor(x[rows])), torch.from_numpy(y[rows]))
            adam.zero_grad()
            loss.backward()
            adam.step()
            rate.step()
        cache.parent.mkdir(parents=True, exist_ok=True)
        save_file(judge.state_dict(), cache)
    judge.eval()
    with torch.inference_mode():
        guessed = torch.cat([judge(to_tensor(part)).argmax(1) for part in np.array_split(test[0], 20)])
    return judge, float((guessed.numpy() == test[1]).mean())


def frechet_distance(a: Features, b: Features) -> float:
    """Fréchet distance between two Gaussians fitted to the features (Heusel et al., 2017)."""
    gap = a.mean(0) - b.mean(0)
    cov_a, cov_b = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    values, vectors = np.linalg.eigh(cov_a)
    root = (vectors * np.sqrt(values.clip(0))) @ vectors.T
    cross = np.sqrt(np.linalg.eigvalsh(root @ cov_b @ root).clip(0)).sum()
    return float(gap @ gap + np.trace(cov_a) + np.trace(cov_b) - 2 * cross)


def manifold(real: Features, fake: Features, k: int = 5) -> dict[str, float]:
    """Precision and recall (Kynkäänniemi et al., 2019), density and coverage (Naeem et al., 2020)."""
    r, f = torch.from_numpy(real).float(), torch.from_numpy(fake).float()

    def radii(x: Tensor) -> Tensor:
        return torch.cat([torch.cdist(part, x).kthvalue(k + 1, 1).values for part in x.split(1000)])

    real_radii, fake_radii = radii(r), radii(f)
    inside_real = torch.zeros(len(f), dtype=torch.long)
    inside_fake = torch.zeros(len(r), dtype=torch.bool)
    covered = torch.zeros(len(r), dtype=torch.bool)
    for start in range(0, len(r), 1000):
        rows = slice(start, start + 1000)
        distances = torch.cdist(r[rows], f)  # (1000, F)
        near = distances < real_radii[rows, None]
        inside_real += near.sum(0)
        covered[rows] = near.any(1)
        inside_fake[rows] = (distances < fake_radii[None]).any(1)
    return {
        "precision": float((inside_real > 0).float().mean()),
        "recall": float(inside_fake.float().mean()),
        "density": float(inside_real.float().mean() / k),
        "coverage": float(covered.float().mean()),
    }
