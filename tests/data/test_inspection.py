"""The data report says in plain sentences what was found."""

from __future__ import annotations

import json
from typing import Any

from mintage.data.inspection import DataReport, Tally, list_bad


def report(**changes: Any) -> DataReport:
    return DataReport(**({"count": 5000, "stored": (64, 64, 3), "num_compared": 5000} | changes))


def said(**changes: Any) -> str:
    return "\n".join(report(**changes).lines())


def test_the_first_line_says_how_many_and_how_they_are_packed() -> None:
    assert said().startswith("5,000 images, packed as 64x64 RGB (61.4 MB).")


def test_classes_are_counted_and_imbalance_is_advised_on() -> None:
    text = said(classes={"cats": 4000, "dogs": 1000})
    assert "2 classes: cats 4,000, dogs 1,000." in text
    assert "Classes are unbalanced: 4,000 of 'cats' but 1,000 of 'dogs'" in text
    assert "unbalanced" not in said(classes={"cats": 2600, "dogs": 2400})
    assert "No classes." in said()
    assert "40 classes, from 1 image (c0) to 40 (c39)" in said(classes={f"c{n}": n + 1 for n in range(40)})


def test_few_images_are_warned_of() -> None:
    assert "Fewer than 100 images: expect copies" in said(count=99)
    assert "model.name=fastgan" in said(count=500)
    assert "Fewer" not in said()


def test_copies_are_counted_with_an_example() -> None:
    text = said(count=540, num_copies=32, copies=(("a.png", "b.png"),), num_near=1, near=(("c.png", "d.png"),))
    assert "32 of 540 images are exact copies, such as a.png = b.png." in text
    assert "1 of 540 images nearly equal another one, such as c.png and d.png." in text
    assert "learned by heart" in text
    sampled = said(num_near=2, num_compared=200, near=(("C.png", "D.png"),), near_complete=False)
    assert "At least 2 of 200 sampled images nearly equal another one, such as C.png and D.png." in sampled


def test_unreadable_files_are_named_with_the_reason() -> None:
    bad = [(f"{n}.png", "the file is empty") for n in range(5)]
    assert list_bad(bad, 5).startswith("0.png (the file is empty); 1.png")
    assert list_bad(bad, 5).endswith("and 2 more")
    assert "5 could not be read: 0.png" in said(num_unreadable=5, unreadable=tuple(bad))


def test_a_report_survives_json() -> None:
    full = report(
        classes={"a": 5000}, widths=(1, 2, 3), heights=(4, 5, 6), kinds={"RGB": 5000}, done={"cropped": 7},
        num_unreadable=1, unreadable=(("x.png", "damaged"),), copies=(("a", "b", "c"),), near=(("d", "e"),),
        remarks=("A remark.",),
    )  # fmt: skip
    assert DataReport.from_dict(json.loads(json.dumps(full.as_dict()))) == full


def test_a_tally_gives_the_spread_of_sizes_and_what_was_done() -> None:
    tally = Tally()
    for width, done in ((10, ("cropped",)), (30, ()), (20, ("cropped", "upscaled"))):
        tally.add({"size": (width, 10), "kind": "RGB", "done": done})
    facts = tally.facts()
    assert facts["widths"] == (10, 20, 30)
    assert facts["heights"] == (10, 10, 10)
    assert facts["done"] == {"cropped": 2, "upscaled": 1}
    text = said(**facts)
    assert "Widths were 10 to 30 pixels (median 20), heights 10 to 10 (10)." in text
    assert "2 not square: their middle was cut out" in text


def test_a_tally_keeps_only_the_first_bad_ones() -> None:
    tally = Tally()
    for n in range(500):
        tally.add_bad(str(n), "damaged")
    assert tally.num_unreadable == 500
    assert len(tally.unreadable) == 100
