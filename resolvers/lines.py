"""A DataLoader whose batch is one task: aiodataloader's own dispatch takes two more, which costs more than its keys."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from aiodataloader import DataLoader, Loader

Ask = Callable[[Sequence[Any]], Awaitable[Sequence[Any]]]
TURNS = 1  # of the loop between the first key and the taking of all, besides the one in which they are taken


class Line(DataLoader[Any, Any]):
    """The keys that stand in line for one question, and what became of those that were asked before.

    `ask` gives a value or an exception for each key, in order. Its tasks are in `under_way` until they end.
    """

    def __init__(self, ask: Ask, under_way: set[asyncio.Task[Any]]) -> None:
        # without the constructor of DataLoader, which looks into `ask` anew for each request
        self.loop = asyncio.get_running_loop()
        self.get_cache_key = _itself
        self._cache = {}
        self._queue = []
        self._ask = ask
        self._under_way = under_way

    def load(self, key: Any) -> "asyncio.Future[Any]":
        """As of DataLoader, without its options."""
        future = self._cache.get(key)
        if future is None:
            future = self._cache[key] = self.loop.create_future()
            self.do_resolve_reject(key, future)
        return future

    def do_resolve_reject(self, key: Any, future: "asyncio.Future[Any]") -> None:
        """Stand in line; the first calls the batch."""
        self._queue.append(Loader(key, future))
        if len(self._queue) == 1:
            self.loop.call_soon(self._wait, TURNS)

    def _wait(self, turns: int) -> None:
        if turns:
            self.loop.call_soon(self._wait, turns - 1)
            return
        queue, self._queue = self._queue, []
        task = self.loop.create_task(self._settle(queue))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _settle(self, queue: list[Loader]) -> None:
        try:
            values = await self._ask([key for key, _ in queue])
        except Exception as error:  # a fault of ours: each who waits raises it, and the next who asks begins anew
            for key, future in queue:
                self.clear(key)
                if not future.done():
                    future.set_exception(error)
            return
        for (_, future), value in zip(queue, values, strict=True):
            if future.done():
                continue
            if isinstance(value, Exception):
                future.set_exception(value)
                future.exception()  # seen: where nobody waits any more, it is no news for the log of the loop
            else:
                future.set_result(value)


def _itself(key: Any) -> Any:
    return key
