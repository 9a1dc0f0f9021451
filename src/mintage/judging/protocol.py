"""The protocol of a judgement: everything that a score depends on besides the generator, in one id."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from mintage.errors import ConfigError

__all__ = ["Protocol", "check_same"]


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """How scores were measured; two scores compare only if all of this is the same.

    >>> one = Protocol(embedding="domain-1f", reference="9a", split="held-out", prepared="28x28x1", seed=0, version="1")
    >>> one.id == Protocol(**one.as_dict()).id, len(one.id)
    (True, 12)
    """

    embedding: str  # identity of the embedder: its name and the hash of its weights
    reference: str  # hash of the reference examples
    split: str  # which real examples they are: "held-out", "half of the folder"
    prepared: str  # how every example was made alike: size, channels, resize filter
    seed: int  # of the draws and the splits
    version: str  # of Mintage
    counts: Mapping[str, int] = field(default_factory=dict)  # {"fake": 5000, "real": 5000, ...}

    @property
    def id(self) -> str:
        """Twelve letters that differ when anything here does."""
        text = json.dumps(self.as_dict(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready, and what the class is made from again."""
        return asdict(self)


def check_same(protocols: Sequence[Protocol], names: Sequence[str]) -> None:
    """Make sure that the scores of several judgements may stand side by side.

    Raises:
        ConfigError: two protocols differ; the message says in what.
    """
    first = protocols[0].as_dict()
    for name, protocol in zip(names[1:], protocols[1:], strict=True):
        for key, value in protocol.as_dict().items():
            if value != first[key]:
                raise ConfigError(
                    f"The scores of {names[0]} and {name} do not compare: their {key} differs ({first[key]} and "
                    f"{value}). Judge both again, against the same data: mintage compare A B --against REAL."
                )
