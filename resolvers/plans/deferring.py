"""One request whose deferred fragments come later than the rest: what all parts of its answer share."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, NamedTuple

from graphql.execution.incremental import DeliveryGroup, IncrementalExecutor

from resolvers.context import Context
from resolvers.plans.running import Run, path_of
from resolvers.plans.sections import Deferred, Section
from resolvers.plans.shapes import Field, Fragment
from resolvers.plans.sites import Defer, Place


class Instead(NamedTuple):
    """What executes parts that do not come of the plan."""

    executor: Callable[[], IncrementalExecutor]
    """Makes graphql-core's."""
    gave_up: Callable[[Exception], None]
    """Is told why, for each of them."""


class Deferring:
    """The state of one request that defers something."""

    def __init__(
        self,
        fields: Sequence[Field],
        deferred: Mapping[int, Deferred],
        context: Context,
        arguments: Mapping[int, dict[str, Any]],
        roots: dict[str, Any],
        instead: Instead,
    ) -> None:
        self.deferred = deferred
        self.context = context
        self.gave_up = instead.gave_up
        self._fields = fields
        self._arguments = arguments
        self._roots = roots
        self._make_executor = instead.executor
        self._executor: IncrementalExecutor | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._groups: dict[tuple[int, int], tuple[Place, DeliveryGroup]] = {}

    @property
    def executor(self) -> IncrementalExecutor:
        """graphql-core's, for parts that do not come of the plan."""
        if self._executor is None:
            self._executor = self._make_executor()
        return self._executor

    def run(self, section: Section, context: Context, defer: Defer) -> Run:
        """A run of one section, for one object."""
        return Run(self._fields, section.sites, context, self._arguments, self._roots, defer)

    def begin(self, work: Coroutine[Any, Any, Any]) -> "asyncio.Task[Any]":
        """Do what ends with the request."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def end(self) -> None:
        """End what is still being done."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def group(self, fragment: Fragment, place: Place, depth: int) -> DeliveryGroup:
        """The fragment, as it began at the object whose path has `depth` keys, or at one above that."""
        for _ in range(depth - fragment.depth):
            place = place[0] if place else None
        key = (fragment.number, id(place))
        if key not in self._groups:
            above = self.group(fragment.above, place, fragment.depth) if fragment.above else None
            self._groups[key] = place, DeliveryGroup(path_of(place), fragment.usage.label, above)
        return self._groups[key][1]
