"""What was written for a case is read at the case, and the case at what was written."""

from datetime import UTC, datetime
from typing import Any

import pytest

from sources.canonical.billing import Invoice
from sources.canonical.money import Money
from sources.capabilities import Page, Window
from sources.simulation.world import BY_KEY
from sources.systems import System
from sources.writing import BillingCreditOrder, CommentOrder
from tests.support.asking import nodes
from tests.support.house import House

NUMBER = BY_KEY["sla-breach"].number
NOW = datetime.now(UTC)
AMOUNT = Money(12_000, "GBP")
LINEAGE = """query($n: String!) { customerBy(key: {number: $n}) {
  creditMemos(first: 5) { nodes { amount { amount } invoice { number } case { number subject } } }
  cases(first: 5) { nodes { number creditMemos { amount { amount } }
    messages(first: 1) { nodes { text public } } } } } }"""


def system(house: House, role: str) -> Any:
    found: System = house.gateway.systems.with_role(role)[0]
    return found.adapter


async def newest(house: House, role: str, method: str) -> tuple[Any, ...]:
    adapter = system(house, role)
    (record,) = (await adapter.customers_by_number([NUMBER]))[NUMBER]
    page: Page[Any] = (await getattr(adapter, method)([record.ref], Window()))[record.ref]
    return page.records


@pytest.mark.parametrize("on_invoice", [True, False], ids=["on the invoice", "on the balance"])
async def test_a_credit_for_a_case_shows_it_and_the_case_shows_the_credit(house: House, on_invoice: bool) -> None:
    case = (await newest(house, "support", "cases_of"))[0]
    invoice: Invoice = next(
        each for each in await newest(house, "billing", "invoices_of") if each.number in case.invoice_numbers
    )
    order = BillingCreditOrder(
        key="k", reference="c360:W1:billing_credit", since=NOW, customer=invoice.customer_ref, amount=AMOUNT,
        invoice_id=invoice.provenance.record_id if on_invoice else None, reason="SLA_BREACH", case_number=case.number,
        memo="A credit",
    )  # fmt: skip
    await system(house, "billing").issue_credit(order)
    await house.forget_cached(NUMBER)

    customer = (await house.data(LINEAGE, {"n": NUMBER}))["customerBy"]

    [memo] = [each for each in nodes(customer["creditMemos"]) if each["amount"]["amount"] == "120.00"]
    assert memo["case"] == {"number": case.number, "subject": case.subject}
    assert memo["invoice"] == ({"number": invoice.number} if on_invoice else None)
    [shown] = [each for each in nodes(customer["cases"]) if each["number"] == case.number]
    assert shown["creditMemos"] == [{"amount": {"amount": "120.00"}}]


async def test_a_comment_of_ours_is_the_newest_message_of_its_case(house: House) -> None:
    case = (await newest(house, "support", "cases_of"))[0]
    order = CommentOrder(
        key="k", reference="c360:W1:case_reply", since=NOW, case_id=case.provenance.record_id, text="We are sorry.",
        public=True,
    )  # fmt: skip
    await system(house, "support").add_comment(order)
    await house.forget_cached(NUMBER)

    customer = (await house.data(LINEAGE, {"n": NUMBER}, role="support_agent"))["customerBy"]

    [shown] = [each for each in nodes(customer["cases"]) if each["number"] == case.number]
    assert nodes(shown["messages"]) == [{"text": "We are sorry.", "public": True}]
