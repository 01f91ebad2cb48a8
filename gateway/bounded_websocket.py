"""uvicorn's WebSocket protocol, closed in a way that the client hears, and in the end whether it listens or not.

uvicorn closes the socket in the moment in which it refuses a frame; what the client is still sending then makes its
system throw away the close frame that says why.
"""

import asyncio

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

MAX_MESSAGE_BYTES = 1024 * 1024  # above what [limits] lets a request be; a larger frame is refused unread, with 1009
LINGER_SECONDS = 1.0  # for the client to take the close frame and close by itself


class BoundedWebSocket(WebSocketsSansIOProtocol):
    """One connection."""

    def handle_parser_exception(self) -> None:
        """Refuse a frame: say why, then read on without looking, until the client closes or has had its time."""
        if self.close_sent:
            return
        refused = self.conn.close_sent
        if refused is None:
            self.transport.close()
            return
        self.queue.put_nowait({"type": "websocket.disconnect", "code": refused.code, "reason": refused.reason})
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        self.close_timer = self.loop.call_later(LINGER_SECONDS, self.transport.abort)

    def eof_received(self) -> None:
        """The client has closed its side: nothing is left to say."""
        if self.close_sent:
            self.transport.close()

    def on_task_complete(self, task: asyncio.Task[None]) -> None:
        """The conversation is over: a client that reads nothing must not keep the connection."""
        super().on_task_complete(task)
        if not self.disconnected:
            self.loop.call_later(LINGER_SECONDS, self.transport.abort)
