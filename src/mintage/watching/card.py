"""Writes card.md, a model card in the form of the Hugging Face hub: what a run is, how good, and what it is not for."""

from __future__ import annotations

import json
import math
import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mintage.contracts import Score
from mintage.run import RunDirectory
from mintage.storage import write_text
from mintage.watching.story import Story, read_story
from mintage.watching.verdicts import COPYING, find_score, read_verdicts, scores_of, telling
from mintage.watching.words import duration, interval, label, number, percent
from mintage.watching.writings import passages

__all__ = ["model_card", "write_card"]

# Score, the side of its floor on which it falls short, and what that means.
SHORTCOMINGS = (
    (
        "recognition_rate",
        "above",
        "A classifier tells its samples from real ones in {value} of cases: they do not pass.",
    ),
    ("precision", "below", "{rest} of its samples lie where no real example does: sort them before use."),
    ("coverage", "below", "{rest} of the real examples have nothing like them among its samples: variety is missing."),
    (
        "copies",
        "above",
        "{value} of its samples come very close to a training example: do not use it to hide private data.",
    ),
    (
        "copied_share",
        "above",
        "{value} of what it writes is copied from its training text: do not use it to hide private data.",
    ),
    ("verse_form", "below", "{rest} of its poems break the form: ask for one with a template."),
    ("duplicates", "above", "{value} of its samples have a near twin among the others."),
    ("gan_train", "below", "A classifier trained on its samples alone is right on real ones in {value} of cases only."),
)
FEW = 2_000  # samples below which scores are rough

CITATIONS = {
    "nats_per_token": "Chen and Goodman, 1999. An empirical study of smoothing techniques for language modeling.",
    "copied": "Blumer et al., 1985. The smallest automaton recognizing the subwords of a text.",
    "self_bleu": "Zhu et al., 2018. Texygen: a benchmarking platform for text generation models.",
    "distinct": "Li et al., 2016. A diversity-promoting objective function for neural conversation models.",
    "repetition": "Welleck et al., 2020. Neural text generation with unlikelihood training.",
    "frechet": "Heusel et al., 2017. GANs trained by a two time-scale update rule converge to a local equilibrium.",
    "kernel": "Bińkowski et al., 2018. Demystifying MMD GANs.",
    "precision": "Kynkäänniemi et al., 2019. Improved precision and recall metric for assessing generative models.",
    "coverage": "Naeem et al., 2020. Reliable fidelity and diversity metrics for generative models.",
    "recognition": "Lopez-Paz and Oquab, 2017. Revisiting classifier two-sample tests.",
    "gan_train": "Shmelkov et al., 2018. How good is my GAN?",
    "authenticity": "Alaa et al., 2022. How faithful is your synthetic data?",
    "forecast_score": "Gneiting and Raftery, 2007. Strictly proper scoring rules, prediction, and estimation.",
    "forecast_edge": "Diebold and Mariano, 1995. Comparing predictive accuracy.",
    "stylised_facts": "Cont, 2001. Empirical properties of asset returns: stylized facts and statistical issues.",
    "tail_risk": "Kupiec, 1995. Techniques for verifying the accuracy of risk measurement models.",
    "window_recognition": "Lopez-Paz and Oquab, 2017. Revisiting classifier two-sample tests.",
    "copying_test": "Meehan et al., 2020. A non-parametric test to detect data-copying in generative models.",
}


def write_card(run: RunDirectory) -> Path:
    """Write the card of a run with its newest verdict, if it was judged; returns the path of card.md."""
    path, verdicts = run.card, read_verdicts(run.scores)
    write_text(path, model_card(run, verdicts[0] if verdicts else None))
    return path


def model_card(run: RunDirectory, verdict: Mapping[str, Any] | None) -> str:
    """Markdown under YAML front matter; `verdict` is what scores/ID.json holds.

    The card claims no licence: that is for those to say who own the data.
    """
    story = read_story(run)
    scores = scores_of(verdict or {})
    sections = [
        ("", _about(story)),
        ("Samples", _samples(story)),
        ("How to use it", _usage(story)),
        ("Training data", _list([_plain(line) for line in story.data_lines()])),
        ("Training", _training(story)),
        ("Evaluation", _evaluation(verdict or {}, scores)),
        ("Does it copy its training data?", _copying(scores)),
        ("Limits", _list(_limits(verdict or {}, scores))),
        ("Methods", _methods(scores)),
    ]
    body = "\n\n".join((f"## {name}\n\n{text}" if name else text) for name, text in sections if text)
    return f"---\n{_front(story, verdict or {}, scores)}---\n\n{body}\n"


