"""How many fields one process writes at the same time: large operations wait for one another, small ones hardly ever.

Begun all at once, sixty-four large operations would share one processor until none of them is done by its deadline.
An operation counts with the fields that its answer may have, so those that only wait for a slow source do not fill
the process unless they are large.
"""

import asyncio
from collections import OrderedDict

from gateway.edge.refusals import Refusal
from resolvers.errors import ErrorCode


class Place:
    """Room for an operation while it runs."""

    def __init__(self, pace: "Pace", fields: int) -> None:
        self.fields = fields
        self._pace = pace

    def leave(self) -> None:
        """Make room for others; once or more often."""
        if self.fields:
            self._pace.leave(self)
            self.fields = 0


class Pace:
    """The line in which operations wait for room; first come, first served."""

    def __init__(self, fields: int, longest_seconds: float) -> None:
        self._all = self._free = fields
        self._longest_seconds = longest_seconds
        self._line: OrderedDict[Place, asyncio.Future[None]] = OrderedDict()

    async def place(self, fields: int) -> Place:
        """Room for an operation of so many fields; leave it at the end. Raises Refusal: 503 where it takes too long."""
        place = Place(self, min(max(fields, 1), self._all))
        if not self._line and place.fields <= self._free:
            self._free -= place.fields
        else:
            await self._wait_in_line(place)
        return place

    async def _wait_in_line(self, place: Place) -> None:
        given = self._line[place] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(self._longest_seconds):
                await given
        except TimeoutError:
            place.leave()
            message = f"the gateway is busy: the operation could not begin for {self._longest_seconds:g} seconds"
            headers = {"retry-after": "5"}
            raise Refusal(503, ErrorCode.OVERLOADED, message, headers=headers, retryable=True) from None
        except asyncio.CancelledError:
            place.leave()
            raise

    def leave(self, place: Place) -> None:
        """Give back what a place has, or give it up in the line."""
        if self._line.pop(place, None) is None:
            self._free += place.fields
        self._move_up()

    def _move_up(self) -> None:
        while self._line:
            place, given = next(iter(self._line.items()))
            if given.cancelled() or place.fields > self._free:  # who is cancelled leaves the line in a moment
                return
            del self._line[place]
            self._free -= place.fields
            given.set_result(None)
