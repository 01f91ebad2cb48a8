"""@defer: parts where multipart is preferred, one whole answer everywhere else."""

import asyncio
import json
from types import SimpleNamespace

import httpx
import pytest
from graphql import GraphQLError, build_schema

from gateway.admission import Admission
from gateway.configuration.limits import LimitsSection
from gateway.edge.endpoint import Endpoint
from gateway.telemetry import Metrics
from resolvers.errors import ErrorCode, GatewayError
from sources.canonical.actor import Actor, Grants
from sources.simulation.harness import Switches
from sources.simulation.world import BY_KEY, world
from tests.support.house import open_house

CURRENT = "multipart/mixed;incrementalSpec=v0.2,application/graphql-response+json,application/json;q=0.9"
EARLIER = "multipart/mixed;deferSpec=20220824,application/graphql-response+json,application/json;q=0.9"
URQL = (
    "application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed"
)
SDL = """
directive @defer(if: Boolean! = true, label: String) on FRAGMENT_SPREAD | INLINE_FRAGMENT
type Query { hello: String  thing: Thing  things: [Thing!] }
type Thing { name: String  slow: String  beside: String  broken: String!  hanging: String  inner: Thing }
"""


def parts_of(answer):
    """The payloads of a multipart answer, taken apart to the letter."""
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith('multipart/mixed; boundary="-"')
    before, *parts, after = answer.content.split(b"\r\n---")
    assert (before, after) == (b"", b"--\r\n")
    heads = [part.partition(b"\r\n\r\n")[0] for part in parts]
    assert set(heads) == {b"\r\nContent-Type: application/json; charset=utf-8"}
    return [json.loads(part.partition(b"\r\n\r\n")[2]) for part in parts]


class Deferring:
    """An endpoint over things, its metrics, and how often contexts were closed."""

    def __init__(self, deadline_seconds=5.0, grace_seconds=1.0):
        self.closed = 0
        self.metrics = Metrics()
        limits = LimitsSection(grace_seconds=grace_seconds)
        self.admission = Admission(limits)
        self.cancelled = asyncio.Event()
        self.endpoint = Endpoint(
            self._schema(),
            authenticate=self._authenticate,
            open_context=self._context,
            metrics=self.metrics,
            deadline_seconds=deadline_seconds,
            limits=limits,
            admission=self.admission,
        )
        transport = httpx.ASGITransport(app=self.endpoint, raise_app_exceptions=False)
        self.client = httpx.AsyncClient(transport=transport, base_url="http://gateway.test")

    async def ask(self, query, accept=CURRENT, **more):
        return await self.client.post("/graphql", json={"query": query, **more}, headers={"accept": accept})

    async def parts(self, query, accept=CURRENT, **more):
        return parts_of(await self.ask(query, accept, **more))

    async def _authenticate(self, authorization):
        return Actor(issuer="tests", subject="someone")

    def _context(self, actor, correlation_id):
        def close():
            self.closed += 1

        return SimpleNamespace(actor=actor, grants=Grants(), correlation_id=correlation_id, beside=[], close=close)

    def _schema(self):
        schema = build_schema(SDL)
        thing = {"name": "a", "inner": {"name": "b"}}
        schema.query_type.fields["hello"].resolve = lambda source, info: "world"
        schema.query_type.fields["thing"].resolve = lambda source, info: thing
        schema.query_type.fields["things"].resolve = lambda source, info: [thing, thing]

        async def slow(source, info):
            await asyncio.sleep(0.01)
            return "late"

        def beside(source, info):
            error = GatewayError(ErrorCode.SOURCE_TIMEOUT, "crm: silent")
            info.context.beside.append(GraphQLError(error.message, path=info.path.as_list(), original_error=error))
            return "some"

        def broken(source, info):
            raise ZeroDivisionError("the card of Ann Other is 4242")

        async def hanging(source, info):
            try:
                await asyncio.Event().wait()
            finally:
                self.cancelled.set()

        resolvers = {"slow": slow, "beside": beside, "broken": broken, "hanging": hanging}
        for name, resolve in resolvers.items():
            schema.type_map["Thing"].fields[name].resolve = resolve
        return schema


