"""What goes over the wire: a request out, a status with headers and bytes back."""

from collections.abc import Mapping
from typing import Protocol

import msgspec

from sources.wire.deadline import Limit


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """A request to a source. `url` is absolute. Headers may hold credentials: never log them."""

    method: str = "GET"
    url: str
    headers: Mapping[str, str] = {}
    body: bytes = b""
    safe: bool = True  # False: a write; never sent twice by the wire


class Response(msgspec.Struct, frozen=True, kw_only=True):
    """What came back. Header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Transport(Protocol):
    """Sends one request once. Raises Unavailable where no answer came, and `limit.fault` where none came in time."""

    async def send(self, request: Request, limit: Limit) -> Response: ...
    async def close(self) -> None: ...


class Sender(Protocol):
    """What a vendor's client needs of the wire: send, or raise a SourceFault."""

    async def send(self, request: Request) -> Response: ...
    def report_quota(self, remaining: float) -> None:
        """What is left of the vendor's quota, 0 to 1; shown in `systems`."""
        ...
