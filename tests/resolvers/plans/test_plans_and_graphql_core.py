"""Plans held against graphql-core: made operations over the whole schema, in worlds that are good and broken.

A case is an operation in a world. C360_PLAN_CASES sets how many there are, C360_PLAN_SEED where they begin; what
fails names the seed of its operation and its world.
"""

import os
from collections import Counter

import pytest
from graphql import parse, validate

from resolvers.plans import Plans
from sources.canonical.actor import RowLimit
from tests.resolvers.plans.comparing import GRANTS, SCHEMA, Seen, World, overlaps, seen
from tests.resolvers.plans.made_operations import OperationMaker

CASES = int(os.environ.get("C360_PLAN_CASES", "20000"))
FIRST = int(os.environ.get("C360_PLAN_SEED", "1"))
PARTS = 8  # items, so that workers share them
WORLDS = 20  # for each operation: to make, validate and compile one costs as much as to run it in ten
OPERATIONS = 25  # in the same worlds, which keep what they answered
ENOUGH = 2000  # cases of an item: fewer may not have what is seldom
DEFERRED = (0.0, 0.4, 0.8)  # of an operation's fragments
TOLD = ("data", "errors", "parts")
COMPARED = (*TOLD, "asked", "noted")


def worlds_of(seed: int) -> list[World]:
    """Good; with systems that fail; a little broken, for another viewer; broken and failing; within row limits."""
    made = []
    for first in range(seed, seed + WORLDS, 5):
        rows = RowLimit(owner="a") if first % 4 == 0 else RowLimit()
        made += [
            World(first),
            World(first + 1, faults=200, several=True),
            World(first + 2, broken=5, grants=GRANTS[first % 3]),
            World(first + 3, broken=60, faults=50),
            World(first + 4, several=True, grants=GRANTS[1 + first % 2], rows=rows),
        ]
    return made


class Comparison:
    """Compares operations, and counts what became of the cases."""

    def __init__(self) -> None:
        self.told: Counter[str] = Counter()
        self._plans = Plans(SCHEMA, eager=True, tell=lambda outcome, reason: self.told.update([outcome]))

    async def operation(self, seed: int, worlds: list[World]) -> None:
        text, variables = OperationMaker(SCHEMA, seed, DEFERRED[seed % len(DEFERRED)]).operation()
        document = parse(text)
        if validate(SCHEMA, document):
            self.told["invalid"] += 1
            return
        distinct = "@defer" not in text or not overlaps(document, variables, self._plans)
        for world in worlds:
            gave_up = self.told["part"]
            reference, planned = [await seen(document, variables, world, plans) for plans in (None, self._plans)]
            self._count(reference)
            assert len(set(planned.asked)) == len(planned.asked), (seed, world.told, text, variables)
            # graphql-core ends early where null spreads: what is under way then depends on timing
            whole = planned.by_plan and self.told["part"] == gave_up
            for what in [*(COMPARED if whole else TOLD), *(["pending"] if distinct else ())]:
                expected, found = getattr(reference, what), getattr(planned, what)
                assert repr(found) == repr(expected), (what, seed, world.told, text, variables)

    def _count(self, reference: Seen) -> None:
        self.told["cases"] += 1
        self.told["errors"] += bool(reference.errors)
        self.told["deferred"] += bool(reference.parts)
        self.told["nothing"] += any(each.endswith("True)") for each in reference.pending)


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")  # graphql-core's own, of a level that failed
@pytest.mark.parametrize("part", range(PARTS))
async def test_plans_give_what_graphql_core_gives(part):
    operations = CASES // WORLDS // PARTS
    first = FIRST + part * operations
    comparison = Comparison()
    for seed in range(first, first + operations):
        if (seed - first) % OPERATIONS == 0:
            worlds = worlds_of(seed)
        await comparison.operation(seed, worlds)
    told = comparison.told
    if told["cases"] < ENOUGH:
        return
    # the comparison means nothing unless most answers came of plans, and many had errors and deferred parts
    assert told["invalid"] < 0.1 * operations
    assert told["planned"] + told["compiled"] > 0.6 * told["cases"]
    assert told["bail"] > 0
    assert told["part"] > 0
    assert told["errors"] > 0.1 * told["cases"]
    assert told["deferred"] > 0.05 * told["cases"]
    assert told["nothing"] > 0
