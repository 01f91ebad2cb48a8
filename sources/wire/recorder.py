"""How a source has been doing: each try that reached for it, and what came of it."""

import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Protocol

import msgspec

from sources.faults import (
    Busy,
    CircuitOpen,
    Malformed,
    NotOffered,
    OutcomeUnknown,
    Refused,
    SourceFault,
    Throttled,
    Timeout,
    Unavailable,
)
from sources.wire.breaker import CircuitState

WINDOW_TRIES = 200  # the last minute or so of a busy source; few enough to sort when health is asked for
OK = "ok"
CANCELLED = "cancelled"

_OUTCOMES: tuple[tuple[type[SourceFault], str], ...] = (
    (CircuitOpen, "circuit_open"),
    (Timeout, "timeout"),
    (Unavailable, "unavailable"),
    (Throttled, "throttled"),
    (Busy, "busy"),
    (OutcomeUnknown, "outcome_unknown"),
    (Refused, "refused"),
    (Malformed, "malformed"),
    (NotOffered, "not_offered"),
)


class SourceHealth(msgspec.Struct, frozen=True, kw_only=True):
    """A source as its wire sees it now."""

    reachable: bool
    """The last try got an answer, be it a refusal; True before the first."""
    circuit: CircuitState
    latency_p95_ms: float | None
    """Of the last answers; None before the first."""
    error_rate: float | None
    """The share of the last tries that ended in a fault, 0 to 1; None before the first."""
    quota_remaining: float | None
    """What is left of the vendor's quota, 0 to 1, where it tells."""
    last_success_at: datetime | None
    last_failure_at: datetime | None
    last_fault: str | None
    """The reason of the last fault: what was asked and what came."""
    outcomes: Mapping[str, int] = {}
    """How many tries ended how since the start, e.g. {"ok": 120, "timeout": 1}."""


class Observer(Protocol):
    """Is told of each try: the system's name, the outcome's word, the seconds that it took."""

    def __call__(self, system: str, outcome: str, seconds: float, /) -> None: ...


def outcome_of(error: BaseException | None) -> str:
    """The word for how a try ended."""
    if error is None:
        return OK
    return next((word for kind, word in _OUTCOMES if isinstance(error, kind)), CANCELLED)


class Recorder:
    """The record of one source."""

    def __init__(self, name: str, observer: Observer | None = None, *, clock: Callable[[], float] = time.time) -> None:
        self._name = name
        self._observer = observer
        self._clock = clock
        self._seconds: deque[float] = deque(maxlen=WINDOW_TRIES)
        self._faulty: deque[bool] = deque(maxlen=WINDOW_TRIES)
        self._outcomes: Counter[str] = Counter()
        self._reachable = True
        self._quota: float | None = None
        self._success_at: float | None = None
        self._failure_at: float | None = None
        self._last_fault: str | None = None

    def tried(self, error: BaseException | None, seconds: float) -> None:
        """The source was asked; `error` is what was raised, None where it answered well."""
        self._count(outcome_of(error), seconds)
        if error is None:
            self._success_at = self._clock()
        elif isinstance(error, SourceFault):
            self._failure_at = self._clock()
            self._last_fault = error.reason
        else:
            return
        self._faulty.append(error is not None)
        self._reachable = not isinstance(error, Unavailable)
        if self._reachable:
            self._seconds.append(seconds)

    def withheld(self, error: SourceFault) -> None:
        """The source was not asked: the circuit was open or our own limit reached. Counted, no more."""
        self._count("limited" if isinstance(error, Throttled) else outcome_of(error), 0.0)

    def report_quota(self, remaining: float) -> None:
        self._quota = min(1.0, max(0.0, remaining))

    def health(self, circuit: CircuitState) -> SourceHealth:
        """The record as it stands."""
        return SourceHealth(
            reachable=self._reachable,
            circuit=circuit,
            latency_p95_ms=self._p95_ms(),
            error_rate=sum(self._faulty) / len(self._faulty) if self._faulty else None,
            quota_remaining=self._quota,
            last_success_at=_moment(self._success_at),
            last_failure_at=_moment(self._failure_at),
            last_fault=self._last_fault,
            outcomes=dict(self._outcomes),
        )

    def _count(self, outcome: str, seconds: float) -> None:
        self._outcomes[outcome] += 1
        if self._observer is not None:
            self._observer(self._name, outcome, seconds)

    def _p95_ms(self) -> float | None:
        if not self._seconds:
            return None
        ordered = sorted(self._seconds)
        return 1000 * ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]


def _moment(at: float | None) -> datetime | None:
    return None if at is None else datetime.fromtimestamp(at, UTC)
