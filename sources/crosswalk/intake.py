"""Takes in what a source says: which records are other than what is known, and their keys."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import bindparam, update

from sources.canonical.customer import CustomerRecord
from sources.crosswalk import normal
from sources.crosswalk.among import among
from sources.crosswalk.keys import keys_of
from sources.crosswalk.neighbourhood import Neighbourhood
from sources.crosswalk.rows import UNLINKED, Row, encode
from sources.crosswalk.tables import records

NUL = b"\\u0000"  # as JSON spells it
SEEN = update(records).where(among(records.c.id, "ids")).values(observed_at=bindparam("now"))


async def take_in(
    hood: Neighbourhood, system: str, batch: Sequence[CustomerRecord], region: str | None, rules: bytes
) -> list[Row]:
    """The rows of the records that are new or changed, or that were matched under other rules; the rest is noted."""
    now = datetime.now(UTC)
    await hood.load_batch(system, [record.ref.id for record in batch])
    unchanged: list[int] = []
    changed: list[tuple[Row, CustomerRecord]] = []
    for record in batch:
        row, other = await _row(hood, system, record, now, rules)
        if other:
            changed.append((row, record))
        else:
            unchanged.append(row.id)
    if unchanged:
        await hood.connection.execute(SEEN, {"ids": unchanged, "now": now})
    await hood.load_keys(row for row, _ in changed)
    for row, record in changed:
        hood.index(row, keys_of(record, region))
    return [row for row, _ in changed]


async def _row(
    hood: Neighbourhood, system: str, record: CustomerRecord, now: datetime, rules: bytes
) -> tuple[Row, bool]:
    """The record's row, as it is now, and whether it is another than the database's."""
    snapshot = encode(record)
    digest = hashlib.blake2b(snapshot, key=rules, digest_size=16).digest()
    row = hood.by_ref.get((system, record.ref))
    if row is None:
        row = Row(await hood.next_id(), system, record.ref, None, None, b"", b"", False, now, None, UNLINKED, None)
        row.new = True
        row.keys = frozenset()
        hood.add(row)
    elif row.digest == digest or _outdated(row, record):
        return row, False
    row.changed = True
    row.snapshot, row.digest, row.observed_at, row.decoded = snapshot, digest, now, record
    row.number_key, row.deleted = normal.number(record.number), record.deleted
    row.parent, row.url = record.parent, record.url
    return row, True


def _outdated(row: Row, record: CustomerRecord) -> bool:
    """Whether a slower reader brings what is older than what is known."""
    if record.updated_at is None or record.deleted:
        return False
    known = row.record.updated_at
    return known is not None and record.updated_at < known


def storable(record: CustomerRecord) -> CustomerRecord:
    """The record without NUL characters, which PostgreSQL cannot keep; hardly any has them."""
    if NUL not in encode(record):
        return record
    return msgspec.convert(_without_nul(msgspec.to_builtins(record)), CustomerRecord)


def _without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return normal.storable(value)
    if isinstance(value, list | tuple):
        return [_without_nul(item) for item in value]
    return {k: _without_nul(v) for k, v in value.items()} if isinstance(value, dict) else value