@pytest.fixture
async def deferring():
    opened = Deferring()
    async with opened.client:
        yield opened


async def test_a_deferred_fragment_comes_in_a_part_of_its_own(deferring):
    first, second = await deferring.parts('{ hello thing { name ... @defer(label: "later") { slow } } }')
    assert first == {
        "data": {"hello": "world", "thing": {"name": "a"}},
        "pending": [{"id": "0", "path": ["thing"], "label": "later"}],
        "hasNext": True,
    }
    assert second == {
        "incremental": [{"id": "0", "data": {"slow": "late"}}],
        "completed": [{"id": "0"}],
        "hasNext": False,
    }
    assert deferring.closed == 1


async def test_the_earlier_format_has_paths_in_place_of_ids(deferring):
    first, second = await deferring.parts('{ thing { name ... @defer(label: "later") { slow } } }', EARLIER)
    assert first == {"data": {"thing": {"name": "a"}}, "hasNext": True}
    assert second == {
        "incremental": [{"data": {"slow": "late"}, "path": ["thing"], "label": "later"}],
        "hasNext": False,
    }


@pytest.mark.parametrize(
    "accept",
    [
        URQL,
        "*/*",
        "application/json",
        "application/json, multipart/mixed",
        "multipart/mixed;q=0.5, application/json",
        "multipart/mixed;deferSpec=19991231, application/json",
        "multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/json",
        "text/event-stream, multipart/mixed",
    ],
)
async def test_whoever_does_not_prefer_parts_is_answered_at_once(deferring, accept):
    answer = await deferring.ask("{ thing { name ...Later @defer } } fragment Later on Thing { slow }", accept)
    assert '{"data":{"thing":{"name":"a","slow":"late"}}}' in answer.text
    assert not answer.headers["content-type"].startswith("multipart")


@pytest.mark.parametrize("query", ["{ hello }", "{ hello ... @defer(if: false) { thing { name } } }"])
async def test_what_defers_nothing_is_json_also_for_those_who_prefer_parts(deferring, query):
    for accept in (CURRENT, EARLIER, "multipart/mixed"):
        answer = await deferring.ask(query, accept)
        assert answer.headers["content-type"].startswith("application/")
        assert answer.json()["data"]["hello"] == "world"


async def test_a_document_that_is_wrong_is_refused_as_json(deferring):
    answer = await deferring.ask("{ thing { ... @defer { unknown } } }")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


async def test_variables_decide_what_is_deferred(deferring):
    query = "query($later: Boolean!) { thing { name ... @defer(if: $later) { slow } } }"
    assert len(await deferring.parts(query, variables={"later": True})) == 2
    assert (await deferring.ask(query, variables={"later": False})).json()["data"]["thing"]["slow"] == "late"


async def test_a_fragment_deferred_in_a_deferred_fragment_comes_after_it(deferring):
    query = "{ thing { name ... @defer { slow inner { ... @defer { slow } } } } }"
    first, *rest = await deferring.parts(query)
    assert first["pending"] == [{"id": "0", "path": ["thing"]}]
    assert [each for part in rest for each in part.get("pending", ())] == [{"id": "1", "path": ["thing", "inner"]}]
    earlier = [each for part in (await deferring.parts(query, EARLIER))[1:] for each in part.get("incremental", ())]
    assert [each["path"] for each in earlier] == [["thing"], ["thing", "inner"]]
    assert rest[-1]["hasNext"] is False


@pytest.mark.parametrize("accept", [CURRENT, EARLIER])
async def test_an_error_beside_data_is_told_in_its_part(deferring, accept):
    first, second = await deferring.parts("{ thing { beside ... @defer { later: beside } } }", accept)
    assert [error["path"] for error in first["errors"]] == [["thing", "beside"]]
    (part,) = second["incremental"]
    assert part["data"] == {"later": "some"}
    (error,) = part["errors"]
    assert error["path"] == ["thing", "later"]
    assert error["extensions"]["code"] == "SOURCE_TIMEOUT"
    assert error["extensions"]["count"] == 1
    assert error["extensions"]["correlationId"]


