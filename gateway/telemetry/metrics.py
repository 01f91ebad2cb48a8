"""Metrics of one gateway, for Prometheus. No label holds what a caller or a vendor may choose freely."""

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from sources.cache.cache import CacheCounts
from sources.systems import Watched as HasHealth
from sources.wire.breaker import CircuitState

REQUEST_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10)
SOURCE_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8)
CIRCUIT_VALUES = {CircuitState.CLOSED: 0, CircuitState.HALF_OPEN: 1, CircuitState.OPEN: 2}


class Watched(Protocol):
    """A source as operations see it."""

    @property
    def name(self) -> str: ...
    @property
    def wire(self) -> HasHealth: ...


class Metrics:
    """The registry, and one method for each thing that is counted."""

    def __init__(self) -> None:
        registry = self.registry = CollectorRegistry()
        self._requests = Counter("c360_requests", "GraphQL requests by outcome.", ["outcome"], registry=registry)
        self._request_seconds = Histogram(
            "c360_request_seconds", "How long a GraphQL request took.", registry=registry, buckets=REQUEST_SECONDS
        )
        self._errors = Counter("c360_errors", "Errors in answers by code.", ["code"], registry=registry)
        self._calls = Counter(
            "c360_source_calls", "Calls to a source, each try counted.", ["system", "outcome"], registry=registry
        )
        self._call_seconds = Histogram(
            "c360_source_seconds", "How long a call took.", ["system"], registry=registry, buckets=SOURCE_SECONDS
        )
        self._circuit = Gauge("c360_source_circuit", "0 closed, 1 half open, 2 open.", ["system"], registry=registry)
        self._reachable = Gauge(
            "c360_source_reachable", "1 where the last try got an answer.", ["system"], registry=registry
        )
        self._quota = Gauge(
            "c360_source_quota_remaining", "What is left of the vendor's quota, 0 to 1.", ["system"], registry=registry
        )

        self._deprecated = Counter(
            "c360_deprecated_fields",
            "Requests that hold something deprecated, by who asks.",
            ["coordinate", "consumer"],
            registry=registry,
        )

        self._plans = Counter(
            "c360_plans",
            "Queries by what became of their plans, and why another way was taken.",
            ["outcome", "reason"],
            registry=registry,
        )

        # Looking labels up costs more than counting does.
        self._request_of = cache(self._requests.labels)
        self._plan_of = cache(self._plans.labels)
        self._call_of = cache(self._calls.labels)
        self._seconds_of = cache(self._call_seconds.labels)

    def planned(self, outcome: str, reason: str) -> None:
        """A query was "planned", "compiled", or graphql-core executed it: "fallback" or "bail", for a reason.

        "part": graphql-core executed a deferred part of a query that was planned.
        """
        self._plan_of(outcome, reason).inc()

    def request(self, outcome: str, seconds: float, codes: Iterable[str] = ()) -> None:
        """A GraphQL request was answered: "ok", "partial", "failed" or "refused", with errors of these codes."""
        self._request_of(outcome).inc()
        self._request_seconds.observe(seconds)
        for code in codes:
            self._errors.labels(code).inc()

    def deprecated(self, coordinate: str, consumer: str) -> None:
        """A consumer asked for something deprecated. Both labels are bounded by who counts."""
        self._deprecated.labels(coordinate, consumer).inc()

    def source_call(self, system: str, outcome: str, seconds: float, /) -> None:
        """A try reached for a source (or was held back); the outcome is the recorder's word."""
        self._call_of(system, outcome).inc()
        self._seconds_of(system).observe(seconds)

    def watch_cache(self, counts: CacheCounts) -> None:
        """Show how the cache answered its keys, as it counts them itself."""
        self.registry.register(_CacheCollector(counts))

    def exposition(self, sources: Iterable[Watched]) -> bytes:
        """Everything in the text format of Prometheus, the sources as they stand now."""
        for source in sources:
            health = source.wire.health
            self._circuit.labels(source.name).set(CIRCUIT_VALUES[health.circuit])
            self._reachable.labels(source.name).set(health.reachable)
            if health.quota_remaining is not None:
                self._quota.labels(source.name).set(health.quota_remaining)
        return generate_latest(self.registry)


class _CacheCollector(Collector):
    def __init__(self, counts: CacheCounts) -> None:
        self._counts = counts

    def collect(self) -> Iterator[Metric]:
        family = CounterMetricFamily(
            "c360_cache_keys", "Keys asked of the cache, by how they were answered.", labels=["how"]
        )
        for name in self._counts.__struct_fields__:
            family.add_metric([name], getattr(self._counts, name))
        yield family
