"""The simulator against what Stripe documents: the fields of its objects, its errors, its limits, its lists."""

import base64
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from sources.stripe.simulator import SECRET_KEY, StripeSimulator
from sources.stripe.simulator.limits import Limits
from tests.sources.stripe.conftest import START, Tale

# What Stripe's published example objects have (August 2026), without what only `expand` gives.
FIELDS = {
    "customers": """address balance created currency default_source delinquent description discount email id
        invoice_prefix invoice_settings livemode metadata name next_invoice_sequence object phone preferred_locales
        shipping tax_exempt test_clock""",
    "subscriptions": """application application_fee_percent automatic_tax billing_cycle_anchor
        billing_cycle_anchor_config billing_mode billing_schedules billing_thresholds cancel_at cancel_at_period_end
        canceled_at cancellation_details collection_method created currency customer customer_account days_until_due
        default_payment_method default_source default_tax_rates description discounts ended_at id invoice_settings
        items latest_invoice livemode managed_payments metadata next_pending_invoice_item_invoice object on_behalf_of
        pause_collection payment_settings pending_invoice_item_interval pending_setup_intent pending_update schedule
        start_date status test_clock transfer_data trial_end trial_settings trial_start""",
    "invoices": """account_country account_name account_tax_ids amount_due amount_overpaid amount_paid amount_remaining
        amount_shipping application attempt_count attempted auto_advance automatic_tax automatically_finalizes_at
        billing_reason collection_method created currency custom_fields customer customer_account customer_address
        customer_email customer_name customer_phone customer_shipping customer_tax_exempt customer_tax_ids
        default_payment_method default_source default_tax_rates description discounts due_date effective_at
        ending_balance footer from_invoice hosted_invoice_url id invoice_pdf issuer last_finalization_error
        latest_revision lines livemode metadata next_payment_attempt number object on_behalf_of parent
        payment_settings period_end period_start post_payment_credit_notes_amount pre_payment_credit_notes_amount
        receipt_number rendering shipping_cost shipping_details starting_balance statement_descriptor status
        status_transitions subtotal subtotal_excluding_tax test_clock total total_discount_amounts
        total_excluding_tax total_pretax_credit_amounts total_taxes webhooks_delivered_at""",
    "invoice_payments": """amount_paid amount_requested created currency id invoice is_default livemode object payment
        status status_transitions""",
    "charges": """amount amount_captured amount_refunded application application_fee application_fee_amount
        balance_transaction billing_details calculated_statement_descriptor captured created currency customer
        description disputed failure_balance_transaction failure_code failure_message fraud_details id livemode
        metadata object on_behalf_of outcome paid payment_intent payment_method payment_method_details receipt_email
        receipt_number receipt_url refunded review shipping source source_transfer statement_descriptor
        statement_descriptor_suffix status transfer_data transfer_group""",
    "refunds": """amount balance_transaction charge created currency customer customer_account destination_details id
        metadata object payment_intent payment_method reason receipt_number source_transfer_reversal status
        transfer_reversal""",
    "credit_notes": """amount amount_shipping created currency customer customer_account customer_balance_transaction
        discount_amount discount_amounts effective_at id invoice lines livemode memo metadata number object
        out_of_band_amount pdf post_payment_amount pre_payment_amount pretax_credit_amounts reason refunds
        shipping_cost status subtotal subtotal_excluding_tax total total_excluding_tax total_taxes type voided_at""",
    "disputes": """amount balance_transactions charge created currency enhanced_eligibility_types evidence
        evidence_details id is_charge_refundable livemode metadata object payment_intent payment_method_details
        reason status""",
}
LINE_FIELDS = """amount currency description discount_amounts discountable discounts id invoice livemode metadata object
    parent period pretax_credit_amounts pricing quantity quantity_decimal subscription subtotal taxes"""
ITEM_FIELDS = """billing_thresholds created current_period_end current_period_start discounts id metadata object plan
    price quantity subscription tax_rates"""
WHOLE = {  # integers and truth values that are never null
    "customers": ("balance created next_invoice_sequence", "delinquent livemode"),
    "subscriptions": ("billing_cycle_anchor created start_date", "cancel_at_period_end livemode"),
    "invoices": (
        "amount_due amount_overpaid amount_paid amount_remaining attempt_count created subtotal total starting_balance",
        "attempted auto_advance livemode",
    ),
    "charges": ("amount amount_captured amount_refunded created", "captured disputed livemode paid refunded"),
    "refunds": ("amount created", ""),
    "credit_notes": (
        "amount created discount_amount post_payment_amount pre_payment_amount subtotal total",
        "livemode",
    ),
    "disputes": ("amount created", "is_charge_refundable livemode"),
}


