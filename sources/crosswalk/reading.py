"""Customers and their links by uid, records by reference: a few queries for any number of keys."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Text, bindparam, func, select
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
from sources.prepared import Prepared, Rows

decode_golden = msgspec.json.Decoder(Golden).decode

_now = customers.alias("now")
CUSTOMERS = Prepared(
    select(customers.c.uid, _now.c.uid, _now.c.parent_uid, _now.c.golden)
    .join(_now, _now.c.uid == func.coalesce(customers.c.merged_into, customers.c.uid))
    .where(among(customers.c.uid, "uids"))
)
LINKS = Prepared(
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
OWNERS = Prepared(
    select(records.c.record_type, records.c.record_id, records.c.customer_uid).where(
        records.c.system_uid == bindparam("system"), among(records.c.record_id, "ids")
    )
)
NAMED = select(records.c.record_type, records.c.customer_uid).where(
    records.c.system_uid == bindparam("system"), records.c.record_id == bindparam("record"), ~records.c.deleted
)
NUMBERS = Prepared(
    select(customers.c.number_key, customers.c.uid).where(
        among(customers.c.number_key, "numbers"), customers.c.merged_into.is_(None), customers.c.live
    )
)
MAX_MATCHES = 200  # a look-up that means more customers than this means none of them
BY_NUMBER = Prepared(
    select(customers.c.uid)
    .where(among(customers.c.number_key, "numbers"), customers.c.merged_into.is_(None), customers.c.live)
    .limit(MAX_MATCHES)
)
_system = bindparam("system", type_=Text)
BY_EXTERNAL = Prepared(
    select(records.c.customer_uid)
    .distinct()
    .where(
        records.c.customer_uid.is_not(None),
        records.c.record_id == bindparam("record"),
        _system.is_(None) | (records.c.system_uid == _system),
    )
    .limit(MAX_MATCHES)
)
BY_KEY = Prepared(
    select(records.c.customer_uid)
    .distinct()
    .join(match_keys, match_keys.c.record_id == records.c.id)
    .where(among(match_keys.c.key, "keys"), records.c.customer_uid.is_not(None))
    .limit(MAX_MATCHES)
)


class Entry(msgspec.Struct, frozen=True):
    """A customer with its links; `uid` is another than the one asked for where that was merged."""

    customer: Customer
    links: tuple[Link, ...]


def entries(rows: Rows, uids: Sequence[str], systems: Mapping[str, Origin]) -> dict[str, Entry]:
    """The customers of these uids, by the uid that was asked for. Two queries."""
    found = {asked: rest for asked, *rest in rows(CUSTOMERS, uids=uids)}
    if not found:
        return {}
    links: dict[str, list[Any]] = {}
    for owner, *link in rows(LINKS, uids=list({uid for uid, _, _ in found.values()})):
        links.setdefault(owner, []).append(link)
    names = {uid: origin.system for uid, origin in systems.items()}
    made: dict[str, Entry] = {}
    for uid, parent, stored in found.values():
        if uid not in made:
            theirs = sorted(links.get(uid, ()), key=lambda link: names.get(link[0], link[0]))
            identities = tuple(_identity(systems, *link) for link in theirs)
            whole = customer(uid, decode_golden(stored), identities, parent, names)
            made[uid] = Entry(whole, tuple(_link(each) for each in identities))
    return {asked: made[uid] for asked, (uid, _, _) in found.items()}


def _identity(
    systems: Mapping[str, Origin],
    system_uid: str,
    record_type: str,
    record_id: str,
    method: str,
    confidence: float,
    evidence: str,
    decided_by: str | None,
    decided_at: datetime,
    url: str | None,
) -> Identity:
    origin = systems.get(system_uid)
    return Identity(
        system=origin.system if origin else system_uid,
        kind=origin.kind if origin else "",
        record_type=record_type,
        record_id=record_id,
        url=url,
        method=MatchMethod(method),
        confidence=confidence,
        evidence=decode_names(evidence),
        decided_by=decided_by,
        decided_at=decided_at,
        source=system_uid,
    )


def _link(identity: Identity) -> Link:
    ref = CustomerRef(identity.record_type, identity.record_id)
    return Link(identity.source, ref, identity.method, identity.confidence)


def owners(rows: Rows, refs: Iterable[tuple[str, CustomerRef]]) -> dict[tuple[str, CustomerRef], str | None]:
    """Whose each record is; None where it is nobody's or not known. One query for each system."""
    found: dict[tuple[str, CustomerRef], str | None] = dict.fromkeys(refs)
    for system in {system for system, _ in found}:
        ids = list({ref.id for s, ref in found if s == system})
        for record_type, record_id, uid in rows(OWNERS, system=system, ids=ids):
            if (key := (system, CustomerRef(record_type, record_id))) in found:
                found[key] = uid
    return found


async def named(connection: AsyncConnection, system: str, record_id: str) -> dict[CustomerRef, str | None]:
    """The records that a source has under an id, of any type, and whose each is; None where it is nobody's."""
    rows = await connection.execute(NAMED, {"system": system, "record": normal.storable(record_id)})
    return {CustomerRef(record_type, record_id): uid for record_type, uid in rows}


def find(rows: Rows, keys: Sequence[LookupKey], region: str | None) -> tuple[str, ...]:
    """The customers that any of these keys means, by uid; at most MAX_MATCHES. A query for each kind of key."""
    keys = [msgspec.structs.replace(key, value=normal.storable(key.value)) for key in keys]
    numbers = [number for key in keys if key.kind == "number" and (number := normal.number(key.value))]
    normalised = [found for key in keys for found in lookup_keys(key, region)]
    found = {uid for (uid,) in rows(BY_NUMBER, numbers=numbers)} if numbers else set()
    if normalised:
        found |= {uid for (uid,) in rows(BY_KEY, keys=normalised)}
    for key in keys:
        if key.kind == "external":
            found |= {uid for (uid,) in rows(BY_EXTERNAL, record=key.value.strip(), system=key.system)}
    return tuple(sorted(found)[:MAX_MATCHES])


def of_numbers(rows: Rows, numbers: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The customers of each number, by uid; case and spaces of a number do not count. One query."""
    keys = {asked: normal.number(normal.storable(asked)) for asked in numbers}
    found: dict[str, list[str]] = {}
    wanted = sorted({key for key in keys.values() if key})
    for key, uid in rows(NUMBERS, numbers=wanted) if wanted else ():
        found.setdefault(key, []).append(uid)
    return {asked: tuple(sorted(found.get(key or "", ()))) for asked, key in keys.items()}
