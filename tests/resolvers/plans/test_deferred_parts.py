"""Deferred fragments as sections of a plan: when they begin, what they wait for, how they end."""

import asyncio
import gc
from collections import Counter

import pytest
from graphql import ExecutionResult, parse
from graphql.execution import ExperimentalIncrementalExecutionResults

from resolvers import ids
from resolvers.plans import Plans
from resolvers.plans.parts import Part, Written
from resolvers.plans.telling import told
from tests.resolvers.plans.comparing import GRANTS, MASKS, SCHEMA, World, seen

CUSTOMER = ids.encode("Customer", "", "c1")
BESIDE = """{ customer(id: "%s") {
  number cases { nodes { number } } ... @defer(label: "bills") { invoices { nodes { number } } } } }"""
BEHIND = """{ customer(id: "%s") {
  cases { nodes { creditMemos { number } } } ... @defer { invoices { nodes { number } } } } }"""
LISTED = "{ customers(first: 6) { nodes { number ... @defer { invoices { nodes { number } } } } } }"
SEED = 10  # its customer has cases in one system and invoices in another
CASES, INVOICES = "cases_of", "invoices_of"


class Gated(World):
    """A world whose answers to some methods are held back until they are let go."""

    def __init__(self, seed, *methods, **how):
        super().__init__(seed, several=True, **how)
        self.gates = {method: asyncio.Event() for method in methods}
        self.begun = {method: asyncio.Event() for method in (CASES, INVOICES)}
        self.batches = Counter()

    def context(self):
        context, systems = super().context()
        ask = systems.ask

        async def gated(system, method, keys, *args):
            self.batches[method] += 1
            if method in self.begun:
                self.begun[method].set()
            if method in self.gates:
                await self.gates[method].wait()
            return await ask(system, method, keys, *args)

        systems.ask = gated
        return context, systems


class Asked:
    """Plans, what became of them, and the context of the last operation."""

    def __init__(self):
        self.outcomes = Counter()
        self.plans = Plans(SCHEMA, eager=True, tell=lambda outcome, reason: self.outcomes.update([outcome]))

    async def ask(self, text, world, variables=None):
        self.context, self.systems = world.context()
        document = parse(text % CUSTOMER if "%s" in text else text)
        return (await self.plans.attempt(document, None, variables, self.context)).result


def left():
    """Tasks that work at a plan."""
    return [task for task in asyncio.all_tasks() if "Part" in task.get_coro().__qualname__]


@pytest.fixture
def asked():
    return Asked()


async def test_what_is_not_deferred_comes_while_the_rest_is_waited_for(asked):
    world = Gated(SEED, INVOICES)
    result = await asked.ask(BESIDE, world)
    assert result.initial_result.data["customer"]["cases"]["nodes"]
    assert [(each.path, each.label) for each in result.initial_result.pending] == [(["customer"], "bills")]
    world.gates[INVOICES].set()
    (last,) = [each async for each in result.subsequent_results]
    assert last.incremental[0].data["invoices"]["nodes"]
    assert not last.has_next
    assert asked.outcomes == {"compiled": 1}


async def test_deferred_edges_are_asked_beside_the_rest_where_their_keys_are_known(asked):
    world = Gated(SEED, CASES)
    answering = asyncio.create_task(asked.ask(BESIDE, world))
    async with asyncio.timeout(2):
        await world.begun[INVOICES].wait()
    assert not answering.done()
    world.gates[CASES].set()
    result = await answering
    assert [each async for each in result.subsequent_results]
    assert (world.batches[CASES], world.batches[INVOICES]) == (1, 1)


async def test_deferred_edges_wait_where_the_rest_has_more_to_ask(asked):
    world = Gated(SEED)
    result = await asked.ask(BEHIND, world)
    assert world.batches[INVOICES] == 0
    assert [each async for each in result.subsequent_results]
    assert world.batches[INVOICES] == 1


async def test_a_fragment_in_a_list_is_a_part_for_each_and_one_call_for_all(asked):
    world = Gated(SEED)
    result = await asked.ask(LISTED, world)
    places = [each.path for each in result.initial_result.pending]
    assert places == [["customers", "nodes", index] for index in range(len(places))]
    assert len(places) > 3
    parts = [each async for each in result.subsequent_results]
    assert sorted(each.id for part in parts for each in part.completed) == [str(index) for index in range(len(places))]
    assert world.batches[INVOICES] == 1


