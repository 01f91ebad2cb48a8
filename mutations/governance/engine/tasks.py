"""Work beside the requests: detached from who asked for it, and patient where a database is gone."""

import asyncio
import contextvars
import logging
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

T = TypeVar("T")

log = logging.getLogger(__name__)


def detached(work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    """A task that knows nothing of the request or the workflow that it was made in."""
    return asyncio.get_running_loop().create_task(work, context=contextvars.Context())


async def ended(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel tasks and wait for their end."""
    tasks = list(tasks)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


class Patience:
    """What fails is tried again later by whoever looks then; the log tells it once until something works again."""

    def __init__(self) -> None:
        self._works = True

    async def trying(self, work: Coroutine[Any, Any, T]) -> T | None:
        """What `work` gives; None where it failed."""
        try:
            gave = await work
        except Exception as error:
            if self._works:
                log.warning("failed, and is tried again: %s", type(error).__name__)
            self._works = False
            return None
        self._works = True
        return gave
