"""The edges of a customer."""

from typing import Any

from strawberry.types import Info

from resolvers import edges
from resolvers.arguments import After, First
from resolvers.connections import UNSET, Connection, connection_type, given
from resolvers.context import context
from resolvers.errors import from_fault
from resolvers.exposure import camel_case, exposed, field, grow
from resolvers.lists import customer_list, records_in
from resolvers.loaders import settled
from resolvers.roots.customers import hits_connection
from resolvers.types.inputs import WhichCases, WhichInvoices
from resolvers.types.nodes import NODES, CustomerType, ErpAccountType, TaxContextType
from sources.canonical.customer import Customer, GoldenField
from sources.canonical.erp import ErpAccount, TaxContext
from sources.canonical.sensitivity import Sensitivity, class_behind, field_hints
from sources.faults import SourceFault


def list_resolver(edge: edges.ListEdge) -> Any:
    """The resolver of a plain list of a customer."""

    async def resolve(
        self: Customer, info: Info[Any, Any], first: First = UNSET, after: After = UNSET
    ) -> Connection[Any] | None:
        return await customer_list(self, info, edge, given(first), given(after))

    return resolve


async def cases(
    self: Customer,
    info: Info[Any, Any],
    filter: WhichCases = UNSET,
    first: First = UNSET,
    after: After = UNSET,
) -> Connection[Any] | None:
    keep = filter.canonical() if filter else None
    return await customer_list(self, info, edges.CASES, given(first), given(after), keep)


async def invoices(
    self: Customer,
    info: Info[Any, Any],
    filter: WhichInvoices = UNSET,
    first: First = UNSET,
    after: After = UNSET,
) -> Connection[Any] | None:
    keep = filter.canonical(context(info).today) if filter else None
    return await customer_list(self, info, edges.INVOICES, given(first), given(after), keep)


async def erp_account(self: Customer, info: Info[Any, Any]) -> ErpAccount | None:
    found: ErpAccount | None = await first_known(self, info, "ledger", "ledger_accounts")
    return found


async def tax_context(self: Customer, info: Info[Any, Any]) -> TaxContext | None:
    found: TaxContext | None = await first_known(self, info, "tax", "tax_contexts")
    return found


async def first_known(customer: Customer, info: Info[Any, Any], kind: str, method: str) -> Any:
    """The record of the first system of record that has one; raises where none has and one did not answer."""
    shared = context(info)
    places = records_in(shared, customer, kind)
    answers = await settled([shared.loaders.one(system, method, ref) for system, ref in places])
    for answer in answers:
        if answer is not None and not isinstance(answer, SourceFault):
            return answer
    for (system, _), answer in zip(places, answers, strict=True):
        if isinstance(answer, SourceFault):
            raise from_fault(system.name, answer)
    return None


async def parent(self: Customer, info: Info[Any, Any]) -> Customer | None:
    return await context(info).customer(self.parent_uid) if self.parent_uid else None


async def children(
    self: Customer, info: Info[Any, Any], first: First = UNSET, after: After = UNSET
) -> Connection[Customer]:
    return await hits_connection(info, given(first), given(after), parent_uid=self.uid)


def survivorship(self: Customer, info: Info[Any, Any]) -> list[GoldenField]:
    seen = context(info).mask.seen
    return [golden for golden in self.survivorship if GOLDEN_CLASSES.get(golden.name, Sensitivity.INTERNAL) in seen]


# Which class an entry of survivorship has: that of its field.
GOLDEN_CLASSES = {camel_case(name): class_behind(hint) for name, hint in field_hints(Customer).items()}


def _connection(edge: edges.ListEdge) -> Any:
    return connection_type(NODES[edge.record.__name__]) | None


grow(
    CustomerType,
    parent=field(parent, CustomerType | None, "The customer that this one belongs to."),
    children=field(
        children, connection_type(CustomerType, counted=True) | None, "The customers that belong to this one."
    ),
    survivorship=field(
        survivorship,
        list[exposed(GoldenField)],  # type: ignore[misc]
        "Which system won for each golden field, and what the others say. An entry takes the class of its field.",
    ),
    tax_context=field(tax_context, TaxContextType | None, "What decides how the customer is taxed."),
    erp_account=field(erp_account, ErpAccountType | None, "The customer's account in the ledger."),
    **{
        edge.field: field(
            {"cases": cases, "invoices": invoices}.get(edge.field) or list_resolver(edge),
            _connection(edge),
            edge.description,
        )
        for edge in edges.CUSTOMER_LISTS
    },
)
