"""[streams]: subscriptions over WebSocket and server-sent events."""

from pydantic import Field

from gateway.configuration.sections import Section


class StreamsSection(Section):
    """[streams]. Names carry their unit, or name what is counted; see docs/edge.md."""

    connections: int = Field(default=20, ge=1)
    """Open at one time for one consumer in one process, event streams and WebSockets together."""
    operations: int = Field(default=100, ge=1)
    """Under way at one time over one WebSocket."""
    queued_changes: int = Field(default=100, ge=1)
    """Not taken yet by one stream; a stream that is further behind ends."""
    connection_init_seconds: float = Field(default=3.0, gt=0, le=60)
    """How long a WebSocket may wait before it says who it is."""
    keep_alive_seconds: float = Field(default=12.0, gt=0, le=300)
    """Between comments on a silent event stream; proxies cut after 30 to 60."""
    send_seconds: float = Field(default=20.0, gt=0, le=300)
    """How long a client may leave what is sent to it unread."""
