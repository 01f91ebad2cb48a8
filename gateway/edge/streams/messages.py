"""Messages of graphql-transport-ws, and why a conversation ends.

Source: graphql-ws, PROTOCOL.md; codes above 1000: RFC 6455, section 7.4.1.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

SUBPROTOCOL = "graphql-transport-ws"
LONGEST_ID = 128  # clients send a UUID or a count


class Close(NamedTuple):
    """A code of the protocol and its reason."""

    code: int
    reason: str


class Closed(Exception):
    """The conversation cannot go on."""

    def __init__(self, close: Close) -> None:
        super().__init__(close.reason)
        self.close = close


BAD_REQUEST = Close(4400, "Invalid message")
UNAUTHORIZED = Close(4401, "Unauthorized")
FORBIDDEN = Close(4403, "Forbidden")
EXPIRED = Close(4403, "The token has expired")
SUBPROTOCOL_NOT_ACCEPTABLE = Close(4406, "Subprotocol not acceptable")
INIT_TIMEOUT = Close(4408, "Connection initialisation timeout")
DUPLICATE = Close(4409, "Subscriber already exists")
TOO_MANY_INITS = Close(4429, "Too many initialisation requests")
TOO_MANY_CONNECTIONS = Close(4429, "Too many connections")
INTERNAL = Close(4500, "Internal server error")
STOPPING = Close(1001, "The gateway is stopping")
LATER = Close(1013, "Try again later")


class Incoming(msgspec.Struct, frozen=True):
    """A message of the client's, its payload not read yet."""

    type: str
    id: str | None = None
    payload: msgspec.Raw = msgspec.Raw(b"null")


_incoming = msgspec.json.Decoder(Incoming)
_object: msgspec.json.Decoder[dict[str, Any] | None] = msgspec.json.Decoder(dict[str, Any] | None)


def read(text: str | None) -> Incoming:
    """The message in a frame; None is a frame that is no text. Raises Closed."""
    if text is None:
        raise Closed(BAD_REQUEST)
    try:
        return _incoming.decode(text)
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        raise Closed(BAD_REQUEST) from None


def object_of(payload: msgspec.Raw) -> dict[str, Any]:
    """A payload that may be left out. Raises Closed."""
    try:
        return _object.decode(payload) or {}
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        raise Closed(BAD_REQUEST) from None


def id_of(message: Incoming) -> str:
    """The id of an operation. Raises Closed."""
    if not message.id or len(message.id) > LONGEST_ID:
        raise Closed(BAD_REQUEST)
    return message.id


def ack() -> str:
    return _text({"type": "connection_ack"})


def pong(payload: dict[str, Any]) -> str:
    return _text({"type": "pong", "payload": payload} if payload else {"type": "pong"})


def following(operation_id: str, answer: dict[str, Any]) -> str:
    """One answer of an operation; more may come."""
    return _text({"id": operation_id, "type": "next", "payload": answer})


def failed(operation_id: str, errors: Sequence[dict[str, Any]]) -> str:
    """The operation could not run, or has ended; nothing more comes."""
    return _text({"id": operation_id, "type": "error", "payload": errors})


def complete(operation_id: str) -> str:
    return _text({"id": operation_id, "type": "complete"})


def _text(message: dict[str, Any]) -> str:
    return msgspec.json.encode(message).decode()
