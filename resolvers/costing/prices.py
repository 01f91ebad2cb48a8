"""What each field that crosses to a source adds to the cost. A field that is not named here asks no source.

A price takes the demand so far, the records on which the field hangs and its arguments; it gives the records to
which the field leads, or None where these are the same.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from resolvers import edges
from resolvers.connections import DEFAULT_FIRST, MAX_FIRST
from resolvers.costing.demand import DISPUTED_PAYMENTS, NARROW_WINDOWS, Demand, Population
from resolvers.edges import ListEdge
from resolvers.exposure import camel_case
from resolvers.views.timeline import LISTS, MESSAGE_CASES, USUAL_KINDS
from sources.canonical.timeline import TimelineKind

Arguments: TypeAlias = Mapping[str, Any]
Price: TypeAlias = Callable[[Demand, Population, Arguments], "Population | None"]
JOINED = 3  # records of another kind that name one, e.g. payments towards an invoice
CANDIDATES = 5  # customers that a doubtful record may fit


def length_of(arguments: Arguments) -> int:
    """How many records a list shows at most; a wrong length is refused later, and costs nothing."""
    first = arguments.get("first")
    return min(max(first, 0), MAX_FIRST) if isinstance(first, int) else DEFAULT_FIRST


def _list(edge: ListEdge) -> Price:
    def price(demand: Demand, who: Population, arguments: Arguments) -> Population:
        first = length_of(arguments)
        demand.page(edge, who, first, filtered=arguments.get("filter"), after=arguments.get("after"))
        return who.within(edge.method, first)

    return price


def _joined(*walked: ListEdge, each: int = JOINED, by_id: tuple[str, str] | None = None) -> Price:
    """Found in the owners' lists; a record that was asked for by id may name one beyond them."""

    def price(demand: Demand, who: Population, _: Arguments) -> Population:
        for edge in walked:
            demand.walk(edge, who.owners)
        if by_id and who.direct:
            demand.each_of(*by_id, who)
        return who.within(walked[-1].method, each)

    return price


def _by_key(kind: str, method: str) -> Price:
    def price(demand: Demand, who: Population, _: Arguments) -> None:
        demand.each_of(kind, method, who)

    return price


def _ledger(demand: Demand, who: Population, _: Arguments) -> None:
    for system in demand.systems.of("ledger")[:1]:
        demand.records(system, "ledger_documents", who)


def _owner(_: Demand, who: Population, __: Arguments) -> Population:
    return who.owners


def _parent(_: Demand, who: Population, __: Arguments) -> Population:
    return who.within("parent", 1, own=True)


def _children(_: Demand, who: Population, arguments: Arguments) -> Population:
    return who.within("children", length_of(arguments), own=True)


def _candidates(_: Demand, who: Population, __: Arguments) -> Population:
    return who.within("candidates", CANDIDATES, own=True)


def _messages(demand: Demand, who: Population, arguments: Arguments) -> None:
    first, after = length_of(arguments), arguments.get("after")
    messages = ListEdge("messages", edges.CASES.record, edges.CASES.kind, "case_messages", "")
    demand.page(messages, who, first, after=after)


def _changed(demand: Demand, who: Population, _: Arguments) -> Population:
    """The record of a change: of any kind, in any one system."""
    found = Population(who.count)
    for read in edges.RECORD_READS:
        for system in demand.systems.of(read.kind)[:1]:
            demand.records(system, read.method, found)
    return found


def _refunds(demand: Demand, who: Population, arguments: Arguments) -> Population:
    demand.walk(edges.PAYMENTS, who)
    return who.within("refunds", length_of(arguments))


def _disputes(demand: Demand, who: Population, arguments: Arguments) -> Population:
    demand.walk(edges.PAYMENTS, who.owners)
    disputed = DISPUTED_PAYMENTS + who.owners.count - 1
    demand.each_of(edges.PAYMENTS.kind, "disputes_of_payments", who.owners, disputed)
    return who.within("disputes", length_of(arguments))