def _front(story: Story, verdict: Mapping[str, Any], scores: Sequence[Score]) -> str:
    task = story.wording.task
    lines = ["library_name: mintage", f"pipeline_tag: {task}"]
    lines += ["tags:", "- mintage", *(f"- {tag}" for tag in story.wording.tags)]
    model = re.sub(r"[^\w-]", "", str(story.recipe.get("model", {}).get("name", "")), flags=re.ASCII)
    lines += [f"- {_quoted(model)}"] if model else []
    measured = [score for score in scores if math.isfinite(score.value) and "/" not in score.name]
    if not measured:
        return "\n".join(lines) + "\n"
    protocol = verdict.get("protocol") or {}
    dataset = re.sub(r"[^\w.-]+", "-", story.source, flags=re.ASCII).strip("-") or "own-data"
    lines += ["model-index:", f"- name: {_quoted(story.name)}", "  results:"]
    lines += ["  - task:", f"      type: {task}", "    dataset:"]
    lines += [f"      name: {_quoted(story.source)}", f"      type: {_quoted(dataset)}"]
    lines += [f"      split: {_quoted(str(protocol['split']))}"] if protocol.get("split") else []
    lines.append("    metrics:")
    for score in measured:
        name = label(score.name) + (f" ({embedding})" if (embedding := _embedding(protocol)) else "")
        lines += [
            f"    - type: {_quoted(score.name)}",
            f"      name: {_quoted(name)}",
            f"      value: {_yaml_number(score.value)}",
        ]
    return "\n".join(lines) + "\n"


def _about(story: Story) -> str:
    text = f"# {_plain(story.name)}\n\n{_plain(f'{story.lead} {story.state}'.strip())}"
    count = sum(story.facts.get("parameters", {}).values())
    classes = story.facts.get("classes") or []
    if classes:
        text += f" It makes any of {len(classes)} classes: {_plain(', '.join(map(str, classes[:20])))}."
    return text + (f" All players together have {count:,} parameters." if count else "")


def _samples(story: Story) -> str:
    sheets = story.run.sample_sheets()
    if story.writes and (files := story.run.sample_texts()):
        quoted = "\n\n".join(f"```text\n{text.replace('```', chr(39) * 3)}\n```" for text in passages(files[-1]))
        return f"{quoted}\n\nPlain sampling after step {int(files[-1].stem):,}. Nothing was picked or sorted."
    if not sheets:
        return ""
    step = int(sheets[-1].stem)
    text = f"![Samples after step {step:,}](samples/{sheets[-1].name})\n\nNothing was picked or sorted."
    return text + " [The film of its training](samples/film.webp)." * story.run.film.is_file()


def _usage(story: Story) -> str:
    path = f"runs/{story.run.path.resolve().name}"
    wording = story.wording
    return (
        f"```python\nimport mintage\n\nrun = mintage.load({json.dumps(path, ensure_ascii=False)})\n"
        f"{wording.python}\n```\n\n"
        f"```sh\nmintage {wording.commands[0][0].format(run=shlex.quote(path))}\n```\n\n{wording.seed}"
    )


def _training(story: Story) -> str:
    facts, training = story.facts, story.recipe.get("training", {})
    rows = [
        ("Steps", f"{story.step:,}" if story.step else ""),
        (
            "Windows of text seen" if story.writes else f"{story.unit.capitalize()} seen",
            f"{facts['images']:,}" if facts.get("images") else "",
        ),
        ("Batch", str(training.get("batch", ""))),
        ("Learning rate", str(training.get("lr", ""))),
        ("Seed", str(facts.get("seed", ""))),
        ("Hardware", f"{facts.get('cpu') if story.on_cpu else facts.get('device')}, {facts.get('cores', '?')} cores"),
        ("Time", duration(facts["seconds"]) if facts.get("seconds") else ""),
        ("Energy", story.energy),
        ("Numbers", str(facts.get("precision", ""))),
        ("Versions", ", ".join(f"{key} {facts[key]}" for key in ("mintage", "torch", "python") if facts.get(key))),
    ]
    recipe = "Every setting is in [recipe.toml](recipe.toml)." if story.recipe_text else ""
    return "\n\n".join(
        part for part in (_list([f"{k}: {_plain(v)}" for k, v in rows if v]) if facts else "", recipe) if part
    )


