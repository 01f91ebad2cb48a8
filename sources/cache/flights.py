"""Fetches under way, shared by whoever waits for the same keys (single flight)."""

import asyncio
from collections.abc import Coroutine, Hashable, Iterable, Mapping, Sequence
from typing import Any

from sources.cache.memory import Place
from sources.wire.deadline import Deadline

LANDING_SECONDS = 0.25  # for a fetch to give up by itself at its deadline, so that the wire records why


class Flight:
    """One fetch of some keys of a space. It lives while somebody waits, by the longest of their deadlines."""

    def __init__(self, space: str, keys: Sequence[Hashable], deadline: Deadline, *, began: int, epoch: int) -> None:
        self.space = space
        self.keys = keys
        self.deadline = Deadline(deadline.remaining())  # its own: a waiter who leaves must not take it along
        self.began = began
        self.epoch = epoch
        self.results: Mapping[Any, Any] = {}
        self.error: Exception | None = None
        self.waiters = 0
        self.task: asyncio.Task[None] | None = None

    @property
    def landed(self) -> bool:
        return self.task is not None and self.task.done()


class Flights:
    """The flights of one cache."""

    def __init__(self) -> None:
        self._joinable: dict[Place, Flight] = {}
        self._airborne: dict[asyncio.Task[None], Flight] = {}  # in the order of departure

    def __len__(self) -> int:
        return len(self._airborne)

    def find(self, space: str, key: Hashable) -> Flight | None:
        """The flight that will bring this key, where one may still be joined."""
        return self._joinable.get((space, key))

    def depart(self, flight: Flight, work: Coroutine[Any, Any, None]) -> None:
        """Start a flight, in a task and a context of its own."""
        task = asyncio.create_task(work)
        flight.task = task
        self._airborne[task] = flight
        for key in flight.keys:
            self._joinable[flight.space, key] = flight
        task.add_done_callback(self._arrived)

    async def wait(self, flights: Iterable[Flight], deadline: Deadline) -> None:
        """Return when all have landed or the deadline has passed. Cancelled: a flight nobody waits for ends."""
        boarded = tuple(flights)
        for flight in boarded:
            flight.waiters += 1
            flight.deadline.extend_to(deadline)
        try:
            under_way = [flight.task for flight in boarded if flight.task is not None and not flight.landed]
            if under_way:
                await asyncio.wait(under_way, timeout=deadline.remaining())
        finally:
            for flight in boarded:
                self._leave(flight)

    def close_boarding(self) -> None:
        """Nobody joins the present flights any more: what they bring may be older than a purge."""
        self._joinable.clear()

    def oldest_began(self, otherwise: int) -> int:
        """The number of the last purge before the oldest flight under way."""
        return next((flight.began for flight in self._airborne.values()), otherwise)

    async def close(self) -> None:
        """End all flights and wait until they have ended."""
        tasks = tuple(self._airborne)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _leave(self, flight: Flight) -> None:
        flight.waiters -= 1
        if flight.waiters or flight.landed or flight.task is None:
            return
        self._no_more_boarding(flight)
        if flight.deadline.remaining() > 0:
            flight.task.cancel()
        else:  # it is about to end by itself, and records that it timed out
            asyncio.get_running_loop().call_later(LANDING_SECONDS, flight.task.cancel)

    def _arrived(self, task: asyncio.Task[None]) -> None:
        self._no_more_boarding(self._airborne.pop(task))

    def _no_more_boarding(self, flight: Flight) -> None:
        for key in flight.keys:
            if self._joinable.get((flight.space, key)) is flight:
                del self._joinable[flight.space, key]
