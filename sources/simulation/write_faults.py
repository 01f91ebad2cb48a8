"""Ways in which a vendor leaves open whether a write was done, for every simulator alike.

before       nothing is done, and no answer comes
after        it is done, and no answer comes
late         it is done `late_seconds` later, though the client be gone by then; one that still waits gets the answer
cut_after    it is done, and the connection breaks within the answer
error_after  it is done, and the answer is `status` (502 where none is set) with `body`

The sixth way, an error without an effect, is the switch `status` alone.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Literal

WriteFault = Literal["before", "after", "late", "cut_after", "error_after"]
WRITES = frozenset(["POST", "PUT", "PATCH", "DELETE"])
ANSWER_AFTER = 502  # what a proxy says whose server was too slow for it

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Message]]
Apply = Callable[[Send], Awaitable[None]]


class LateWrites:
    """Writes that are applied though nobody waits for them any more."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[list[Message]]] = set()

    async def settled(self) -> None:
        """Wait until all of them are applied. Raises what an app raised."""
        while self._tasks:
            await asyncio.gather(*self._tasks)

    def drop(self) -> None:
        """Those that are not applied yet never are."""
        for task in self._tasks:
            task.cancel()

    async def serve(self, apply: Apply, seconds: float, receive: Receive, send: Send) -> None:
        """Apply it after so many seconds; answer where the client still waits."""
        task = asyncio.create_task(_kept_after(apply, seconds))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        gone = asyncio.create_task(client_gone(receive))
        try:
            await asyncio.wait((task, gone), return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
        if task.done() and not task.cancelled():
            for message in task.result():
                await send(message)


async def client_gone(receive: Receive) -> None:
    """Wait until the client has hung up. The request's body must have been read."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def kept(apply: Apply) -> list[Message]:
    """Apply it; gives the answer, which is sent to nobody."""
    messages: list[Message] = []

    async def keep(message: Message) -> None:
        messages.append(message)

    await apply(keep)
    return messages


async def _kept_after(apply: Apply, seconds: float) -> list[Message]:
    await asyncio.sleep(seconds)
    return await kept(apply)
