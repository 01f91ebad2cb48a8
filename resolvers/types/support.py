"""The edges of a support case."""

from typing import Any

from strawberry.types import Info

from resolvers import edges
from resolvers.arguments import After, First
from resolvers.connections import UNSET, Connection, connection_type, given
from resolvers.context import context
from resolvers.exposure import exposed, field, grow
from resolvers.joins import relatives
from resolvers.lists import page_of_parts
from resolvers.loaders import EVERYTHING
from resolvers.merging import Part
from resolvers.types.nodes import NODES, CustomerType
from sources.canonical.billing import CreditMemo, Invoice
from sources.canonical.customer import Customer
from sources.canonical.provenance import Listed, Position
from sources.canonical.support import CaseMessage, SupportCase
from sources.capabilities import Page, Window


async def owner(self: Listed, info: Info[Any, Any]) -> Customer | None:
    """The customer whose record this is."""
    shared = context(info)
    found = await shared.loaders.owner(self)
    return await shared.customer(found.uid) if found else None


async def messages(
    self: SupportCase, info: Info[Any, Any], first: First = UNSET, after: After = UNSET
) -> Connection[Any] | None:
    shared = context(info)
    system = shared.systems.by_uid(self.provenance.source)
    if system is None:
        return None

    async def read(position: Position | None) -> Page[Any]:
        window = EVERYTHING if position is None else Window(after=position)
        page: Page[Any] = await shared.loaders.one(system, "case_messages", self.provenance.record_id, window)
        return page

    merged = await page_of_parts(info, [Part(system.uid, system, read)], given(first), given(after))
    return merged.connection


async def invoices(self: SupportCase, info: Info[Any, Any]) -> list[Invoice]:
    customer = await owner(self, info) if self.invoice_numbers else None
    if customer is None:
        return []
    return [each for each in await relatives(customer, info, edges.INVOICES) if each.number in self.invoice_numbers]


async def credit_memos(self: SupportCase, info: Info[Any, Any]) -> list[CreditMemo] | None:
    customer = await owner(self, info)
    if customer is None:
        return []
    return [each for each in await relatives(customer, info, edges.CREDIT_MEMOS) if each.case_number == self.number]


MessageType = exposed(CaseMessage)
Case, InvoiceType, CreditMemoType = NODES["SupportCase"], NODES["Invoice"], NODES["CreditMemo"]

grow(
    Case,
    customer=field(owner, CustomerType | None, "The customer whose case it is."),
    messages=field(messages, connection_type(MessageType) | None, "Messages and notes, newest first."),
    invoices=field(invoices, list[InvoiceType] | None, "The invoices that it is about."),  # type: ignore[valid-type]
    credit_memos=field(credit_memos, list[CreditMemoType] | None, "The credits given for it."),  # type: ignore[valid-type]
)
