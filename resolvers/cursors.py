"""Cursors over lists that are merged from several sources: a position for each of them, opaque outside."""

import base64
import binascii
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import msgspec

from sources.canonical.provenance import Position

MAX_CURSOR = 4096  # characters; a cursor over a dozen sources stays far below

Positions = Mapping[str, Position]
_decoder = msgspec.msgpack.Decoder(dict[str, tuple[int, str]])
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class NotACursor(ValueError):
    """The string is no cursor of ours."""


def encode(positions: Positions) -> str:
    """The cursor that goes on after these positions."""
    packed = msgspec.msgpack.encode({k: (_micros(p.at), p.record_id) for k, p in sorted(positions.items())})
    return base64.urlsafe_b64encode(packed).rstrip(b"=").decode()


def decode(cursor: str | None) -> dict[str, Position]:
    """The positions that a cursor holds; none for None. Raises NotACursor."""
    if cursor is None:
        return {}
    if len(cursor) > MAX_CURSOR:
        raise NotACursor
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        return {key: Position(_moment(micros), record_id) for key, (micros, record_id) in _decoder.decode(raw).items()}
    except (binascii.Error, ValueError, msgspec.MsgspecError, OverflowError):
        raise NotACursor from None


def _micros(at: datetime) -> int:
    return (at - EPOCH) // timedelta(microseconds=1)


def _moment(micros: int) -> datetime:
    return EPOCH + timedelta(microseconds=micros)
