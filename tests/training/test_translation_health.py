"""The health monitor names translators that invert or forget their inputs, and is silent where all is well."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from mintage.config import Settings
from mintage.contracts import Batch
from mintage.games.contrastive import ContrastiveStakes
from mintage.games.cycle import CycleGame, CycleStakes
from mintage.games.paired import PairedStakes
from mintage.layers.image_pool import ImagePool
from mintage.layers.patch_discriminator import PatchDiscriminator
from mintage.layers.translator import Translator
from mintage.numbers import Numbers
from mintage.sampling import FixedDraw
from mintage.training.checkup import Checkup
from mintage.training.diagnosis import MESSAGES, OF_TRANSLATION
from mintage.training.ema import Averager
from mintage.training.health import HealthMonitor
from mintage.training.loop import Loop
from mintage.training.recorder import Recorder
from mintage.training.settings import TrainingSettings
from mintage.training.update import PlainUpdate
from mintage.watching import log
from mintage.watching.sheets import as_levels

FIGURES = {
    "generator/adversarial": 0.5, "generator/cycle": 0.9, "discriminator/adversarial": 0.4,
    "discriminator/score_real": 0.6, "discriminator/score_fake": 0.4, "discriminator/recognition": 0.7,
}  # fmt: skip


def shapes(n: int, seed: int, *, ground: float = 1.0, ink: float = 0.1, spread: float = 0.2) -> np.ndarray[Any, Any]:
    """Boxes of some size and brightness somewhere on an even ground. Shape: (n, 24, 24, 3) uint8."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:24, :24]
    at, half = rng.uniform(7, 17, (n, 2, 1, 1)), rng.uniform(3, 6, (n, 1, 1))
    inside = (abs(y - at[:, 0]) < half) & (abs(x - at[:, 1]) < half)
    light = np.where(inside, ink + spread * rng.uniform(-1, 1, (n, 1, 1)), ground)
    noisy = light[..., None] + 0.03 * rng.standard_normal((n, 24, 24, 3))
    return (255 * noisy.clip(0, 1)).round().astype(np.uint8)


def negative(pictures: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return 255 - pictures


def watch(
    reals: np.ndarray[Any, Any] | None, inputs: np.ndarray[Any, Any], make: Callable[[int], np.ndarray[Any, Any]]
) -> list[str]:
    """What is said of a run whose outputs are what `make` gives at each check, every 100 steps."""
    monitor = HealthMonitor(reals, inputs=inputs)
    return [found.name for check in range(12) for found in monitor.observe(100 * check, FIGURES, make(check))]


def living(pictures: np.ndarray[Any, Any], check: int) -> np.ndarray[Any, Any]:
    """The same pictures, a little otherwise at each check."""
    noise = np.random.default_rng(check).integers(-4, 5, pictures.shape)
    return (pictures.astype(int) + noise).clip(0, 255).astype(np.uint8)


INPUTS, REALS = shapes(16, 1), shapes(200, 2)


def test_a_healthy_translator_raises_no_alarm() -> None:
    tinted = (INPUTS * np.array([0.9, 1.0, 0.6])).astype(np.uint8)
    assert watch(REALS, INPUTS, lambda check: living(tinted, check)) == []


def test_inverted_outputs_are_named_where_targets_are_not_inverted() -> None:
    assert watch(REALS, INPUTS, lambda check: living(negative(INPUTS), check)) == ["colours_inverted"]
    assert watch(None, INPUTS, lambda check: living(negative(INPUTS), check)) == ["colours_inverted"]


@pytest.mark.parametrize("seed", range(5))
def test_inverted_outputs_are_named_where_targets_are_light_and_dark_alike(seed: int) -> None:
    both = {"ground": 0.5, "ink": 0.5, "spread": 0.5}
    inputs = shapes(16, seed, **both)
    found = watch(shapes(200, seed + 100, **both), inputs, lambda check: living(negative(inputs), check))
    assert found == ["colours_inverted"]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("ground", "ink"), [(1.0, 0.1), (0.0, 0.9), (0.5, 0.15), (0.5, 0.85)], ids=lambda value: f"{value:g}"
)
def test_a_target_that_is_the_sources_negative_raises_no_alarm(ground: float, ink: float, seed: int) -> None:
    inputs, reals = shapes(16, seed, ground=ground, ink=ink), negative(shapes(200, seed + 100, ground=ground, ink=ink))
    assert watch(reals, inputs, lambda check: living(negative(inputs), check)) == []


def test_a_target_that_is_the_negative_does_not_hide_other_troubles() -> None:
    one = negative(INPUTS[:1]).repeat(16, 0)
    assert watch(negative(REALS), INPUTS, lambda check: living(one, check)) == ["mode_collapse"]


def test_inverted_only_now_and_then_is_not_named() -> None:
    made = lambda check: living(negative(INPUTS) if check % 2 else INPUTS, check)  # noqa: E731
    assert watch(REALS, INPUTS, made) == []


def test_outputs_that_are_alike_whatever_the_input_are_a_collapse() -> None:
    assert watch(REALS, INPUTS, lambda check: living(REALS[:1].repeat(16, 0), check)) == ["mode_collapse"]
    assert watch(REALS, INPUTS, lambda check: REALS[check : check + 1].repeat(16, 0)) == ["mode_collapse"]


def test_outputs_that_are_alike_because_their_inputs_are_raise_no_alarm() -> None:
    alike = living(INPUTS[:1].repeat(16, 0), 0)
    alike[:, 4:8, 4:8] = (alike[:, 4:8, 4:8] * np.linspace(0.6, 1, 16)[:, None, None, None]).astype(np.uint8)
    assert watch(REALS, alike, lambda check: living(alike, check)) == []
    twice = INPUTS[:2].repeat(8, 0)
    assert watch(REALS, twice, lambda check: living(INPUTS[:2], check).repeat(8, 0)) == []


