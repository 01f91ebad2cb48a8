"""The plans of one schema that are kept, and what became of each operation."""

from collections.abc import Callable, Mapping
from enum import Enum
from functools import partial
from typing import Any, NamedTuple

from cachetools import LRUCache
from graphql import DocumentNode, GraphQLError, GraphQLSchema
from graphql.execution.values import VariableValues, get_variable_values

from resolvers.context import Context
from resolvers.masks import Mask
from resolvers.plans.again import asked_once
from resolvers.plans.coming import Answered
from resolvers.plans.deferring import Instead
from resolvers.plans.known import Known, known_of
from resolvers.plans.outcomes import Bail, Uncovered
from resolvers.plans.plan import Plan, compiled

KEPT = 500  # operations that are known; an application has tens
KEPT_CHARACTERS = 4_000_000  # of all plans' source together: some 35 MB with what is compiled of it
OVERHEAD_CHARACTERS = 2000  # what keeping the smallest plan costs, as characters of a larger one
Tell = Callable[[str, str], None]


class Outcome(Enum):
    """What became of an operation."""

    PLANNED = "planned"
    """Its plan gave the answer."""
    COMPILED = "compiled"
    """The same, and the plan was made for it."""
    FALLBACK = "fallback"
    """graphql-core executed it: no plan covers it, or it was seen for the first time."""
    BAIL = "bail"
    """Its plan met something unexpected, and graphql-core executed it."""
    PART = "part"
    """The same, for a deferred part of an operation whose plan gave what is not deferred."""


class Attempt(NamedTuple):
    """What a plan gave."""

    result: Answered | None = None
    """None: graphql-core has to execute the operation."""
    middleware: tuple[Any, ...] = ()
    """What it has to be executed with then."""


NOTHING = Attempt()


class Kept(NamedTuple):
    """A plan, or why there is none."""

    known: Known
    mask: Mask
    plan: Plan | None
    reason: str


class Plans:
    """Runs queries by plans. An operation is compiled when it is seen for the second time, or at once if `eager`."""

    def __init__(
        self, schema: GraphQLSchema, *, eager: bool = False, tell: Tell = lambda outcome, reason: None
    ) -> None:
        self._schema = schema
        self._eager = eager
        self._tell = tell
        self._known: LRUCache[Any, Known] = LRUCache(KEPT)
        self._kept: LRUCache[Any, Kept] = LRUCache(KEPT_CHARACTERS, getsizeof=_characters)
        self._seen: LRUCache[Any, Known] = LRUCache(KEPT)

    def compile(self, document: DocumentNode, name: str | None, variables: Mapping[str, Any], mask: Mask) -> Plan:
        """The plan of an operation, whenever it was seen. Raises Uncovered."""
        known = self._known_of(document, name)
        if known is None:
            raise Uncovered("no_query")
        definitions = known.operation.variable_definitions or ()
        coerced = get_variable_values(self._schema, definitions, dict(variables), max_errors=1, hide_suggestions=True)
        if isinstance(coerced, list):
            raise coerced[0]
        return compiled(self._schema, known.fragments, known.operation, coerced, mask)

    async def attempt(
        self, document: DocumentNode, name: str | None, variables: Mapping[str, Any] | None, context: Any
    ) -> Attempt:
        """The result of a query, where its plan gives one."""
        known = self._known_of(document, name)
        if known is None or not isinstance(context, Context):
            return NOTHING
        definitions = known.operation.variable_definitions or ()
        coerced = get_variable_values(
            self._schema, definitions, dict(variables or {}), max_errors=1, hide_suggestions=True
        )
        if isinstance(coerced, list):
            return NOTHING
        kept = self._plan_of(known, coerced, context.mask)
        if kept is None or kept.plan is None:
            self._tell(Outcome.FALLBACK.value, kept.reason if kept else "first_sight")
            return NOTHING
        return await self._run(known, kept.plan, context, coerced, kept.reason)

    async def _run(self, known: Known, plan: Plan, context: Context, variables: VariableValues, reason: str) -> Attempt:
        beside = len(context.beside)
        roots: dict[str, Any] = {}
        executor = partial(known.executor, self._schema, context, variables, asked_once(roots))
        try:
            result = await plan.run(context, variables, roots, Instead(executor, self._part_gave_up))
        except Exception as error:  # whatever it is: graphql-core meets it again, and tells it as it should be told
            del context.beside[beside:]
            self._tell(Outcome.BAIL.value, _reason(error))
            return Attempt(None, (asked_once(roots),))
        self._tell(reason or Outcome.PLANNED.value, "")
        return Attempt(result)

    def _part_gave_up(self, error: Exception) -> None:
        self._tell(Outcome.PART.value, _reason(error))

    def _plan_of(self, known: Known, variables: VariableValues, mask: Mask) -> Kept | None:
        """The plan, made where it is time to; None at first sight."""
        switches = tuple(variables.coerced.get(name) for name in known.switches)
        key = (id(known.operation), id(mask), switches)
        kept = self._kept.get(key)
        if kept is not None and kept.known is known and kept.mask is mask:
            return kept
        if not self._eager and self._seen.get(id(known.operation)) is not known:
            self._seen[id(known.operation)] = known
            return None
        made = self._made(known, variables, mask)
        self._kept[key] = made._replace(reason="" if made.plan else made.reason)
        return made

    def _made(self, known: Known, variables: VariableValues, mask: Mask) -> Kept:
        try:
            plan = compiled(self._schema, known.fragments, known.operation, variables, mask)
        except Uncovered as reason:
            return Kept(known, mask, None, reason.reason)
        except GraphQLError:  # a directive's argument is null: graphql-core tells it
            return Kept(known, mask, None, "directive")
        except (SyntaxError, RecursionError, MemoryError):  # nested deeper than Python's own parser goes
            return Kept(known, mask, None, "deep")
        return Kept(known, mask, plan, Outcome.COMPILED.value)

    def _known_of(self, document: DocumentNode, name: str | None) -> Known | None:
        key = (id(document), name)
        known = self._known.get(key)
        if known is None or known.document is not document:
            known = known_of(document, name)
            if known is not None:
                self._known[key] = known
        return known


def _characters(kept: Kept) -> int:
    return OVERHEAD_CHARACTERS + (len(kept.plan.source) if kept.plan else 0)


def _reason(error: Exception) -> str:
    return error.reason if isinstance(error, Bail) else "failure"
