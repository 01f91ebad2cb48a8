"""Alerts reach a receiver that verifies them."""

import asyncio
import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from standardwebhooks import Webhook

from gateway.alerting import delivering
from gateway.configuration.alerts import AlertsSection
from mutations.governance import alerts
from mutations.governance.alerts.migrations import migrate
from resolvers.ids import decode
from sources.database import Database, open_database, to_the_end
from tests.gateway.alerts.receiving import Receiver

SECRET = "whsec_" + base64.b64encode(b"a key of thirty-two bytes, no mo").decode()
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = open_database(f"sqlite:///{tmp_path}/c360.db")
    await migrate(opened)
    yield opened
    await opened.close()


@to_the_end
async def tell(database: Database, workflow: str | None = "W1") -> None:
    alert = alerts.Alert(
        kind=alerts.AlertKind.OUTCOME_UNKNOWN, workflow_uid=workflow, message="It is not known.", at=NOW
    )
    async with database.transaction() as connection:
        await alerts.raise_(connection, alert)


def section(port: int, role: str = "finance_approver") -> AlertsSection:
    return AlertsSection.model_validate(
        {"allow": ["127.0.0.1"], role: {"url": f"http://127.0.0.1:{port}/alerts", "secret": SECRET}}
    )


async def test_a_receiver_verifies_what_it_gets(database: Database) -> None:
    receiver = Receiver()
    async with receiver.listening() as port, delivering(database, section(port)):
        await tell(database)
        await receiver.has_got(1)
    [(body, headers)] = receiver.got

    told = Webhook(SECRET).verify(body, headers)

    assert (told["type"], told["timestamp"]) == ("c360.alert.outcome_unknown", "2026-11-21T12:00:00Z")
    data = told["data"]
    assert tuple(decode(data.pop("workflowId"))) == ("Workflow", "", "W1")
    assert data == {"kind": "OUTCOME_UNKNOWN", "role": "finance_approver", "message": "It is not known."}
    assert headers["content-type"] == "application/json"


async def test_an_alert_of_no_workflow_names_none(database: Database) -> None:
    receiver = Receiver()
    async with receiver.listening() as port, delivering(database, section(port)):
        await tell(database, None)
        await receiver.has_got(1)
    assert Webhook(SECRET).verify(*receiver.got[0])["data"]["workflowId"] is None


async def test_another_attempt_has_the_same_id(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mutations.governance.alerts.sending.WAITS_SECONDS", (0.01, 0.01))
    receiver = Receiver(b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n")
    async with receiver.listening() as port, delivering(database, section(port)) as sender:
        await tell(database)
        await receiver.has_got(1)
        receiver.answer = Receiver().answer
        await receiver.has_got(2)
        for _ in range(250):  # the row is written after the answer
            if await sender.check() is None:
                break
            await asyncio.sleep(0.02)
        assert await sender.check() is None
    assert len({headers["webhook-id"] for _, headers in receiver.got}) == 1
    assert len(receiver.got) == 2


async def test_a_receiver_that_hangs_does_not_hold_up_another_role(database: Database) -> None:
    hanging, receiver = Receiver(b""), Receiver()
    async with hanging.listening() as one, receiver.listening() as other:
        both = AlertsSection.model_validate(
            {
                "allow": ["127.0.0.1"],
                "auditor": {"url": f"http://127.0.0.1:{one}/", "secret": SECRET},
                "finance_approver": {"url": f"http://127.0.0.1:{other}/", "secret": SECRET},
            }
        )
        async with delivering(database, both):
            alert = alerts.Alert(kind=alerts.AlertKind.STUCK, message="", at=NOW, roles=("auditor", "finance_approver"))

            @to_the_end
            async def told() -> None:
                async with database.transaction() as connection:
                    await alerts.raise_(connection, alert)

            await told()
            await receiver.has_got(1)
            await hanging.has_got(1)
