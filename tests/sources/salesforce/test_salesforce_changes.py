"""What changed since a watermark: once, in order, deletions too, in one call."""

from datetime import timedelta

import pytest

from sources.capabilities import Changes
from sources.faults import Refused
from sources.salesforce import changes
from tests.sources.salesforce.org import Org, just_now


async def drained(org: Org, watermark: str) -> tuple[list[Changes], str]:
    answers = []
    while True:
        answer = await org.adapter.changes(watermark)
        answers.append(answer)
        watermark = answer.watermark
        if not answer.more:
            return answers, watermark


async def test_it_starts_now_with_no_changes_and_one_call(org: Org) -> None:
    org.filled(20)
    await org.warm()
    answer = await org.adapter.changes(None)
    assert (answer.changes, answer.more) == ((), False)
    assert org.count() == 1
    assert (await org.adapter.changes(answer.watermark)).changes == ()


async def test_each_kind_of_change_is_told_once_with_its_customer(org: Org) -> None:
    ref = org.filled(3)[0]
    watermark = (await org.adapter.changes(None)).watermark
    org.customer("C-000000", days=0.001, tier="enterprise")
    org.person("C-000000", "new", days=0.001)
    org.contract("C-000000", "00000000", days=0.001, status="terminated")
    org.sale("C-000000", "O0", days=0.001, stage="Closed Won")
    await org.warm()
    answer = await org.adapter.changes(watermark)
    assert org.count() == 1
    assert sorted(change.kind for change in answer.changes) == ["Contact", "Contract", "Opportunity", "customer"]
    assert {change.customer_ref for change in answer.changes} == {ref}
    assert [change.at for change in answer.changes] == sorted(change.at for change in answer.changes)
    later = await org.adapter.changes(answer.watermark)
    assert (await org.adapter.changes(later.watermark)).changes == ()


async def test_the_same_watermark_gives_the_same_changes_again(org: Org) -> None:
    org.filled(3)
    watermark = (await org.adapter.changes(None)).watermark
    org.person("C-000001", "new", days=0)
    first = await org.adapter.changes(watermark)
    assert (await org.adapter.changes(watermark)).changes == first.changes != ()


async def test_a_deletion_is_a_change(org: Org) -> None:
    ref = org.filled(3)[2]
    watermark = (await org.adapter.changes(None)).watermark
    org.data.delete("Account", ref.id)
    answer = await org.adapter.changes(watermark)
    assert [(change.kind, change.customer_ref) for change in answer.changes] == [("customer", ref)]


async def test_a_row_whose_transaction_committed_late_is_not_missed(org: Org) -> None:
    org.filled(2)
    late = org.data.tables["Contact"]
    watermark = (await org.adapter.changes(None)).watermark
    org.person("C-000000", "late", days=just_now())
    row = next(row for row in late.rows.values() if row.fact.key == "late")
    org.data.hidden_rows.add(row.id)  # its transaction is still open
    org.person("C-000001", "prompt", days=just_now())
    answer = await org.adapter.changes(watermark)
    assert len(answer.changes) == 1
    org.data.hidden_rows.clear()
    again = await org.adapter.changes(answer.watermark)
    assert row.id in {change.record_id for change in again.changes}


async def test_a_second_change_within_the_vendors_second_is_not_taken_for_the_first(org: Org) -> None:
    org.filled(1)
    watermark = (await org.adapter.changes(None)).watermark
    org.person("C-000000", "P0", days=-1)  # not over yet by the vendor's clock
    answer = await org.adapter.changes(watermark)
    assert len(answer.changes) == 1
    assert (await org.adapter.changes(answer.watermark)).changes == answer.changes


async def test_more_changes_than_fit_come_one_answer_after_another(org: Org, monkeypatch) -> None:
    monkeypatch.setattr(changes, "ROWS", 25)
    org.customer("C-1")
    watermark = (await org.adapter.changes(None)).watermark
    for place in range(110):
        org.person("C-1", f"P{place}", days=1)
    answers, last = await drained(org, watermark)
    told = [change.record_id for answer in answers for change in answer.changes]
    assert len(told) == len(set(told)) == 110
    assert [len(answer.changes) for answer in answers] == [25, 25, 25, 25, 10]
    again = await org.adapter.changes(last)
    assert (again.changes, again.more) == ((), False)


async def test_a_load_that_is_running_at_the_start_is_not_told_again(org: Org) -> None:
    org.customer("C-1")
    for place in range(changes.REMEMBERED + 50):
        org.person("C-1", f"P{place}", days=10)
    answer = await org.adapter.changes(None)
    assert (await org.adapter.changes(answer.watermark)).changes == ()
    org.person("C-1", "new", days=0)
    assert len((await org.adapter.changes(answer.watermark)).changes) == 1


async def test_an_empty_organization_has_a_beginning_too(org: Org) -> None:
    watermark = (await org.adapter.changes(None)).watermark
    ref = org.customer("C-1")
    assert [change.customer_ref for change in (await org.adapter.changes(watermark)).changes] == [ref]


async def test_a_watermark_of_somebody_else_is_refused(org: Org) -> None:
    with pytest.raises(Refused):
        await org.adapter.changes("2026-11-21")
    assert org.count() == 0


async def test_a_watermark_stays_small(org: Org) -> None:
    org.customer("C-1")
    watermark = (await org.adapter.changes(None)).watermark
    for place in range(1000):
        org.person("C-1", f"P{place}", days=1)
    _, watermark = await drained(org, watermark)
    assert len(watermark) < 20_000
    assert timedelta(seconds=30) < changes.OVERLAP
