"""The training loop: turns, averaging, callbacks. It knows games by contract only."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from mintage.contracts import Batch, Callback, Game
from mintage.layers.across import alone
from mintage.seeding import derive
from mintage.training.distributed import any_process
from mintage.training.ema import Averager
from mintage.training.schedule import learning_rate
from mintage.training.settings import TrainingSettings
from mintage.training.update import PlainUpdate

__all__ = ["Loop"]

_GAME, _UPDATE = "game.", "optimizer."


class Loop:
    """A game being learned: its state is `step` and tensors, and nothing else.

    All chance is a function of (seed, step), so `step` and `state_dict()` resume it to the bit.
    """

    def __init__(
        self,
        game: Game,
        stream: Callable[[int], Sequence[Batch]],
        update: PlainUpdate,
        averager: Averager,
        settings: TrainingSettings,
        seed: int,
    ) -> None:
        self.game, self.stream, self.update, self.averager = game, stream, update, averager
        self.settings, self.seed, self.step = settings, seed, 0

    @property
    def images(self) -> int:
        """How many samples have been seen."""
        return self.step * self.settings.batch

    def run(self, callbacks: Sequence[Callback] = (), stop: Callable[[], bool] = lambda: False) -> bool:
        """Train until the last step or until `stop()`; returns whether the end was reached.

        In several processes all stop after the same step.
        """
        while self.step < self.settings.steps:
            seen = self.advance()
            for callback in callbacks:
                callback.on_step(self.step, seen)
            if any_process(stop()):
                break
        return self.step >= self.settings.steps

    def advance(self) -> Mapping[str, Tensor]:
        """One step: every player whose turn it is moves once; returns detached figures by "player/term"."""
        step, settings = self.step, self.settings
        self.update.set_rate(
            learning_rate(
                step, settings.steps, warmup=settings.warmup,
                decay_from=settings.decay_from, decay_to=settings.decay_to,
            ),
            (settings.steps - step) * settings.batch,
        )  # fmt: skip
        batches = self.stream(step)
        seen: dict[str, Tensor] = {}
        for place, turn in enumerate(self.game.turns(step, self.seed)):
            if step % turn.every:
                continue
            _seed_layers(derive(self.seed, step, place, _rank()))
            stake = self.update(turn, batches)
            for terms in (stake.pays, stake.shows):
                seen.update({f"{turn.player}/{name}": value for name, value in terms.items()})
        self.averager.update(settings.batch, self.images)
        self.step += 1
        return seen

    def state_dict(self) -> dict[str, Tensor]:
        """Everything that training needs to go on, flat."""
        game = {_GAME + name: tensor for name, tensor in self.game.state_dict().items()}
        return game | {_UPDATE + name: tensor for name, tensor in self.update.state_dict().items()}

    def load_state_dict(self, step: int, training: Mapping[str, Tensor], sampler: Mapping[str, Tensor]) -> None:
        """Go on from a checkpoint: the step, what `state_dict` gave, and the averaged sampler's state."""
        game = {name.removeprefix(_GAME): t for name, t in training.items() if name.startswith(_GAME)}
        self.game.load_state_dict(game)
        self.update.load_state_dict(
            {name.removeprefix(_UPDATE): t for name, t in training.items() if name.startswith(_UPDATE)}
        )
        self.averager.load_state_dict(sampler)
        self.step = step


def _seed_layers(seed: int) -> None:
    """Fix what layers draw on their own: dropout. `torch.manual_seed` would keep a stack trace a call for later."""
    torch.default_generator.manual_seed(seed)
    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        torch.cuda.manual_seed(seed)


def _rank() -> int:
    return 0 if alone() else torch.distributed.get_rank()
