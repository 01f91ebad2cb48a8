"""Sends what is asked in the same moment as one POST /composite: one call of the quota, however many parts.

Source: REST API Developer Guide, Send Multiple Requests Using Composite: up to 25 subrequests, 5 of them queries,
query pages included. The answer is 200 whatever the parts gave; each part has its own status.
"""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec

from sources.faults import Malformed
from sources.salesforce.flight import Flight

SUBREQUESTS = 25
QUERIES = 5
GATHER_TURNS = 4
"""Turns of the event loop for which a call is held: edges that are asked at the same time pass a loader and a cache
on their way here, each of which takes a turn; an idle turn costs microseconds."""


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to one subrequest."""

    referenceId: str
    httpStatusCode: int
    body: msgspec.Raw


class _Answer(msgspec.Struct, frozen=True):
    compositeResponse: list[Part]


class _Batch:
    def __init__(self) -> None:
        self.urls: list[str] = []
        self.queries = 0
        self.flight: Flight[dict[str, Part]]


_answer = msgspec.json.Decoder(_Answer)


class Composite:
    """Gathers GET requests; `post` sends a body to the composite resource and gives the body that came back."""

    def __init__(self, post: Callable[[bytes], Awaitable[bytes]]) -> None:
        self._post = post
        self._gathering: _Batch | None = None

    async def get(self, url: str, *, query: bool = True) -> Part:
        """The part that answers `url`, host-relative and percent-encoded. Raises what the whole call raised."""
        batch = self._batch(query)
        reference = f"r{len(batch.urls)}"
        batch.urls.append(url)
        batch.queries += query
        part = (await batch.flight.join()).get(reference)
        if part is None:
            raise Malformed("the composite answer lacks a part")
        return part

    def _batch(self, query: bool) -> _Batch:
        batch = self._gathering
        if batch is None or not self._has_room(batch, query):
            batch = self._gathering = _Batch()
            batch.flight = Flight(lambda: self._run(batch))
        return batch

    def _has_room(self, batch: _Batch, query: bool) -> bool:
        return batch.flight.joinable and len(batch.urls) < SUBREQUESTS and batch.queries + query <= QUERIES

    async def _run(self, batch: _Batch) -> dict[str, Part]:
        for _ in range(GATHER_TURNS):
            await asyncio.sleep(0)
        if self._gathering is batch:
            self._gathering = None
        parts = [{"method": "GET", "url": url, "referenceId": f"r{n}"} for n, url in enumerate(batch.urls)]
        body = await self._post(msgspec.json.encode({"allOrNone": False, "compositeRequest": parts}))
        try:
            answer = _answer.decode(body)
        except msgspec.MsgspecError:
            raise Malformed("the composite answer did not fit its shape") from None
        return {part.referenceId: part for part in answer.compositeResponse}
