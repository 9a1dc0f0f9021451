"""A language model as a folder: config.json, model.safetensors (or its shards), tokenizer.json."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from mintage import storage
from mintage.errors import ConfigError
from mintage.hugging_face.configs import build, config_of, sizes_of
from mintage.hugging_face.names import TRANSPOSED, prefix, their_name
from mintage.layers.gpt2 import GPT2
from mintage.layers.llama import Llama
from mintage.layers.lora import lora_layers

__all__ = ["Folder", "read_folder", "read_tokenizer", "weights_hash", "write_folder"]

_WEIGHTS, _INDEX = "model.safetensors", "model.safetensors.index.json"
_CARRIED = ("chat_template.jinja", "generation_config.json", "special_tokens_map.json", "tokenizer_config.json")
_IDS = ("bos_token_id", "eos_token_id", "pad_token_id")
_LEFT_OVER = (".attn.bias", ".attn.masked_bias", ".rotary_emb.inv_freq")  # what older releases kept, and can be made


class Folder(NamedTuple):
    """What a folder holds."""

    network: Llama | GPT2
    tokenizer_json: str
    config: dict[str, Any]


def read_folder(
    path: Path, *, context: int | None = None, dropout: float = 0.0, dtype: torch.dtype = torch.float32
) -> Folder:
    """The network, the tokenizer and the config of a folder of transformers; nothing is fetched and no code is run.

    Read are gpt2, llama, mistral (within its window), qwen2 and qwen3.

    Args:
        path: The folder.
        context: Look back at no more than this; None: as far as the network can.
        dropout: For training.
        dtype: The numbers of the weights, whatever they are in the file.

    Raises:
        ConfigError: a file is missing or damaged, its weights are pickled, or the network is one that we don't have.
    """
    path = path.expanduser()
    config = _json(_found(path, "config.json"))
    sizes = sizes_of(config, context)
    files = _weight_files(path)
    tokenizer_json = _tokenizer(path, sizes.num_tokens)
    with torch.device("meta"):
        network = build(sizes, dropout)
    network.load_state_dict(_state(network, files, dtype), assign=True)
    network.context = min(context or sizes.context, sizes.context)
    return Folder(network, tokenizer_json, config)


def read_tokenizer(path: Path) -> tuple[str, dict[str, Any]]:
    """What tokenizer.json and config.json of a folder say; the weights stay where they are.

    Raises:
        ConfigError: a file is missing or damaged, or they do not belong together.
    """
    path = path.expanduser()
    config = _json(_found(path, "config.json"))
    return _tokenizer(path, sizes_of(config).num_tokens), config


def write_folder(
    network: nn.Module,
    tokenizer_json: str,
    path: Path,
    *,
    config: Mapping[str, Any] | None = None,
    base: Path | None = None,
    dtype: torch.dtype = torch.float32,
) -> Path:
    """Write a network as a folder that transformers reads by `from_pretrained`; returns the folder.

    Args:
        network: A `Llama` or `GPT2`, its adapter merged.
        tokenizer_json: What `tokenizer.json` shall hold.
        path: A folder that is not there yet, or empty.
        config: Where "bos_token_id", "eos_token_id" and "pad_token_id" are looked up: what `read_folder` returned.
        base: The folder that the network was trained from; its chat template and its like are carried over.
        dtype: float32, or bfloat16 for half the size.

    Raises:
        ConfigError: another kind of network, an adapter that is not merged, or a folder in which there is something.
    """
    if any(True for _ in lora_layers(network)):
        raise ConfigError("This network has an adapter beside its weights. Merge it first: merge_lora(network).")
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise ConfigError(f"{path} is there already. Name a new folder, or remove this one first.")
    kept = dict(config or (_json(_found(base, "config.json")) if base else {}))
    ids = {key: kept[key] for key in _IDS if kept.get(key) is not None}
    said = {**config_of(network), **ids, "torch_dtype": str(dtype).removeprefix("torch.")}
    if kept.get("max_position_embeddings") and "max_position_embeddings" in said:  # it may have been read for less
        said["max_position_embeddings"] = kept["max_position_embeddings"]
    with storage.new_folder(path) as folder:
        for name in _CARRIED if base else ():
            if (base_file := base / name).is_file():  # type: ignore[operator]
                shutil.copyfile(base_file, folder / name)
        storage.write_json(folder / "config.json", said)
        storage.write_text(folder / "tokenizer.json", tokenizer_json)
        if not (folder / "generation_config.json").exists():
            storage.write_json(folder / "generation_config.json", ids)
        if not (folder / "tokenizer_config.json").exists():
            storage.write_json(folder / "tokenizer_config.json", _tokenizer_config(tokenizer_json, said))
        save_file(_their_state(network, dtype), folder / _WEIGHTS, {"format": "pt"})
    return path


def weights_hash(path: Path) -> str:
    """One SHA-256, in hexadecimal, for all the weights of a folder: what an adapter was trained on.

    Raises:
        ConfigError: there are none.
    """
    files = sorted(set(_weight_files(path.expanduser()).values()))
    return hashlib.sha256("".join(storage.sha256(file) for file in files).encode()).hexdigest()


def _state(network: nn.Module, files: Mapping[str, Path], dtype: torch.dtype) -> dict[str, Tensor]:
    """The network's tensors by our names, each checked and taken over on its own: no second copy of all."""
    start = prefix(network)
    found = {name if name.startswith((start, "lm_head.")) else start + name: (name, files[name]) for name in files}
    readers = {file: safe_open(file, "pt") for file in set(files.values())}
    state = {}
    for ours, wanted in network.state_dict().items():
        module, _, end = ours.rpartition(".")
        theirs = f"{their_name(network, module)}.{end}"
        if theirs not in found:
            raise ConfigError(f"The weights have no {theirs}, which config.json asks for. Is the folder whole?")
        name, file = found.pop(theirs)
        tensor: Tensor = readers[file].get_tensor(name)  # type: ignore[no-untyped-call]
        if TRANSPOSED.match(theirs):
            tensor = tensor.T
        if tensor.shape != wanted.shape:
            raise ConfigError(
                f"{name} in {file} has the shape {tuple(tensor.shape)}, but config.json asks for "
                f"{tuple(wanted.shape)}. They belong to two networks: get both files from one place."
            )
        state[ours] = tensor.to(dtype).contiguous()
    tied = () if "head.weight" in state else ("lm_head.weight",)
    if odd := [name for name in found if not name.endswith(_LEFT_OVER) and name not in tied]:
        raise ConfigError(
            f"The weights hold {len(odd)} tensors that config.json does not speak of, such as {odd[0]}. "
            "They belong to another network: get both files from one place."
        )
    return state


