"""What no HTTP client would send: the connection is answered or closed, and others are served meanwhile."""

import asyncio
import contextlib
import time

import psutil
import pytest

from gateway.guarding import LINGER_SECONDS
from tests.interop.hostile import PYTHON_WORDS, measured, neighbour

CLOSED_SECONDS = 3.0  # a machine that is shared; the gateway itself needs milliseconds
VIEWER = b'{"query":"{ viewer { subject } }"}'
ENDLESS_BYTES = 40_000_000
MANY = 400  # connections at once; a laptop lets a process have about a thousand


def post(token, body=VIEWER, *headers, length=None):
    lines = [
        b"POST /graphql HTTP/1.1",
        b"host: 127.0.0.1",
        b"content-type: application/json",
        b"authorization: Bearer " + token.encode(),
        *headers,
    ]
    if length is not False:
        lines.append(b"content-length: " + str(len(body) if length is None else length).encode())
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


async def exchange(port, *parts):
    """What comes back until the gateway closes, or has answered and is silent; None where it does neither."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    told = b""
    try:
        with contextlib.suppress(ConnectionError):
            for part in parts:
                writer.write(part)
                await asyncio.wait_for(writer.drain(), CLOSED_SECONDS)
        until = time.monotonic() + CLOSED_SECONDS
        while time.monotonic() < until:
            wait = 0.3 if told else until - time.monotonic()
            chunk = await asyncio.wait_for(reader.read(65_536), wait)
            if not chunk:
                return told
            told += chunk
    except TimeoutError:
        return told or None
    except ConnectionError:
        return told
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
    return None


def garbage(token):
    """name -> what is sent on a connection of its own"""
    chunked = b"transfer-encoding: chunked"
    return {
        "bytes at random": (bytes(range(256)) * 40,),
        "the greeting of TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 500,),
        "the preface of HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00" * 50,),
        "a method of 100 kB": (b"A" * 100_000,),
        "a path of 1 MB": (b"GET /" + b"a" * 1_000_000 + b" HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n",),
        "a version that is none": (b"GET /graphql HTTP/9.9\r\nhost: 127.0.0.1\r\n\r\n",),
        "HTTP/0.9": (b"GET /graphql\r\n\r\n",),
        "no host": (b"GET /graphql HTTP/1.1\r\n\r\n",),
        "two hosts": (b"GET /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\nhost: evil.example\r\n\r\n",),
        "another's address": (b"GET http://evil.example/graphql HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n",),
        "CONNECT": (b"CONNECT 127.0.0.1:1 HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n",),
        "OPTIONS *": (b"OPTIONS * HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n",),
        "a header of 1 MB": (post(token, VIEWER, b"x-a: " + b"a" * 1_000_000),),
        "20,000 headers": (post(token, VIEWER, *[b"x-%d: 1" % n for n in range(20_000)]),),
        "a header without a name": (post(token, VIEWER, b": 1"),),
        "a header without a colon": (post(token, VIEWER, b"nonsense"),),
        "a header with a NUL": (post(token, VIEWER, b"x-a: \x00"),),
        "a header over two lines": (post(token, VIEWER, b"x-a: 1\r\n 2"),),
        "a header that is not ASCII": (post(token, VIEWER, b"x-correlation-id: \xff\xfe\xed\xa0\x80"),),
        "a bare line feed": (b"GET /graphql HTTP/1.1\nhost: 127.0.0.1\n\n",),
        "a path that is not ASCII": (b"GET /\xff\xfe HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n",),
        "a path that climbs": (b"GET /../../etc/passwd HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n",),
        "a percent that is none": (b"GET /%zz%00%ff?query=%zz HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n",),
        "a length that is no number": (post(token, VIEWER, length="x"),),
        "a length below nothing": (post(token, VIEWER, length=-1),),
        "a length beyond all": (post(token, VIEWER, length=10**30),),
        "a length that is too short": (post(token, VIEWER, length=5),),
                "two lengths": (post(token, VIEWER, b"content-length: 5"),),
        "a length and chunks": (post(token, b"0\r\n\r\n" + VIEWER, chunked),),
        "chunks that are garbage": (post(token, b"zz\r\n" + VIEWER, chunked, length=False),),
        "a chunk below nothing": (post(token, b"-5\r\n" + VIEWER, chunked, length=False),),
        "a chunk beyond all": (post(token, b"f" * 40 + b"\r\n" + VIEWER, chunked, length=False),),
        "a chunk that is longer than it says": (post(token, b"5\r\n" + VIEWER, chunked, length=False),),
        "trailers without end": (post(token, b"0\r\n" + b"x-a: 1\r\n" * 100_000, chunked, length=False),),
        "chunked twice": (post(token, b"0\r\n\r\n", b"transfer-encoding: chunked, chunked", length=False),),
        "a transfer that nobody knows": (post(token, VIEWER, b"transfer-encoding: nonsense"),),
        "an upgrade to h2c": (post(token, VIEWER, b"connection: upgrade, http2-settings", b"upgrade: h2c"),),
        "an upgrade to nothing": (post(token, VIEWER, b"connection: upgrade", b"upgrade: "),),
        "a web socket without its key": (
            b"GET /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
        ),
        "a web socket of another version": (
            b"GET /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: upgrade\r\nupgrade: websocket\r\n"
            b"sec-websocket-key: AAAA\r\nsec-websocket-version: 99\r\n\r\n",
        ),
        "a web socket elsewhere": (
            b"GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: upgrade\r\nupgrade: websocket\r\n"
            b"sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n\r\n",
        ),
        "an expectation that nobody meets": (post(token, VIEWER, b"expect: 200-nonsense"),),
        "garbage behind a request": (post(token) + b"\x00\xff" * 5000,),
        "1,000 requests at once": (b"".join([b"GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n"] * 1000),),
        "300 queries at once": (post(token) * 300,),
        "a GET with a body that does not come": (
            b"GET /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 9999\r\n\r\n",
        ),
    }  # fmt: skip


async def test_garbage_is_answered_or_closed_and_never_by_a_5xx(running_gateway):
    found = {}
    async with neighbour(running_gateway):
        for name, parts in garbage(running_gateway.token(subject="attacker")).items():
            with measured(running_gateway) as cost:
                told = await exchange(running_gateway.port, *parts)
            text = (told or b"").decode("latin-1")
            problems = list(cost.problems)
            if told is None:
                problems.append("neither answered nor closed")
            if "HTTP/1.1 5" in text:
                problems.append(text[:300])
            if words := PYTHON_WORDS.search(text):
                problems.append(f"it says {words.group()!r}")
            if problems:
                found[name] = problems
    assert found == {}


@pytest.mark.parametrize(
    ("start", "more"),
    [
        (b"", b"\r\n" * 50_000),
        (b"GET /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\nx-a: ", b"a" * 100_000),
        (b"GET /graphql?", b"a" * 100_000),
        (b"GET /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\n", b"x-a: 1\r\n" * 10_000),
        (b"POST /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\ntransfer-encoding: chunked\r\n\r\n0\r\nx-a: ", b"a" * 100_000),
        (b"POST /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\ntransfer-encoding: chunked\r\n\r\n1;", b"a" * 100_000),
    ],
    ids=["blank lines", "a header", "a path", "headers", "a trailer", "a chunk's extension"],
)
async def test_what_has_no_end_is_cut_off(running_gateway, start, more):
    memory = psutil.Process(running_gateway.pid).memory_info().rss
    _, writer = await asyncio.open_connection("127.0.0.1", running_gateway.port)
    async with neighbour(running_gateway):
        writer.write(start)
        sent = await flood(writer, more)
    writer.close()
    assert sent < ENDLESS_BYTES
    assert psutil.Process(running_gateway.pid).memory_info().rss - memory < ENDLESS_BYTES / 2


async def test_a_body_that_was_refused_and_goes_on_is_cut_off(running_gateway):
    reader, writer = await asyncio.open_connection("127.0.0.1", running_gateway.port)
    writer.write(b"POST /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 999999999\r\n\r\n")
    assert (await reader.read(65_536)).startswith(b"HTTP/1.1 4")
    started = time.monotonic()
    with contextlib.suppress(ConnectionError):
        while not reader.at_eof():
            assert time.monotonic() - started < LINGER_SECONDS + CLOSED_SECONDS
            writer.write(b"a" * 1000)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(reader.read(1000), 0.1)
    writer.close()


async def flood(writer, more):
    """How many bytes could be sent until the gateway closed."""
    sent = 0
    with contextlib.suppress(ConnectionError):
        while sent < ENDLESS_BYTES:
            writer.write(more)
            sent += len(more)
            await asyncio.wait_for(writer.drain(), CLOSED_SECONDS)
            await asyncio.sleep(0)
    return sent


async def test_many_connections_that_say_nothing_keep_nobody_out(running_gateway):
    opened = [await asyncio.open_connection("127.0.0.1", running_gateway.port) for _ in range(MANY)]
    try:
        async with neighbour(running_gateway):
            for _, writer in opened[::2]:
                writer.write(b"POST /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-le")
            await asyncio.sleep(1)
    finally:
        for _, writer in opened:
            writer.close()


async def test_many_requests_at_once_are_answered_or_told_to_come_back(running_gateway):
    token = running_gateway.token(subject="crowd")
    async with neighbour(running_gateway):
        answers = await asyncio.gather(*(exchange(running_gateway.port, post(token)) for _ in range(MANY)))
    statuses = {(told or b"nothing").split(b" ", 2)[1] for told in answers}
    assert statuses <= {b"200", b"429"}


async def test_bodies_that_dribble_in_are_given_up(running_gateway):
    token = running_gateway.token(subject="dribbler")
    memory = psutil.Process(running_gateway.pid).memory_info().rss
    opened = [await asyncio.open_connection("127.0.0.1", running_gateway.port) for _ in range(50)]
    try:
        async with neighbour(running_gateway):
            for _, writer in opened:
                writer.write(post(token, b"", length=200_000))
            started = time.monotonic()
            while any(not reader.at_eof() and not reader._buffer for reader, _ in opened):
                assert time.monotonic() - started < 15, "a body that does not come is waited for"
                for _, writer in opened:
                    with contextlib.suppress(ConnectionError):
                        writer.write(b" ")
                await asyncio.sleep(0.2)
        told = await asyncio.gather(*(reader.read(4096) for reader, _ in opened))
    finally:
        for _, writer in opened:
            writer.close()
    assert {answer.split(b" ", 2)[1] for answer in told} <= {b"408", b"429"}
    assert psutil.Process(running_gateway.pid).memory_info().rss - memory < 100_000_000