async def test_a_part_that_fails_as_a_whole_breaks_no_other(deferring):
    query = "{ thing { ... @defer { broken } ... @defer { slow } } }"
    _, *rest = await deferring.parts(query)
    completed = {each["id"]: each for part in rest for each in part["completed"]}
    (error,) = completed["0"]["errors"]
    assert error["extensions"]["code"] == "INTERNAL_ERROR"
    assert "4242" not in json.dumps(rest)
    assert "errors" not in completed["1"]
    assert rest[-1]["hasNext"] is False
    _, *rest = await deferring.parts(query, EARLIER)
    told = [each for part in rest for each in part["incremental"]]
    assert [each["data"] for each in told] == [None, {"slow": "late"}]
    assert told[0]["errors"][0]["extensions"]["code"] == "INTERNAL_ERROR"


@pytest.mark.parametrize("accept", [CURRENT, EARLIER])
async def test_what_goes_on_after_the_deadline_ends_the_stream_in_order(accept):
    hurried = Deferring(deadline_seconds=0.1, grace_seconds=0.1)
    async with hurried.client:
        *_, last = await hurried.parts("{ thing { name ... @defer { slow } ... @defer { hanging } } }", accept)
    assert last["hasNext"] is False
    (ended,) = last["completed"] if accept is CURRENT else last["incremental"]
    assert ended["errors"][0]["extensions"]["code"] == "OPERATION_TIMEOUT"
    async with asyncio.timeout(2):
        await hurried.cancelled.wait()
    assert hurried.closed == 1


async def test_too_many_parts_are_answered_as_one(deferring):
    fragment = '... @defer(label: "%s") { %s }'
    many = " ".join(fragment % (f"{name} {number}", name) for name in ("name", "slow") for number in range(45))
    answer = await deferring.ask(f"{{ things {{ {many} }} }}")
    assert answer.json() == {"data": {"things": [{"name": "a", "slow": "late"}] * 2}}


async def test_the_last_part_tells_what_it_cost(deferring):
    first, second = await deferring.parts("{ thing { ... @defer { slow } } }", extensions={"cost": True})
    assert "extensions" not in first
    assert second["extensions"]["cost"]["actualCalls"] == 0


async def test_outcomes_and_codes_are_counted_when_the_last_part_is_told(deferring):
    await deferring.parts("{ thing { ... @defer { beside } } }")
    read = deferring.metrics.registry.get_sample_value
    assert read("c360_requests_total", {"outcome": "partial"}) == 1
    assert read("c360_errors_total", {"code": "SOURCE_TIMEOUT"}) == 1


async def test_every_part_is_within_the_place_of_its_operation(deferring):
    sent = []

    async def receive():
        if not asked:
            await asyncio.Event().wait()
        return asked.pop()

    async def send(message):
        sent.append((message.get("more_body"), deferring.admission.consumers))

    body = json.dumps({"query": "{ thing { name ... @defer { slow } } }"}).encode()
    asked = [{"type": "http.request", "body": body}]
    headers = [(b"content-type", b"application/json"), (b"accept", CURRENT.encode())]
    scope = {"type": "http", "method": "POST", "path": "/graphql", "query_string": b"", "headers": headers}
    await deferring.endpoint(scope, receive, send)
    assert sent == [(None, 1), (True, 1), (False, 1)]
    assert deferring.admission.consumers == 0


async def test_a_client_that_leaves_ends_what_is_deferred(deferring):
    gone = asyncio.Event()
    body = json.dumps({"query": "{ thing { name ... @defer { hanging } } }"}).encode()
    asked = [{"type": "http.request", "body": body}]

    async def receive():
        if asked:
            return asked.pop()
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message):
        if message.get("more_body"):
            asyncio.get_running_loop().call_later(0.02, gone.set)

    headers = [(b"content-type", b"application/json"), (b"accept", CURRENT.encode())]
    scope = {"type": "http", "method": "POST", "path": "/graphql", "query_string": b"", "headers": headers}
    async with asyncio.timeout(2):
        await deferring.endpoint(scope, receive, send)
        await deferring.cancelled.wait()
    assert deferring.closed == 1
    assert deferring.metrics.registry.get_sample_value("c360_requests_total", {"outcome": "gone"}) == 1


