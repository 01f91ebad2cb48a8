"""What a client can do to the server before it has sent a whole request."""

import asyncio
import json

import pytest
from starlette.responses import PlainTextResponse

from gateway import bounded_http
from gateway.serving import listen, served

# Just too much, so that nothing is left unread when the server closes, which would reset the connection.
ENDLESS = [b"a" * 8192] * 8 + [b"a" * 100]


async def app(scope, receive, send):
    while (await receive()).get("more_body"):
        pass
    await PlainTextResponse("served")(scope, receive, send)


@pytest.fixture
async def port():
    listener = listen("127.0.0.1", 0, "")
    async with served(app, listener):
        yield listener.getsockname()[1]


async def exchange(port, *parts):
    """What the server writes until it closes, or until a whole answer is there."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for part in parts:
        writer.write(part)
        try:
            await writer.drain()
        except ConnectionError:
            break
    async with asyncio.timeout(5):
        answer = await reader.read()
    writer.close()
    return answer


def refusal(answer):
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"content-type: application/json" in head
    return int(head.split()[1]), json.loads(body)["errors"][0]["extensions"]["code"]


async def test_a_request_is_served_and_the_next_one_on_its_connection(port):
    request = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"
    answer = await exchange(port, request, request, request.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n"))
    assert answer.count(b"served") == 3


@pytest.mark.parametrize("start", [b"GET / HTTP/1.1\r\nx: ", b"GET /", b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 3000])
async def test_a_head_without_an_end_is_431_and_the_connection_is_closed(port, start):
    answer = await exchange(port, start, *ENDLESS)
    assert refusal(answer) == (431, "BAD_REQUEST")


async def test_the_head_of_a_later_request_is_bounded_too(port):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
    await reader.readuntil(b"served")
    writer.writelines([b"GET / HTTP/1.1\r\nx: ", *ENDLESS])
    assert refusal(await reader.read()) == (431, "BAD_REQUEST")
    writer.close()


async def test_a_large_body_is_not_a_large_head(port):
    head = b"POST / HTTP/1.1\r\nconnection: close\r\ncontent-length: 200000\r\n\r\n"
    assert b"served" in await exchange(port, head, b"a" * 200_000)


async def test_a_head_that_comes_too_slowly_is_408(port, monkeypatch):
    monkeypatch.setattr(bounded_http, "HEAD_SECONDS", 0.05)
    assert refusal(await exchange(port, b"GET / HT")) == (408, "BAD_REQUEST")


async def test_a_connection_on_which_nothing_comes_is_closed(port, monkeypatch):
    monkeypatch.setattr(bounded_http, "IDLE_SECONDS", 0.05)
    assert await exchange(port) == b""


@pytest.mark.parametrize("junk", [b"\x16\x03\x01\x02\x00", b"HELLO\r\n\r\n", b"GET /\xff HTTP/1.1\r\n\r\n"])
async def test_what_is_not_http_is_400_in_json(port, junk):
    assert refusal(await exchange(port, junk)) == (400, "BAD_REQUEST")
