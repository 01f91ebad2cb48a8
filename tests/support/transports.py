"""Asking over a transport of the wire, and what came of it."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from sources.faults import SourceFault
from sources.wire.deadline import Limit
from sources.wire.messages import Request, Response
from sources.wire.transport import HttpTransport


async def ask(transport: HttpTransport, url: str, seconds: float = 5.0, **request: Any) -> Response:
    return await transport.send(Request(url=url, **request), Limit(seconds))


async def fault_of(transport: HttpTransport, url: str, seconds: float = 5.0, **request: Any) -> SourceFault:
    with pytest.raises(SourceFault) as caught:
        await ask(transport, url, seconds, **request)
    return caught.value


async def until(condition: Callable[[], bool]) -> None:
    """What is on its way over the loopback has arrived."""
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0.002)
    raise AssertionError("it never came to that")
