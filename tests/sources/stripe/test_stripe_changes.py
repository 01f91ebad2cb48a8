"""Changes: what happened since, once each, however much it is."""

from datetime import UTC, datetime, timedelta

import pytest

from sources.capabilities import Change
from sources.faults import Refused
from sources.stripe.adapter import StripeAdapter
from sources.stripe.simulator import StripeSimulator
from tests.sources.stripe.conftest import Tale

NOW = datetime.now(UTC).replace(microsecond=0)


async def test_the_first_question_starts_now_and_costs_one_call(
    adapter: StripeAdapter, simulator: StripeSimulator, tale: Tale
) -> None:
    tale.customer(at=NOW - timedelta(hours=1))
    start = await adapter.changes(None)
    assert (start.changes, start.more) == ((), False)
    assert (await adapter.changes(start.watermark)).changes == ()
    assert simulator.harness.count == 2


async def test_what_happened_since_comes_once_with_its_customer(adapter: StripeAdapter, tale: Tale) -> None:
    ref = tale.customer(at=NOW - timedelta(hours=1))
    start = await adapter.changes(None)
    invoice = tale.invoice("INV-1", at=NOW - timedelta(minutes=5))
    charge = tale.payment("P-1", "INV-1", at=NOW - timedelta(minutes=4))
    since = await adapter.changes(start.watermark)
    assert {(c.kind, c.record_id) for c in since.changes} == {("Invoice", invoice), ("Payment", charge)}
    assert {c.customer_ref for c in since.changes} == {ref}
    assert (await adapter.changes(since.watermark)).changes == ()


async def test_events_of_the_same_second_that_come_later_are_not_lost(adapter: StripeAdapter, tale: Tale) -> None:
    ref = tale.customer(at=NOW)
    start = await adapter.changes(None)
    tale.customer("C-2", at=NOW)
    since = await adapter.changes(start.watermark)
    assert ref not in {c.customer_ref for c in since.changes}
    assert [c.kind for c in since.changes] == ["customer"]
    tale.customer("C-3", at=NOW)
    assert len((await adapter.changes(since.watermark)).changes) == 1


async def test_a_long_absence_is_made_up_for_in_parts_and_completely(
    adapter: StripeAdapter, simulator: StripeSimulator, tale: Tale
) -> None:
    tale.customer("C-0", at=NOW - timedelta(days=2))
    mark = (await adapter.changes(None)).watermark
    refs = {tale.customer(f"C-{n}", at=NOW - timedelta(seconds=1400 - n)) for n in range(1, 1201)}
    simulator.harness.reset()
    seen: list[Change] = []
    parts = 0
    while True:
        part = await adapter.changes(mark)
        seen += part.changes
        mark, parts = part.watermark, parts + 1
        if parts == 1:  # more happens while the rest is being read
            refs.add(tale.customer("C-late", at=NOW))
        if not part.more:
            break
    last = await adapter.changes(mark)
    assert {c.customer_ref for c in (*seen, *last.changes)} == refs
    assert len(seen) + len(last.changes) == len(refs)
    assert simulator.harness.count == 13 + 1


async def test_events_are_kept_for_thirty_days(adapter: StripeAdapter, tale: Tale) -> None:
    start = await adapter.changes(None)
    tale.customer(at=NOW - timedelta(days=31))
    assert (await adapter.changes(start.watermark)).changes == ()


@pytest.mark.parametrize("nonsense", ["", "x", "e30=", "ö"])
async def test_a_watermark_of_somebody_else_is_refused(adapter: StripeAdapter, nonsense: str) -> None:
    with pytest.raises(Refused):
        await adapter.changes(nonsense)
