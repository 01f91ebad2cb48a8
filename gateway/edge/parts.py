"""An answer in parts, by multipart/mixed: what is not deferred at once, each deferred part as soon as it is done."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import nullcontext

import msgspec
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.admission import Slot
from gateway.edge.answers import MULTIPART_TYPE, SECURITY_HEADERS
from gateway.edge.deferring import Parts
from gateway.edge.framing import BEFORE_PARTS, BOUNDARY, part
from gateway.edge.incremental import Format
from gateway.edge.streams.presence import ClientGone, while_present
from sources.wire.correlation import correlation_id

PARAMETERS = {Format.CURRENT: "incrementalSpec=v0.2", Format.EARLIER: "deferSpec=20220824"}


class InParts(Response):
    """Tells the parts of an operation as they come; its client's leaving ends the work."""

    def __init__(self, parts: Parts, correlation: str, send_seconds: float) -> None:
        parameters = PARAMETERS[parts.telling.form]
        headers = {
            **SECURITY_HEADERS,
            "content-type": f'{MULTIPART_TYPE}; boundary="{BOUNDARY}"; {parameters}',
            "x-accel-buffering": "no",
            "x-correlation-id": correlation,
        }
        super().__init__(headers=headers)
        del self.headers["content-length"]
        self.slot: Slot | None = None
        """What is left after the last part."""
        self.finished: Callable[[str, Sequence[str]], None] = lambda outcome, codes: None
        """Is told the outcome, and the codes of errors."""
        self._parts = parts
        self._correlation = correlation
        self._send_seconds = send_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Tell every part. Raises ClientGone."""
        token = correlation_id.set(self._correlation)
        outcome = "gone"
        try:
            with self.slot or nullcontext():
                try:
                    await while_present(receive, lambda: self._tell(send))
                    outcome = "partial" if self._parts.telling.codes else "ok"
                finally:
                    await self._parts.aclose()
        finally:
            correlation_id.reset(token)
            self.finished(outcome, self._parts.telling.codes)

    async def _tell(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        content = BEFORE_PARTS
        async for payload in self._parts:
            more = payload["hasNext"]
            content += part(msgspec.json.encode(payload), last=not more)
            try:
                async with asyncio.timeout(self._send_seconds):
                    await send({"type": "http.response.body", "body": content, "more_body": more})
            except (OSError, TimeoutError):  # gone, or it does not read: its connection is dropped as it is
                raise ClientGone from None
            content = b""
