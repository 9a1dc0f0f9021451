"""Writes report.html: what a run learned, how it went and how to go on, in one page that opens with no network."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from mintage.run import RunDirectory
from mintage.storage import write_text
from mintage.watching.charts import charts
from mintage.watching.frontier import frontier_parts
from mintage.watching.likeness import likeness_parts
from mintage.watching.page import command, definitions, figure, page, picture, picture_uri, section
from mintage.watching.portrait import portrait_html
from mintage.watching.privacy import privacy_parts
from mintage.watching.progress import progress
from mintage.watching.story import Story, read_story
from mintage.watching.verdicts import copy_parts, score_parts
from mintage.watching.words import duration, label, number, percent, probability
from mintage.watching.writings import writing_parts

__all__ = ["write_report"]

Row = Mapping[str, Any]


def write_report(run: RunDirectory) -> Path:
    """Write the report of a run from the files in its directory; any of them may be missing.

    Returns the path of report.html.
    """
    story = read_story(run)
    nearest = run.nearest
    sections = [
        section("pictures", story.wording.title, *_pictures(story)),
        section("writings", "What it writes", *(writing_parts(story) if story.writes else [])),
        section("health", "How the training went", *_health(story)),
        section("translations", "Pictures that it never saw", *_translations(story)),
        section("scores", "Scores", *score_parts(story.verdicts)),
        section("frontier", "Fluent and varied", *(frontier_parts(story.verdicts[0]) if story.verdicts else [])),
        section("portrait", "Real beside made", portrait_html(story.run.portrait)),
        section("likeness", "Real beside made", *likeness_parts(run.likeness, run.fans)),
        section("privacy", "Does it give anybody away?", *(privacy_parts(story.verdicts[0]) if story.verdicts else [])),
        section("copies", "Does it copy?", *(copy_parts(story.verdicts[0], nearest) if story.verdicts else [])),
        section("curves", "Curves", *charts(story.rows, story.events)),
        section("data", "The data", *_data(story)),
        section("go-on", "How to go on", *_commands(story)),
        section("facts", "How to get this again", *_facts(story)),
    ]
    version = f" by Mintage {escape(str(story.facts['mintage']))}" if story.facts.get("mintage") else ""
    footer = f"<p>Written{version}. This page is one file and loads nothing from anywhere.</p>"
    write_text(run.report, page(f"{story.name}: training report", _header(story), [s for s in sections if s], footer))
    return run.report


def _header(story: Story) -> str:
    facts = story.facts
    seen, seconds = int(facts.get("images", 0)) * story.each, facts.get("seconds")
    started = str(facts.get("created", ""))[:16].replace("T", " ")
    eyebrow = "Training report" + (f" · started {started}" if started else "")
    tiles = [
        (f"{story.step:,}", "steps"),
        (f"{seen:,}" if seen else "", f"{story.unit} seen"),
        (duration(seconds) if seconds else "", "of training"),
        (f"{seen / seconds:,.0f}" if seen and seconds else "", f"{story.unit} a second"),
        (f"{sum(facts['parameters'].values()):,}" if facts.get("parameters") else "", "parameters, all players"),
    ]
    figures = "".join(f"<li><b>{escape(value)}</b><span>{name}</span></li>" for value, name in tiles if value)
    return (
        f'<p class="eyebrow">{escape(eyebrow)}</p><h1>{escape(story.name)}</h1>'
        f'<p class="lead">{escape(f"{story.lead} {story.state}")}</p><ul class="figures">{figures}</ul>'
    )


def _pictures(story: Story) -> list[str]:
    sheets = story.run.sample_sheets()
    left, right = [], []
    if story.run.film.is_file():
        still = f'<source media="(prefers-reduced-motion:reduce)" srcset="{picture_uri(sheets[-1])}">' if sheets else ""
        image = picture(story.run.film, "Film of the generated samples during training, from noise to the last step")
        left.append(figure(f"<picture>{still}{image}</picture>", "Learning", story.wording.film, "film"))
    if story.run.reals.is_file():
        image = picture(story.run.reals, f"A sheet of real examples from {story.source}")
        right.append(figure(image, "Real", story.wording.real.format(source=story.source)))
    parts = [f'<div class="pair">{"".join(left + right)}</div>'] if left or right else []
    if sheets:
        image = picture(sheets[-1], f"A sheet of generated samples after step {int(sheets[-1].stem):,}")
        words = f"What it makes after step {int(sheets[-1].stem):,}. Nothing was picked or sorted.{story.wording.sheet}"
        parts.append(f'<div class="whole">{figure(image, "Generated", words)}</div>')
    return parts


def _translations(story: Story) -> list[str]:
    if not story.run.translations.is_file():
        return []
    image = picture(story.run.translations, "Held-out inputs, each beside what is made of it and the nearest target")
    words = "Held-out inputs in the order of the data: nothing was picked or sorted."
    return [f'<div class="whole">{figure(image, "Translated", words)}</div>']


def _health(story: Story) -> list[str]:
    if not story.rows:
        return ["<p>Nothing was measured yet.</p>"]
    alarms = [event for event in story.events if event["event"] == "diagnosis"]
    parts = [_alarm(alarm, story) for alarm in alarms]
    if not alarms:
        checks = "a winning discriminator or generator, mode collapse, oscillation, overfitting and broken numbers"
        if story.makes != "pictures":
            foretells = any(key.endswith("/nats") for row in story.rows for key in row)  # so overfitting can be seen
            checks = "overfitting and broken numbers" if foretells else "broken numbers"
        parts.append(
            f'<div class="note"><h3>No alarm</h3><p>The checks for {checks} stayed quiet for all {story.step:,} '
            "steps.</p></div>"
        )
    told = [
        event
        for event in story.events
        if event["event"] in ("fallback", "not_saved", "early_stop") and event.get("message")
    ]
    sentences = _in_words(story) + [f"At step {event.get('step', 0):,}: {event['message']}" for event in told]
    if sentences:
        items = "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)
        parts.append(f'<p>At the end of the run:</p><ul class="plain">{items}</ul>')
    return parts


def _alarm(alarm: Row, story: Story) -> str:
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


def _in_words(story: Story) -> list[str]:
    sentences = []
    recognition = story.settled("discriminator/recognition")
    if recognition is not None:
        sentences.append(
            "Shown a real and a generated example, the discriminator picked the real one in "
            f"{percent(recognition)} of cases. 50 % is chance; a generator can learn well anywhere below about 95 %."
        )
    real, fake = story.settled("discriminator/real"), story.settled("discriminator/fake")
    if real is not None and fake is not None:
        sentences.append(
            f"It gave real examples a mean logit of {number(real)}, generated ones {number(fake)} "
            f"(as probabilities {percent(probability(real))} and {percent(probability(fake))})."
        )
    heldout = story.settled("discriminator/heldout")
    if real is not None and heldout is not None:
        sentences.append(
            f"Real examples it never trained on got {number(heldout)}: "
            f"the nearer to {number(real)}, the less it learned by heart."
        )
    for score in progress(story.events):
        step, value = score.best or score.points[-1]
        which = "best" if score.best else "last"
        said = f"Its {which} {label(score.name)} during training was {number(value)}, at step {step:,}"
        sentences.append(
            f"{said}: the checkpoint that is used, {score.why}." if score.best and score.why else f"{said}."
        )
    rate = story.settled("rate")
    if rate is not None:
        sentences.append(f"The speed was {rate * story.each:,.0f} {story.unit} a second.")
    return sentences


def _data(story: Story) -> list[str]:
    lines = "".join(f"<li>{escape(line)}</li>" for line in story.data_lines())
    return [f'<ul class="plain">{lines}</ul>'] if lines else []


def _commands(story: Story) -> list[str]:
    path = f"{story.run.path.resolve().parent.name}/{story.run.path.name}"
    parts = [command(f"mintage {words.format(run=path)}", what) for words, what in story.wording.commands]
    parts.append(command(f"mintage evaluate {path}", "Judge it, and write its model card"))
    if not story.is_finished:
        parts.insert(0, command(f"mintage train --resume {path}", f"Go on from step {story.step:,}"))
    elif story.recipe_text:
        longer = f"mintage train {path}/recipe.toml training.steps={2 * max(1, story.planned)}"
        parts.append(command(longer, "Train again, twice as long"))
    return parts


def _facts(story: Story) -> list[str]:
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
        ("Time", duration(facts["seconds"]) if facts.get("seconds") else ""),
        ("Energy", story.energy),
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
