"""An endpoint over a schema of the tests, which has mutations and resolvers that fail."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace

import httpx
import pytest
from graphql import build_schema

from gateway.edge.endpoint import Endpoint
from gateway.telemetry import Metrics
from sources.canonical.actor import Actor, Grants

SDL = """
type Query { hello(name: String, times: Int): String  number: Int  broken: [Broken!]  scalar(at: Date): String }
type Broken { secret: String  safe: String }
type Mutation { issue(amount: Int): Receipt  refund: Receipt }
type Receipt { id: ID }
type Subscription { ticks: Int }
scalar Date
"""


class Small:
    """A client of a small endpoint, and what ran behind it."""

    def __init__(self, endpoint, ran, client):
        self.endpoint, self.ran, self.client = endpoint, ran, client

    async def post(self, body, **headers):
        return await self.client.post("/graphql", json=body, headers=headers)

    async def ask(self, query, **more):
        return await self.post({"query": query, **more})

    async def get(self, headers=None, **parameters):
        return await self.client.get("/graphql", params=parameters, headers=headers)


async def authenticate(authorization):
    return Actor(issuer="tests", subject="someone")


def open_context(actor, correlation_id):
    return SimpleNamespace(actor=actor, grants=Grants(), correlation_id=correlation_id, beside=[], close=lambda: None)


def schema_that_notes(ran):
    schema = build_schema(SDL)

    def noting(name, answer):
        def resolve(source, info, **arguments):
            ran.append(name)
            return answer

        return resolve

    def failing(source, info):
        raise ZeroDivisionError("the card of Ann Other is 4242")

    def date(value):
        raise ValueError("Invalid isoformat string")

    fields = schema.query_type.fields
    fields["hello"].resolve = noting("hello", "world")
    fields["number"].resolve = noting("number", 7)
    fields["broken"].resolve = noting("broken", [{}, {}, {}])
    fields["scalar"].resolve = noting("scalar", "x")
    schema.type_map["Date"].coerce_input_value = date
    schema.type_map["Date"].parse_literal = lambda node, variables=None: date(node)
    schema.type_map["Broken"].fields["secret"].resolve = failing
    schema.type_map["Broken"].fields["safe"].resolve = noting("safe", "yes")
    schema.type_map["Date"].coerce_input_value = date
    for name, field in schema.mutation_type.fields.items():
        field.resolve = noting(name, {"id": "1"})
    return schema


@asynccontextmanager
async def open_small(**options) -> AsyncIterator[Small]:
    ran = []
    endpoint = Endpoint(
        schema_that_notes(ran),
        authenticate=authenticate,
        open_context=open_context,
        metrics=Metrics(),
        deadline_seconds=5,
        **options,
    )
    transport = httpx.ASGITransport(app=endpoint, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as client:
        yield Small(endpoint, ran, client)


@pytest.fixture
def small_endpoint():
    """Opens a small endpoint with the options of Endpoint."""
    return open_small


@pytest.fixture
async def small():
    async with open_small() as opened:
        yield opened


@pytest.fixture
def code_of():
    """(status, code) of an answer with one error, whose correlation id is that of the answer."""

    def read(answer):
        (error,) = answer.json()["errors"]
        assert error["extensions"]["correlationId"] == answer.headers["x-correlation-id"]
        return answer.status_code, error["extensions"]["code"]

    return read
