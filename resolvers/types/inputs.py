"""The inputs of the read side, and what they become below."""

from datetime import date
from typing import Annotated, TypeAlias

import strawberry

from resolvers.connections import UNSET
from resolvers.enums import exposed_enum
from sources.canonical.billing import InvoiceStatus
from sources.canonical.support import CasePriority, CaseStatus
from sources.capabilities import CaseFilter, InvoiceFilter

for _values in (CaseStatus, CasePriority, InvoiceStatus):
    exposed_enum(_values)


@strawberry.input(description="The id of a record in a configured system.")
class ExternalKey:
    system: str = strawberry.field(description="The configured name of the system.")
    id: str = strawberry.field(description="The vendor's own id.")


@strawberry.input(one_of=True, description="Exactly one key by which a customer is known.")
class CustomerKey:
    number: str | None = strawberry.field(default=UNSET, description="The customer number.")
    email: str | None = strawberry.field(default=UNSET, description="An e-mail address.")
    domain: str | None = strawberry.field(default=UNSET, description="The customer's own domain.")
    tax_id: str | None = strawberry.field(default=UNSET, description="A tax number.")
    phone: str | None = strawberry.field(default=UNSET, description="A telephone number, in any format.")
    external: ExternalKey | None = strawberry.field(default=UNSET, description="A record in a configured system.")


@strawberry.input(description="Which customers; what is given must all hold.")
class CustomerFilter:
    parent_id: strawberry.ID | None = strawberry.field(default=UNSET, description="Children of this customer.")
    tier: str | None = strawberry.field(default=UNSET, description="In this tier.")
    owner: str | None = strawberry.field(default=UNSET, description="Looked after by this person.")
    linked_to: str | None = strawberry.field(default=UNSET, description="With a record in this configured system.")


@strawberry.input(name="CaseFilter", description="Which cases; what is given must all hold.")
class CaseFilterInput:
    status: list[CaseStatus] | None = strawberry.field(default=UNSET, description="One of these.")
    priority: list[CasePriority] | None = strawberry.field(default=UNSET, description="One of these.")

    def canonical(self) -> CaseFilter:
        """The filter as the sources take it."""
        return CaseFilter(frozenset(self.status or ()), frozenset(self.priority or ()))


@strawberry.input(name="InvoiceFilter", description="Which invoices; what is given must all hold.")
class InvoiceFilterInput:
    status: list[InvoiceStatus] | None = strawberry.field(default=UNSET, description="One of these.")
    overdue: bool | None = strawberry.field(default=UNSET, description="Past due and not paid, or not so.")
    issued_after: date | None = strawberry.field(default=UNSET, description="Issued after this day.")

    def canonical(self, today: date) -> InvoiceFilter:
        """The filter as the sources take it; overdue is judged against `today`."""
        return InvoiceFilter(
            frozenset(self.status or ()),
            self.overdue if self.overdue is not UNSET else None,
            self.issued_after if self.issued_after is not UNSET else None,
            today if isinstance(self.overdue, bool) else None,
        )


WhichCustomer: TypeAlias = Annotated[
    CustomerKey, strawberry.argument(description="The key by which the customer is known.")
]
WhichCustomers: TypeAlias = Annotated[
    CustomerFilter | None, strawberry.argument(description="Only customers for which all of it holds.")
]
WhichCases: TypeAlias = Annotated[
    CaseFilterInput | None, strawberry.argument(description="Only cases for which all of it holds.")
]
WhichInvoices: TypeAlias = Annotated[
    InvoiceFilterInput | None, strawberry.argument(description="Only invoices for which all of it holds.")
]
