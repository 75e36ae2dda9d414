"""What /metrics shows, in the format Prometheus reads."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from runyard.engine.engine import Engine


class Metrics(Collector):
    """Figures of the engine, read from the ledger when somebody asks."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def page(self) -> bytes:
        """Return the page."""
        return generate_latest(self._registry)

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Name nothing beforehand, so that registering reads nothing."""
        return ()

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Read the figures."""
        attempts = GaugeMetricFamily("runyard_attempts", "Attempts that have not ended, by state.", labels=["state"])
        for state, count in self._engine.load().items():
            attempts.add_metric([state], count)
        yield attempts
        yield GaugeMetricFamily("runyard_places", "Attempts that may run at once here.", value=self._engine.places)
