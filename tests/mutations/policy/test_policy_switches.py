"""The kill switch: off for every process within a second, never without a reason, always in the audit log."""

import pytest
from sqlalchemy.exc import DBAPIError

from mutations.governance.plan import GovernedAction
from mutations.governance.policy.switches import Switches, Target

CREDIT = Target.action(GovernedAction.ISSUE_CREDIT)
ERP = Target.source("0000abcd", "erp")


class Recorded:
    """An audit log in a list."""

    def __init__(self):
        self.events = []

    async def __call__(self, connection, *events):
        self.events += events


class Clock:
    """Time that goes on when it is told to."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def recorded():
    return Recorded()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def switches(database, recorded, clock):
    return Switches(database, recorded, clock=clock)


async def off(switches, action=GovernedAction.ISSUE_CREDIT, sources=("0000abcd",)):
    return await switches.off(action, sources)


async def test_everything_is_on_until_somebody_switches_it_off(switches):
    assert await off(switches) == ()


async def test_an_action_and_a_source_are_off_until_they_are_on_again(switches):
    await switches.turn(CREDIT, off=True, by="cli:ann", reason="wrong rates")
    await switches.turn(ERP, off=True, by="cli:ann", reason="month end")
    assert await off(switches) == ("action ISSUE_CREDIT", "source erp")
    assert await off(switches, GovernedAction.REFUND_PAYMENT) == ("source erp",)
    assert await off(switches, None, ["other"]) == ()
    await switches.turn(CREDIT, off=False, by="cli:ann", reason="right again")
    assert await off(switches) == ("source erp",)


async def test_another_process_sees_it_within_a_second(database, switches, recorded, clock):
    elsewhere = Switches(database, recorded, clock=clock)
    assert await off(elsewhere) == ()
    await switches.turn(CREDIT, off=True, by="cli:ann", reason="stop")
    assert await off(switches) == ("action ISSUE_CREDIT",), "at once where it was turned"
    clock.now += 0.99
    assert await off(elsewhere) == (), "remembered"
    clock.now += 0.01
    assert await off(elsewhere) == ("action ISSUE_CREDIT",)


async def test_it_is_listed_with_who_and_why(switches):
    await switches.turn(ERP, off=True, by="cli:ann", reason="month end")
    await switches.turn(CREDIT, off=True, by="cli:bob", reason="wrong rates")
    await switches.turn(ERP, off=False, by="cli:cid", reason="done")
    found = [(str(each), each.off, each.by, each.reason) for each in await switches.all()]
    assert found == [("action ISSUE_CREDIT", True, "cli:bob", "wrong rates"), ("source erp", False, "cli:cid", "done")]


async def test_each_turn_is_in_the_audit_log(switches, recorded):
    await switches.turn(ERP, off=True, by="cli:ann", reason="month end")
    await switches.turn(ERP, off=False, by="cli:bob", reason="done")
    assert [(e.action, e.actor, e.system, e.outcome.value, e.detail["reason"]) for e in recorded.events] == [
        ("policy.switch_off", "cli:ann", "erp", "SUCCEEDED", "month end"),
        ("policy.switch_on", "cli:bob", "erp", "SUCCEEDED", "done"),
    ]


async def test_where_the_audit_log_cannot_be_written_nothing_is_switched(database, clock):
    async def broken(connection, *events):
        raise OSError("no room")

    switches = Switches(database, broken, clock=clock)
    with pytest.raises(OSError, match="no room"):
        await switches.turn(CREDIT, off=True, by="cli:ann", reason="stop")
    assert await switches.all() == ()


async def test_a_turn_without_a_reason_is_refused_by_the_database(switches):
    with pytest.raises(DBAPIError):
        await switches.turn(CREDIT, off=True, by="cli:ann", reason="")
    assert await switches.all() == ()


async def test_a_database_that_does_not_answer_is_not_taken_for_on(database, switches):
    class Gone:
        def reading(self):
            raise OSError("gone")

    switches._database = Gone()
    with pytest.raises(OSError, match="gone"):
        await off(switches)
