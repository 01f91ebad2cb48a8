"""Servers that misbehave, on real sockets: each becomes its fault, in time, and leaves nothing behind."""

import asyncio
import gzip
import ssl
import time
import zlib
from pathlib import Path
from typing import Any

import pytest

from sources.faults import Malformed, Refused, SourceFault, Timeout, Unavailable
from sources.wire.deadline import Deadline, Limit, within
from sources.wire.messages import Request
from sources.wire.transport import HttpTransport
from tests.support.certificates import self_signed


async def fault_of(wire: Any, url: str, *, safe: bool = False, seconds: float = 5.0) -> SourceFault:
    with within(Deadline(seconds)), pytest.raises(SourceFault) as caught:
        await wire.send(Request(url=url, safe=safe))
    return caught.value


async def test_nobody_listens(wire_to: Any, serve: Any) -> None:
    base, server = await serve(b"")
    await server.stop()
    fault = await fault_of(wire_to(base), base + "/a")
    assert type(fault) is Unavailable
    assert fault.reason == "GET /a: no connection"


async def test_a_server_that_hangs_is_given_up_after_the_time_limit_of_the_source(wire_to: Any, serve: Any) -> None:
    async def hang(reader: Any, writer: Any) -> None:
        await asyncio.sleep(60)

    base, _ = await serve(hang)
    began = time.monotonic()
    fault = await fault_of(wire_to(base, timeout_seconds=0.1), base + "/a")
    assert type(fault) is Timeout
    assert 0.1 <= time.monotonic() - began < 0.5


async def test_a_server_that_hangs_is_given_up_by_the_deadline(wire_to: Any, serve: Any) -> None:
    async def hang(reader: Any, writer: Any) -> None:
        await asyncio.sleep(60)

    base, server = await serve(hang)
    began = time.monotonic()
    fault = await fault_of(wire_to(base), base + "/a", safe=True, seconds=0.1)
    assert isinstance(fault, Timeout)
    assert 0.1 <= time.monotonic() - began < 0.5
    assert len(server.requests) == 1


async def test_a_slow_drip_is_given_up_as_a_whole(wire_to: Any, serve: Any) -> None:
    async def drip(reader: Any, writer: Any) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(1000):
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    base, _ = await serve(drip)
    assert isinstance(await fault_of(wire_to(base, timeout_seconds=0.15), base + "/a"), Timeout)


async def test_a_connection_dropped_before_an_answer(wire_to: Any, serve: Any) -> None:
    async def drop(reader: Any, writer: Any) -> None:
        writer.transport.abort()

    base, server = await serve(drop)
    fault = await fault_of(wire_to(base), base + "/a")
    assert type(fault) is Unavailable
    assert len(server.requests) == 1


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "POST"])
async def test_a_write_on_a_kept_connection_that_drops_is_not_sent_again(
    wire_to: Any, serve: Any, answer_ok: Any, method: str
) -> None:
    served = 0

    async def once(reader: Any, writer: Any) -> None:
        nonlocal served
        served += 1
        if served == 1:
            writer.write(answer_ok())
        else:
            writer.transport.abort()

    base, server = await serve(once)
    wire = wire_to(base)
    await wire.send(Request(url=base + "/a"))
    with pytest.raises(Unavailable):
        await wire.send(Request(url=base + "/a", method=method, safe=False))
    assert (len(server.requests), server.connections) == (2, 1)


async def test_half_a_body(wire_to: Any, serve: Any) -> None:
    async def half(reader: Any, writer: Any) -> None:
        writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"a":')
        await writer.drain()
        writer.close()

    base, _ = await serve(half)
    assert type(await fault_of(wire_to(base), base + "/a")) is Unavailable


async def test_a_chunked_body_that_breaks_off(wire_to: Any, serve: Any) -> None:
    async def half(reader: Any, writer: Any) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
        await writer.drain()
        writer.close()

    base, _ = await serve(half)
    assert type(await fault_of(wire_to(base), base + "/a")) is Unavailable


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZZ\r\nnonsense",
        b"SSH-2.0-OpenSSH_9.2p1 Debian\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\n no name: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: x\r\n" % n for n in range(1000)) + b"\r\n",
    ],
    ids=["bad chunk", "another protocol", "tls", "bad length", "bad header", "huge header", "1000 headers"],
)
async def test_what_is_no_http_is_a_fault_without_a_word_of_it(wire_to: Any, serve: Any, answer: bytes) -> None:
    async def talk(reader: Any, writer: Any) -> None:
        writer.write(answer)
        await writer.drain()
        writer.close()

    base, _ = await serve(talk)
    fault = await fault_of(wire_to(base), base + "/a")
    assert isinstance(fault, (Malformed, Unavailable))
    assert fault.reason.startswith("GET /a: ")
    assert not any(word in fault.reason for word in ("nonsense", "OpenSSH", "many", "xxx"))


async def test_one_hundred_header_fields_are_fine(wire_to: Any, serve: Any, answer_ok: Any) -> None:
    base, _ = await serve(answer_ok(b"{}", *(b"X-Field-%d: %d" % (n, n) for n in range(100))))
    response = await wire_to(base).send(Request(url=base + "/a"))
    assert response.headers["x-field-99"] == "99"


