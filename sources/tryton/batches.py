"""Many keys in few calls: what one call answers, what fails for one call and not for the others."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TypeVar

from sources.faults import SourceFault

K = TypeVar("K")
V = TypeVar("V")


async def in_batches(
    keys: Sequence[K], size: int, ask: Callable[[list[K]], Awaitable[dict[K, V | SourceFault]]]
) -> dict[K, V | SourceFault]:
    """The answers of ceil(N / size) calls for N distinct keys, side by side.

    A call that fails spoils its own keys; the fault is raised where every call failed.
    """
    distinct = list(dict.fromkeys(keys))
    if 0 < len(distinct) <= size:  # nothing runs beside it, so it needs no task of its own
        return await ask(distinct)
    chunks = [distinct[start : start + size] for start in range(0, len(distinct), size)]
    answers = await asyncio.gather(*[_or_fault(ask(chunk)) for chunk in chunks])
    faults = [answer for answer in answers if isinstance(answer, SourceFault)]
    if chunks and len(faults) == len(chunks):
        raise faults[0]
    answer: dict[K, V | SourceFault] = {}
    for chunk, part in zip(chunks, answers, strict=True):
        answer.update(dict.fromkeys(chunk, part) if isinstance(part, SourceFault) else part)
    return answer


async def _or_fault(asked: Awaitable[dict[K, V | SourceFault]]) -> dict[K, V | SourceFault] | SourceFault:
    try:
        return await asked
    except SourceFault as fault:
        return fault


def ids_of(texts: Iterable[str], parse: Callable[[str], int | None]) -> dict[int, str]:
    """The texts that can be ids, by id."""
    return {number: text for text in texts if (number := parse(text)) is not None}
