"""The health monitor names planted failures, and stays quiet on a healthy run."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from mintage.contracts import Batch, DataSpec, TensorSpec
from mintage.games.gan import Stakes
from mintage.models.dcgan import DCGAN
from mintage.training.health import Diagnosis, HealthMonitor

GOOD = {
    "discriminator/adversarial": 1.1, "generator/adversarial": 1.0, "discriminator/real": 0.7,
    "discriminator/fake": -0.7, "discriminator/recognition": 0.8, "discriminator/heldout": 0.6,
}  # fmt: skip


def blobs(count: int, seed: int) -> np.ndarray:
    """8 x 8 pictures of one bright blob each, somewhere, of some size. Shape: (count, 8, 8, 1)."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:8, :8]
    at, size = rng.uniform(1, 6, (count, 2, 1, 1)), rng.uniform(0.8, 2.2, (count, 1, 1))
    light = rng.uniform(120, 255, (count, 1, 1)) * np.exp(-((y - at[:, 0]) ** 2 + (x - at[:, 1]) ** 2) / (2 * size**2))
    return light.astype(np.uint8)[..., None]


REALS = blobs(200, seed=0)


def watch(monitor: HealthMonitor, checks: int = 20, samples: bool = True, **figures: float) -> list[Diagnosis]:
    """The diagnoses of a run whose samples are fresh and good at every check."""
    given = GOOD | {key.replace("__", "/"): value for key, value in figures.items()}
    found = []
    for check in range(checks):
        found += monitor.observe(100 * check, given, blobs(32, seed=check) if samples else None)
    return found


def names(found: list[Diagnosis]) -> list[str]:
    return [diagnosis.name for diagnosis in found]


def test_a_run_with_good_figures_and_lively_samples_raises_no_alarm() -> None:
    assert watch(HealthMonitor(REALS)) == []


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_figure_that_is_not_finite_is_named_at_once(bad: float) -> None:
    (found,) = watch(HealthMonitor(REALS), generator__adversarial=bad)
    assert (found.name, found.step) == ("not_finite", 0)
    assert "generator/adversarial" in found.message
    assert "training.lr" in found.advice


def test_samples_that_are_not_finite_are_named_too() -> None:
    monitor = HealthMonitor()
    assert names(monitor.observe(1, GOOD, np.full((4, 3), np.nan))) == ["not_finite"]


def test_samples_that_stay_exactly_the_same_mean_a_frozen_generator() -> None:
    monitor = HealthMonitor(REALS)
    found = [d for check in range(8) for d in monitor.observe(100 * check, GOOD, blobs(32, seed=3))]
    assert names(found) == ["generator_frozen"]


def test_a_frozen_generator_is_seen_without_real_examples_and_through_trembling_running_means() -> None:
    monitor = HealthMonitor()
    assert names([d for c in range(5) for d in monitor.observe(c, GOOD, np.ones((4, 2)))]) == ["generator_frozen"]
    monitor, rng = HealthMonitor(REALS), np.random.default_rng(0)
    found = []
    for check in range(8):
        trembling = blobs(32, seed=3).astype(int) + rng.integers(0, 2, (32, 8, 8, 1))
        found += monitor.observe(100 * check, GOOD, trembling.clip(0, 255).astype(np.uint8))
    assert names(found) == ["generator_frozen"]


def test_a_frozen_generator_is_not_also_blamed_on_the_discriminator() -> None:
    monitor = HealthMonitor(REALS)
    sure = GOOD | {"discriminator/recognition": 1.0, "discriminator/real": 20.0, "discriminator/fake": -20.0}
    found = [d for check in range(30) for d in monitor.observe(100 * check, sure, blobs(32, seed=3))]
    assert names(found) == ["generator_frozen"]


def test_samples_that_become_alike_mean_mode_collapse() -> None:
    monitor = HealthMonitor(REALS)
    found = []
    for check in range(12):
        samples = blobs(32, seed=check)
        if check >= 6:  # one picture, told apart by a little noise
            noise = np.random.default_rng(check).integers(0, 6, samples.shape)
            samples = np.minimum(samples[:1].astype(int) + noise, 255).astype(np.uint8)
        found += monitor.observe(100 * check, GOOD, samples)
    assert [(d.name, d.step) for d in found] == [("mode_collapse", 700)]
    assert "as much as real ones" in found[0].message


