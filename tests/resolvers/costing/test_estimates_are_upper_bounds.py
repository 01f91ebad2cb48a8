"""Generated operations never make more calls than was said before they ran, counted at the simulators' sockets.

C360_COST_EXAMPLES=5000 looks further than every run does.
"""

import os

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.resolvers.costing.operations_made_up import operations

EXAMPLES = int(os.environ.get("C360_COST_EXAMPLES", "200"))


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
@given(data=st.data(), yes=st.booleans())
def test_no_operation_makes_more_calls_than_was_estimated(counted, data, yes):
    query = data.draw(operations(counted.customer_ids, counted.record_ids, counted.numbers))
    cost, counts = counted.run(query, {"yes": yes})
    told = {name: each["actualCalls"] for name, each in cost["bySystem"].items() if each["actualCalls"]}
    assert told == counts
    assert cost["actualCalls"] == sum(counts.values())
    for name, count in counts.items():
        assert count <= cost["bySystem"][name]["estimatedCalls"], (name, count, cost)
