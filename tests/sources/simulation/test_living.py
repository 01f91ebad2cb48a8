"""The world lives on: what happens next fits what happened before."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from sources.simulation.facts import CaseOpened, Fact, InvoiceIssued, MessageWritten, PaymentTried
from sources.simulation.world import Living, world

UNTIL = datetime(2026, 3, 1, 12, tzinfo=UTC)
HISTORY = world(until=UNTIL, customers=60)


def what_happens(count: int, seed: int = 7) -> list[Fact]:
    living = Living(HISTORY, seed)
    return [living.next_fact(UNTIL + timedelta(minutes=place)) for place in range(count)]


def test_the_same_seed_lives_on_the_same_way() -> None:
    assert what_happens(200) == what_happens(200)
    assert what_happens(200) != what_happens(200, seed=8)


def test_all_kinds_of_things_happen() -> None:
    counted = Counter(type(fact).__name__ for fact in what_happens(400))
    assert set(counted) == {
        "MessageWritten", "PaymentTried", "CaseOpened", "InvoiceIssued", "CaseMoved", "OpportunityMoved"
    }  # fmt: skip
    assert min(counted.values()) >= 5


def test_what_happens_has_keys_that_were_never_used() -> None:
    facts = what_happens(600)
    for kind, key in ((CaseOpened, "key"), (InvoiceIssued, "number"), (MessageWritten, "key"), (PaymentTried, "key")):
        before = {getattr(fact, key) for fact in HISTORY if isinstance(fact, kind)}
        new = [getattr(fact, key) for fact in facts if isinstance(fact, kind)]
        assert len(new) == len(set(new))
        assert not before & set(new), kind.__name__


def test_messages_and_payments_are_of_what_is_open() -> None:
    cases = {fact.key for fact in HISTORY if isinstance(fact, CaseOpened)}
    invoices = {fact.number for fact in HISTORY if isinstance(fact, InvoiceIssued)}
    for fact in what_happens(500):
        match fact:
            case CaseOpened():
                cases.add(fact.key)
            case InvoiceIssued():
                invoices.add(fact.number)
            case MessageWritten():
                assert fact.case in cases
            case PaymentTried():
                assert fact.invoice in invoices


def test_a_world_without_customers_cannot_live() -> None:
    with pytest.raises(RuntimeError, match="nothing can happen"):
        Living([]).next_fact(UNTIL)


async def test_it_goes_on_until_it_is_stopped() -> None:
    absorbed: list[Fact] = []
    enough = asyncio.Event()

    def absorb(fact: Fact) -> None:
        absorbed.append(fact)
        if len(absorbed) == 5:
            enough.set()

    task = asyncio.create_task(Living(HISTORY).run(absorb, every_seconds=0.001))
    await asyncio.wait_for(enough.wait(), 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert all(fact.at <= datetime.now(UTC) for fact in absorbed)