@pytest.fixture
async def stripe(base_url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=base_url, headers={"authorization": f"Bearer {SECRET_KEY}"}) as client:
        yield client


@pytest.fixture
def story(tale: Tale) -> Tale:
    """A customer with something of everything."""
    tale.customer()
    tale.subscription("S-1")
    tale.invoice("INV-1")
    tale.invoice("INV-2")
    tale.payment("P-1", "INV-1")
    tale.refund("R-1", "P-1", "20")
    tale.credit("CR-1", "INV-2", "12")
    tale.dispute("D-1", "P-1")
    return tale


async def first(stripe: httpx.AsyncClient, resource: str, **params: Any) -> Any:
    answer = await stripe.get(f"/v1/{resource}", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"][0]


@pytest.mark.parametrize("resource", FIELDS)
async def test_an_object_has_every_field_that_stripes_own_example_has(
    stripe: httpx.AsyncClient, story: Tale, resource: str
) -> None:
    made = await first(stripe, resource)
    assert sorted(made) == sorted(FIELDS[resource].split())
    integers, truths = WHOLE.get(resource, ("", ""))
    assert all(type(made[name]) is int for name in integers.split())
    assert all(type(made[name]) is bool for name in truths.split())


async def test_nested_objects_have_every_field_too(stripe: httpx.AsyncClient, story: Tale) -> None:
    line = (await first(stripe, "invoices"))["lines"]["data"][0]
    item = (await first(stripe, "subscriptions"))["items"]["data"][0]
    assert sorted(line) == sorted(LINE_FIELDS.split())
    assert sorted(item) == sorted(ITEM_FIELDS.split())


async def test_the_sums_of_an_invoice_agree(stripe: httpx.AsyncClient, story: Tale) -> None:
    for invoice in (await stripe.get("/v1/invoices")).json()["data"]:
        assert invoice["total"] == invoice["subtotal"] + sum(tax["amount"] for tax in invoice["total_taxes"])
        assert invoice["amount_due"] == invoice["total"] - invoice["pre_payment_credit_notes_amount"]
        assert invoice["amount_remaining"] == invoice["amount_due"] - invoice["amount_paid"]


async def test_what_expand_gives_is_absent_without_it(stripe: httpx.AsyncClient, story: Tale) -> None:
    assert "refunds" not in await first(stripe, "charges")
    assert len((await first(stripe, "charges", **{"expand[]": "data.refunds"}))["refunds"]["data"]) == 1
    assert len((await first(stripe, "customers", **{"expand[0]": "data.tax_ids"}))["tax_ids"]["data"]) == 1


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/v1/customers/cus_nope", 404, "resource_missing"),
        ("/v1/invoices?customer=cus_nope", 400, "resource_missing"),
        ("/v1/invoices?starting_after=in_nope", 400, "resource_missing"),
        ("/v1/invoices?ids[]=in_1", 400, "parameter_unknown"),
        ("/v1/charges?status=failed", 400, "parameter_unknown"),
        ("/v1/disputes?customer=cus_1", 400, "parameter_unknown"),
        ("/v1/invoices?limit=101", 400, "parameter_invalid_integer"),
        ("/v1/invoices?limit=0", 400, "parameter_invalid_integer"),
        ("/v1/invoices?customer=", 400, "parameter_invalid_empty"),
        ("/v1/invoices?customer=a&customer=b", 400, None),
        ("/v1/invoices?expand[]=payments", 400, None),
        ("/v1/invoices?expand[]=data.payments.data.payment.payment_intent", 400, None),
        ("/v1/customers/search", 400, "parameter_missing"),
        ("/v1/customers/search?query=nonsense", 400, None),
        ("/v1/customers/search?query=" + " OR ".join(["email:'a'"] * 11), 400, None),
        ("/v1/credit_notes/search", 404, "resource_missing"),
        ("/v1/nothing", 404, None),
    ],
)
async def test_a_wrong_question_is_refused_as_stripe_refuses_it(
    stripe: httpx.AsyncClient, path: str, status: int, code: str | None
) -> None:
    answer = await stripe.get(path)
    error = answer.json()["error"]
    assert (answer.status_code, error["type"], error.get("code")) == (status, "invalid_request_error", code)
    assert answer.headers["request-id"].startswith("req_")


async def test_too_deep_an_expansion_says_so(stripe: httpx.AsyncClient) -> None:
    answer = await stripe.get("/v1/invoices?expand[]=data.payments.data.payment.payment_intent")
    assert "more than 4 levels" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("authorization", "status", "code"),
    [
        ("", 401, None),
        ("Bearer sk_test_other", 401, None),
        ("Bearer pk_test_1", 401, "secret_key_required"),
        ("Basic ???", 401, None),
    ],
)
async def test_a_key_that_does_not_open_is_refused(
    stripe: httpx.AsyncClient, authorization: str, status: int, code: str | None
) -> None:
    answer = await stripe.get("/v1/customers", headers={"authorization": authorization})
    assert (answer.status_code, answer.json()["error"].get("code")) == (status, code)


