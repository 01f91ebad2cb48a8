"""graphql-transport-ws, spoken well and badly."""

import pytest
import websockets

from gateway.bounded_websocket import MAX_MESSAGE_BYTES

VIEWER = "{ viewer { subject } }"


async def test_a_query_is_answered_and_completed(quiet_port):
    async with quiet_port.talking_as("auditor") as talk:
        await talk.subscribe(VIEWER)
        assert await talk.hear() == {"id": "1", "type": "next", "payload": {"data": {"viewer": {"subject": "auditor"}}}}
        assert await talk.hear() == {"id": "1", "type": "complete"}


async def test_an_id_may_be_used_again_after_its_end(quiet_port):
    async with quiet_port.talking_as() as talk:
        for _ in range(3):
            await talk.subscribe(VIEWER)
            assert (await talk.hear())["type"] == "next"
            assert (await talk.hear())["type"] == "complete"


async def test_the_token_may_come_with_the_handshake(quiet_port):
    async with quiet_port.talking(
        additional_headers={"authorization": f"Bearer {quiet_port.house.token('auditor')}"}
    ) as talk:
        await talk.begin()
        await talk.subscribe(VIEWER)
        assert (await talk.hear())["payload"]["data"]["viewer"]["subject"] == "auditor"


@pytest.mark.parametrize(
    "payload", [{}, {"authorization": "Bearer x"}, {"authorization": 5}, {"Authorization": ""}, None]
)
async def test_who_has_no_good_token_is_forbidden(quiet_port, payload):
    async with quiet_port.talking() as talk:
        await talk.say({"type": "connection_init", "payload": payload})
        assert await talk.closed() == (4403, "Forbidden")


async def test_who_does_not_say_who_it_is_is_cut_off(open_port):
    async with open_port(connection_init_seconds=0.2) as port, port.talking() as talk:
        await talk.say({"type": "ping"})
        assert await talk.hear() == {"type": "pong"}
        assert await talk.closed() == (4408, "Connection initialisation timeout")


async def test_to_subscribe_before_that_is_unauthorized(quiet_port):
    async with quiet_port.talking() as talk:
        await talk.subscribe(VIEWER)
        assert await talk.closed() == (4401, "Unauthorized")


async def test_to_say_it_twice_is_once_too_often(quiet_port):
    async with quiet_port.talking_as() as talk:
        await talk.say(
            {"type": "connection_init", "payload": {"authorization": f"Bearer {quiet_port.house.token('auditor')}"}}
        )
        assert await talk.closed() == (4429, "Too many initialisation requests")


BAD = {
    "an array": [1],
    "a string": '"x"',
    "null": "null",
    "a number": "5",
    "no JSON": "{",
    "nothing": "",
    "bytes": b'{"type": "ping"}',
    "no type": {},
    "a type that is no string": {"type": 5},
    "an unknown type": {"type": "start"},
    "a type of the server": {"type": "next", "id": "1", "payload": {}},
    "a ping with a string": {"type": "ping", "payload": "x"},
    "a pong with a list": {"type": "pong", "payload": [1]},
    "subscribe without an id": {"type": "subscribe", "payload": {"query": VIEWER}},
    "an empty id": {"type": "subscribe", "id": "", "payload": {"query": VIEWER}},
    "an id that is a number": {"type": "subscribe", "id": 1, "payload": {"query": VIEWER}},
    "a long id": {"type": "subscribe", "id": "x" * 1000, "payload": {"query": VIEWER}},
    "no payload": {"type": "subscribe", "id": "1"},
    "a payload of null": {"type": "subscribe", "id": "1", "payload": None},
    "a payload that is a list": {"type": "subscribe", "id": "1", "payload": []},
    "a numeric query": {"type": "subscribe", "id": "1", "payload": {"query": 5}},
    "a query of null": {"type": "subscribe", "id": "1", "payload": {"query": None}},
    "variables that are a list": {"type": "subscribe", "id": "1", "payload": {"query": VIEWER, "variables": [1]}},
    "an operation name that is a number": {
        "type": "subscribe", "id": "1", "payload": {"query": VIEWER, "operationName": 5},
    },
    "a lone surrogate": '{"type": "subscribe", "id": "1", "payload": {"query": "\\ud800"}}',
    "NaN": '{"type": "subscribe", "id": "1", "payload": {"query": "{ a }", "variables": {"a": NaN}}}',
    "deep arrays": '{"type": "ping", "payload": ' + "[" * 20_000 + "]" * 20_000 + "}",
    "complete without an id": {"type": "complete"},
}  # fmt: skip


