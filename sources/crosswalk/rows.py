"""The rows that a pass of the linker holds in memory, changes there, and writes back at its end."""

import secrets
from datetime import datetime

import msgspec

from sources.canonical.customer import CustomerRecord, MatchMethod
from sources.canonical.provenance import CustomerRef

decode_record = msgspec.json.Decoder(CustomerRecord).decode
encode = msgspec.json.Encoder().encode
decode_names = msgspec.json.Decoder(tuple[str, ...]).decode


def new_uid() -> str:
    """A random id of 16 hexadecimal digits, below 2**63 so that it is a row number of either database too."""
    return f"{secrets.randbits(63):016x}"


class LinkState(msgspec.Struct, frozen=True):
    """Whose a record is and why; nobody's by default."""

    customer: str | None = None
    method: MatchMethod | None = None
    confidence: float | None = None
    evidence: tuple[str, ...] = ()
    decided_by: str | None = None

    @property
    def sure(self) -> bool:
        """True for explicit keys and stewards: what rules may be weighed against."""
        return self.method is MatchMethod.EXPLICIT_KEY or self.method is MatchMethod.STEWARD


UNLINKED = LinkState()


class Row(msgspec.Struct):
    """A record of a source. `before` is the link that the database has."""

    id: int
    system: str
    ref: CustomerRef
    number_key: str | None
    parent: CustomerRef | None
    snapshot: bytes
    digest: bytes
    deleted: bool
    observed_at: datetime
    own_uid: str | None
    link: LinkState
    decided_at: datetime | None
    url: str | None = None
    before: LinkState = UNLINKED
    number_before: str | None = None
    own_before: str | None = None
    new: bool = False
    changed: bool = False  # its snapshot is another than the database's
    keys: frozenset[str] | None = None  # None: not loaded
    keys_before: frozenset[str] = frozenset()

    decoded: CustomerRecord | None = None

    @property
    def record(self) -> CustomerRecord:
        """What the source says; decoded once."""
        if self.decoded is None:
            self.decoded = decode_record(self.snapshot)
        return self.decoded


class CustomerRow(msgspec.Struct):
    """A customer, as far as the linker needs it."""

    uid: str
    number_key: str | None = None
    merged_into: str | None = None
    live: bool = False
    parent_uid: str | None = None
    golden: bytes = b""
    new: bool = False

    @property
    def id(self) -> int:
        return int(self.uid, 16)


class Ruling(msgspec.Struct):
    """What stewards decided about a record."""

    pinned: LinkState | None = None
    vetoes: set[str] = msgspec.field(default_factory=set)
