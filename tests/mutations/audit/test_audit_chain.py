"""Events are recorded with what they record, chained afterwards, and never changed."""

import asyncio
import json

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from mutations.governance.audit.audit import Audit
from mutations.governance.audit.canonical import NOTHING
from mutations.governance.audit.events import AuditOutcome
from mutations.governance.audit.exporting import exported, outside_the_chain
from mutations.governance.audit.migrations import migrate
from mutations.governance.audit.records import AuditQuery
from sources.canonical.sensitivity import Sensitivity
from sources.database import open_database


async def lines(database, **options) -> list[dict]:
    return [json.loads(line) async for line in exported(database, **options)]


async def test_events_are_chained_in_the_order_in_which_they_were_recorded(database, event):
    audit = Audit(database)
    await audit.write(*(event(actor=f"a{n}") for n in range(3)))
    await audit.write(event(actor="a3"))
    await audit.catch_up()
    found = await lines(database)
    assert [each["event"]["actor"] for each in found] == ["a0", "a1", "a2", "a3"]
    assert [each["sequence"] for each in found] == [1, 2, 3, 4]
    assert [each["previousDigest"] for each in found] == [NOTHING, *(each["digest"] for each in found[:-1])]


async def test_an_event_keeps_everything_it_said(database, event):
    said = event(
        action="issueCredit.erp_draft",
        outcome=AuditOutcome.SUCCEEDED,
        customers=("c1", "c2", "c3", "c2"),
        workflow_uid="w1",
        operation="Credit",
        classes=(Sensitivity.TAX, Sensitivity.PERSONAL),
        system="erp",
        external_id="42",
        rule="credit.cap",
        policy_version="p1",
    )
    audit = Audit(database)
    await audit.write(said)
    await audit.catch_up()
    (found,) = (await audit.log.page(AuditQuery(), 10)).events
    same = ("at", "actor", "issuer", "action", "outcome", "workflow_uid", "correlation_id", "operation", "system")
    assert {name: getattr(found, name) for name in same} == {name: getattr(said, name) for name in same}
    assert (found.external_id, found.rule, found.policy_version) == ("42", "credit.cap", "p1")
    assert found.customer_uids == ("c1", "c2", "c3")
    assert set(found.classes) == {Sensitivity.TAX, Sensitivity.PERSONAL}
    assert found.sequence == "1"


async def test_what_a_token_says_is_stored_though_no_database_would_take_it(database, event):
    audit = Audit(database)
    await audit.write(event(actor="a\x00b\ud800"))
    await audit.catch_up()
    (found,) = await lines(database)
    assert found["event"]["actor"] == "a�b?"


@pytest.mark.parametrize("table", ["audit_events", "audit_customers", "audit_chain"])
@pytest.mark.parametrize("statement", ["UPDATE {table} SET {column} = {column}", "DELETE FROM {table}"])
async def test_what_is_recorded_is_neither_changed_nor_deleted(database, event, table, statement):
    audit = Audit(database)
    await audit.write(event(customers=("c1", "c2")))
    await audit.catch_up()
    column = "uid" if table == "audit_events" else "event_uid"
    with pytest.raises(DBAPIError, match="append-only"):
        async with database.transaction() as connection:
            await connection.execute(text(statement.format(table=table, column=column)))
    assert len(await lines(database)) == 1


async def test_a_detail_can_be_erased_and_not_changed(database, event):
    audit = Audit(database)
    await audit.write(event(detail={"comment": "hers"}))
    with pytest.raises(DBAPIError):
        async with database.transaction() as connection:
            await connection.execute(text("UPDATE audit_details SET detail = '{}'"))
    async with database.transaction() as connection:
        await connection.execute(text("DELETE FROM audit_details"))


async def test_many_sequencers_chain_each_event_once(database, database_url, event):
    others = [open_database(database_url) for _ in range(3)]
    audits = [Audit(each) for each in (database, *others)]
    await asyncio.gather(*(audit.write(*(event() for _ in range(30))) for audit in audits * 3))
    await asyncio.gather(*(audit.catch_up() for audit in audits))
    found = await lines(database)
    assert [each["sequence"] for each in found] == list(range(1, 361))
    assert len({each["event"]["id"] for each in found}) == 360
    for each in others:
        await each.close()


async def test_the_sequencer_chains_while_it_runs(database, event, monkeypatch):
    monkeypatch.setattr("mutations.governance.audit.audit.CHAIN_SECONDS", 0.01)
    audit = Audit(database)
    async with audit.running():
        await audit.write(event())
        async with asyncio.timeout(5):
            while (await audit.log.page(AuditQuery(), 1)).events[0].sequence is None:  # noqa: ASYNC110
                await asyncio.sleep(0.01)


async def test_the_sequencer_chains_the_rest_when_it_ends(database, event):
    audit = Audit(database)
    async with audit.running():
        await audit.write(event())
    assert len(await lines(database)) == 1


async def test_an_event_that_somebody_takes_out_of_the_line_is_counted(database, event):
    audit = Audit(database)
    await audit.write(event())
    async with database.transaction() as connection:
        await connection.execute(text("DELETE FROM audit_pending"))
    await audit.catch_up()
    assert await lines(database) == []
    assert await outside_the_chain(database) == 1


async def test_migrating_again_does_nothing(database):
    await migrate(database)