def _their_state(network: nn.Module, dtype: torch.dtype) -> dict[str, Tensor]:
    state = {}
    for ours, tensor in network.state_dict().items():
        module, _, end = ours.rpartition(".")
        theirs = f"{their_name(network, module)}.{end}"
        kept = tensor.T if TRANSPOSED.match(theirs) else tensor
        state[theirs] = kept.detach().to("cpu", dtype).contiguous()
    return state


def _weight_files(path: Path) -> dict[str, Path]:
    """Which file holds each tensor, by their names."""
    if (path / _INDEX).is_file():
        shards = _json(path / _INDEX).get("weight_map")
        if not isinstance(shards, dict) or not shards:
            raise ConfigError(f"{path / _INDEX} has no weight_map, which says where each tensor is. Get it anew.")
        files = {name: path / str(shard) for name, shard in shards.items()}
        if missing := sorted({file.name for file in files.values() if not file.is_file()}):
            raise ConfigError(f"{path} lacks {', '.join(missing)}, which {_INDEX} names. Get the missing files.")
        for file in set(files.values()):
            if odd := {name for name, place in files.items() if place == file} - _tensor_names(file):
                raise ConfigError(f"{file} has no {min(odd)}, which {_INDEX} says is in it. Get the files anew.")
        return files
    if (path / _WEIGHTS).is_file():
        return dict.fromkeys(_tensor_names(path / _WEIGHTS), path / _WEIGHTS)
    if pickles := sorted(path.glob("pytorch_model*.bin")):
        raise ConfigError(
            f"{pickles[0]} is a pickle, which may run any code when it is opened: Mintage reads safetensors alone. "
            'Where you trust it, convert it: python -c "from transformers import AutoModelForCausalLM as M; '
            f"M.from_pretrained('{path}').save_pretrained('{path}', safe_serialization=True)\""
        )
    raise ConfigError(f"{path} has no weights: {_WEIGHTS} is needed, or its shards with {_INDEX}.")


