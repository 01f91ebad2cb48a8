"""Connections that never end a request are bounded in time and number."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from starlette.responses import PlainTextResponse

from gateway import guarding
from gateway.serving import listen, served

REQUEST = b"GET / HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n"


@pytest.fixture
async def port():
    listener = listen("127.0.0.1", 0, "")
    async with served(PlainTextResponse("here"), listener):
        yield listener.getsockname()[1]


@asynccontextmanager
async def connected(port, said=b""):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(said)
        yield reader, writer
    finally:
        writer.close()
        await asyncio.gather(writer.wait_closed(), return_exceptions=True)


async def answered(reader):
    return (await asyncio.wait_for(reader.readuntil(b"here"), 3)).startswith(b"HTTP/1.1 200")


async def closed(reader):
    return await asyncio.wait_for(reader.read(), 3)


async def test_a_head_that_dribbles_in_is_closed(port, monkeypatch):
    monkeypatch.setattr(guarding, "HEAD_SECONDS", 0.1)
    async with connected(port, REQUEST[:20]) as (reader, _):
        assert await closed(reader) == b""


async def test_a_second_head_that_dribbles_in_is_closed_too(port, monkeypatch):
    monkeypatch.setattr(guarding, "HEAD_SECONDS", 0.1)
    async with connected(port, REQUEST) as (reader, writer):
        assert await answered(reader)
        writer.write(REQUEST[:20])
        assert await closed(reader) == b""


async def test_a_connection_that_says_nothing_is_closed(port, monkeypatch):
    monkeypatch.setattr(guarding, "IDLE_SECONDS", 0.1)
    async with connected(port) as (reader, _):
        assert await closed(reader) == b""


async def test_a_connection_between_two_requests_is_kept(port, monkeypatch):
    monkeypatch.setattr(guarding, "HEAD_SECONDS", 0.1)
    monkeypatch.setattr(guarding, "IDLE_SECONDS", 0.1)
    async with connected(port, REQUEST) as (reader, writer):
        assert await answered(reader)
        await asyncio.sleep(0.2)
        writer.write(REQUEST)
        assert await answered(reader)


async def test_the_connection_that_has_been_idle_for_longest_makes_place(port, monkeypatch):
    monkeypatch.setattr(guarding, "most_connections", lambda: 2)
    async with connected(port, REQUEST) as (first, _), connected(port, REQUEST) as (second, writer):
        assert await answered(first)
        assert await answered(second)
        async with connected(port, REQUEST) as (third, _):
            assert await answered(third)
            assert await closed(first) == b""
            writer.write(REQUEST)
            assert await answered(second)


async def test_a_head_that_is_too_large_is_told_so_in_json(port):
    async with connected(port, REQUEST[:-2] + b"x-a: " + b"a" * guarding.HEAD_BYTES + b"\r\n\r\n") as (reader, _):
        told = await closed(reader)
    assert told.startswith(b"HTTP/1.1 431 ")
    assert told.endswith(b'"extensions":{"code":"LIMIT_EXCEEDED","retryable":false}}]}')


async def test_what_is_no_request_is_told_so_in_json(port):
    async with connected(port, b"nonsense\r\n\r\n") as (reader, _):
        told = await closed(reader)
    assert told.startswith(b"HTTP/1.1 400 ")
    assert b'"code":"BAD_REQUEST"' in told
