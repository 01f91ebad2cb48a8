"""Frames of an event stream, and parts of a multipart answer.

Source: graphql-sse, PROTOCOL.md, distinct connections mode; HTML, server-sent events; RFC 2046, section 5.1. Lines of
an event stream end in LF alone: clients that look for an empty line find none in CRLF.
"""

COMMENT = b":\n\n"
COMPLETE = b"event: complete\ndata:\n\n"  # with a data line: without one a browser drops the event


def told(content: bytes) -> bytes:
    """One result, as JSON without line breaks."""
    return b"event: next\ndata: " + content + b"\n\n"


def told_once(content: bytes) -> bytes:
    """A stream of one result."""
    return told(content) + COMPLETE


BOUNDARY = "-"
DELIMITER = b"\r\n--" + BOUNDARY.encode()
BEFORE_PARTS = DELIMITER  # the line break is of it: Apollo Client looks for both
PART_HEAD = b"\r\nContent-Type: application/json; charset=utf-8\r\n\r\n"


def part(content: bytes, *, last: bool) -> bytes:
    """One part of a multipart answer, with the delimiter behind it: without that a client waits for more of it."""
    return PART_HEAD + content + DELIMITER + (b"--\r\n" if last else b"")
