"""Query.customer, customerBy and customers: how a customer is found."""

import re
from collections.abc import Sequence
from typing import Annotated, Any, TypeAlias

import strawberry
from strawberry.types import Info

from resolvers import ids
from resolvers.arguments import After, CustomerId, First
from resolvers.connections import UNSET, Connection, Edge, connection_type, given, page_length
from resolvers.context import Context, context
from resolvers.errors import ErrorCode, GatewayError, bad_input, forbidden, from_fault
from resolvers.exposure import exposed, field
from resolvers.interfaces import Node
from resolvers.loaders import settled
from resolvers.types.inputs import CustomerFilter, WhichCustomer, WhichCustomers
from sources.canonical.customer import Customer
from sources.canonical.sensitivity import Sensitivity
from sources.capabilities import DocumentSearch
from sources.crosswalk.words import BadPosition, CustomerHits, CustomerQuery, LookupKey
from sources.faults import SourceFault

MAX_SEARCH = 200  # characters of a search; nothing that identifies a customer is longer
Search: TypeAlias = Annotated[
    str | None, strawberry.argument(description="What to look for, as a person types it; at most 200 characters.")
]
# The class that a key tells: who may not see an e-mail may not find by it either.
KEY_CLASSES = {"email": Sensitivity.PERSONAL, "phone": Sensitivity.PERSONAL, "tax_id": Sensitivity.TAX}
# What a document number says about a customer, by the role of the system that keeps the document.
DOCUMENT_CLASSES = {"billing": Sensitivity.FINANCIAL, "erp": Sensitivity.FINANCIAL}
DOCUMENT_NUMBER = re.compile(r"[\w./-]*\d[\w./-]*")


async def customer(info: Info[Any, Any], id: CustomerId) -> Customer | None:
    return await context(info).customer(customer_uid(id))


def customer_uid(global_id: str) -> str:
    """The uid in a customer's id; raises BAD_USER_INPUT."""
    try:
        parts = ids.decode(global_id)
    except ids.NotAnId:
        raise bad_input("id is not an id of this gateway") from None
    if parts.type != "Customer":
        raise bad_input(f"id is the id of a {parts.type}, not of a Customer")
    return parts.id


async def customer_by(info: Info[Any, Any], key: WhichCustomer) -> Customer | None:
    shared = context(info)
    lookup = _lookup(shared, key)
    if lookup.kind == "number":
        return await customer_of_number(shared, lookup.value)
    return await _one_of(shared, lookup.kind, await shared.crosswalk.find(lookup))


async def customer_of_number(shared: Context, number: str) -> Customer | None:
    """The customer of a number, as the crosswalk or else the sources know it now; many numbers cost one batch.

    Raises where several customers have it, and where a source that may know it did not answer.
    """
    try:
        uids = await shared.loaders.uids_of_number(number)
    except SourceFault as fault:
        raise from_fault("a source that may know this number", fault) from None
    return await _one_of(shared, "number", uids)


async def _one_of(shared: Context, kind: str, uids: Sequence[str]) -> Customer | None:
    found = await shared.customers(uids)
    if len(found) > 1:
        candidates = [ids.encode("Customer", "", each.uid) for each in found]
        message = f"{len(found)} customers have this {kind.replace('_', ' ')}; ask for one of the candidates"
        raise GatewayError(ErrorCode.AMBIGUOUS_IDENTITY, message, candidates=candidates)
    return found[0] if found else None


def _lookup(shared: Context, key: WhichCustomer) -> LookupKey:
    ((kind, value),) = ((name, value) for name, value in vars(key).items() if value is not UNSET)
    needed = KEY_CLASSES.get(kind)
    if needed is not None and needed not in shared.grants.classes:
        raise forbidden(f"CustomerKey.{'taxId' if kind == 'tax_id' else kind}")
    if kind != "external":
        return LookupKey(kind=kind, value=_bounded(value))
    system = shared.systems.by_name(value.system)
    if system is None:
        raise bad_input("external.system is not a configured system")
    return LookupKey(kind=kind, value=_bounded(value.id), system=system.uid)


