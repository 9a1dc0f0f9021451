"""Weights that others trained: found here or downloaded when asked for, checked, and read without running code."""

from __future__ import annotations

import hashlib
import os
import urllib.request
from collections.abc import Callable, Mapping
from http.client import HTTPException
from pathlib import Path
from typing import TypeVar

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from mintage import storage
from mintage.errors import ConfigError

__all__ = ["find_weights", "fold_batch_norm", "load_network", "read_weights"]

Network = TypeVar("Network", bound=nn.Module)
State = dict[str, Tensor]
Progress = Callable[[int, int], None]  # bytes so far, bytes in all (0: not known)


def find_weights(
    path: Path | None,
    name: str,
    url: str | None,
    sha256: str | None,
    cache: Path,
    progress: Progress | None = None,
    hint: str = "",
) -> Path:
    """The file of some published weights: `path` if given, else in the folder MINTAGE_WEIGHTS, else in the cache.

    What is in none of these places is downloaded to the cache, if there is a `url`. A file that is found by its name or
    downloaded must have the `sha256` where that is known; a file given by `path` is taken as it is. `hint` is a
    sentence that says where a file comes from that has no `url`.

    Raises:
        ConfigError: there is no such file, it is another one, or it cannot be downloaded; the message says where to
            put it.
    """
    if path is not None:
        if not (path := path.expanduser()).is_file():
            raise ConfigError(f"There are no weights at {path}. Set weights to an existing file, or leave it unset.")
        return path
    folders = [cache / "weights"]
    if own := os.environ.get("MINTAGE_WEIGHTS"):
        folders.insert(0, Path(own).expanduser())
    for folder in folders:
        if (found := folder / name).is_file():
            if sha256 and (is_hash := storage.sha256(found)) != sha256:
                raise ConfigError(
                    f"{found} is not the published file of this name: its sha256 is {is_hash}, wanted is {sha256}. "
                    "Remove it, or name it in weights to use it as it is."
                )
            return found
    if url is None or sha256 is None:
        raise ConfigError(f"The weights {name} are not on this machine. {hint} {_where_to_put(name, folders)}")
    try:
        return _download(url, folders[-1] / name, sha256, progress)
    except (OSError, HTTPException) as error:
        raise ConfigError(
            f"The weights {name} are not on this machine and could not be downloaded ({error}). "
            f"Get {url} elsewhere. {_where_to_put(name, folders)}"
        ) from error


def read_weights(path: Path) -> State:
    """The tensors of a .safetensors file, or of a state dict as torch saves it, by name.

    Raises:
        ConfigError: it cannot be read, or holds more than plain tensors; nothing in it was run.
    """
    try:
        if path.suffix == ".safetensors":
            state = load_file(path)
        else:
            state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # both readers meet damage with almost any exception
        reason = str(error).partition("\n")[0]
        raise ConfigError(f"{path} cannot be read as weights ({reason}). {_NEEDED}") from error
    if not isinstance(state, Mapping) or not all(isinstance(value, Tensor) for value in state.values()):
        raise ConfigError(f"{path} holds something else than named tensors. {_NEEDED}")
    return dict(state)


def load_network(path: Path, translate: Callable[[State], State], build: Callable[[State], Network]) -> Network:
    """A network with the weights of a file, for use and not for learning.

    Args:
        path: What `read_weights` reads.
        translate: From the file's names to the network's; what it leaves over makes the file unfit.
        build: The network for these tensors; it is built without memory of its own.

    Raises:
        ConfigError: the file is not readable, or holds the weights of another network.
    """
    state = read_weights(path)
    try:
        state = {name: tensor.float() for name, tensor in translate(state).items()}
        with torch.device("meta"):
            network = build(state)
        network.load_state_dict(state, assign=True)
    except (KeyError, IndexError, RuntimeError) as error:
        lines = [line.strip() for line in str(error).splitlines()]
        reason = f"{lines[0]} is missing" if isinstance(error, KeyError) else " ".join(lines[:2])[:200]
        raise ConfigError(f"{path} holds the weights of another network ({reason}).") from error
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network.eval().requires_grad_(False)


def fold_batch_norm(state: State, conv: str, norm: str, into: str, eps: float) -> None:
    """Replace a convolution and the batch normalisation after it by one convolution that does the same at rest.

    Raises:
        KeyError: one of them is not there.
    """
    weight, gamma, beta, mean, variance = (
        state.pop(f"{conv}.weight").double(),
        *(state.pop(f"{norm}.{part}").double() for part in ("weight", "bias", "running_mean", "running_var")),
    )
    state.pop(f"{norm}.num_batches_tracked", None)
    scale = gamma / (variance + eps).sqrt()
    state[f"{into}.weight"] = (weight * scale.view(-1, 1, 1, 1)).float()
    state[f"{into}.bias"] = (beta - mean * scale).float()


_NEEDED = "Needed is a .safetensors file, or a state dict of tensors saved by torch."


def _where_to_put(name: str, folders: list[Path]) -> str:
    places = " or ".join(str(folder / name) for folder in folders)
    return f"Put the file at {places}, or set weights to its path."


def _download(url: str, path: Path, sha256: str, progress: Progress | None) -> Path:
    """Fetch a file whole and checked, or leave nothing behind."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    digest, done = hashlib.sha256(), 0
    try:
        with urllib.request.urlopen(url, timeout=60) as answer, temporary.open("wb") as file:
            whole = int(answer.headers.get("Content-Length") or 0)
            while chunk := answer.read(1 << 20):
                file.write(chunk)
                digest.update(chunk)
                done += len(chunk)
                if progress:
                    progress(done, whole)
            file.flush()
            os.fsync(file.fileno())
        if whole and done < whole:
            raise OSError(f"the connection broke after {done} of {whole} bytes")
        if digest.hexdigest() != sha256:
            raise OSError(f"what came has the sha256 {digest.hexdigest()}, wanted is {sha256}")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return path
