"""Kept connections at real sockets: which are used again, and how many there are."""

import asyncio
from typing import Any

import pytest

from sources.faults import Timeout
from sources.wire.http import pool
from tests.support.transports import ask, fault_of, until


async def test_one_after_the_other_they_share_one_connection(opened: Any, serve: Any, answer_ok: Any) -> None:
    base, server = await serve(answer_ok())
    transport = opened()
    for _ in range(5):
        await ask(transport, base + "/a")
    assert (server.connections, len(server.requests)) == (1, 5)


async def test_no_more_connections_are_open_than_allowed_and_all_are_served(opened: Any, serve: Any) -> None:
    now = most = 0

    async def slow(reader: Any, writer: Any) -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.005)
        now -= 1
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    base, server = await serve(slow)
    transport = opened(connections=3)
    await asyncio.gather(*(ask(transport, base + "/a") for _ in range(20)))
    assert (most, server.connections, len(server.requests)) == (3, 3, 20)


async def test_a_place_that_does_not_come_free_in_time_is_a_timeout_and_nothing_was_sent(
    opened: Any, serve: Any
) -> None:
    async def hang(reader: Any, writer: Any) -> None:
        await asyncio.sleep(60)

    base, server = await serve(hang)
    transport = opened(connections=1)
    first = asyncio.create_task(ask(transport, base + "/a", 0.5))
    await until(lambda: bool(server.requests))
    fault = await fault_of(transport, base + "/b", 0.05)
    assert (type(fault), fault.sent) == (Timeout, False)
    with pytest.raises(Timeout):
        await first
    assert len(server.requests) == 1


async def test_the_last_one_given_back_is_taken_first_and_the_others_are_closed_when_idle(
    opened: Any, serve: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(pool, "KEEPALIVE_SECONDS", 0.1)
    peers: list[int] = []

    async def talk(reader: Any, writer: Any) -> None:
        await asyncio.sleep(0.01)
        peers.append(writer.get_extra_info("peername")[1])
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    base, server = await serve(talk)
    transport = opened()
    await asyncio.gather(*(ask(transport, base + "/a") for _ in range(4)))
    peers.clear()
    for _ in range(8):
        await ask(transport, base + "/a")
        await asyncio.sleep(0.01)
    assert len(set(peers)) == 1
    await until(lambda: len(server._tasks) == 1)  # the other three have been idle for too long
    await until(lambda: not server._tasks)
    assert (await ask(transport, base + "/a")).status == 200


async def test_a_kept_connection_that_the_server_closed_is_not_used(opened: Any, serve: Any, answer_ok: Any) -> None:
    async def once(reader: Any, writer: Any) -> None:
        writer.write(answer_ok())
        await writer.drain()
        writer.close()

    base, server = await serve(once)
    transport = opened()
    for _ in range(3):
        await ask(transport, base + "/a", method="POST", safe=False, body=b"")
        await until(lambda: not server._tasks)
        await asyncio.sleep(0)
    assert (server.connections, len(server.requests)) == (3, 3)


@pytest.mark.parametrize("unasked", [b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", b"\r\n", b"\0"])
async def test_a_kept_connection_over_which_anything_came_unasked_is_closed(
    opened: Any, serve: Any, answer_ok: Any, unasked: bytes
) -> None:
    writers: list[Any] = []

    async def talk(reader: Any, writer: Any) -> None:
        writers.append(writer)
        writer.write(answer_ok(b"good"))

    base, server = await serve(talk)
    transport = opened()
    await ask(transport, base + "/a")
    writers[0].write(unasked)
    await until(lambda: not server._tasks)
    assert (await ask(transport, base + "/a")).body == b"good"
    assert server.connections == 2


@pytest.mark.parametrize("line", [b"HTTP/1.1 200 OK\r\nConnection: close\r\n", b"HTTP/1.0 200 OK\r\n"])
async def test_a_server_that_will_close_gets_the_next_request_over_another(
    opened: Any, serve: Any, line: bytes
) -> None:
    base, server = await serve(line + b"Content-Length: 2\r\n\r\n{}")
    transport = opened()
    assert (await ask(transport, base + "/a")).body == b"{}"
    assert (await ask(transport, base + "/a")).body == b"{}"
    assert server.connections == 2


async def test_a_body_of_no_stated_length_ends_when_the_server_closes(opened: Any, serve: Any) -> None:
    async def talk(reader: Any, writer: Any) -> None:
        for piece in (b"HTTP/1.1 200 OK\r\n\r\n", b"to the ", b"end"):
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.002)
        writer.close()

    base, _ = await serve(talk)
    assert (await ask(opened(), base + "/a")).body == b"to the end"


async def test_servers_share_the_bound_and_the_longest_idle_makes_room(opened: Any, serve: Any, answer_ok: Any) -> None:
    one, first = await serve(answer_ok(b"one"))
    other, second = await serve(answer_ok(b"two"))
    transport = opened(connections=1)
    for base, body in ((one, b"one"), (other, b"two"), (one, b"one")):
        assert (await ask(transport, base + "/a")).body == body
    await until(lambda: (len(first._tasks), len(second._tasks)) == (1, 0))
    assert (first.connections, second.connections) == (2, 1)


async def test_an_answer_before_all_of_a_body_was_sent_ends_the_connection(opened: Any, serve: Any) -> None:
    base, server = await serve(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
    transport = opened()
    assert (await ask(transport, base + "/a", method="POST", body=bytes(30_000_000))).status == 413
    assert (await ask(transport, base + "/a")).status == 413
    assert server.connections == 2


async def test_a_large_body_arrives_whole(opened: Any, serve: Any, answer_ok: Any) -> None:
    got: list[int] = []

    async def talk(reader: Any, writer: Any) -> None:
        got.append(len(await reader.readexactly(10_000_000)))
        writer.write(answer_ok())

    base, server = await serve(talk)
    await ask(opened(), base + "/a", method="PATCH", body=bytes(10_000_000))
    assert got == [10_000_000]
    assert b"Content-Length: 10000000\r\n" in server.requests[0]
