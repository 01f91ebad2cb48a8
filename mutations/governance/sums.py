"""What was done before, as limits and caps see it, and what is reserved against them.

Read and written in the transaction that makes the workflow, under locks on the customer and the actor, so that two
requests at the same time never both fit under one cap.
"""

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mutations.governance.plan import GovernedAction
from mutations.governance.policy.words import Sums
from mutations.governance.tables import workflow_reservations as reservations
from sources.canonical.actor import Actor
from sources.canonical.money import Money
from sources.crosswalk.tables import customers
from sources.database import Database

ALONE_FOR = timedelta(hours=24)
CREDITED_FOR = timedelta(days=30)
LOCKS = 361  # the class of our advisory locks; the crosswalk's is 360


async def lock(database: Database, connection: AsyncConnection, customer_uid: str, actor: Actor) -> None:
    """Be the only one that sums up for this customer and this actor, until the transaction ends.

    Customers before actors, so that two that wait for each other cannot be. SQLite has one writer anyway.
    """
    if database.is_sqlite:
        return
    for name in (f"customer {customer_uid}", f"actor {actor.issuer} {actor.subject}"):
        number = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=4).digest(), "big", signed=True)
        await connection.execute(select(func.pg_advisory_xact_lock(LOCKS, number)))


async def sums(
    connection: AsyncConnection,
    action: GovernedAction,
    actor: Actor,
    customer_uid: str,
    currency: str,
    at: datetime,
    *,
    but: str | None = None,
) -> Sums:
    """The sums at a moment, without those of the workflow `but`."""
    held = select(func.coalesce(func.sum(reservations.c.minor), 0)).where(
        reservations.c.currency == currency,
        reservations.c.released_at.is_(None),
        reservations.c.workflow_uid != (but or ""),
    )
    alone = held.where(
        reservations.c.kind == "alone",
        reservations.c.action == action.value,
        reservations.c.issuer == actor.issuer,
        reservations.c.subject == actor.subject,
        reservations.c.at > at - ALONE_FOR,
    )
    same = select(customers.c.uid).where((customers.c.uid == customer_uid) | (customers.c.merged_into == customer_uid))
    of_customer = reservations.c.customer_uid.in_([customer_uid]) | reservations.c.customer_uid.in_(same)
    capped = held.where(reservations.c.kind == "cap", of_customer, reservations.c.at > at - CREDITED_FOR)
    return Sums(
        alone_for_customer=int((await connection.execute(alone.where(of_customer))).scalar_one()),
        alone_in_all=int((await connection.execute(alone)).scalar_one()),
        credited=int((await connection.execute(capped)).scalar_one()),
    )


async def reserve(
    connection: AsyncConnection,
    workflow_uid: str,
    action: GovernedAction,
    actor: Actor,
    customer_uid: str,
    amount: Money,
    at: datetime,
    *,
    alone: bool,
    capped: bool,
) -> None:
    """Count an amount against the limits of who acts alone, and against the customer's cap."""
    for kind in (*(["alone"] if alone else []), *(["cap"] if capped else [])):
        await connection.execute(
            insert(reservations).values(
                workflow_uid=workflow_uid,
                kind=kind,
                action=action.value,
                customer_uid=customer_uid,
                issuer=actor.issuer,
                subject=actor.subject,
                currency=amount.currency,
                minor=amount.minor,
                at=at,
            )
        )


async def release(connection: AsyncConnection, workflow_uid: str, at: datetime) -> None:
    """What was reserved counts no longer: it was not done, or is undone."""
    held = (reservations.c.workflow_uid == workflow_uid) & reservations.c.released_at.is_(None)
    await connection.execute(update(reservations).where(held).values(released_at=at))


async def take_again(connection: AsyncConnection, workflow_uid: str, at: datetime) -> None:
    """What was released counts again, from now on: it is tried once more."""
    mine = reservations.c.workflow_uid == workflow_uid
    await connection.execute(update(reservations).where(mine).values(released_at=None, at=at))
