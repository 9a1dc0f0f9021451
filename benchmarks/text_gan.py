"""Whether a text GAN is outside the frontier that a likelihood writer's temperatures draw (Caccia et al., 2020).

    python benchmarks/text_gan.py TEXT [--seconds 150] [--share 0.6] [--texts 300] [--length 256] [--seed 0]

Three writers learn the first nine tenths of TEXT, character by character, for the same seconds of one processor: the
text GAN, which has its discriminator for what is left after `--share`; its twin, the same network by likelihood alone;
and the gpt of this package. Each writes as many texts at each temperature. Quality is BLEU-4 of words to the last
tenth, diversity is self-BLEU-4 (smaller is more varied). The frontier is the straight line between the twin's
neighbouring temperatures; the GAN's advantage is its BLEU above that line at its own self-BLEU. Intervals (95 %) are of
the delete-a-group jackknife over the texts, everything computed again without each group: the bootstrap would compare
a text with its own copy. They say nothing of other training seeds.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from machine import RESULTS, describe, save
from torch import Tensor, nn

from mintage import registry
from mintage.contracts import Batch, DataSpec, TensorSpec
from mintage.decoding.choice import Decoding
from mintage.decoding.writer import write
from mintage.numbers import Numbers
from mintage.seeding import generator
from mintage.statistics.intervals import jackknife
from mintage.statistics.wording import bleu, self_bleu, tokenise
from mintage.training.ema import Averager
from mintage.training.loop import Loop
from mintage.training.settings import TrainingSettings
from mintage.training.update import PlainUpdate

TEMPERATURES = (0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3)
CONTEXT, GROUPS, PROBED, AT_ONCE = 64, 20, 8, 50
NEVER = 10**9
Texts = Sequence[Sequence[str]]


class Text:
    """Characters as integers; the last tenth is held out."""

    def __init__(self, path: Path) -> None:
        text = path.read_text("utf-8")
        self.letters = sorted(set(text))
        number = {letter: k for k, letter in enumerate(self.letters)}
        tokens = torch.tensor([number[letter] for letter in text])
        cut = len(tokens) * 9 // 10
        self.train, self.heldout = tokens[:cut], tokens[cut:]
        start = number["\n"]
        self.spec = DataSpec(x=TensorSpec(shape=(CONTEXT + 1,), classes=len(self.letters), start=start))

    def stream(self, step: int, batch: int, seed: int) -> list[Batch]:
        starts = torch.randint(0, len(self.train) - CONTEXT, (batch,), generator=generator(seed, step, "windows"))
        return [Batch(self.train[starts[:, None] + torch.arange(CONTEXT + 1)])]

    def read(self, tokens: Tensor) -> list[str]:
        return tokenise("".join(self.letters[k] for k in tokens.tolist()))

    def pieces(self, part: Tensor, length: int, most: int = 0) -> Texts:
        """Real texts of the length that is written; `most` of them evenly spread over the part, or all."""
        starts = range(0, len(part) - length, length)
        chosen = np.linspace(0, len(starts) - 1, most).astype(int) if most else range(len(starts))
        return [self.read(part[starts[k] : starts[k] + length]) for k in chosen]

    @torch.inference_mode()
    def nats(self, writer: nn.Module) -> float:
        """Of a held-out character, in windows that stand end to end."""
        writer.eval()
        windows = self.heldout.unfold(0, CONTEXT + 1, CONTEXT)
        parts = [
            F.cross_entropy(writer(some[:, :-1]).flatten(0, 1), some[:, 1:].flatten(), reduction="none")
            for some in windows.split(64)
        ]
        return float(torch.cat(parts).double().mean())


def loop_of(text: Text, name: str, steps: int, seed: int, stakes: Mapping[str, Any]) -> Loop:
    cls = registry.find("models", name)
    settings = TrainingSettings.read({**cls.habits, "steps": steps})
    torch.manual_seed(seed)
    game = cls.read({"stakes": dict(stakes)} if stakes else {}).build(text.spec)
    update, averager = PlainUpdate(game, settings, Numbers(False, False)), Averager(game.sampler, 0.0, 0.05)
    return Loop(game, lambda step: text.stream(step, settings.batch, seed), update, averager, settings, seed)


def step_seconds(text: Text, name: str, stakes: Mapping[str, Any]) -> float:
    """Processor seconds of a step, the median of a few."""
    loop, spent = loop_of(text, name, PROBED, 0, stakes), []
    for _ in range(PROBED):
        started = time.process_time()
        loop.advance()
        spent.append(time.process_time() - started)
    return float(np.median(spent))


def learned(text: Text, who: str, arguments: argparse.Namespace) -> tuple[nn.Module, dict[str, Any]]:
    """A writer after so many seconds, and what it took."""
    seconds, seed = arguments.seconds, arguments.seed
    alone: dict[str, Any] = {} if who == "gpt" else {"adversarial_from": NEVER}
    name, stakes = ("gpt" if who == "gpt" else "relgan"), alone
    first = step_seconds(text, name, alone)
    steps = round(seconds / first)
    if who == "gan":
        later = step_seconds(text, name, {"adversarial_from": 0})
        enters, more = round(arguments.share * seconds / first), round((1 - arguments.share) * seconds / later)
        stakes, steps = {"adversarial_from": enters, "anneal": more, **arguments.stakes}, enters + more
    loop = loop_of(text, name, steps, seed, stakes)
    figures: dict[str, Any] = {"steps": steps, "stakes": stakes, "milliseconds_per_step": round(1e3 * first, 1)}
    seen: list[float] = []
    started = time.process_time()
    while loop.step < steps:
        if stakes.get("adversarial_from") == loop.step:
            figures["nats_when_the_discriminator_enters"] = round(text.nats(loop.game.sampler.writer), 4)
            loop.game.sampler.writer.train()
        row = loop.advance()
        if "discriminator/recognition" in row:
            seen.append(float(row["discriminator/recognition"]))
    figures["processor_seconds"] = round(time.process_time() - started, 1)
    if seen:
        tenth = max(1, len(seen) // 10)
        figures["recognition"] = [round(float(np.mean(part)), 3) for part in (seen[:tenth], seen[-tenth:])]
    writer = loop.game.sampler.writer.eval()
    return writer, {**figures, "nats": round(text.nats(writer), 4)}


def written(text: Text, writer: Any, temperature: float, arguments: argparse.Namespace) -> Texts:
    """Texts that begin after a line's end; the same numbers decide at every temperature."""
    noise = torch.rand(arguments.texts, arguments.length, generator=generator(arguments.seed, "texts"))
    decoding = Decoding(temperature=temperature, length=arguments.length)
    start = torch.tensor([text.spec.x.start])
    made = write(writer, start, noise, decoding, chunk=AT_ONCE, alone=False).tokens
    return [text.read(tokens) for tokens in made]


