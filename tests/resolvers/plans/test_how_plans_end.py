"""When a plan is made, what it does not cover, and what it costs where it has to give up."""

from collections import Counter

import pytest
from graphql import parse

from resolvers import ids
from resolvers.plans import Plans
from tests.resolvers.plans.comparing import GRANTS, SCHEMA, World, reference

CUSTOMER = ids.encode("Customer", "", "c1")
LISTS = '{ a: customer(id: "' + CUSTOMER + '") { invoices { nodes { number } } cases { nodes { number } } } }'


class Told:
    """Plans whose outcomes are counted."""

    def __init__(self, **how):
        self.outcomes = Counter()
        self.plans = Plans(SCHEMA, tell=lambda outcome, reason: self.outcomes.update([(outcome, reason)]), **how)

    async def ask(self, text, world, variables=None):
        document = text if not isinstance(text, str) else parse(text)
        context, systems = world.context()
        return await self.plans.attempt(document, None, variables, context), context, systems


async def test_an_operation_is_compiled_when_it_is_seen_for_the_second_time():
    told, document = Told(), parse("{ viewer { subject } }")
    for _ in range(3):
        await told.ask(document, World(1))
    assert told.outcomes == {("fallback", "first_sight"): 1, ("compiled", ""): 1, ("planned", ""): 1}


async def test_each_set_of_grants_has_a_plan_of_its_own():
    told, document = Told(eager=True), parse(LISTS)
    whole, *_ = await told.ask(document, World(1))
    bare, *_ = await told.ask(document, World(1, grants=GRANTS[1]))
    assert whole.result.errors is None
    assert [(error.path, error.extensions["code"]) for error in bare.result.errors] == [
        (["a", "invoices"], "FORBIDDEN")
    ]
    assert told.outcomes == {("compiled", ""): 2}


async def test_what_skip_and_include_ask_chooses_the_plan():
    told = Told(eager=True)
    document = parse("query($it: Boolean!) { viewer { subject @include(if: $it) roles } }")
    for value in (True, False, True):
        attempt, *_ = await told.ask(document, World(1), {"it": value})
        assert ("subject" in attempt.result.data["viewer"]) is value
    assert told.outcomes == {("compiled", ""): 2, ("planned", ""): 1}


@pytest.mark.parametrize("text", ["{ __schema { queryType { name } } }", "mutation { __typename }"])
async def test_what_no_plan_covers_is_left_to_graphql_core(text):
    attempt, *_ = await Told(eager=True).ask(text, World(1))
    assert attempt.result is None


async def test_a_directive_without_a_value_is_left_to_graphql_core():
    text = parse("query($it: Boolean = true) { viewer { subject @include(if: $it) } }")
    told = Told(eager=True)
    attempt, *_ = await told.ask(text, World(1), {"it": None})
    assert attempt.result is None
    attempt, *_ = await told.ask(text, World(1))
    assert attempt.result is not None


async def test_what_is_wrong_with_the_arguments_of_a_withheld_field_is_told_first():
    text = parse(
        'query($of: [ID!] = ["x"]) { auditEvents(filter: {since: "never"}) { nodes { id } } nodes(ids: $of) { id } }'
    )
    told, world = Told(eager=True), World(1, grants=GRANTS[1])
    attempt, context, _ = await told.ask(text, world)
    assert told.outcomes == {("bail", "arguments"): 1}
    result = await reference(text, {}, context, attempt.middleware)
    assert "DateTime" in result.errors[0].message


async def test_a_document_of_thousands_of_fields_gets_no_plan():
    aliases = " ".join(f"a{number}: subject" for number in range(2001))
    told = Told(eager=True)
    attempt, *_ = await told.ask("{ viewer { " + aliases + " } }", World(1))
    assert attempt.result is None
    assert told.outcomes == {("fallback", "large"): 1}


async def test_a_plan_that_gives_up_costs_no_call_that_graphql_core_would_not_have_made():
    gave_up = 0
    for seed in range(1, 60):
        world = World(seed, broken=150)
        told, document = Told(eager=True), parse(LISTS)
        attempt, context, systems = await told.ask(document, world)
        if attempt.result is not None:
            continue
        gave_up += 1
        result = await reference(document, {}, context, attempt.middleware)
        alone, alone_systems = world.context()
        expected = await reference(document, {}, alone)
        assert result.data == expected.data
        assert Counter(map(repr, systems.asked)) == Counter(map(repr, alone_systems.asked))
    assert gave_up > 5


async def test_fields_of_the_root_are_not_resolved_again_after_a_plan_gave_up():
    searches = []

    class Once(World):
        def context(self):
            context, systems = super().context()
            search = context.crosswalk.search

            async def counted(query):
                searches.append(query)
                return await search(query)

            context.crosswalk.search = counted
            return context, systems

    text = parse("{ customers { nodes { displayName provenance: identities { confidence } } } }")
    for seed in range(3, 90, 3):  # where the crosswalk is broken, too
        searches.clear()
        told = Told(eager=True)
        attempt, context, _ = await told.ask(text, Once(seed, broken=100))
        if attempt.result is None:
            await reference(text, {}, context, attempt.middleware)
            assert len(searches) == 1
            return
    pytest.fail("no plan gave up")
