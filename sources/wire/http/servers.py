"""Which server a URL names, and what is asked of it."""

import re
from functools import lru_cache
from typing import NamedTuple

from yarl import URL

from sources.wire.http.failures import NotSendable

_URL = re.compile(r"(?=[!-~]+\Z)([^/?#]*//[^/?#]*)([^#]*)(?:#.*)?")


class Server(NamedTuple):
    """Where to connect to."""

    secure: bool
    host: str
    """A name in ASCII or an address, IPv6 without its brackets."""
    port: int
    field: str
    """As the Host field says it."""


def located(url: str) -> tuple[Server, str]:
    """The server and the request's target of an absolute URL, which is encoded already. Raises NotSendable."""
    parts = _URL.fullmatch(url)
    if parts is None:
        raise NotSendable("the URL is not absolute or not encoded")
    start, target = parts.groups()
    if not target.startswith("/"):
        target = f"/{target}"
    return _server(start), target


@lru_cache(maxsize=64)  # more than all sources have; the URLs' own texts never get in
def _server(start: str) -> Server:
    try:
        url = URL(start, encoded=True)
        host, port, field = url.raw_host, url.port, url.host_port_subcomponent
    except ValueError:
        raise NotSendable("the URL names no server") from None
    if not host or not field or port is None:
        raise NotSendable("the URL names no server")
    if url.scheme not in ("http", "https") or url.raw_user is not None or url.raw_password is not None:
        raise NotSendable("the URL has another scheme, or names a user")
    return Server(url.scheme == "https", host.lower(), port, field.lower())
