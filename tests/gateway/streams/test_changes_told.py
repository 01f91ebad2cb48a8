"""Subscription.customerChanged: what the polling finds reaches who may see it, masked anew; why it ends."""

import asyncio
import json
import time

import httpx
import jwt
import msgspec
import pytest

CHANGED = """
subscription($id: ID!) {
  customerChanged(id: $id) {
    kind system occurredAt customer { number } record { __typename id ... on Invoice { number } }
  }
}
"""
EVENTS = "text/event-stream"


async def subscribed(port, talk, customer="C-000002", query=CHANGED):
    listening = port.house.gateway.announcements.listeners
    await talk.subscribe(query, {"id": await port.house.id_of(customer)})
    await port.heard_by(listening + 1)


async def lines_of(response):
    async for line in response.aiter_lines():
        yield line


async def next_event(lines):
    """The next event as (name, data), comments left out."""
    name = None
    async with asyncio.timeout(5):
        async for line in lines:
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data:"):
                text = line.removeprefix("data:").strip()
                return name, json.loads(text) if text else None
    return None


async def test_a_new_invoice_is_told_with_its_record(port):
    async with port.talking_as() as talk:
        await subscribed(port, talk)
        await port.happens()
        told = (await talk.hear())["payload"]
        assert "errors" not in told
        change = told["data"]["customerChanged"]
        assert (change["kind"], change["system"], change["customer"]) == ("INVOICE", "billing", {"number": "C-000002"})
        assert change["record"]["number"] == "INV-NEW-1"


async def test_an_event_costs_one_read_of_its_record(port, house):
    async with port.talking_as() as talk:
        await subscribed(port, talk)
        await port.happens()
        await talk.hear()
        reads = [call for call in house.calls("billing") if "/invoices/" in call.path]
        assert len(reads) == 1


async def test_what_happens_to_another_customer_is_not_told(port):
    async with port.talking_as() as talk:
        await subscribed(port, talk)
        await port.happens("C-000001")
        await port.happens("C-000002")
        assert (await talk.hear())["payload"]["data"]["customerChanged"]["customer"]["number"] == "C-000002"


async def test_who_may_not_see_invoices_is_told_without_the_record(port):
    async with port.talking_as("platform_admin") as talk:
        await subscribed(port, talk)
        await port.happens()
        told = (await talk.hear())["payload"]
        assert told["data"]["customerChanged"]["record"] is None
        (error,) = told["errors"]
        assert (error["extensions"]["code"], error["path"]) == ("FORBIDDEN", ["customerChanged", "record"])


async def test_a_record_that_cannot_be_read_is_null_with_the_reason(port, house):
    async with port.talking_as() as talk:
        await subscribed(port, talk)
        house.simulators["billing"].harness.switches.only = "/invoices/"
        house.simulators["billing"].harness.switches.status = 500
        await port.happens()
        told = (await talk.hear())["payload"]
        assert told["data"]["customerChanged"]["record"] is None
        assert told["errors"][0]["extensions"]["code"] == "SOURCE_UNAVAILABLE"


@pytest.mark.parametrize("customer", ["nobody", "outside"])
async def test_a_customer_that_may_not_be_seen_is_refused(port, house, customer):
    known = await house.id_of("C-000002")
    limited = changed_token(house, customers=["C-000003"])
    async with port.talking() as talk:
        await talk.begin(limited)
        other = "Q3VzdG9tZXIKCm5vYm9keQ" if customer == "nobody" else known
        await talk.subscribe(CHANGED, {"id": other})
        told = await talk.hear()
        assert (told["type"], told["payload"][0]["extensions"]["code"]) == ("error", "FORBIDDEN")
    assert house.gateway.announcements.listeners == 0


@pytest.mark.parametrize("given", ["x", ""])
async def test_what_is_no_id_is_bad_input(port, given):
    async with port.talking_as() as talk:
        await talk.subscribe(CHANGED, {"id": given})
        assert (await talk.hear())["payload"][0]["extensions"]["code"] == "BAD_USER_INPUT"


def changed_token(house, **claims):
    """A token of finance_analyst with other claims."""
    issuer = house.gateway.issuer
    usual = jwt.decode(house.token("finance_analyst"), options={"verify_signature": False})
    return jwt.encode({**usual, **claims}, issuer._key, "ES256", {"kid": issuer._kid, "typ": "at+jwt"})


def expiring_token(house, seconds):
    return changed_token(house, exp=time.time() + seconds)


async def test_a_conversation_ends_when_its_token_expires(port, house):
    async with port.talking() as talk:
        await talk.begin(expiring_token(house, 1.5))
        assert await talk.closed() == (4403, "The token has expired")


async def test_an_event_stream_ends_when_its_token_expires(port, house):
    variables = {"id": await house.id_of("C-000002")}
    async with port.events(CHANGED, variables, token=expiring_token(house, 1.5)) as response:
        lines = lines_of(response)
        name, told = await next_event(lines)
        assert (name, told["errors"][0]["extensions"]["code"]) == ("next", "UNAUTHENTICATED")
        assert await next_event(lines) == ("complete", None)
    await port.heard_by(0)


