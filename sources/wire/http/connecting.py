"""From a server's name to an open connection: addresses, the first socket that is taken, verified TLS."""

import asyncio
import socket
import ssl
from functools import cache

from aiohappyeyeballs import start_connection

from sources.wire.http.connection import Connection
from sources.wire.http.failures import NotConnected, NotTrusted
from sources.wire.http.servers import Server

NEXT_ADDRESS_SECONDS = 0.25  # Source: RFC 8305, 5: how long an address is waited for before the next is tried beside it


@cache
def verifying() -> ssl.SSLContext:
    """Certificates are verified against the system's, names against them; HTTP/1.1 only."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


async def connect(server: Server, max_body_bytes: int) -> Connection:
    """A connection over which nothing was sent yet. Raises NotConnected."""
    loop = asyncio.get_running_loop()
    try:
        addresses = await loop.getaddrinfo(server.host, server.port, type=socket.SOCK_STREAM)
        taken = await start_connection(addresses, happy_eyeballs_delay=NEXT_ADDRESS_SECONDS, interleave=1)
        _, connection = await loop.create_connection(
            lambda: Connection(server, max_body_bytes),
            sock=taken,
            ssl=verifying() if server.secure else None,
            server_hostname=server.host if server.secure else None,
        )
    except ssl.SSLCertVerificationError:
        raise NotTrusted("its certificate is not trusted") from None
    except (OSError, UnicodeError):
        raise NotConnected("no connection") from None
    return connection
