"""Writing: the memory changes nothing, neighbours change nothing, and every text ends where it should."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from tests.decoding.toy import Chain, Toy
from torch import Tensor

from mintage.decoding.choice import Decoding, choose
from mintage.decoding.known_spans import KnownSpans
from mintage.decoding.vocabulary import Vocabulary
from mintage.decoding.writer import Step, Written, steps, write
from mintage.errors import ConfigError, RunError

LETTERS = Vocabulary.of([*"abcdefgh", ""], separator=8)


def toy(**sizes: int) -> Toy:
    torch.manual_seed(0)
    network = Toy(24, **sizes)
    for weight in network.parameters():
        weight.data *= 2.5  # so that what comes before matters
    return network


def numbers(rows: int, length: int) -> Tensor:
    return torch.rand(rows, length, generator=torch.Generator().manual_seed(5))


def circle(size: int = 9) -> Chain:
    """Each token is followed by the next one, for certain."""
    return Chain(torch.eye(size).roll(1, 1) * 100, context=6)


def same(one: Written, other: Written) -> bool:
    return all(map(torch.equal, one.tokens, other.tokens)) and one.endings == other.endings


def test_texts_are_those_of_a_model_that_reads_everything_again_for_each_token() -> None:
    model, prompt, noise = toy(), torch.tensor([3, 1, 4, 1, 5]), numbers(3, 15)
    decoding = Decoding(temperature=0.9, top_p=0.95, repetition_penalty=1.1)
    written = write(model, prompt, noise, decoding)
    model.eval()
    tokens = prompt.expand(3, -1)
    for t in range(15):
        with torch.no_grad():
            tokens = torch.cat([tokens, choose(model(tokens)[:, -1], noise[:, t], decoding, tokens)[:, None]], 1)
    assert torch.equal(torch.stack(written.tokens), tokens[:, 5:])
    assert len({tuple(row.tolist()) for row in written.tokens}) == 3


@pytest.mark.parametrize("alone", [True, False])
def test_a_text_does_not_depend_on_how_many_are_written_beside_it(alone) -> None:
    model, prompt, noise = toy(), torch.tensor([3, 1, 4]), numbers(20, 60)
    whole = write(model, prompt, noise, Decoding(), alone=alone)
    for count in (1, 2, 8, 9, 19):
        part = write(model, prompt, noise[:count], Decoding(), alone=alone)
        assert all(map(torch.equal, part.tokens, whole.tokens[:count]))
    other = torch.cat([noise[:3], numbers(4, 60).flip(0)])
    assert all(map(torch.equal, write(model, prompt, other, Decoding(), alone=alone).tokens[:3], whole.tokens[:3]))


def test_logits_of_a_row_are_the_same_bits_beside_any_neighbours() -> None:
    model = toy(layers=4, width=128).eval()
    with torch.inference_mode():
        rows = torch.randint(0, 24, (8, 12), generator=torch.Generator().manual_seed(1))
        kept = []
        for swapped in (rows, torch.cat([rows[:1], rows[1:].flip(0)])):
            memory = model.memory(8)
            model.read(swapped[:, :11], memory)
            kept.append(model.read(swapped[:, 11:], memory)[0])
    assert torch.equal(kept[0], kept[1])


def test_a_full_memory_reads_its_last_half_again_and_goes_on() -> None:
    model, noise = toy(context=8), numbers(2, 40)
    written = write(model, torch.tensor([3]), noise, Decoding())
    model.eval()
    for row, chance in zip(written.tokens, noise, strict=True):
        text, first = torch.cat([torch.tensor([3]), row]), 0
        for t in range(40):
            if t + 1 - first > 8:  # the token at t would be the ninth
                first = t + 1 - 4
            with torch.no_grad():
                logits = model(text[None, first : t + 1])[:, -1]
            assert choose(logits, chance[t : t + 1], Decoding()).item() == text[t + 1]


def test_a_prompt_longer_than_the_context_keeps_its_last_part_and_says_so() -> None:
    model, noise = toy(context=8), numbers(2, 5)
    long = torch.arange(20)
    written = write(model, long, noise, Decoding())
    assert same(written, write(model, long[-8:], noise, Decoding()))
    assert "20 tokens" in written.remarks[0]
    assert "looks back at 8" in written.remarks[0]


def test_an_empty_prompt_starts_from_the_separator_or_from_what_it_is_told() -> None:
    nothing, noise = torch.empty(0, dtype=torch.int64), numbers(1, 4)
    assert write(circle(), nothing, noise, Decoding(), LETTERS).texts == ["abcd"]
    for separator in (None, 8):
        start = Vocabulary.of([*"abcdefgh", ""], separator, beginning=2)
        assert write(circle(), nothing, noise, Decoding(), start).texts == ["defg"]
    with pytest.raises(ConfigError, match="empty prompt"):
        write(circle(), nothing, noise, Decoding())


def test_a_text_ends_at_a_separator_at_a_stop_or_at_its_length() -> None:
    def told(**given: object) -> Written:
        return write(circle(), torch.tensor([2]), numbers(2, 12), Decoding.read(given), LETTERS)

    ended = told()
    assert (ended.texts, ended.endings) == (["defgh"] * 2, ["separator"] * 2)
    assert ended.tokens[0].tolist() == [3, 4, 5, 6, 7]
    stopped = told(stop=["x", "fg"])
    assert (stopped.texts, stopped.endings) == (["de"] * 2, ["stop"] * 2)
    assert stopped.tokens[0].tolist() == [3, 4, 5, 6]
    short = told(length=3, stop=["fg"])
    assert (short.texts, short.endings) == (["def"] * 2, ["length"] * 2)  # what was held back is shown after all
    assert write(circle(), torch.tensor([2]), numbers(1, 2), Decoding(), LETTERS).texts == ["de"]


def test_writing_ends_when_all_texts_have_and_rows_that_ended_are_silent() -> None:
    class Counting(Chain):
        reads = 0

        def read(self, tokens, memory):
            self.reads += 1
            return super().read(tokens, memory)

    table = torch.full((3, 3), -100.0)
    table[:, :2] = 0.0
    table[1] = torch.tensor([-100.0, -100.0, 100.0])  # after 1 comes the separator 2
    model, vocabulary = Counting(table), Vocabulary.of(["a", "b", ""], separator=2)
    noise = torch.full((9, 50), 0.2)
    noise[0, 3] = noise[5, 6] = noise[[1, 2, 3, 4, 6, 7, 8], 1] = 0.9
    written = write(model, torch.tensor([0]), noise, Decoding(), vocabulary)
    assert written.texts == ["aaab", *["ab"] * 4, "aaaaaab", *["ab"] * 3]
    assert model.reads == 1 + 4 + 7  # the prompt, the first row's, the others'
    seen = list(steps(model, torch.tensor([0]), noise, Decoding(), vocabulary))
    assert [step.tokens[0] for step in seen[:6]] == [0, 0, 0, 1, None, None]
    assert "".join(step.texts[5] for step in seen) == "aaaaaab"


def test_steps_are_what_write_writes_and_their_value_is_the_same() -> None:
    model, prompt, noise = toy(), torch.tensor([3, 1]), numbers(10, 30)
    letters = Vocabulary.of([*"春眠不觉晓处闻啼鸟 abcdefghijkl\n", ""], separator=23)
    decoding = Decoding(stop=("ab", "鸟"))
    written, seen = write(model, prompt, noise, decoding, letters), list[Step]()

    def watched():
        value = yield from steps(model, prompt, noise, decoding, letters)
        assert value.texts == written.texts
        assert same(value, written)

    seen += watched()
    for i in range(10):
        assert "".join(step.texts[i] for step in seen) == written.texts[i]
        assert [step.tokens[i] for step in seen if step.tokens[i] is not None] == written.tokens[i].tolist()


def test_no_rows_are_no_texts_and_the_model_is_left_as_it_was() -> None:
    model = toy()
    assert write(model, torch.tensor([1]), torch.rand(0, 5), Decoding()).tokens == []
    assert model.training
    write(model.eval(), torch.tensor([1]), torch.rand(1, 5), Decoding())
    assert not model.training


def test_a_model_that_says_no_numbers_is_found_out() -> None:
    broken = Chain(torch.full((9, 9), torch.nan))
    with pytest.raises(RunError, match="not numbers"):
        write(broken, torch.tensor([1]), numbers(1, 4), Decoding(temperature=0))
    table = torch.zeros(9, 9)
    table[3] = torch.nan
    table[2, 3] = 100
    with pytest.raises(RunError, match="not numbers"):
        write(Chain(table), torch.tensor([2]), numbers(1, 4), Decoding(), LETTERS)


def test_stops_and_templates_need_a_vocabulary() -> None:
    for decoding in (Decoding(stop=("x",)), Decoding(template="5x4")):
        with pytest.raises(ConfigError, match="need the vocabulary"):
            write(circle(), torch.tensor([1]), numbers(1, 4), decoding)


def test_known_spans_give_way_to_other_words() -> None:
    model, noise = circle(), numbers(2, 12)
    known = KnownSpans.of(["abcdefgh"], 4)
    free = write(model, torch.tensor([8]), noise, Decoding(), LETTERS)
    assert free.texts[0] == "abcdefgh"
    kept = write(model, torch.tensor([8]), noise, Decoding(length=12), replace(LETTERS, known=known))
    for text in kept.texts:
        assert text.startswith("abc")
        assert not any("abcdefgh"[k : k + 4] in text for k in range(5))


def test_spans_that_begin_in_the_prompt_are_known_too() -> None:
    known = KnownSpans.of(["abcdefgh"], 4)
    kept = write(circle(), torch.tensor([0, 1, 2]), numbers(1, 1), Decoding(length=1), replace(LETTERS, known=known))
    assert kept.texts[0] != "d"
