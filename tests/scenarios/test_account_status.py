"""The account at a glance, held against what the world says is owed."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec
import pytest

from sources.simulation.facts import CustomerKnown, InvoiceIssued, PaymentTried, WorldLine
from sources.simulation.harness import Switches
from tests.support.house import open_house

STATUS = """query($id: ID!) { customer(id: $id) { status {
    standing reasons { code system } openExposure { amount currency } overdue { amount currency } oldestOverdueDays
    creditHold incomplete } } }"""
TODAY = datetime.now(UTC).replace(microsecond=0)


def invoice(number, net, *, due_in_days, **more):
    issued = TODAY - timedelta(days=60)
    line = WorldLine(description="Seats", quantity=Decimal(1), unit_price=Decimal(net), tax_rate=Decimal(0))
    return InvoiceIssued(
        at=issued,
        customer="C-000010",
        number=number,
        currency="EUR",
        issued=issued.date(),
        due=(TODAY + timedelta(days=due_in_days)).date(),
        lines=(line,),
        **more,
    )


@pytest.fixture
def told(history):
    """A customer with an unpaid invoice, one half paid and overdue, one paid, and one that only the ledger has."""
    known = next(fact for fact in history if isinstance(fact, CustomerKnown) and fact.customer == "C-000010")
    paid = {"at": TODAY - timedelta(days=30), "customer": "C-000010", "currency": "EUR", "method": "card"}
    return (
        msgspec.structs.replace(known, credit_hold=False, credit_limit=Decimal(100_000), currency="EUR"),
        invoice("INV-A", "100.00", due_in_days=5),
        invoice("INV-B", "200.00", due_in_days=-40),
        PaymentTried(key="P-B", invoice="INV-B", amount=Decimal("50.00"), **paid),
        invoice("INV-C", "400.00", due_in_days=-10),
        PaymentTried(key="P-C", invoice="INV-C", amount=Decimal("400.00"), **paid),
        invoice("INV-D", "800.00", due_in_days=-3, in_billing=False),
    )


@pytest.fixture
async def house(told, tmp_path):
    async with open_house(told, tmp_path) as opened:
        yield opened


async def status(house):
    return (await house.ask(STATUS, {"id": await house.id_of("C-000010")}))["data"]["customer"]["status"]


async def test_what_both_know_counts_once_and_what_only_the_ledger_has_is_added(house):
    shown = await status(house)
    assert shown["openExposure"] == [{"amount": "1050.00", "currency": "EUR"}]
    assert shown["overdue"] == [{"amount": "950.00", "currency": "EUR"}]
    assert shown["oldestOverdueDays"] == 40
    assert shown["standing"] == "AT_RISK"
    assert [reason["code"] for reason in shown["reasons"]] == ["LONG_OVERDUE", "OVERDUE"]
    assert shown["incomplete"] == []


async def test_without_the_ledger_it_is_what_billing_says_and_the_standing_is_unknown(house):
    house.simulators["erp"].harness.switches = Switches(status=500)
    shown = await status(house)
    assert shown["openExposure"] == [{"amount": "250.00", "currency": "EUR"}]
    assert shown["creditHold"] is None
    assert shown["standing"] == "UNKNOWN"
    assert shown["incomplete"] == ["erp"]


async def test_without_billing_nobody_says_what_is_owed(house):
    house.simulators["billing"].harness.switches = Switches(status=500)
    shown = await status(house)
    assert shown["openExposure"] is None
    assert shown["overdue"] is None
    assert shown["incomplete"] == ["billing"]


async def test_a_decision_table_of_ones_own_decides(told, tmp_path):
    table = {"rule": [{"standing": "WATCH", "reason": "OWES", "when": {"overdue": True}}]}
    async with open_house(told, tmp_path, more={"standing": table}) as house:
        shown = await status(house)
    assert (shown["standing"], shown["reasons"]) == ("WATCH", [{"code": "OWES", "system": "billing"}])
