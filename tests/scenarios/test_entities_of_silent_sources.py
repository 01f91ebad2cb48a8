"""A source that is down blanks its own entities, each at its place, and leaves the others."""

from sources.simulation.harness import Switches
from tests.support.asking import codes

ASKED = """query($representations: [_Any!]!) { _entities(representations: $representations) {
    __typename ... on Customer { number } ... on SupportCase { subject } ... on Order { status } } }"""
IDS = '{ customerBy(key: {number: "C-000001"}) { cases { nodes { id } } orders { nodes { id } } } }'


async def test_a_source_that_is_down_blanks_its_own_entities_only(house):
    found = (await house.data(IDS))["customerBy"]
    await house.forget_cached("C-000001")
    house.simulators["support"].harness.switches = Switches(status=500)
    asked = [
        {"__typename": "SupportCase", "id": found["cases"]["nodes"][0]["id"]},
        {"__typename": "Order", "id": found["orders"]["nodes"][0]["id"]},
        {"__typename": "Customer", "number": "C-000001"},
    ]
    answer = await house.ask(ASKED, {"representations": asked})
    given = answer["data"]["_entities"]
    assert [each and each["__typename"] for each in given] == [None, "Order", "Customer"]
    assert codes(answer) == {("SOURCE_UNAVAILABLE", "support")}
    assert answer["errors"][0]["path"] == ["_entities", 0]


async def test_an_unknown_number_is_no_certain_null_while_a_source_that_may_know_it_is_down(house):
    house.simulators["erp"].harness.switches = Switches(status=500)
    asked = [{"__typename": "Customer", "number": number} for number in ("X-1", "C-000001")]
    answer = await house.ask(ASKED, {"representations": asked})
    assert [each and each["number"] for each in answer["data"]["_entities"]] == [None, "C-000001"]
    assert {code for code, _ in codes(answer)} == {"SOURCE_UNAVAILABLE"}


async def test_odd_numbers_are_nobody_s_and_spoil_no_other(house):
    never, odd = (
        ["\x00", " ", "\u202e", "C-000001\nC-000002"],
        ["'", "%", "*", "x" * 200, "C' OR '1'='1", "\U0001f600", "\\"],
    )
    asked = [{"__typename": "Customer", "number": each} for each in [*never, *odd, "C-000001"]]
    answer = await house.ask(ASKED, {"representations": asked})
    *nobody, known = answer["data"]["_entities"]
    assert (set(map(str, nobody)), known["number"]) == ({"None"}, "C-000001")
    (error,) = answer["errors"]
    assert (error["extensions"]["code"], error["extensions"]["count"]) == ("BAD_USER_INPUT", len(never))
