"""What rides on payments: refunds come with them, disputes are asked for by the payments that are disputed."""

from collections.abc import Sequence
from typing import Any

from strawberry.types import Info

from resolvers.context import Context, context
from resolvers.edges import PAYMENTS
from resolvers.errors import from_fault
from resolvers.loaders import settled
from resolvers.merging import Part
from sources.canonical.billing import Dispute, Payment
from sources.canonical.provenance import CustomerRef, Listed, Position
from sources.capabilities import Page
from sources.faults import SourceFault
from sources.systems import System


def refunds_part(shared: Context, system: System, ref: CustomerRef, key: str | None = None) -> Part:
    """A customer's refunds in one system: those of all payments that can be read."""

    async def read(after: Position | None) -> Page[Any]:
        payments = await shared.loaders.everything(system, PAYMENTS.method, ref)
        return _after([refund for payment in payments for refund in payment.refunds], after)

    return Part(key or system.uid, system, read)


def disputes_part(shared: Context, system: System, ref: CustomerRef, key: str | None = None) -> Part:
    """A customer's disputes in one system: one call for each disputed payment."""

    async def read(after: Position | None) -> Page[Any]:
        payments = await shared.loaders.everything(system, PAYMENTS.method, ref)
        found = await settled([_disputes(shared, system, payment) for payment in payments if payment.disputed])
        for answer in found:
            if isinstance(answer, SourceFault):
                raise answer
        return _after([dispute for answer in found for dispute in answer], after)

    return Part(key or system.uid, system, read)


async def disputes_of(payments: Sequence[Payment], info: Info[Any, Any]) -> list[Dispute]:
    """The disputes of some payments of one source, newest first."""
    shared = context(info)
    found: list[Dispute] = []
    for payment in payments:
        system = shared.systems.by_uid(payment.provenance.source)
        if system is None:
            continue
        try:
            found.extend(await _disputes(shared, system, payment))
        except SourceFault as fault:
            raise from_fault(system.name, fault) from None
    return sorted(found, key=lambda dispute: dispute.position, reverse=True)


async def _disputes(shared: Context, system: System, payment: Payment) -> tuple[Dispute, ...]:
    found: tuple[Dispute, ...] = await shared.loaders.one(system, "disputes_of_payments", payment.provenance.record_id)
    return found


def _after(records: Sequence[Listed], after: Position | None) -> Page[Any]:
    kept = [record for record in records if after is None or record.position < after]
    return Page(tuple(sorted(kept, key=lambda record: record.position, reverse=True)))
