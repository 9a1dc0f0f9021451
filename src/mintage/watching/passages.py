"""The film of a writer: what it wrote by the same chance early, midway and at the end, beside passages of the text."""

from __future__ import annotations

from html import escape
from pathlib import Path

from mintage.run import RunDirectory
from mintage.watching.page import figure

__all__ = ["passages"]

_FRAMES = 5  # shown, of those that were kept
_CHARACTERS = 1_500  # of each


def passages(run: RunDirectory, source: str) -> list[str]:
    """The parts of the report that show text; none for a run of pictures."""
    files = run.sample_texts()
    parts = []
    if files:
        last = len(files) - 1
        shown = sorted({round(last * (k / (_FRAMES - 1)) ** 2) for k in range(_FRAMES)})  # most happens early
        for place in reversed(shown):
            words = "The same random numbers at every step; nothing was picked or sorted."
            parts.append(_text(files[place], f"After step {int(files[place].stem):,}", words, is_open=place == last))
    if run.real_texts.is_file():
        parts.append(_text(run.real_texts, "Real", f"Passages of {source}, to compare with."))
    return parts


def _text(file: Path, name: str, words: str, *, is_open: bool = False) -> str:
    text = file.read_text("utf-8", errors="replace")
    shown = text if len(text) <= _CHARACTERS else text[:_CHARACTERS] + " …"
    body = figure(f"<pre><code>{escape(shown)}</code></pre>", name, words)
    return f"<details{' open' if is_open else ''}><summary>{escape(name)}</summary>{body}</details>"
