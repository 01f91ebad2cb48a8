"""Connections at real sockets: what ends them, and that nothing of them is left behind."""

import asyncio
import gc
import gzip
import socket
import time
from typing import Any

import pytest

from sources.faults import Malformed, Timeout, Unavailable
from sources.wire.deadline import Deadline, DeadlinePassed, Limit
from sources.wire.http.answers import Answers
from sources.wire.http.connection import Connection
from sources.wire.messages import Request
from tests.support.transports import ask, fault_of, until


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
async def test_an_answer_that_ends_too_early_is_unavailable_wherever_it_ends(
    opened: Any, serve: Any, chunked: bool, reset: bool
) -> None:
    head, body = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", b"hello"
    if chunked:
        head, body = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"5\r\nhello\r\n0\r\n\r\n"
    answer = head + body
    ends = iter(range(len(answer)))

    async def talk(reader: Any, writer: Any) -> None:
        writer.write(answer[: next(ends)])
        await writer.drain()
        if reset:
            await asyncio.sleep(0.001)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            writer.transport.abort()
        writer.close()

    base, server = await serve(talk)
    transport = opened()
    for end in range(len(answer)):
        fault = await fault_of(transport, base + "/a")
        assert (type(fault), fault.sent) == (Unavailable, True)
        reason = "the answer broke off or its encoding is broken" if end else "the connection was lost"
        assert fault.reason == f"GET /a: {reason}"
    assert server.connections == len(answer)


async def test_a_broken_packing_is_unavailable_and_the_connection_is_fine(
    opened: Any, serve: Any, answer_ok: Any
) -> None:
    base, server = await serve(answer_ok(gzip.compress(b"{}")[:-4], b"Content-Encoding: gzip"))
    transport = opened()
    for _ in range(2):
        assert type(await fault_of(transport, base + "/a")) is Unavailable
    assert server.connections == 1


async def test_a_large_packed_body_is_unpacked_too(opened: Any, serve: Any, answer_ok: Any) -> None:
    body = b"".join(b"%d," % (n * n) for n in range(100_000))
    base, _ = await serve(answer_ok(gzip.compress(body), b"Content-Encoding: gzip"))
    assert (await ask(opened(), base + "/a")).body == body


async def test_a_head_that_drips_is_given_up_in_time_and_its_connection_closed(opened: Any, serve: Any) -> None:
    async def drip(reader: Any, writer: Any) -> None:
        while True:
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            await writer.drain()
            await asyncio.sleep(0.005)

    base, server = await serve(drip)
    began = time.monotonic()
    fault = await fault_of(opened(), base + "/a", 0.05)
    assert (type(fault), fault.sent) == (Timeout, True)
    assert 0.05 <= time.monotonic() - began < 3
    await until(lambda: not server._tasks)


async def test_a_try_lives_on_when_its_deadline_is_extended_and_not_beyond_its_own_limit(
    opened: Any, serve: Any, answer_ok: Any
) -> None:
    async def slow(reader: Any, writer: Any) -> None:
        await asyncio.sleep(0.08)
        writer.write(answer_ok())

    base, _ = await serve(slow)
    transport = opened()
    for own, kind in ((5.0, None), (0.05, Timeout)):
        deadline = Deadline(0.03)
        asyncio.get_running_loop().call_later(0.01, deadline.extend_to, Deadline(5.0))
        sending = transport.send(Request(url=base + "/a"), Limit(own, deadline))
        if kind is None:
            assert (await sending).status == 200
        else:
            with pytest.raises(kind) as caught:
                await sending
            assert not isinstance(caught.value, DeadlinePassed)


async def test_with_no_time_left_nothing_is_sent_and_the_connection_stays(
    opened: Any, serve: Any, answer_ok: Any
) -> None:
    base, server = await serve(answer_ok())
    transport = opened()
    await ask(transport, base + "/a")
    assert isinstance(await fault_of(transport, base + "/a", 0.0), Timeout)
    await ask(transport, base + "/a")
    assert (server.connections, len(server.requests)) == (1, 2)


