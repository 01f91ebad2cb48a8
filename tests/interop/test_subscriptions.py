"""Subscriptions, as the clients of the ecosystem hold them."""

import pytest
from gql import Client, GraphQLRequest
from gql.transport.websockets import WebsocketsTransport

from tests.interop.listening import SUBSCRIPTION, TOLD, happening

EVENT = {"data": {"customerChanged": TOLD}}
VIEWER = {"data": {"viewer": {"subject": "finance_analyst"}}}


@pytest.fixture
async def gateway(tmp_path):
    async with happening(tmp_path) as opened:
        yield opened


async def printed(gateway, run_node, script):
    environment = gateway.environment(await gateway.customer())
    async with gateway.changing():
        lines = await run_node(script, seconds=30, **environment)
        assert await gateway.silent(), "what a client no longer wants is still listened for"
    return lines


async def test_graphql_ws_queries_subscribes_and_is_told_that_it_is_a_stranger(gateway, run_node):
    viewer, *events, stranger = await printed(gateway, run_node, "graphql_ws.mjs")
    assert viewer == VIEWER
    assert events == [EVENT] * 3
    assert stranger == {"code": 4403}


async def test_graphql_sse_queries_and_subscribes(gateway, run_node):
    viewer, *events = await printed(gateway, run_node, "graphql_sse.mjs")
    assert viewer == VIEWER
    assert events == [EVENT] * 3


async def test_urql_subscribes_over_each_of_its_ways(gateway, run_node):
    events = await printed(gateway, run_node, "urql_subscriptions.mjs")
    assert [event["way"] for event in events] == ["graphql-ws"] * 3 + ["graphql-sse"] * 3 + ["fetch"] * 3
    assert all(event["data"] == EVENT["data"] for event in events)


async def test_apollo_client_subscribes_over_its_web_socket_link(gateway, run_node):
    events = await printed(gateway, run_node, "apollo_subscription.mjs")
    assert (
        events
        == [
            {
                "data": {
                    "customerChanged": {
                        **TOLD,
                        "__typename": "CustomerChange",
                        "customer": {**TOLD["customer"], "__typename": "Customer"},
                    }
                }
            }
        ]
        * 3
    )


async def test_gql_subscribes_over_a_web_socket(gateway):
    transport = WebsocketsTransport(
        url=gateway.websocket_url,
        subprotocols=[WebsocketsTransport.GRAPHQLWS_SUBPROTOCOL],
        init_payload={"authorization": f"Bearer {gateway.house.token('finance_analyst')}"},
    )
    request = GraphQLRequest(SUBSCRIPTION, variable_values={"id": await gateway.customer()})
    events = []
    async with gateway.changing(), Client(transport=transport) as session:
        async for event in session.subscribe(request):
            events.append(event)
            if len(events) == 3:
                break
    assert events == [EVENT["data"]] * 3
    assert await gateway.silent()
