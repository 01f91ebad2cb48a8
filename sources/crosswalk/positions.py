"""Opaque positions in lists: what a cursor holds."""

import base64
import binascii
from typing import TypeVar

import msgspec

from sources.crosswalk.words import BadPosition

P = TypeVar("P", bound=msgspec.Struct)


def write(position: msgspec.Struct) -> str:
    """The position as an opaque string."""
    return base64.urlsafe_b64encode(msgspec.json.encode(position)).rstrip(b"=").decode()


def read(value: str | None, kind: type[P]) -> P | None:
    """The position of a string that `write` gave; raises BadPosition for any other."""
    if value is None:
        return None
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)), type=kind)
    except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
        raise BadPosition("not a position of this list") from error
