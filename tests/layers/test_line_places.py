"""Places in lines: both ways of reading them agree, and say what a form is made of."""

import torch

from mintage.layers.line_places import LinePlaces

FAR = 32


def places(text: str, marks: str = "./") -> list[tuple[int, int]]:
    letters = sorted({*text, *marks})
    layer = LinePlaces([letters.index(mark) for mark in marks], len(letters), 4)
    tokens = torch.tensor([[letters.index(letter) for letter in text]])
    return [divmod(row, FAR + 1) for row in layer.places(tokens, len(text))[0].tolist()]


def test_a_letter_knows_its_place_and_the_length_of_the_line_before() -> None:
    assert places("ab.cde./f") == [
        (FAR, FAR), (FAR, FAR), (0, FAR), (1, FAR), (2, FAR), (3, FAR), (0, 3), (0, 3), (1, 3),
    ]  # fmt: skip


def test_long_lines_are_only_far() -> None:
    found = places("a." + "b" * 40 + ".cd.e")
    assert found[1 + 31] == (31, FAR)
    assert found[1 + 32] == (FAR, FAR)
    assert found[-4:] == [(1, FAR), (2, FAR), (0, 2), (1, 2)]


def test_the_way_of_one_token_finds_the_same_rows() -> None:
    torch.manual_seed(0)
    layer = LinePlaces([0, 1], 9, 5)
    for most in (3, 9, 9):
        tokens = torch.randint(most, (2, 120))
        whole = layer.places(tokens, 120)
        for stop in (1, 2, 50, 119, 120):
            assert torch.equal(layer.last(tokens[:, :stop]), whole[:, stop - 1])


def test_the_last_places_are_those_of_all_that_stands_before() -> None:
    layer = LinePlaces([0], 4, 3)
    tokens = torch.randint(4, (2, 40), generator=torch.Generator().manual_seed(1))
    assert torch.equal(layer.places(tokens, 7), layer.places(tokens, 40)[:, -7:])


def test_places_lean_towards_ends_alone() -> None:
    layer = LinePlaces([0, 2], 4, 3)
    torch.nn.init.constant_(layer.leaning.weight, 1.5)
    found = layer.lean(layer.places(torch.tensor([[1, 3, 0, 1]]), 4))
    assert torch.equal(found, torch.tensor([1.5, 0.0, 1.5, 0.0]).expand(1, 4, 4))
