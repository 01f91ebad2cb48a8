"""Erasing what the crosswalk keeps about a customer, and telling what that is.

What stays is what keeps records together and says nothing of a person: the records' own ids at their sources, the
customer number, links and who decided them, tier, owner and flags. Names, addresses, e-mails, telephone and tax
numbers, websites go, with the keys and search entries made of them.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from sources.canonical.customer import CustomerRecord
from sources.crosswalk.neighbourhood import Neighbourhood
from sources.crosswalk.rows import Row, encode
from sources.crosswalk.survivorship import Golden
from sources.crosswalk.tables import customers, decisions, match_keys, records
from sources.crosswalk.words import UnknownCustomer

ERASED = "erased"  # stands where a name must


async def stripped(hood: Neighbourhood, uid: str) -> Sequence[Row]:
    """The records of a customer without what is erased, for the Writer to write. Raises UnknownCustomer.

    Their digests stay, so that a source that says the same as before brings nothing back; one that says something new
    does. Links stay; those that a rule made may fall when it is asked again, since what it compared is gone.
    """
    await hood.load_customers([uid])
    if uid not in hood.customers:
        raise UnknownCustomer(uid)
    rows = hood.members(uid)
    await hood.load_keys(rows)
    for row in rows:
        row.decoded = _bare(row.record)
        row.snapshot = encode(row.decoded)
        row.changed = True
        hood.index(row, frozenset())
    await _strip_former(hood, uid)
    return rows


def _bare(record: CustomerRecord) -> CustomerRecord:
    return CustomerRecord(
        ref=record.ref,
        number=record.number,
        name=ERASED,
        kind=record.kind,
        tier=record.tier,
        owner=record.owner,
        flags=record.flags,
        parent=record.parent,
        created_at=record.created_at,
        updated_at=record.updated_at,
        deleted=record.deleted,
        url=record.url,
    )


async def _strip_former(hood: Neighbourhood, uid: str) -> None:
    """The customer's golden record, and those of customers that were merged into it: no records make them anew."""
    golden = encode(Golden(display_name=ERASED))
    merged = update(customers).where(customers.c.merged_into == uid)
    await hood.connection.execute(merged.values(golden=golden, display_name=ERASED, sort_name=ERASED))
    if not hood.members(uid):
        itself = update(customers).where(customers.c.uid == uid)
        await hood.connection.execute(itself.values(golden=golden, display_name=ERASED, sort_name=ERASED))


async def former(connection: AsyncConnection, uid: str) -> tuple[str, ...]:
    """The uids of customers that were merged into this one."""
    asked = select(customers.c.uid).where(customers.c.merged_into == uid).order_by(customers.c.uid)
    return tuple((await connection.execute(asked)).scalars())


async def held(connection: AsyncConnection, uid: str) -> dict[str, Any]:
    """Everything that is kept of a customer, as JSON: the golden record, what each source said, keys, decisions."""
    golden = (await connection.execute(select(customers.c.golden).where(customers.c.uid == uid))).scalar_one_or_none()
    rows = (await connection.execute(select(records).where(records.c.customer_uid == uid))).all()
    ids = [row.id for row in rows]
    keys = select(match_keys.c.record_id, match_keys.c.key).where(match_keys.c.record_id.in_(ids))
    known = [(row.record_id, row.key) for row in await connection.execute(keys)]
    history = select(decisions).where(decisions.c.record_id.in_(ids)).order_by(decisions.c.id)
    return {
        "golden": None if golden is None else msgspec.json.decode(golden),
        "records": [
            {
                "system": row.system_uid,
                "type": row.record_type,
                "id": row.record_id,
                "observedAt": row.observed_at,
                "method": row.method,
                "decidedBy": row.decided_by,
                "says": msgspec.json.decode(row.snapshot),
                "keys": sorted(key for record, key in known if record == row.id),
            }
            for row in rows
        ],
        "decisions": [
            {
                "at": row.at,
                "by": row.actor,
                "action": row.action,
                "evidence": msgspec.json.decode(row.evidence),
            }
            for row in await connection.execute(history)
        ],
    }
