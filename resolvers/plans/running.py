"""One request on its way through a plan: what is waited for, what failed, and in which order edges are asked."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from graphql import GraphQLError, located_error
from graphql.pyutils import Path

from resolvers import masks
from resolvers.context import Context
from resolvers.plans.outcomes import Bail
from resolvers.plans.shapes import Field
from resolvers.plans.sites import Batch, Defer, Place, Site, Waiting, Write

BEHIND = 3  # turns of the loop: what resolvers of the same level ask for is in the loaders' line by then


class PlanInfo:
    """What a resolver may ask of its place: the context and the path."""

    __slots__ = ("_place", "context")

    def __init__(self, context: Context, place: Place) -> None:
        self.context = context
        self._place = place

    @property
    def path(self) -> Path | None:
        return path_of(self._place)


def path_of(place: Place) -> Path | None:
    """The path as graphql-core has it."""
    if place is None:
        return None
    above, key, type_name = place
    return Path(path_of(above), key, type_name)


def keys_of(place: Place) -> list[str | int]:
    """The keys of a path, from the root."""
    keys: list[str | int] = []
    while place is not None:
        place, key, _ = place
        keys.append(key)
    return keys[::-1]


class Run:
    """The state of one request, or of a part of it that is deferred."""

    __slots__ = ("arguments", "context", "defer", "errors", "fields", "roots", "shown", "sites", "waiting")

    def __init__(
        self,
        fields: Sequence[Field],
        sites: Mapping[int, Site],
        context: Context,
        arguments: Mapping[int, dict[str, Any]],
        roots: dict[str, Any],
        defer: Defer | None = None,
    ) -> None:
        self.defer = defer
        self.fields = fields
        self.sites = sites
        self.context = context
        self.arguments = arguments
        self.shown = context.shown
        self.errors: list[GraphQLError] = []
        self.roots = roots
        """What the fields of the root gave, by their names in the answer: they are not asked twice."""
        self.waiting: dict[int, list[Waiting]] = {number: [] for number in sites}

    async def answer(self, write: Write, source: Any = None, place: Place = None) -> dict[str, Any]:
        """What the function writes. Raises Bail, and what a resolver raises that is no error of the graph."""
        data = write(self, source, place)
        await self._on()
        return data

    async def _on(self) -> None:
        """Wait for what the records that were written last are waiting for, and for what these bring."""
        waiting = self.waiting
        steps, batches = [], []
        for number, site in self.sites.items():
            if entries := waiting[number]:
                waiting[number] = []
                if site.batch is None:
                    steps.append(self._step(site, entries))
                else:
                    batches.append((site, site.batch, entries))
        if batches:
            steps.append(self._batches(batches, behind=bool(steps)))
        if len(steps) == 1:
            await steps[0]
        elif steps:
            await _all(steps)

    async def _step(self, site: Site, entries: list[Waiting]) -> None:
        await self._written(site, entries, await self.each(site, entries))

    async def _batches(self, batches: Sequence[tuple[Site, Batch, list[Waiting]]], *, behind: bool) -> None:
        """Edges that are asked at once. Those below which nothing is waited for need no task of their own."""
        if behind:
            for _ in range(BEHIND):
                await asyncio.sleep(0)
        begun = [(site, batch, entries, self._begun(site, batch, entries)) for site, batch, entries in batches]
        await _all([self._batch(*each) for each in begun if each[0].leads_on])
        for each in begun:
            if not each[0].leads_on:
                await self._batch(*each)

    def _begun(self, site: Site, batch: Batch, entries: list[Waiting]) -> Any:
        try:
            return batch.begin(self, site, entries)
        except GraphQLError as error:  # the arguments cannot be right for any of them
            return error

    async def _batch(self, site: Site, batch: Batch, entries: list[Waiting], begun: Any) -> None:
        if isinstance(begun, GraphQLError):
            results: Sequence[Any] = [begun] * len(entries)
        else:
            results = await batch.finish(self, site, entries, begun)
        await self._written(site, entries, results)

    async def _written(self, site: Site, entries: Sequence[Waiting], results: Sequence[Any]) -> None:
        """Put what was waited for where it is missing, and go on."""
        number, key, parent, complete = site.field.number, site.field.key, site.field.parent, site.complete
        for (data, _, place), result in zip(entries, results, strict=True):
            if place is None:
                self.roots[key] = result
            if isinstance(result, Exception):
                self.failed(number, result, place)
            else:
                data[key] = complete(self, result, (place, key, parent))
        if site.leads_on:
            await self._on()

    async def each(self, site: Site, entries: Sequence[Waiting]) -> Sequence[Any]:
        """What the field's own resolver gives for each of the records; its errors are results."""
        if len(entries) == 1:
            _, source, place = entries[0]
            try:
                return (await self._resolved(site, source, place),)
            except GraphQLError as error:
                return (error,)
        calls = [self._resolved(site, source, place) for _, source, place in entries]
        return await asyncio.gather(*calls, return_exceptions=True)

    async def _resolved(self, site: Site, source: Any, place: Place) -> Any:
        how, number = site.field.how, site.field.number
        named = self.arguments.get(number, {})
        if how.info:
            named = {**named, how.info: self.info(number, place)}
        result = await (how.call(source, **named) if how.takes_source else how.call(**named))
        return self.judged(result) if how.judged else result

    def info(self, number: int, place: Place) -> PlanInfo:
        """What a field's resolver is given for a record at a place."""
        field = self.fields[number]
        return PlanInfo(self.context, (place, field.key, field.parent))

    def judged(self, found: Any) -> Any:
        """The record, unless it is of a type that the viewer may not see. Raises the refusal."""
        return masks._judged(found, self)  # type: ignore[arg-type]

    def failed(self, number: int, error: Exception, place: Place) -> None:
        """A field is null, and why. Raises Bail where it may not be, or where it is no error of the graph."""
        field = self.fields[number]
        if not isinstance(error, GraphQLError):
            raise Bail("failure") from error
        if not field.value.nullable:
            raise Bail("null")
        self.errors.append(located_error(error, field.nodes, [*keys_of(place), field.key]))

    def missing(self, number: int, error: Exception, place: Place, index: int) -> None:
        """An item of a list is null, and why."""
        if not isinstance(error, GraphQLError):
            raise Bail("failure") from error
        self.errors.append(located_error(error, self.fields[number].nodes, [*keys_of(place), index]))

    def withhold(self, number: int, place: Place) -> None:
        """A field that the viewer may not see is null."""
        field = self.fields[number]
        self.failed(number, self.context.mask.refusal(field.coordinate), place)

    def bail(self) -> Any:
        """A value is not what its field promises."""
        raise Bail("value")


async def _all(steps: Sequence[Any]) -> None:
    """Do all at once; the first that fails ends the others."""
    if not steps:
        return
    tasks = [asyncio.ensure_future(step) for step in steps]
    try:
        await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise
