"""What a run of text writes at a temperature: spans copied beside held-out text, and verse with and without a form.

python benchmarks/written.py RUN [--temperature 0.8] [--texts 40] [--length 1000]      spans copied word for word
python benchmarks/written.py RUN --templates 5x4 7x4 [--texts 100]                     forms of verse
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from machine import describe, save

import mintage
from mintage.corpus import Corpus
from mintage.opening import open_data
from mintage.statistics.copying import calibrate, copying, longest_copies
from mintage.statistics.verses import keeps, regularity, verse
from mintage.storage import cache_folder


def copies(run: mintage.Run, corpus: Corpus, asked: argparse.Namespace) -> dict[str, Any]:
    """Spans longer than 99.9 % of held-out characters end, in what is written and in as much held-out text."""
    held = corpus.codec.decode(np.concatenate(list(corpus.heldout.stretches())))
    how = {"temperature": asked.temperature, "min_p": asked.min_p, "length": asked.length, "no_copy": asked.no_copy}
    written = run.generate(asked.texts, seed=asked.seed, **how)
    made = [text.strip() for text in written]
    size = min(map(len, made))
    real = [held[k : k + size] for k in range(0, len(held) - size, size)][: len(made)]
    train = [corpus.codec.decode(np.concatenate(list(corpus.train.stretches())))]
    lengths = longest_copies([*made, *real], train)
    threshold = calibrate(lengths[len(made) :])
    found, usual = copying(lengths[: len(made)], threshold), copying(lengths[len(made) :], threshold)
    quote = found.quote(made)
    return {
        "characters": sum(map(len, made)), "control_characters": sum(map(len, real)), "threshold": threshold,
        "spans": found.spans, "spans_of_control": usual.spans, "share": round(found.share, 5),
        "share_of_control": round(usual.share, 5), "longest": found.longest, "longest_of_control": usual.longest,
        "the_longest": quote, "first_text": made[0][:1500],
    }  # fmt: skip


def forms(run: mintage.Run, corpus: Corpus, asked: argparse.Namespace) -> dict[str, Any]:
    """Shares of texts that keep each template, and of free ones in regular form."""
    found: dict[str, Any] = {}
    for template in asked.templates:
        made = run.generate(asked.texts, seed=asked.seed, temperature=asked.temperature, template=template)
        found[template] = sum(keeps(text, template) for text in made) / len(made)
    how = {"temperature": asked.temperature, "min_p": asked.min_p}
    free = [verse(text) for text in run.generate(asked.texts, seed=asked.seed, **how)]
    found["free"] = regularity(free).share(regularity(free).regular)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--temperature", type=float, default=0.8)
    parser.add_argument("--min-p", type=float, default=0.0)
    parser.add_argument("--no-copy", type=int, default=0, help="characters of a span that may be copied at most")
    parser.add_argument("--texts", type=int, default=40)
    parser.add_argument("--length", type=int, default=1_000)
    parser.add_argument("--templates", nargs="*", default=[])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--name", default="written")
    asked = parser.parse_args()
    run = mintage.load(asked.run)
    corpus, _, _ = open_data(run.recipe.data, run.recipe.codec, run.recipe.seed, cache_folder())
    assert isinstance(corpus, Corpus)
    measured = forms(run, corpus, asked) if asked.templates else copies(run, corpus, asked)
    how = {"temperature": asked.temperature, "min_p": asked.min_p, "no_copy": asked.no_copy}
    settings = {**how, "texts": asked.texts, "seed": asked.seed}
    result = {"machine": describe(), "run": asked.run.name, **settings, **measured}
    print(result)
    save(asked.name, result)


if __name__ == "__main__":
    main()
