"""One operation in one world by its plan and by graphql-core: data, errors, what was asked, what was noted."""

from inspect import isawaitable
from typing import Any

from graphql import ExecutionResult, parse
from graphql.execution import experimental_execute_incrementally

from mutations.governance.graph.context import GovernedContext
from mutations.schema import graph
from resolvers.disclosure import Disclosures, Shown
from resolvers.plans import Plans
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
    """What the sources hold, how broken that is, and who looks."""

    def __init__(
        self, seed: int, *, broken: int = 0, faults: int = 0, several: bool = False, grants: Grants = GRANTS[0],
        rows: RowLimit = NO_LIMIT,
    ) -> None:  # fmt: skip
        self.seed, self.broken, self.faults, self.several = seed, broken, faults, several
        self.grants, self.rows = grants, rows

    def context(self) -> tuple[GovernedContext, MadeSystems]:
        systems: Any = MadeSystems(self.seed, self.broken, self.faults, self.several)
        governance: Any = MadeGovernance(self.seed, self.broken)
        crosswalk: Any = MadeCrosswalk(self.seed, self.broken if self.seed % 3 == 0 else 0)
        made = GovernedContext(
            governance=governance, mutations={}, audit=governance,
            actor=Actor(issuer="i", subject="s", rows=self.rows), grants=self.grants, mask=MASKS.of(self.grants),
            correlation_id="c", systems=systems, crosswalk=crosswalk, standing=STANDING, posting_lag_seconds=60.0,
            announcements=None, max_entities=100,  # type: ignore[arg-type]
        )  # fmt: skip
        made.started_at, made.today = NOW, NOW.date()
        return made, systems


class Seen:
    """What came of it, in a form that can be compared."""

    def __init__(
        self, result: ExecutionResult, context: GovernedContext, systems: MadeSystems, *, by_plan: bool
    ) -> None:
        self.by_plan = by_plan
        self.data = result.data
        self.errors = sorted(_told(each) for each in [*(result.errors or ()), *context.beside])
        self.asked = sorted(map(repr, systems.asked))
        shown = context.shown
        told = (shown.customers, shown.owners, shown.records) if shown else ()
        self.noted = [sorted((repr(key), sorted(map(str, classes))) for key, classes in each.items()) for each in told]


def _told(error: Any) -> str:
    extensions = {**(getattr(error.original_error, "extensions", None) or {}), **(error.extensions or {})}
    return repr((error.path, error.message, error.locations, extensions, type(error.original_error).__name__))


async def reference(document: Any, variables: dict[str, Any], context: Any, middleware: Any = ()) -> ExecutionResult:
    result: Any = experimental_execute_incrementally(
        SCHEMA, document, None, context_value=context, variable_values=variables, hide_suggestions=True,
        middleware=list(middleware) or None,
    )  # fmt: skip
    return await result if isawaitable(result) else result


async def both(text: str, variables: dict[str, Any], worlds: list[World], plans: Plans) -> list[tuple[Seen, Seen]]:
    """What the reference and the plan give, in each of the worlds."""
    document = parse(text)
    found = []
    for world in worlds:
        pair = []
        for planned in (False, True):
            context, systems = world.context()
            operation: Any = document.definitions[0]
            disclosure = DISCLOSURES.of(document, operation, variables, context.mask)
            context.shown = Shown(disclosure, lambda: None)
            attempt = await plans.attempt(document, None, variables, context) if planned else None
            if attempt is not None and attempt.result is not None:
                result = attempt.result
            else:
                result = await reference(document, variables, context, attempt.middleware if attempt else ())
            context.close()
            pair.append(Seen(result, context, systems, by_plan=attempt is not None and attempt.result is not None))
        found.append((pair[0], pair[1]))
    return found
