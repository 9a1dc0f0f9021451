"""Writes report.html: what a run learned, how it went and how to go on, in one page that opens with no network."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from mintage.data.inspection import DataReport
from mintage.run import RunDirectory
from mintage.storage import write_text
from mintage.watching import log
from mintage.watching.charts import charts
from mintage.watching.page import command, definitions, page, picture_size, picture_uri, section, table
from mintage.watching.words import duration, number, probability

__all__ = ["write_report"]

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Story:
    """All that the run directory tells, read once; what is missing is empty."""

    run: RunDirectory
    facts: Row
    recipe_text: str
    recipe: Row
    data: Row
    rows: Sequence[Row]  # measured
    events: Sequence[Row]
    scores: Sequence[tuple[str, Row]]

    @property
    def name(self) -> str:
        return str(self.facts.get("name") or self.run.path.name)

    @property
    def step(self) -> int:
        return max([int(row["step"]) for row in self.rows if "step" in row], default=int(self.facts.get("steps") or 0))

    @property
    def planned(self) -> int:
        return int(self.recipe.get("training", {}).get("steps") or self.facts.get("steps") or self.step)

    @property
    def is_finished(self) -> bool:
        return bool(self.facts.get("finished"))

    @property
    def source(self) -> str:
        data = self.facts.get("data", {})
        return Path(str(data.get("path", "") or self.recipe.get("data", {}).get("path", "") or "its data")).name

    def settled(self, key: str) -> float | None:
        """The mean of a figure over the last tenth of the run."""
        values = [row[key] for row in self.rows if isinstance(row.get(key), int | float)]
        last = values[-max(1, len(values) // 10) :]
        return sum(last) / len(last) if last else None


def write_report(run: RunDirectory) -> Path:
    """Write the report of a run from the files in its directory; any of them may be missing.

    Returns the path of report.html.
    """
    story = _read(run)
    sections = [
        section("pictures", "From noise to pictures", *_pictures(story)),
        section("health", "How the training went", *_health(story)),
        section("scores", "Scores", *_scores(story)),
        section("curves", "Curves", *charts(story.rows, story.events)),
        section("data", "The data", *_data(story)),
        section("go-on", "How to go on", *_commands(story)),
        section("facts", "How to get this again", *_facts(story)),
    ]
    version = f" by Mintage {escape(str(story.facts['mintage']))}" if story.facts.get("mintage") else ""
    footer = f"<p>Written{version}. This page is one file and loads nothing from anywhere.</p>"
    write_text(run.report, page(f"{story.name}: training report", _header(story), [s for s in sections if s], footer))
    return run.report


def _read(run: RunDirectory) -> _Story:
    everything = log.read(run.log)
    recipe_text = run.recipe.read_text("utf-8") if run.recipe.is_file() else ""
    try:
        recipe = tomllib.loads(recipe_text)
    except tomllib.TOMLDecodeError:
        recipe = {}
    scores = [(path.stem, _json(path)) for path in sorted(run.scores.glob("*.json"))] if run.scores.is_dir() else []
    return _Story(
        run=run,
        facts=_json(run.facts),
        recipe_text=recipe_text,
        recipe=recipe,
        data=_json(run.data_report),
        rows=[row for row in everything if "event" not in row],
        events=[row for row in everything if "event" in row],
        scores=scores,
    )


def _json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {"value": value}


def _header(story: _Story) -> str:
    facts, model = story.facts, str(story.recipe.get("model", {}).get("name", ""))
    count = facts.get("data", {}).get("count")
    learned = f"A {model + ' ' if model else ''}generator that learned from "
    learned += f"{count:,} examples of {story.source}" if count else story.source
    if facts.get("seconds"):
        learned += f" in {duration(facts['seconds'])}"
    if where := facts.get("cpu") if facts.get("device", "cpu") == "cpu" else facts.get("device"):
        cores = f" ({facts['cores']} cores)" if facts.get("cores") and where == facts.get("cpu") else ""
        learned += f" on {where}{cores}"
    state = "" if story.is_finished else f" It is not finished: step {story.step:,} of {story.planned:,}."
    started = str(facts.get("created", ""))[:16].replace("T", " ")
    eyebrow = "Training report" + (f" · started {started}" if started else "")
    tiles = [
        (f"{story.step:,}", "steps"),
        (f"{facts['images']:,}" if facts.get("images") else "", "images seen"),
        (duration(facts["seconds"]) if facts.get("seconds") else "", "of training"),
        (
            f"{facts['images'] / facts['seconds']:,.0f}" if facts.get("images") and facts.get("seconds") else "",
            "images a second",
        ),
        (f"{sum(facts['parameters'].values()):,}" if facts.get("parameters") else "", "parameters, all players"),
    ]
    figures = "".join(f"<li><b>{escape(value)}</b><span>{name}</span></li>" for value, name in tiles if value)
    return (
        f'<p class="eyebrow">{escape(eyebrow)}</p><h1>{escape(story.name)}</h1>'
        f'<p class="lead">{escape(learned)}.{escape(state)}</p><ul class="figures">{figures}</ul>'
    )


def _pictures(story: _Story) -> list[str]:
    sheets = story.run.sample_sheets()
    left, right = [], []
    if story.run.film.is_file():
        still = f'<source media="(prefers-reduced-motion:reduce)" srcset="{picture_uri(sheets[-1])}">' if sheets else ""
        image = _image(story.run.film, "Film of the generated samples during training, from noise to the last step")
        words = "The same random numbers at every step: only the generator changes."
        left.append(_figure(f"<picture>{still}{image}</picture>", "Learning", words, "film"))
    if story.run.reals.is_file():
        image = _image(story.run.reals, f"A sheet of real examples from {story.source}")
        right.append(_figure(image, "Real", f"Examples from {story.source}, to compare with."))
    parts = [f'<div class="pair">{"".join(left + right)}</div>'] if left or right else []
    if sheets:
        image = _image(sheets[-1], f"A sheet of generated samples after step {int(sheets[-1].stem):,}")
        words = f"What it makes after step {int(sheets[-1].stem):,}. Nothing was picked or sorted."
        parts.append(f'<div class="whole">{_figure(image, "Generated", words)}</div>')
    return parts


def _image(path: Path, alternative: str) -> str:
    width, height = picture_size(path)
    return f'<img src="{picture_uri(path)}" width="{width}" height="{height}" alt="{escape(alternative)}">'


def _figure(inside: str, name: str, words: str, kind: str = "") -> str:
    return f'<figure class="{kind}">{inside}<figcaption><strong>{name}.</strong> {escape(words)}</figcaption></figure>'


def _health(story: _Story) -> list[str]:
    if not story.rows:
        return ["<p>Nothing was measured yet.</p>"]
    alarms = [event for event in story.events if event["event"] == "diagnosis"]
    parts = [_alarm(alarm, story) for alarm in alarms]
    if not alarms:
        parts.append(
            '<div class="note"><h3>No alarm</h3><p>The checks for a winning discriminator or generator, mode collapse, '
            f"oscillation, overfitting and broken numbers stayed quiet for all {story.step:,} steps.</p></div>"
        )
    told = [event for event in story.events if event["event"] in ("fallback", "not_saved") and event.get("message")]
    sentences = _in_words(story) + [f"At step {event.get('step', 0):,}: {event['message']}" for event in told]
    if sentences:
        items = "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)
        parts.append(f'<p>At the end of the run:</p><ul class="plain">{items}</ul>')
    return parts


def _alarm(alarm: Row, story: _Story) -> str:
    name, step = str(alarm.get("name", "alarm")), int(alarm.get("step", 0))
    over = [
        int(event["step"])
        for event in story.events
        if event["event"] == "recovered" and event.get("name") == name and event.get("step", 0) >= step
    ]
    when = f"step {step:,}" + (f", over by step {over[0]:,}" if over else "")
    advice = str(alarm.get("advice", ""))
    told = f"<p><strong>What to do.</strong> {escape(advice)}</p>" if advice else ""
    heading = f"{name.replace('_', ' ').capitalize()} · {when}"
    return (
        f'<div class="note alarm"><h3>{escape(heading)}</h3><p>{escape(str(alarm.get("message", "")))}</p>{told}</div>'
    )


def _in_words(story: _Story) -> list[str]:
    sentences = []
    recognition = story.settled("discriminator/recognition")
    if recognition is not None:
        sentences.append(
            "Shown a real and a generated example, the discriminator picked the real one in "
            f"{recognition:.0%} of cases. 50% is chance; a generator can learn well anywhere below about 95%."
        )
    real, fake = story.settled("discriminator/real"), story.settled("discriminator/fake")
    if real is not None and fake is not None:
        sentences.append(
            f"It gave real examples a mean logit of {number(real)}, generated ones {number(fake)} "
            f"(as probabilities {probability(real):.0%} and {probability(fake):.0%})."
        )
    heldout = story.settled("discriminator/heldout")
    if real is not None and heldout is not None:
        sentences.append(
            f"Real examples it never trained on got {number(heldout)}: "
            f"the nearer to {number(real)}, the less it learned by heart."
        )
    for name, event in {str(e.get("name")): e for e in story.events if e["event"] == "score"}.items():
        if isinstance(event.get("value"), int | float):
            step = f"step {event.get('step', 0):,}"
            sentences.append(f"Its last {name.replace('_', ' ')} was {number(event['value'])}, at {step}.")
    rate = story.settled("rate")
    if rate is not None:
        sentences.append(f"The speed was {rate:,.0f} images a second.")
    return sentences


def _scores(story: _Story) -> list[str]:
    rows = []
    for name, score in story.scores:
        rows += _score_rows(name, score)
    if not rows:
        return []
    words = "A score is only worth its floor: what real data scores against other real data."
    heads = ["Score", "Value", "95% interval", "Floor (real against real)", "Measured with"]
    return [f"<p>{words}</p>", table(heads, rows)]


def _score_rows(name: str, score: Row) -> list[list[str]]:
    """A row for each figure, however deep the file keeps it."""
    value = score.get("value")
    if isinstance(value, int | float):
        low: Any = score.get("low")
        high: Any = score.get("high")
        if isinstance(score.get("interval"), list) and len(score["interval"]) == 2:
            low, high = score["interval"]
        given = isinstance(low, int | float) and isinstance(high, int | float)
        interval = f"{number(low)} to {number(high)}" if given else "not given"
        floor = number(score["floor"]) if isinstance(score.get("floor"), int | float) else "not given"
        known = {"name", "value", "low", "high", "interval", "floor"}
        how = ", ".join(f"{key} {_said(part)}" for key, part in score.items() if key not in known and _is_plain(part))
        return [[str(score.get("name", name)).replace("_", " "), number(value), interval, floor, how]]
    rows = []
    for key, part in score.items():
        if isinstance(part, Mapping):
            rows += _score_rows(key, part)
        elif isinstance(part, float):
            rows += _score_rows(key, {"value": part})
    return rows


def _is_plain(value: Any) -> bool:
    return isinstance(value, str | int | float | bool)


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return number(value) if isinstance(value, int | float) else str(value)


def _data(story: _Story) -> list[str]:
    if not story.data:
        return []
    try:
        lines = DataReport.from_dict(story.data).lines()
    except (TypeError, ValueError, KeyError, AttributeError, IndexError):  # written by another version
        return [definitions([(key.replace("_", " "), _listed(value)) for key, value in story.data.items() if value])]
    return ['<ul class="plain">' + "".join(f"<li>{escape(line)}</li>" for line in lines) + "</ul>"]


def _listed(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_listed(part)}" for key, part in value.items())
    if isinstance(value, list | tuple):
        shown = ", ".join(_listed(part) for part in value[:20])
        return shown + (f" and {len(value) - 20} more" if len(value) > 20 else "")
    return _said(value)


def _commands(story: _Story) -> list[str]:
    path = f"{story.run.path.resolve().parent.name}/{story.run.path.name}"
    parts = [
        command(f"mintage generate {path} -n 64 --seed 7 --out out/", "Make 64 new ones"),
        command(f"mintage generate {path} --walk walk.webp", "A film that walks from sample to sample"),
    ]
    if not story.is_finished:
        parts.insert(0, command(f"mintage train --resume {path}", f"Go on from step {story.step:,}"))
    elif story.recipe_text:
        longer = f"mintage train {path}/recipe.toml training.steps={2 * max(1, story.planned)}"
        parts.append(command(longer, "Train again, twice as long"))
    return parts


def _facts(story: _Story) -> list[str]:
    facts = story.facts
    data = facts.get("data", {})
    count = f"{data['count']:,}" if isinstance(data.get("count"), int) else ""
    parameters = ", ".join(f"{player} {number:,}" for player, number in facts.get("parameters", {}).items())
    order = {True: "channels last", False: "channels first"}.get(facts.get("channels_last"), "")  # type: ignore[arg-type]
    pairs = [
        ("Seed", str(facts.get("seed", ""))),
        ("Data", " · ".join(part for part in (str(data.get("path", "")), count and f"{count} examples") if part)),
        ("Data fingerprint", str(data.get("fingerprint", ""))),
        ("Device", str(facts.get("device", ""))),
        ("Processor", f"{facts['cpu']}, {facts.get('cores', '?')} cores" if facts.get("cpu") else ""),
        ("Numbers", ", ".join(part for part in (str(facts.get("precision", "")), order) if part)),
        ("Parameters", parameters),
        ("Versions", ", ".join(f"{key} {facts[key]}" for key in ("mintage", "torch", "python") if facts.get(key))),
        ("Platform", str(facts.get("platform", ""))),
    ]
    parts = [definitions([pair for pair in pairs if pair[1]])] if facts else []
    if story.recipe_text:
        pre = f"<pre><code>{escape(story.recipe_text)}</code></pre>"
        words = "<p>The recipe with every setting filled in; saved as a file, it trains the same run again.</p>"
        parts.append(f"<details><summary>recipe.toml</summary>{words}{pre}</details>")
    return parts
