"""The fields of an operation that are waited for, and what those who wait and those who ask know of one another."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

import msgspec

from resolvers.context import Context
from resolvers.plans.shapes import Field

Place: TypeAlias = "tuple[Any, str | int, str | None] | None"
"""A path: the one above, the key, the type; None at the root."""
Waiting: TypeAlias = tuple[dict[str, Any], Any, Any]
"""The part of the answer where a field is missing, the record that it is a field of, and that record's path."""
Write: TypeAlias = Callable[[Any, Any, Place], dict[str, Any]]
"""Writes a selection: (the run, the record, its path)."""
Defer: TypeAlias = Callable[[int, Any, Place], None]
"""Is told where something is deferred: (the selection's number, the record, its path)."""


class Asking(Protocol):
    """A request, as edges see it that are asked for many records."""

    context: Context
    arguments: Mapping[int, dict[str, Any]]

    async def each(self, site: "Site", entries: Sequence[Waiting]) -> Sequence[Any]:
        """What the field's own resolver gives for each of the records; its errors are results."""


class Batch(Protocol):
    """How an edge is asked for many records."""

    def begin(self, run: Asking, site: "Site", entries: Sequence[Waiting]) -> Any:
        """Put the keys into the loaders' line; what `finish` needs."""

    async def finish(self, run: Asking, site: "Site", entries: Sequence[Waiting], begun: Any) -> Sequence[Any]:
        """A value or an error for each of the records."""


class Site(msgspec.Struct, eq=False):
    """A field that is waited for."""

    field: Field
    complete: Callable[[Any, Any, Any], Any]
    """(the run, what came, the field's path) -> its part of the answer."""
    batch: Batch | None
    leads_on: bool
    """Whether something below it is waited for, too."""
    cursors: bool
    """Whether cursors of a page are asked for."""
