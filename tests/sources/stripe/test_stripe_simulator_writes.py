"""The simulator's writes against what Stripe documents: keys, locks, sums, splits, and a balance that only grows."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sources.stripe.simulator import SECRET_KEY, StripeSimulator
from sources.stripe.simulator.asking import Wrong
from sources.stripe.simulator.limits import Limits
from sources.writing import reference_of
from tests.sources.stripe.conftest import Tale

DAY = 86_400
BALANCE_FIELDS = """amount checkout_session created credit_note currency customer customer_account description
    ending_balance id invoice livemode metadata object type"""


@pytest.fixture
async def stripe(base_url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=base_url, headers={"authorization": f"Bearer {SECRET_KEY}"}) as client:
        yield client


@pytest.fixture
def invoice(tale: Tale) -> str:
    """An open invoice of 120.00 EUR."""
    tale.customer()
    return tale.invoice("INV-1")


async def post(stripe: httpx.AsyncClient, path: str, key: str | None = None, **form: Any) -> httpx.Response:
    headers = {"idempotency-key": key} if key else {}
    return await stripe.post(f"/v1/{path}", data=form, headers=headers)


def code_of(answer: httpx.Response) -> tuple[int, str, str | None, str | None]:
    error = answer.json()["error"]
    return answer.status_code, error["type"], error.get("code"), error.get("param")


# ------------------------------------------------------------------------------------------------- keys
async def test_a_replay_is_the_same_byte_for_byte_and_says_so(stripe: httpx.AsyncClient, tale: Tale) -> None:
    path = f"customers/{tale.customer().id}/balance_transactions"
    first = await post(stripe, path, "k", amount=-100, currency="eur")
    again = await post(stripe, path, "k", currency="eur", amount=-100)
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert (first.headers.get("idempotent-replayed"), again.headers["idempotent-replayed"]) == (None, "true")
    assert first.headers["idempotency-key"] == again.headers["idempotency-key"] == "k"
    assert first.headers["request-id"] != again.headers["request-id"]


async def test_without_a_key_the_same_is_done_twice(
    stripe: httpx.AsyncClient, simulator: StripeSimulator, tale: Tale
) -> None:
    path = f"customers/{tale.customer().id}/balance_transactions"
    for _ in range(2):
        await post(stripe, path, amount=-100, currency="eur")
    assert len(simulator.shop.balance_transactions.by_id) == 2


async def test_a_key_is_bound_to_its_path_and_parameters(stripe: httpx.AsyncClient, tale: Tale) -> None:
    path = f"customers/{tale.customer().id}/balance_transactions"
    other = f"customers/{tale.customer('C-2').id}/balance_transactions"
    await post(stripe, path, "k", amount=-100, currency="eur")
    for answer in (
        await post(stripe, path, "k", amount=-101, currency="eur"),
        await post(stripe, other, "k", amount=-100, currency="eur"),
    ):
        assert code_of(answer)[:2] == (400, "idempotency_error")


async def test_a_key_is_forgotten_after_a_day(
    stripe: httpx.AsyncClient, simulator: StripeSimulator, tale: Tale
) -> None:
    path = f"customers/{tale.customer().id}/balance_transactions"
    for seconds, count in ((0, 1), (DAY - 10, 1), (20, 2)):
        simulator.pass_time(seconds)
        await post(stripe, path, "k", amount=-100, currency="eur")
        assert len(simulator.shop.balance_transactions.by_id) == count


async def test_what_did_not_pass_validation_is_not_remembered(stripe: httpx.AsyncClient, tale: Tale) -> None:
    path = f"customers/{tale.customer().id}/balance_transactions"
    assert code_of(await post(stripe, path, "k", amount="x", currency="eur"))[2] == "parameter_invalid_integer"
    assert (await post(stripe, path, "k", amount=-100, currency="eur")).status_code == 200


async def test_a_rule_of_business_that_was_broken_is_remembered(
    stripe: httpx.AsyncClient, simulator: StripeSimulator, invoice: str, tale: Tale
) -> None:
    payment = tale.payment("P-1", "INV-1")
    first = await post(stripe, "refunds", "k", charge=payment, amount=12001)
    again = await post(stripe, "refunds", "k", charge=payment, amount=12001)
    assert code_of(first) == (400, "invalid_request_error", None, "amount")
    assert again.headers["idempotent-replayed"] == "true"
    assert not simulator.shop.refunds.by_id


async def test_a_limit_is_not_remembered(stripe: httpx.AsyncClient, simulator: StripeSimulator, tale: Tale) -> None:
    path = f"customers/{tale.customer().id}/balance_transactions"
    simulator.limit_to(Limits(account=1))
    assert (await post(stripe, path, "k1", amount=-100, currency="eur")).status_code == 200
    assert (await post(stripe, path, "k2", amount=-100, currency="eur")).status_code == 429
    simulator.limit_to(Limits())
    assert "idempotent-replayed" not in (await post(stripe, path, "k2", amount=-100, currency="eur")).headers


async def test_the_same_key_while_the_first_runs_and_another_on_the_same_customer(
    stripe: httpx.AsyncClient, simulator: StripeSimulator, tale: Tale
) -> None:
    path = f"customers/{tale.customer().id}/balance_transactions"
    simulator.slow_execution(0.2)
    running = asyncio.create_task(post(stripe, path, "k", amount=-100, currency="eur"))
    await asyncio.sleep(0.1)
    same = await post(stripe, path, "k", amount=-100, currency="eur")
    other = await post(stripe, path, "other", amount=-100, currency="eur")
    assert code_of(same)[:3] == (409, "idempotency_error", "idempotency_key_in_use")
    assert code_of(other)[:3] == (429, "invalid_request_error", "lock_timeout")
    assert (await running).status_code == 200
    assert len(simulator.shop.balance_transactions.by_id) == 1


# ------------------------------------------------------------------------------------------------- forms
@pytest.mark.parametrize(
    ("path", "form", "expected"),
    [
        ("credit_notes", {"amount": 1}, (400, "parameter_missing", "invoice")),
        ("credit_notes", {"invoice": "in_nope", "amount": 1}, (400, "resource_missing", "invoice")),
        ("credit_notes", {"invoice": "IN", "amount": 0}, (400, "parameter_invalid_integer", "amount")),
        ("credit_notes", {"invoice": "IN", "amount": 1, "reason": "sla"}, (400, None, "reason")),
        ("credit_notes", {"invoice": "IN", "amount": 1, "memo": "x" * 5001}, (400, None, "memo")),
        ("credit_notes", {"invoice": "IN", "amount": 1, "customer": "c"}, (400, "parameter_unknown", "customer")),
        ("credit_notes", {"invoice": "IN", "amount": 1, "memo": ""}, (400, "parameter_invalid_empty", "memo")),
        ("credit_notes", {"invoice": "IN", "amount": 1, "metadata[a]": "x" * 501}, (400, None, "metadata[a]")),
        ("credit_notes", {"invoice": "IN", "amount": 12001}, (400, None, "amount")),
        ("credit_notes", {"invoice": "IN", "amount": 100, "credit_amount": 100}, (400, None, None)),
        ("credit_notes/cn_nope/void", {}, (404, "resource_missing", "id")),
        ("customers/CUS/balance_transactions", {"amount": -1}, (400, "parameter_missing", "currency")),
        ("customers/CUS/balance_transactions", {"amount": 0, "currency": "eur"},
         (400, "parameter_invalid_integer", "amount")),
        ("customers/CUS/balance_transactions", {"amount": -150, "currency": "isk"}, (400, None, "amount")),
        ("customers/CUS/balance_transactions", {"amount": -1, "currency": "euro"}, (400, None, "currency")),
        ("customers/cus_nope/balance_transactions", {"amount": -1, "currency": "eur"},
         (404, "resource_missing", "customer")),
        ("refunds", {"amount": 1}, (400, "parameter_missing", None)),
        ("refunds", {"charge": "ch_nope"}, (400, "resource_missing", "charge")),
        ("customers", {"name": "x"}, (404, None, None)),
    ],
)  # fmt: skip
async def test_a_wrong_form_is_refused_as_stripe_refuses_it(
    stripe: httpx.AsyncClient, invoice: str, tale: Tale, path: str, form: Any, expected: Any
) -> None:
    customer = tale.customer()
    form = {name: invoice if value == "IN" else value for name, value in form.items()}
    status, _, code, param = code_of(await post(stripe, path.replace("CUS", customer.id), **form))
    assert (status, code, param) == expected


async def test_nothing_of_a_balance_is_changed_or_deleted(stripe: httpx.AsyncClient, tale: Tale) -> None:
    path = f"customers/{tale.customer().id}/balance_transactions"
    made = (await post(stripe, path, amount=-100, currency="eur", description="Credit")).json()
    assert sorted(made) == sorted(BALANCE_FIELDS.split())
    assert (made["type"], made["ending_balance"]) == ("adjustment", -100)
    assert (await stripe.delete(f"/v1/{path}/{made['id']}")).status_code == 404
    assert (await post(stripe, f"{path}/{made['id']}", amount=-200)).status_code == 404
    assert (await stripe.get(f"/v1/{path}/{made['id']}")).json() == made
    assert (await stripe.get(f"/v1/{path}")).json()["data"] == [made]


async def test_stripe_writes_to_the_customer_unless_it_is_told_not_to(
    stripe: httpx.AsyncClient, simulator: StripeSimulator, invoice: str
) -> None:
    told = (await post(stripe, "credit_notes", invoice=invoice, amount=100)).json()
    await post(stripe, "credit_notes", invoice=invoice, amount=100, email_type="none")
    assert simulator.mails == [(told["customer"], told["id"])]


async def test_a_preview_is_what_would_be_made_and_makes_nothing(
    stripe: httpx.AsyncClient, simulator: StripeSimulator, invoice: str
) -> None:
    asked = {"invoice": invoice, "amount": 100}
    shown = (await stripe.get("/v1/credit_notes/preview", params=asked)).json()
    assert (shown["pre_payment_amount"], shown["post_payment_amount"]) == (100, 0)
    assert not simulator.shop.credit_notes.by_id
    made = (await post(stripe, "credit_notes", **asked)).json()
    assert {**made, "id": "", "lines": {}, "pdf": ""} == {**shown, "id": "", "lines": {}, "pdf": ""}


async def test_an_invoice_that_is_credited_in_full_is_paid_and_its_note_stays(
    stripe: httpx.AsyncClient, simulator: StripeSimulator, invoice: str
) -> None:
    note = (await post(stripe, "credit_notes", "k", invoice=invoice, amount=12000)).json()
    assert simulator.shop.invoices.by_id[invoice].status == "paid"
    assert (await post(stripe, f"credit_notes/{note['id']}/void")).status_code == 400
    told = [(event.type, event.idempotency_key) for event in simulator.shop.events.row.records]
    assert ("credit_note.created", "k") in told
    assert "invoice.paid" in {type for type, _ in told}


async def test_a_voided_note_gives_the_debt_back_once(
    stripe: httpx.AsyncClient, simulator: StripeSimulator, invoice: str
) -> None:
    note = (await post(stripe, "credit_notes", invoice=invoice, amount=2000)).json()
    voided = await post(stripe, f"credit_notes/{note['id']}/void")
    assert (voided.json()["status"], simulator.shop.invoices.by_id[invoice].remaining) == ("void", 12000)
    assert (await post(stripe, f"credit_notes/{note['id']}/void")).status_code == 400


async def test_each_currency_has_a_balance_of_its_own(stripe: httpx.AsyncClient, tale: Tale) -> None:
    customer = tale.customer().id
    for amount, currency, balance in ((-100, "eur", -100), (-50, "usd", -50), (30, "eur", -70)):
        made = await post(stripe, f"customers/{customer}/balance_transactions", amount=amount, currency=currency)
        assert made.json()["ending_balance"] == balance
    assert (await stripe.get(f"/v1/customers/{customer}")).json()["balance"] == -70


@given(
    paid=st.integers(0, 12000),
    amounts=st.lists(st.integers(1, 9000), min_size=1, max_size=6),
    to_balance=st.lists(st.integers(0, 9000), min_size=6, max_size=6),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_credited_the_sums_agree(paid: int, amounts: list[int], to_balance: list[int]) -> None:
    """Right and wrong splits in any order: the invoice, its notes and the balance say the same."""
    simulator = StripeSimulator()
    tale = Tale(simulator.absorb)
    customer, invoice_id = tale.customer().id, tale.invoice("INV-1")
    if paid:
        tale.payment("P-1", "INV-1", amount=f"{paid / 100:.2f}")
    writes = simulator.app.posts.writes
    for amount, after in zip(amounts, to_balance, strict=False):
        form = f"invoice={invoice_id}&amount={amount}" + (f"&credit_amount={after}" if after else "")
        with suppress(Wrong):
            writes.checked(["credit_notes"], form, None).apply()
    invoice = simulator.shop.invoices.by_id[invoice_id]
    notes = list(simulator.shop.credit_notes.by_id.values())
    moves = list(simulator.shop.balance_transactions.by_id.values())
    assert sum(note.amount for note in notes) <= invoice.total
    assert sum(note.before_payment for note in notes) == invoice.credited_before_payment
    assert sum(note.after_payment for note in notes) == invoice.credited_after_payment == -sum(m.amount for m in moves)
    assert invoice.remaining == max(0, invoice.total - invoice.credited_before_payment - invoice.paid)
    assert (invoice.status == "paid") == (invoice.remaining == 0)
    assert simulator.shop.customers.by_id[customer].balance == sum(move.amount for move in moves)


def test_effects_are_counted_by_reference(simulator: StripeSimulator) -> None:
    assert simulator.effects(reference_of("W", "billing_credit")) == 0
