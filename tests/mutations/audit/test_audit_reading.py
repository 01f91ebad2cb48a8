"""The log is read newest first, by everything that an auditor asks, alike on both databases."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from mutations.governance.audit.audit import Audit
from mutations.governance.audit.checkpoint_file import CheckpointFile
from mutations.governance.audit.checkpointing import Checkpoints, Pace
from mutations.governance.audit.erasing import details_of, erase_details
from mutations.governance.audit.events import AuditOutcome
from mutations.governance.audit.exporting import exported
from mutations.governance.audit.reads import ReadLog
from mutations.governance.audit.records import AuditQuery, BadPosition
from mutations.governance.audit.verifying import read_checkpoints, verify
from sources.canonical.sensitivity import Sensitivity

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
async def audit(database, event):
    """Six events that differ in everything that can be asked for."""
    made = Audit(database)
    await made.write(
        event(at=NOON, actor="a0", customers=("c1",), classes=(Sensitivity.PERSONAL,)),
        event(at=NOON + timedelta(hours=1), actor="a1", customers=("c2", "c1"), classes=(Sensitivity.TAX,)),
        event(at=NOON + timedelta(hours=2), actor="a2", workflow_uid="w1", action="issueCredit", correlation_id="c-2"),
        event(at=NOON + timedelta(hours=3), actor="a3", workflow_uid="w1", outcome=AuditOutcome.FAILED, system="erp"),
        event(at=NOON + timedelta(hours=4), actor="a4", workflow_uid="w2", customers=("c3",)),
        event(at=NOON + timedelta(hours=5), actor="a5", customers=("c1",)),
    )
    return made


@pytest.mark.parametrize(
    ("query", "actors"),
    [
        ({}, "a5 a4 a3 a2 a1 a0"),
        ({"customer_uid": "c1"}, "a5 a1 a0"),
        ({"customer_uid": "c2"}, "a1"),
        ({"customer_uids": frozenset({"c2", "c3"})}, "a4 a1"),
        ({"customer_uid": "c1", "customer_uids": frozenset({"c2"})}, ""),
        ({"workflow_uid": "w1"}, "a3 a2"),
        ({"actor": "a4"}, "a4"),
        ({"action": "issueCredit"}, "a2"),
        ({"classes": frozenset({Sensitivity.TAX, Sensitivity.FINANCIAL})}, "a1"),
        ({"classes": frozenset({Sensitivity.TAX, Sensitivity.PERSONAL}), "customer_uid": "c1"}, "a1 a0"),
        ({"system": "erp"}, "a3"),
        ({"correlation_id": "c-2"}, "a2"),
        ({"since": NOON + timedelta(hours=4)}, "a5 a4"),
        ({"until": NOON + timedelta(hours=1)}, "a0"),
        ({"outcomes": frozenset({AuditOutcome.FAILED, AuditOutcome.UNKNOWN})}, "a3"),
    ],
)
async def test_events_are_found_by(audit, query, actors):
    asked = AuditQuery(**query)
    page = await audit.log.page(asked, 10)
    assert " ".join(each.actor for each in page.events) == actors
    assert await audit.log.count(asked) == len(page.events)


@pytest.mark.parametrize("query", [{}, {"customer_uid": "c1"}])
async def test_pages_follow_one_another_whatever_is_recorded_meanwhile(audit, event, query):
    asked, found, after = AuditQuery(**query), [], None
    expected = [each.actor for each in (await audit.log.page(asked, 10)).events]
    while True:
        page = await audit.log.page(asked, 2, after)
        found += [each.actor for each in page.events]
        await audit.write(event(actor="late", customers=("c1",)))
        if not page.has_next:
            break
        after = page.positions[-1]
    assert found == expected


@pytest.mark.parametrize("position", ["", "x", "ZTE6", "ZTE6zzzzzzzzzzzzzzzzzzzzzzzzzzzzzz", "é"])
async def test_a_position_that_no_page_gave_is_refused(audit, position):
    with pytest.raises(BadPosition):
        await audit.log.page(AuditQuery(), 2, position)


async def test_the_trails_of_many_workflows_are_read_at_once_oldest_first(audit):
    trails = await audit.log.of_workflows(["w1", "w2", "w3"])
    assert {uid: [each.actor for each in trail] for uid, trail in trails.items()} == {
        "w1": ["a2", "a3"],
        "w2": ["a4"],
        "w3": [],
    }


async def test_an_event_is_found_by_its_uid(audit):
    page = await audit.log.page(AuditQuery(), 1)
    assert await audit.log.event(page.events[0].uid) == page.events[0]
    assert await audit.log.event("0" * 26) is None


async def test_details_of_a_customer_are_told_and_erased_and_the_chain_still_verifies(
    database, event, signer, tmp_path
):
    file = CheckpointFile(tmp_path / "checkpoints")
    audit = Audit(database, Checkpoints("acme", signer, pace=Pace(), file=file))
    await audit.write(event(customers=("c1",), detail={"note": "one"}), event(customers=("c2", "c1"), detail={"n": 2}))
    await audit.write(event(customers=("c2",), detail={"note": "hers"}))
    await audit.catch_up(checkpoint=True)
    async with database.reading() as connection:
        assert [each["detail"] for each in await details_of(connection, ["c1"])] == [{"note": "one"}, {"n": 2}]
    async with database.transaction() as connection:
        assert await erase_details(connection, ["c1"]) == 2
    lines = [line async for line in exported(database, details=True)]
    assert sum(b'"salt"' in line for line in lines) == 1
    checkpoints = read_checkpoints(file.path.read_text(), [signer.key])
    assert verify(lines, checkpoints).signed == 3


async def test_checkpoints_are_made_after_so_many_events_and_follow_one_another(database, event, signer, tmp_path):
    file = CheckpointFile(tmp_path / "checkpoints")
    audit = Audit(database, Checkpoints("acme", signer, pace=Pace(events=3, seconds=3600), file=file))
    for _ in range(8):
        await audit.write(event())
        await audit.catch_up()
    checkpoints = read_checkpoints(file.path.read_text(), [signer.key])
    assert [each.size for each in checkpoints] == [1, 4, 7]


async def test_checkpoints_that_did_not_reach_the_file_come_with_the_next(database, event, signer, tmp_path):
    directory = tmp_path / "later"
    file = CheckpointFile(directory / "checkpoints")
    audit = Audit(database, Checkpoints("acme", signer, pace=Pace(events=1), file=file))
    for _ in range(2):
        await audit.write(event())
        await audit.catch_up()
    directory.mkdir()
    await audit.write(event())
    await audit.catch_up()
    assert [each.size for each in read_checkpoints(file.path.read_text(), [signer.key])] == [1, 2, 3]


async def test_the_end_of_a_long_checkpoint_file_is_enough_to_go_on(database, event, signer, tmp_path):
    path = tmp_path / "checkpoints"
    audit = Audit(database, Checkpoints("acme", signer, pace=Pace(events=1), file=CheckpointFile(path)))
    for _ in range(20):
        await audit.write(event())
        await audit.catch_up()
    assert path.stat().st_size > 4096
    assert CheckpointFile(path).last_size() == 20
    assert len(read_checkpoints(path.read_text(), [signer.key])) == 20


async def test_the_newest_checkpoint_is_told_until_it_was_taken(database, event, signer):
    told = []

    async def publish(note: str) -> None:
        told.append(note)
        if len(told) == 1:
            raise ConnectionError

    audit = Audit(database, Checkpoints("acme", signer, pace=Pace(events=1), publish=publish))
    await audit.write(event())
    for _ in range(3):
        await audit.catch_up()
    assert len(told) == 2
    assert told[0] == told[1]


async def test_readings_that_come_together_are_one_commit(database, event, monkeypatch):
    commits = []
    log = ReadLog(database)
    commit = log._commit

    async def counted(events):
        commits.append(len(events))
        await commit(events)

    monkeypatch.setattr(log, "_commit", counted)
    writings = [log.begin([event()]) for _ in range(100)]
    assert all(await asyncio.gather(*(writing.durable() for writing in writings)))
    assert commits == [100]


async def test_a_store_that_fails_is_not_asked_again_for_a_while(database, event, monkeypatch):
    monkeypatch.setattr("mutations.governance.audit.reads.RETRY_SECONDS", 0.3)
    async with database.transaction() as connection:
        await connection.execute(text("ALTER TABLE audit_events RENAME TO hidden"))
    log = ReadLog(database)
    assert log.available
    assert not await log.begin([event()]).durable()
    assert not log.available
    async with database.transaction() as connection:
        await connection.execute(text("ALTER TABLE hidden RENAME TO audit_events"))
    await asyncio.sleep(0.35)
    assert log.available
    assert await log.begin([event()]).durable()


async def test_recording_in_a_transaction_that_fails_records_nothing_of_it(database, event):
    audit = Audit(database)

    async def refused() -> None:
        async with database.transaction() as connection:
            await audit.record(connection, event())
            await connection.execute(text("UPDATE audit_events SET actor = 'mallory'"))

    with pytest.raises(DBAPIError):
        await refused()
    assert (await audit.log.page(AuditQuery(), 10)).events == []
