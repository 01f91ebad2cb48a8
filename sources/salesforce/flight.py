"""Work that several callers wait for together: one token, one call for what was asked in the same moment."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from sources.faults import Timeout
from sources.wire.deadline import Deadline, in_force, within

T = TypeVar("T")


class Flight(Generic[T]):
    """One piece of work, under the longest of its callers' deadlines; it ends when the last of them goes."""

    def __init__(self, work: Callable[[], Awaitable[T]]) -> None:
        self._deadline = Deadline(0)
        self._waiting = 0
        self._abandoned = False
        self._task = asyncio.create_task(self._run(work))

    async def _run(self, work: Callable[[], Awaitable[T]]) -> T:
        with within(self._deadline):
            return await work()

    @property
    def joinable(self) -> bool:
        """False once it is over, or was given up by all who waited: start another one."""
        return not self._abandoned and not self._task.done()

    async def join(self) -> T:
        """What the work gives; raises its fault, or Timeout when the caller's own deadline passes before."""
        own = in_force()
        self._deadline.extend_to(own)
        self._waiting += 1
        try:
            async with own.bound():
                return await asyncio.shield(self._task)
        except TimeoutError:
            raise Timeout("no answer within the deadline") from None
        finally:
            self._waiting -= 1
            if not self._waiting and not self._task.done():
                self._abandoned = True
                self._task.cancel()
