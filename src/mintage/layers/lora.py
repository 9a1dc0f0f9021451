"""Low-rank adapters: a trained network learns something new through a few thin matrices beside its frozen ones."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mintage.errors import ConfigError

__all__ = ["LoRALinear", "add_lora", "load_lora", "lora_layers", "lora_state", "merge_lora", "set_aside"]


class LoRALinear(nn.Linear):
    """A frozen linear layer W and, beside it, alpha / rank * B A: what is learned (Hu et al., 2021).

    A starts random and B at zero, so that an adapted network starts as what it was. A and B are float32, whatever the
    numbers of W. The names of W and of its bias stay.

    Shape: (..., in) -> (..., out).
    """

    def __init__(self, linear: nn.Linear, rank: int, alpha: float, dropout: float = 0.0) -> None:
        with torch.device("meta"):  # the layer's own weights take this place
            super().__init__(linear.in_features, linear.out_features, linear.bias is not None)
        self.weight, self.bias = linear.weight.requires_grad_(False), linear.bias
        if linear.bias is not None:
            linear.bias.requires_grad_(False)
        self.rank, self.alpha, self.dropout = rank, alpha, dropout
        place = linear.weight.device
        self.lora_a = nn.Parameter(torch.empty(rank, linear.in_features, dtype=torch.float32, device=place))
        self.lora_b = nn.Parameter(torch.zeros(linear.out_features, rank, dtype=torch.float32, device=place))
        nn.init.kaiming_uniform_(self.lora_a, a=math.sqrt(5))

    def forward(self, x: Tensor) -> Tensor:
        plain = F.linear(x, self.weight, self.bias)
        seen = F.dropout(x, self.dropout, self.training).to(self.lora_a.dtype)
        added = F.linear(F.linear(seen, self.lora_a), self.lora_b)
        return plain + (self.alpha / self.rank * added).to(plain.dtype)

    @torch.no_grad()
    def merged(self) -> nn.Linear:
        """The plain layer that does the same, in float32."""
        with torch.device("meta"):
            linear = nn.Linear(self.in_features, self.out_features, self.bias is not None)
        learned = self.alpha / self.rank * (self.lora_b.float() @ self.lora_a.float())
        linear.weight = nn.Parameter(self.weight.float() + learned)
        if self.bias is not None:
            linear.bias = nn.Parameter(self.bias.float())
        return linear.train(self.training)


def add_lora(
    network: nn.Module, rank: int, alpha: float, dropout: float = 0.0, where: Sequence[str] | None = None
) -> list[str]:
    """Freeze a network and adapt its linear layers, in place; returns the names of those that now learn.

    Args:
        network: Any network whose blocks stand in an `nn.ModuleList`.
        rank: Columns of B. Eight does for a change of style, more for new knowledge.
        alpha: Weight of what is learned, divided by the rank. Twice the rank is usual.
        dropout: Share of the inputs of A that are dropped in training.
        where: Names of the layers, or the last parts of their names ("attention.q"); None: every linear layer of the
            blocks, and so neither embedding nor head.

    Raises:
        ConfigError: a rank below one, layers that are not there, or a network that is adapted already.
    """
    if rank < 1:
        raise ConfigError(f"An adapter of rank {rank} learns nothing. Choose 1 or more.")
    if any(True for _ in lora_layers(network)):
        raise ConfigError("This network has an adapter already. Merge it first: merge_lora(network).")
    stacks = tuple(f"{name}." for name, module in network.named_modules() if isinstance(module, nn.ModuleList))
    linears = {name: module for name, module in network.named_modules() if isinstance(module, nn.Linear)}
    if where is None:
        chosen = [name for name in linears if name.startswith(stacks)]
    else:
        ends = tuple(f".{end}" for end in where)
        chosen = [name for name in linears if f".{name}".endswith(ends)]
    if not chosen:
        raise ConfigError(f"No linear layer of the network is named {where}. There are: {', '.join(linears)}.")
    network.requires_grad_(False)
    for name in chosen:
        _put(network, name, LoRALinear(linears[name], rank, alpha, dropout).train(linears[name].training))
    return chosen


def lora_layers(network: nn.Module) -> Iterator[tuple[str, LoRALinear]]:
    """The adapted layers with their names."""
    for name, module in network.named_modules():
        if isinstance(module, LoRALinear):
            yield name, module


def lora_state(network: nn.Module) -> dict[str, Tensor]:
    """What an adapted network has learned: every A and B by name, without what is frozen."""
    state = {}
    for name, layer in lora_layers(network):
        state[f"{name}.lora_a"], state[f"{name}.lora_b"] = layer.lora_a.detach(), layer.lora_b.detach()
    return state


def set_aside(network: nn.Module) -> None:
    """Make every weight that is frozen a buffer that no state holds, in place: what remains is what learns.

    `parameters()` and `state_dict()` are the adapter's then, and the layers work as before.
    """
    for module in network.modules():
        for name, weight in list(module.named_parameters(recurse=False)):
            if not weight.requires_grad:
                delattr(module, name)
                module.register_buffer(name, weight.detach(), persistent=False)


@torch.no_grad()
def load_lora(network: nn.Module, state: Mapping[str, Tensor]) -> None:
    """Give an adapted network what another of its kind has learned.

    Raises:
        ConfigError: it is adapted elsewhere, or with another rank; the message names a layer.
    """
    own = lora_state(network)
    if odd := sorted(own.keys() ^ state.keys()):
        where = "the network is not adapted" if odd[0] not in own else "the adapter has nothing"
        raise ConfigError(f"The adapter does not fit: {where} at {odd[0]}. Add the layers that it was trained with.")
    for name, tensor in own.items():
        if tensor.shape != state[name].shape:
            raise ConfigError(
                f"The adapter does not fit: {name} is {tuple(tensor.shape)} here and {tuple(state[name].shape)} there. "
                "Choose its rank, and the network that it was trained on."
            )
    for name, tensor in own.items():
        tensor.copy_(state[name])


def merge_lora(network: nn.Module) -> nn.Module:
    """Take what an adapter has learned into the weights, in place; returns the network, which is then plain.

    The whole network becomes float32: in bfloat16 most of what was learned would be rounded away.
    """
    for name, layer in list(lora_layers(network)):
        _put(network, name, layer.merged())
    return network.float().requires_grad_(True)


def _put(network: nn.Module, name: str, layer: nn.Module) -> None:
    parent, _, child = name.rpartition(".")
    setattr(network.get_submodule(parent), child, layer)
