"""A language model as the folder that transformers loads, whatever it learned merged into its weights."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, cast

import torch
from torch import Tensor, nn

from mintage.config import Settings
from mintage.contracts import Codec, Sampler, TokenCodec
from mintage.errors import ConfigError
from mintage.hugging_face.adapted import Adapted
from mintage.hugging_face.folder import read_folder, write_folder
from mintage.layers.gpt2 import GPT2
from mintage.layers.llama import Llama

__all__ = ["HuggingFace"]


class HuggingFace(Settings):
    """config.json, model.safetensors and tokenizer.json, as `from_pretrained` of transformers reads them.

    Choose it for whatever runs language models: nearly all of that starts from this folder. An adapter is merged into
    its base, whose chat template and its like are carried over.
    """

    dtype: Literal["float32", "bfloat16"] = "float32"
    """Numbers of the weights; bfloat16 takes half the room and keeps about three digits."""

    def lacks(self, sampler: Sampler, codec: Codec) -> str:
        """Why it can't be exported so, in words; "" if it can."""
        if isinstance(_writer(sampler), Adapted | Llama | GPT2):
            return ""
        if codec.spec.classes is None:
            return "it makes pictures, and Mintage does not export these yet."
        return "transformers has no network like this model's. Train one that it has: model.name=llama."

    def export(self, sampler: Sampler, codec: Codec, path: Path) -> Path:
        """Write the folder.

        Raises:
            ConfigError: there is something at `path`, or the base of an adapter is gone or has changed.
        """
        writer, tokens, dtype = _writer(sampler), cast(TokenCodec, codec), getattr(torch, self.dtype)
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise ConfigError(f"{path} is there already. Name a new folder, or remove this one first.")
        if isinstance(writer, Adapted):
            return write_folder(writer.merged(), tokens.tokenizer_json(), path, base=writer.base, dtype=dtype)
        ids: dict[str, Any] = {}
        if tokens.separator is not None:
            ids = {"bos_token_id": tokens.separator, "eos_token_id": tokens.separator}
        return write_folder(cast(nn.Module, writer), tokens.tokenizer_json(), path, config=ids, dtype=dtype)

    def load(self, path: Path) -> Callable[[Tensor], Tensor]:
        """The logits of what a folder holds. Shape: (B, T) -> (B, T, V)."""
        return read_folder(path).network.eval()


def _writer(sampler: Sampler) -> Any:
    return getattr(sampler, "writer", None)
