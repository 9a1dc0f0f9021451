"""Counted baselines of real text: what each order costs, how long it takes and in how much memory; copies; wording.

python benchmarks/ngrams.py FOLDER [--seed 0]     FOLDER holds shakespeare/input.txt and austen/*.txt
"""

from __future__ import annotations

import argparse
import random
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from machine import describe, save

from mintage.statistics.copying import calibrate, copying, longest_copies
from mintage.statistics.ngrams import HIGHEST, NgramModel, Smoothing, baselines
from mintage.statistics.wording import bleu, distinct, repetition, self_bleu, tokenise

BOTH: tuple[Smoothing, ...] = ("witten-bell", "kneser-ney")


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    started = time.perf_counter()
    result = work()
    return result, round(time.perf_counter() - started, 2)


def peak(work: Callable[[], Any]) -> tuple[int, int]:
    """Bytes that the result keeps, and that it took to make."""
    tracemalloc.start()
    result = work()
    kept, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del result
    return kept, most


def ladder(text: str) -> dict[str, Any]:
    """Nats a character of the last tenth, characters as tokens."""
    kinds, tokens = np.unique(np.frombuffer(text.encode("utf-32-le"), np.uint32), return_inverse=True)
    cut = len(tokens) * 9 // 10
    train, heldout = tokens[:cut], tokens[cut:]
    result: dict[str, Any] = {"characters": len(tokens), "kinds": len(kinds), "heldout": len(heldout)}
    for smoothing in BOTH:
        nats, seconds = timed(lambda smoothing=smoothing: baselines(train, heldout, len(kinds), HIGHEST, smoothing))
        result[smoothing] = {"nats": {name: round(value, 4) for name, value in nats.items()}, "seconds": seconds}
    for order in (5, HIGHEST):
        model, seconds = timed(lambda order=order: NgramModel.fit(train, order, len(kinds)))
        kept, most = peak(lambda order=order: NgramModel.fit(train, order, len(kinds)))
        per_token = {"kept": round(kept / cut, 1), "peak": round(most / cut, 1)}
        result[f"fit_{order}"] = {"seconds": seconds, "bytes_a_token": per_token}
    _, result["sample_200_x_1000_seconds"] = timed(lambda: model.sample(200, 1000, np.random.default_rng(0)))
    return result


def worst(num: int = 1_000_000, num_tokens: int = 50_000) -> dict[str, Any]:
    """Tokens by chance: hardly an n-gram comes twice."""
    tokens = np.random.default_rng(0).integers(0, num_tokens, num)
    _, seconds = timed(lambda: NgramModel.fit(tokens, 5, num_tokens))
    kept, most = peak(lambda: NgramModel.fit(tokens, 5, num_tokens))
    return {"tokens": num, "kinds": num_tokens, "seconds": seconds, "bytes_a_token": [kept // num, most // num]}


def copies(texts: list[str], train: str) -> dict[str, Any]:
    lengths, seconds = timed(lambda: longest_copies(texts, [train]))
    _, most = peak(lambda: longest_copies(texts, []))
    threshold = calibrate(lengths)
    found = copying(lengths, threshold)
    size = sum(map(len, texts))
    return {
        "characters_of_texts": size, "characters_of_train": len(train), "seconds": seconds,
        "bytes_a_character_of_texts": round(most / size),
        "threshold": threshold, "longest": found.longest, "share": round(found.share, 5),
    }  # fmt: skip


def wording(text: str, seed: int) -> dict[str, Any]:
    words = tokenise(text)
    starts = random.Random(seed).sample(range(0, len(words) - 60, 60), 400)
    texts = [words[start : start + 60] for start in starts]
    works: dict[str, Callable[[], Any]] = {
        "bleu": lambda: bleu(texts[:200], texts[200:]),
        "self_bleu": lambda: self_bleu(texts[:200]),
        "distinct_2_of_2000": lambda: distinct(texts, 2, 2000),
        "repetition_4": lambda: repetition(texts, 4),
    }
    result = {}
    for name, work in works.items():
        measured, seconds = timed(work)
        interval = [round(end, 4) for end in measured.interval]
        result[name] = {"value": round(measured.value, 4), "interval": interval, "seconds": seconds}
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    shakespeare = (arguments.folder / "shakespeare/input.txt").read_text("utf-8")
    austen = "".join(file.read_text("utf-8") for file in sorted((arguments.folder / "austen").glob("*.txt")))
    cut = len(shakespeare) * 9 // 10
    heldout = [shakespeare[start : start + 1000] for start in range(cut, len(shakespeare), 1000)]
    last = len(austen) * 39 // 40
    unseen = [austen[start : start + 1000] for start in range(last, len(austen), 1000)]
    save(
        "ngrams",
        {
            "machine": describe(),
            "seed": arguments.seed,
            "shakespeare": ladder(shakespeare),
            "austen": ladder(austen),
            "worst": worst(),
            "copies": {
                "shakespeare": copies(heldout, shakespeare[:cut]),
                "austen": copies([*unseen, *heldout[:100]], austen[:last]),
            },
            "wording_austen": wording(austen, arguments.seed),
        },
    )


if __name__ == "__main__":
    main()
