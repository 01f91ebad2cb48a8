"""The demo's world: the same every time, bounded, exact in its money, and with the stories that it promises."""

import re
import time
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import islice
from typing import TypeVar

import pytest

from sources.canonical.money import Money
from sources.simulation.facts import (
    BILLING,
    CRM,
    ERP,
    SUPPORT,
    CaseMoved,
    CaseOpened,
    ContractSigned,
    CreditIssued,
    CustomerKnown,
    DisputeOpened,
    Fact,
    History,
    InvoiceClosed,
    InvoiceIssued,
    MessageWritten,
    OrderPlaced,
    PaymentTried,
    PersonJoined,
    RefundMade,
    SubscriptionChanged,
)
from sources.simulation.world import BY_KEY, CAST, customers_only, world
from sources.simulation.world.amounts import gross, net_of, tax_of

UNTIL = datetime(2026, 3, 1, 12, tzinfo=UTC)
MOST_FACTS = 25_000  # more than that, and the demo would not start in seconds
F = TypeVar("F", bound=Fact)


@pytest.fixture(scope="module")
def history() -> History:
    return world(until=UNTIL)


def of_kind(history: History, kind: type[F]) -> list[F]:
    return [fact for fact in history if isinstance(fact, kind)]


def of_part(history: History, key: str, kind: type[F]) -> list[F]:
    return [fact for fact in of_kind(history, kind) if fact.customer == BY_KEY[key].number]


def test_the_same_seed_tells_the_same_world(history: History) -> None:
    assert world(until=UNTIL) == history
    assert world(until=UNTIL, seed=8) != history


def test_the_world_of_five_hundred_customers_is_told_in_two_seconds_and_is_bounded() -> None:
    started = time.process_time()
    facts = world(until=UNTIL)
    assert time.process_time() - started < 2
    assert 15_000 < len(facts) <= MOST_FACTS
    assert len(of_kind(facts, CustomerKnown)) == 500


def test_facts_come_in_order_of_time_and_end_with_the_present(history: History) -> None:
    times = [fact.at for fact in history]
    assert times == sorted(times)
    assert times[-1] <= UNTIL
    assert times[0] >= UNTIL - timedelta(days=731)
    assert all(at.tzinfo is UTC and at.microsecond == 0 for at in times)


def test_nothing_is_spoken_of_before_it_is_there(history: History) -> None:
    known: dict[str, set[str]] = defaultdict(set)
    for fact in history:
        for kind, key in needs(fact):
            assert key in known[kind], f"{type(fact).__name__} at {fact.at} speaks of an unknown {kind} {key}"
        if not isinstance(fact, CustomerKnown):
            assert fact.customer in known["customer"]
        for kind, key in brings(fact):
            known[kind].add(key)


def needs(fact: Fact) -> list[tuple[str, str]]:
    match fact:
        case CustomerKnown(parent=str(parent)):
            return [("customer", parent)]
        case InvoiceIssued(subscription=str(subscription)):
            return [("subscription", subscription)]
        case InvoiceClosed():
            return [("invoice", fact.number)]
        case PaymentTried():
            return [("invoice", fact.invoice)]
        case RefundMade() | DisputeOpened():
            return [("payment", fact.payment)]
        case CreditIssued():
            return [("invoice", fact.invoice), *([("case", fact.case)] if fact.case else [])]
        case CaseOpened():
            return [("person", fact.requester), *(("invoice", number) for number in fact.invoices)]
        case CaseMoved():
            return [("case", fact.key)]
        case MessageWritten():
            people = [] if fact.author.startswith("agent:") else [("person", fact.author)]
            return [("case", fact.case), *people]
    return []


def brings(fact: Fact) -> list[tuple[str, str]]:
    match fact:
        case CustomerKnown():
            return [("customer", fact.customer)]
        case PersonJoined():
            return [("person", fact.key)]
        case SubscriptionChanged():
            return [("subscription", fact.key)]
        case InvoiceIssued():
            return [("invoice", fact.number)]
        case PaymentTried():
            return [("payment", fact.key)]
        case CaseOpened():
            return [("case", fact.key)]
    return []


def test_keys_are_used_once(history: History) -> None:
    for kind, key in ((PaymentTried, "key"), (RefundMade, "key"), (CaseOpened, "key"), (MessageWritten, "key"),
                      (CreditIssued, "key"), (PersonJoined, "key"), (InvoiceIssued, "number"),
                      (ContractSigned, "number")):  # fmt: skip
        counted = Counter(getattr(fact, key) for fact in of_kind(history, kind))
        assert [name for name, count in counted.items() if count > 1] == [], kind.__name__


def test_the_tax_of_every_line_is_exact_so_that_no_rounding_rule_matters(history: History) -> None:
    for fact in [*of_kind(history, InvoiceIssued), *of_kind(history, OrderPlaced)]:
        for line in fact.lines:
            net = line.quantity * line.unit_price
            assert Money.of(net, fact.currency).amount == net_of(line, fact.currency)
            assert Money.of(net * line.tax_rate / 100, fact.currency).amount == tax_of(line, fact.currency)
        assert gross(fact.lines, fact.currency) > 0


