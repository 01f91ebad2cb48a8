"""Global ids: opaque, stable for ever, free of configured names.

A customer's id holds the crosswalk's uid; a record's holds the uid of its source and the vendor's id.
"""

import base64
import binascii
from functools import lru_cache
from typing import NamedTuple

URL_SAFE = bytes.maketrans(b"+/", b"-_")  # base64's own function does the same in twice the time
MAX_ID = 512  # longer than any id that was ever given out
KEPT = 4096  # ids that were taken apart: each is so twice a request, where its cost is judged and where it is read


class RecordId(NamedTuple):
    """What a global id says: the type, the uid of the source ("" for our own), the id there."""

    type: str
    source: str
    id: str


class NotAnId(ValueError):
    """The string is no id of ours."""


def encode(type_name: str, source: str, record_id: str) -> str:
    """The global id of a record."""
    text = binascii.b2a_base64(f"{type_name}\n{source}\n{record_id}".encode(), newline=False)
    return text.translate(URL_SAFE, b"=").decode()


@lru_cache(KEPT)
def decode(global_id: str) -> RecordId:
    """The parts of a global id; raises NotAnId."""
    if len(global_id) > MAX_ID:
        raise NotAnId
    try:
        text = base64.b64decode(global_id + "=" * (-len(global_id) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise NotAnId from None
    parts = text.split("\n")
    if len(parts) != 3 or encode(*parts) != global_id:
        raise NotAnId
    return RecordId(*parts)