def test_duplicates_mean_mode_collapse_even_if_the_rest_differs() -> None:
    monitor = HealthMonitor(REALS)
    found = [d for c in range(6) for d in monitor.observe(100 * c, GOOD, np.repeat(blobs(8, seed=c), 4, axis=0))]
    assert names(found) == ["mode_collapse"]
    assert "25% of them are distinct" in found[0].message


def test_a_beginner_may_make_anything_during_the_warm_up() -> None:
    monitor = HealthMonitor(REALS, warm_up=1000)
    assert not [d for c in range(5) for d in monitor.observe(100 * c, GOOD, np.repeat(blobs(1, seed=c), 32, axis=0))]


def test_a_conditional_generator_that_ignores_z_is_seen_within_its_classes() -> None:
    classes = np.arange(32) % 4
    real_classes = np.arange(len(REALS)) % 4
    found = {True: [], False: []}
    for within in found:
        asked = {"real_classes": real_classes, "sample_classes": classes} if within else {}
        monitor = HealthMonitor(REALS, warm_up=100, **asked)
        for check in range(30):
            one_a_class = blobs(4, seed=check)[classes].astype(int)
            noise = np.random.default_rng(check).integers(0, 4, one_a_class.shape)
            found[within] += monitor.observe(100 * check, GOOD, np.minimum(one_a_class + noise, 255).astype(np.uint8))
    assert names(found[True]) == ["mode_collapse"]
    assert found[False] == []


def test_a_discriminator_that_is_sure_for_long_has_won() -> None:
    sure = {"discriminator__recognition": 0.999, "discriminator__real": 9.0, "discriminator__fake": -6.0}
    found = watch(HealthMonitor(REALS), discriminator__heldout=9.0, **sure)
    assert names(found) == ["discriminator_wins"]
    assert "model.stakes.r1" in found[0].advice
    assert watch(HealthMonitor(REALS), checks=3, **sure) == []
    scores = {name.replace("__real", "__score_real").replace("__fake", "__score_fake"): v for name, v in sure.items()}
    assert watch(HealthMonitor(REALS), discriminator__heldout=9.0, **scores) == []


def test_a_discriminator_that_pays_nothing_any_more_has_won() -> None:
    found = watch(HealthMonitor(REALS), discriminator__recognition=1.0, discriminator__adversarial=0.001)
    assert names(found) == ["discriminator_wins"]


def test_figures_alone_are_enough_where_there_are_no_pictures() -> None:
    sure = {"discriminator__recognition": 0.999, "discriminator__real": 9.0, "discriminator__fake": -6.0}
    assert names(watch(HealthMonitor(), samples=False, discriminator__heldout=9.0, **sure)) == ["discriminator_wins"]


def test_a_discriminator_below_chance_has_lost() -> None:
    assert names(watch(HealthMonitor(REALS), discriminator__recognition=0.1)) == ["generator_wins"]


def test_a_discriminator_that_knows_its_examples_by_heart_overfits() -> None:
    by_heart = {"discriminator__real": 4.0, "discriminator__fake": -1.0, "discriminator__heldout": -0.5}
    found = watch(HealthMonitor(REALS), **by_heart)
    assert names(found) == ["overfitting"]
    assert "model.stakes.augment" in found[0].advice
    assert watch(HealthMonitor(REALS), **{**by_heart, "discriminator__heldout": 3.0}) == []


def losses(trace: list[float]) -> list[str]:
    monitor, found = HealthMonitor(REALS), []
    for check, loss in enumerate(trace):
        found += monitor.observe(100 * check, GOOD | {"generator/adversarial": loss}, blobs(32, seed=check))
    return names(found)


def test_swings_that_grow_are_an_oscillation_and_steady_ones_or_noise_are_not() -> None:
    times = np.arange(50)
    assert losses([1 + 0.1 * 1.08**t * math.sin(t) for t in times]) == ["oscillation"]
    assert losses([1 + 2.0 * math.sin(t) for t in times]) == []
    for seed in range(10):
        assert losses(list(1 + np.random.default_rng(seed).normal(0, 1.0, 120))) == []


