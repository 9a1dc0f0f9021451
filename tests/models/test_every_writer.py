"""What every registered model that writes tokens must do, found because its file exists."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
import torch
from tests.hugging_face.tiny_base import write_base
from torch import Tensor

from mintage import registry
from mintage.config import Settings
from mintage.contracts import Batch, DataSpec, Game, TensorSpec
from mintage.errors import ConfigError, SpecError
from mintage.layers.turns import set_learning
from mintage.numbers import Numbers
from mintage.statistics.ngrams import NgramModel
from mintage.training.settings import TrainingSettings
from mintage.training.update import PlainUpdate

CONTEXT, TOKENS, START = 12, 11, 3
BASES = TemporaryDirectory()  # goes with the process
TINY = {
    "gpt": {"width": 16, "layers": 2, "heads": 2, "slots": 256},
    "gpt_finetune": {"base": str(write_base(Path(BASES.name) / "base", "gpt2", num_tokens=TOKENS))},
    "llama": {"width": 16, "layers": 2, "heads": 2, "shared": 2},
    "relgan": {
        "width": 32, "representations": 2, "filters": 4,
        "stakes": {"adversarial_from": 2, "written": 5, "adversarial_weight": 0.1, "likelihood_weight": 1.0},
    },
}  # fmt: skip
HASTE = {"gpt_finetune": {"lr": 0.03}}  # an adapter's own pace would take more steps than a test has
SPEC = DataSpec(x=TensorSpec(shape=(CONTEXT + 1,), classes=TOKENS, start=START))


def fits(name: str) -> bool:
    try:
        tiny(name).build(SPEC)
    except (SpecError, ConfigError):
        return False
    return True


def tiny(name: str, **settings: object) -> object:
    return registry.find("models", name).read({**TINY.get(name, {}), **settings})


def test_every_model_is_tried_here_or_among_the_pictures_the_tables_or_the_series() -> None:
    from tests.models.test_every_model import MODELS
    from tests.models.test_every_series_model import FORETELLERS
    from tests.models.test_table_gans import NAMES

    assert sorted([*MODELS, *WRITERS, *NAMES, *FORETELLERS, "tabular_ar"]) == sorted(registry.names("models"))


WRITERS = [name for name in registry.names("models") if fits(name)]
each = pytest.mark.parametrize("name", WRITERS)


def batch(n: int = 4) -> Batch:
    rng = torch.Generator().manual_seed(1)
    period = torch.randint(0, TOKENS, (1, 4), generator=rng).repeat(1, CONTEXT)  # something that can be learned
    return Batch(torch.cat([period[:, k : k + CONTEXT + 1] for k in range(n)]))


def built(name: str) -> Game:
    torch.manual_seed(0)
    return tiny(name).build(SPEC)


def trained(name: str, steps: int = 20) -> tuple[Game, list[float]]:
    game = built(name)
    settings = TrainingSettings.read({**registry.find("models", name).habits, "batch": 4, **HASTE.get(name, {})})
    update = PlainUpdate(game, settings, Numbers(False, False))
    costs = []
    for step in range(steps):
        for turn in game.turns(step, 0):
            set_learning(game.players[turn.player].parameters(), True)
            costs.append(sum(price.item() for price in update(turn, [batch()]).pays.values()))
    return game, costs


def logits(game: Game, tokens: Tensor) -> Tensor:
    with torch.no_grad():
        return game.sampler.writer.eval()(tokens)


@each
def test_it_learns_what_repeats(name: str) -> None:
    _, costs = trained(name)
    assert costs[-1] < 0.7 * costs[0]


@each
def test_it_sees_nothing_of_what_is_to_come(name: str) -> None:
    game, _ = trained(name, 4)
    tokens = batch().x[:, :-1]
    changed = tokens.clone()
    changed[:, 7:] = (changed[:, 7:] + 1) % TOKENS
    torch.testing.assert_close(logits(game, tokens)[:, :7], logits(game, changed)[:, :7])


@each
def test_reading_token_by_token_says_what_reading_at_once_says(name: str) -> None:
    game, _ = trained(name, 4)
    writer, tokens = game.sampler.writer.eval(), batch().x[:, :-1]
    memory = writer.memory(len(tokens))
    with torch.no_grad():
        first = [writer.read(tokens[:, :5], memory)]
        said = torch.stack(first + [writer.read(tokens[:, k : k + 1], memory) for k in range(5, CONTEXT)], 1)
    torch.testing.assert_close(said, logits(game, tokens)[:, 4:], rtol=1e-3, atol=1e-4)


@each
def test_a_text_is_a_function_of_its_noise(name: str) -> None:
    sampler = trained(name, 4)[0].sampler.eval()
    noise = sampler.noise(3, torch.Generator().manual_seed(7))
    with torch.no_grad():
        texts = sampler(noise)
        assert torch.equal(texts, sampler(noise))
        assert torch.equal(sampler(noise[:1]), texts[:1])
    assert texts.shape == (3, CONTEXT)
    assert not torch.equal(texts[0], texts[1])


@each
def test_the_state_is_the_whole_of_a_game(name: str) -> None:
    game, _ = trained(name, 4)
    torch.manual_seed(99)
    twin = tiny(name).build(SPEC)
    twin.load_state_dict(game.state_dict())
    tokens = batch().x[:, :-1]
    assert torch.equal(logits(game, tokens), logits(twin, tokens))


@each
def test_every_setting_has_a_description_and_habits_name_real_ones(name: str) -> None:
    cls = registry.find("models", name)
    assert issubclass(cls, Settings)
    assert all(field.description for field in cls.model_fields.values())
    TrainingSettings.read(cls.habits)
    for rung in cls.ladder:
        cls.read({**TINY.get(name, {}), **rung.settings})


@each
def test_pictures_are_an_error_that_helps(name: str) -> None:
    with pytest.raises(SpecError, match="mintage models --fit"):
        tiny(name).build(DataSpec(x=TensorSpec(shape=(1, 28, 28))))


def test_a_gate_learns_to_trust_counts_that_know_and_the_network_learns_beside_it() -> None:
    game = tiny("gpt", counted=2).build(SPEC)
    text = np.arange(600) % TOKENS  # each token tells the next
    game.fill(NgramModel.fit(text, 2, TOKENS).levels)
    settings = TrainingSettings.read({**registry.find("models", "gpt").habits, "batch": 4, "warmup": 0})
    update = PlainUpdate(game, settings, Numbers(False, False))
    x = torch.stack([torch.arange(k, k + CONTEXT + 1) % TOKENS for k in range(4)])
    known = torch.full(x.shape, 0.01)  # nats that each token costs by counting
    first = update(game.turns(0, 0)[0], [Batch(x, known)]).pays
    for step in range(1, 30):
        last = update(game.turns(step, 0)[0], [Batch(x, known)]).pays
    assert last["own"] < 0.5 * first["own"]
    assert last["nats"] < 0.7 * first["nats"]


def test_rows_of_ngrams_stay_zero_until_the_last_pass_over_the_text() -> None:
    game = tiny("gpt").build(SPEC)
    settings = TrainingSettings.read({**registry.find("models", "gpt").habits, "batch": 4})
    update = PlainUpdate(game, settings, Numbers(False, False), examples=40)
    rows = game.sampler.writer.ngrams.table.weight
    for left in (100, 41):
        update.set_rate(1.0, left)
        update(game.turns(0, 0)[0], [batch()])
    assert not rows.any()
    update.set_rate(1.0, 40)
    update(game.turns(0, 0)[0], [batch()])
    assert rows.any()
