"""Frames of an event stream. Source: graphql-sse, PROTOCOL.md, distinct connections mode; HTML, server-sent events.

Lines end in LF alone: clients that look for an empty line find none in CRLF.
"""

COMMENT = b":\n\n"
COMPLETE = b"event: complete\ndata:\n\n"  # with a data line: without one a browser drops the event


def told(content: bytes) -> bytes:
    """One result, as JSON without line breaks."""
    return b"event: next\ndata: " + content + b"\n\n"


def told_once(content: bytes) -> bytes:
    """A stream of one result."""
    return told(content) + COMPLETE