async def test_a_cancelled_request_closes_its_connection_and_gives_its_place_back(opened: Any, serve: Any) -> None:
    hang = True

    async def talk(reader: Any, writer: Any) -> None:
        if hang:
            await asyncio.sleep(60)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    base, server = await serve(talk)
    transport = opened(connections=2)
    tasks = [asyncio.create_task(ask(transport, base + "/a")) for _ in range(2)]
    await until(lambda: len(server.requests) == 2)
    for task in tasks:
        task.cancel()
    assert all(
        isinstance(each, asyncio.CancelledError) for each in await asyncio.gather(*tasks, return_exceptions=True)
    )
    hang = False
    assert (await ask(transport, base + "/a")).status == 200
    assert server.connections == 3


async def test_closing_ends_what_is_under_way_and_leaves_no_connection(opened: Any, serve: Any, answer_ok: Any) -> None:
    async def hang(reader: Any, writer: Any) -> None:
        await asyncio.sleep(60)

    base, server = await serve(hang)
    kept, keeper = await serve(answer_ok())
    transport = opened()
    await ask(transport, kept + "/a")
    task = asyncio.create_task(ask(transport, base + "/a"))
    await until(lambda: bool(server.requests))
    await transport.close()
    with pytest.raises(Unavailable):
        await task
    await until(lambda: not keeper._tasks)
    assert isinstance(await fault_of(transport, kept + "/a"), Unavailable)
    assert len(server.requests) == 1


async def test_a_connection_that_opens_after_closing_sends_nothing(opened: Any, serve: Any, answer_ok: Any) -> None:
    base, server = await serve(answer_ok())
    transport = opened()
    task = asyncio.create_task(ask(transport, base + "/a"))
    await asyncio.sleep(0)
    await transport.close()
    with pytest.raises(Unavailable) as caught:
        await task
    assert not caught.value.sent
    await until(lambda: server.connections == 1)
    await until(lambda: not server._tasks)
    assert server.requests == []


async def test_a_host_that_takes_no_connection_in_time_is_a_timeout_and_nothing_was_sent(opened: Any) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        queued = [socket.socket() for _ in range(3)]
        for each in queued:
            each.setblocking(False)
            each.connect_ex(address)
        fault = await fault_of(opened(), f"http://127.0.0.1:{address[1]}/a", 0.05)
        for each in queued:
            each.close()
    assert (type(fault), fault.sent) == (Timeout, False)


async def test_a_name_that_nobody_knows_is_no_connection(opened: Any) -> None:
    fault = await fault_of(opened(), "http://nobody.invalid/a")
    assert (type(fault), fault.sent, fault.reason) == (Unavailable, False, "GET /a: no connection")


async def test_a_name_is_looked_up_and_each_of_its_addresses_tried(opened: Any, serve: Any, answer_ok: Any) -> None:
    _, server = await serve(answer_ok())  # at 127.0.0.1 only; localhost may be ::1 as well
    assert (await ask(opened(), f"http://localhost:{server.port}/a")).status == 200
    assert f"Host: localhost:{server.port}\r\n".encode() in server.requests[0]


async def test_an_address_of_the_newer_kind(opened: Any) -> None:
    heads: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        writer.close()

    try:
        server = await asyncio.start_server(talk, "::1", 0)
    except OSError:
        pytest.skip("this machine has no IPv6")
    port = server.sockets[0].getsockname()[1]
    assert (await ask(opened(), f"http://[::1]:{port}/a")).status == 204
    assert f"Host: [::1]:{port}\r\n".encode() in heads[0]
    server.close()


async def test_an_encoding_that_nobody_asked_for_is_malformed(opened: Any, serve: Any, answer_ok: Any) -> None:
    base, _ = await serve(answer_ok(b"packed", b"Content-Encoding: br"))
    assert type(await fault_of(opened(), base + "/a")) is Malformed


async def test_a_connection_that_is_gone_needs_no_collector_of_garbage(opened: Any, serve: Any) -> None:
    base, server = await serve(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}")
    transport = opened()
    await ask(transport, base + "/a")
    gc.collect()
    gc.disable()
    try:
        for _ in range(10):
            await ask(transport, base + "/a")
        await until(lambda: not server._tasks)
        await asyncio.sleep(0)
        left = [each for each in gc.get_objects() if isinstance(each, Connection | Answers)]
    finally:
        gc.enable()
    assert left == []
