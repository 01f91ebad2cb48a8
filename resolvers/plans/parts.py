"""Deferred parts: sections of the plan, each for one object, as tasks of graphql-core's queue.

What a section meets unexpectedly, graphql-core executes in its place, from the object on; so a part that comes to
nothing is told as it tells it.
"""

import asyncio
from copy import copy
from inspect import isawaitable
from typing import Any

from graphql import GraphQLError
from graphql.execution.incremental import (
    Computation,
    DeliveryGroup,
    ExecutionGroup,
    ExecutionGroupValue,
    IncrementalExecutor,
    Work,
    WorkResult,
)
from graphql.pyutils import RefMap

from resolvers.context import Context
from resolvers.plans.deferring import Deferring
from resolvers.plans.running import BEHIND, path_of
from resolvers.plans.sections import LaterSection, Section
from resolvers.plans.shapes import Deferral
from resolvers.plans.sites import Place


class Written:
    """A section as it was written for one object, and what it defers."""

    def __init__(self, deferring: Deferring, section: Section, context: Context) -> None:
        self.data: dict[str, Any] = {}
        self.context = context
        self._section = section
        self._deferring = deferring
        self._run = deferring.run(section, context, self._defer)
        self._opened: list[DeliveryGroup] = []
        self._parts: list[Part] = []

    @property
    def errors(self) -> list[GraphQLError] | None:
        return self._run.errors or None

    async def write(self, source: Any, place: Place) -> None:
        """Raises what `Run.answer` does; what was deferred until then is ended."""
        try:
            self.data = await self._run.answer(self._section.write, source, place)
        except BaseException:
            for part in self._parts:
                part.end()
            raise
        finally:
            self._run.defer = None  # or each knows the other, and both wait for the collector

    def work(self) -> Work:
        """What it defers, for graphql-core's queue."""
        return Work(self._opened, [part.task() for part in self._parts], ())

    def _defer(self, number: int, source: Any, place: Place) -> None:
        """Called by the plan's functions for each object of which something is deferred."""
        deferred, group = self._deferring.deferred[number], self._deferring.group
        deferral = deferred.deferral
        self._opened += [group(each, place, deferral.depth) for each in deferral.opened]
        for section in deferred.later:
            part = Part(self._deferring, deferral, section, source, place)
            self._parts.append(part)
            if section.early:
                part.begin()


class Part:
    """Fields of one object that come later."""

    def __init__(
        self, deferring: Deferring, deferral: Deferral, section: LaterSection, source: Any, place: Place
    ) -> None:
        self._deferring = deferring
        self._deferral = deferral
        self._section = section
        self._source = source
        self._place = place
        self._path = path_of(place)
        self._groups = [deferring.group(each, place, deferral.depth) for each in section.later.fragments]
        self._begun: asyncio.Task[Written | Exception] | None = None
        self._instead: IncrementalExecutor | None = None

    def task(self) -> ExecutionGroup:
        """The part, for graphql-core's queue, which asks for it when what it belongs to has been told."""
        return ExecutionGroup(self._groups, Computation(self._result, self._abort), self._path)

    def begin(self) -> None:
        """Work it out before it is asked for, behind what its object's own section asks."""
        self._begun = self._deferring.begin(self._written(behind=True))

    def end(self) -> None:
        """It will not be asked for."""
        if self._begun is not None:
            self._begun.cancel()

    def _abort(self, reason: BaseException | None) -> Any:
        return self._instead.abort(reason) if self._instead is not None else None

    async def _result(self) -> WorkResult:
        written = await (self._begun or self._written())
        if isinstance(written, Exception):
            self._deferring.gave_up(written)
            return await self._by_graphql_core()
        self._deferring.context.beside += written.context.beside
        path = self._path.as_list() if self._path else []
        return WorkResult(ExecutionGroupValue(self._groups, path, written.data, written.errors), written.work())

    async def _written(self, *, behind: bool = False) -> Written | Exception:
        """Errors beside its data are its own until it is told: by then it is known that the plan gives it."""
        if behind:
            for _ in range(BEHIND + 1):
                await asyncio.sleep(0)
        context = copy(self._deferring.context)
        context.beside = []
        written = Written(self._deferring, self._section.section, context)
        try:
            await written.write(self._source, self._place)
        except Exception as error:  # whatever it is: graphql-core meets it again, and tells it as it should be told
            return error
        return written

    async def _by_graphql_core(self) -> WorkResult:
        later, deferral = self._section.later, self._deferral
        around = [(each.usage, self._deferring.group(each, self._place, deferral.depth)) for each in deferral.around]
        self._instead = self._deferring.executor.create_sub_executor(later.usages)
        result = self._instead.execute_execution_group(
            self._groups, later.kind, self._source, self._path, later.grouped, RefMap(around)
        )
        return await result if isawaitable(result) else result
