"""Notices that a client has gone while its request is being served, and ends the work."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from starlette.types import Receive

T = TypeVar("T")


UNWATCHED_SECONDS = 0.05  # most operations are done by then, and need nobody who watches


class ClientGone(Exception):
    """Nobody waits for the answer any more."""


async def while_present(receive: Receive, work: Callable[[], Awaitable[T]]) -> T:
    """What the work gives. Raises ClientGone, the work cancelled, where the client leaves before it is done.

    For use when the body of the request has been read: whatever `receive` gives then is that the client has left.
    """
    watch = _Watch(receive)
    try:
        return await work()
    except asyncio.CancelledError:
        if not watch.has_cancelled():
            raise
        raise ClientGone from None
    finally:
        watch.end()


class _Watch:
    """Cancels the task that made it, if it takes longer than UNWATCHED_SECONDS, when its client leaves."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._here = asyncio.current_task()
        self._gone = False
        self._task: asyncio.Task[None] | None = None
        self._timer = asyncio.get_running_loop().call_later(UNWATCHED_SECONDS, self._begin)

    def has_cancelled(self) -> bool:
        """Whether nobody else has cancelled the task."""
        return self._gone and self._here is not None and self._here.uncancel() == 0

    def end(self) -> None:
        self._timer.cancel()
        if self._task is not None:
            self._task.cancel()
            self._task = None  # it ends with an exception, whose frames lead back here

    def _begin(self) -> None:
        self._task = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._gone = True
        if self._here is not None:
            self._here.cancel()
