"""urql, as it comes out of npm."""

import pytest


@pytest.fixture
def urql(run_node, running_gateway):
    async def run(script):
        return await run_node(
            script,
            URL=running_gateway.url,
            TOKEN=running_gateway.token(),
        )

    return run


async def test_urql_gets_json_although_it_would_take_an_event_stream(urql):
    posted, got, wrong, stranger = await urql("urql_client.mjs")
    for answer, method in ((posted, "POST"), (got, "GET")):
        assert answer["data"]["viewer"]["subject"] == "finance_analyst"
        assert answer["error"] is None
        assert answer["method"] == method
        assert "text/event-stream" in answer["accept"]
        assert "json" in answer["type"]
    assert wrong == {"network": None, "codes": ["GRAPHQL_VALIDATION_FAILED"]}
    assert stranger["codes"] == ["UNAUTHENTICATED"]
