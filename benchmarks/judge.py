"""The judge's own figures: its time, its arithmetic beside the field's packages, its memory, and how intervals cover.

    python benchmarks/judge.py DATA [--parts time arithmetic memory coverage]

DATA holds the four idx .gz files of Fashion-MNIST. `arithmetic` needs torch-fidelity and prdc to compare with, and is
left out without them. Packages take turns with ours on the same features, in one process.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from machine import describe, save
from torch import Tensor

from mintage import registry
from mintage.contracts import Evidence, Examples
from mintage.embeddings.domain import Domain
from mintage.metrics.precision_recall import PrecisionRecall
from mintage.sources.idx import Idx
from mintage.statistics.gaussians import fit, frechet, frechet_distance, frechet_limit
from mintage.statistics.intervals import binomial, normal
from mintage.statistics.kernels import kernel_distance
from mintage.statistics.manifolds import Manifold, Overlap

REPEATS = 200


def examples(folder: Path, split: str) -> Examples:
    source = Idx(folder, split=split)
    x = np.stack([np.asarray(source[i].x).reshape(28, 28, 1) for i in range(len(source))])
    return Examples(torch.from_numpy(x), torch.tensor([source[i].condition for i in range(len(source))]))


def stand_in(reals: Examples) -> Examples:
    """What a fair generator might make: real images, a little blurred and with a little noise."""
    rng = torch.Generator().manual_seed(0)
    x = reals.x.permute(0, 3, 1, 2).float()
    x = 0.7 * x + 0.3 * torch.nn.functional.avg_pool2d(x, 3, 1, 1) + 8 * torch.randn(x.shape, generator=rng)
    return Examples(x.round().clamp(0, 255).byte().permute(0, 2, 3, 1).contiguous(), reals.labels)


def time_all(folder: Path) -> dict[str, Any]:
    """Every metric with the domain embedding, which is trained here: 10,000 made against 10,000 real images."""
    train, test = examples(folder, "train"), examples(folder, "test")
    fake = stand_in(train.rows(slice(50_000, 60_000)))
    train = train.rows(slice(0, 50_000))
    seconds: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as cache:
        started = time.perf_counter()
        embedder = Domain().prepare(train, Path(cache))
        seconds["domain embedding, trained"] = time.perf_counter() - started
    evidence = Evidence(
        fake=fake, real=test, control=train.rows(slice(0, 10_000)), train=train, embedder=embedder,
        classes=[str(n) for n in range(10)],
    )  # fmt: skip
    started = time.perf_counter()
    for part in ("fake", "real", "control", "train"):
        evidence.points(part)
    seconds["embedding 80,000 images"] = time.perf_counter() - started
    scores: dict[str, float] = {}
    for name in registry.names("metrics"):
        started = time.perf_counter()
        found = registry.find("metrics", name)().measure(evidence)
        seconds[name] = time.perf_counter() - started
        scores |= {score.name: round(score.value, 4) for score in found.scores if "/" not in score.name}
    return {
        "samples": {"fake": 10_000, "real": 10_000, "control": 10_000, "train": 50_000},
        "seconds": {name: round(value, 2) for name, value in seconds.items()},
        "total_seconds": round(sum(seconds.values()), 1),
        "scores": scores,
    }


def arithmetic() -> dict[str, Any]:
    """Fréchet distance and precision, recall, density, coverage: ours and the packages', interleaved."""
    if not all(importlib.util.find_spec(name) for name in ("torch_fidelity", "prdc")):
        return {"left_out": "torch-fidelity and prdc are not installed"}
    from prdc import compute_prdc
    from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric

    rows = {}
    for count, features, rounds in [(10_000, 64, 3), (10_000, 2048, 1)]:
        rng = torch.Generator().manual_seed(0)
        real, fake = (torch.randn(count, features, generator=rng) for _ in range(2))
        evidence = evidence_of(real, fake)

        def theirs(real: Tensor = real, fake: Tensor = fake) -> float:
            statistics_ = [fid_features_to_statistics(points) for points in (fake, real)]
            return float(fid_statistics_to_metric(*statistics_, verbose=False)["frechet_inception_distance"])

        steps: dict[str, Callable[[], object]] = {
            "frechet, ours": lambda real=real, fake=fake: frechet_distance(fit(fake), fit(real)),
            "frechet, torch-fidelity": theirs,
            "prdc, ours": lambda real=real, fake=fake: four(real, fake),
            "prdc, prdc": lambda real=real, fake=fake: compute_prdc(real.numpy(), fake.numpy(), 5),
        }
        taken: dict[str, list[float]] = {name: [] for name in steps}
        for _ in range(rounds):
            for name, step in steps.items():
                started = time.perf_counter()
                step()
                taken[name].append(time.perf_counter() - started)
        medians = {name: round(statistics.median(values), 3) for name, values in taken.items()}
        ours, package = list(medians)[::2], list(medians)[1::2]
        ratios = {name: round(medians[b] / medians[name], 2) for name, b in zip(ours, package, strict=True)}
        started = time.perf_counter()
        PrecisionRecall().measure(evidence)
        medians["prdc with intervals, ours"] = round(time.perf_counter() - started, 3)
        rows[f"{count} x {features}"] = {"seconds": medians, "package_over_ours": ratios, "rounds": rounds}
    return rows


