"""gql, the Python client, over both of its asynchronous HTTP transports."""

import pytest
from gql import Client, GraphQLRequest
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.exceptions import TransportQueryError, TransportServerError
from gql.transport.httpx import HTTPXAsyncTransport

VIEWER = "query Viewer { viewer { subject } }"
CUSTOMERS = "query Customers($first: Int!) { customers(first: $first) { nodes { number } } }"


@pytest.fixture(params=[AIOHTTPTransport, HTTPXAsyncTransport], ids=["aiohttp", "httpx"])
def transport(request, running_gateway):
    def opened(token):
        return request.param(url=running_gateway.url, headers={"authorization": f"Bearer {token}"})

    return opened


async def test_gql_fetches_the_schema_and_asks_by_it(transport, running_gateway):
    client = Client(transport=transport(running_gateway.token()), fetch_schema_from_transport=True)
    async with client as session:
        answer = await session.execute(GraphQLRequest(CUSTOMERS, variable_values={"first": 2}))
    assert len(answer["customers"]["nodes"]) == 2


async def test_gql_is_told_the_code_of_a_refused_query(transport, running_gateway):
    async with Client(transport=transport(running_gateway.token())) as session:
        with pytest.raises(TransportQueryError) as refused:
            await session.execute(GraphQLRequest(CUSTOMERS, variable_values={"first": "many"}))
    assert refused.value.errors[0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_gql_meets_401_as_an_error_and_not_as_a_broken_answer(transport):
    async with Client(transport=transport("not-a-token")) as session:
        with pytest.raises((TransportQueryError, TransportServerError), match=r"UNAUTHENTICATED|401"):
            await session.execute(GraphQLRequest(VIEWER))
