"""What asking a source costs, in calls to it: declared by each vendor beside its adapter, read by the estimate.

A declaration is an upper bound for accounts as they are met: it counts pages, and what a batch is cut into, and leaves
out what is tried again (the wire bounds that: see wire/retry.py).
"""

from collections.abc import Callable, Iterable

import msgspec

from sources.capabilities import MAX_UPSTREAM_PAGES


class Batch(msgspec.Struct, frozen=True):
    """One question: a method of capabilities.py, for how many distinct keys."""

    method: str
    keys: int
    filtered: bool = False
    """The list is narrowed by a filter."""
    further: bool = False
    """The list is read on from a position."""


class CallBudget(msgspec.Struct, frozen=True):
    """What a vendor's questions cost."""

    calls: Callable[[Batch], int]
    """The most calls that a batch makes."""
    upkeep: int
    """Besides, once for an operation: a token, descriptions that are kept, objects with parts of their own."""


def parts(keys: int, size: int) -> int:
    """How many calls take `keys` keys where one takes `size`."""
    return -(-keys // size)


def undeclared(batch: Batch) -> int:
    """For a connector that declares nothing: a call for each key, and pages where a filter may need them."""
    return batch.keys * (MAX_UPSTREAM_PAGES if batch.filtered else 1)


UNDECLARED = CallBudget(calls=undeclared, upkeep=3)


def sum_of(budget: CallBudget, asked: Iterable[tuple[Batch, int]]) -> int:
    """What questions cost together, each asked so many times; nothing where nothing is asked."""
    calls = sum(budget.calls(batch) * times for batch, times in asked if batch.keys and times)
    return budget.upkeep + calls if calls else 0