def test_money_moves_within_what_is_owed_and_was_paid(history: History) -> None:
    owed = {fact.number: gross(fact.lines, fact.currency) for fact in of_kind(history, InvoiceIssued)}
    for fact in [*of_kind(history, PaymentTried), *of_kind(history, CreditIssued)]:
        assert fact.amount > 0
        Money.of(fact.amount, fact.currency)
        if not (isinstance(fact, PaymentTried) and not fact.succeeded):
            owed[fact.invoice] -= fact.amount
    assert [number for number, left in owed.items() if left < 0] == []
    paid = {fact.key: fact.amount for fact in of_kind(history, PaymentTried) if fact.succeeded}
    for fact in of_kind(history, RefundMade):
        Money.of(fact.amount, fact.currency)
        paid[fact.payment] -= fact.amount
    assert [key for key, left in paid.items() if left < 0] == []


def test_dinar_amounts_end_in_zero_as_card_networks_want_them(history: History) -> None:
    for fact in [*of_kind(history, PaymentTried), *of_kind(history, RefundMade), *of_kind(history, CreditIssued)]:
        if fact.currency == "KWD":
            assert Money.of(fact.amount, "KWD").minor % 10 == 0


def test_the_customers_are_of_several_countries_and_currencies(history: History) -> None:
    currencies = Counter(fact.currency for fact in of_kind(history, CustomerKnown))
    assert set(currencies) == {"EUR", "USD", "GBP", "JPY", "KWD", "CHF", "SEK"}
    assert currencies["EUR"] + currencies["USD"] + currencies["GBP"] > 400
    assert len({fact.place.country for fact in of_kind(history, CustomerKnown)}) >= 8


def test_most_customers_are_small_and_a_few_are_big(history: History) -> None:
    counted = Counter(fact.customer for fact in history)
    small = sum(1 for count in counted.values() if count < 40)
    assert 0.5 < small / len(counted) < 0.75
    assert sum(1 for count in counted.values() if count > 100) >= 10


def test_nobody_in_the_world_can_be_reached(history: History) -> None:
    addresses = [fact.email for fact in history if isinstance(fact, CustomerKnown | PersonJoined)]
    addresses += [email for fact in of_kind(history, CustomerKnown) for email in fact.emails_by_system.values()]
    assert all(re.fullmatch(r"[a-z0-9.]+@[a-z0-9.-]+\.example", address) for address in addresses)
    assert all((fact.domain or ".example").endswith(".example") for fact in of_kind(history, CustomerKnown))


def test_names_numbers_and_domains_are_their_owners_own(history: History) -> None:
    known = [fact for fact in of_kind(history, CustomerKnown) if not fact.name.startswith("Zwartveen")]
    for values in ([fact.name for fact in known], [fact.number for fact in known], [fact.domain for fact in known],
                   [fact.tax_id for fact in known], [fact.email for fact in known]):  # fmt: skip
        given = [value for value in values if value]
        assert len(given) == len(set(given))


def test_a_hundred_thousand_customers_are_streamed_and_are_the_worlds_own(history: History) -> None:
    some = list(islice(customers_only(100_000, until=UNTIL), 500))
    firsts: dict[str, CustomerKnown] = {}
    for fact in of_kind(history, CustomerKnown):
        firsts.setdefault(fact.customer, fact)
    held_otherwise = BY_KEY["credit-hold"].number
    assert [one for one in some if one.customer != held_otherwise] == [
        firsts[one.customer] for one in some if one.customer != held_otherwise
    ]
    far = list(customers_only(3, until=UNTIL, first=99_998))
    assert [one.number for one in far] == ["C-099998", "C-099999", "C-100000"]


def test_the_cast_is_numbered_from_one_and_every_part_has_a_story() -> None:
    assert [part.number for part in CAST] == [f"C-{place:06}" for place in range(1, len(CAST) + 1)]
    assert all(part.story.endswith(".") for part in CAST)
    assert len({part.key for part in CAST}) == len(CAST)


def known_of(history: History, key: str) -> CustomerKnown:
    return of_part(history, key, CustomerKnown)[-1]


def test_a_small_world_has_the_whole_cast() -> None:
    small = world(until=UNTIL, customers=1)
    assert {fact.number for fact in of_kind(small, CustomerKnown)} == {part.number for part in CAST}


def test_the_ledger_has_another_total_for_one_invoice(history: History) -> None:
    differing = [fact for fact in of_kind(history, InvoiceIssued) if fact.ledger == "differs"]
    assert [fact.customer for fact in differing] == [BY_KEY["ledger-mismatch"].number]
    assert differing[0].ledger_total == gross(differing[0].lines, "EUR") + 9