def _bounded(text: str) -> str:
    if len(text) > MAX_SEARCH:
        raise bad_input(f"a key or a search has at most {MAX_SEARCH} characters")
    return text


async def customers(
    info: Info[Any, Any],
    search: Search = UNSET,
    filter: WhichCustomers = UNSET,
    first: First = UNSET,
    after: After = UNSET,
) -> Connection[Customer]:
    shared = context(info)
    text = _bounded(given(search) or "").strip() or None
    if text and "@" in text and Sensitivity.PERSONAL not in shared.grants.classes:
        raise forbidden("customers by an e-mail address")  # its domain alone would match, and tell of the rest
    wanted = _filtered(shared, filter) if filter else {}
    page = await hits_connection(info, given(first), given(after), text=text, **wanted)
    if page.edges or text is None or given(after) is not None or not DOCUMENT_NUMBER.fullmatch(text):
        return page
    also = await _by_document(shared, text)
    return await hits_connection(info, given(first), None, also=also, **wanted) if also else page


def _filtered(shared: Context, wanted: CustomerFilter) -> dict[str, Any]:
    found: dict[str, Any] = {"tier": given(wanted.tier), "owner": given(wanted.owner)}
    if parent := given(wanted.parent_id):
        found["parent_uid"] = customer_uid(parent)
    if name := given(wanted.linked_to):
        system = shared.systems.by_name(name)
        if system is None:
            raise bad_input("filter.linkedTo is not a configured system")
        found["linked_to"] = system.uid
    return found


async def _by_document(shared: Context, number: str) -> tuple[str, ...]:
    """The customers whose case, invoice, order or contract has this number, as the systems say now."""
    seen = shared.grants.classes
    asked = [
        system
        for system in shared.systems.all
        if isinstance(system.adapter, DocumentSearch)
        and DOCUMENT_CLASSES.get(system.role, Sensitivity.INTERNAL) in seen
    ]
    answers = await settled([shared.systems.document_owners(system, number) for system in asked])
    refs = [
        (system.uid, ref)
        for system, answer in zip(asked, answers, strict=True)
        if not isinstance(answer, SourceFault)
        for ref in answer
    ]
    owners = await shared.crosswalk.owners(refs) if refs else {}
    return tuple(dict.fromkeys(uid for uid in owners.values() if uid is not None))


async def hits_connection(
    info: Info[Any, Any], first: int | None, after: str | None, **query: Any
) -> Connection[Customer]:
    """A page of customers out of the crosswalk, within the viewer's rows and classes."""
    shared = context(info)
    asked = CustomerQuery(
        classes=shared.grants.classes, rows=shared.rows, first=page_length(first), after=after, **query
    )
    try:
        hits: CustomerHits = await shared.crosswalk.search(asked)
    except BadPosition:
        raise bad_input("after is not a cursor of this list") from None
    return await _connection(shared, hits, after)


async def _connection(shared: Context, hits: CustomerHits, after: str | None) -> Connection[Customer]:
    found: Sequence[Customer | None] = await shared.loaders.customers(list(hits.uids))
    edges = [Edge(each, cursor) for each, cursor in zip(found, hits.cursors, strict=True) if each is not None]
    return Connection(edges, has_next=hits.has_next, after=after, total_count=hits.total)


CustomerType = exposed(Customer, Node)
CUSTOMER = field(customer, CustomerType | None, "A customer by its id; a merged one's id gives the survivor.")
CUSTOMER_BY = field(
    customer_by,
    CustomerType | None,
    "Exactly one key. Several matches: error AMBIGUOUS_IDENTITY with extensions.candidates; never a silent pick. "
    "A key of a class needs that class.",
)
CUSTOMERS = field(
    customers,
    connection_type(CustomerType, counted=True) | None,
    "By name, e-mail, domain, phone, tax id, customer number, any vendor's id; a document number is looked up live "
    "at its system of record.",
)
