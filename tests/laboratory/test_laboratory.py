"""The laboratory: it learns in seconds, a step of one player moves that one alone, and the same seed shows the same."""

from __future__ import annotations

import asyncio
import base64
import time
from typing import Any

import pytest
import torch

from mintage.errors import ConfigError
from mintage.laboratory.distributions import EDGE, distribution
from mintage.laboratory.experiment import Experiment
from mintage.laboratory.frames import CELLS, SHEET, divergence, frame
from mintage.laboratory.session import Laboratory, NoSession, Session
from mintage.laboratory.settings import LaboratorySettings
from mintage.objectives.adversarial import LOSSES
from mintage.seeding import generator

SMALL = {"width": 16, "batch": 16, "speed": 1}


def small(**settings: Any) -> Experiment:
    return Experiment(distribution("ring"), LaboratorySettings(**{**SMALL, **settings}))


def weights(experiment: Experiment) -> dict[str, torch.Tensor]:
    return {
        name: torch.cat([one.detach().flatten() for one in player.parameters()])
        for name, player in experiment.game.players.items()
    }


def test_it_finds_the_modes_of_a_ring_in_seconds() -> None:
    experiment = Experiment(distribution("ring"), LaboratorySettings())
    before = frame(experiment)
    for _ in range(450):
        experiment.advance()
    after = frame(experiment)
    assert after["modes"] >= 6
    assert after["of"] == 8
    assert after["floor"] < after["divergence"] < before["divergence"] - 0.1


@pytest.mark.parametrize("which", ["generator", "discriminator"])
def test_a_step_of_one_player_moves_that_one_alone(which: str) -> None:
    experiment = small(critic_steps=3)
    for _ in range(4):
        before = weights(experiment)
        experiment.advance(which)  # type: ignore[arg-type]
        moved = {name for name, now in weights(experiment).items() if not torch.equal(before[name], now)}
        assert moved == {which}


def test_the_same_seed_and_the_same_moves_show_the_same() -> None:
    def played(seed: int) -> dict[str, Any]:
        experiment = small(seed=seed)
        for which in ("both", "generator", "both", "discriminator"):
            experiment.advance(which)  # type: ignore[arg-type]
        experiment = experiment.change({"objective": "hinge", "lr_generator": 0.01})
        experiment.advance()
        return frame(experiment)

    assert played(1) == played(1)
    assert played(1)["fakes"] != played(2)["fakes"]


def test_settings_change_while_it_plays_and_networks_begin_anew() -> None:
    experiment = small()
    experiment.advance()
    same = experiment.change({"lr_generator": 0.0, "lr_discriminator": 0.01, "r1": 1.0, "critic_steps": 2})
    assert same is experiment
    before = weights(same)
    same.advance()
    assert torch.equal(before["generator"], weights(same)["generator"])
    assert not torch.equal(before["discriminator"], weights(same)["discriminator"])
    wider = same.change({"width": 32})
    assert wider is not same
    assert wider.step == 0
    assert wider.settings.r1 == 1.0
    with pytest.raises(ConfigError, match="lr_generator"):
        same.change({"lr_generator": -1})


@pytest.mark.parametrize("objective", sorted(LOSSES))
def test_a_frame_holds_all_that_is_seen(objective: str) -> None:
    experiment = small(objective=objective, gradient_penalty=1.0)
    experiment.advance()
    shown = frame(experiment)
    assert len(base64.b64decode(shown["field"])) == CELLS * CELLS
    assert len(shown["grid"]) == 2 * SHEET * SHEET
    assert len(shown["arrows"]) % 4 == 0
    assert set(shown["losses"]) == {"generator", "discriminator"}
    assert any(shown["arrows"][2::4])


@pytest.mark.parametrize("name", ["ring", "grid", "moons", "line"])
def test_distributions_lie_in_sight_and_around_their_centres(name: str) -> None:
    reals = distribution(name)
    points = reals.sample(2000, generator(0))
    assert points.abs().max() < EDGE
    assert torch.cdist(reals.centres, points).min(1).values.max() < 0.1
    assert divergence(points, reals.sample(2000, generator(1))) < 0.2


@pytest.mark.parametrize(
    "points", [None, [], [(0, 0)] * 3000, [(9, 0)], [("a", 0)], [(float("nan"), 0)], [3], [(1, 2, 3)], ["ab"]]
)
def test_points_that_cannot_be_learned_are_refused(points: Any) -> None:
    with pytest.raises(ConfigError):
        distribution("points", points)


def test_it_plays_only_while_someone_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mintage.laboratory.session.PATIENCE", 0.1)
    monkeypatch.setattr("mintage.laboratory.session.PACE", 0.01)
    session = Session(distribution("line"), LaboratorySettings(**SMALL))

    async def watch() -> list[int]:
        session.do({"play": True})
        seen = []
        frames = session.frames()
        async for _, shown in frames:
            seen.append(shown["step"])
            if len(seen) == 5:
                break
        await frames.aclose()  # type: ignore[attr-defined]
        return seen

    seen = asyncio.run(watch())
    assert seen == sorted(set(seen))
    for _ in range(100):
        if not session.is_playing:
            break
        time.sleep(0.02)
    assert not session.is_playing
    step = session.experiment.step
    time.sleep(0.05)
    assert session.experiment.step == step


def test_a_frame_that_was_seen_is_not_sent_again() -> None:
    session = Session(distribution("ring"), LaboratorySettings(**SMALL))
    session.do({"step": "generator"})

    async def next_after(last: int | None) -> int:
        frames = session.frames(last)
        try:
            return (await asyncio.wait_for(anext(frames), 0.2))[0]
        finally:
            await frames.aclose()  # type: ignore[attr-defined]

    assert asyncio.run(next_after(None)) == asyncio.run(next_after(0)) == 1
    with pytest.raises(TimeoutError):
        asyncio.run(next_after(1))


def test_sessions_that_nobody_uses_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mintage.laboratory.session.MOST", 2)
    laboratory = Laboratory()
    first, second, third = (laboratory.open(distribution("ring"), LaboratorySettings(**SMALL)) for _ in range(3))
    with pytest.raises(NoSession):
        laboratory[first.id]
    assert laboratory[third.id] is third
    second.touched -= 601
    with pytest.raises(NoSession):
        laboratory[second.id]