async def test_the_key_may_come_as_a_user_name(stripe: httpx.AsyncClient) -> None:
    basic = base64.b64encode(f"{SECRET_KEY}:".encode()).decode()
    assert (await stripe.get("/v1/customers", headers={"authorization": f"Basic {basic}"})).status_code == 200


async def test_an_unknown_version_is_refused(stripe: httpx.AsyncClient) -> None:
    answer = await stripe.get("/v1/customers", headers={"stripe-version": "2017-08-15"})
    assert answer.status_code == 400


async def test_canceled_subscriptions_hide_unless_all_are_asked_for(stripe: httpx.AsyncClient, story: Tale) -> None:
    story.subscription("S-2", status="canceled")
    for params, count in (({}, 1), ({"status": "all"}, 2), ({"status": "ended"}, 1), ({"status": "active"}, 1)):
        assert len((await stripe.get("/v1/subscriptions", params=params)).json()["data"]) == count


async def test_lists_are_cut_at_ten_and_go_both_ways(stripe: httpx.AsyncClient, tale: Tale) -> None:
    tale.customer()
    ids = [tale.invoice(f"INV-{n}", at=START + timedelta(days=n)) for n in range(25)][::-1]
    answer = (await stripe.get("/v1/invoices")).json()
    assert ([i["id"] for i in answer["data"]], answer["has_more"]) == (ids[:10], True)
    answer = (await stripe.get("/v1/invoices", params={"starting_after": ids[9], "limit": 100})).json()
    assert ([i["id"] for i in answer["data"]], answer["has_more"]) == (ids[10:], False)
    answer = (await stripe.get("/v1/invoices", params={"ending_before": ids[9], "limit": 4})).json()
    assert ([i["id"] for i in answer["data"]], answer["has_more"]) == (ids[5:9], True)
    assert "total_count" not in answer


async def test_a_span_of_time_is_exact_at_both_ends(stripe: httpx.AsyncClient, tale: Tale) -> None:
    tale.customer()
    for n in range(5):
        tale.invoice(f"INV-{n}", at=START + timedelta(seconds=n))
    at = int(START.timestamp())
    for params, count in (
        ({"created[gte]": at + 1, "created[lt]": at + 4}, 3),
        ({"created[gt]": at + 1, "created[lte]": at + 4}, 3),
        ({"created": at + 2}, 1),
    ):
        assert len((await stripe.get("/v1/invoices", params=params)).json()["data"]) == count


async def test_each_limit_names_itself(stripe: httpx.AsyncClient, simulator: StripeSimulator) -> None:
    for limits, path, reason in (
        (Limits(account=1), "/v1/customers", "global-rate"),
        (Limits(endpoint=1), "/v1/customers", "endpoint-rate"),
        (Limits(search=1), "/v1/customers/search?query=email:'a'", "endpoint-rate"),
    ):
        simulator.limit_to(limits)
        assert (await stripe.get(path)).status_code == 200
        answer = await stripe.get(path)
        assert (answer.status_code, answer.headers["stripe-rate-limited-reason"]) == (429, reason)
        assert "retry-after" not in answer.headers


def test_the_same_world_gives_the_same_ids(tale: Tale) -> None:
    other = StripeSimulator()
    ref = tale.customer()
    assert Tale(other.absorb).customer() == ref


async def test_a_later_fact_of_the_same_key_replaces_the_earlier(stripe: httpx.AsyncClient, tale: Tale) -> None:
    tale.customer()
    tale.customer(name="Renamed", at=START + timedelta(days=1))
    tale.subscription("S-1")
    tale.subscription("S-1", status="past_due")
    customer, subscription = await first(stripe, "customers"), await first(stripe, "subscriptions")
    assert (customer["name"], customer["created"]) == ("Renamed", int(START.timestamp()))
    assert subscription["status"] == "past_due"


def test_customers_of_other_systems_are_ignored(simulator: StripeSimulator, tale: Tale) -> None:
    tale.customer(systems=frozenset(["crm"]))
    tale.invoice("INV-1")
    tale.payment("P-1", "INV-1")
    assert not simulator.shop.customers.by_id
    assert not simulator.shop.invoices.by_id


def test_a_customer_without_a_key_carries_no_number(simulator: StripeSimulator, tale: Tale) -> None:
    ref = tale.customer(keyed=False)
    assert simulator.shop.customers.by_id[ref.id].metadata == {}
