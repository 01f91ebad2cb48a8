"""How a command names a record of a source."""

import msgspec


class RecordKey(msgspec.Struct, frozen=True):
    """A record of a source: the source's uid and the vendor's id."""

    source: str
    id: str
