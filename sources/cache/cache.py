"""Batches through the cache. See the package for the rules."""

import logging
import time
from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar

import msgspec
from redis.asyncio import Redis

from sources.cache.codec import Codec
from sources.cache.flights import Flight, Flights
from sources.cache.listener import Listener
from sources.cache.memory import Entry, Memory
from sources.cache.purges import Purges
from sources.cache.shared import Kept, SharedLevel, name_of, tag_of
from sources.faults import Malformed, SourceFault, Timeout, Unavailable
from sources.wire.deadline import Deadline, in_force, within

NEGATIVE_SECONDS = 5.0  # "the source does not know it" is soon untrue after something was created there
LONGEST_KEPT_SECONDS = 24 * 3600.0  # in Redis, whatever stale_seconds says: its memory is not an archive

log = logging.getLogger(__name__)
K = TypeVar("K", bound=Hashable)


class CacheCounts(msgspec.Struct):
    """How keys were answered since the start."""

    memory_hits: int = 0
    shared_hits: int = 0
    joined: int = 0
    """Waited for a fetch of another request."""
    fetched: int = 0
    stale: int = 0
    """Served from what was last known because the source failed."""
    dropped_fills: int = 0
    """Fetched, and purged meanwhile."""


class Question(msgspec.Struct, Generic[K], frozen=True, kw_only=True, eq=False):
    """What is asked of a source, for any keys."""

    space: str
    """Names the source, what is asked and the version of the mapping."""
    ttl: float
    """Seconds for which an answer is fresh."""
    stale: float
    """For how much longer it may stand in where the source fails."""
    codec: Codec
    tags: Callable[[K, Any], Iterable[str]]
    """Under which a value is purged."""
    fetch: Callable[[Sequence[K]], Awaitable[Mapping[K, Any]]]
    """Asks the source for all keys that are missing, once."""