def test_a_loss_out_of_all_proportion_is_an_oscillation() -> None:
    assert losses([1.0] * 10 + [300.0, 400.0]) == ["oscillation"]


def test_an_episode_is_told_once_and_told_again_after_a_recovery() -> None:
    monitor, found = HealthMonitor(warm_up=100), []
    for check in range(60):
        beaten = 0.1 if check % 30 < 15 else 0.8
        found += monitor.observe(100 * check, GOOD | {"discriminator/recognition": beaten})
        assert monitor.active == (("generator_wins",) if 3 <= check % 30 < 16 else ())
    assert [(d.name, d.step) for d in found] == [("generator_wins", 300), ("generator_wins", 3300)]


def test_a_diagnosis_becomes_an_event_of_the_log() -> None:
    row = Diagnosis("mode_collapse", "alike", "do this", 900).row()
    assert row == {"event": "diagnosis", "step": 900, "name": "mode_collapse", "message": "alike", "advice": "do this"}


def train(fault: str, steps: int = 240) -> list[str]:
    """A real training at tiny size, watched, with one thing planted to go wrong."""
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    data = blobs(1000, seed=1)
    model = DCGAN(width=8, latent_dim=16, spectral=False, stakes=Stakes(objective="non_saturating"))
    game = model.build(DataSpec(x=TensorSpec(shape=(1, 8, 8))))
    if fault == "duplicated z":
        draw = game.sampler.noise
        game.sampler.noise = lambda n, rng: draw(1, rng).expand(n, -1)  # type: ignore[method-assign]
    rates = {"discriminator": 1e-3, "generator": 0.0 if fault == "frozen generator" else 1e-3}
    if fault == "discriminator's rate x50":
        rates = {"discriminator": 2.5e-3, "generator": 5e-5}
    moves = {name: torch.optim.Adam(p.parameters(), rates[name], (0.5, 0.99)) for name, p in game.players.items()}
    z = game.sampler.noise(32, torch.Generator().manual_seed(1))
    monitor, seen, found = HealthMonitor(data, warm_up=100), {}, []
    for step in range(steps):
        if step % 20 == 0:
            figures = {key: float(np.mean(values)) for key, values in seen.items()}
            game.sampler.eval()
            with torch.no_grad():
                made = ((game.sampler(z).permute(0, 2, 3, 1) + 1) * 127.5).round().to(torch.uint8).numpy()
            game.sampler.train()
            seen, found = {}, found + monitor.observe(step, figures, made)
        if fault == "NaN" and step == 100:
            with torch.no_grad():
                next(game.sampler.generator.parameters())[0] = torch.nan
        batch = Batch(torch.tensor(data[rng.integers(0, len(data), 16)]).permute(0, 3, 1, 2) / 127.5 - 1)
        for turn in game.turns(step, 0):
            for name, player in game.players.items():
                player.requires_grad_(name == turn.player)
            stake = turn.stake(batch)
            moves[turn.player].zero_grad()
            sum(stake.pays.values()).backward()
            moves[turn.player].step()
            for key, value in {**stake.pays, **stake.shows}.items():
                seen.setdefault(f"{turn.player}/{key}", []).append(float(value.detach()))
    return names(found)


@pytest.mark.parametrize(
    ("fault", "alarms"),
    [
        ("none", []),
        ("frozen generator", ["generator_frozen"]),
        ("duplicated z", ["mode_collapse"]),
        ("discriminator's rate x50", ["discriminator_wins"]),
        ("NaN", ["not_finite"]),
    ],
)
def test_a_planted_fault_of_a_real_training_raises_exactly_its_alarm(fault: str, alarms: list[str]) -> None:
    assert train(fault) == alarms


def test_scores_that_double_twice_in_a_row_are_told_and_one_bad_score_is_not() -> None:
    monitor = HealthMonitor()
    told = [names(monitor.observe_score(step, score)) for step, score in enumerate((4.0, 1.0, 2.5, 1.1, 2.6, 2.7, 2.9))]
    assert told == [[], [], [], [], [], ["getting_worse"], []]


def test_a_score_near_zero_may_double() -> None:
    monitor = HealthMonitor()
    assert not any(monitor.observe_score(step, score) for step, score in enumerate((4.0, 0.01, 0.03, 0.05, 0.03)))
