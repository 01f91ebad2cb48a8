"""Over TLS: only to whom the system's authorities vouch for, by the name that was asked for; and on uvloop as well."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import uvloop

from sources.faults import SourceFault, Timeout, Unavailable
from sources.wire.deadline import Limit
from sources.wire.http.connecting import verifying
from sources.wire.messages import Request
from sources.wire.transport import HttpTransport
from tests.support.certificates import self_signed

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return self_signed(tmp_path_factory.mktemp("tls") / "server.pem")


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The system's authorities vouch for the certificate."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    verifying.cache_clear()
    yield
    verifying.cache_clear()


class Serving:
    """What the server saw."""

    def __init__(self) -> None:
        self.port = 0
        self.heads: list[bytes] = []
        self.connections = 0
        self.protocols: set[str | None] = set()


@asynccontextmanager
async def serving(certificate: Path | None, answer: bytes, *, close: bool = False) -> AsyncIterator[Serving]:
    seen = Serving()
    tasks: set[Any] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.current_task())
        seen.connections += 1
        tls = writer.get_extra_info("ssl_object")
        seen.protocols.add(tls.selected_alpn_protocol() if tls else None)
        try:
            while True:
                seen.heads.append(await reader.readuntil(b"\r\n\r\n"))
                writer.write(answer)
                await writer.drain()
                if close:
                    writer.close()
                    await writer.wait_closed()
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()
            await asyncio.sleep(0)

    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_alpn_protocols(["h2", "http/1.1"])
        context.load_cert_chain(certificate)
    server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=context)
    seen.port = server.sockets[0].getsockname()[1]
    yield seen
    server.close()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await server.wait_closed()
    await asyncio.sleep(0.01)  # the loop ends with the test: what is closed must be so by then


ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + b"x" * 100_000


def on(loop: str) -> Callable[[Any], Any]:
    return uvloop.run if loop == "uvloop" else asyncio.run


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
@pytest.mark.usefixtures("trusted")
def test_a_trusted_server_is_asked_over_one_kept_connection(certificate: Path, loop: str) -> None:
    async def story() -> None:
        async with serving(certificate, ANSWER) as seen:
            transport = HttpTransport(connections=2)
            for _ in range(3):
                request = Request(url=f"https://127.0.0.1:{seen.port}/a", method="POST", body=b"\r\n\r\n")
                answer = await transport.send(request, Limit(5.0))
                assert answer.body == b"x" * 100_000
            await transport.close()
        assert (seen.connections, seen.protocols) == (1, {"http/1.1"})

    on(loop)(story())


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
@pytest.mark.usefixtures("trusted")
def test_a_certificate_for_another_name_gets_no_request(certificate: Path, loop: str) -> None:
    on(loop)(_refused(certificate, "localhost"))


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_a_certificate_that_nobody_vouches_for_gets_no_request_on_either_loop(certificate: Path, loop: str) -> None:
    on(loop)(_refused(certificate, "127.0.0.1"))


async def _refused(certificate: Path, host: str) -> None:
    async with serving(certificate, ANSWER) as seen:
        transport = HttpTransport(connections=2)
        with pytest.raises(Unavailable) as caught:
            await transport.send(Request(url=f"https://{host}:{seen.port}/a"), Limit(5.0))
        await transport.close()
    assert (caught.value.reason, caught.value.sent) == ("GET /a: the server's certificate is not trusted", False)
    assert seen.heads == []


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_a_server_that_speaks_no_tls_is_no_connection(loop: str) -> None:
    async def story() -> None:
        async with serving(None, b"HTTP/1.1 400 Bad Request\r\n\r\n", close=True) as seen:
            transport = HttpTransport(connections=2)
            with pytest.raises(SourceFault) as caught:
                await transport.send(Request(url=f"https://127.0.0.1:{seen.port}/a"), Limit(0.5))
            await transport.close()
        assert isinstance(caught.value, Unavailable)
        assert not caught.value.sent

    on(loop)(story())


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_answers_that_break_off_drip_or_end_by_closing_on_either_loop(certificate: Path, loop: str, tls: bool) -> None:
    async def outcome(answer: bytes, *, close: bool) -> str:
        async with serving(certificate if tls else None, answer, close=close) as seen:
            transport = HttpTransport(connections=2)
            url = f"http{'s' if tls else ''}://127.0.0.1:{seen.port}/a"
            try:
                return (await transport.send(Request(url=url), Limit(5.0 if close else 0.1))).body.decode()
            except SourceFault as fault:
                return f"{type(fault).__name__} {fault.sent}"
            finally:
                await transport.close()

    async def story() -> None:
        assert await outcome(b"HTTP/1.1 200 OK\r\n\r\nto the end", close=True) == "to the end"
        assert await outcome(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", close=True) == "Unavailable True"
        assert await outcome(b"", close=True) == "Unavailable True"
        assert await outcome(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", close=False) == "Timeout True"
        assert await outcome(b"SSH-2.0", close=False) == "Malformed True"

    on(loop)(story())


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_a_request_that_is_cancelled_while_it_connects_leaves_nothing_open(loop: str) -> None:
    async def story() -> None:
        async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()
            gone.set()
            writer.close()

        gone = asyncio.Event()
        server = await asyncio.start_server(silent, "127.0.0.1", 0)
        transport = HttpTransport(connections=1)
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/a"  # the handshake is never answered
        with pytest.raises(Timeout) as caught:
            await transport.send(Request(url=url), Limit(0.1))
        assert not caught.value.sent
        async with asyncio.timeout(2):
            await gone.wait()
        await transport.close()
        server.close()
        await server.wait_closed()

    on(loop)(story())
