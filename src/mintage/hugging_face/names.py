"""What the layers of our networks are called in the files of transformers and PEFT."""

from __future__ import annotations

import re
from collections.abc import Mapping

from torch import nn

from mintage.errors import ConfigError
from mintage.layers.gpt2 import GPT2
from mintage.layers.llama import Llama

__all__ = ["TRANSPOSED", "own_name", "prefix", "their_name"]

# Ours -> theirs; a star is the number of a block.
_LLAMA = {
    "embedding": "model.embed_tokens",
    "blocks.*.attention_norm": "model.layers.*.input_layernorm",
    "blocks.*.attention.q": "model.layers.*.self_attn.q_proj",
    "blocks.*.attention.k": "model.layers.*.self_attn.k_proj",
    "blocks.*.attention.v": "model.layers.*.self_attn.v_proj",
    "blocks.*.attention.out": "model.layers.*.self_attn.o_proj",
    "blocks.*.attention.q_norm": "model.layers.*.self_attn.q_norm",
    "blocks.*.attention.k_norm": "model.layers.*.self_attn.k_norm",
    "blocks.*.mlp_norm": "model.layers.*.post_attention_layernorm",
    "blocks.*.mlp.gate": "model.layers.*.mlp.gate_proj",
    "blocks.*.mlp.up": "model.layers.*.mlp.up_proj",
    "blocks.*.mlp.down": "model.layers.*.mlp.down_proj",
    "norm": "model.norm",
    "head": "lm_head",
}
_GPT2 = {
    "embedding": "transformer.wte",
    "positions": "transformer.wpe",
    "blocks.*.attention_norm": "transformer.h.*.ln_1",
    "blocks.*.attention.qkv": "transformer.h.*.attn.c_attn",
    "blocks.*.attention.out": "transformer.h.*.attn.c_proj",
    "blocks.*.mlp_norm": "transformer.h.*.ln_2",
    "blocks.*.mlp.up": "transformer.h.*.mlp.c_fc",
    "blocks.*.mlp.down": "transformer.h.*.mlp.c_proj",
    "norm": "transformer.ln_f",
    "head": "lm_head",
}
TRANSPOSED = re.compile(r"^transformer\.h\.\d+\..*\.c_(attn|proj|fc)\.weight$")  # theirs: GPT-2 keeps W as (in, out)


def their_name(network: nn.Module, module: str) -> str:
    """What they call one of our layers, given without the end ".weight".

    Raises:
        ConfigError: a network that transformers does not have.
    """
    return _translated(module, _table(network))


def own_name(network: nn.Module, module: str) -> str:
    """What we call one of their layers, given without the end ".weight".

    Raises:
        ConfigError: a network that transformers does not have, or a layer that this one does not have.
    """
    return _translated(module, {theirs: ours for ours, theirs in _table(network).items()})


def prefix(network: nn.Module) -> str:
    """What stands before every name but the head's; some files leave it out."""
    return _table(network)["norm"].partition(".")[0] + "."


def _table(network: nn.Module) -> Mapping[str, str]:
    if isinstance(network, GPT2):
        return _GPT2
    if isinstance(network, Llama):
        return _LLAMA
    raise ConfigError(
        f"{type(network).__name__} is not a network that transformers knows. "
        "For its folders the model must be a llama or a gpt2."
    )


def _translated(module: str, table: Mapping[str, str]) -> str:
    number = re.search(r"\.(\d+)\.", module)
    key = re.sub(r"\.\d+\.", ".*.", module, count=1)
    if key not in table:
        raise ConfigError(f"There is no layer {module!r} in this network. Its layers are {', '.join(table)}.")
    return table[key].replace("*", number[1] if number else "")
