"""The cost of an operation is estimated once for all requests that are the same in what it depends on."""

import time
from functools import reduce
from types import SimpleNamespace

from graphql import parse

from gateway.edge.costs import Costs
from gateway.edge.parameters import Parameters
from gateway.edge.preparing import Prepared
from resolvers import ids
from resolvers.costing import Estimate
from resolvers.masks import Mask

DOCUMENT = parse("query Q($id: ID!, $first: Int, $all: Boolean) { __typename }")
MASK = Mask(frozenset(), frozenset(), frozenset())


class Estimated:
    """Costs over an estimator that reads `first`, and `id` where there is `all`."""

    def __init__(self):
        self.asked = []
        self._costs = Costs(self._estimate, 1000)

    def calls(self, mask=MASK, **variables):
        asked = Parameters(query="…", variables=variables)
        prepared = Prepared(DOCUMENT, DOCUMENT.definitions[0], asked)
        return self._costs.judged(prepared, SimpleNamespace(mask=mask)).calls

    def _estimate(self, prepared, viewing):
        variables = prepared.asked.variables
        self.asked.append(variables)
        length = len(variables["id"]) if variables.get("all") else 0
        read = {"first", "all", "id"} if variables.get("all") else {"first", "all"}
        return Estimate({"billing": variables.get("first", 10) + length}, frozenset(read))


def test_what_a_cost_does_not_depend_on_is_not_estimated_again():
    costs = Estimated()
    assert [costs.calls(id=each, first=3) for each in "abc"] == [3, 3, 3]
    assert len(costs.asked) == 1


def test_what_it_depends_on_is():
    costs = Estimated()
    assert [costs.calls(id="a", first=3), costs.calls(id="a", first=4), costs.calls(id="a")] == [3, 4, 10]
    assert [costs.calls(id="b", first=4), costs.calls(id="b"), costs.calls(id="b", first=3)] == [4, 10, 3]
    assert len(costs.asked) == 3


def test_what_it_depends_on_is_learned_as_it_is_read():
    costs = Estimated()
    assert costs.calls(id="a", first=3) == 3
    assert [costs.calls(id=each, first=3, all=True) for each in ("a", "bb", "bb")] == [4, 5, 5]
    assert [costs.calls(id=each, first=3) for each in ("a", "bb")] == [3, 3]
    assert costs.calls(id="bb", first=3, all=True) == 5


def test_of_ids_it_depends_on_how_many_there_are_of_which_type_and_source():
    costs = Estimated()
    one, other, invoice = ids.encode("Case", "a", "1"), ids.encode("Case", "a", "2"), ids.encode("Invoice", "b", "1")
    for same in ([one], [other], [one, one]):
        costs.calls(id=same, all=True)
    assert len(costs.asked) == 1
    for different in ([one, other], [one, invoice], [invoice], [one, "no id"], [one, "nor this"], one, []):
        costs.calls(id=different, all=True)
    assert len(costs.asked) == 8


def test_variables_that_are_no_ids_cost_what_they_are_long_however_deep_they_are_nested():
    costs = Estimated()
    for nested in (reduce(lambda inner, _: [inner], range(60), "x"), [{"id": ["x"]}] * 60):
        began = time.process_time()
        costs.calls(id=nested, all=True)
        assert time.process_time() - began < 0.1


def test_another_mask_is_estimated_by_itself():
    costs = Estimated()
    assert costs.calls(id="a", first=3) == costs.calls(Mask(frozenset(), frozenset(), frozenset()), id="a", first=3)
    assert len(costs.asked) == 2


def test_long_variables_are_estimated_each_time():
    costs = Estimated()
    assert [costs.calls(id="a" * 600, all=True) for _ in range(2)] == [610, 610]
    assert len(costs.asked) == 2