async def test_a_fragment_in_a_deferred_fragment_is_told_of_when_that_is_there(asked):
    text = '{ viewer { ... @defer(label: "a") { subject ... @defer(label: "b") { roles } } } }'
    result = await asked.ask(text, World(SEED))
    assert [each.label for each in result.initial_result.pending] == ["a"]
    parts = [each async for each in result.subsequent_results]
    assert [each.label for part in parts for each in part.pending or ()] == ["b"]
    assert [list(each.data) for part in parts for each in part.incremental] == [["subject"], ["roles"]]


@pytest.mark.parametrize("later", [True, False])
async def test_a_variable_says_what_is_deferred(asked, later):
    text = "query($later: Boolean!) { viewer { subject ... @defer(if: $later) { roles } } }"
    result = await asked.ask(text, World(SEED), {"later": later})
    assert isinstance(result, ExperimentalIncrementalExecutionResults if later else ExecutionResult)
    assert asked.outcomes == {"compiled": 1}


async def test_what_all_ask_for_is_not_deferred(asked):
    result = await asked.ask("{ viewer { subject ... @defer { subject } } }", World(SEED))
    assert isinstance(result, ExecutionResult)


@pytest.mark.parametrize("read", [0, 1])
async def test_nothing_goes_on_when_the_parts_are_closed(asked, read):
    world = Gated(SEED, INVOICES)
    result = await asked.ask(BESIDE, world)
    async with asyncio.timeout(2):
        await world.begun[INVOICES].wait()
    assert left()
    if read:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(result.subsequent_results), 0.01)
    await result.subsequent_results.aclose()
    asked.context.close()
    await asyncio.sleep(0)
    assert left() == []


async def test_nothing_goes_on_when_the_client_leaves_before_the_first_part(asked):
    world = Gated(SEED, CASES, INVOICES)
    answering = asyncio.create_task(asked.ask(BESIDE, world))
    async with asyncio.timeout(2):
        await world.begun[INVOICES].wait()
    answering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await answering
    assert left() == []
    asked.context.close()


async def test_nothing_goes_on_when_the_plan_gives_up(asked):
    class Torn(Gated):
        def context(self):
            context, systems = super().context()
            ask = systems.ask

            async def torn(system, method, keys, *args):
                if method == CASES:
                    await self.begun[INVOICES].wait()
                    return dict.fromkeys(keys, 7)
                return await ask(system, method, keys, *args)

            systems.ask = torn
            return context, systems

    async with asyncio.timeout(2):
        assert await asked.ask(BESIDE, Torn(SEED, INVOICES)) is None
    assert asked.outcomes == {"bail": 1}
    assert left() == []
    asked.context.close()


async def test_parts_that_are_over_do_not_wait_for_the_collector(asked):
    gc.collect()
    gc.disable()
    before = {id(each) for each in gc.get_objects() if type(each) in (Written, Part)}
    try:
        result = await asked.ask(LISTED, World(SEED))
        assert [each async for each in result.subsequent_results]
        del result
        await asyncio.sleep(0.01)  # what is done lets go in the next turns of the loop
        after = {id(each) for each in gc.get_objects() if type(each) in (Written, Part)}
        assert after - before == set()
    finally:
        gc.enable()


async def test_a_part_that_gives_up_is_executed_by_graphql_core_and_asks_nothing_again(asked):
    document, gave_up = parse(BESIDE % CUSTOMER), 0
    for seed in range(1, 120):
        world, told = World(seed, broken=80), asked.outcomes["part"]
        planned, reference = [await seen(document, {}, world, plans) for plans in (asked.plans, None)]
        if planned.by_plan and asked.outcomes["part"] > told:
            gave_up += 1
            assert (planned.data, planned.parts) == (reference.data, reference.parts)
            assert planned.asked == reference.asked
            assert (planned.errors, planned.pending) == (reference.errors, reference.pending)
    assert gave_up > 5


async def test_what_is_withheld_is_withheld_in_its_part(asked):
    result = await asked.ask(BESIDE, World(SEED, several=True, grants=GRANTS[1]))
    assert result.initial_result.errors is None
    (last,) = [each async for each in result.subsequent_results]
    (part,) = last.incremental
    assert part.data == {"invoices": None}
    assert [(each.path, each.extensions["code"]) for each in part.errors] == [(["customer", "invoices"], "FORBIDDEN")]


def test_a_plan_tells_what_is_deferred(asked):
    plan = asked.plans.compile(parse(BESIDE % CUSTOMER), None, {}, MASKS.of(GRANTS[0]))
    assert "\n  customer.invoices  (deferred)  z" in told(plan)
