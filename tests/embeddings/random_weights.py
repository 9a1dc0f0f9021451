"""Random weights in files named as the published ones, so that every embedding runs where nothing can be downloaded."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from mintage.embeddings.efficientnet_lite0 import _NORMS, _Lite0
from mintage.embeddings.inception import _InceptionV3
from mintage.seeding import generator

State = dict[str, Tensor]
WIDTH, DEPTH = 128, 2  # of tiny transformers


def inception(path: Path) -> Path:
    convs = _convolutions(_InceptionV3)
    state = _with_norms({name: (f"{name}.conv", f"{name}.bn") for name in convs}, convs)
    state |= {"fc.weight": torch.zeros(1008, 2048), "fc.bias": torch.zeros(1008)}
    torch.save(state, path)
    return path


def lite0(path: Path) -> Path:
    convs = _convolutions(_Lite0)
    places = {}
    for name in convs:
        prefix, dot, own = name.rpartition(".")
        places[name] = (name, prefix + dot + _NORMS[own])
    state = _with_norms(places, convs)
    state |= {"_fc.weight": torch.zeros(1000, 1280), "_fc.bias": torch.zeros(1000)}
    torch.save(state, path)
    return path


def dinov2(path: Path) -> Path:
    state = {
        "embeddings.cls_token": _draw("cls", 1, 1, WIDTH),
        "embeddings.mask_token": torch.zeros(1, WIDTH),
        "embeddings.position_embeddings": _draw("positions", 1, 1 + 37 * 37, WIDTH),
        "embeddings.patch_embeddings.projection.weight": _draw("patches", WIDTH, 3, 14, 14),
        "embeddings.patch_embeddings.projection.bias": torch.zeros(WIDTH),
    } | _norm("layernorm")
    for number in range(DEPTH):
        block = f"encoder.layer.{number}"
        for part in ("attention.attention.query", "attention.attention.key", "attention.attention.value"):
            state |= _linear(f"{block}.{part}", WIDTH, WIDTH)
        state |= _linear(f"{block}.attention.output.dense", WIDTH, WIDTH)
        state |= _linear(f"{block}.mlp.fc1", 4 * WIDTH, WIDTH) | _linear(f"{block}.mlp.fc2", WIDTH, 4 * WIDTH)
        state |= _norm(f"{block}.norm1") | _norm(f"{block}.norm2")
        state |= {f"{block}.layer_scale{which}.lambda1": torch.full((WIDTH,), 0.5 * which) for which in (1, 2)}
    save_file(state, path)
    return path


def clip(path: Path) -> Path:
    state = {
        "logit_scale": torch.tensor(1.0),
        "text_model.final_layer_norm.weight": torch.ones(8),
        "visual_projection.weight": _draw("projection", 48, WIDTH),
        "vision_model.embeddings.class_embedding": _draw("cls", WIDTH),
        "vision_model.embeddings.position_ids": torch.arange(50)[None],
        "vision_model.embeddings.position_embedding.weight": _draw("positions", 50, WIDTH),
        "vision_model.embeddings.patch_embedding.weight": _draw("patches", WIDTH, 3, 32, 32),
    }
    state |= _norm("vision_model.pre_layrnorm") | _norm("vision_model.post_layernorm")
    for number in range(DEPTH):
        block = f"vision_model.encoder.layers.{number}"
        for part in ("q_proj", "k_proj", "v_proj", "out_proj"):
            state |= _linear(f"{block}.self_attn.{part}", WIDTH, WIDTH)
        state |= _linear(f"{block}.mlp.fc1", 4 * WIDTH, WIDTH) | _linear(f"{block}.mlp.fc2", WIDTH, 4 * WIDTH)
        state |= _norm(f"{block}.layer_norm1") | _norm(f"{block}.layer_norm2")
    save_file(state, path)
    return path


def _convolutions(build: type[nn.Module]) -> dict[str, tuple[int, ...]]:
    with torch.device("meta"):
        network = build()
    return {name: tuple(part.weight.shape) for name, part in network.named_modules() if isinstance(part, nn.Conv2d)}


def _with_norms(places: dict[str, tuple[str, str]], shapes: dict[str, tuple[int, ...]]) -> State:
    state = {}
    for name, (conv, norm) in places.items():
        out = shapes[name][0]
        state[f"{conv}.weight"] = _draw(conv, *shapes[name]) * 1.4  # rectifiers halve the variance
        state[f"{norm}.weight"] = 1 + 0.1 * _draw(f"{norm}/weight", out, 1).flatten()
        state[f"{norm}.bias"] = 0.1 * _draw(f"{norm}/bias", out, 1).flatten()
        state[f"{norm}.running_mean"] = 0.1 * _draw(f"{norm}/mean", out, 1).flatten()
        state[f"{norm}.running_var"] = 1 + 0.1 * _draw(f"{norm}/var", out, 1).flatten().abs()
        state[f"{norm}.num_batches_tracked"] = torch.tensor(1)
    return state


def _linear(name: str, out: int, width: int) -> State:
    return {f"{name}.weight": _draw(name, out, width), f"{name}.bias": 0.1 * _draw(f"{name}/bias", out)}


def _norm(name: str) -> State:
    return {f"{name}.weight": 1 + 0.1 * _draw(name, WIDTH), f"{name}.bias": 0.1 * _draw(f"{name}/bias", WIDTH)}


def _draw(name: str, *shape: int) -> Tensor:
    """Noise that keeps the variance of what comes in."""
    fan = max(1, torch.Size(shape[1:]).numel())
    return torch.randn(shape, generator=generator(0, name)) / fan**0.5