def _embedding(protocol: Mapping[str, Any]) -> str:
    """The space that distances were measured in; empty where none are: records and series are judged as they are."""
    name = str(protocol.get("embedding") or "")
    return "" if name == "none" else name


def _evaluation(verdict: Mapping[str, Any], scores: Sequence[Score]) -> str:
    if not scores:
        return "It was not judged yet: `mintage evaluate` writes its scores here."
    heads = ["Score", "Value", "95 % interval", "Floor", "To beat", "Measured on"]
    if not (tells_baselines := any(score.baselines for score in scores)):
        heads.remove("To beat")
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for score in scores:
        floor = number(score.floor) if score.floor is not None else ""
        counts = ", ".join(f"{count:,} {name}" for name, count in score.counts.items())
        to_beat = ", ".join(f"{name} {number(value)}" for name, value in score.baselines.items())
        cells = [label(score.name), number(score.value), interval(score.low, score.high), floor]
        cells += [to_beat, counts] if tells_baselines else [counts]
        lines.append(f"| {' | '.join(_plain(cell) for cell in cells)} |")
    protocol = verdict.get("protocol") or {}
    told = "; ".join(f"{key} {value}" for key, value in protocol.items() if key != "counts" and value not in (None, ""))
    how = f"Protocol {verdict.get('protocol_id', 'unknown')}: {told}. Scores of other protocols do not compare."
    words = "The floor is what other real examples score against the reference: nothing can be expected to be better."
    if (embedding := _embedding(protocol)) and "inception" not in embedding:
        words += " The distances are not FID, which is measured in the features of one certain Inception network."
    return "\n\n".join(
        [_list([_plain(text) for text in telling(scores)]), "\n".join(lines), words, _plain(how)]
    ).strip()


def _copying(scores: Sequence[Score]) -> str:
    said = [score for score in scores if score.name in COPYING and score.words]
    return _list([_plain(score.words) for score in said])


def _methods(scores: Sequence[Score]) -> str:
    return _list([text for start, text in CITATIONS.items() if any(s.name.startswith(start) for s in scores)])


def _limits(verdict: Mapping[str, Any], scores: Sequence[Score]) -> list[str]:
    """What it should not be used for, as far as the scores say."""
    found = [
        f"{text.format(value=percent(score.value), rest=percent(1 - score.value))}{_real(score, text)}"
        for name, side, text in SHORTCOMINGS
        if (score := find_score(scores, name)) is not None and _falls_short(score, side)
    ]
    if worst := max((s for s in scores if s.name.startswith("class_distance/")), key=lambda s: s.value, default=None):
        found.append(f"It is weakest in the class {_plain(worst.name.partition('/')[2])}.")
    counts = [score.counts["fake"] for score in scores if "fake" in score.counts]
    if counts and min(counts) < FEW:
        found.append(f"Some scores rest on {min(counts):,} samples: they are rough.")
    if not scores:
        found.append("Nobody measured how good it is.")
    if find_score(scores, *COPYING) is None:
        found.append("Nobody measured whether it copies its training data.")
    if skipped := verdict.get("skipped"):
        found.append(f"Not measured: {_plain(', '.join(label(str(name)) for name in skipped))}.")
    found.append("It knows nothing but its training data: what is rare, missing or one-sided there is so here.")
    return found


def _falls_short(score: Score, side: str) -> bool:
    """Whether the whole interval lies on the bad side of the floor; without a floor, of the ideal."""
    mark = score.floor if score.floor is not None else score.ideal
    low, high = (
        score.low if score.low is not None else score.value,
        score.high if score.high is not None else score.value,
    )
    return mark is not None and (low > mark if side == "above" else high < mark)


def _real(score: Score, text: str) -> str:
    """The same share of other real examples, in brackets."""
    if score.floor is None:
        return ""
    return f" (Of other real examples: {percent(1 - score.floor if '{rest}' in text else score.floor)}.)"


def _list(lines: Sequence[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _plain(text: str) -> str:
    """Text in which nothing is Markdown or HTML."""
    return re.sub(r"([\\`*_\[\]<>|#~])", r"\\\1", " ".join(text.split()))


def _yaml_number(value: float) -> str:
    """Six digits, with the point that YAML 1.1 needs before an exponent."""
    text = repr(float(f"{value:.6g}"))
    return text if "." in text else text.replace("e", ".0e")


def _quoted(text: str) -> str:
    """A YAML string: JSON's form of it, without what YAML can't print."""
    return json.dumps("".join(letter if letter.isprintable() else " " for letter in text), ensure_ascii=False)
