"""The body of a request as bytes: bounded in size and time as it comes, unpacked where it is packed.

Source: RFC 9110, section 8.4, Content-Encoding.
"""

import asyncio
import zlib

from gateway.configuration.limits import LimitsSection
from gateway.edge.refusals import Refusal, bad_request
from gateway.edge.requests import Request
from resolvers.errors import ErrorCode

BODY_SECONDS = 10.0  # a quarter of a megabyte over a poor mobile line; whoever is slower holds a connection open
WINDOW_BITS = {"gzip": 31, "x-gzip": 31, "deflate": 15}  # zlib's own numbers for a gzip and a zlib wrapping


async def read_body(request: Request, limits: LimitsSection) -> bytes:
    """The body, unpacked. Raises Refusal: 400, 408, 413, 415."""
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "", *WINDOW_BITS):
        message = "the body may be sent as it is, or in the encoding gzip or deflate"
        raise Refusal(415, ErrorCode.UNSUPPORTED_MEDIA_TYPE, message, headers={"accept-encoding": "gzip, deflate"})
    try:
        async with asyncio.timeout(BODY_SECONDS):
            body = await _bounded(request, limits.body_bytes)
    except TimeoutError:
        raise Refusal(408, ErrorCode.BAD_REQUEST, "the body took too long to arrive") from None
    return _unpacked(body, WINDOW_BITS[encoding], limits.decompressed_bytes) if encoding in WINDOW_BITS else body


async def _bounded(request: Request, most: int) -> bytes:
    body, more = bytearray(), True
    while more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise bad_request("the body broke off")
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > most:
            raise Refusal(413, ErrorCode.BODY_TOO_LARGE, f"the body is larger than {most} bytes")
    return bytes(body)


def _unpacked(body: bytes, window_bits: int, most: int) -> bytes:
    """What one whole stream holds, and nothing behind it."""
    stream = zlib.decompressobj(window_bits)
    try:
        content = stream.decompress(body, most + 1)
    except zlib.error:
        raise bad_request("the body is not in the encoding that its content-encoding names") from None
    if len(content) > most:
        raise Refusal(413, ErrorCode.DECOMPRESSED_TOO_LARGE, f"the unpacked body is larger than {most} bytes")
    if not stream.eof or stream.unused_data:
        raise bad_request("the body is not one whole stream of the encoding that its content-encoding names")
    return content
