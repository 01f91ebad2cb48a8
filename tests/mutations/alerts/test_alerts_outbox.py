"""Alerts go out with what they tell, at least once, and to nobody twice without need."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import select
from structlog.testing import capture_logs

from mutations.governance import alerts
from mutations.governance.alerts.migrations import VERSION_TABLE
from mutations.governance.alerts.outbox import TAKEN_SECONDS
from mutations.governance.alerts.sending import WAITS_SECONDS
from mutations.governance.alerts.tables import alerts as table
from mutations.governance.alerts.tables import metadata
from sources.database import Database, to_the_end

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Desk:
    """Takes what it is sent, unless it is closed."""

    def __init__(self, *roles: str) -> None:
        self.roles = roles or ("finance_approver",)
        self.closed = False
        self.got: list[alerts.Raised] = []
        self._more = asyncio.Condition()

    async def has_got(self, number: int) -> None:
        async with self._more:
            await self._more.wait_for(lambda: len(self.got) >= number)

    def listen(self, role: str) -> bool:
        return role in self.roles

    async def deliver(self, alert: alerts.Raised) -> None:
        async with self._more:
            self.got.append(alert)
            self._more.notify_all()
        if self.closed:
            raise alerts.NotDelivered("answered 503")


@to_the_end
async def tell(
    database: Database, kind: alerts.AlertKind = alerts.AlertKind.OUTCOME_UNKNOWN, **changes: object
) -> None:
    fields = {"kind": kind, "workflow_uid": "W1", "message": "It is not known.", "at": NOW} | changes
    async with database.transaction() as connection:
        await alerts.raise_(connection, alerts.Alert(**fields))


async def rows(database: Database) -> list[tuple[str, str, int]]:
    async with database.reading() as connection:
        found = await connection.execute(select(table.c.role, table.c.state, table.c.attempts).order_by(table.c.role))
        return [tuple(row) for row in found]


async def test_the_migration_makes_the_tables_as_they_are_described(database: Database) -> None:
    options = {"version_table": VERSION_TABLE, "include_object": lambda o, n, t, r, c: t != "table" or n == "alerts"}
    async with database.reading() as connection:
        assert not await connection.run_sync(
            lambda sync: compare_metadata(MigrationContext.configure(sync, opts=options), metadata)
        )


async def test_an_alert_goes_to_its_role_and_into_the_log(database: Database) -> None:
    desk, clock = Desk(), Clock()
    await tell(database)

    with capture_logs() as logs:
        assert await alerts.Sender(database, desk, clock=clock).send_due() == 1

    [got] = desk.got
    assert (got.role, got.workflow_uid, got.message, got.at, got.attempt) == (
        "finance_approver", "W1", "It is not known.", NOW, 1,
    )  # fmt: skip
    [logged] = [line for line in logs if line["event"] == "alert"]
    assert (logged["kind"], logged["role"], logged["workflow"]) == ("OUTCOME_UNKNOWN", "finance_approver", "W1")
    assert await rows(database) == [("finance_approver", "delivered", 1)]
    assert await alerts.Sender(database, desk, clock=clock).send_due() == 0


async def test_every_kind_has_somebody_who_is_told() -> None:
    assert set(alerts.TOLD) == set(alerts.AlertKind)
    assert all(alerts.TOLD.values())


async def test_what_was_rolled_back_is_told_to_nobody(database: Database) -> None:
    @to_the_end
    async def fail() -> None:
        async with database.transaction() as connection:
            await alerts.raise_(connection, alerts.Alert(kind=alerts.AlertKind.STUCK, message="", at=NOW))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await rows(database) == []


async def test_a_role_without_a_receiver_is_told_by_the_log_alone(database: Database) -> None:
    desk = Desk()
    await tell(database, alerts.AlertKind.STUCK)

    with capture_logs() as logs:
        await alerts.Sender(database, desk, clock=Clock()).send_due()

    assert [alert.role for alert in desk.got] == ["finance_approver"]
    assert sorted(line["role"] for line in logs if line["event"] == "alert") == ["finance_approver", "platform_admin"]
    assert await rows(database) == [("finance_approver", "delivered", 1), ("platform_admin", "logged", 1)]


async def test_the_same_is_told_once_and_another_occasion_again(database: Database) -> None:
    for occasion in ("1", "1", "2"):
        await tell(database, occasion=occasion)
    await tell(database, workflow_uid="W2", occasion="1")
    await tell(database, alerts.AlertKind.NEEDS_ATTENTION, occasion="1")
    assert len(await rows(database)) == 4


async def test_the_alert_may_name_the_roles(database: Database) -> None:
    await tell(database, roles=("auditor", "support_lead"))
    assert [role for role, _, _ in await rows(database)] == ["auditor", "support_lead"]


async def test_what_is_not_taken_is_sent_again_later_with_the_same_id(database: Database) -> None:
    desk, clock = Desk(), Clock()
    sender = alerts.Sender(database, desk, clock=clock)
    desk.closed = True
    await tell(database)

    assert await sender.send_due() == 1
    assert await sender.check() == "1 alerts could not be delivered"
    clock.forward(4)
    assert await sender.send_due() == 0
    clock.forward(3)
    desk.closed = False
    assert await sender.send_due() == 1

    assert await sender.check() is None
    assert [alert.attempt for alert in desk.got] == [1, 2]
    assert len({alert.uid for alert in desk.got}) == 1
    assert await rows(database) == [("finance_approver", "delivered", 2)]


async def test_it_is_given_up_after_three_days_and_that_is_seen(database: Database) -> None:
    desk, clock = Desk(), Clock()
    sender = alerts.Sender(database, desk, clock=clock)
    desk.closed = True
    await tell(database)

    with capture_logs() as logs:
        for wait in (*WAITS_SECONDS, 3600.0):
            assert await sender.send_due() == 1
            clock.forward(wait * 1.3)
        assert await sender.send_due() == 0

    assert 3 <= sum(WAITS_SECONDS) / 86_400 <= 4
    assert await rows(database) == [("finance_approver", "given_up", len(WAITS_SECONDS) + 1)]
    assert [line["given_up"] for line in logs if line["event"] == "alert_not_delivered"][-2:] == [False, True]
    assert await sender.check() == "1 alerts could not be delivered"
    clock.forward(86_400)
    assert await sender.check() is None


async def test_a_sender_that_is_stopped_again_and_again_leaves_the_database_usable(database: Database) -> None:
    desk = Desk()
    for number in range(20):
        sending = asyncio.create_task(alerts.Sender(database, desk, poll_seconds=0, clock=Clock()).run())
        await asyncio.sleep(number / 2000)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
    await tell(database)
    await alerts.Sender(database, desk, clock=Clock()).send_due()
    assert len(desk.got) == 1


async def test_two_processes_send_each_alert_once(database: Database) -> None:
    desk, clock = Desk(), Clock()
    for number in range(30):
        await tell(database, workflow_uid=f"W{number}")
    senders = [alerts.Sender(database, desk, clock=clock) for _ in range(3)]
    for _ in range(3):
        await asyncio.gather(*(sender.send_due() for sender in senders))

    assert len(desk.got) == 30
    assert len({alert.workflow_uid for alert in desk.got}) == 30


async def test_what_a_dead_process_had_taken_is_sent_by_another(database: Database) -> None:
    class Dead(Desk):
        async def deliver(self, alert: alerts.Raised) -> None:
            raise asyncio.CancelledError

    clock, desk = Clock(), Desk()
    await tell(database)
    with pytest.raises(asyncio.CancelledError):
        await alerts.Sender(database, Dead(), clock=clock).send_due()

    sender = alerts.Sender(database, desk, clock=clock)
    assert await sender.send_due() == 0
    clock.forward(TAKEN_SECONDS)
    assert await sender.send_due() == 1
    assert [alert.attempt for alert in desk.got] == [2]


async def test_a_receiver_that_breaks_does_not_keep_the_others_from_being_told(database: Database) -> None:
    class Broken(Desk):
        async def deliver(self, alert: alerts.Raised) -> None:
            await super().deliver(alert)
            if alert.workflow_uid == "W1":
                raise ZeroDivisionError

    desk = Broken()
    await tell(database)
    await tell(database, workflow_uid="W2")
    sending = asyncio.create_task(alerts.Sender(database, desk, poll_seconds=0.01, clock=Clock()).run())
    try:
        async with asyncio.timeout(10):
            await desk.has_got(2)
            await tell(database, workflow_uid="W3")
            await desk.has_got(3)
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
    assert {alert.workflow_uid for alert in desk.got} == {"W1", "W2", "W3"}
