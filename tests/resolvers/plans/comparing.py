"""One operation in one world by its plan and by graphql-core: data, errors, parts, what was asked, what was noted."""

from inspect import isawaitable
from typing import Any

from graphql import DocumentNode, ExecutionResult, GraphQLError
from graphql.execution import ExperimentalIncrementalExecutionResults, experimental_execute_incrementally

from mutations.governance.graph.context import GovernedContext
from mutations.schema import graph
from resolvers.disclosure import Disclosures, Shown
from resolvers.plans import Plans
from resolvers.plans.outcomes import Uncovered
from sources.canonical.actor import Actor, Grants, RowLimit
from sources.canonical.sensitivity import Sensitivity
from tests.resolvers.plans.made_records import NOW
from tests.resolvers.plans.made_world import STANDING, MadeCrosswalk, MadeGovernance, MadeSystems

SCHEMA, MASKS = graph()[0]._schema, graph()[1]
DISCLOSURES = Disclosures(SCHEMA, MASKS)
GRANTS = (
    Grants(frozenset(Sensitivity), frozenset({"systems:read", "audit:read"})),
    Grants(frozenset({Sensitivity.INTERNAL, Sensitivity.PERSONAL}), frozenset()),
    Grants(frozenset({Sensitivity.INTERNAL, Sensitivity.FINANCIAL}), frozenset({"audit:read"})),
)


NO_LIMIT = RowLimit()


class World:
    """What the sources hold, how broken that is, and who looks. It answers any number of operations."""

    def __init__(
        self, seed: int, *, broken: int = 0, faults: int = 0, several: bool = False, grants: Grants = GRANTS[0],
        rows: RowLimit = NO_LIMIT,
    ) -> None:  # fmt: skip
        self.grants, self.rows = grants, rows
        self.told = f"World({seed}, {broken=}, {faults=}, {several=}, {grants=}, {rows=})"
        self._systems: Any = MadeSystems(seed, broken, faults, several)
        self._governance: Any = MadeGovernance(seed, broken)
        self._crosswalk: Any = MadeCrosswalk(seed, broken if seed % 3 == 0 else 0)

    def context(self) -> tuple[GovernedContext, MadeSystems]:
        systems = self._systems.anew()
        made = GovernedContext(
            governance=self._governance, mutations={}, audit=self._governance,
            actor=Actor(issuer="i", subject="s", rows=self.rows), grants=self.grants, mask=MASKS.of(self.grants),
            correlation_id="c", systems=systems, crosswalk=self._crosswalk, standing=STANDING,
            posting_lag_seconds=60.0, announcements=None, max_entities=100,  # type: ignore[arg-type]
        )  # fmt: skip
        made.started_at, made.today = NOW, NOW.date()
        return made, systems


class Seen:
    """What came of it, in a form that can be compared."""

    def __init__(self) -> None:
        self.data: Any = None
        self.errors: list[str] = []
        self.parts: list[str] = []
        """Where each deferred part belongs, and its data."""
        self.pending: list[str] = []
        """What was announced: path and label, and whether it came to nothing."""
        self.asked: list[str] = []
        self.noted: list[Any] = []
        self.by_plan = False

    async def read(self, result: Any) -> None:
        """Read a result to its end."""
        parts = isinstance(result, ExperimentalIncrementalExecutionResults)
        first = result.initial_result if parts else result
        self.data = first.data
        self._tell(first.errors)
        if parts:
            pending = {each.id: each for each in first.pending}
            last = None
            async for last in result.subsequent_results:
                self._next(last, pending)
            assert last is not None
            assert last.has_next is False
            assert not pending
        for each in (self.errors, self.parts, self.pending):
            each.sort()

    def _next(self, result: Any, pending: dict[str, Any]) -> None:
        pending |= {each.id: each for each in result.pending or ()}
        for each in result.incremental or ():
            self.parts.append(repr(([*pending[each.id].path, *(each.sub_path or ())], each.data)))
            self._tell(each.errors)
        for each in result.completed or ():
            opened = pending.pop(each.id)
            self.pending.append(repr((opened.path, opened.label, bool(each.errors))))
            self._tell(each.errors)

    def _tell(self, errors: list[GraphQLError] | None) -> None:
        for each in errors or ():
            spread = _spread(self.data, each.path or [])
            if spread is None:
                self.errors.append(_told(each))
            elif (told := f"null spread to {spread}") not in self.errors:  # which of several is told depends on timing
                self.errors.append(told)

    def close(self, context: GovernedContext, systems: MadeSystems) -> None:
        """What is known at the end."""
        context.close()
        self.errors = sorted([*self.errors, *map(_told, context.beside)])
        self.asked = sorted(map(repr, systems.asked))
        shown = context.shown
        told = (shown.customers, shown.owners, shown.records) if shown else ()
        self.noted = [sorted((repr(key), sorted(map(str, classes))) for key, classes in each.items()) for each in told]


def _spread(data: Any, path: list[Any]) -> list[Any] | None:
    """The place above that of an error to which null has spread."""
    for depth, key in enumerate(path):
        if data is None:
            return path[:depth]
        if isinstance(data, dict) and key not in data:
            return None  # it is in a part that comes later
        data = data[key]
    return None


def _told(error: Any) -> str:
    extensions = {**(getattr(error.original_error, "extensions", None) or {}), **(error.extensions or {})}
    return repr((error.path, error.message, error.locations, extensions, type(error.original_error).__name__))


async def reference(document: Any, variables: dict[str, Any], context: Any, middleware: Any = ()) -> ExecutionResult:
    result: Any = experimental_execute_incrementally(
        SCHEMA, document, None, context_value=context, variable_values=variables, hide_suggestions=True,
        middleware=list(middleware) or None,
    )  # fmt: skip
    return await result if isawaitable(result) else result


async def seen(document: DocumentNode, variables: dict[str, Any], world: World, plans: Plans | None = None) -> Seen:
    """What graphql-core gives, or the plan where it gives something."""
    context, systems = world.context()
    operation: Any = document.definitions[0]
    disclosure = DISCLOSURES.of(document, operation, variables, context.mask)
    context.shown = Shown(disclosure, lambda: None)
    found = Seen()
    attempt = await plans.attempt(document, None, variables, context) if plans is not None else None
    if attempt is not None and attempt.result is not None:
        found.by_plan = True
        await found.read(attempt.result)
    else:
        await found.read(await reference(document, variables, context, attempt.middleware if attempt else ()))
    found.close(context, systems)
    return found


def overlaps(document: DocumentNode, variables: dict[str, Any], plans: Plans) -> bool:
    """Whether several deferred fragments ask for a field: which of them brings it then depends on timing."""
    try:
        plan = plans.compile(document, None, variables, MASKS.of(GRANTS[0]))
    except (Uncovered, GraphQLError):
        return True
    return any(len(each.later.fragments) > 1 for deferred in plan.deferred.values() for each in deferred.later)
