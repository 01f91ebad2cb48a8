"""Around every simulator: switches that break it on purpose, and a record of the calls it got.

`PUT /_simulate` with the JSON of Switches sets them, `GET` shows them with the number of calls, `DELETE` resets.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

import msgspec

from sources.simulation.write_faults import ANSWER_AFTER, WRITES, LateWrites, WriteFault, client_gone, kept

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

CONTROL_PATH = "/_simulate"
HTML = b"<html><body><h1>502 Bad Gateway</h1></body></html>"


class Switches(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """How the simulator misbehaves.

    Only calls whose path contains `only` and whose body contains `only_body` are touched, where those are set; with
    `writes_only` or a `write_fault` (see write_faults.py) only those that write.
    """

    only: str = ""
    only_body: str = ""
    writes_only: bool = False
    latency_seconds: float = 0.0
    latency_jitter_seconds: float = 0.0
    hang: bool = False
    drop_connection: bool = False  # close after the first line of an answer, nothing done
    status: int | None = None  # answer this instead, with `body`
    body: str = ""
    html: bool = False  # 502 with a page of HTML
    truncate: bool = False  # cut the JSON in half
    garbage: bool = False  # 200 with bytes that are no JSON
    throttle_retry_after: str | None = None  # 429 with this Retry-After ("" for none)
    failure_rate: float = 0.0  # share of calls answered 503
    write_fault: WriteFault | None = None
    late_seconds: float = 1.0  # of the write fault "late"
    times: int | None = None  # the misbehaviour stops after so many calls


class Call(msgspec.Struct):
    """One call that reached the simulator, misbehaving or not; `status` is 0 while, and where, it has no answer."""

    method: str
    path: str
    query: str
    status: int
    headers: dict[str, str]


class Harness:
    """An ASGI app around a vendor's app. `reads`: how paths end that only read, whatever their method."""

    def __init__(self, app: App, *, reads: tuple[str, ...] = ()) -> None:
        self.app = app
        self._reads = reads
        self.switches = Switches()
        self.calls: list[Call] = []
        self.count = 0
        self.late = LateWrites()

    def reset(self) -> None:
        """All switches off, no calls on record, no late write still to come."""
        self.late.drop()
        self.switches = Switches()
        self.calls.clear()
        self.count = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif scope["path"] == CONTROL_PATH:
            await self._control(scope, receive, send)
        else:
            await self._serve(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        call = self._record(scope)

        async def recording(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                call.status = message["status"]
            await send(message)

        try:
            if self.switches.only_body or self.switches.write_fault:
                body = await read_body(receive)
                receive, waiting = _again(body), receive
            else:
                body, waiting = b"", receive
            if self._touches(scope, body):
                await self._misbehave(scope, receive, recording, waiting)
            else:
                await self.app(scope, receive, recording)
        except ConnectionResetError:
            call.status = 0
            raise

    def _record(self, scope: Scope) -> Call:
        headers = {k.decode("latin-1"): v.decode("latin-1") for k, v in scope["headers"]}
        query = scope["query_string"].decode("latin-1")
        self.count += 1
        call = Call(scope["method"], scope["path"], query, 0, headers)
        if len(self.calls) < 100_000:
            self.calls.append(call)
        return call

    def is_write(self, method: str, path: str) -> bool:
        """Whether a call changes something at the vendor."""
        return method in WRITES and not path.endswith(self._reads)

    def _touches(self, scope: Scope, body: bytes) -> bool:
        switches = self.switches
        if switches.only and switches.only not in scope["path"]:
            return False
        if switches.only_body and switches.only_body.encode() not in body:
            return False
        if (switches.writes_only or switches.write_fault) and not self.is_write(scope["method"], scope["path"]):
            return False
        if switches.times is not None:
            if switches.times <= 0:
                return False
            switches.times -= 1
        return True

    async def _misbehave(self, scope: Scope, receive: Receive, send: Send, waiting: Receive) -> None:
        s = self.switches
        if s.latency_seconds or s.latency_jitter_seconds:
            await asyncio.sleep(s.latency_seconds + random.random() * s.latency_jitter_seconds)
        if s.hang:
            await asyncio.sleep(3600)
        if s.drop_connection:
            await cut(send)
        if s.write_fault:
            await self._write(s, scope, receive, send, waiting)
        elif s.throttle_retry_after is not None:
            headers = [(b"retry-after", s.throttle_retry_after.encode())] if s.throttle_retry_after else []
            await answer(send, 429, b'{"error":"APIRateLimitExceeded"}', headers)
        elif s.html:
            await answer(send, 502, HTML, [(b"content-type", b"text/html")])
        elif s.status is not None:
            await answer(send, s.status, s.body.encode())
        elif s.garbage:
            await answer(send, 200, b"\xff\xfe\x00 this is not JSON {")
        elif s.failure_rate and random.random() < s.failure_rate:
            await answer(send, 503, b"")
        elif s.truncate:
            await self._truncated(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _write(self, s: Switches, scope: Scope, receive: Receive, send: Send, waiting: Receive) -> None:
        async def apply(to: Send) -> None:
            await self.app(scope, receive, to)

        if s.write_fault == "late":
            return await self.late.serve(apply, s.late_seconds, waiting, send)
        if s.write_fault != "before":
            await kept(apply)
        if s.write_fault == "cut_after":
            await cut(send)
        if s.write_fault == "error_after":
            return await answer(send, s.status or ANSWER_AFTER, s.body.encode())
        return await client_gone(waiting)

    async def _truncated(self, scope: Scope, receive: Receive, send: Send) -> None:
        start: MutableMapping[str, Any] = {}
        body = b""

        async def keep(message: MutableMapping[str, Any]) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                start = message
            else:
                body += message.get("body", b"")

        await self.app(scope, receive, keep)
        await answer(send, start["status"], body[: len(body) // 2])

    async def _control(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "DELETE":
            self.reset()
        elif scope["method"] == "PUT":
            try:
                self.switches = msgspec.json.decode(await read_body(receive), type=Switches)
            except msgspec.MsgspecError as error:
                return await answer(send, 400, msgspec.json.encode({"error": str(error)}))
        return await answer(send, 200, msgspec.json.encode({"switches": self.switches, "calls": self.count}))


def _again(body: bytes) -> Receive:
    """A body that was read, to be read by the app."""
    told = False

    async def replayed() -> MutableMapping[str, Any]:
        nonlocal told
        if told:
            return {"type": "http.disconnect"}
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed


async def cut(send: Send) -> None:
    """Close the connection. Raises ConnectionResetError.

    An app that raises before it has begun an answer is answered for by its server, with a 500.
    """
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1")]})
    raise ConnectionResetError("simulated")


async def read_body(receive: Receive) -> bytes:
    """The whole body of an ASGI request."""
    body = b""
    while True:
        message = await receive()
        body += bytes(message.get("body", b""))
        if not message.get("more_body"):
            return body


async def answer(send: Send, status: int, body: bytes, headers: list[tuple[bytes, bytes]] | None = None) -> None:
    """Send a whole answer; JSON unless a content-type is given."""
    fields = list(headers or [])
    if not any(name == b"content-type" for name, _ in fields):
        fields.append((b"content-type", b"application/json"))
    fields.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": fields})
    await send({"type": "http.response.body", "body": body})