def point(texts: Texts, references: Texts) -> dict[str, Any]:
    """Quality and diversity with their intervals, and both without each group of the texts."""
    quality, alike = bleu(texts, references), self_bleu(texts)
    deleted = [[each for k, each in enumerate(texts) if k % GROUPS != group] for group in range(GROUPS)]
    return {
        "bleu": round(quality.value, 4), "bleu_interval": [round(end, 4) for end in quality.interval],
        "self_bleu": round(alike.value, 4), "self_bleu_interval": [round(end, 4) for end in alike.interval],
        "deleted": [[bleu(some, references).value, self_bleu(some).value] for some in deleted],
    }  # fmt: skip


def above(place: tuple[float, float], line: Sequence[tuple[float, float]]) -> float:
    """BLEU above the line through (self-BLEU, BLEU) points at the same self-BLEU."""
    ordered = sorted(line)
    return place[1] - float(np.interp(place[0], [x for x, _ in ordered], [y for _, y in ordered]))


def advantage(mine: dict[str, Any], frontier: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """BLEU above a frontier at equal self-BLEU, and what follows."""

    def of(group: int | None) -> float:
        def place(p: dict[str, Any]) -> tuple[float, float]:
            return (p["self_bleu"], p["bleu"]) if group is None else (p["deleted"][group][1], p["deleted"][group][0])

        return above(place(mine), [place(p) for p in frontier])

    value = of(None)
    low, high = jackknife(value, [of(group) for group in range(GROUPS)])
    ends = [p["self_bleu"] for p in frontier]
    if not min(ends) <= mine["self_bleu"] <= max(ends):
        verdict = "beyond the ends of the sweep, so not comparable"
    else:
        verdict = (
            "outside"
            if low > 0
            else "inside"
            if high < 0
            else "not outside: on the frontier, as far as these texts can tell"
        )
    return {"bleu_above": round(value, 4), "interval": [round(low, 4), round(high, 4)], "verdict": verdict}


def sentence(found: Mapping[str, dict[str, Any]]) -> str:
    told = [
        f"Beside the temperatures of the {name} the text GAN at temperature 1 is {test['verdict']} (BLEU at equal "
        f"self-BLEU {test['bleu_above']:+.4f}, {test['interval'][0]:+.4f} to {test['interval'][1]:+.4f})."
        for name, test in found.items()
    ]
    return " ".join(told)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("text", type=Path)
    parser.add_argument("--seconds", type=float, default=150.0)
    parser.add_argument("--share", type=float, default=0.6)
    parser.add_argument("--texts", type=int, default=300)
    parser.add_argument("--length", type=int, default=256)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--stakes", type=json.loads, default={}, help="of the text GAN, as JSON")
    parser.add_argument("--name", default="text_gan")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    text, machine = Text(arguments.text), describe()
    references = text.pieces(text.heldout, arguments.length)
    real = point(text.pieces(text.train, arguments.length, arguments.texts), references)
    result: dict[str, Any] = {
        "machine": machine,
        "settings": {k: v for k, v in vars(arguments).items() if k not in ("text", "name")},
        "text": {"name": arguments.text.parent.name, "train": len(text.train), "heldout": len(text.heldout)},
        "context": CONTEXT, "references": len(references), "training_seeds": 1,
        "real": {k: v for k, v in real.items() if k != "deleted"},
    }  # fmt: skip
    drawn: dict[str, dict[float, dict[str, Any]]] = {}
    for who in ("twin", "gan", "gpt"):
        writer, figures = learned(text, who, arguments)
        drawn[who] = {t: point(written(text, writer, t, arguments), references) for t in TEMPERATURES}
        shown = {str(t): {k: v for k, v in p.items() if k != "deleted"} for t, p in drawn[who].items()}
        result[who] = {**figures, "temperatures": shown}
        RESULTS.mkdir(exist_ok=True)
        save(arguments.name, result)  # what there is, should the rest not come
    tests = {
        name: {str(t): advantage(p, list(drawn[name].values())) for t, p in drawn["gan"].items()}
        for name in ("twin", "gpt")
    }
    plain = {name: found["1.0"] for name, found in tests.items()}
    save(arguments.name, {**result, "against": tests, "verdict": sentence(plain)})
    print(sentence(plain))


if __name__ == "__main__":
    main()
