"""What stewards decide: this record is that customer's, or is not. Rulings outlive every re-run of the rules."""

from datetime import UTC, datetime

from sqlalchemy import and_, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from sources.canonical.customer import MatchMethod
from sources.canonical.provenance import CustomerRef
from sources.crosswalk.neighbourhood import Neighbourhood
from sources.crosswalk.rows import Row, decode_names, encode
from sources.crosswalk.tables import decisions, records, rulings
from sources.crosswalk.words import Decision, UnknownCustomer


async def link(hood: Neighbourhood, row: Row, customer: str, decided_by: str, evidence: tuple[str, ...]) -> None:
    """Rule that a record is this customer's, and take back what was ruled before."""
    uid = await _survivor(hood, customer)
    earlier = and_(rulings.c.record_id == row.id, rulings.c.linked)
    same = and_(rulings.c.record_id == row.id, rulings.c.customer_uid.in_([uid, customer]))
    await hood.connection.execute(delete(rulings).where(earlier | same))
    await _store(hood, row, uid, True, decided_by, evidence)


async def unlink(hood: Neighbourhood, row: Row, customer: str, decided_by: str, evidence: tuple[str, ...]) -> None:
    """Rule that a record is not this customer's."""
    uid = await _survivor(hood, customer)
    same = and_(rulings.c.record_id == row.id, rulings.c.customer_uid.in_([uid, customer]))
    await hood.connection.execute(delete(rulings).where(same))
    await _store(hood, row, uid, False, decided_by, evidence)


async def _survivor(hood: Neighbourhood, customer: str) -> str:
    await hood.load_customers([customer])
    if customer not in hood.customers:
        raise UnknownCustomer(f"no customer {customer}")
    return hood.survivor(customer)


async def _store(
    hood: Neighbourhood, row: Row, uid: str, linked: bool, decided_by: str, evidence: tuple[str, ...]
) -> None:
    ruling = {
        "record_id": row.id,
        "customer_uid": uid,
        "linked": linked,
        "decided_by": decided_by,
        "decided_at": datetime.now(UTC),
        "evidence": encode(evidence).decode(),
    }
    await hood.connection.execute(insert(rulings), ruling)


async def history(connection: AsyncConnection, system: str, ref: CustomerRef) -> tuple[Decision, ...]:
    """The decisions about a record, the oldest first."""
    about = and_(records.c.system_uid == system, records.c.record_type == ref.type, records.c.record_id == ref.id)
    query = select(decisions).join(records, records.c.id == decisions.c.record_id).where(about).order_by(decisions.c.id)
    return tuple(
        Decision(
            at=row["at"],
            actor=row["actor"],
            action=row["action"],
            from_customer=row["from_customer"],
            to_customer=row["to_customer"],
            method=MatchMethod(row["method"]) if row["method"] else None,
            evidence=decode_names(row["evidence"]),
        )
        for row in (await connection.execute(query)).mappings()
    )