def four(real: Tensor, fake: Tensor) -> list[float]:
    overlap = Overlap.of(Manifold(real), Manifold(fake))
    return [overlap.precision, overlap.recall, overlap.density, overlap.coverage]


def evidence_of(real: Tensor, fake: Tensor, control: Tensor | None = None) -> Evidence:
    """Evidence whose points are given."""
    parts = {"real": real, "fake": fake, "control": real[:0] if control is None else control, "train": real}
    empty = {name: Examples(torch.zeros(len(points), 1, 1, 1, dtype=torch.uint8)) for name, points in parts.items()}
    evidence = Evidence(embedder=None, **empty)  # type: ignore[arg-type]
    for name, points in parts.items():
        evidence.once(f"points/{name}", lambda points=points: points)
    return evidence


def memory(count: int = 50_000, features: int = 64) -> dict[str, Any]:
    """A process of its own for each size: the most memory it ever held, and its time."""
    rows = {}
    for size in (10_000, count):
        words = [sys.executable, __file__, "--alone", str(size), str(features)]
        rows[f"{size} x {size}, {features} features"] = json.loads(subprocess.check_output(words).splitlines()[-1])
    return rows


def alone(count: int, features: int) -> None:
    rng = torch.Generator().manual_seed(0)
    real, fake = (torch.randn(count, features, generator=rng) for _ in range(2))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    PrecisionRecall().measure(evidence_of(real, fake))
    kernel_distance(fake, real)
    frechet(fake, real)
    taken = time.perf_counter() - started
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"seconds": round(taken, 1), "peak_mb": most // 1024, "before_mb": before // 1024}))


def coverage() -> dict[str, Any]:
    """How often 95 % intervals hold the truth, over 200 repeats of 1,000 against 1,000 points in 16 dimensions."""
    rng, features, count = torch.Generator().manual_seed(0), 16, 1_000
    shift, scale = 0.1, 0.9
    truth = features * (shift**2 + (1 - scale) ** 2)
    found: dict[str, list[tuple[float, float, float]]] = {}
    for _ in range(REPEATS):
        real, fake = (torch.randn(count, features, generator=rng) for _ in range(2))
        fake = fake * scale + shift
        for name, estimate in (
            ("frechet_distance", frechet(fake, real)),
            ("frechet_limit", frechet_limit(fake, real)),
            ("kernel_distance", kernel_distance(fake, real)),
        ):
            assert estimate is not None
            found.setdefault(name, []).append((estimate.value, *normal(*estimate)))
        for score in PrecisionRecall().measure(evidence_of(real, fake)).scores:
            assert score.low is not None
            assert score.high is not None
            found.setdefault(score.name, []).append((score.value, score.low, score.high))
        right = int((torch.rand(500, generator=rng) < 0.83).sum())
        found.setdefault("share, exact", []).append((right / 500, *binomial(right, 500)))
    known = {"frechet_limit": truth, "share, exact": 0.83}
    rows = {}
    for name, each in found.items():
        target = known.get(name, statistics.fmean(value for value, *_ in each))
        hits = sum(low <= target <= high for _, low, high in each)
        kind = "closed form" if name in known else "mean over the repeats"
        rows[name] = {"covered": hits / REPEATS, "truth": round(target, 4), "truth_is": kind}
    return {"repeats": REPEATS, "points": count, "features": features, "intervals": rows}


def main() -> None:
    if "--alone" in sys.argv:
        alone(*map(int, sys.argv[-2:]))
        return
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--parts", nargs="+", default=["time", "arithmetic", "memory", "coverage"])
    arguments = parser.parse_args()
    path = Path(__file__).parent / "results" / "judge.json"
    result = json.loads(path.read_text()) if path.is_file() else {}
    result["machine"] = describe()
    made: dict[str, Callable[[], dict[str, Any]]] = {
        "time": lambda: time_all(arguments.data), "arithmetic": arithmetic, "memory": memory, "coverage": coverage,
    }  # fmt: skip
    for part in arguments.parts:
        result[part] = {"torch": torch.__version__} | made[part]()
        print(part, json.dumps(result[part], indent=1), flush=True)
        save("judge", result)


if __name__ == "__main__":
    main()
