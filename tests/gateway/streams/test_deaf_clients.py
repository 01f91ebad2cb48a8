"""Clients that ask and ask and never read: bounded in tasks, dropped in time, and nobody else notices."""

import asyncio
import itertools
import json
import socket
from contextlib import suppress

import pytest

from gateway.app import create_app
from gateway.serving import listen, served
from tests.support.house import open_house

OPERATIONS = 5
HANDSHAKE = (
    b"GET /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
)
LONG = "{ " + " ".join(f"a{number}: viewer {{ subject roles withheld }}" for number in range(25)) + " }"


def frame(message):
    """A text frame, masked with zeros."""
    content = json.dumps(message).encode()
    size = len(content)
    head = bytes([0x81, 0x80 | size]) if size < 126 else b"\x81\xfe" + size.to_bytes(2, "big")
    return head + bytes(4) + content


@pytest.mark.parametrize("query", [LONG, "{ nope }"], ids=["long answers", "refusals"])
async def test_a_client_that_never_reads_is_bounded_and_dropped(tmp_path, query):
    more = {"streams": {"send_seconds": 0.3, "operations": OPERATIONS}}
    async with open_house((), tmp_path, systems={}, fill=False, more=more) as house:
        listener = listen("127.0.0.1", 0, "")
        async with served(create_app(house.gateway), listener):
            reader, writer = await asyncio.open_connection(sock=narrow(listener.getsockname()), limit=1024)
            writer.write(HANDSHAKE)
            await reader.readuntil(b"\r\n\r\n")
            writer.transport.pause_reading()
            before = len(asyncio.all_tasks())
            authorization = f"Bearer {house.token('auditor')}"
            writer.write(frame({"type": "connection_init", "payload": {"authorization": authorization}}))
            most = await asked_without_end(writer, query)
            assert most <= before + 2 * OPERATIONS
            assert (await house.data("{ viewer { subject } }"))["viewer"]
            assert house.gateway.connections.total == 0
            writer.close()


def narrow(address):
    """A connected socket whose system keeps little of what is not read."""
    connecting = socket.socket()
    connecting.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connecting.connect(address)
    return connecting


async def asked_without_end(writer, query):
    """Ask until the gateway hangs up; gives the most tasks that there were."""
    most = 0
    with suppress(ConnectionError):
        async with asyncio.timeout(20):
            for number in itertools.count():
                writer.write(frame({"type": "subscribe", "id": str(number), "payload": {"query": query}}))
                most = max(most, len(asyncio.all_tasks()))
                await writer.drain()
    return most
