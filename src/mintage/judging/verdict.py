"""What a judgement found, as it is kept in scores/ID.json and read again by reports, cards and comparisons."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from mintage.contracts import Pair, Score
from mintage.errors import DataError
from mintage.judging.protocol import Protocol
from mintage.storage import write_json

__all__ = ["Verdict"]


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The scores of one generator or folder, under one protocol."""

    judged: str  # "runs/0003-photos", "made_by_other_tool"
    against: str  # "held-out photos", "real"
    step: int | None = None  # of the checkpoint
    protocol: Protocol
    scores: Sequence[Score]
    skipped: Mapping[str, str] = field(default_factory=dict)  # metric -> why it could not be measured
    pairs: Sequence[Pair] = ()  # the closest (made, training) pairs, closest first
    remarks: Sequence[str] = ()  # of the data: files that could not be read, sizes that differed
    seconds: Mapping[str, float] = field(default_factory=dict)  # what each part took
    machine: Mapping[str, Any] = field(default_factory=dict)
    created: str = ""  # ISO date and time

    def __getitem__(self, name: str) -> Score:
        """The score of this name.

        Raises:
            KeyError: it was not measured.
        """
        for score in self.scores:
            if score.name == name:
                return score
        why = f": {self.skipped[name]}" if name in self.skipped else ""
        raise KeyError(f"{name} was not measured{why}")

    def __contains__(self, name: object) -> bool:
        return any(score.name == name for score in self.scores)

    def write(self, folder: Path) -> Path:
        """Write FOLDER/ID.json, whole or not at all."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.protocol.id}{'' if self.step is None else f'-{self.step:07}'}.json"
        write_json(path, self.as_dict())
        return path

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready: the form that pages and cards read."""
        values = {"format": 1, **asdict(self), "protocol_id": self.protocol.id}
        return json.loads(json.dumps(values))  # type: ignore[no-any-return]

    @classmethod
    def read(cls, path: Path) -> Self:
        """What `write` wrote.

        Raises:
            DataError: it is no verdict, or of another format.
        """
        try:
            values = json.loads(path.read_text("utf-8"))
            if values.pop("format") != 1:
                raise ValueError("another format")
            values.pop("protocol_id")
            values["protocol"] = Protocol(**values["protocol"])
            values["scores"] = [Score(**score) for score in values["scores"]]
            values["pairs"] = [Pair(**pair) for pair in values["pairs"]]
            return cls(**values)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise DataError(f"{path} is not a verdict of this version ({error}). Judge again.") from error
