"""The database itself refuses what no workflow may do, and its form is the code's."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import DBAPIError

from mutations.governance.migrations import VERSION_TABLE
from mutations.governance.migrations.versions import r0001_initial, r0002_rules
from mutations.governance.tables import idempotency_keys, metadata, workflow_approvals, workflows
from mutations.governance.workflow import TRANSITIONS, WorkflowStatus
from tests.mutations.core.vendor_in_memory import AGENT, LEAD, House

S = WorkflowStatus
BEGIN = {S.AWAITING_APPROVAL, S.APPROVED}


def paths() -> dict[WorkflowStatus, list[WorkflowStatus]]:
    """How to come into each state from a beginning."""
    found: dict[WorkflowStatus, list[WorkflowStatus]] = {state: [state] for state in BEGIN}
    while len(found) < len(WorkflowStatus):
        for state, path in list(found.items()):
            for following in TRANSITIONS[state]:
                found.setdefault(following, [*path, following])
    return found


async def _row(house: House) -> dict[str, object]:
    asked = await house.ask(AGENT, 30_000)
    assert asked.workflow is not None
    async with house.database.reading() as connection:
        return dict((await connection.execute(select(workflows))).mappings().one())


async def test_each_transition_of_the_table_is_possible_and_no_other(house: House):
    template = await _row(house)
    async with house.database.transaction() as connection:
        for number, (state, path) in enumerate(paths().items()):
            for place, to in enumerate(S):
                uid = f"{number:08d}{place:08d}"
                this = update(workflows).where(workflows.c.uid == uid)
                await connection.execute(insert(workflows).values({**template, "uid": uid, "status": path[0].value}))
                for step in path[1:]:
                    await connection.execute(this.values(status=step.value))
                if to is state or to in TRANSITIONS[state]:
                    await connection.execute(this.values(status=to.value))
                    continue
                with pytest.raises(DBAPIError, match="not a transition"):
                    async with connection.begin_nested():
                        await connection.execute(this.values(status=to.value))


async def test_a_workflow_begins_at_a_beginning_and_is_never_deleted(house: House):
    template = await _row(house)
    for state in set(S) - BEGIN:
        with pytest.raises(DBAPIError, match="not a beginning"):
            async with house.database.transaction() as connection:
                await connection.execute(insert(workflows).values({**template, "uid": "x", "status": state.value}))
    for table in (workflows, idempotency_keys):
        with pytest.raises(DBAPIError, match="is kept"):
            async with house.database.transaction() as connection:
                await connection.execute(delete(table))


@pytest.mark.parametrize(
    "changed",
    [
        {"requester": "somebody else"},
        {"minor": 1},
        {"currency": "USD"},
        {"command": "{}"},
        {"fingerprint": "0"},
        {"acting": "x"},
        {"customer_uid": "x"},
        {"action": "REFUND_PAYMENT"},
        {"status": "DONE"},
    ],
)
async def test_what_was_asked_for_does_not_change(house: House, changed: dict[str, object]):
    await _row(house)
    with pytest.raises(DBAPIError):
        async with house.database.transaction() as connection:
            await connection.execute(update(workflows).values(changed))


async def test_an_approval_is_not_edited_and_not_taken_away(house: House):
    asked = await house.ask(AGENT, 30_000)
    assert asked.workflow is not None
    await house.governance.reject(LEAD, asked.workflow.uid, "no", "c2")
    for change in (update(workflow_approvals).values(decision="APPROVED"), delete(workflow_approvals)):
        with pytest.raises(DBAPIError, match="is kept"):
            async with house.database.transaction() as connection:
                await connection.execute(change)


def test_the_migrations_transitions_are_the_codes():
    told = {state.value: {each.value for each in following} for state, following in TRANSITIONS.items() if following}
    assert {state: set(following) for state, following in r0002_rules.TRANSITIONS.items()} == told
    assert set(r0001_initial.STATES) == {state.value for state in WorkflowStatus}


async def test_the_migrations_make_the_tables_that_the_code_has(house: House):
    def difference(connection: Connection) -> list[object]:
        context = MigrationContext.configure(
            connection,
            opts={
                "version_table": VERSION_TABLE,
                "include_name": lambda name, kind, parents: kind != "table" or name in metadata.tables,
            },
        )
        return compare_metadata(context, metadata)

    async with house.database.transaction() as connection:
        assert await connection.run_sync(difference) == []
