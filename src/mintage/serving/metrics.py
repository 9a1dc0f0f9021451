"""What a server counts, in the form that Prometheus reads."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from mintage.serving.engine import Engine
from mintage.serving.service import Service

__all__ = ["Metrics"]

SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)
ROWS = (1, 2, 4, 8, 16, 32, 64)


class Metrics:
    """Counters of one server, beside what its engines know of themselves."""

    def __init__(self, service: Service) -> None:
        self.registry = CollectorRegistry()
        self._known: dict[tuple[str, int], tuple[Counter, Histogram]] = {}
        self.requests = Counter(
            "mintage_requests", "Answers, by path and status.", ["path", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "mintage_request_seconds",
            "From a request to its answer.",
            ["path"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self.samples = Counter("mintage_samples", "Samples made, by key.", ["key"], registry=self.registry)
        self.rows = Histogram(
            "mintage_batch_rows", "Samples that were drawn together.", ["model"], buckets=ROWS, registry=self.registry
        )
        self.compute = Histogram(
            "mintage_batch_seconds", "What a batch took.", ["model"], buckets=SECONDS, registry=self.registry
        )
        self.registry.register(_Waiting(service))

    def answered(self, path: str, status: int, seconds: float) -> None:
        """Count one answer."""
        if (path, status) not in self._known:  # finding a label takes longer than counting
            self._known[path, status] = self.requests.labels(path, str(status)), self.seconds.labels(path)
        count, histogram = self._known[path, status]
        count.inc()
        histogram.observe(seconds)

    def watch(self, engine: Engine) -> None:
        """Hear of every batch of an engine."""
        rows, seconds = self.rows.labels(engine.name), self.compute.labels(engine.name)

        def observe(count: int, took: float) -> None:
            if count:
                rows.observe(count)
            seconds.observe(took)

        engine.observe = observe

    def text(self) -> bytes:
        """All of it, as Prometheus reads it."""
        return generate_latest(self.registry)


class _Waiting(Collector):
    """The depth of each queue, asked for when it is read."""

    def __init__(self, service: Service) -> None:
        self.service = service

    def collect(self) -> list[GaugeMetricFamily]:
        depth = GaugeMetricFamily("mintage_queue_depth", "Orders that wait.", labels=["model"])
        for name, waiting in self.service.waiting().items():
            depth.add_metric([name], waiting)
        return [depth]