def _timeline(demand: Demand, who: Population, arguments: Arguments) -> Population:
    first = length_of(arguments)
    for kind in _kinds(arguments.get("kinds")):
        if kind in LISTS:
            demand.page(LISTS[kind], who, first, after=arguments.get("after"))
        elif kind is TimelineKind.MESSAGE:
            demand.page(edges.CASES, who, MESSAGE_CASES)
            demand.each_of(edges.CASES.kind, "case_messages", who.within("timeline", MESSAGE_CASES))
        elif kind is TimelineKind.REFUND:
            _refunds(demand, who, arguments)
        elif kind is TimelineKind.DISPUTE:
            _disputes(demand, who, arguments)
    return who.within("timeline", first)


def _kinds(asked: Any) -> Sequence[TimelineKind]:
    if not isinstance(asked, list):
        return USUAL_KINDS
    return [kind for kind in TimelineKind if kind.value in asked]


def _open_cases(demand: Demand, who: Population, _: Arguments) -> None:
    demand.page(edges.CASES, who, 1)
    demand.window(edges.CASES, who, NARROW_WINDOWS - 1, filtered="open", reason="open")


def _owed(demand: Demand, who: Population, _: Arguments) -> None:
    demand.walk(edges.INVOICES, who)
    of_record = demand.systems.of(edges.INVOICES.kind)
    booked = [system for system in demand.systems.of("ledger") if system not in of_record]
    demand.window(edges.INVOICES, who, NARROW_WINDOWS - 1, filtered="open", reason="open", systems=booked)


_account = _by_key("ledger", "ledger_accounts")
_subscribed = _joined(edges.SUBSCRIPTIONS)


def _everything(demand: Demand, who: Population, arguments: Arguments) -> None:
    for price in (_open_cases, _owed, _account, _subscribed):
        price(demand, who, arguments)


PRICES: dict[str, Price] = {
    **{f"Customer.{camel_case(edge.field)}": _list(edge) for edge in edges.CUSTOMER_LISTS},
    "Customer.parent": _parent,
    "Customer.children": _children,
    "Customer.refunds": _refunds,
    "Customer.disputes": _disputes,
    "Customer.timeline": _timeline,
    "Customer.erpAccount": _account,
    "Customer.taxContext": _by_key("tax", "tax_contexts"),
    "AccountStatus.standing": _everything,
    "AccountStatus.reasons": _everything,
    "AccountStatus.incomplete": _everything,
    "AccountStatus.openCases": _open_cases,
    "AccountStatus.highestPriority": _open_cases,
    "AccountStatus.slaBreached": _open_cases,
    "AccountStatus.openExposure": _owed,
    "AccountStatus.overdue": _owed,
    "AccountStatus.oldestOverdueDays": _owed,
    "AccountStatus.subscriptionState": _subscribed,
    "AccountStatus.creditHold": _account,
    "Invoice.customer": _owner,
    "Invoice.lines": _by_key("invoice", "invoice_lines"),
    "Invoice.payments": _joined(edges.PAYMENTS),
    "Invoice.creditMemos": _joined(edges.CREDIT_MEMOS),
    "Invoice.disputes": _disputes,
    "Invoice.cases": _joined(edges.CASES),
    "Invoice.ledger": _ledger,
    "Payment.invoice": _joined(edges.INVOICES, each=1),
    "Refund.payment": _joined(edges.PAYMENTS, each=1, by_id=("payment", "payments")),
    "CreditMemo.invoice": _joined(edges.INVOICES, each=1, by_id=("invoice", "invoices")),
    "CreditMemo.case": _joined(edges.CASES, each=1),
    "CreditMemo.ledger": _ledger,
    "Dispute.invoice": _joined(edges.PAYMENTS, edges.INVOICES, each=1, by_id=("payment", "payments")),
    "Dispute.case": _joined(edges.PAYMENTS, edges.INVOICES, edges.CASES, each=1, by_id=("payment", "payments")),
    "SupportCase.customer": _owner,
    "SupportCase.messages": _messages,
    "SupportCase.invoices": _joined(edges.INVOICES),
    "SupportCase.creditMemos": _joined(edges.CREDIT_MEMOS),
    "IdentityConflict.candidates": _candidates,
    "CustomerChange.record": _changed,
}