def _tensor_names(file: Path) -> set[str]:
    try:
        with safe_open(file, "pt") as reader:
            return set(reader.keys())
    except Exception as error:  # the reader meets damage with almost any exception
        with file.open("rb") as opened:
            pointer = b"git-lfs" in opened.read(200)
        hint = "it is a pointer of git-lfs: run git lfs pull" if pointer else "get it anew, it may be cut short"
        raise ConfigError(f"{file} cannot be read as safetensors ({error}): {hint}.") from error


def _tokenizer(path: Path, num_tokens: int) -> str:
    file = path / "tokenizer.json"
    if not file.is_file():
        raise ConfigError(
            f"{path} has no tokenizer.json, without which its tokens mean nothing. Get it, or convert what is there: "
            f"python -c \"from transformers import AutoTokenizer as T; T.from_pretrained('{path}').save_pretrained("
            f"'{path}')\""
        )
    highest = max(_vocabulary(_json(file), file).values(), default=-1)
    if highest >= num_tokens:
        raise ConfigError(
            f"{file} has tokens up to {highest}, but config.json speaks of {num_tokens}. "
            "They belong to two networks: get both files from one place."
        )
    return file.read_text("utf-8")


def _vocabulary(tokenizer: Mapping[str, Any], file: Path | str = "tokenizer.json") -> dict[str, int]:
    """The number of every token, the added ones among them."""
    try:
        vocab = tokenizer["model"]["vocab"]
        known = dict(vocab) if isinstance(vocab, dict) else {entry[0]: index for index, entry in enumerate(vocab)}
        return {**known, **{added["content"]: added["id"] for added in tokenizer.get("added_tokens", [])}}
    except (KeyError, TypeError, IndexError) as error:
        raise ConfigError(f"{file} is not a tokenizer of the tokenizers package: it has no vocabulary.") from error


def _tokenizer_config(tokenizer_json: str, config: Mapping[str, Any]) -> dict[str, Any]:
    names = {number: token for token, number in _vocabulary(json.loads(tokenizer_json)).items()}
    said: dict[str, Any] = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "clean_up_tokenization_spaces": False,
        "model_max_length": config.get("max_position_embeddings") or config.get("n_positions"),
    }
    for key in _IDS:
        number = config.get(key)
        number = number[0] if isinstance(number, list) else number
        if number in names:
            said[key.removesuffix("_id")] = names[number]
    return said


def _found(path: Path, name: str) -> Path:
    if not path.is_dir():
        raise ConfigError(
            f"There is no folder {path}. Mintage fetches nothing by itself: get the checkpoint's config.json, "
            "model.safetensors and tokenizer.json, and name the folder that they are in."
        )
    if not (path / name).is_file():
        adapter = (path / "adapter_config.json").is_file()
        hint = "It holds an adapter: name the folder of its base." if adapter else "Get the missing file."
        raise ConfigError(f"{path} has no {name}. {hint}")
    return path / name


def _json(file: Path) -> dict[str, Any]:
    try:
        value = json.loads(file.read_text("utf-8"))
    except ValueError as error:
        raise ConfigError(f"{file} is not JSON ({error}). Get it anew.") from error
    if not isinstance(value, dict):
        raise ConfigError(f"{file} is not a JSON object. Get it anew.")
    return value