async def test_a_stream_ends_when_what_its_viewer_may_see_changes(port, house):
    async with port.talking_as("support_agent") as talk:
        await subscribed(port, talk)
        roles = house.gateway.policy.roles
        roles["support_agent"] = msgspec.structs.replace(roles["support_agent"], classes=frozenset())
        await port.happens()
        told = await talk.hear()
        assert (told["type"], told["payload"][0]["extensions"]["code"]) == ("error", "FORBIDDEN")
    await port.heard_by(0)


async def test_who_does_not_keep_up_is_told_to_come_back(open_port):
    async with open_port(queued_changes=2) as port, port.talking_as() as talk:
        await subscribed(port, talk)
        await port.happens(times=4)
        while (told := await talk.hear())["type"] == "next":
            pass
        (error,) = told["payload"]
        assert (error["extensions"]["code"], error["extensions"]["retryable"]) == ("STREAM_INTERRUPTED", True)
        await port.heard_by(0)


async def test_a_stream_over_server_sent_events_has_lines_that_end_in_lf(port, house):
    variables = {"id": await house.id_of("C-000002")}
    async with port.events(CHANGED, variables) as response:
        assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert response.headers["cache-control"] == "private, no-store"
        await port.heard_by(1)
        await port.happens()
        content = b""
        async for chunk in response.aiter_raw():
            content += chunk
            if content.count(b"\n\n") == 2:
                break
        assert content.startswith(b":\n\nevent: next\ndata: {")
        assert b"\r" not in content


async def test_silence_is_filled_with_comments(open_port):
    async with open_port(keep_alive_seconds=0.05) as port:
        variables = {"id": await port.house.id_of("C-000002")}
        async with port.events(CHANGED, variables) as response:
            content = b""
            async for chunk in response.aiter_raw():
                content += chunk
                if content == b":\n\n" * 4:
                    break


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (
            "application/graphql-response+json, application/json, text/event-stream, multipart/mixed",
            "application/graphql",
        ),
        ("application/json, text/event-stream", "application/json"),
        ("text/event-stream;q=0.5, application/json", "application/json"),
        ("*/*", "application/json"),
        ("text/event-stream, application/json", EVENTS),
        ("application/json;q=0.5, text/event-stream", EVENTS),
        ("text/event-stream", EVENTS),
    ],
)
async def test_events_are_chosen_only_where_they_are_preferred(port, accept, kind):
    async with port.events("{ viewer { subject } }", accept=accept) as response:
        assert response.headers["content-type"].startswith(kind)
        content = await response.aread()
    answer = b'{"data":{"viewer":{"subject":"finance_analyst"}}}'
    assert content == (
        b"event: next\ndata: " + answer + b"\n\nevent: complete\ndata:\n\n" if kind == EVENTS else answer
    )


async def test_what_cannot_run_is_one_event_and_the_end(port, house):
    async with port.events("subscription { nope }") as response:
        lines = lines_of(response)
        assert (await next_event(lines))[1]["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
        assert await next_event(lines) == ("complete", None)


async def test_a_subscription_may_be_asked_for_by_get(port, house):
    params = {"query": CHANGED, "variables": json.dumps({"id": await house.id_of("C-000002")})}
    headers = {"authorization": f"Bearer {house.token('auditor')}", "accept": EVENTS}
    async with (
        httpx.AsyncClient(base_url=port.url) as client,
        client.stream("GET", "/graphql", params=params, headers=headers) as response,
    ):
        await port.heard_by(1)
        await port.happens()
        assert (await next_event(lines_of(response)))[1]["data"]["customerChanged"]["kind"] == "INVOICE"


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_without_a_stream_a_subscription_is_refused(house, method):
    asked = {"query": CHANGED, "variables": json.dumps({"id": "x"}) if method == "GET" else {"id": "x"}}
    sent = {"params": asked} if method == "GET" else {"json": asked}
    headers = {"authorization": f"Bearer {house.token('auditor')}"}
    answer = await house.client.request(method, "/graphql", headers=headers, **sent)
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (400, "BAD_REQUEST")


async def test_streams_of_one_consumer_are_bounded(open_port):
    async with open_port(connections=1) as port:
        variables = {"id": await port.house.id_of("C-000002")}
        async with port.events(CHANGED, variables):
            await port.heard_by(1)
            async with port.events(CHANGED, variables) as second:
                assert second.status_code == 429
                assert json.loads(await second.aread())["errors"][0]["extensions"]["code"] == "TOO_MANY_STREAMS"
            async with port.talking() as talk:
                token = port.house.token("finance_analyst")
                await talk.say({"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}})
                assert await talk.closed() == (4429, "Too many connections")
            async with port.talking_as("auditor"):
                pass
        await port.heard_by(0)
        async with port.talking_as():
            pass
