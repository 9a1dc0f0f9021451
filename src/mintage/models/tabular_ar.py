"""Tabular AR: records column by column in any order, by likelihood - the model for tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field

from mintage.config import Settings
from mintage.contracts import DataSpec, Rung
from mintage.errors import SpecError
from mintage.games.any_order import AnyOrder
from mintage.layers.column_network import ColumnNetwork

__all__ = ["TabularAR"]


class TabularAR(Settings):
    """An autoregressive network over the codes of columns, in every order at once (Uria et al., 2014).

    Choose it for tables: it learns in a minute on two cores, cannot collapse, and answers every question of the form
    "records in which these columns are so": conditional generation, filling in what is missing, rebalancing.
    """

    width: int = Field(192, ge=8)
    """Numbers in the embedding of a code, and in what is known of a record."""
    hidden: int = Field(192, ge=8)
    """Units of each position's own layer."""
    dropout: float = Field(0.0, ge=0, lt=1)
    """Share of what is known that is left out while training; for tables of a few thousand records."""

    habits: ClassVar[Mapping[str, Any]] = {
        "batch": 512, "lr": 0.01, "betas": (0.9, 0.99), "warmup": 40, "decay_from": 0.2, "decay_to": 0.02,
        "ema_half_life": 20_000.0,
    }  # fmt: skip
    ladder: ClassVar[tuple[Rung, ...]] = (Rung({"width": 192, "hidden": 192}, 0),)

    def build(self, spec: DataSpec) -> AnyOrder:
        """The game for this data.

        Raises:
            SpecError: the data is not records.
        """
        columns = spec.x.columns
        if not any(column.levels for column in columns):
            raise SpecError(
                f"Tabular AR makes records of columns, but this data has shape {spec.x.shape}. Give it a table, or "
                "choose a model that fits: mintage models --fit DATA."
            )
        return AnyOrder(columns, ColumnNetwork(columns, self.width, self.hidden, self.dropout))
