"""Notices that a client has gone while its request is being served, and ends the work."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from starlette.types import Receive

T = TypeVar("T")


class ClientGone(Exception):
    """Nobody waits for the answer any more."""


async def while_present(receive: Receive, work: Callable[[], Awaitable[T]]) -> T:
    """What the work gives. Raises ClientGone, the work cancelled, where the client leaves before it is done.

    For use when the body of the request has been read: whatever `receive` gives then is that the client has left.
    """
    here = asyncio.current_task()
    gone = False

    async def watch() -> None:
        nonlocal gone
        while (await receive())["type"] != "http.disconnect":
            pass
        gone = True
        if here is not None:
            here.cancel()

    watching: asyncio.Task[Any] = asyncio.create_task(watch())
    try:
        return await work()
    except asyncio.CancelledError:
        if not gone or here is None or here.uncancel() > 0:
            raise
        raise ClientGone from None
    finally:
        watching.cancel()
