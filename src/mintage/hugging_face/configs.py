"""What a config.json says of a network, both ways; what our networks cannot do is refused, not ignored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from torch import nn

from mintage.errors import ConfigError
from mintage.layers.gpt2 import GPT2, GPT2Sizes
from mintage.layers.llama import Llama, LlamaSizes
from mintage.layers.rotary import Stretch

__all__ = ["build", "config_of", "sizes_of"]

Sizes = LlamaSizes | GPT2Sizes
Number = TypeVar("Number", int, float)

# What our networks do, where a config may ask for something else.
_LLAMA_DOES: Mapping[str, tuple[Any, ...]] = {
    "hidden_act": ("silu", "swish"),
    "mlp_bias": (False,),
    "partial_rotary_factor": (1, 1.0),
    "quantization_config": (),
}
_GPT2_DOES: Mapping[str, tuple[Any, ...]] = {
    "activation_function": ("gelu_new", "gelu_pytorch_tanh"),
    "scale_attn_weights": (True,),
    "scale_attn_by_inverse_layer_idx": (False,),
    "add_cross_attention": (False,),
    "quantization_config": (),
}


def build(sizes: Sizes, dropout: float = 0.0) -> Llama | GPT2:
    """The network of these sizes, with fresh weights."""
    return GPT2(sizes, dropout) if isinstance(sizes, GPT2Sizes) else Llama(sizes, dropout)


def sizes_of(config: Mapping[str, Any], context: int | None = None) -> Sizes:
    """The sizes of the network that a config.json describes; `context` looks back less far than it could.

    Raises:
        ConfigError: another architecture, a part of it that our network does not have, or a number that is missing.
    """
    family = config.get("model_type")
    if family == "gpt2":
        return _gpt2_sizes(config)  # its positions are weights: the context is lowered after they are read
    if family in ("llama", "mistral", "qwen2", "qwen3"):
        return _llama_sizes(family, config, context)
    raise ConfigError(
        f"config.json says model_type = {family!r}. Mintage reads gpt2, llama, mistral, qwen2 and qwen3: "
        "choose a checkpoint of one of these."
    )


def config_of(network: nn.Module) -> dict[str, Any]:
    """A config.json for a network, without the numbers of its special tokens.

    Raises:
        ConfigError: a network that transformers does not have.
    """
    if isinstance(network, GPT2):
        return _gpt2_config(network.sizes)
    if isinstance(network, Llama):
        return _llama_config(network.sizes)
    raise ConfigError(
        f"{type(network).__name__} is not a network that transformers knows. "
        "For its folders the model must be a llama or a gpt2."
    )


def _llama_sizes(family: str, config: Mapping[str, Any], context: int | None) -> LlamaSizes:
    _check(config, _LLAMA_DOES)
    width, heads = _number(config, "hidden_size", int), _number(config, "num_attention_heads", int)
    longest = _number(config, "max_position_embeddings", int)
    context = min(context or longest, longest)
    _check_window(family, config, context)
    base, stretch = _rotary(config)
    bias = bool(config.get("attention_bias") or False)
    return LlamaSizes(
        num_tokens=_number(config, "vocab_size", int),
        context=context,
        width=width,
        hidden=_number(config, "intermediate_size", int),
        layers=_number(config, "num_hidden_layers", int),
        heads=heads,
        groups=_number(config, "num_key_value_heads", int, heads),
        head_dim=_number(config, "head_dim", int, 128 if family == "qwen3" else width // heads),
        base=base,
        stretch=stretch,
        eps=_number(config, "rms_norm_eps", float, 1e-6),
        qkv_bias=bias or family == "qwen2",
        out_bias=bias,
        qk_norm=family == "qwen3",
        tied=bool(config.get("tie_word_embeddings", False)),
    )


def _gpt2_sizes(config: Mapping[str, Any]) -> GPT2Sizes:
    _check(config, _GPT2_DOES)
    width = _number(config, "n_embd", int)
    return GPT2Sizes(
        num_tokens=_number(config, "vocab_size", int),
        context=_number(config, "n_positions", int),
        width=width,
        hidden=_number(config, "n_inner", int, 4 * width),
        layers=_number(config, "n_layer", int),
        heads=_number(config, "n_head", int),
        eps=_number(config, "layer_norm_epsilon", float, 1e-5),
        tied=bool(config.get("tie_word_embeddings", True)),
    )


def _llama_config(sizes: LlamaSizes) -> dict[str, Any]:
    if sizes.qk_norm and sizes.qkv_bias != sizes.out_bias:
        raise ConfigError(
            "transformers has no network with both query norms and biases of queries, keys and values alone. "
            "Set qkv_bias and out_bias alike."
        )
    if sizes.out_bias and not sizes.qkv_bias:
        raise ConfigError("transformers has no network with a bias of the attention's output alone. Set qkv_bias too.")
    name, kind = "Llama", "llama"
    if sizes.qk_norm:
        name, kind = "Qwen3", "qwen3"
    elif sizes.qkv_bias and not sizes.out_bias:
        name, kind = "Qwen2", "qwen2"
    config = {
        "architectures": [f"{name}ForCausalLM"],
        "model_type": kind,
        "vocab_size": sizes.num_tokens,
        "max_position_embeddings": sizes.context,
        "hidden_size": sizes.width,
        "intermediate_size": sizes.hidden,
        "num_hidden_layers": sizes.layers,
        "num_attention_heads": sizes.heads,
        "num_key_value_heads": sizes.groups,
        "head_dim": sizes.head_dim,
        "hidden_act": "silu",
        "rms_norm_eps": sizes.eps,
        "rope_theta": sizes.base,
        "rope_scaling": None,
        "tie_word_embeddings": sizes.tied,
    }
    if kind != "qwen2":
        config["attention_bias"] = sizes.out_bias
    if sizes.stretch:
        config["rope_scaling"] = {
            "rope_type": "llama3",
            "factor": sizes.stretch.factor,
            "low_freq_factor": sizes.stretch.low,
            "high_freq_factor": sizes.stretch.high,
            "original_max_position_embeddings": sizes.stretch.trained,
        }
    return config


def _gpt2_config(sizes: GPT2Sizes) -> dict[str, Any]:
    return {
        "architectures": ["GPT2LMHeadModel"],
        "model_type": "gpt2",
        "vocab_size": sizes.num_tokens,
        "n_positions": sizes.context,
        "n_ctx": sizes.context,
        "n_embd": sizes.width,
        "n_inner": sizes.hidden,
        "n_layer": sizes.layers,
        "n_head": sizes.heads,
        "activation_function": "gelu_new",
        "layer_norm_epsilon": sizes.eps,
        "tie_word_embeddings": sizes.tied,
    }


def _number(config: Mapping[str, Any], key: str, kind: type[Number], default: Number | None = None) -> Number:
    value = config.get(key)
    if value is None:
        value = default
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        raise ConfigError(f"config.json says {key} = {value!r}; a positive number is needed. Is the file whole?")
    return kind(value)


def _check(config: Mapping[str, Any], does: Mapping[str, tuple[Any, ...]]) -> None:
    for key, known in does.items():
        value = config.get(key)
        if value is not None and value not in known:
            can = f"Mintage's network has {' or '.join(map(str, known))}" if known else "Mintage reads none"
            raise ConfigError(f"config.json says {key} = {value!r}; {can}. Choose another checkpoint.")


def _check_window(family: str, config: Mapping[str, Any], context: int) -> None:
    window = config.get("sliding_window")
    if family in ("qwen2", "qwen3") and not config.get("use_sliding_window"):
        window = None
    if window and window < context:
        raise ConfigError(
            f"This checkpoint sees through a sliding window of {window} tokens, and the context is {context}. "
            f"Set context = {window} or less: within the window it is the same network."
        )


def _rotary(config: Mapping[str, Any]) -> tuple[float, Stretch | None]:
    rope: Mapping[str, Any] = config.get("rope_parameters") or config.get("rope_scaling") or {}
    base = _number({"rope_theta": rope.get("rope_theta", config.get("rope_theta"))}, "rope_theta", float, 10_000.0)
    kind = rope.get("rope_type", rope.get("type", "default"))
    if kind == "default":
        return base, None
    if kind != "llama3":
        raise ConfigError(
            f"config.json scales rotary positions by {kind!r}; Mintage has 'default' and 'llama3'. "
            "Choose another checkpoint, or one that was not stretched."
        )
    return base, Stretch(
        factor=_number(rope, "factor", float),
        low=_number(rope, "low_freq_factor", float),
        high=_number(rope, "high_freq_factor", float),
        trained=_number(rope, "original_max_position_embeddings", int),
    )
