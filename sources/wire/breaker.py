"""Stops asking a source that fails or crawls, and finds out with one call at a time when it is back.

CLOSED ──failures or slow calls above their share──> OPEN ──wait──> HALF_OPEN ──an answer──> CLOSED
                                                      ^                 │
                                                      └──failed probe───┘   (the wait doubles)

What counts: Unavailable, Timeout and Malformed are failures. Refused, NotOffered and Busy are answers: the source is
up, our request is wrong or comes at a bad moment. Throttled, OutcomeUnknown (a failure of long ago, told again), a
cancelled call, and one that the caller's deadline gave too little time say nothing about the source's health and leave
the state as it is.

Own code: the libraries let every waiting call through when half open, or know no slow calls.
"""

import time
from collections import deque
from collections.abc import Callable
from enum import Enum
from types import TracebackType

from sources.faults import Busy, CircuitOpen, Malformed, NotOffered, Refused, Unavailable

WINDOW_CALLS = 50  # enough that one slow page of many does not decide, few enough to open within a second under load
WINDOW_SECONDS = 60.0  # what happened earlier says nothing about now: a quiet source would else open on old failures
MIN_CALLS = 10  # below this a share means nothing; small enough that one round of hanging calls opens
OPEN_AT_FAILURE_SHARE = 0.5  # at half, an answer is a coin toss and each toss costs the caller a time limit
OPEN_AT_SLOW_SHARE = 0.8  # slow answers are still answers: open only when nearly all of them crawl
FIRST_WAIT_SECONDS = 2.0  # a restart or a failover is often over by then
LONGEST_WAIT_SECONDS = 30.0  # how late a source's return may be noticed


class CircuitState(Enum):
    """Whether the source is asked: yes, no, or by one call at a time."""

    CLOSED = "CLOSED"
    """It is asked."""
    OPEN = "OPEN"
    """It failed too often and is left alone for a while."""
    HALF_OPEN = "HALF_OPEN"
    """One call tries whether it is back."""


class Breaker:
    """The state of one source. Not thread-safe: it belongs to one event loop."""

    def __init__(
        self, name: str, *, slow_after_seconds: float = float("inf"), clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._name = name
        self._slow_after = slow_after_seconds
        self._clock = clock
        self._calls: deque[tuple[float, bool, bool]] = deque()  # (when it ended, failed, slow), the oldest first
        self._failures = 0
        self._slow = 0
        self._open_until: float | None = None
        self._wait = FIRST_WAIT_SECONDS
        self._probe: Permit | None = None
        self._generation = 0

    @property
    def state(self) -> CircuitState:
        """As seen now; OPEN becomes HALF_OPEN by the passing of time alone."""
        if self._open_until is None:
            return CircuitState.CLOSED
        return CircuitState.OPEN if self._clock() < self._open_until else CircuitState.HALF_OPEN

    def admit(self) -> "Permit":
        """Leave to call, to be used as a context manager around the call. Raises CircuitOpen."""
        if self._open_until is None:
            return Permit(self, self._generation, probe=False)
        wait = self._open_until - self._clock()
        if wait > 0:
            raise CircuitOpen(f"{self._name} failed too often just now", retry_after_seconds=wait)
        if self._probe is not None:
            raise CircuitOpen(f"{self._name} is being tried by another call")
        self._probe = Permit(self, self._generation, probe=True)
        return self._probe

    def _answered(self, permit: "Permit") -> None:
        if permit is self._probe:
            self._close()
        elif permit.generation == self._generation:
            self._note(failed=False, slow=permit.seconds >= self._slow_after)

    def _failed(self, permit: "Permit") -> None:
        if permit is self._probe:
            self._wait = min(self._wait * 2, LONGEST_WAIT_SECONDS)
            self._open()
        elif permit.generation == self._generation:
            self._note(failed=True, slow=False)

    def _no_verdict(self, permit: "Permit") -> None:
        if permit is self._probe:
            self._probe = None

    def _note(self, *, failed: bool, slow: bool) -> None:
        now = self._clock()
        self._calls.append((now, failed, slow))
        self._failures += failed
        self._slow += slow
        while len(self._calls) > WINDOW_CALLS or self._calls[0][0] < now - WINDOW_SECONDS:
            _, failed_then, slow_then = self._calls.popleft()
            self._failures -= failed_then
            self._slow -= slow_then
        calls = len(self._calls)
        if calls >= MIN_CALLS and (
            self._failures >= calls * OPEN_AT_FAILURE_SHARE or self._slow >= calls * OPEN_AT_SLOW_SHARE
        ):
            self._open()

    def _open(self) -> None:
        self._open_until = self._clock() + self._wait
        self._start_anew()

    def _close(self) -> None:
        self._open_until = None
        self._wait = FIRST_WAIT_SECONDS
        self._start_anew()

    def _start_anew(self) -> None:
        self._probe = None
        self._generation += 1  # calls that began before are not counted any more
        self._calls.clear()
        self._failures = self._slow = 0


class Permit:
    """Leave for one call. On leaving the context, what was raised inside is the verdict."""

    __slots__ = ("_breaker", "generation", "hurried", "probe", "seconds")

    def __init__(self, breaker: Breaker, generation: int, *, probe: bool) -> None:
        self._breaker = breaker
        self.generation = generation
        self.probe = probe
        self.seconds = 0.0
        """How long the source took at the last try; queueing on our side not counted."""
        self.hurried = False
        """The caller's deadline left the source too little time for a verdict."""

    def __enter__(self) -> "Permit":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None or isinstance(error, (Refused, NotOffered, Busy)):
            self._breaker._answered(self)
        elif isinstance(error, (Unavailable, Malformed)) and not self.hurried:
            self._breaker._failed(self)
        else:
            self._breaker._no_verdict(self)
