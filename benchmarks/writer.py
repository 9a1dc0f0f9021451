"""What a writer makes of a text in equal time: beside nanoGPT's command for CPUs, beside counting, and part by part.

    python benchmarks/writer.py shakespeare/input.txt                nanoGPT's command; ours for as long, and its parts
    python benchmarks/writer.py shakespeare/input.txt --budget 10m     ours alone
    python benchmarks/writer.py shakespeare/input.txt --parts full "no counts"

Everything is scored on the whole last tenth of the text (characters), windows laid end to end as nanoGPT scores, and by
half a context. A run's seconds are those of `mintage train --budget`, measuring, checkpoints and report included.
nanoGPT's command is hand-written here in eager float32 as its README gives it: 4 layers of 128, context 64, batch 12,
2,000 steps, AdamW from 1e-3 to 1e-4, no dropout.
"""

from __future__ import annotations

import argparse
import math
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from machine import describe, save
from torch import nn

from mintage import api
from mintage.corpus import Corpus
from mintage.data.text_view import TextView
from mintage.data.tokens import TokenPart
from mintage.judging.likelihood import token_nats
from mintage.layers.gpt2 import GPT2, GPT2Sizes
from mintage.opening import open_data
from mintage.recipe import DataSettings
from mintage.statistics.ngrams import NgramModel
from mintage.storage import cache_folder
from mintage.trained import Trained

NANO = {"context": 64, "batch": 12, "steps": 2_000, "warmup": 100, "lr": 1e-3, "least": 1e-4}
PARTS: dict[str, list[str]] = {
    "full": [],
    "no rows for n-grams": ["model.ngrams=[]"],
    "no counts": ["model.counted=0"],
    "neither": ["model.ngrams=[]", "model.counted=0"],
    "Adam instead of Muon": ["model.matrices=adam"],
    "no value embeddings": ["model.value_embeddings=false"],
    "no soft cap": ["model.cap=0"],
    "context 64": ["data.context=64", "training.batch=32"],
    "width 128, 4 layers": ["model.width=128", "model.layers=4", "model.heads=4"],
    "bare: none of these": [
        "model.ngrams=[]",
        "model.counted=0",
        "model.matrices=adam",
        "model.value_embeddings=false",
        "model.cap=0",
    ],
}


def nano(path: Path, seed: int) -> dict[str, Any]:
    """nanoGPT's command for CPUs, and what it costs a held-out character."""
    last = last_tenth(path, NANO["context"])
    train = torch.from_numpy(last.tokens.x[: last.part.ranges[0, 0]].astype(np.int64))
    torch.manual_seed(seed)
    sizes = GPT2Sizes(
        num_tokens=last.codec.num_tokens, context=NANO["context"], width=128, hidden=512, layers=4, heads=4
    )
    model = GPT2(sizes)
    wide = [p for p in model.parameters() if p.ndim > 1]
    thin = [p for p in model.parameters() if p.ndim < 2]
    groups = [{"params": wide, "weight_decay": 0.1}, {"params": thin, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, NANO["lr"], betas=(0.9, 0.99))
    started = time.perf_counter()
    for step in range(NANO["steps"]):
        for group in optimizer.param_groups:
            group["lr"] = _nano_rate(step)
        at = torch.randint(len(train) - NANO["context"], (NANO["batch"],))
        x = torch.stack([train[k : k + NANO["context"] + 1] for k in at.tolist()])
        loss = F.cross_entropy(model(x[:, :-1]).flatten(0, 1), x[:, 1:].flatten())
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    seconds = time.perf_counter() - started
    return {"seconds": round(seconds, 1), "steps": NANO["steps"], **scores(model.eval(), last)}


def _nano_rate(step: int) -> float:
    if step < NANO["warmup"]:
        return float(NANO["lr"] * step / NANO["warmup"])
    share = (step - NANO["warmup"]) / (NANO["steps"] - NANO["warmup"])
    return float(NANO["least"] + 0.5 * (1 + math.cos(math.pi * share)) * (NANO["lr"] - NANO["least"]))


def scores(writer: nn.Module, last: TextView) -> dict[str, float]:
    """Nats a character, windows end to end and by half a context."""
    return {
        name: round(token_nats(writer, last, stride=max(1, last.context // part)).mean, 4)
        for name, part in (("nats", 1), ("nats_half_stride", 2))
    }


def last_tenth(path: Path, context: int) -> TextView:
    """All that is held out, whether to choose or to judge by."""
    data, _, _ = open_data(DataSettings(path=path, context=context), {"tokens": "char"}, 0, cache_folder())
    assert isinstance(data, Corpus)
    start = int(data.train.part.ranges[-1, 1])
    return TextView(data.packed, TokenPart(np.array([[start, len(data.packed)]])), data.codec, context)


def ours(path: Path, budget: str, overrides: list[str], seed: int) -> dict[str, Any]:
    """A run of `mintage train PATH --budget`, and what it costs."""
    with tempfile.TemporaryDirectory() as out:
        started = time.perf_counter()
        run = api.train(path, budget=budget, overrides=overrides, out=out, seed=seed)
        seconds = time.perf_counter() - started
        trained = Trained.open(run.directory)
        last = last_tenth(path, trained.recipe.data.context)
        model = {k: v for k, v in trained.recipe.model.items() if k in ("name", "width", "layers", "dropout", "slots")}
        facts = run.facts | run.directory.read_facts()
        return {
            "seconds": round(seconds, 1), "steps": facts["steps"], "batch": trained.recipe.training.batch,
            "context": last.context, "model": model, "parameters": facts["parameters"],
            "epochs": round(facts["images"] * last.context / int(last.part.ranges[0, 0]), 2),
            **scores(trained.sampler.writer, last),  # type: ignore[attr-defined]
        }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", type=Path)
    parser.add_argument("--budget", help="of each run; unset: what nanoGPT's command takes here")
    parser.add_argument("--parts", nargs="*", choices=[*PARTS, "all"])
    parser.add_argument("--seeds", type=int, nargs="*", default=[0])
    parser.add_argument("--set", nargs="*", default=[], help="overrides of every run of ours")
    parser.add_argument("--name", default="writer")
    asked = parser.parse_args()
    last = last_tenth(asked.path, NANO["context"])
    tokens, cut = np.asarray(last.tokens.x), int(last.part.ranges[0, 0])
    result: dict[str, Any] = {"machine": describe(), "heldout": last.size, "seeds": asked.seeds, "runs": {}}
    started = time.perf_counter()
    counted = NgramModel.fit(tokens[:cut], 6, last.codec.num_tokens).nats(tokens[cut:]).mean()
    result["6-gram Kneser-Ney"] = {"nats": round(float(counted), 4), "seconds": round(time.perf_counter() - started, 1)}
    budget = asked.budget
    if budget is None:
        result["nanoGPT"] = nano(asked.path, 0)
        budget = f"{result['nanoGPT']['seconds']:.0f}s"
        print("nanoGPT", result["nanoGPT"], flush=True)
    parts = asked.parts or (["full"] if asked.budget else ["all"])
    for part in PARTS if "all" in parts else parts:
        for seed in asked.seeds if part == "full" else asked.seeds[:1]:
            found = ours(asked.path, budget, [*PARTS[part], *asked.set], seed)
            result["runs"][f"{part}, seed {seed}"] = found
            print(part, seed, found, flush=True)
            save(asked.name, {**result, "budget": budget})


if __name__ == "__main__":
    main()