def test_a_restorer_that_changes_its_inputs_very_little_is_not_frozen_and_one_that_stands_still_is() -> None:
    corner = np.zeros_like(INPUTS)
    corner[:, :3, :3] = 1
    assert watch(REALS, INPUTS, lambda check: INPUTS // 2 + check * corner) == []
    assert watch(REALS, INPUTS, lambda check: INPUTS) == ["generator_frozen"]


def test_grey_inputs_of_half_the_size_compare_with_coloured_outputs() -> None:
    grey = INPUTS[:, ::2, ::2].mean(3, keepdims=True).astype(np.uint8)
    assert watch(REALS, grey, lambda check: living(INPUTS, check)) == []
    assert watch(REALS, grey, lambda check: living(negative(INPUTS), check)) == ["colours_inverted"]


def test_what_a_translator_is_advised_are_settings_that_translators_have() -> None:
    stakes: list[type[Settings]] = [CycleStakes, ContrastiveStakes, PairedStakes]
    fields = {name for cls in stakes for name in cls.model_fields}
    for name, (_, advice) in MESSAGES.items():
        said = OF_TRANSLATION.get(name, advice)
        for word in said.split():
            if word.strip("(,.").startswith("model.stakes."):
                assert word.strip("(,.").removeprefix("model.stakes.") in fields, f"{name}: {said}"


# --- real trainings -----------------------------------------------------------------------------------------


class Tint(nn.Module):
    """Each pixel's channels, mixed: at first a copy times `start`."""

    def __init__(self, start: float) -> None:
        super().__init__()
        self.mix = nn.Conv2d(3, 3, 1)
        with torch.no_grad():
            self.mix.weight.copy_(start * torch.eye(3)[..., None, None])
            self.mix.bias.zero_()

    def forward(self, x: Tensor) -> Tensor:
        return self.mix(x)  # type: ignore[no-any-return]


class Forgets(nn.Module):
    """Makes one picture, which it learns, of whatever it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.one = nn.Parameter(torch.rand(3, 24, 24, generator=torch.Generator().manual_seed(0)) - 0.5)

    def forward(self, x: Tensor) -> Tensor:
        return self.one + 0.01 * x


BOTH = {"ground": 0.5, "ink": 0.5, "spread": 0.5}


def trained(
    path: Path, there: nn.Module, back: nn.Module, data: tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]
) -> list[str]:
    """The names in the log of a real cycle game that starts from these translators; data: (source, target)."""
    source, target = (torch.from_numpy(side).permute(0, 3, 1, 2) / 127.5 - 1 for side in data)
    torch.manual_seed(0)
    sides = ("target", "origin")
    judges = {side: PatchDiscriminator(3, 4, halvings=1) for side in sides}
    pools = {side: ImagePool(4, (3, 24, 24)) for side in sides}
    translators = [Translator(net, multiple=1, reach=0) for net in (there, back)]
    game = CycleGame(*translators, judges, pools, CycleStakes(identity_weight=0.0))  # type: ignore[arg-type, misc]
    settings = TrainingSettings(steps=24, batch=4, lr=2e-3)

    def stream(step: int) -> list[Batch]:
        rows = torch.randperm(len(source), generator=torch.Generator().manual_seed(step))[:8]
        return [Batch(target[rows[:4]], source[rows[4:]])]

    update = PlainUpdate(game, settings, Numbers())  # type: ignore[arg-type]
    loop = Loop(game, stream, update, Averager(game.sampler, 100, 0.05), settings, 0)  # type: ignore[arg-type]
    shown = source[:16]
    monitor = HealthMonitor(data[1], inputs=as_levels(shown), warm_up=12)
    look = FixedDraw(torch.empty(16, 0), shown, Numbers(), torch.device("cpu"))
    with log.Log(path / "log.jsonl") as written:
        checkup = Checkup(loop, monitor, look, Batch(target[:8], source[:8]), tell=written.append, every=0)
        loop.run([Recorder(loop, [checkup.enrich, written.append, checkup], every=0)])
    rows = list(log.read(path / "log.jsonl"))
    assert sum("generator/cycle" in row for row in rows) == 24
    return [str(row["name"]) for row in rows if row.get("event") == "diagnosis"]


@pytest.mark.parametrize(
    ("there", "back", "inverts", "named"),
    [
        (Tint(0.9), Tint(1.0), False, []),
        (Tint(-1.0), Tint(-1.0), True, []),
        (Tint(-1.0), Tint(-1.0), False, ["colours_inverted"]),
        (Forgets(), Tint(1.0), False, ["mode_collapse"]),
    ],
    ids=["healthy", "target is the negative", "inverted", "forgets its inputs"],
)
def test_the_log_of_a_real_training_names_what_was_planted(
    tmp_path: Path, there: nn.Module, back: nn.Module, inverts: bool, named: list[str]
) -> None:
    target = shapes(64, 3, ground=0.8)
    data = shapes(64, 4, ground=0.8), negative(target) if inverts else target
    assert trained(tmp_path, there, back, data) == named


def test_an_inversion_that_the_discriminators_cannot_see_is_named_in_the_log(tmp_path: Path) -> None:
    data = shapes(64, 4, **BOTH), shapes(64, 3, **BOTH)
    assert trained(tmp_path, Tint(-1.0), Tint(-1.0), data) == ["colours_inverted"]