def test_one_invoice_is_missing_from_the_ledger(history: History) -> None:
    missing = [fact for fact in of_kind(history, InvoiceIssued) if fact.ledger == "missing"]
    assert [fact.customer for fact in missing] == [BY_KEY["ledger-missing"].number]
    assert missing[0].at < UNTIL - timedelta(days=30)


def test_a_billing_record_fits_two_customers(history: History) -> None:
    one, two = known_of(history, "ambiguous"), known_of(history, "ambiguous-sister")
    assert BILLING in one.systems - one.keyed
    assert (one.domain, one.email, one.phone) == (two.domain, two.email, two.phone)
    assert one.tax_id is None
    assert BILLING not in two.systems


def test_a_parent_has_three_children(history: History) -> None:
    parent = BY_KEY["parent"].number
    assert [fact.number for fact in of_kind(history, CustomerKnown) if fact.parent == parent] == [
        BY_KEY[f"child-{place}"].number for place in (1, 2, 3)
    ]


def test_a_customer_on_credit_hold_owes_more_than_its_limit(history: History) -> None:
    known = known_of(history, "credit-hold")
    invoices = of_part(history, "credit-hold", InvoiceIssued)
    owed = sum(gross(fact.lines, fact.currency) for fact in invoices)
    owed -= sum(fact.amount for fact in of_part(history, "credit-hold", PaymentTried) if fact.succeeded)
    assert known.credit_hold
    assert known.credit_limit is not None
    assert owed > known.credit_limit


def test_an_urgent_case_is_past_its_promised_time(history: History) -> None:
    case = of_part(history, "sla-breach", CaseOpened)[-1]
    assert case.priority == "urgent"
    assert case.first_reply_due < UNTIL
    assert case.key not in {fact.case for fact in of_kind(history, MessageWritten)}
    assert of_part(history, "sla-breach", ContractSigned)[-1].credit_cap == Decimal("2500.00")


def test_yen_and_dinar_have_invoices(history: History) -> None:
    assert {fact.currency for fact in of_part(history, "yen", InvoiceIssued)} == {"JPY"}
    assert {fact.currency for fact in of_part(history, "dinar", InvoiceIssued)} == {"KWD"}


def test_one_case_is_in_a_status_of_the_teams_own(history: History) -> None:
    assert [fact.customer for fact in of_kind(history, CaseMoved) if fact.custom_status] == [
        BY_KEY["custom-status"].number
    ]


def test_flags_and_kinds_of_the_cast(history: History) -> None:
    assert known_of(history, "legal-hold").legal_hold
    assert known_of(history, "legal-hold").vip
    assert known_of(history, "crm-only").systems == {CRM}
    assert known_of(history, "person").person
    assert known_of(history, "free-mail").domain is None


def test_one_billing_record_agrees_with_its_customer_in_the_tax_number_only(history: History) -> None:
    known = known_of(history, "tax-id-only")
    assert BILLING in known.systems - known.keyed
    assert known.tax_id
    assert known.domain is None
    assert known.emails_by_system[BILLING] != known.email
    assert known.names_by_system[BILLING] != known.name


def test_one_customer_has_more_invoices_than_two_pages(history: History) -> None:
    assert len(of_part(history, "many-invoices", InvoiceIssued)) >= 250


def test_one_invoice_is_twice_in_the_ledger(history: History) -> None:
    twice = [fact for fact in of_kind(history, InvoiceIssued) if fact.ledger_copies == 2]
    assert [fact.customer for fact in twice] == [BY_KEY["duplicate-reference"].number]


def test_one_card_was_declined_just_now(history: History) -> None:
    payment = of_part(history, "failed-payment", PaymentTried)[-1]
    assert not payment.succeeded
    assert payment.failure == "card_declined"
    assert UNTIL - payment.at < timedelta(hours=3)
    assert of_part(history, "failed-payment", SubscriptionChanged)[-1].status == "past_due"


def test_a_credit_names_the_case_that_it_was_given_for(history: History) -> None:
    credit = of_part(history, "credited", CreditIssued)[-1]
    assert credit.reason == "SLA_BREACH"
    assert credit.case in {fact.key for fact in of_part(history, "credited", CaseOpened)}


def test_a_payment_is_disputed_and_a_refund_is_under_way(history: History) -> None:
    assert of_part(history, "disputed", DisputeOpened)[-1].status == "needs_response"
    assert of_part(history, "disputed", RefundMade)[-1].status == "pending"


def test_systems_agree_on_who_is_where(history: History) -> None:
    systems: dict[str, frozenset[str]] = {}
    for fact in history:
        if isinstance(fact, CustomerKnown):
            assert fact.keyed <= fact.systems
            systems[fact.customer] = fact.systems
        elif isinstance(fact, InvoiceIssued):
            assert {BILLING, ERP} <= systems[fact.customer]
        elif isinstance(fact, CaseOpened):
            assert SUPPORT in systems[fact.customer]
