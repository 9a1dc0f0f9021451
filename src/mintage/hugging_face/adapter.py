"""A LoRA adapter as a folder that PEFT reads and writes, tied to the weights that it was trained on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from safetensors import safe_open
from safetensors.torch import save
from torch import Tensor, nn

from mintage import storage
from mintage.errors import ConfigError
from mintage.hugging_face.names import own_name, their_name
from mintage.layers.gpt2 import GPT2
from mintage.layers.lora import add_lora, load_lora, lora_layers, lora_state

__all__ = ["read_adapter", "write_adapter"]

_CONFIG, _WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
_START = "base_model.model."
_ENDS = {".lora_A.weight": ".lora_a", ".lora_B.weight": ".lora_b"}  # theirs -> ours
_BASE_HASH = "base_sha256"  # in the header of the weights, where PEFT does not mind it
_BEYOND = ("use_dora", "use_rslora", "rank_pattern", "alpha_pattern", "modules_to_save", "layer_replication")


def write_adapter(network: nn.Module, path: Path, base_hash: str, base: str = "") -> Path:
    """Write what an adapted `Llama` or `GPT2` has learned as a folder that PEFT loads; returns the folder.

    Args:
        network: It has an adapter.
        path: A folder; files of an older adapter in it are replaced.
        base_hash: Of the weights beneath (`folder.weights_hash`); kept, and checked by `read_adapter`.
        base: Where the weights beneath are found, for PEFT and for people.

    Raises:
        ConfigError: a network without an adapter, or of another kind.
    """
    layers = dict(lora_layers(network))
    if not layers:
        raise ConfigError("This network has no adapter to write. Add one first: add_lora(network, rank, alpha).")
    theirs = {name: their_name(network, name) for name in layers}
    state = {}
    for name, tensor in lora_state(network).items():
        module, _, end = name.rpartition(".")
        their_end = next(key for key, value in _ENDS.items() if value == f".{end}")
        state[f"{_START}{theirs[module]}{their_end}"] = tensor.cpu().contiguous()
    layer = next(iter(layers.values()))
    config = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": base or None,
        "r": layer.rank,
        "lora_alpha": layer.alpha,
        "lora_dropout": layer.dropout,
        "target_modules": _targets(network, theirs),
        "fan_in_fan_out": isinstance(network, GPT2),
        "bias": "none",
        "inference_mode": True,
    }
    path.mkdir(parents=True, exist_ok=True)
    storage.write_bytes(path / _WEIGHTS, save(state, {"format": "pt", _BASE_HASH: base_hash}))
    storage.write_json(path / _CONFIG, config)
    return path


def read_adapter(network: nn.Module, path: Path, base_hash: str | None = None) -> nn.Module:
    """Adapt a network as a folder of PEFT or of `write_adapter` says, in place; returns the network.

    `base_hash` is that of the network's own weights (`folder.weights_hash`). An adapter written by PEFT does not say
    which weights it belongs to, and is taken if its shapes fit.

    Raises:
        ConfigError: a missing or damaged file, an adapter that is not plain LoRA, or that belongs to another base.
    """
    config, state, known = _read(path.expanduser())
    if known and base_hash and known != base_hash:
        raise ConfigError(
            f"The adapter in {path} belongs to another base: it was trained on weights with the SHA-256 {known[:12]}…, "
            f"and these have {base_hash[:12]}…. Name the folder that it was trained from"
            + (f": {config['base_model_name_or_path']}." if config.get("base_model_name_or_path") else ".")
        )
    found: dict[str, Tensor] = {}
    for name, tensor in state.items():
        end = next((end for end in _ENDS if name.endswith(end)), None)
        if end is None or not name.startswith(_START):
            raise ConfigError(f"The adapter in {path} holds {name}, which is not a part of LoRA. Merge it with PEFT.")
        found[own_name(network, name.removeprefix(_START).removesuffix(end)) + _ENDS[end]] = tensor
    rank, alpha, dropout = (config.get(key) for key in ("r", "lora_alpha", "lora_dropout"))
    if not isinstance(rank, int) or not isinstance(alpha, int | float):
        raise ConfigError(f"{path / _CONFIG} does not say r and lora_alpha. Get it anew.")
    where = sorted({name.rpartition(".")[0] for name in found})
    add_lora(network, rank, float(alpha), float(dropout or 0), where)
    load_lora(network, found)
    return network


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Tensor], str]:
    """The config, the tensors by their names, and the hash of the base, "" where it is not said."""
    if missing := [name for name in (_CONFIG, _WEIGHTS) if not (path / name).is_file()]:
        raise ConfigError(f"{path} has no {' and no '.join(missing)}: it is not the folder of an adapter.")
    try:
        config = json.loads((path / _CONFIG).read_text("utf-8"))
        with safe_open(path / _WEIGHTS, "pt") as file:
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # it is not a mapping
            known = (file.metadata() or {}).get(_BASE_HASH, "")
    except Exception as error:  # both readers meet damage with almost any exception
        raise ConfigError(f"The adapter in {path} cannot be read ({error}). Get its files anew.") from error
    more = [key for key in _BEYOND if config.get(key)]
    if config.get("peft_type") != "LORA" or config.get("bias", "none") != "none" or more:
        what = ", ".join(more) or f"peft_type = {config.get('peft_type')!r}, bias = {config.get('bias')!r}"
        raise ConfigError(f"The adapter in {path} is more than plain LoRA ({what}). Merge it into its base with PEFT.")
    return config, state, known


def _targets(network: nn.Module, adapted: dict[str, str]) -> list[str]:
    """Last parts of their names where these say enough: other programs than PEFT want them so."""
    linears = (name for name, module in network.named_modules() if isinstance(module, nn.Linear))
    last = {name.rpartition(".")[2] for name in adapted.values()}
    meant = {name for name in linears if their_name(network, name).rpartition(".")[2] in last}
    return sorted(last if meant == adapted.keys() else adapted.values())
