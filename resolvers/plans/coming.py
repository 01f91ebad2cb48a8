"""The answer of an operation that defers something: what is not deferred, and what comes of it later.

graphql-core's own queue and publisher say what is pending, in which order parts are told, and which come to nothing.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TypeAlias

from graphql import ExecutionResult
from graphql.execution import ExperimentalIncrementalExecutionResults, SubsequentIncrementalExecutionResult
from graphql.execution.incremental import IncrementalPublisher

from resolvers.plans.deferring import Deferring
from resolvers.plans.parts import Written
from resolvers.plans.sections import Section

Answered: TypeAlias = ExecutionResult | ExperimentalIncrementalExecutionResults
Coming: TypeAlias = AsyncGenerator[SubsequentIncrementalExecutionResult, None]
BEGUN = SubsequentIncrementalExecutionResult(has_next=True)


async def answered(deferring: Deferring, section: Section) -> Answered:
    """The whole result where nothing is deferred after all. Raises what `Run.answer` does, and nothing goes on then."""
    written = Written(deferring, section, deferring.context)
    try:
        await written.write(None, None)
    except BaseException:
        await deferring.end()
        raise
    work = written.work()
    if not work.tasks:
        return ExecutionResult(written.data, written.errors)
    results = IncrementalPublisher().build_response(written.data, written.errors, work, deferring.executor)
    coming = _until_closed(deferring, results.subsequent_results)
    await anext(coming)  # so that closing it ends what was begun: one that has not begun would not notice
    return ExperimentalIncrementalExecutionResults(results.initial_result, coming)


async def _until_closed(deferring: Deferring, published: Coming) -> Coming:
    try:
        async with aclosing(published):
            yield BEGUN
            async for result in published:
                yield result
    finally:
        await deferring.end()
