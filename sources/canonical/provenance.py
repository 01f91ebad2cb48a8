"""Where a record came from and how old it is."""

from datetime import datetime
from typing import NamedTuple

import msgspec

from sources.canonical.sensitivity import Hidden, Sensitivity, classified


class CustomerRef(NamedTuple):
    """A record in a source that stands for a customer: its type there, e.g. "organization", and its id."""

    type: str
    id: str


class Position(NamedTuple):
    """A place in a list that is ordered newest first, ties by record id (descending)."""

    at: datetime
    record_id: str


class Origin(msgspec.Struct, frozen=True):
    """One configured source: its name, its connector's kind, its stable uid, the version of its mapping."""

    system: str
    kind: str
    uid: str
    mapping_version: int

    def stamp(self, record_id: str, fetched_at: datetime, url: str | None = None) -> "Provenance":
        """The provenance of a record that this source gave at `fetched_at`."""
        return Provenance(
            system=self.system,
            kind=self.kind,
            record_id=record_id,
            url=url,
            fetched_at=fetched_at,
            mapping_version=self.mapping_version,
            source=self.uid,
        )


@classified(Sensitivity.INTERNAL)
class Provenance(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Where a record came from and how old it is."""

    system: str
    """The configured name of the source, e.g. "billing"."""
    kind: str
    """The connector, e.g. the vendor's name in lower case."""
    record_id: str
    """The vendor's own id."""
    url: str | None = None
    """The record in the vendor's own user interface; https, built from the configured base."""
    fetched_at: datetime
    """When the vendor answered, by the gateway's clock, UTC."""
    mapping_version: int
    """The version of the mapping that made the record."""
    source: Hidden[str]


class Record(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What every record of a source has. It holds values alone and stands in no cycle: no collector looks at it."""

    provenance: Provenance
    """Where the record came from and how old it is."""


class Listed(Record, frozen=True, kw_only=True):
    """A record that stands in its customer's lists, newest first."""

    at: Hidden[datetime]
    customer_ref: Hidden[CustomerRef | None] = None

    @property
    def position(self) -> Position:
        return Position(self.at, self.provenance.record_id)