class Cache:
    """Two levels: memory of `l1_entries` records (a list weighs as many as it holds), and Redis where one is given.

    The Redis client must give bytes (no decode_responses) and stays its owner's to close. Belongs to one event loop.
    """

    def __init__(self, *, l1_entries: int, redis: Redis | None = None, clock: Callable[[], float] = time.time) -> None:
        self._memory = Memory(l1_entries)
        self._flights = Flights()
        self._purges = Purges()
        self._clock = clock
        self._epoch = 0
        self._hashed = redis is not None  # tags are: hashes are for what leaves the process
        self._shared: SharedLevel | None = None
        self._listener: Listener | None = None
        if redis is not None:
            self._shared = SharedLevel(redis, on_purge=self._purge_here, on_gap=self._doubt_everything)
            self._listener = Listener(redis, self._shared)
        self._trusted: Callable[[], bool] | None = None
        self._closed = False
        self.counts = CacheCounts()

    async def batch(self, question: Question[K], keys: Sequence[K]) -> dict[K, Any]:
        """Every key with its value, None where the source does not know it, or a SourceFault.

        Raises what `fetch` raises, unless it is a SourceFault.
        """
        space, ttl = question.space, question.ttl
        now = self._clock()
        answer: dict[K, Any] = {}
        missing: list[K] = []
        for key in dict.fromkeys(keys):
            entry = self._memory.get((space, key))
            if entry is not None and self._is_fresh(entry, ttl, now):
                answer[key] = entry.value
            else:
                missing.append(key)
        self.counts.memory_hits += len(answer)
        if missing:
            answer.update(await self._flown_in(question, missing))
        return answer

    async def purge(self, tags: Iterable[str]) -> None:
        """Forget everything with one of these tags, here and in every process that shares the Redis."""
        named = self._named(tags)
        if not named:
            return
        try:
            if self._shared is not None:
                await self._shared.purge(named)
        finally:
            self._purge_here(named)

    def purge_here(self, tags: Iterable[str]) -> None:
        """Forget in this process alone: another one that purged for everybody has said so by a way of its own."""
        self._purge_here(self._named(tags))

    def trust_while(self, hearing: Callable[[], bool]) -> None:
        """Take nothing in memory for fresh while this says that purges of other processes may go unheard."""
        self._trusted = hearing

    def doubt(self) -> None:
        """Purges may have been missed: nothing that was known before is fresh any more."""
        self._doubt_everything()

    def peek(self, space: str, key: Hashable) -> Entry | None:
        """What this process last knew, however old; no call."""
        return self._memory.peek((space, key))

    def last_filled(self, tag: str) -> float | None:
        """When this process last learned something under this tag: seconds since 1970."""
        return self._memory.last_filled(*self._named([tag]))

    async def close(self) -> None:
        """End what is under way. Waiters get Unavailable."""
        self._closed = True
        await self._flights.close()
        if self._listener is not None:
            await self._listener.close()

    def _is_fresh(self, entry: Entry, ttl: float, now: float) -> bool:
        if self._listener is not None and not self._listener.hearing:
            return False
        if self._trusted is not None and not self._trusted():
            return False
        lifetime = min(ttl, NEGATIVE_SECONDS) if entry.negative else ttl
        return entry.epoch == self._epoch and now - entry.filled_at < lifetime

    async def _flown_in(self, question: Question[K], missing: Sequence[K]) -> dict[K, Any]:
        if self._closed:
            return dict.fromkeys(missing, Unavailable("the gateway is stopping"))
        deadline = in_force()
        sought: dict[Flight, list[K]] = {}
        alone: list[K] = []
        for key in missing:
            flight = self._flights.find(question.space, key)
            if flight is None:
                alone.append(key)
            else:
                sought.setdefault(flight, []).append(key)
        self.counts.joined += len(missing) - len(alone)
        if alone:
            sought[self._depart(question, alone, deadline)] = alone
        await self._flights.wait(sought, deadline)
        return {key: self._brought(question, flight, key) for flight, keys in sought.items() for key in keys}

    def _depart(self, question: Question[K], keys: list[K], deadline: Deadline) -> Flight:
        if self._listener is not None:
            self._listener.start()
        flight = Flight(question.space, keys, deadline, began=self._purges.latest, epoch=self._epoch)
        self._flights.depart(flight, self._fly(question, keys, flight))
        return flight

    def _brought(self, question: Question[K], flight: Flight, key: K) -> Any:
        if not flight.landed:
            return self._instead(question, key, Timeout("no answer by the deadline"))
        if flight.error is not None:
            raise flight.error
        return flight.results.get(key, Unavailable("the gateway is stopping"))

    async def _fly(self, question: Question[K], keys: Sequence[K], flight: Flight) -> None:
        try:
            with within(flight.deadline):  # which the wire keeps; see Flights for who does not
                flight.results = await self._filled(question, keys, flight)
        except Exception as error:  # a fault of ours, not of the source: every waiter raises it
            flight.error = error
            if not flight.waiters:
                log.exception("a fetch failed that nobody waits for any more")
        finally:
            self._purges.forget_until(self._flights.oldest_began(self._purges.latest))

    async def _filled(self, question: Question[K], keys: Sequence[K], flight: Flight) -> dict[K, Any]:
        results: dict[K, Any] = {}
        stamp: int | None = None
        if self._shared is not None:
            found = await self._shared.read([name_of(question.space, key) for key in keys])
            if found is not None:
                stamp, kept = found
                results = self._opened(question, dict(zip(keys, kept, strict=True)), flight)
        rest = [key for key in keys if key not in results]
        if rest:
            results.update(await self._fetched(question, rest, flight, stamp))
        return results

    def _opened(self, question: Question[K], kept: Mapping[K, Kept | None], flight: Flight) -> dict[K, Any]:
        """What of the shared level is fresh. What is not goes to memory all the same, to stand in for a fault."""
        now = self._clock()
        fresh = {}
        for key, found in kept.items():
            if found is None:
                continue
            try:
                value = question.codec.decode(found.data)
            except msgspec.MsgspecError:  # written by a process of another version
                continue
            entry = self._entry(question, key, value, found.filled_at, flight)
            known = self._memory.peek((question.space, key))
            if known is None or known.filled_at <= entry.filled_at:
                self._keep(question, key, entry, flight)
            lifetime = min(question.ttl, NEGATIVE_SECONDS) if entry.negative else question.ttl
            if now - entry.filled_at < lifetime:
                fresh[key] = value
        self.counts.shared_hits += len(fresh)
        return fresh

    async def _fetched(
        self, question: Question[K], keys: Sequence[K], flight: Flight, stamp: int | None
    ) -> dict[K, Any]:
        self.counts.fetched += len(keys)
        try:
            answer = await question.fetch(keys)
        except SourceFault as fault:
            answer = dict.fromkeys(keys, fault)
        filled_at = self._clock()
        results: dict[K, Any] = {}
        filled: dict[K, Entry] = {}
        for key in keys:
            value = answer.get(key, _NO_ANSWER)
            if isinstance(value, SourceFault):
                results[key] = self._instead(question, key, value)
            else:
                results[key] = value
                entry = self._entry(question, key, value, filled_at, flight)
                if self._keep(question, key, entry, flight):
                    filled[key] = entry
        if self._shared is not None and stamp is not None and filled:
            await self._shared.write(stamp, [self._packed(question, key, entry) for key, entry in filled.items()])
        return results

    def _named(self, tags: Iterable[str]) -> tuple[str, ...]:
        """Each tag once, as this cache knows it."""
        return tuple(dict.fromkeys(map(tag_of, tags) if self._hashed else tags))

    def _entry(self, question: Question[K], key: K, value: Any, filled_at: float, flight: Flight) -> Entry:
        tags = self._named(question.tags(key, value))
        return Entry(value, filled_at, tags, flight.epoch)

    def _keep(self, question: Question[K], key: K, entry: Entry, flight: Flight) -> bool:
        if self._purges.any_since(flight.began, entry.tags):
            self.counts.dropped_fills += 1
            return False
        self._memory.put((question.space, key), entry)
        return True

    def _packed(self, question: Question[K], key: K, entry: Entry) -> tuple[str, float, float, Sequence[str], bytes]:
        lifetime = min(question.ttl, NEGATIVE_SECONDS) if entry.negative else question.ttl + question.stale
        name = name_of(question.space, key)
        data = question.codec.encode(entry.value)
        return name, min(lifetime, LONGEST_KEPT_SECONDS), entry.filled_at, entry.tags, data

    def _instead(self, question: Question[K], key: K, fault: SourceFault) -> Any:
        """What was last known, where the source may not be asked or does not make sense; else the fault.

        Refused and NotOffered are not papered over: our access or our question is wrong, and old data would hide it.
        """
        if not (fault.retryable or isinstance(fault, Malformed)):
            return fault
        entry = self._memory.peek((question.space, key))
        if entry is None or entry.negative or self._clock() - entry.filled_at >= question.ttl + question.stale:
            return fault
        self.counts.stale += 1
        return entry.value

    def _purge_here(self, tags: Sequence[str]) -> None:
        self._purges.note(tags)
        self._flights.close_boarding()
        self._memory.drop_tagged(tags)
        self._purges.forget_until(self._flights.oldest_began(self._purges.latest))

    def _doubt_everything(self) -> None:
        """Purges may have been missed: nothing that was known before is fresh, nor what is being fetched now."""
        self._epoch += 1
        self._flights.close_boarding()


_NO_ANSWER = Malformed("the source's answer left a key out")
