"""Automatic persisted queries as Apollo Client and urql speak them."""

import pytest

HASH_ALONE = {"text": False, "status": 200}


@pytest.mark.parametrize("client", ["apolloPost", "apolloGet", "urqlPost", "urqlGet"])
async def test_the_first_time_a_client_registers_and_then_sends_the_hash_alone(told, client):
    hashed = "GET" if client.endswith("Get") else "POST"
    first, second = (finding for finding in told if finding["client"] == client)
    assert (first["error"], second["error"]) == (None, None)
    assert (first["subject"], second["subject"]) == ("finance_analyst", "finance_analyst")
    asked, registered = first["sent"]
    assert asked == {"method": hashed, **HASH_ALONE}
    assert (registered["text"], registered["status"]) == (True, 200)
    assert second["sent"] == [{"method": hashed, **HASH_ALONE}]


@pytest.fixture
async def told(run_node, running_gateway):
    return await run_node("persisted_queries.mjs", URL=running_gateway.url, TOKEN=running_gateway.token())
