"""The customers of the growth measurements, and what is asked of them."""

from datetime import timedelta
from decimal import Decimal

from bench.sidebyside.operations import Operation
from bench.sidebyside.world import BEGAN, billing, cases, customer, number_of
from sources.simulation.facts import CaseOpened, Fact, InvoiceIssued, WorldLine

SIZES = (1, 10, 50, 100, 200, 500, 1_000)  # customers in a list
DEPTHS = (1, 100, 1_000, 10_000)  # entries behind a timeline
IN_A_FIELD = 100  # ids that `nodes` takes: a longer list is several fields of one operation
SPAN = timedelta(days=95)  # within what the support system lists; older cases cost a search besides

LISTED = """... on Customer {
      id number displayName
      cases(first: 3) { nodes { id number subject status priority requester } }
      erpAccount { customerNumber receivable { amount currency } creditHold }
    }"""
TIMELINE = """query Timeline($id: ID!) {
  customer(id: $id) {
    id timeline(first: 20) { nodes { kind occurredAt title amount { amount currency } } pageInfo { endCursor } }
  }
}"""


def history() -> list[Fact]:
    """Everything that happened, oldest first."""
    facts: list[Fact] = []
    for index in range(1, max(SIZES) + 1):
        facts += customer(index)
        facts += cases(index, 3)
        facts += billing(index, 3, 1)
    for nth, entries in enumerate(DEPTHS):
        index = max(SIZES) + 1 + nth
        facts += customer(index)
        facts += events(index, entries)
    facts.sort(key=lambda fact: fact.at)
    return facts


def events(index: int, count: int) -> list[Fact]:
    """Invoices and cases in turn, evenly over the span."""
    return [(invoice if nth % 2 == 0 else case)(index, nth, nth * SPAN / count) for nth in range(count)]


def invoice(index: int, nth: int, after: timedelta) -> Fact:
    at = BEGAN + after
    line = WorldLine(description="Seats", quantity=Decimal(1), unit_price=Decimal(100), tax_rate=Decimal(19))
    return InvoiceIssued(
        at=at,
        customer=number_of(index),
        number=f"INV-{index:06}-{nth:05}",
        currency="EUR",
        issued=at.date(),
        due=(at + timedelta(days=30)).date(),
        lines=(line,),
    )


def case(index: int, nth: int, after: timedelta) -> Fact:
    return CaseOpened(
        at=BEGAN + after,
        customer=number_of(index),
        key=str(index * 100_000 + nth),
        subject=f"The import of file {nth} stops",
        text="It stops after the first hundred rows, each time, since yesterday.",
        requester=f"P-{index}",
        assignee="Grace Example",
        priority="normal",
        channel="email",
        tags=(),
    )


def operations(ids: dict[str, str]) -> list[Operation]:
    """A list of each size, and a timeline of each depth."""
    lists = [list_of([ids[number_of(index)] for index in range(1, size + 1)]) for size in SIZES]
    timelines = [
        Operation("Timeline", f"timeline {entries}", TIMELINE, [{"id": ids[number_of(max(SIZES) + 1 + nth)]}])
        for nth, entries in enumerate(DEPTHS)
    ]
    return lists + timelines


def list_of(ids: list[str]) -> Operation:
    """One operation for a list of any length."""
    parts = {f"ids{begin}": ids[begin : begin + IN_A_FIELD] for begin in range(0, len(ids), IN_A_FIELD)}
    fields = "".join(f"\n  part{name}: nodes(ids: ${name}) {{\n    {LISTED}\n  }}" for name in parts)
    declared = ", ".join(f"${name}: [ID!]!" for name in parts)
    return Operation("Grown", f"list {len(ids)}", f"query Grown({declared}) {{{fields}\n}}", [parts])
