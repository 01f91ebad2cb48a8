"""The public audits of GraphQL over HTTP, all of them: MUST, SHOULD and MAY."""


async def test_every_audit_of_graphql_http_passes(run_node, running_gateway):
    audits = await run_node("graphql_http_audits.mjs", URL=running_gateway.url, TOKEN=running_gateway.token())
    assert len(audits) == 61
    assert [audit for audit in audits if audit["status"] != "ok"] == []
