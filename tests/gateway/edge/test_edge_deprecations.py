"""Before something is taken out of the schema, one knows who still asks for it."""

import gc

import httpx
import pytest
from graphql import build_schema, parse, validate
from starlette.applications import Starlette
from starlette.routing import Route

from gateway.edge.deprecations import MAX_CONSUMERS, OTHER, Deprecations, consumer_name
from gateway.edge.endpoint import Endpoint
from gateway.telemetry.metrics import Metrics
from sources.canonical.actor import Actor
from tests.gateway.edge.conftest import authenticate, open_context

SCHEMA = build_schema("""
type Query { old(a: Int @deprecated(reason: "gone"), c: Colour, i: Wish): Thing @deprecated(reason: "use fresh")
  fresh(a: Int @deprecated(reason: "gone"), c: Colour, i: Wish): Thing }
type Thing { id: ID name: String @deprecated(reason: "use title") thing: Thing }
enum Colour { RED GREY @deprecated(reason: "too dull") }
input Wish { colour: Colour old: Int @deprecated(reason: "gone") deep: Wish }
""")


class Counts(dict):
    def count(self, coordinate, consumer):
        self[coordinate, consumer] = self.get((coordinate, consumer), 0) + 1


def actor(subject):
    return Actor(issuer="i", subject=subject)


def noted(query):
    document = parse(query)
    assert validate(SCHEMA, document) == []
    counts = Counts()
    Deprecations(SCHEMA, counts.count).note(document, actor("someone"))
    return {coordinate for coordinate, _ in counts}


@pytest.mark.parametrize(
    ("query", "coordinates"),
    [
        ("{ fresh { id thing { id } } }", set()),
        ("{ old { id } a: old { id } }", {"Query.old"}),
        ("{ fresh { thing { ...on } } } fragment on_ on Thing { name }".replace("...on", "...on_"), {"Thing.name"}),
        ("{ fresh(a: 1) { id } }", {"Query.fresh(a:)"}),
        ("{ fresh(c: GREY) { id } }", {"Colour.GREY"}),
        ("{ fresh(i: {deep: {old: 1, colour: GREY}}) { id } }", {"Wish.old", "Colour.GREY"}),
    ],
)
def test_every_deprecated_coordinate_of_a_document_is_found(query, coordinates):
    assert noted(query) == coordinates


def test_each_time_and_each_consumer_is_counted():
    counts, document = Counts(), parse("{ fresh { name } }")
    deprecations = Deprecations(SCHEMA, counts.count)
    for subject in ("ann", "ann", "ben"):
        deprecations.note(document, actor(subject))
    assert counts == {("Thing.name", consumer_name("i", "ann")): 2, ("Thing.name", consumer_name("i", "ben")): 1}
    assert "ann" not in str(counts)


def test_consumers_beyond_the_bound_are_counted_together():
    counts, document = Counts(), parse("{ fresh { name } }")
    deprecations = Deprecations(SCHEMA, counts.count)
    for number in range(MAX_CONSUMERS + 50):
        deprecations.note(document, actor(f"s{number}"))
    assert len(counts) == MAX_CONSUMERS + 1
    assert counts["Thing.name", OTHER] == 50


def test_nothing_is_kept_of_a_document_that_is_gone():
    deprecations = Deprecations(SCHEMA, Counts().count)
    for number in range(10):
        deprecations.note(parse(f"{{ fresh(a: {number}) {{ name }} }}"), actor("ann"))
    gc.collect()
    assert deprecations._found == {}


async def test_a_request_over_http_is_counted():
    metrics = Metrics()
    endpoint = Endpoint(
        SCHEMA, authenticate=authenticate, open_context=open_context, metrics=metrics, deadline_seconds=1.0
    )
    transport = httpx.ASGITransport(app=Starlette(routes=[Route("/graphql", endpoint)]))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        for query in ("{ old { id } }", "{ old { id } }", "{ fresh { id } }"):
            assert (await client.post("/graphql", json={"query": query})).status_code == 200
    consumer = consumer_name("tests", "someone")
    assert f'{{consumer="{consumer}",coordinate="Query.old"}} 2.0' in metrics.exposition(()).decode()


def test_the_metric_names_coordinate_and_consumer():
    metrics = Metrics()
    Deprecations(SCHEMA, metrics.deprecated).note(parse("{ old { name } }"), actor("ann"))
    shown = metrics.exposition(()).decode()
    consumer = consumer_name("i", "ann")
    assert f'c360_deprecated_fields_total{{consumer="{consumer}",coordinate="Query.old"}} 1.0' in shown
    assert f'c360_deprecated_fields_total{{consumer="{consumer}",coordinate="Thing.name"}} 1.0' in shown
