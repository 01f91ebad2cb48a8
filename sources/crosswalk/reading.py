"""Customers and their links by uid, records by reference: a few queries for any number of keys."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, bindparam, func, select, union
from sqlalchemy.ext.asyncio import AsyncConnection

from sources.canonical.customer import Customer, Identity, MatchMethod
from sources.canonical.provenance import CustomerRef, Origin
from sources.crosswalk import normal
from sources.crosswalk.among import among
from sources.crosswalk.keys import lookup_keys
from sources.crosswalk.rows import decode_names
from sources.crosswalk.survivorship import Golden, customer
from sources.crosswalk.tables import customers, match_keys, records
from sources.crosswalk.words import Link, LookupKey

decode_golden = msgspec.json.Decoder(Golden).decode

_now = customers.alias("now")
CUSTOMERS = (
    select(customers.c.uid, _now.c.uid, _now.c.parent_uid, _now.c.golden)
    .join(_now, _now.c.uid == func.coalesce(customers.c.merged_into, customers.c.uid))
    .where(among(customers.c.uid, "uids"))
)
LINKS = (
    select(
        records.c.customer_uid,
        records.c.system_uid,
        records.c.record_type,
        records.c.record_id,
        records.c.method,
        records.c.confidence,
        records.c.evidence,
        records.c.decided_by,
        records.c.decided_at,
        records.c.url,
    )
    .where(among(records.c.customer_uid, "uids"))
    .order_by(records.c.system_uid, records.c.record_type, records.c.record_id)
)
OWNERS = select(records.c.record_type, records.c.record_id, records.c.customer_uid).where(
    records.c.system_uid == bindparam("system"), among(records.c.record_id, "ids")
)
NAMED = select(records.c.record_type, records.c.customer_uid).where(
    records.c.system_uid == bindparam("system"), records.c.record_id == bindparam("record"), ~records.c.deleted
)
BY_NUMBER = select(customers.c.uid).where(
    among(customers.c.number_key, "numbers"), customers.c.merged_into.is_(None), customers.c.live
)
NUMBERS = select(customers.c.number_key, customers.c.uid).where(
    among(customers.c.number_key, "numbers"), customers.c.merged_into.is_(None), customers.c.live
)
BY_EXTERNAL = select(records.c.customer_uid).where(records.c.customer_uid.is_not(None))
BY_KEY = (
    select(records.c.customer_uid)
    .join(match_keys, match_keys.c.record_id == records.c.id)
    .where(among(match_keys.c.key, "keys"), records.c.customer_uid.is_not(None))
)
MAX_MATCHES = 200  # a look-up that means more customers than this means none of them


class Entry(msgspec.Struct, frozen=True):
    """A customer with its links; `uid` is another than the one asked for where that was merged."""

    customer: Customer
    links: tuple[Link, ...]


def entries(connection: Connection, uids: Sequence[str], systems: Mapping[str, Origin]) -> dict[str, Entry]:
    """The customers of these uids, by the uid that was asked for. Two queries."""
    found = {asked: rest for asked, *rest in connection.execute(CUSTOMERS, {"uids": list(uids)})}
    if not found:
        return {}
    links: dict[str, list[Any]] = {}
    survivors = list({uid for uid, _, _ in found.values()})
    for row in connection.execute(LINKS, {"uids": survivors}):
        links.setdefault(row.customer_uid, []).append(row)
    names = {uid: origin.system for uid, origin in systems.items()}
    made: dict[str, Entry] = {}
    for uid, parent, stored in found.values():
        if uid not in made:
            rows = sorted(links.get(uid, ()), key=lambda row: names.get(row.system_uid, row.system_uid))
            identities = tuple(_identity(row, systems) for row in rows)
            whole = customer(uid, decode_golden(stored), identities, parent, names)
            made[uid] = Entry(whole, tuple(_link(row) for row in rows))
    return {asked: made[uid] for asked, (uid, _, _) in found.items()}


def _identity(row: Any, systems: Mapping[str, Origin]) -> Identity:
    origin = systems.get(row.system_uid)
    return Identity(
        system=origin.system if origin else row.system_uid,
        kind=origin.kind if origin else "",
        record_type=row.record_type,
        record_id=row.record_id,
        url=row.url,
        method=MatchMethod(row.method),
        confidence=row.confidence,
        evidence=decode_names(row.evidence),
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        source=row.system_uid,
    )


def _link(row: Any) -> Link:
    return Link(row.system_uid, CustomerRef(row.record_type, row.record_id), MatchMethod(row.method), row.confidence)


def owners(
    connection: Connection, refs: Iterable[tuple[str, CustomerRef]]
) -> dict[tuple[str, CustomerRef], str | None]:
    """Whose each record is; None where it is nobody's or not known. One query for each system."""
    found: dict[tuple[str, CustomerRef], str | None] = dict.fromkeys(refs)
    for system in {system for system, _ in found}:
        ids = list({ref.id for s, ref in found if s == system})
        for record_type, record_id, uid in connection.execute(OWNERS, {"system": system, "ids": ids}):
            if (key := (system, CustomerRef(record_type, record_id))) in found:
                found[key] = uid
    return found


async def named(connection: AsyncConnection, system: str, record_id: str) -> dict[CustomerRef, str | None]:
    """The records that a source has under an id, of any type, and whose each is; None where it is nobody's."""
    rows = await connection.execute(NAMED, {"system": system, "record": normal.storable(record_id)})
    return {CustomerRef(record_type, record_id): uid for record_type, uid in rows}


async def find(connection: AsyncConnection, keys: Sequence[LookupKey], region: str | None) -> tuple[str, ...]:
    """The customers that any of these keys means, by uid; at most MAX_MATCHES. One query."""
    keys = [msgspec.structs.replace(key, value=normal.storable(key.value)) for key in keys]
    numbers = [number for key in keys if key.kind == "number" and (number := normal.number(key.value))]
    normalised = [found for key in keys for found in lookup_keys(key, region)]
    parts: list[Select[Any]] = []
    parameters: dict[str, Any] = {}
    if numbers:
        parts.append(BY_NUMBER)
        parameters["numbers"] = numbers
    if normalised:
        parts.append(BY_KEY)
        parameters["keys"] = normalised
    for place, key in enumerate(key for key in keys if key.kind == "external"):
        external = BY_EXTERNAL.where(records.c.record_id == bindparam(f"record{place}", key.value.strip()))
        same = records.c.system_uid == bindparam(f"system{place}", key.system)
        parts.append(external if key.system is None else external.where(same))
    if not parts:
        return ()
    query = union(*parts).limit(MAX_MATCHES) if len(parts) > 1 else parts[0].distinct().limit(MAX_MATCHES)
    return tuple(sorted((await connection.execute(query, parameters)).scalars()))


async def of_numbers(connection: AsyncConnection, numbers: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The customers of each number, by uid; case and spaces of a number do not count. One query."""
    keys = {asked: normal.number(normal.storable(asked)) for asked in numbers}
    found: dict[str, list[str]] = {}
    wanted = sorted({key for key in keys.values() if key})
    for key, uid in await connection.execute(NUMBERS, {"numbers": wanted}) if wanted else ():
        found.setdefault(key, []).append(uid)
    return {asked: tuple(sorted(found.get(key or "", ()))) for asked, key in keys.items()}
