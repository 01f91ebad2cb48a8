"""A request over HTTP as the edge reads it: its headers looked through once."""

from collections.abc import Mapping

from starlette.types import Receive, Scope


class Request:
    """The head of a request, and where its body comes from."""

    __slots__ = ("headers", "method", "query_string", "receive")

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.method: str = scope["method"]
        self.query_string: bytes = scope["query_string"]
        self.headers: Mapping[str, str] = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in reversed(scope["headers"])
        }
        """By their names in lower case; of several with one name, the first."""
        self.receive = receive
