"""The form of verse: where lines end, how long they are, and whether a poem keeps the form that was asked of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mintage.errors import ConfigError, DataError
from mintage.statistics.intervals import Interval, binomial
from mintage.statistics.wording import UNSPACED

__all__ = ["Regularity", "ends_line", "form", "keeps", "lines", "parse", "regularity", "verse", "whole_lines"]

# Half-width marks end a line of Chinese, not one of English.
_SURE, _HALF_WIDTH = r"，。？！；：\n\r\u2028\u2029", ",.?!;:"
_LINE_END = re.compile(rf"[{_SURE}]+|(?<=[{UNSPACED}])[{_HALF_WIDTH}]+")
_ANY_END = re.compile(rf"[{_SURE}{_HALF_WIDTH}]+")
_ENDS_LINE = re.compile(rf"[{_SURE}]\s*$")
_VERSE_END = re.compile(rf"(?:[，。？！；]|[{UNSPACED}][,.?!;])[」』”’）]*$")
_LETTER = re.compile(r"[^\W_]")
_TERM = re.compile(r"\s*([1-9]\d{0,3})\s*(?:[x×*]\s*([1-9]\d{0,2}))?\s*", re.ASCII)


def lines(text: str) -> list[str]:
    """The lines of a poem: each ends at a line's end, at ，。？！；：, or in Chinese and Japanese at ,.?!;: too.

    What has no letter in it is no line.

    >>> lines("床前明月光，疑是地上霜。")
    ['床前明月光', '疑是地上霜']
    """
    return [part.strip() for part in _LINE_END.split(text) if _LETTER.search(part)]


def ends_line(piece: str) -> bool:
    """Whether a line ends with a piece of text, whatever stands before it: half-width marks alone do not tell.

    >>> ends_line("。"), ends_line("霜。\\n"), ends_line(".")
    (True, True, False)
    """
    return bool(_ENDS_LINE.search(piece))


def whole_lines(text: str) -> tuple[list[str], str]:
    """The lines of a text that are sure to be whole, and the rest, which what comes next may still lengthen.

    >>> whole_lines("床前明月光，疑是")
    (['床前明月光'], '疑是')
    """
    ends = [mark.end() for mark in _LINE_END.finditer(text)]
    cut = ends[-1] if ends else 0
    return lines(text[:cut]), text[cut:]


def verse(text: str) -> str:
    """A poem without what stands above it: Chinese title, author and the like, which end in no mark of a verse.

    >>> verse("《静夜思》\\n作者：李白\\n床前明月光，疑是地上霜。")
    '床前明月光，疑是地上霜。'
    """
    rows = text.strip().splitlines()
    begins = next((place for place, row in enumerate(rows) if _VERSE_END.search(row.rstrip())), 0)
    return "\n".join(rows[begins:])


def form(text: str) -> list[int]:
    """Lengths of the lines in letters of any script, digits among them; marks, accents and blanks have no length.

    >>> form("床前明月光，疑是地上霜。"), form("The fog comes,\\non little cat feet.")
    ([5, 5], [11, 15])
    """
    return [len(_LETTER.findall(line)) for line in lines(text)]


def parse(template: str) -> list[int]:
    """Lengths of the lines that a template asks for.

    >>> parse("5x4"), parse("5,7,5"), parse("7x2,5x2")
    ([5, 5, 5, 5], [5, 7, 5], [7, 7, 5, 5])

    Raises:
        ConfigError: what is no template.
    """
    lengths: list[int] = []
    for term in re.split("[,，]", template):
        if (found := _TERM.fullmatch(term)) is None:
            raise ConfigError(
                f"{template!r} is not a template: write a line's length, times how many such lines, with commas "
                "between: 5x4, 7x8, or 5,7,5. The first is four lines of five."
            )
        lengths += [int(found[1])] * int(found[2] or 1)
    return lengths


def keeps(text: str, template: str) -> bool:
    """Whether a poem has just the lines that a template asks for; in all scripts, each of ,.?!;: ends a line too.

    >>> keeps("床前明月光，疑是地上霜。", "5x2"), keeps("床前明月光，疑是地上霜。", "5x4")
    (True, False)

    Raises:
        ConfigError: what is no template.
    """
    lengths = [len(_LETTER.findall(part)) for part in _ANY_END.split(text)]
    return [length for length in lengths if length] == parse(template)


@dataclass(frozen=True, slots=True)
class Regularity:
    """How many of a number of poems keep the forms of Chinese regulated verse; shares can be had by `share`."""

    poems: int
    five: int  # every line has 5 characters
    seven: int  # every line has 7
    equal: int  # all lines are equally long, whatever the length, and there are two or more
    quatrains: int  # four lines, all of 5 or all of 7
    eights: int  # eight of them

    @property
    def regular(self) -> int:
        return self.five + self.seven

    def share(self, count: int) -> tuple[float, Interval]:
        """A count as a share of the poems, with its exact interval."""
        return count / self.poems, binomial(count, self.poems)


def regularity(poems: Sequence[str]) -> Regularity:
    """Count which poems keep the forms of regulated verse (regular: all lines of 5, or all of 7 characters).

    Take titles off first, by `verse`. A single line is no poem and keeps no form.

    >>> found = regularity(["床前明月光，疑是地上霜。举头望明月，低头思故乡。", "前不见古人，念天地之悠悠。"])
    >>> found.regular, found.quatrains, round(found.share(found.regular)[0], 2)
    (1, 1, 0.5)

    Raises:
        DataError: no poems.
    """
    if not poems:
        raise DataError("There are no poems to look at; at least one is needed.")
    forms = [form(poem) for poem in poems]
    equal = [lengths for lengths in forms if len(lengths) > 1 and len(set(lengths)) == 1]
    regular = [lengths for lengths in equal if lengths[0] in (5, 7)]
    return Regularity(
        poems=len(poems),
        five=sum(lengths[0] == 5 for lengths in regular),
        seven=sum(lengths[0] == 7 for lengths in regular),
        equal=len(equal),
        quatrains=sum(len(lengths) == 4 for lengths in regular),
        eights=sum(len(lengths) == 8 for lengths in regular),
    )
