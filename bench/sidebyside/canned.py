"""What the vendors answered, kept as bytes: recorded from the simulators, to be given again."""

import re
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from sources.simulation.harness import App, Harness, read_body

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


KEPT = ("content-type", "request-id")  # the second tells a Stripe of today from an older server


class Answer(msgspec.Struct, frozen=True, array_like=True):
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    def head_and_body(self) -> bytes:
        """The whole answer as it goes over the socket."""
        lines = (
            f"HTTP/1.1 {self.status} OK",
            *(f"{name}: {value}" for name, value in self.headers.items()),
            f"content-length: {len(self.body)}",
        )
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + self.body


class Vendor(msgspec.Struct):
    """What one system answers: by the key of a question; by path alone to a poll, which names the time."""

    answers: dict[str, Answer] = {}
    polls: dict[str, Answer] = {}


Canned = dict[str, Vendor]
"""By the port of a system."""


def key_of(method: str, path: str, query: str, body: bytes) -> str:
    """A question, whatever the order of its parameters and of the ids in them: each peer sends its own."""
    words = sorted((name, " ".join(sorted(value.replace(",", " ").split()))) for name, value in parse_qsl(query))
    return msgspec.json.encode([method, path, words, sorted(re.findall(r"\w+", body.decode()))]).decode()


class Recording:
    """A simulator's app that keeps what it answers."""

    def __init__(self, harness: Harness) -> None:
        self.harness = harness
        self.vendor = Vendor()
        self.polled = False

    async def __call__(self, scope: Any, receive: Any, send: Send) -> None:
        body = await read_body(receive)
        status, headers, parts = 0, {}, bytearray()

        async def again() -> MutableMapping[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def keeping(message: MutableMapping[str, Any]) -> None:
            nonlocal status, headers
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = {name.decode(): value.decode() for name, value in message["headers"]}
            else:
                parts.extend(message.get("body", b""))
            await send(message)

        app: App = self.harness
        await app(scope, again, keeping)
        key = key_of(scope["method"], scope["path"], scope["query_string"].decode(), body)
        answer = Answer(status, {name: headers[name] for name in KEPT if name in headers}, bytes(parts))
        if self.polled:
            self.vendor.polls[scope["path"]] = answer
        else:
            self.vendor.answers[key] = answer


def save(canned: Canned, path: Path) -> None:
    path.write_bytes(msgspec.msgpack.encode(canned))


def load(path: Path) -> Canned:
    return msgspec.msgpack.decode(path.read_bytes(), type=Canned)
