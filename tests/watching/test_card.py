"""The card has front matter that the hub reads, and says in plain words what the generator is not for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.watching.fake_run import fake_run, plain

from mintage.run import RunDirectory
from mintage.watching.card import model_card, write_card


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunDirectory:
    return fake_run(tmp_path_factory.mktemp("runs"), frames=2)


def front(card: str) -> list[str]:
    opening, matter, _ = card.split("---\n", 2)
    assert opening == ""
    return matter.splitlines()


def test_the_front_matter_names_library_task_and_results(run: RunDirectory) -> None:
    lines = front(write_card(run).read_text("utf-8"))
    assert "library_name: mintage" in lines
    assert "pipeline_tag: unconditional-image-generation" in lines
    assert [line for line in lines if line.startswith("- ")][:3] == ["- mintage", "- gan", "- image-generation"]
    assert not any(line.startswith("license") for line in lines)
    at = lines.index('    - type: "frechet_distance"')
    assert lines[at + 1 : at + 3] == ['      name: "Fréchet distance (domain-5c0a81e2)"', "      value: 12.4"]
    assert not any("class_distance" in line for line in lines)


def test_a_yaml_reader_reads_the_front_matter(tmp_path: Path) -> None:
    yaml = pytest.importorskip("yaml")
    run = fake_run(tmp_path, frames=2)
    facts = json.loads(run.facts.read_text())
    facts["name"] = 'odd: "name"\n---\x07 # 裤子 🎩'
    run.facts.write_text(json.dumps(facts))
    values = plain("run")
    values["scores"][1]["value"] = 1e-5
    matter: Any = yaml.safe_load("\n".join(front(model_card(run, values))))
    (index,) = matter["model-index"]
    assert index["name"] == 'odd: "name" ---  # 裤子 🎩'
    (result,) = index["results"]
    assert result["dataset"] == {"name": "fashion-mnist", "type": "fashion-mnist", "split": "held-out"}
    assert result["metrics"][1]["value"] == 1e-5
    assert all(isinstance(metric["value"], float) for metric in result["metrics"])


def test_the_card_tells_use_training_evaluation_and_limits(run: RunDirectory) -> None:
    card = model_card(run, plain("run"))
    for part in (
        "# dcgan-fashion",
        "![Samples after step 6,000](samples/0006000.png)",
        'mintage.load("runs/0001-dcgan-fashion")',
        "mintage generate runs/0001-dcgan-fashion -n 64",
        "Energy: roughly 1.1 to 2 Wh, not measured",
        "| coverage | 0.82 | 0.809 to 0.831 | 0.97 | 5,000 fake, 5,000 real |",
        f"Protocol {plain('run')['protocol_id']}: embedding domain-5c0a81e2",
        "The distances are not FID",
        "tells its samples from real ones in 83 % of cases: they do not pass. (Of other real examples: 50 %.)",
        "- 18 % of the real examples have nothing like them among its samples",
        "- It is weakest in the class ankle boot.",
        "- Not measured: GAN-train.",
        "Heusel et al., 2017",
    ):
        assert part in card
    assert "very close to a training example" not in card  # the interval reaches the floor


def test_copies_beyond_the_floor_are_a_limit(run: RunDirectory) -> None:
    assert "5.6 % of its samples come very close to a training example" in model_card(run, plain("run", worse=5))


def test_a_card_without_a_verdict_says_that_nobody_measured(run: RunDirectory) -> None:
    card = model_card(run, None)
    assert "model-index" not in card
    assert "It was not judged yet" in card
    assert "Nobody measured how good it is." in card
    assert "Nobody measured whether it copies its training data." in card


def test_every_part_may_be_missing(tmp_path: Path) -> None:
    empty = RunDirectory(tmp_path / "0001-empty")
    empty.path.mkdir()
    assert "# 0001-empty" in write_card(empty).read_text("utf-8")


def test_hostile_names_stay_text(tmp_path: Path) -> None:
    run = fake_run(tmp_path, frames=2)
    facts = json.loads(run.facts.read_text())
    facts["name"], facts["classes"] = "<script>x</script>\n---\nlicense: mit", ["[a](b)", "c|d"]
    run.facts.write_text(json.dumps(facts))
    card = model_card(run, plain("run"))
    assert not any(line.startswith("license") for line in card.splitlines())
    body = card.split("---\n", 2)[2]
    assert "\\<script\\>" in body
    assert "<script" not in body.replace("\\<", "")
    assert "\\[a\\](b), c\\|d" in body


def test_what_is_judged_without_an_embedding_speaks_of_none(run: RunDirectory) -> None:
    verdict = plain("run")
    told = model_card(run, {**verdict, "protocol": {**verdict["protocol"], "embedding": "none"}})
    assert "(none)" not in told
    assert "are not FID" not in told
    assert "are not FID" in model_card(run, verdict)
