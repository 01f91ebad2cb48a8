"""Serves the gateway's apps on their ports until it is told to stop."""

import asyncio
import errno
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from typing import Any

import uvicorn

from gateway.bounded_websocket import MAX_MESSAGE_BYTES, BoundedWebSocket
from gateway.failures import CommandFailed
from gateway.guarding import GuardedProtocol

DRAIN_SECONDS = 10  # for requests under way when the gateway stops; the longest deadline of a request is far below
KEEP_ALIVE_SECONDS = 75  # longer than a load balancer's own idle limit (60 s), so that it never meets a closed door
STARTED_POLL_SECONDS = 0.01
BACKLOG = 2048


def listen(host: str, port: int, hint: str) -> socket.socket:
    """A listening socket; raises CommandFailed where the port or the host cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)  # at once, so that a second program which wants the port is told so here
    except OSError as error:
        listener.close()
        reason = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be had: {os.strerror(error.errno or 0)}"
        raise CommandFailed(f"port {port} on {host} {reason}", hint) from None
    listener.setblocking(False)
    return listener


def address_of(listener: socket.socket) -> str:
    """http://HOST:PORT of a listening socket."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class _Server(uvicorn.Server):
    """The command itself handles the signals; it has more than this server to stop."""

    def capture_signals(self) -> Any:
        return nullcontext()


@asynccontextmanager
async def served(app: Any, listener: socket.socket) -> AsyncIterator[None]:
    """Answer on `listener` while inside; at the end, requests under way have DRAIN_SECONDS."""
    config = uvicorn.Config(
        app,
        http=GuardedProtocol,
        ws=BoundedWebSocket,
        ws_max_size=MAX_MESSAGE_BYTES,
        ws_per_message_deflate=False,  # what unpacks to a megabyte for each of a thousand clients is no bound
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=DRAIN_SECONDS,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        while not server.started:
            if task.done():
                task.result()
            await asyncio.sleep(STARTED_POLL_SECONDS)
        yield
    finally:
        server.should_exit = True
        await task
