"""A request as the bytes that are sent, in one piece. Source: RFC 9112."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from sources.wire.http.failures import NotSendable
from sources.wire.http.servers import Server

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_FORBIDDEN = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_SAID_HERE: Final = frozenset({"host", "content-length", "transfer-encoding", "connection", "expect", "upgrade", "te"})
_WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})  # these say their length even where it is 0
_UNLESS_GIVEN: Final = {
    "Accept": "*/*",
    "Accept-Encoding": "gzip, deflate",  # said explicitly: Tryton's answers claim gzip either way
    "User-Agent": "customer360-gateway",
}


def written(method: str, target: str, server: Server, headers: Mapping[str, str], body: bytes) -> bytes:
    """Head and body. Raises NotSendable, without a word of what is wrong: it may be a secret."""
    lines = _lines_beside(method, tuple(headers))
    if _FORBIDDEN.search("".join(headers.values())):
        raise NotSendable("a header's value holds a control character")
    if body or method in _WITH_BODY:
        lines = f"{lines}Content-Length: {len(body)}\r\n"
    given = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
    try:
        head = f"{method} {target} HTTP/1.1\r\nHost: {server.field}\r\n{lines}{given}\r\n".encode()
    except UnicodeEncodeError:
        raise NotSendable("a header's value is no text") from None
    return head + body


@lru_cache(maxsize=256)  # the clients' sets of header names, which are few; values never get in
def _lines_beside(method: str, names: tuple[str, ...]) -> str:
    if not all(_TOKEN.fullmatch(word) for word in (method, *names)):
        raise NotSendable("a method or a header's name is no token")
    given = {name.lower() for name in names}
    if given & _SAID_HERE:
        raise NotSendable("a header is given that only the connection may say")
    return "".join(f"{name}: {value}\r\n" for name, value in _UNLESS_GIVEN.items() if name.lower() not in given)
