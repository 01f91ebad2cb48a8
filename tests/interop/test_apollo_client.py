"""Apollo Client, as it comes out of npm."""

import pytest


@pytest.fixture
def apollo(run_node, running_gateway):
    async def run(script, role="finance_analyst"):
        return await run_node(
            script,
            URL=running_gateway.url,
            TOKEN=running_gateway.token(role),
        )

    return run


async def test_apollo_client_reads_data_partial_data_and_refusals(apollo):
    whole, cached, partly, wrong = await apollo("apollo_client.mjs", role="support_agent")
    assert len(whole["names"]) == 3
    assert whole["error"] is None
    assert cached == {"fromCache": True}
    assert partly == {"data": 2, "isGraphQLError": True, "codes": ["FORBIDDEN"]}
    assert wrong == {"data": None, "isGraphQLError": True, "codes": ["GRAPHQL_VALIDATION_FAILED"]}
