"""The incremental exports: nothing lost, few calls."""

from datetime import UTC, datetime, timedelta

import pytest

from sources.capabilities import Change
from sources.faults import Refused, Throttled
from sources.wire.deadline import Deadline, within
from sources.zendesk.simulator.limits import DOCUMENTED
from tests.sources.zendesk.shop import Shop

TICKETS, PEOPLE = "incremental/tickets/cursor", ["incremental/organizations", "incremental/users/cursor"]


@pytest.fixture
def later(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> timedelta:
    """The clock of both sides can be put forward; what the last minute hides comes in sight."""
    moved = timedelta()

    def forward(minutes: float) -> None:
        nonlocal moved
        moved += timedelta(minutes=minutes)
        shop.account.now = lambda: datetime.now(UTC) + moved
        monkeypatch.setattr("sources.zendesk.changes.time.time", lambda: shop.account.now().timestamp())

    shop.forward = forward  # type: ignore[attr-defined]
    return moved


def now(shop: Shop) -> datetime:
    return shop.account.now().replace(microsecond=0)


async def poll(shop: Shop, watermark: str) -> tuple[list[Change], str]:
    changes: list[Change] = []
    while True:
        answer = await shop.adapter.changes(watermark)
        changes += answer.changes
        watermark = answer.watermark
        if not answer.more:
            return changes, watermark


async def test_no_watermark_starts_now_without_a_call(shop: Shop) -> None:
    answer = await shop.adapter.changes(None)

    assert (answer.changes, answer.more) == ((), False)
    assert shop.asked() == []


async def test_changes_say_what_changed_and_whose_it_is(shop: Shop, later: timedelta) -> None:
    start = (await shop.adapter.changes(None)).watermark
    acme = shop.customer("ACME", at=now(shop))
    paloma = shop.customer("PALOMA", person=True, at=now(shop))
    person = shop.person("ACME", "2", at=now(shop))
    shop.case("ACME", 1, at=now(shop))
    shop.case("PALOMA", 2, at=now(shop))
    shop.forward(3)  # type: ignore[attr-defined]

    changes, _ = await poll(shop, start)

    told = {(change.kind, change.record_id, change.customer_ref) for change in changes}
    assert told >= {
        ("customer", acme.id, acme),
        ("customer", paloma.id, paloma),
        ("Contact", person, acme),
        ("SupportCase", "1", acme),
        ("SupportCase", "2", paloma),
    }


async def test_a_poll_costs_one_call_and_two_more_once_a_minute(shop: Shop, later: timedelta) -> None:
    await shop.warm()
    mark = (await shop.adapter.changes(None)).watermark

    mark = (await shop.adapter.changes(mark)).watermark
    assert shop.asked() == [TICKETS]
    shop.forget()

    shop.forward(1.1)  # type: ignore[attr-defined]
    mark = (await shop.adapter.changes(mark)).watermark
    assert shop.asked() == [TICKETS, *PEOPLE]
    shop.forget()

    await shop.adapter.changes(mark)
    assert shop.asked() == [TICKETS]


async def test_polling_every_ten_seconds_keeps_the_documented_limit(shop: Shop, later: timedelta) -> None:
    shop.account.limits.per_minute = dict(DOCUMENTED)
    await shop.warm()
    shop.forward(-datetime.now(UTC).second / 60)  # type: ignore[attr-defined]  # to the beginning of a minute
    mark = (await shop.adapter.changes(None)).watermark
    for _ in range(18):
        shop.forward(10 / 60)  # type: ignore[attr-defined]
        mark = (await shop.adapter.changes(mark)).watermark
    assert {call.status for call in shop.simulator.harness.calls} == {200}


async def test_the_last_minute_comes_with_a_later_poll(shop: Shop, later: timedelta) -> None:
    shop.customer("ACME")
    mark = (await shop.adapter.changes(None)).watermark
    shop.case("ACME", 1, at=now(shop))

    changes, mark = await poll(shop, mark)
    assert changes == []
    shop.forward(1.5)  # type: ignore[attr-defined]
    changes, mark = await poll(shop, mark)
    assert "1" in {change.record_id for change in changes}
    shop.forward(0.1)  # type: ignore[attr-defined]
    changes, mark = await poll(shop, mark)
    assert changes == []


async def test_thousands_of_changes_come_page_by_page(shop: Shop, later: timedelta) -> None:
    shop.customer("ACME")
    mark = (await shop.adapter.changes(None)).watermark
    for key in range(1, 2501):
        shop.case("ACME", key, at=now(shop))
    await shop.warm()
    shop.forward(3)  # type: ignore[attr-defined]

    first = await shop.adapter.changes(mark)
    assert first.more
    changes, _ = await poll(shop, first.watermark)

    found = {change.record_id for change in (*first.changes, *changes) if change.kind == "SupportCase"}
    assert len(found) == 2500
    assert shop.asked().count(TICKETS) == 3


async def test_changes_are_for_administrators(shop: Shop) -> None:
    mark = (await shop.adapter.changes(None)).watermark
    shop.account.role = "agent"
    with pytest.raises(Refused):
        await shop.adapter.changes(mark)


async def test_a_watermark_of_another_source_is_refused(shop: Shop) -> None:
    with pytest.raises(Refused):
        await shop.adapter.changes("evt_123")


async def test_more_than_ten_exports_a_minute_are_throttled_with_the_time_to_wait(shop: Shop) -> None:
    shop.account.limits.per_minute = dict(DOCUMENTED)
    moment = datetime.now(UTC)
    shop.account.now = lambda: moment
    mark = (await shop.adapter.changes(None)).watermark
    for _ in range(10):
        mark = (await shop.adapter.changes(mark)).watermark
    with pytest.raises(Throttled) as caught, within(Deadline(0.5)):
        await shop.adapter.changes(mark)
    assert caught.value.retry_after_seconds == 60 - moment.second
