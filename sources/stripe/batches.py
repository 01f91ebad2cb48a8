"""Many keys, one call each: Stripe takes neither several ids nor several customers at once."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from sources.faults import SourceFault

K = TypeVar("K")
V = TypeVar("V")


async def each(keys: Iterable[K], ask: Callable[[K], Awaitable[V]]) -> dict[K, V | SourceFault]:
    """What is known of each key, asked at the same time (the wire bounds how many are under way).

    What fails for one key is a fault at that key; where all fail alike, the fault is raised.
    """
    distinct = list(dict.fromkeys(keys))
    if len(distinct) == 1:  # nothing runs beside it, so it needs no task of its own
        return {distinct[0]: await ask(distinct[0])}
    answers = dict(zip(distinct, await asyncio.gather(*[or_fault(ask(key)) for key in distinct]), strict=True))
    faults = [answer for answer in answers.values() if isinstance(answer, SourceFault)]
    if faults and len(faults) == len(distinct) and len({type(fault) for fault in faults}) == 1:
        raise faults[0]
    return answers


async def or_fault(asked: Awaitable[V]) -> V | SourceFault:
    """An answer, or the fault instead of it: what is asked at the same time is waited for to its end."""
    try:
        return await asked
    except SourceFault as fault:
        return fault
