"""Shows what a writer wrote, beside the text it learned from: as text, nothing picked."""

from __future__ import annotations

from html import escape
from pathlib import Path

from mintage.watching.story import Story

__all__ = ["RULE", "passages", "passages_block", "writing_parts"]

RULE = "\n" + "-" * 40 + "\n"  # between the passages of a file
_SHOWN, _LENGTH = 3, 700  # passages, and characters of each


def passages(path: Path) -> list[str]:
    """The first passages of a file of them; none where it can't be read."""
    try:
        texts = path.read_text("utf-8", "replace").split(RULE)
    except OSError:
        return []
    return [text[:_LENGTH].rstrip() + (" ..." if len(text) > _LENGTH else "") for text in texts[:_SHOWN]]


def passages_block(path: Path, name: str, words: str) -> str:
    """A figure of them; empty without."""
    texts = passages(path)
    if not texts:
        return ""
    inside = "".join(f'<pre style="white-space:pre-wrap">{escape(text)}</pre>' for text in texts)
    return f"<figure>{inside}<figcaption><strong>{escape(name)}.</strong> {escape(words)}</figcaption></figure>"


def writing_parts(story: Story) -> list[str]:
    """Its first attempt, its last one, and real passages."""
    files = story.run.sample_texts()
    parts = []
    if files:
        step = int(files[-1].stem)
        words = f"What it writes after step {step:,}, by plain sampling. Nothing was picked or sorted."
        parts.append(f'<div class="whole">{passages_block(files[-1], "Written", words)}</div>')
    real = passages_block(story.run.real_texts, "Real", f"Passages of {story.source}, to compare with.")
    early = ""
    if len(files) > 1:
        words = f"After step {int(files[0].stem):,}, by the same random numbers."
        early = passages_block(files[0], "At the beginning", words)
    if real or early:
        parts.append(f'<div class="pair">{early}{real}</div>')
    return parts
