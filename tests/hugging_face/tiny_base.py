"""A tiny language model as a folder of transformers, written by a test for others to learn from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from torch import nn

from mintage.codecs.text import TextCodec
from mintage.hugging_face.folder import write_folder
from mintage.layers.gpt2 import GPT2, GPT2Sizes
from mintage.layers.llama import Llama, LlamaSizes

SEPARATOR = 256


def network(kind: str, num_tokens: int, context: int) -> GPT2 | Llama:
    """Random weights that say something: those that training starts from are nearly silent."""
    torch.manual_seed(0)
    shape: dict[str, Any] = {"num_tokens": num_tokens, "context": context, "width": 16, "hidden": 24, "layers": 2}
    if kind == "gpt2":
        made: GPT2 | Llama = GPT2(GPT2Sizes(**shape, heads=2))
    else:
        qwen = kind == "qwen2"
        made = Llama(LlamaSizes(**shape, heads=2, groups=1, head_dim=8, qkv_bias=qwen, tied=qwen))
    for weight in made.parameters():
        if weight.ndim == 2:
            nn.init.normal_(weight, std=0.3)
    return made


def write_base(path: Path, kind: str = "gpt2", *, num_tokens: int = 257, context: int = 32) -> Path:
    """A folder whose tokens are bytes and, the last one, what parts documents; or so many tokens without a meaning."""
    if num_tokens == SEPARATOR + 1:
        tokenizer = TextCodec(tokens="byte").with_separator().tokenizer_json()
        ids = {"bos_token_id": SEPARATOR, "eos_token_id": SEPARATOR}
    else:
        vocab = {chr(ord("a") + number): number for number in range(num_tokens)}
        tokenizer, ids = json.dumps({"model": {"type": "BPE", "vocab": vocab, "merges": []}}), {}
    return write_folder(network(kind, num_tokens, context), tokenizer, path, config=ids)
