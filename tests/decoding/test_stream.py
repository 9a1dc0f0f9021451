"""Text that comes in pieces: nothing is ever taken back, and all of it is what decoding at once gives."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mintage.decoding.stream import TextStream
from mintage.errors import ConfigError

TEXTS = st.text(alphabet="ab \n春风é👍🏽👩‍🚀\u0301-", max_size=20)


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[a:b] for a, b in pairwise(edges)]


def shown(pieces: list[bytes], stop: tuple[str, ...] = ()) -> list[str]:
    stream = TextStream(stop)
    return [*(stream.feed(piece) for piece in pieces), stream.end()]


@given(text=TEXTS, places=st.lists(st.integers(0, 200), max_size=30))
@settings(max_examples=80, deadline=None)
def test_pieces_of_a_text_are_the_text_and_every_part_is_whole_characters(text, places) -> None:
    parts = shown(cut(text.encode(), places))
    assert "".join(parts) == text
    assert "\ufffd" not in "".join(parts)


@given(data=st.binary(max_size=24), places=st.lists(st.integers(0, 200), max_size=10))
@settings(max_examples=80, deadline=None)
@example(data="春".encode()[:2], places=[1])
@example(data=b"\xff\xf0\x9f\x91a\xe0\x80", places=[2, 3])
def test_bytes_that_are_no_text_are_marked_as_they_are_when_decoded_at_once(data, places) -> None:
    assert "".join(shown(cut(data, places))) == data.decode("utf-8", "replace")


@given(
    text=TEXTS,
    places=st.lists(st.integers(0, 200), max_size=30),
    stop=st.lists(st.text(alphabet="ab\n春👍", min_size=1, max_size=4), min_size=1, max_size=3),
)
@settings(max_examples=120, deadline=None)
@example(text="aab", places=[1, 2], stop=["ab"])
@example(text="aba春", places=[1, 2, 3], stop=["ba春", "abab"])
def test_a_text_ends_where_the_stop_that_is_completed_first_begins_however_it_is_cut(text, places, stop) -> None:
    ends = [n for n in range(len(text) + 1) if text[:n].endswith(tuple(stop))]
    wanted = text
    if ends:
        first = text[: ends[0]]
        wanted = first[: len(first) - max(len(s) for s in stop if first.endswith(s))]
    parts = shown(cut(text.encode(), places), tuple(stop))
    assert "".join(parts) == wanted
    so_far = ""
    for part in parts:
        so_far += part
        assert wanted.startswith(so_far)  # nothing is taken back, and no part of a stop string is seen


def test_what_may_become_a_stop_is_held_back_only_as_long_as_it_may() -> None:
    stream = TextStream(["\n\n"])
    assert [stream.feed(piece) for piece in (b"one\n", b"two", b"\n")] == ["one", "\ntwo", ""]
    assert (stream.end(), stream.stopped) == ("\n", False)
    assert [stream.feed(b"\n"), stream.feed(b"\nmore"), stream.end()] == ["", "", ""]
    assert stream.stopped
    assert stream.feed(b"after the end") == ""


def test_an_empty_stop_is_refused() -> None:
    with pytest.raises(ConfigError, match="empty"):
        TextStream(["x", ""])
