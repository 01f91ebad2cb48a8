"""The vendors of the bench: `python -m bench.sidebyside.upstreams CANNED LATENCY_MS`, a process of its own.

Gives recorded answers as whole precomputed bytes, each after the same time, on a port for each system.
`GET /_bench` says how many questions there were and which of them nobody recorded; `DELETE /_bench` begins anew;
`PUT /_bench` with a number as its body is the latency from now on, in milliseconds.
"""

import asyncio
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import httptools
import msgspec
import uvloop

from bench.sidebyside.canned import Answer, Vendor, key_of, load

JSON = {"content-type": "application/json"}
UNKNOWN = Answer(404, JSON, b'{"error":"not recorded"}').head_and_body()
CONTROL = b"/_bench"


class Server:
    """One system's answers, and what was asked."""

    def __init__(self, vendor: Vendor, delay: float) -> None:
        self.answers = {key: answer.head_and_body() for key, answer in vendor.answers.items()}
        self.polls = {path: answer.head_and_body() for path, answer in vendor.polls.items()}
        self.seen: dict[tuple[bytes, bytes, bytes], bytes | None] = {}
        self.delay = delay
        self.calls = 0
        self.unknown: Counter[str] = Counter()

    def answer(self, method: bytes, target: bytes, body: bytes) -> bytes:
        self.calls += 1
        asked = (method, target, body)
        found = self.seen.get(asked)
        if found is None:
            path, _, query = target.partition(b"?")
            found = self.answers.get(key_of(method.decode(), path.decode(), query.decode(), body))
            if found is None and path.decode() in self.polls:
                return self.polls[path.decode()]
            if found is None:
                self.unknown[target.decode()[:300]] += 1
                return UNKNOWN
            self.seen[asked] = found
        return found

    def told(self) -> bytes:
        return msgspec.json.encode({"calls": self.calls, "unknown": dict(self.unknown)})

    def forget(self) -> None:
        self.calls = 0
        self.unknown.clear()


class Connection(asyncio.Protocol):
    """One kept-alive connection; a question at a time."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.loop = asyncio.get_running_loop()
        self.parser: Any = httptools.HttpRequestParser(self)

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_message_begin(self) -> None:
        self.target = self.body = b""

    def on_url(self, url: bytes) -> None:
        self.target += url

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        method = self.parser.get_method()
        if self.target == CONTROL:
            told = self.server.told()
            if method == b"DELETE":
                self.server.forget()
            if method == b"PUT":
                self.server.delay = float(self.body) / 1000
            self._write(Answer(200, JSON, told).head_and_body())
        else:
            answer = self.server.answer(method, self.target, self.body)
            self.loop.call_later(self.server.delay, self._write, answer)

    def _write(self, answer: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(answer)


async def serve(path: Path, delay: float) -> None:
    loop = asyncio.get_running_loop()
    for port, vendor in load(path).items():
        server = Server(vendor, delay)
        await loop.create_server(lambda server=server: Connection(server), "127.0.0.1", int(port))  # type: ignore[misc]
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(serve(Path(sys.argv[1]), float(sys.argv[2]) / 1000))
