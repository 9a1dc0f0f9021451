"""Makes one player move: gradients of its stake in the chosen numbers, averaged over processes, one optimiser step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.optim import Adam, Optimizer

from mintage.contracts import Batch, Game, Group, Stake, Turn
from mintage.layers.turns import set_learning
from mintage.numbers import Numbers
from mintage.training.distributed import average_gradients
from mintage.training.muon import Muon, RowAdagrad
from mintage.training.settings import TrainingSettings

__all__ = ["PlainUpdate"]


class PlainUpdate:
    """Adam for each player, or what its groups ask for, in float32 or bfloat16; idle players are frozen meanwhile."""

    def __init__(self, game: Game, settings: TrainingSettings, numbers: Numbers, examples: int = 0) -> None:
        self.examples = examples  # of a pass over the data; 0: not known, and every group learns always
        self.numbers, self.max_gradient = numbers, settings.max_gradient
        self.rates = {name: settings.lr_of.get(name, settings.lr) for name in game.players}
        self.parameters = {name: list(player.parameters()) for name, player in game.players.items()}
        self.groups = {name: _groups(player, self.parameters[name]) for name, player in game.players.items()}
        self.optimizers = {
            name: [_optimizer(group, self.rates[name] * group.rate, settings) for group in groups]
            for name, groups in self.groups.items()
        }
        self._learning: frozenset[str] | None = None

    def __call__(self, turn: Turn, batches: Sequence[Batch]) -> Stake:
        self._give_turn(frozenset({turn.player, *turn.awake}))
        optimizers = self.optimizers[turn.player]
        for optimizer in optimizers:
            optimizer.zero_grad(set_to_none=True)
        stakes = [self._backward(turn, batch, len(batches)) for batch in batches]
        average_gradients(self.parameters[turn.player])
        if self.max_gradient:
            nn.utils.clip_grad_norm_(self.parameters[turn.player], self.max_gradient)
        for optimizer in optimizers:
            if optimizer.param_groups[0]["lr"]:
                optimizer.step()
        return stakes[0] if len(stakes) == 1 else _mean(stakes)

    def set_rate(self, factor: float, left: int = 0) -> None:
        """Scale every player's learning rate, when so many examples are still to come."""
        for name, optimizers in self.optimizers.items():
            for optimizer, group in zip(optimizers, self.groups[name], strict=True):
                optimizer.param_groups[0]["lr"] = self.rates[name] * group.rate * factor * self._learns(group, left)

    def _learns(self, group: Group, left: int) -> bool:
        return group.passes is None or not self.examples or left <= group.passes * self.examples

    def state_dict(self) -> dict[str, Tensor]:
        """Moments and step counts of every optimiser, flat: {player/index/name: tensor}."""
        return {
            f"{player}/{index}/{name}": tensor
            for player, optimizers in self.optimizers.items()
            for index, parameter in enumerate(self.parameters[player])
            for optimizer in optimizers
            for name, tensor in optimizer.state.get(parameter, {}).items()
        }

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Restore what `state_dict` gave, each moment in its parameter's memory order."""
        for key, tensor in state.items():
            player, index, name = key.split("/")
            parameter = self.parameters[player][int(index)]
            own = torch.empty_like(parameter) if tensor.shape == parameter.shape else torch.empty_like(tensor)
            (optimizer,) = (one for one in self.optimizers[player] if _holds(one, parameter))
            optimizer.state[parameter][name] = own.copy_(tensor).detach()

    def _give_turn(self, learning: frozenset[str]) -> None:
        if self._learning != learning:
            for name, parameters in self.parameters.items():
                set_learning(parameters, name in learning)
            self._learning = learning

    def _backward(self, turn: Turn, batch: Batch, parts: int) -> Stake:
        with self.numbers.autocast(batch.x.device):
            stake = turn.stake(batch)
        total = torch.stack([*stake.pays.values()]).sum()
        (total / parts if parts > 1 else total).backward()  # type: ignore[no-untyped-call]
        return Stake({name: price.detach() for name, price in stake.pays.items()}, stake.shows)


def _groups(player: nn.Module, parameters: Sequence[nn.Parameter]) -> Sequence[Group]:
    asked: Callable[[], Sequence[Group]] | None = getattr(player, "groups", None)
    groups = asked() if asked else [Group(parameters)]
    assert sorted(map(id, parameters)) == sorted(id(p) for group in groups for p in group.parameters), "each once"
    return groups


def _optimizer(group: Group, rate: float, settings: TrainingSettings) -> Optimizer:
    if group.rule == "muon":
        return Muon(group.parameters, rate)
    if group.rule == "rows":
        return RowAdagrad(group.parameters, rate)
    return Adam(group.parameters, rate, settings.betas, eps=1e-8, fused=True)


def _holds(optimizer: Optimizer, parameter: nn.Parameter) -> bool:
    return any(one is parameter for group in optimizer.param_groups for one in group["params"])


def _mean(stakes: Sequence[Stake]) -> Stake:
    def over(terms: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
        return {name: torch.stack([t[name] for t in terms]).mean() for name in terms[0]}

    return Stake(over([s.pays for s in stakes]), over([s.shows for s in stakes]))
