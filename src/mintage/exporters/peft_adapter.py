"""What was fine-tuned alone: a LoRA adapter as the folder that PEFT loads beside its base."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import cast

from torch import Tensor

from mintage.config import Settings
from mintage.contracts import Codec, Sampler
from mintage.errors import ConfigError
from mintage.hugging_face.adapted import Adapted
from mintage.hugging_face.adapter import read_adapter, write_adapter
from mintage.hugging_face.folder import read_folder, weights_hash

__all__ = ["PEFTAdapter"]


class PEFTAdapter(Settings):
    """adapter_config.json and adapter_model.safetensors: a few megabytes, which PEFT puts beside the base.

    Choose it where several adapters share a base, or where a base may not be passed on. It names the base's folder and
    keeps the hash of its weights.
    """

    def lacks(self, sampler: Sampler, codec: Codec) -> str:
        """Why it can't be exported so, in words; "" if it can."""
        if isinstance(getattr(sampler, "writer", None), Adapted):
            return ""
        what = "pictures" if codec.spec.classes is None else "text"
        return f"it makes {what} and has no adapter: only what gpt_finetune learned stands beside a base."

    def export(self, sampler: Sampler, codec: Codec, path: Path) -> Path:
        """Write the folder.

        Raises:
            ConfigError: there is something at `path`.
        """
        adapted = cast(Adapted, getattr(sampler, "writer", None))
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise ConfigError(f"{path} is there already. Name a new folder, or remove this one first.")
        return write_adapter(adapted.network, path, adapted.hex_hash, str(adapted.base))

    def load(self, path: Path) -> Callable[[Tensor], Tensor]:
        """The logits of an adapter on the base that it names. Shape: (B, T) -> (B, T, V)."""
        base = Path(json.loads((path / "adapter_config.json").read_text("utf-8"))["base_model_name_or_path"])
        return read_adapter(read_folder(base).network, path, weights_hash(base)).eval()