async def test_a_body_beyond_the_bound_is_malformed_and_not_read_to_its_end(wire_to: Any, serve: Any) -> None:
    sent = 0

    async def flood(reader: Any, writer: Any) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"10000\r\n" + b"x" * 65536 + b"\r\n")
            sent += 65536
            await writer.drain()

    base, _ = await serve(flood)
    transport = HttpTransport(connections=1, max_body_bytes=1_000_000)
    fault = await fault_of(wire_to(base, options={"transport": transport}), base + "/a")
    assert type(fault) is Malformed
    assert sent < 20_000_000


async def test_a_small_body_that_unpacks_to_a_huge_one_is_malformed(wire_to: Any, serve: Any, answer_ok: Any) -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    base, _ = await serve(answer_ok(bomb, b"Content-Encoding: gzip"))
    transport = HttpTransport(connections=1, max_body_bytes=1_000_000)
    fault = await fault_of(wire_to(base, options={"transport": transport}), base + "/a")
    assert isinstance(fault, Malformed)


@pytest.mark.parametrize(("encoding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
async def test_a_packed_body_is_unpacked(wire_to: Any, serve: Any, answer_ok: Any, encoding: str, pack: Any) -> None:
    base, server = await serve(answer_ok(pack(b'{"a":1}'), b"Content-Encoding: " + encoding.encode()))
    response = await wire_to(base).send(Request(url=base + "/a"))
    assert response.body == b'{"a":1}'
    assert b"Accept-Encoding: gzip, deflate\r\n" in server.requests[0]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_refused_and_the_credential_stays(
    wire_to: Any, serve: Any, answer_ok: Any, status: int
) -> None:
    foreign, thief = await serve(answer_ok())
    location = f"{foreign}/stolen".encode()
    base, _ = await serve(b"HTTP/1.1 %d Moved\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n" % (status, location))
    wire = wire_to(base)
    with pytest.raises(Refused) as caught:
        await wire.send(Request(url=base + "/a", headers={"Authorization": "Bearer secret"}))
    assert thief.requests == []
    assert "stolen" not in caught.value.reason


async def test_cookies_are_not_kept(wire_to: Any, serve: Any, answer_ok: Any) -> None:
    base, server = await serve(answer_ok(b"{}", b"Set-Cookie: session=one"))
    wire = wire_to(base)
    await wire.send(Request(url=base + "/a"))
    await wire.send(Request(url=base + "/a"))
    assert b"ookie" not in server.requests[1]
    assert server.connections == 1


async def test_a_repeated_header_field_is_one_list(wire_to: Any, serve: Any, answer_ok: Any) -> None:
    base, _ = await serve(answer_ok(b"{}", b"Link: <a>", b"link: <b>"))
    assert (await wire_to(base).send(Request(url=base + "/a"))).headers["link"] == "<a>, <b>"


async def test_a_secret_with_a_line_break_is_not_sent_and_not_told(wire_to: Any, serve: Any, answer_ok: Any) -> None:
    base, server = await serve(answer_ok())
    with pytest.raises(Refused) as caught:
        await wire_to(base).send(Request(url=base + "/a", headers={"Authorization": "Bearer hush\r\nX-Evil: 1"}))
    assert "hush" not in repr(caught.value)
    assert server.requests == []


async def test_an_answer_longer_than_it_said_does_not_spoil_the_next(wire_to: Any, serve: Any) -> None:
    replies = iter([b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"])

    async def talk(reader: Any, writer: Any) -> None:
        writer.write(next(replies, b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood"))

    base, _ = await serve(talk)
    wire = wire_to(base)
    assert (await wire.send(Request(url=base + "/a"))).body == b"{}"
    await asyncio.sleep(0.01)
    assert (await wire.send(Request(url=base + "/a"))).body == b"good"


async def test_a_transport_that_is_closed_sends_nothing(wire_to: Any, serve: Any, answer_ok: Any) -> None:
    base, server = await serve(answer_ok())
    wire = wire_to(base)
    await wire.send(Request(url=base + "/a"))
    await wire.close()
    with pytest.raises(Unavailable):
        await wire.send(Request(url=base + "/a", safe=False))
    assert len(server.requests) == 1


async def test_a_transport_serves_one_event_loop_only(serve: Any, answer_ok: Any) -> None:
    base, _ = await serve(answer_ok())
    transport = HttpTransport(connections=1)
    await transport.send(Request(url=base + "/a"), Limit(1.0))

    def in_another_loop() -> None:
        with pytest.raises(RuntimeError):
            asyncio.run(transport.send(Request(url=base + "/a"), Limit(1.0)))

    await asyncio.to_thread(in_another_loop)
    await transport.close()


async def test_a_certificate_that_nobody_vouches_for_gets_no_request(wire_to: Any, tmp_path: Path) -> None:
    requests: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await reader.read(1000))
        writer.close()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(tmp_path / "server.pem"))
    server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=context)
    base = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    fault = await fault_of(wire_to(base), base + "/a")
    server.close()
    await server.wait_closed()
    assert type(fault) is Unavailable
    assert fault.reason == "GET /a: the server's certificate is not trusted"
    assert requests == []
