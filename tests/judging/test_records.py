"""Records judged by every metric that reads them, and by no other; no embedding is asked for."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from tests.metrics.people import judged, people

from mintage.errors import ConfigError
from mintage.judging.codes import Codes
from mintage.judging.judge import JudgeSettings, judge
from mintage.judging.made import Made
from mintage.judging.reals import Reals

pytest.importorskip("sklearn")


def test_records_are_judged_by_what_reads_them_and_nobody_misses_the_rest() -> None:
    evidence = judged(people(200, seed=9), count=200)
    reals = Reals(
        name="people", codec=SimpleNamespace(state=dict, makes="records"),  # type: ignore[arg-type]
        classes=(), reference=evidence.real, control=evidence.control, train=evidence.train, train_is_known=True,
        split="held-out",
    )  # fmt: skip
    made = Made("run", evidence.fake, records=evidence.records)
    verdict = judge(made, reals, Codes(1), JudgeSettings())
    names = {score.name for score in verdict.scores}
    assert {"quality", "record_recognition", "train_on_synthetic", "alpha_precision", "authenticity"} <= names
    assert not {"kernel_distance", "nats_per_token", "precision"} & names
    assert not set(verdict.skipped) & {"kernel_distance", "likelihood", "memorisation"}
    assert verdict.protocol.embedding == "none"
    with pytest.raises(ConfigError, match="reads pictures and text, and these are records"):
        judge(made, reals, Codes(1), JudgeSettings(metrics=("kernel_distance",)))
