"""A language model of a folder beside whose frozen weights an adapter learns, and which keeps nothing but that."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor, nn

from mintage.errors import ConfigError
from mintage.hugging_face.folder import read_folder, weights_hash
from mintage.layers.gpt2 import GPT2
from mintage.layers.llama import Llama
from mintage.layers.lora import add_lora, load_lora, lora_layers, lora_state, merge_lora, set_aside
from mintage.layers.memory import Memory

__all__ = ["Adapted"]


class Adapted(nn.Module):
    """The network of a folder with a low-rank adapter (Hu et al., 2021): a LanguageModel of contracts.py.

    Its parameters and its state are the adapter's, beside a hash of the base's weights: so checkpoints are small, and
    a state does not load where the base is another. Copies share the frozen weights.

    Shape: (B, T) int64 -> (B, T, V) float32.

    Raises:
        ConfigError: the folder is missing, damaged or of another kind, or has no layers of these names.
    """

    base_hash: Tensor  # (32,) uint8: the SHA-256 of the base's weights

    def __init__(
        self,
        base: Path,
        *,
        rank: int,
        alpha: float,
        dropout: float = 0.0,
        where: list[str] | None = None,
        context: int | None = None,
    ) -> None:
        super().__init__()
        if not base.is_dir():
            raise ConfigError(
                f"The base {base} is not there, and an adapter is nothing without it. Put the folder back, or name its "
                "new place: model.base in recipe.toml, or base=FOLDER for a new run."
            )
        self.base = base
        self.network: Llama | GPT2 = read_folder(base, context=context).network
        add_lora(self.network, rank, alpha, dropout, where)
        set_aside(self.network)
        self.num_tokens, self.context = self.network.num_tokens, self.network.context
        known = bytearray.fromhex(weights_hash(base))
        self.register_buffer("base_hash", torch.frombuffer(known, dtype=torch.uint8).clone())

    def forward(self, tokens: Tensor) -> Tensor:
        logits: Tensor = self.network(tokens)
        return logits

    def memory(self, rows: int) -> Memory:
        """An empty memory with room for the context of `rows` sequences."""
        return self.network.memory(rows)

    def read(self, tokens: Tensor, memory: Memory) -> Tensor:
        """Logits of what follows the tokens in memory and these. Shape: (B, T) -> (B, V)."""
        return self.network.read(tokens, memory)

    def merged(self) -> Llama | GPT2:
        """The base, read anew, with what was learned taken into its weights: a plain network in float32.

        Raises:
            ConfigError: the base is gone or has changed.
        """
        if weights_hash(self.base) != self.hex_hash:
            raise ConfigError(self._changed())
        layers = dict(lora_layers(self.network))
        layer = next(iter(layers.values()))
        plain = read_folder(self.base).network
        add_lora(plain, layer.rank, layer.alpha, 0.0, list(layers))
        load_lora(plain, {name: tensor.cpu() for name, tensor in lora_state(self.network).items()})
        merge_lora(plain)
        return plain.eval()

    @property
    def hex_hash(self) -> str:
        """The SHA-256 of the base's weights, in hexadecimal."""
        return bytes(self.base_hash.tolist()).hex()

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        memo.update({id(buffer): buffer for buffer in self.network.buffers()})
        twin = type(self).__new__(type(self))
        memo[id(self)] = twin
        twin.__dict__ = copy.deepcopy(self.__dict__, memo)
        return twin

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *rest: Any) -> None:
        known = state_dict.get(f"{prefix}base_hash")
        if known is not None and bytes(known.tolist()).hex() != self.hex_hash:
            raise ConfigError(self._changed())
        super()._load_from_state_dict(state_dict, prefix, *rest)

    def _changed(self) -> str:
        return (
            f"The base {self.base} has changed since this was fine-tuned from it: its weights are others, and the "
            "adapter would make nonsense of them. Put the old files back, or fine-tune anew."
        )
