"""Many keys in few calls, so that what fails for one batch leaves the others alone."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

from sources.faults import SourceFault

K = TypeVar("K")
R = TypeVar("R")

ID_DIGITS = 18  # what fits a 64-bit integer; a longer number was never a Zendesk id


def is_id(text: str) -> bool:
    """True for what can be a Zendesk id; what cannot is not asked for."""
    return text.isascii() and text.isdigit() and len(text) <= ID_DIGITS and not text.startswith("0")


async def in_batches(
    keys: Iterable[K],
    size: int,
    fetch: Callable[[Sequence[K]], Awaitable[Mapping[K, R | SourceFault]]],
    kind: Callable[[K], Hashable] | None = None,
) -> dict[K, R | SourceFault]:
    """Fetch all keys, each once, in batches of one kind, all batches at once.

    A batch that fails gives its fault at its keys; where every batch fails, the first fault is raised.
    """
    parts = _batches(keys, size, kind)
    if len(parts) == 1:  # nothing runs beside it, so it needs no task of its own
        return dict(await fetch(parts[0]))
    outcomes = await asyncio.gather(*[_settled(fetch(part)) for part in parts])
    faults = [outcome for outcome in outcomes if isinstance(outcome, SourceFault)]
    if faults and len(faults) == len(outcomes):
        raise faults[0]
    answer: dict[K, R | SourceFault] = {}
    for part, outcome in zip(parts, outcomes, strict=True):
        answer.update(dict.fromkeys(part, outcome) if isinstance(outcome, SourceFault) else outcome)
    return answer


def _batches(keys: Iterable[K], size: int, kind: Callable[[K], Hashable] | None) -> list[list[K]]:
    distinct = list(dict.fromkeys(keys))
    kinds: dict[Hashable, list[K]] = {None: distinct} if kind is None else {}
    if kind is not None:
        for key in distinct:
            kinds.setdefault(kind(key), []).append(key)
    return [same[start : start + size] for same in kinds.values() for start in range(0, len(same), size)]


async def _settled(work: Awaitable[R]) -> R | SourceFault:
    try:
        return await work
    except SourceFault as fault:
        return fault
