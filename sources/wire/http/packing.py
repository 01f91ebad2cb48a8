"""Unpacks what came packed, within a bound. Source: RFC 9110, 8.4.1."""

import zlib

from sources.wire.http.failures import BrokenOff, NotHttp, TooLarge

MAX_MEMBERS = 16  # parts of one gzip body: servers send one, proxies that join two; thousands are an attack

_GZIP = 16 + zlib.MAX_WBITS


def unpacked(body: bytes, encoding: str, max_bytes: int) -> bytes:
    """The body that is packed by this Content-Encoding. Raises TooLarge before more than `max_bytes` are there."""
    match encoding.strip().lower():
        case "" | "identity":
            return body
        case "gzip" | "x-gzip":
            return _inflated(body, _GZIP, max_bytes)
        case "deflate":
            return _inflated(body, zlib.MAX_WBITS if _with_header(body) else -zlib.MAX_WBITS, max_bytes)
    raise NotHttp("packed in a way that nobody asked for")


def _inflated(packed: bytes, window: int, max_bytes: int) -> bytes:
    pieces: list[bytes] = []
    left = max_bytes
    for _ in range(MAX_MEMBERS):
        unpacker = zlib.decompressobj(window)
        try:
            piece = unpacker.decompress(packed, left + 1)
        except zlib.error:
            raise BrokenOff("it does not unpack") from None
        left -= len(piece)
        if left < 0:
            raise TooLarge(f"more than {max_bytes} bytes")
        if not unpacker.eof:
            raise BrokenOff("it ends too early")
        pieces.append(piece)
        packed = unpacker.unused_data
        if not packed:
            return b"".join(pieces)
    raise TooLarge(f"more than {MAX_MEMBERS} packed parts")


def _with_header(body: bytes) -> bool:
    """Some servers say deflate and leave zlib's header out. Source: RFC 1950, 2.2."""
    return body[0] & 0x0F == 8 and int.from_bytes(body[:2], "big") % 31 == 0
