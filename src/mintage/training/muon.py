"""Optimisers for what Adam learns slowly: a transformer's hidden matrices, and tables of which few rows are met."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

__all__ = ["Muon", "RowAdagrad", "orthogonalized"]

_COEFFICIENTS = (3.4445, -4.7750, 2.0315)  # of a quintic that pulls singular values to about 1 (Jordan et al., 2024)


class Muon(Optimizer):
    """Momentum whose matrices are orthogonalised before they are applied (Jordan et al., 2024).

    For the 2-d weights inside a network; embeddings, heads and scales keep Adam. Matrices of one shape are treated
    together, so a step takes a handful of batched products and needs no compiler.
    """

    def __init__(
        self, parameters: Iterable[Tensor], lr: float, momentum: float = 0.95, weight_decay: float = 0.0
    ) -> None:
        super().__init__(parameters, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            alike: dict[torch.Size, list[Tensor]] = defaultdict(list)
            for parameter in group["params"]:
                if parameter.grad is not None:
                    alike[parameter.shape].append(parameter)
            for parameters in alike.values():
                self._move(parameters, group)

    def _move(self, parameters: list[Tensor], group: dict[str, Any]) -> None:
        gradients = [p.grad for p in parameters if p.grad is not None]
        momenta = [self._momentum(p) for p in parameters]
        torch._foreach_lerp_(momenta, gradients, 1 - group["momentum"])
        ahead = torch._foreach_lerp(gradients, momenta, group["momentum"])  # Nesterov's look ahead
        updates = orthogonalized(torch.stack(ahead))
        rows, columns = parameters[0].shape
        scale = max(1.0, rows / columns) ** 0.5  # so that outputs change as much whatever the shape
        if group["weight_decay"]:
            torch._foreach_mul_(parameters, 1 - group["lr"] * group["weight_decay"])
        torch._foreach_add_(parameters, list(updates.unbind()), alpha=-group["lr"] * scale)

    def _momentum(self, parameter: Tensor) -> Tensor:
        state = self.state[parameter]
        if "momentum" not in state:
            state["momentum"] = torch.zeros_like(parameter)
        return state["momentum"]  # type: ignore[no-any-return]


class RowAdagrad(Optimizer):
    """Adagrad with one rate a row (Duchi et al., 2011), for tables whose gradients are sparse.

    A row that is met for the first time moves by `lr` at once, one that is met often settles: as counts do.
    """

    def __init__(self, parameters: Iterable[Tensor], lr: float) -> None:
        super().__init__(parameters, {"lr": lr})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for table in group["params"]:
                if table.grad is not None:
                    self._move(table, group["lr"])

    def _move(self, table: Tensor, lr: float) -> None:
        gradient = table.grad
        assert gradient is not None
        if gradient.is_sparse:
            gradient = gradient.coalesce()
            rows, values = gradient.indices()[0], gradient.values()
        else:  # averaged over processes
            rows = gradient.ne(0).any(1).nonzero()[:, 0]
            values = gradient[rows]
        state = self.state[table]
        if "squares" not in state:
            state["squares"] = torch.zeros(len(table), dtype=table.dtype, device=table.device)
        state["squares"].index_add_(0, rows, values.square().sum(1))
        table.index_add_(0, rows, values * (-lr / (state["squares"][rows].sqrt() + 1e-10))[:, None])


def orthogonalized(matrices: Tensor, steps: int = 5) -> Tensor:
    """About the nearest matrices with orthogonal rows or columns, by Newton-Schulz iteration. Shape: (n, A, B).

    Long matrices are met twice only: all steps between are taken in the small square of their products, since each step
    multiplies by a polynomial of it, which commute.
    """
    a, b, c = _COEFFICIENTS
    x: Tensor = matrices / (torch.linalg.matrix_norm(matrices, keepdim=True) + 1e-7)
    is_tall = x.shape[-2] > x.shape[-1]
    if is_tall:
        x = x.mT
    if x.shape[-1] < 2 * x.shape[-2]:
        for _ in range(steps):
            square = x @ x.mT
            x = torch.baddbmm(x, torch.baddbmm(square, square, square, beta=b, alpha=c), x, beta=a)
        return x.mT if is_tall else x
    square, whole = x @ x.mT, None
    for step in range(steps):
        factor = torch.baddbmm(square, square, square, beta=b, alpha=c)
        factor.diagonal(dim1=-2, dim2=-1).add_(a)
        whole = factor if whole is None else factor @ whole
        if step < steps - 1:
            square = factor @ square @ factor
    x = x if whole is None else whole @ x
    return x.mT if is_tall else x
