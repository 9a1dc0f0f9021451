"""When waiting jobs will be done: what is left of those before them, and what such jobs take."""

from __future__ import annotations

from collections.abc import Mapping

from mintage.errors import MintageError
from mintage.jobs.job import Job
from mintage.jobs.store import Store

__all__ = ["expected"]

CLOSE_ENOUGH = 0.1, 5.0  # a forecast is left alone as long as it is off by less than this share, or seconds


def expected(store: Store, at_once: int) -> Mapping[int, float | None]:
    """Seconds until each waiting job is done, where what was said before no longer holds; None: nobody can tell."""
    places: list[float | None] = [job.eta_seconds for job in store.in_state("running", "pausing")]
    places += [0.0] * max(at_once - len(places), 0)
    found: dict[int, float | None] = {}
    for job in store.in_state("queued"):
        place = min(range(len(places)), key=lambda one: (places[one] is None, places[one]))
        took, before = _takes(job, store), places[place]
        done = None if took is None or before is None else before + took
        places[place] = done
        said = job.eta_seconds
        if said is None or done is None or abs(done - said) > max(said * CLOSE_ENOUGH[0], CLOSE_ENOUGH[1]):
            found[job.id] = None if done is None else round(done, 1)
    return found


def _takes(job: Job, store: Store) -> float | None:
    whole = store.typical_seconds(job.kind)
    if budget := job.order.get("budget"):
        from mintage.training.budget import parse_duration  # it brings torch, which pages need not wait for

        try:
            whole = parse_duration(budget)
        except MintageError:
            return None
    if whole is None or not job.steps:
        return whole
    return whole * (1 - job.step / job.steps)