CUSTOMER = """query($number: String!) { customerBy(key: { number: $number }) {
  number ... @defer { erpAccount { customerNumber } taxContext { exempt } } } }"""


async def test_what_is_withheld_is_withheld_in_a_deferred_part_too(tmp_path):
    async with open_house(world(customers=12), tmp_path) as house:
        number = BY_KEY["everything"].number
        given = {"query": CUSTOMER, "variables": {"number": number}}
        for role, sees in (("finance_analyst", True), ("support_agent", False)):
            headers = {"authorization": f"Bearer {house.token(role)}", "accept": CURRENT}
            first, *rest = parts_of(await house.client.post("/graphql", json=given, headers=headers))
            assert first["data"] == {"customerBy": {"number": number}}
            (part,) = [each for told in rest for each in told.get("incremental", ())]
            assert part["data"]["erpAccount"]["customerNumber"]
            assert (part["data"]["taxContext"] is not None) is sees
            codes = [error["extensions"]["code"] for error in part.get("errors", ())]
            assert codes == ([] if sees else ["FORBIDDEN"])
            whole = await house.data(CUSTOMER, {"number": number}) if sees else None
            assert whole is None or whole["customerBy"] == {"number": number, **part["data"]}


WHOLE = """query($number: String!) { customerBy(key: { number: $number }) {
  number cases { nodes { number } } ... { invoices { nodes { number } } erpAccount { customerNumber } } } }"""
DEFERRED = WHOLE.replace("... {", "... @defer {")
NUMBER = BY_KEY["everything"].number


@pytest.fixture
async def planning(tmp_path):
    """A house whose queries are compiled at once, and that gives up a source early."""
    more = {"plans": "at_once", "deadline_seconds": 1.5}
    async with open_house(world(customers=12), tmp_path, gateway=more) as house:
        yield house


def planned(house, outcome):
    read = house.gateway.metrics.registry.get_sample_value
    return read("c360_plans_total", {"outcome": outcome, "reason": ""})


async def in_parts(house):
    given = {"query": DEFERRED, "variables": {"number": NUMBER}}
    headers = {"authorization": f"Bearer {house.token('finance_analyst')}", "accept": CURRENT}
    return parts_of(await house.client.post("/graphql", json=given, headers=headers))


async def test_parts_of_a_plan_are_the_whole_answer_for_its_calls(planning):
    for _ in ("with tokens", "without"):
        await planning.forget_cached(NUMBER)
        planning.forget_calls()
        whole = await planning.data(WHOLE, {"number": NUMBER})
    calls = planning.counts()
    await planning.forget_cached(NUMBER)
    planning.forget_calls()
    first, last = await in_parts(planning)
    (part,) = last["incremental"]
    assert {**first["data"]["customerBy"], **part["data"]} == whole["customerBy"]
    assert first["pending"] == [{"id": "0", "path": ["customerBy"]}]
    assert planning.counts() == calls
    assert planned(planning, "compiled") == 2


async def test_a_source_that_hangs_blanks_its_edge_in_the_part_alone(planning):
    planning.simulators["erp"].harness.switches = Switches(hang=True)
    first, last = await in_parts(planning)
    assert "errors" not in first
    assert first["data"]["customerBy"]["cases"]["nodes"]
    (part,) = last["incremental"]
    assert part["data"]["invoices"]["nodes"]
    assert part["data"]["erpAccount"] is None
    told = [(each["path"], each["extensions"]["code"]) for each in part["errors"]]
    assert told == [(["customerBy", "erpAccount"], "SOURCE_TIMEOUT")]
    assert planned(planning, "compiled") == 1
