"""The engine's parts by themselves: averaging, accumulation, schedule, budget, checkpoints, numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from mintage.contracts import Batch, DataSpec, Rung, TensorSpec
from mintage.errors import ConfigError, TrainingDiverged
from mintage.games.gan import Stakes
from mintage.models.dcgan import DCGAN
from mintage.numbers import Numbers
from mintage.training.budget import Measured, choose, parse_duration
from mintage.training.checkpoint import Checkpoints
from mintage.training.ema import Averager
from mintage.training.loop import Loop
from mintage.training.precision import calibrate
from mintage.training.recorder import Recorder
from mintage.training.schedule import frame_steps
from mintage.training.settings import TrainingSettings
from mintage.training.update import PlainUpdate

SPEC = DataSpec(x=TensorSpec(shape=(1, 28, 28)))


def loop_for(stakes: Stakes, parts: int = 1, numbers: Numbers | None = None, **settings: Any) -> Loop:
    from mintage.data.loading import Cut

    torch.manual_seed(0)
    game = DCGAN(width=8, latent_dim=8, spectral=False, stakes=stakes).build(SPEC)
    x = torch.rand(8, 1, 28, 28, generator=torch.Generator().manual_seed(1)) * 2 - 1
    shares = Cut(8, parts).shares()
    batches = [Batch(part, share=share) for part, share in zip(x.chunk(parts), shares, strict=True)]
    training = TrainingSettings(steps=50, batch=8, **settings)
    update = PlainUpdate(game, training, numbers or Numbers())
    return Loop(game, lambda step: batches, update, Averager(game.sampler, 1000, 0.5), training, 0)


def test_accumulating_micro_batches_gives_the_gradient_of_the_whole_batch() -> None:
    """Where nothing depends on the number of passes: no batch statistics, no power iterations."""
    stakes = Stakes(r1=1.0, augment=("translate",))
    moved = []
    for parts in (1, 4):
        loop = loop_for(stakes, parts)
        for turn in loop.game.turns(0, 0):
            if turn.player == "discriminator":
                loop.game.sampler.eval()  # type: ignore[attr-defined]
                loop.update(turn, loop.stream(0))
        gradients = [p.grad for p in loop.update.parameters["discriminator"]]
        moved.append([g.clone() for g in gradients if g is not None])
    for one, four in zip(*moved, strict=True):
        torch.testing.assert_close(one, four, rtol=1e-3, atol=1e-5)


def test_samples_that_wait_for_the_generators_turn_teach_it_what_new_ones_of_the_same_noise_would() -> None:
    learned, passes = [], []
    for wait in (True, False):
        loop = loop_for(Stakes(objective="relativistic", r1=1.0, penalty_every=2), 1)
        count: list[int] = []
        loop.game.sampler.register_forward_hook(lambda *_, count=count: count.append(1))  # type: ignore[attr-defined]
        if not wait:
            turns = loop.game.turns
            loop.game.turns = lambda step, seed, turns=turns: [replace(t, awake=()) for t in turns(step, seed)]
        for _ in range(3):
            loop.advance()
        learned.append(loop.state_dict())
        passes.append(len(count))
    assert passes == [3, 6]
    assert all(torch.equal(tensor, learned[1][name]) for name, tensor in learned[0].items())


def test_the_average_counts_its_half_life_in_images() -> None:
    layer = torch.nn.Linear(1, 1, bias=False)
    torch.nn.init.zeros_(layer.weight)
    average = Averager(layer, 100, 1e9)  # type: ignore[arg-type]
    torch.nn.init.ones_(layer.weight)
    for step in range(10):
        average.update(10, 10 * step + 1)
    assert average.state_dict()["weight"].item() == pytest.approx(0.5)


def test_the_average_forgets_the_beginning() -> None:
    layer = torch.nn.Linear(1, 1, bias=False)
    average = Averager(layer, 1e9, 0.05)  # type: ignore[arg-type]
    average.update(8, 0)
    assert torch.equal(average.state_dict()["weight"], layer.weight)


@pytest.mark.parametrize("numbers", [Numbers(), Numbers(channels_last=True), Numbers(bfloat16=True)], ids=str)
def test_all_numbers_train_and_agree(numbers: Numbers) -> None:
    loop = loop_for(Stakes(r1=1.0), numbers=numbers)
    expected = loop_for(Stakes(r1=1.0)).advance()
    for name, value in loop.advance().items():
        assert value.item() == pytest.approx(expected[name].item(), rel=0.1, abs=0.05), name


def test_calibration_measures_and_leaves_no_trace() -> None:
    state = torch.get_rng_state()
    settings = TrainingSettings(steps=5, batch=8)
    numbers, seconds = calibrate(settings, torch.device("cpu"), lambda n: loop_for(Stakes(), numbers=n).advance)
    assert seconds > 0
    assert isinstance(numbers, Numbers)
    assert torch.equal(torch.get_rng_state(), state)
    fixed = TrainingSettings(steps=5, batch=8, precision="float32", channels_last=True)
    chosen, _ = calibrate(fixed, torch.device("cpu"), lambda n: loop_for(Stakes(), numbers=n).advance)
    assert chosen == Numbers(False, True)


def test_a_loss_that_is_not_finite_ends_the_training_after_it_was_told() -> None:
    loop = loop_for(Stakes())
    rows: list[Mapping[str, Any]] = []
    recorder = Recorder(loop, [rows.append], every=0)
    with torch.no_grad():
        next(loop.game.players["generator"].parameters()).fill_(float("nan"))
    with pytest.raises(TrainingDiverged, match="stopped being finite"):
        loop.run([recorder])
    assert rows


def test_frames_are_drawn_at_the_first_and_the_last_step() -> None:
    steps = frame_steps(1000, 20)
    assert (steps[0], steps[-1], len(steps)) == (0, 1000, 20)


def test_a_budget_takes_the_largest_size_that_pays() -> None:
    ladder = (Rung({"width": 8}, 0), Rung({"width": 16}, 1000), Rung({"width": 32}, 100_000))
    speeds = {8: 0.01, 16: 0.02, 32: 0.04}
    plan = choose(1000, ladder, lambda rung: Measured(1, speeds[rung.settings["width"]]))
    assert plan.rung.settings == {"width": 16}
    assert plan.images == pytest.approx(1000 / 0.02 * 0.95, rel=0.02)
    assert plan.frames == 100
    assert "width 32" in plan.more


def test_a_short_budget_leaves_time_for_the_film_and_the_report() -> None:
    plan = choose(20, (Rung({}, 0),), lambda rung: Measured(10, 0.01))
    assert plan.frames == 12
    assert plan.images == pytest.approx(14.7 / 0.01 * 10, rel=0.02)
    assert choose(1, (Rung({}, 0),), lambda rung: Measured(10, 0.01)).images == pytest.approx(200, rel=0.1)


@pytest.mark.parametrize("text", ["", "10 m", "m", "-4m", "0s", "1h3"])
def test_a_duration_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="10m"):
        parse_duration(text)


def test_the_newest_and_the_best_checkpoints_are_kept(tmp_path: Path) -> None:
    kept = Checkpoints(tmp_path, keep_last=2, keep_best=1)
    tensors = {"w": torch.ones(3)}
    for step, score in [(1, 0.5), (2, 0.1), (3, 0.3), (4, 0.4), (5, None)]:
        kept.save(tensors, tensors, {"step": step, "score": score})
    assert [c.step for c in kept.all()] == [2, 4, 5]
    best = kept.best()
    assert best is not None
    assert best.step == 2