@pytest.mark.parametrize("message", BAD.values(), ids=BAD)
async def test_what_is_no_message_is_answered_by_the_code_for_that(quiet_port, message):
    async with quiet_port.talking_as() as talk:
        await talk.say(message)
        assert await talk.closed() == (4400, "Invalid message")


@pytest.mark.parametrize("payload", ["x", 5, [1], True])
async def test_an_init_payload_that_is_no_object_is_no_message(quiet_port, payload):
    async with quiet_port.talking() as talk:
        await talk.say({"type": "connection_init", "payload": payload})
        assert await talk.closed() == (4400, "Invalid message")


async def test_two_operations_of_one_id_end_the_conversation(port, house):
    changed = "subscription($id: ID!) { customerChanged(id: $id) { kind } }"
    variables = {"id": await house.id_of("C-000002")}
    async with port.talking_as() as talk:
        await talk.subscribe(changed, variables)
        await talk.subscribe(changed, variables)
        assert await talk.closed() == (4409, "Subscriber already exists")


async def test_what_cannot_run_ends_itself_only(quiet_port):
    async with quiet_port.talking_as() as talk:
        for query, code in (("{", "GRAPHQL_PARSE_FAILED"), ("{ nope }", "GRAPHQL_VALIDATION_FAILED")):
            await talk.subscribe(query)
            told = await talk.hear()
            assert (told["id"], told["type"]) == ("1", "error")
            assert [error["extensions"]["code"] for error in told["payload"]] == [code]
            assert told["payload"][0]["extensions"]["correlationId"]
        await talk.subscribe("query($n: Int!) { customers(first: $n) { totalCount } }", {"n": "x"})
        assert (await talk.hear())["payload"][0]["extensions"]["code"] == "BAD_USER_INPUT"
        await talk.subscribe(VIEWER)
        assert (await talk.hear())["type"] == "next"


async def test_variables_that_are_too_deep_end_themselves_only(quiet_port):
    deep = "[" * 150 + "]" * 150
    async with quiet_port.talking_as() as talk:
        await talk.say(
            '{"type": "subscribe", "id": "1", "payload": {"query": "{ a }", "variables": {"a": ' + deep + "}}}"
        )
        assert (await talk.hear())["payload"][0]["extensions"]["code"] == "JSON_TOO_DEEP"


async def test_a_pong_repeats_what_the_ping_brought(quiet_port):
    async with quiet_port.talking() as talk:
        await talk.say({"type": "ping", "payload": {"at": 5}})
        assert await talk.hear() == {"type": "pong", "payload": {"at": 5}}


async def test_a_pong_that_nobody_asked_for_is_fine(quiet_port):
    async with quiet_port.talking_as() as talk:
        await talk.say({"type": "pong"})
        await talk.say({"type": "complete", "id": "unknown"})
        await talk.subscribe(VIEWER)
        assert (await talk.hear())["type"] == "next"


async def test_other_protocols_are_not_spoken(quiet_port):
    async with quiet_port.talking(subprotocols=None) as talk:
        assert await talk.closed() == (4406, "Subprotocol not acceptable")


async def test_a_frame_that_is_larger_than_any_request_is_refused_unread(quiet_port):
    async with quiet_port.talking_as() as talk:
        await talk.say("x" * (20 * MAX_MESSAGE_BYTES))
        assert (await talk.closed())[0] == 1009
    assert (await quiet_port.house.data(VIEWER))["viewer"]


async def test_a_frame_that_is_no_utf8_is_refused_as_the_standard_says(quiet_port):
    async with quiet_port.talking_as() as talk:
        await talk.socket.send(b"\xff\xfe", text=True)
        assert (await talk.closed())[0] == 1007


async def test_an_origin_that_is_not_listed_does_not_get_in(quiet_port):
    with pytest.raises(websockets.InvalidStatus) as refused:
        async with quiet_port.talking(origin="https://evil.example"):
            pass
    assert refused.value.response.status_code == 403


async def test_a_page_of_the_same_host_gets_in(quiet_port):
    async with quiet_port.talking(origin=quiet_port.url) as talk:
        await talk.begin(quiet_port.house.token("auditor"))


async def test_operations_of_one_conversation_are_bounded(open_port):
    async with open_port(operations=2) as port, port.talking_as() as talk:
        variables = {"id": await port.house.id_of("C-000002")}
        for operation_id in "123":
            await talk.subscribe(
                "subscription($id: ID!) { customerChanged(id: $id) { kind } }", variables, operation_id
            )
        told = await talk.hear()
        assert (told["id"], told["payload"][0]["extensions"]["code"]) == ("3", "TOO_MANY_STREAMS")
