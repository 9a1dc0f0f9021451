"""Wording: how varied texts are, how often they repeat themselves, and how alike they are to others."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from mintage.errors import DataError
from mintage.statistics.intervals import jackknife

__all__ = ["tokenise"]

# Scripts that put no spaces between words: their characters stand for themselves. Thai, Lao, Burmese, Khmer; Han and
# its marks; kana; the rarer Han of the higher planes.
_UNSPACED = (
    r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3041-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    r"\uf900-\ufaff\uff66-\uff9f\U0001b000-\U0001b16f\U00020000-\U000323af"
)
# Vowel signs and accents written as characters of their own, which Python does not count as parts of words.
_MARKS = r"\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u064b-\u065f\u0670\u0900-\u0963\u0966-\u0dff\u200c\u200d"
_LETTER = rf"(?:[^\W_{_UNSPACED}]|[{_MARKS}])"
_TOKEN = re.compile(rf"[{_UNSPACED}]|{_LETTER}+(?:['’\-]{_LETTER}+)*|[^\w\s]|_")
_WORD = re.compile(rf"[{_UNSPACED}]|{_LETTER}+(?:['’\-]{_LETTER}+)*")


def tokenise(text: str, punctuation: bool = True) -> list[str]:
    """Words where a script has spaces, characters where it has none, and marks of punctuation each by itself.

    >>> tokenise("Don't panic: 春风 2026!")
    ["Don't", 'panic', ':', '春', '风', '2026', '!']
    """
    return (_TOKEN if punctuation else _WORD).findall(text)
