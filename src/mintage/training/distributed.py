"""Several processes that train as one, started by torchrun: start, broadcast once, average gradients each turn.

No DistributedDataParallel: it breaks the double backward of gradient penalties.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch
import torch.distributed as dist
from torch import Tensor, nn

from mintage.errors import TrainingDiverged
from mintage.layers.across import alone

__all__ = ["Processes", "any_process", "average_gradients", "broadcast", "check_equal", "processes", "share_text"]


class Processes:
    """The processes that torchrun started, of which this is one; alone unless it did."""

    def __init__(self, device: torch.device) -> None:
        self.rank = int(os.environ.get("RANK", "0"))
        self.world = int(os.environ.get("WORLD_SIZE", "1"))
        self.device = device
        self.joined = False

    @property
    def leads(self) -> bool:
        """Whether this is the first process, which alone writes and speaks."""
        return self.rank == 0

    def join(self) -> None:
        """Meet the others; before this, a process may measure and choose by itself."""
        if self.world == 1 or self.joined or dist.is_initialized():
            return
        dist.init_process_group("nccl" if self.device.type == "cuda" else "gloo")
        self.joined = True
        if self.device.type == "cpu":  # torchrun gives each process one thread unless told otherwise
            local = int(os.environ.get("LOCAL_WORLD_SIZE", self.world))
            torch.set_num_threads(max(1, (os.cpu_count() or 1) // local))


@contextmanager
def processes(device: torch.device) -> Iterator[Processes]:
    """The processes of this training; those that joined leave at the end."""
    group = Processes(device)
    try:
        yield group
    finally:
        if group.joined:
            dist.destroy_process_group()


def broadcast(module: nn.Module) -> None:
    """Give every process the first one's parameters and buffers."""
    if not alone():
        for tensor in module.state_dict().values():
            dist.broadcast(tensor, 0)


def average_gradients(parameters: Iterable[nn.Parameter]) -> None:
    """Average the gradients over all processes, in one flat message.

    A parameter that a turn does not reach has no gradient in any process, and stays as it is.
    """
    if alone():
        return
    learning = [p for p in parameters if p.grad is not None]
    for parameter in learning:
        if parameter.grad is not None and parameter.grad.is_sparse:  # each process has met other rows
            parameter.grad = parameter.grad.to_dense()
    gradients: list[Tensor] = [p.grad for p in learning if p.grad is not None]
    flat = torch.cat([g.flatten() for g in gradients])
    dist.all_reduce(flat)
    flat /= dist.get_world_size()
    parts = torch.split(flat, [g.numel() for g in gradients])
    torch._foreach_copy_(gradients, [part.view(g.shape) for part, g in zip(parts, gradients, strict=True)])


def any_process(flag: bool) -> bool:
    """Whether the flag is set in any process, so that all stop after the same step."""
    if alone():
        return flag
    device = "cuda" if dist.get_backend() == "nccl" else "cpu"
    told = torch.tensor([float(flag)], device=device)
    dist.all_reduce(told, dist.ReduceOp.MAX)
    return bool(told.item())


def share_text(text: str) -> str:
    """What the first process says, told to all."""
    if alone():
        return text
    device = "cuda" if dist.get_backend() == "nccl" else "cpu"
    data = torch.tensor(list(text.encode()), dtype=torch.uint8, device=device)
    length = torch.tensor([len(data)], device=device)
    dist.broadcast(length, 0)
    if dist.get_rank():
        data = torch.empty(int(length), dtype=torch.uint8, device=device)
    dist.broadcast(data, 0)
    return bytes(data.tolist()).decode()


def check_equal(module: nn.Module) -> None:
    """Make sure that every process holds the same weights.

    Raises:
        TrainingDiverged: they differ, which is a mistake of ours or of the hardware.
    """
    if alone():
        return
    for name, tensor in module.state_dict().items():
        first = tensor.clone()
        dist.broadcast(first, 0)
        if not torch.equal(first, tensor):
            raise TrainingDiverged(f"Process {dist.get_rank()} holds another {name} than process 0.")
